//! Successive snapshots of an outside register, the KCDB: what a later one says is put to what the
//! registry has, so that nothing is overwritten and every change of status is an entry with its day.
//!
//! A snapshot gives statuses with the days from which they hold; those that the registry does not
//! have yet are appended. A capability of which a newer version is published is an older version
//! from that day on. One that is missing from a whole snapshot of its area and country is deleted
//! from the day of the snapshot on; a part of an answer, or an answer of which is not known what
//! was searched, says nothing of what it does not list.
//!
//! What else the snapshot says of a capability is compared with what the same source said before:
//! where nothing has changed, what others added to the record in the registry stays.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use crate::domain::capability::{Capability, CapabilityStatus, CapabilityStatusEntry, Publisher};
use crate::domain::fault::Fault;
use crate::domain::id::Id;
use crate::domain::log::{self, Digest};
use crate::domain::period::{Day, Instant};
use crate::domain::records::AnyRecord;
use crate::domain::text::Text;
use crate::exchange::kcdb::answer::{Answer, Code, Scope};
use crate::exchange::outcome::Format;
use crate::store::{Said, StoreError, Stored, Writer};

use super::refusal::Refusal;

/// Days after which a capability that is as it was gets a new `synced_at`: before rule T-11 calls
/// it old, and not at every look into the register.
const SEEN_AGAIN_AFTER: i32 = 7;

/// Codes that a warning names.
const NAMED: usize = 5;

/// A file as a snapshot of the KCDB.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    answer: Answer,
    /// What it covers wholly, where that is known.
    scope: Option<Scope>,
    /// Whether its sender says so, not the file itself.
    is_said_by_sender: bool,
    /// The day whose state it shows, where that is known.
    day: Option<Day>,
}

/// A record of a snapshot, or one that a snapshot says something of by leaving it out.
#[derive(Debug)]
pub(super) struct Merged {
    /// Its position in the file; of one that is not there, after all of them.
    pub position: usize,
    /// As its source calls it.
    pub name: String,
    /// The record as it is to be.
    pub record: AnyRecord,
    /// The version that it was made from, where only statuses were appended to it.
    pub base: Option<u32>,
    /// What the source says of it, as one number: all but statuses and the time of the look.
    pub said: Digest,
}

/// A record of a snapshot, with its position and its name at the source.
pub(super) type Listed = (usize, String, AnyRecord);

impl Snapshot {
    /// A text of a format as a snapshot; none where it is not one of the KCDB. `scope` is what its sender says
    /// that it covers.
    ///
    /// # Errors
    /// When it does not cover that: another format, a part of an answer, or with other codes.
    pub(super) fn of(
        text: &str,
        format: Option<Format>,
        scope: Option<&Scope>,
        now: Instant,
    ) -> Result<Option<Self>, Refusal> {
        let is_kcdb = format == Some(Format::Kcdb);
        let answer = if is_kcdb { Answer::of(text) } else { Answer::default() };
        if let Some(scope) = scope
            && !answer.is_whole
        {
            let message = Text::new(
                format!(
                    "tệp không phải câu trả lời trọn vẹn của KCDB cho “{scope}”: cần một trang duy nhất \
                     chứa mọi dòng (totalElements bằng numberOfElements); hãy tải lại đủ, hoặc nhập mà \
                     không có --snapshot-of"
                ),
                format!(
                    "the file is no whole answer of the KCDB for “{scope}”: one page with all rows is \
                     expected (totalElements equal to numberOfElements); fetch it again whole, or \
                     import it without --snapshot-of"
                ),
            );
            return Err(Refusal::fault("/totalElements", "no_whole_snapshot", message));
        }
        if !is_kcdb {
            return Ok(None);
        }
        let day = answer.fetched_at.or(scope.map(|_| now)).map(Instant::day);
        let known = answer.scope.clone().filter(|_| answer.is_whole);
        let is_said_by_sender = scope.is_some();
        Ok(Some(Self { scope: scope.cloned().or(known), is_said_by_sender, day, answer }))
    }

    /// Puts the records of the file to those of the registry, and adds those of which the file says
    /// something by what it lists or leaves out.
    ///
    /// # Errors
    /// When a code is outside of what the file is said to cover, or the database fails.
    pub(super) fn merge(
        &self,
        writer: &mut Writer<'_>,
        records: Vec<Listed>,
        said: &BTreeMap<String, Said>,
    ) -> Result<(Vec<Merged>, Vec<Fault>), Refusal> {
        let mut warnings = Vec::new();
        let scope = self.covered(&records, &mut warnings)?;
        let ids: HashSet<Id> =
            records.iter().map(|(_, _, record)| record.record().id().clone()).collect();
        let stored: HashMap<Id, Stored> = writer
            .stored_all(&ids)?
            .into_iter()
            .map(|stored| (stored.id.clone(), stored))
            .collect();
        let mut unexplained = Vec::new();
        let mut merged = Vec::with_capacity(records.len());
        for listed in records {
            let stored = stored.get(listed.2.record().id());
            let said = said.get(&listed.1);
            merged.push(self.one(listed, stored, said, &mut unexplained)?);
        }
        let others = others(writer, said, &ids)?;
        let superseded = supersede(&mut merged, &others);
        let absent = self.absent(scope, &merged, others, superseded, &mut warnings);
        warnings.extend(unexplained_statuses(&unexplained));
        merged.extend(absent);
        Ok((merged, warnings))
    }

