//! What hangs on something that turned out to be bad: the certificates made with it and so on
//! downward, as known at a log index, and what their significance follows from (rules I-03, I-04):
//! their items, owners and issuers, the certificates that they were made with, what amends them, the
//! later certificates of the item that is bad, and the cases that decided about them.
//!
//! The walk collects ids, and the number of them is exact; records are read only where they are few
//! enough. What is affected by when it was used does not live here (`engine::impact`).

use std::collections::BTreeSet;

use crate::domain::id::Id;
use crate::domain::records::{AnyRecord, Records};

use super::closure::{Closure, Loading};
use super::connection::AnyConnection;
use super::dialect;
use super::error::StoreError;
use super::lineage::{IS_LINK, KNOWN, Walk};
use super::read::{self, list};
use super::schema::Table;
use super::statement::Statement;

/// What turned out to be bad.
#[derive(Debug, Clone)]
pub enum Root {
    /// A certificate.
    Calibration(Id),
    /// A standard.
    Standard(Id),
    /// Everything that an organisation issued.
    Organisation(Id),
    /// Everything that was issued under an accreditation.
    Accreditation(Id),
    /// A root.
    Realisation(Id),
    /// All roots of an epoch.
    Epoch(String),
}

/// What hangs on it.
#[derive(Debug, Clone)]
pub enum Below {
    /// The records.
    All(Box<Closure>),
    /// So many certificates, which are more than were asked for.
    TooMany(u64),
}

type Texts = BTreeSet<String>;

/// Loads what hangs on something, where that is not more than so many certificates.
pub(super) fn below(
    connection: &mut AnyConnection,
    root: &Root,
    at: u64,
    most: usize,
) -> Result<Below, StoreError> {
    let mut named: BTreeSet<Id> = BTreeSet::new();
    let mut of_item: BTreeSet<Id> = BTreeSet::new();
    let first = match root {
        Root::Calibration(id) => {
            named.insert(id.clone());
            let own = Texts::from([id.to_string()]);
            let mut walk = Walk { connection, at };
            let earlier = amended(&mut walk, &own)?;
            walk.below(&own.union(&earlier).cloned().collect())?
        }
        Root::Standard(id) => {
            named.insert(id.clone());
            of_item.insert(id.clone());
            Walk { connection, at }.made_with(id)?
        }
        Root::Organisation(id) => {
            named.insert(id.clone());
            with_column(&mut Walk { connection, at }, "issuer", id)?
        }
        Root::Accreditation(id) => {
            named.insert(id.clone());
            with_column(&mut Walk { connection, at }, "accreditation", id)?
        }
        Root::Realisation(id) => {
            named.insert(id.clone());
            realised(&mut Walk { connection, at }, &named)?
        }
        Root::Epoch(name) => {
            named = of_epoch(connection, name, at)?;
            realised(&mut Walk { connection, at }, &named)?
        }
    };
    let met = all_below(&mut Walk { connection, at }, first)?;
    if met.len() > most {
        return Ok(Below::TooMany(met.len() as u64));
    }
    let mut loading = Loading::new(connection, at);
    loading.take_ids(named.clone())?;
    if let Root::Calibration(id) = root
        && let Some(AnyRecord::Calibrations(record)) = loading.records.get(id)
    {
        of_item.insert(record.item.clone());
    }
    let affected: BTreeSet<Id> = met.iter().filter_map(|id| Id::parse(id).ok()).collect();
    loading.take_ids(affected.clone())?;
    // What else they were made with: a mean weighs its values by each other.
    let beside = Walk { connection: &mut *loading.connection, at }.above(&met)?;
    let mut certificates: BTreeSet<Id> =
        beside.iter().filter_map(|id| Id::parse(id).ok()).collect();
    certificates.append(&mut read::certificates_of(
        loading.connection,
        of_item.iter().map(Id::as_str),
        at,
    )?);
    loading.take_ids(certificates.clone())?;
    certificates.extend(affected.iter().cloned());
    certificates.extend(named.iter().cloned());
    loading.take_column(Table::Calibrations, "amends", &certificates)?;
    let decided = (Table::Nonconformities, Table::NonconformityDecisions);
    loading.take_child(decided.0, decided.1, "calibration", &affected)?;
    let links = loading.each_of_all(|record, ids| match record {
        AnyRecord::Calibrations(record) => {
            ids.extend([record.issuer.clone(), record.item.clone()]);
            ids.extend(record.results.iter().filter_map(|result| result.item.clone()));
            ids.extend(record.references.iter().filter_map(|link| link.realisation.clone()));
            let endorsement = record.endorsement.as_ref();
            ids.extend(endorsement.and_then(|one| one.accreditation.clone()));
        }
        AnyRecord::Nonconformities(record) => drop(ids.insert(record.subject.clone())),
        _ => {}
    });
    loading.take_ids(links)?;
    let owners = loading.each_of_all(|record, ids| {
        if let AnyRecord::MeasurementStandards(record) = record {
            ids.insert(record.owner.clone());
        }
    });
    loading.take_ids(owners)?;
    let mut records = Records::default();
    for (position, record) in std::mem::take(&mut loading.records).into_values().enumerate() {
        records.push_any(position, record);
    }
    let reached_at = read::reached_at(loading.connection, at)?;
    Ok(Below::All(Box::new(Closure { records, log_index: at, reached_at })))
}

