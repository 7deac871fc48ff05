//! The record log as a whole: is it what it was, and out of one registry into another, hash for
//! hash.

use std::io::{self, BufRead, Write};

use serde::Serialize;

use crate::domain::fault::{Fault, Faults};
use crate::domain::log::{Digest, Entry, Verifier};
use crate::domain::text::Text;
use crate::store::Head;

pub use crate::store::LogFilter;

use super::refusal::Refusal;
use super::registry::Registry;

/// Entries read at once.
const PAGE: u32 = 2_000;

/// A log index and the chain up to it, noted earlier and kept elsewhere: `12:ab34…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The entry.
    pub log_index: u64,
    /// The chain up to it.
    pub chain_sha256: Digest,
}

impl std::str::FromStr for Checkpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || format!("“{text}”: expected INDEX:CHAIN, as “etalon log verify” prints it");
        let (index, chain) = text.split_once(':').ok_or_else(expected)?;
        let log_index = index.parse().map_err(|_| expected())?;
        let chain_sha256 = chain.parse().map_err(|_| expected())?;
        Ok(Self { log_index, chain_sha256 })
    }
}

/// A log that is what it must be.
#[derive(Debug, Clone, Serialize)]
pub struct SoundLog {
    /// Entries in all; the index of the last.
    pub log_index: u64,
    /// The chain up to the last: noted elsewhere, it shows later that nothing was rewritten.
    pub chain_sha256: Digest,
    /// When the last entry was recorded.
    pub recorded_at: Option<crate::domain::period::Instant>,
}

/// An exported log that is what it must be.
#[derive(Debug, Clone, Serialize)]
pub struct SoundExport {
    /// How it ends.
    #[serde(flatten)]
    pub log: SoundLog,
    /// Entries whose bodies were withheld: their place, time and author are proved, and that their
    /// records were what they were; not what stands in them.
    pub withheld: u64,
}

/// Checks an exported log, without a registry: one of `etalon log export`, or of `GET /log` as
/// NDJSON, in which the bodies of confidential records are withheld. `told` hears how many entries
/// are done.
///
/// # Errors
/// The first line that is no entry, the first entry that is wrong, or that the log is another than
/// was noted.
pub fn verify_export(
    lines: &mut dyn BufRead,
    checkpoint: Option<Checkpoint>,
    told: &mut dyn FnMut(u64),
) -> Result<SoundExport, Refusal> {
    let mut verifier = Verifier::new();
    let mut noted = checkpoint.filter(|one| one.log_index == 0).map(|_| Digest::ZERO);
    let mut withheld = 0;
    for entry in entries_in(lines, Entry::parse_public_line) {
        let (entry, is_withheld) = entry?;
        match is_withheld {
            true => verifier.follow(&entry)?,
            false => verifier.take(&entry)?,
        }
        withheld += u64::from(is_withheld);
        if checkpoint.is_some_and(|one| one.log_index == entry.log_index) {
            noted = Some(entry.chain_sha256);
        }
        told(verifier.log_index());
    }
    as_noted(checkpoint, noted)?;
    let (log_index, chain_sha256) = (verifier.log_index(), verifier.chain());
    let log = SoundLog { log_index, chain_sha256, recorded_at: verifier.recorded_at() };
    Ok(SoundExport { log, withheld })
}

/// Refuses a log that is another at a checkpoint than was noted.
fn as_noted(checkpoint: Option<Checkpoint>, found: Option<Digest>) -> Result<(), Refusal> {
    match checkpoint {
        Some(Checkpoint { log_index, chain_sha256 }) if found != Some(chain_sha256) => {
            let found = found.map_or_else(|| "—".to_owned(), |chain| chain.to_string());
            Err(LogMismatch::Checkpoint { log_index, noted: chain_sha256, found }.into())
        }
        _ => Ok(()),
    }
}

/// The entries of an export, a line each; blank lines are passed over.
fn entries_in<'l, T>(
    lines: &'l mut dyn BufRead,
    parse: impl Fn(&str) -> Result<T, Faults> + 'l,
) -> impl Iterator<Item = Result<T, Refusal>> + 'l {
    lines.lines().enumerate().filter_map(move |(position, line)| {
        let place = position + 1;
        let line = match line {
            Ok(line) if line.trim().is_empty() => return None,
            Ok(line) => line,
            Err(error) => return Some(Err(unreadable(place, &error))),
        };
        Some(parse(&line).map_err(|Faults(mut faults)| {
            for fault in &mut faults {
                fault.pointer = format!("line {place}{}", fault.pointer);
            }
            Refusal::Faults(Faults(faults))
        }))
    })
}

/// What is wrong with the end of a log, or with what somebody noted about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogMismatch {
    /// The head names another end than the entries have: the last were removed, or the head was
    /// changed.
    #[error("the head is at {head}, the entries end at {log}")]
    Head {
        /// What the head says.
        head: String,
        /// What the entries say.
        log: String,
    },
    /// The chain at a checkpoint is another than was noted.
    #[error("at the checkpoint the chain is {found}, {noted} was noted")]
    Checkpoint {
        /// The entry of the checkpoint.
        log_index: u64,
        /// The chain that was noted.
        noted: Digest,
        /// The chain now, where the log goes that far.
        found: String,
    },
}