    /// What the file covers wholly. Where it has codes that are not of that part, its sender is
    /// told; what a file says of itself is then not relied on.
    fn covered(
        &self,
        records: &[Listed],
        warnings: &mut Vec<Fault>,
    ) -> Result<Option<&Scope>, Refusal> {
        let Some(scope) = &self.scope else { return Ok(None) };
        let mut codes = records.iter().filter_map(|(_, _, record)| code_of(record));
        let Some(other) = codes.find(|code| Code::parse(code).is_none_or(|code| !scope.has(&code)))
        else {
            return Ok(Some(scope));
        };
        if self.is_said_by_sender {
            let message = Text::new(
                format!(
                    "CMC {other} nằm ngoài phạm vi “{scope}” của bản chụp; hãy nêu đúng phạm vi đã tìm"
                ),
                format!(
                    "CMC {other} is outside of “{scope}”, which the snapshot is said to cover; say what was searched"
                ),
            );
            return Err(Refusal::fault("/data", "outside_snapshot", message));
        }
        let message = Text::new(
            format!(
                "CMC {other} nằm ngoài phạm vi đã tìm “{scope}”; CMC vắng mặt trong tệp không bị coi là đã xóa"
            ),
            format!(
                "CMC {other} is outside of what was searched, “{scope}”; CMCs that the file does not list are not taken for deleted"
            ),
        );
        warnings.push(Fault::warning("/data", "outside_snapshot", message));
        Ok(None)
    }

    /// One record of the file.
    fn one(
        &self,
        (position, name, mut record): Listed,
        stored: Option<&Stored>,
        said: Option<&Said>,
        unexplained: &mut Vec<String>,
    ) -> Result<Merged, StoreError> {
        let digest = content(&record);
        let is_same = said.is_some_and(|said| said.said_sha256 == digest);
        let Some(stored) = stored else {
            return Ok(Merged { position, name, record, base: None, said: digest });
        };
        let mut before = stored.record()?;
        let (seen, seen_before) = (record.record().synced_at(), before.record().synced_at());
        let is_older = seen.zip(seen_before).is_some_and(|(seen, before)| seen < before);
        let added = match (&record, &before) {
            (AnyRecord::Capabilities(row), AnyRecord::Capabilities(before)) => {
                let day = self.day.filter(|_| !is_older);
                let added = additions(&before.status_history, &row.status_history, day);
                let all = before.status_history.iter().chain(&added);
                if day.is_none()
                    && !is_older
                    && let (Some(code), Some(last)) = (&row.code, row.status_history.last())
                    && all.max_by_key(|entry| entry.effective_from).map(|entry| entry.status)
                        != Some(last.status)
                {
                    unexplained.push(code.clone());
                }
                added
            }
            _ => Vec::new(),
        };
        // An earlier look, or a head, knows no better than what is there.
        let keeps = is_same || is_older || self.answer.is_heads;
        if !keeps {
            if let (AnyRecord::Capabilities(row), AnyRecord::Capabilities(before)) =
                (&mut record, &before)
            {
                row.status_history = before.status_history.iter().cloned().chain(added).collect();
            }
            return Ok(Merged { position, name, record, base: None, said: digest });
        }
        let is_due = seen.is_some_and(|seen| {
            seen_before.is_none_or(|before| {
                before.day().number() + SEEN_AGAIN_AFTER <= seen.day().number()
            })
        });
        let level = before.record().evidence_level();
        let is_capability = matches!(before, AnyRecord::Capabilities(_));
        if is_capability && !is_older && seen.is_some() && (is_due || !added.is_empty()) {
            before.record_mut().set_evidence(level, seen);
        }
        if let AnyRecord::Capabilities(before) = &mut before {
            before.status_history.extend(added);
        }
        let said = said.map_or(digest, |said| said.said_sha256);
        Ok(Merged { position, name, record: before, base: Some(stored.version), said })
    }

