//! `etalon signature`: whether the electronic signatures of certificates hold.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::clock;
use crate::domain::period::Instant;
use crate::domain::text::{Language, Text};
use crate::exchange::signature::{SignatureOutcome, SignatureStatus, Trust, TrustError, check};

use super::failure::Status;
use super::page::{Line, Page};
use super::phrases::{self, say};
use super::style::{BOLD, DIM};
use super::{Answer, Failure, Options, input};

/// Checks the electronic signatures of digital calibration certificates.
///
/// A signature covers the document. That its signer is the laboratory which the document names is for
/// you to say. Ends with 1 when a document was changed or its signer's certificate revoked, with 2
/// when nothing is proven: no signature, no way to a trusted authority, or a form that is not
/// supported.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Digital calibration certificates.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The trusted authorities: a directory with anchors/ (their certificates), and where needed
    /// intermediates/ (certificates on the way to them) and revocation/ (revocation lists), each
    /// with PEM or DER files. Without it nobody is trusted.
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,
    /// An instant at which you know the signatures to have existed, such as when the certificates
    /// came; otherwise a time stamp of a trusted authority says when, else it is now.
    #[arg(long, value_name = "INSTANT")]
    at: Option<String>,
}

/// What came of a file.
#[derive(Serialize)]
struct Checked {
    file: String,
    #[serde(flatten)]
    outcome: SignatureOutcome,
}

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let trust = match &arguments.trust {
        Some(directory) => trust(directory)?,
        None => Trust::nobody(),
    };
    let at = arguments.at.as_deref().map(instant).transpose()?;
    let now = clock::now();
    let mut checked = Vec::new();
    for file in &arguments.files {
        let text = input::read(file)?;
        checked.push(Checked { file: input::name(file), outcome: check(&text, &trust, at, now) });
    }
    let worst = checked.iter().map(|one| severity(one.outcome.status)).max().unwrap_or(0);
    let status = [Status::Good, Status::Undetermined, Status::Bad][worst];
    if options.json {
        return Answer::json(&checked, status);
    }
    let mut page = Page::new();
    for one in &checked {
        print(&mut page, one, options.language);
    }
    Ok(Answer::new(page, status))
}

/// How bad an outcome is: nothing wrong, nothing proven, proven wrong.
fn severity(status: SignatureStatus) -> usize {
    match status {
        SignatureStatus::Valid => 0,
        SignatureStatus::ValidUntrusted
        | SignatureStatus::Unsigned
        | SignatureStatus::Unsupported => 1,
        SignatureStatus::Invalid | SignatureStatus::Revoked => 2,
    }
}

fn instant(text: &str) -> Result<Instant, Failure> {
    Instant::parse(text).map_err(|_| {
        let message = Text::new(
            format!("--at “{text}”: cần thời điểm như 2026-11-20T00:00:00Z"),
            format!("--at “{text}”: expected an instant such as 2026-11-20T00:00:00Z"),
        );
        Failure::new(Status::Usage, message)
    })
}

/// The trust of a directory.
fn trust(directory: &Path) -> Result<Trust, Failure> {
    let mut trust = Trust::nobody();
    let anchors = files(&directory.join("anchors"))?;
    if anchors.is_empty() {
        let place = directory.join("anchors").display().to_string();
        let message = Text::new(
            format!("{place}: không có chứng thư số của tổ chức được tin cậy nào"),
            format!("{place}: there is no certificate of a trusted authority"),
        );
        return Err(Failure::new(Status::Unreadable, message));
    }
    for file in anchors {
        trust = with(trust, &file, Trust::with_anchors)?;
    }
    for file in files(&directory.join("intermediates"))? {
        trust = with(trust, &file, Trust::with_intermediates)?;
    }
    for file in files(&directory.join("revocation"))? {
        trust = with(trust, &file, Trust::with_revocation_lists)?;
    }
    Ok(trust)
}

fn with(
    trust: Trust,
    file: &Path,
    add: fn(Trust, &[u8]) -> Result<Trust, TrustError>,
) -> Result<Trust, Failure> {
    let bytes = std::fs::read(file).map_err(|error| input::unreadable(file, &error))?;
    add(trust, &bytes).map_err(|TrustError(Text { vi, en })| {
        let name = file.display();
        Failure::new(Status::Refused, Text::new(format!("{name}: {vi}"), format!("{name}: {en}")))
    })
}

/// The files of a directory in the order of their names; none where it is not there.
fn files(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|error| input::unreadable(directory, &error))?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut files: Vec<PathBuf> =
        paths.collect::<Result<_, _>>().map_err(|error| input::unreadable(directory, &error))?;
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}

fn print(page: &mut Page, one: &Checked, language: Language) {
    let outcome = &one.outcome;
    page.line(Line::new().styled(BOLD, &one.file));
    let status = say(phrases::signature(outcome.status), language).to_owned();
    let mut rows = vec![
        (phrases::SIGNATURE, status),
        (phrases::SIGNATURE_FOUND, outcome.explanation.in_language(language).to_owned()),
    ];
    if let Some(signer) = &outcome.signer {
        rows.push((phrases::SIGNATURE_SIGNER, signer.subject.clone()));
        rows.push((phrases::SIGNATURE_ISSUER, signer.issuer.clone()));
        rows.push((phrases::SIGNATURE_SERIAL, signer.serial.clone()));
        let period = format!("{} – {}", signer.valid_from, signer.valid_until);
        rows.push((phrases::SIGNATURE_VALIDITY, period));
    }
    if let Some(time) = outcome.signing_time {
        rows.push((phrases::SIGNATURE_SIGNED, time.to_string()));
    }
    if let Some(time) = outcome.time_stamp {
        rows.push((phrases::SIGNATURE_STAMPED, time.to_string()));
    }
    rows.push((phrases::SIGNATURE_JUDGED, outcome.verified_at.to_string()));
    let label = |phrase| Line::new().plain(say(phrase, language));
    let width = rows.iter().map(|(phrase, _)| label(*phrase).width()).max().unwrap_or(0);
    for (phrase, text) in rows {
        let line = Line::new().styled(DIM, say(phrase, language)).padded(width + 2).plain(&text);
        page.hanging("  ", &" ".repeat(width + 4), &line);
    }
}