impl LogMismatch {
    /// What is wrong and what to do, in both languages.
    pub fn text(&self) -> Text {
        match self {
            Self::Head { head, log } => Text::new(
                format!(
                    "đầu nhật ký ghi {head} nhưng các mục kết thúc ở {log}: đã có mục bị xoá hoặc đầu nhật ký bị sửa; hãy khôi phục từ bản sao lưu"
                ),
                format!(
                    "the head of the log says {head}, but its entries end at {log}: entries were removed or the head was changed; restore a backup"
                ),
            ),
            Self::Checkpoint { log_index, noted, found } => Text::new(
                format!(
                    "ở mục {log_index} chuỗi băm là {found}, trước đây đã ghi lại {noted}: nhật ký đã bị viết lại; hãy khôi phục từ bản sao lưu"
                ),
                format!(
                    "at entry {log_index} the chain is {found}, but {noted} was noted: the log was rewritten; restore a backup"
                ),
            ),
        }
    }
}

impl Registry {
    /// Checks the order, the hashes and the chain of every entry, the head, and what was noted
    /// earlier. `told` hears how many entries are done.
    ///
    /// # Errors
    /// The first entry that is wrong, and how.
    pub fn verify_log(
        &self,
        checkpoint: Option<Checkpoint>,
        told: &mut dyn FnMut(u64),
    ) -> Result<SoundLog, Refusal> {
        let head = self.store().head()?;
        let mut verifier = Verifier::new();
        let mut noted = checkpoint.filter(|one| one.log_index == 0).map(|_| Digest::ZERO);
        while verifier.log_index() < head.log_index {
            let page = self.store().entries(verifier.log_index(), PAGE, &LogFilter::default())?;
            if page.is_empty() {
                break;
            }
            for entry in page {
                // Entries beyond the head are of writers that came meanwhile.
                if verifier.log_index() == head.log_index {
                    break;
                }
                verifier.take(&entry)?;
                if checkpoint.is_some_and(|one| one.log_index == entry.log_index) {
                    noted = Some(entry.chain_sha256);
                }
            }
            told(verifier.log_index());
        }
        let sound = ended(&verifier, &head)?;
        as_noted(checkpoint, noted)?;
        Ok(sound)
    }

    /// Writes the log, one entry a line, and says how many there were.
    ///
    /// # Errors
    /// When the database fails; what the output says is in the inner result.
    pub fn export_log(
        &self,
        output: &mut dyn Write,
        told: &mut dyn FnMut(u64),
    ) -> Result<io::Result<u64>, Refusal> {
        let head = self.store().head()?;
        let mut written = 0;
        while written < head.log_index {
            let page = self.store().entries(written, PAGE, &LogFilter::default())?;
            if page.is_empty() {
                break;
            }
            for entry in page.into_iter().filter(|entry| entry.log_index <= head.log_index) {
                if let Err(error) = writeln!(output, "{}", entry.to_line()) {
                    return Ok(Err(error));
                }
                written = entry.log_index;
            }
            told(written);
        }
        Ok(output.flush().map(|()| written))
    }

    /// Puts an exported log into this registry, which must be empty. Every entry is verified before
    /// it is added, and nothing is kept unless all are right.
    ///
    /// # Errors
    /// The first line that is no entry, or the first entry that is wrong.
    pub fn import_log(
        &self,
        lines: &mut dyn BufRead,
        told: &mut dyn FnMut(u64),
    ) -> Result<Head, Refusal> {
        let entries = self.store().head()?.log_index;
        if entries > 0 {
            return Err(Refusal::NotEmpty { entries });
        }
        let mut verifier = Verifier::new();
        let entries = entries_in(lines, Entry::parse_line).map(|entry| {
            let entry = entry?;
            verifier.take(&entry)?;
            Ok(entry)
        });
        self.store().replay(entries, told)
    }
}

/// A log whose entries were all right, held against its head.
pub(super) fn ended(verifier: &Verifier, head: &Head) -> Result<SoundLog, Refusal> {
    let (log_index, chain_sha256) = (verifier.log_index(), verifier.chain());
    if (log_index, chain_sha256) != (head.log_index, head.chain_sha256) {
        let head = format!("{}:{}", head.log_index, head.chain_sha256);
        let log = format!("{log_index}:{chain_sha256}");
        return Err(LogMismatch::Head { head, log }.into());
    }
    Ok(SoundLog { log_index, chain_sha256, recorded_at: verifier.recorded_at() })
}

fn unreadable(line: usize, error: &io::Error) -> Refusal {
    let message = Text::new(
        format!("không đọc được dòng này: {error}"),
        format!("this line cannot be read: {error}"),
    );
    Refusal::Faults(Faults(vec![Fault::error(format!("line {line}"), "unreadable", message)]))
}