    /// What becomes of the capabilities that the file does not list: those of which it lists a newer
    /// version, and those that a whole snapshot would list.
    fn absent(
        &self,
        scope: Option<&Scope>,
        merged: &[Merged],
        others: Vec<Other>,
        mut superseded: HashMap<Id, CapabilityStatusEntry>,
        warnings: &mut Vec<Fault>,
    ) -> Vec<Merged> {
        let rows = merged.iter().filter(|one| capability_of(&one.record).is_some());
        let end = rows.map(|one| one.position + 1).max().unwrap_or(0);
        let mut gone = Vec::new();
        let mut spared = Vec::new();
        let mut found = Vec::new();
        for mut other in others {
            let mut added: Vec<_> = superseded.remove(&other.capability.id).into_iter().collect();
            if let (Some(scope), Some(day), Some(code)) = (scope, self.day, other.code())
                && scope.has(&code)
            {
                let history = other.capability.status_history.iter().chain(&added);
                let is_listed = matches!(
                    status_on(history, day),
                    Some(CapabilityStatus::Published | CapabilityStatus::GreyedOut)
                );
                let seen = other.capability.synced_at.map(Instant::day);
                let text = other.capability.code.clone().unwrap_or_default();
                match is_listed && seen.is_none_or(|seen| seen <= day) {
                    true if end == 0 => spared.push(text),
                    true => {
                        gone.push(text);
                        added.push(entry(CapabilityStatus::Deleted, day, not_listed(day)));
                    }
                    false => {}
                }
            }
            if !added.is_empty() {
                other.capability.status_history.extend(added);
                found.push(other.merged(end + found.len()));
            }
        }
        if let (Some(day), [_, ..]) = (self.day, &gone[..]) {
            let (count, named) = (gone.len(), named(&gone));
            let message = Text::new(
                format!(
                    "{count} CMC không còn trong bản chụp trọn vẹn của KCDB, coi là đã xóa từ ngày {day}: {named}"
                ),
                format!(
                    "{count} CMCs are not in the whole snapshot of the KCDB any more, deleted from {day} on: {named}"
                ),
            );
            warnings.push(Fault::warning("/data", "no_longer_listed", message));
        }
        if let [_, ..] = &spared[..] {
            let (count, named) = (spared.len(), named(&spared));
            let message = Text::new(
                format!(
                    "bản chụp không có CMC nào, nhưng sổ đăng ký có {count}: {named}; không CMC nào bị coi là đã xóa, hãy xem lại lần tải"
                ),
                format!(
                    "the snapshot has no CMC at all, but the registry has {count}: {named}; none of them is taken for deleted, look at the fetch again"
                ),
            );
            warnings.push(Fault::warning("/data", "empty_snapshot", message));
        }
        found
    }
}

/// A capability of the same source that the file does not list.
struct Other {
    name: String,
    capability: Box<Capability>,
    version: u32,
    said: Digest,
}

impl Other {
    fn code(&self) -> Option<Code<'_>> {
        Code::parse(self.capability.code.as_deref()?)
    }

    fn merged(self, position: usize) -> Merged {
        let Self { name, capability, version, said } = self;
        let record = AnyRecord::Capabilities(capability);
        Merged { position, name, record, base: Some(version), said }
    }
}

/// The capabilities of the KCDB that the source said before and the file does not list.
fn others(
    writer: &mut Writer<'_>,
    said: &BTreeMap<String, Said>,
    listed: &HashSet<Id>,
) -> Result<Vec<Other>, StoreError> {
    let names: BTreeMap<&Id, (&String, &Said)> = said
        .iter()
        .filter(|(_, said)| !listed.contains(&said.id))
        .map(|(name, said)| (&said.id, (name, said)))
        .collect();
    let mut others = Vec::new();
    for stored in writer.stored_all(names.keys().copied())? {
        let AnyRecord::Capabilities(capability) = stored.record()? else { continue };
        if capability.publisher != Publisher::Kcdb {
            continue;
        }
        let Some((name, said)) = names.get(&stored.id) else { continue };
        others.push(Other {
            name: (*name).clone(),
            capability,
            version: stored.version,
            said: said.said_sha256,
        });
    }
    others.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(others)
}