/// Everything below a first level, each once.
fn all_below(walk: &mut Walk<'_>, first: Texts) -> Result<Texts, StoreError> {
    let mut met = Texts::new();
    let mut level = first;
    while !level.is_empty() {
        met.extend(level.iter().cloned());
        // A correction stands for what it amends, also to those who name that.
        let mut named = amended(walk, &level)?;
        named.extend(level);
        let mut next = walk.below(&named)?;
        next.retain(|id| !met.contains(id));
        level = next;
    }
    Ok(met)
}

/// The certificates that these amend, and so on back.
fn amended(walk: &mut Walk<'_>, of: &Texts) -> Result<Texts, StoreError> {
    let mut all = Texts::new();
    let mut level = of.clone();
    while !level.is_empty() {
        let among = dialect::among(walk.connection);
        let query = Statement::new(format!(
            "SELECT DISTINCT v.amends AS id FROM calibrations v \
             WHERE v.id {among} AND v.amends IS NOT NULL AND {KNOWN}"
        ));
        let of = list(level.iter().map(String::as_str));
        let mut found = walk.ids(query.bind(of).bind(walk.at).bind(walk.at))?;
        found.retain(|id| !all.contains(id));
        all.extend(found.iter().cloned());
        level = found;
    }
    Ok(all)
}

fn with_column(walk: &mut Walk<'_>, column: &str, id: &Id) -> Result<Texts, StoreError> {
    let query =
        Statement::new(format!("SELECT v.id FROM calibrations v WHERE v.{column} = ? AND {KNOWN}"));
    walk.ids(query.bind(id.as_str()).bind(walk.at).bind(walk.at))
}

/// Certificates that name one of these roots.
fn realised(walk: &mut Walk<'_>, roots: &BTreeSet<Id>) -> Result<Texts, StoreError> {
    let among = dialect::among(walk.connection);
    let query = Statement::new(format!(
        "SELECT DISTINCT v.id FROM calibration_references r \
         JOIN calibrations v ON v.log_from = r.log_from \
         WHERE r.realisation {among} AND {IS_LINK} AND {KNOWN}"
    ));
    let roots = list(roots.iter().map(Id::as_str));
    walk.ids(query.bind(roots).bind(walk.at).bind(walk.at))
}

/// The roots of an epoch. There are a few hundred roots in a country, and they have no column for it.
fn of_epoch(
    connection: &mut AnyConnection,
    epoch: &str,
    at: u64,
) -> Result<BTreeSet<Id>, StoreError> {
    let condition =
        Statement::new(format!("JOIN realisations v ON v.log_from = l.log_index WHERE {KNOWN}"));
    let found = read::stored(connection, condition.bind(at).bind(at))?;
    let mut of_epoch = BTreeSet::new();
    for stored in found {
        if let AnyRecord::Realisations(record) = stored.record()?
            && record.epoch.as_deref() == Some(epoch)
        {
            of_epoch.insert(record.id);
        }
    }
    Ok(of_epoch)
}