/// Makes capabilities older versions from the day on which a newer one was published, where the
/// file does not list both; those of the file at once, entries for the others are given back.
fn supersede(merged: &mut [Merged], others: &[Other]) -> HashMap<Id, CapabilityStatusEntry> {
    /// A version of a capability: its number, since when it is published, whether the file lists it.
    type Version = (u32, Day, bool);
    fn published(capability: &Capability, is_listed: bool) -> Option<(String, Version)> {
        let code = Code::parse(capability.code.as_deref()?)?;
        let mut published = capability.status_history.iter();
        let published = published.find(|entry| entry.status == CapabilityStatus::Published)?;
        Some((code.base.to_owned(), (code.version, published.effective_from, is_listed)))
    }
    let listed = merged.iter().filter_map(|one| published(capability_of(&one.record)?, true));
    let unlisted = others.iter().filter_map(|other| published(&other.capability, false));
    let mut versions: HashMap<String, Vec<Version>> = HashMap::new();
    for (base, version) in listed.chain(unlisted) {
        versions.entry(base).or_default().push(version);
    }
    versions.values_mut().for_each(|versions| versions.sort_unstable());
    let newer = |capability: &Capability, is_listed: bool| {
        let code = Code::parse(capability.code.as_deref()?)?;
        let mut versions = versions.get(code.base)?.iter();
        let (version, day, also_listed) =
            versions.find(|(version, _, _)| *version > code.version)?;
        if is_listed && *also_listed {
            return None;
        }
        let is_listed = matches!(
            status_on(&capability.status_history, *day),
            Some(CapabilityStatus::Published | CapabilityStatus::GreyedOut)
        );
        let reason = format!("bản mới / newer version: {}-{version}", code.base);
        is_listed.then(|| entry(CapabilityStatus::Archived, *day, reason))
    };
    for one in merged.iter_mut() {
        if let AnyRecord::Capabilities(capability) = &mut one.record
            && let Some(entry) = newer(capability, true)
        {
            capability.status_history.push(entry);
        }
    }
    let unlisted = others.iter();
    unlisted
        .filter_map(|other| Some((other.capability.id.clone(), newer(&other.capability, false)?)))
        .collect()
}

fn capability_of(record: &AnyRecord) -> Option<&Capability> {
    match record {
        AnyRecord::Capabilities(capability) => Some(capability),
        _ => None,
    }
}

fn code_of(record: &AnyRecord) -> Option<&str> {
    capability_of(record)?.code.as_deref()
}

/// The entries that a history lacks of what a register says. Where the day of its state is known,
/// the status that it shows holds on that day whatever was there before.
fn additions(
    before: &[CapabilityStatusEntry],
    said: &[CapabilityStatusEntry],
    day: Option<Day>,
) -> Vec<CapabilityStatusEntry> {
    let is_known = |entry: &&CapabilityStatusEntry| {
        before.iter().any(|known| {
            (known.status, known.effective_from) == (entry.status, entry.effective_from)
        })
    };
    let mut added: Vec<_> = said.iter().filter(|entry| !is_known(entry)).cloned().collect();
    if let (Some(day), Some(shown)) = (day, said.last())
        && shown.effective_from <= day
        && status_on(before.iter().chain(&added), day) != Some(shown.status)
    {
        let reason = format!("KCDB {day}");
        added.push(entry(shown.status, day, reason));
    }
    added
}

/// The status of a day: of the latest entry that had begun, of several of one day the last.
fn status_on<'e>(
    history: impl IntoIterator<Item = &'e CapabilityStatusEntry>,
    day: Day,
) -> Option<CapabilityStatus> {
    let holds = |entry: &&CapabilityStatusEntry| {
        entry.effective_from <= day && entry.effective_to.is_none_or(|last| day <= last)
    };
    let latest = history.into_iter().filter(holds).max_by_key(|entry| entry.effective_from);
    latest.map(|entry| entry.status)
}

fn entry(status: CapabilityStatus, day: Day, reason: String) -> CapabilityStatusEntry {
    CapabilityStatusEntry {
        status,
        effective_from: day,
        effective_to: None,
        reason: Some(reason),
        recorded_at: None,
    }
}

fn not_listed(day: Day) -> String {
    format!("không còn trong KCDB / not in the KCDB any more, {day}")
}

fn unexplained_statuses(codes: &[String]) -> Option<Fault> {
    if codes.is_empty() {
        return None;
    }
    let (count, named) = (codes.len(), named(codes));
    let message = Text::new(
        format!(
            "trạng thái của {count} CMC trong tệp không khớp với lịch sử trong sổ đăng ký và không có ngày mới: {named}; nếu tệp là trạng thái hôm nay, hãy nhập với --snapshot-of"
        ),
        format!(
            "the status of {count} CMCs in the file is not the last one in the registry and has no new day: {named}; if the file shows the state of today, import it with --snapshot-of"
        ),
    );
    Some(Fault::warning("/data", "status_without_day", message))
}

/// The first of some codes.
fn named(codes: &[String]) -> String {
    let mut named = codes.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if codes.len() > NAMED {
        named.push_str(", …");
    }
    named
}

/// What a record says, as one number: all but the statuses, which are a history, and when the
/// register was looked at.
fn content(record: &AnyRecord) -> Digest {
    let mut body = record.body();
    if let Value::Object(fields) = &mut body {
        fields.remove("status_history");
        fields.remove("synced_at");
    }
    Digest::of(&[log::canonical(&body).as_bytes()])
}
