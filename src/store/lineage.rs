//! Lineage: which certificates stand above a standard, and which below it, as known at a log index.
//! Ids and counts only; what a link means for a claim does not live here (`engine`).

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use crate::domain::id::Id;

use super::connection::AnyConnection;
use super::dialect;
use super::error::StoreError;
use super::read::{self, list};
use super::statement::Statement;

vocabulary! {
    /// Which way a lineage goes.
    Direction {
        /// What the standard's certificates were made with, up to the roots.
        Up = "up",
        /// What was made with the standard, and so on downward.
        Down = "down",
    }
}

answer! {
    /// A certificate of a lineage.
    #[derive(PartialEq, Eq)]
    Step {
        /// The certificate.
        calibration: Id,
        /// Its item; left out where the certificate is not for the reader.
        #[serde(skip_serializing_if = "Option::is_none")]
        item: Option<Id>,
        /// Its number; left out likewise.
        #[serde(skip_serializing_if = "Option::is_none")]
        number: Option<String>,
        /// Steps from the standard: 1 is its own certificate upward, and one made with it downward.
        depth: u32,
    }
}

answer! {
    /// What stands above or below a standard.
    #[derive(PartialEq, Eq)]
    Lineage {
        /// Certificates in all.
        calibrations: u64,
        /// Standards and instruments that are their items, the first one not counted.
        standards: u64,
        /// Roots that they name; upward only.
        realisations: u64,
        /// The certificates in the order of depth and id, as many as were asked for.
        steps: Vec<Step>,
        /// The state of knowledge.
        log_index: u64,
    }
}

#[derive(QueryableByName)]
struct StepRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    item: String,
    #[diesel(sql_type = Text)]
    number: String,
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = Nullable<Text>)]
    id: Option<String>,
}

/// Certificates `v` known at a log index.
pub(super) const KNOWN: &str = "+v.log_from <= ? AND (v.log_to IS NULL OR v.log_to > ?)";

/// References `r` that give a value: a check gives none.
pub(super) const IS_LINK: &str = "(r.role IS NULL OR r.role <> 'check')";

pub(super) fn lineage(
    connection: &mut AnyConnection,
    standard: &Id,
    direction: Direction,
    at: u64,
    most: usize,
) -> Result<Lineage, StoreError> {
    let mut walk = Walk { connection, at };
    let mut level = match direction {
        Direction::Up => walk.certificates_of(standard)?,
        Direction::Down => walk.made_with(standard)?,
    };
    let mut met: BTreeMap<String, (u32, StepRow)> = BTreeMap::new();
    let mut depth = 1;
    while !level.is_empty() {
        let rows = walk.rows(&level)?;
        met.extend(rows.into_iter().map(|row| (row.id.clone(), (depth, row))));
        let mut next = match direction {
            Direction::Up => walk.above(&level)?,
            Direction::Down => walk.below(&level)?,
        };
        next.retain(|id| !met.contains_key(id));
        level = next;
        depth += 1;
    }
    let realisations = match direction {
        Direction::Up => walk.roots(met.keys())?,
        Direction::Down => 0,
    };
    let items: BTreeSet<&str> = met.values().map(|(_, row)| row.item.as_str()).collect();
    let standards = items.iter().filter(|item| **item != standard.as_str()).count() as u64;
    let calibrations = met.len() as u64;
    let mut steps: Vec<(u32, StepRow)> = met.into_values().collect();
    steps.sort_by(|left, right| (left.0, &left.1.id).cmp(&(right.0, &right.1.id)));
    let steps = steps.into_iter().take(most).filter_map(|(depth, row)| {
        let (calibration, item) = (Id::parse(&row.id).ok()?, Id::parse(&row.item).ok()?);
        Some(Step { calibration, item: Some(item), number: Some(row.number), depth })
    });
    Ok(Lineage { calibrations, standards, realisations, steps: steps.collect(), log_index: at })
}

/// Steps along references, as known at a log index.
pub(super) struct Walk<'c> {
    pub(super) connection: &'c mut AnyConnection,
    pub(super) at: u64,
}

impl Walk<'_> {
    pub(super) fn ids(&mut self, query: Statement) -> Result<BTreeSet<String>, StoreError> {
        let rows = query.load::<IdRow>(self.connection)?;
        Ok(rows.into_iter().filter_map(|row| row.id).collect())
    }

    fn certificates_of(&mut self, standard: &Id) -> Result<BTreeSet<String>, StoreError> {
        let found = read::certificates_of(self.connection, [standard.as_str()], self.at)?;
        Ok(found.iter().map(Id::to_string).collect())
    }

    /// Certificates made with a standard: with one of its certificates, or with it where none is
    /// named.
    pub(super) fn made_with(&mut self, standard: &Id) -> Result<BTreeSet<String>, StoreError> {
        let own = self.certificates_of(standard)?;
        let mut made = self.below(&own)?;
        let query = Statement::new(format!(
            "SELECT v.id FROM calibration_references r \
             JOIN calibrations v ON v.log_from = r.log_from \
             WHERE r.standard = ? AND r.calibration IS NULL AND {IS_LINK} AND {KNOWN}"
        ));
        let (id, at) = (standard.as_str(), self.at);
        made.append(&mut self.ids(query.bind(id).bind(at).bind(at))?);
        Ok(made)
    }

    pub(super) fn above(
        &mut self,
        level: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, StoreError> {
        self.along(level, "r.calibration AS id", "v.id", "r.calibration IS NOT NULL")
    }

    pub(super) fn below(
        &mut self,
        level: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, StoreError> {
        self.along(level, "v.id", "r.calibration", "v.id IS NOT NULL")
    }

    fn along(
        &mut self,
        level: &BTreeSet<String>,
        wanted: &str,
        given: &str,
        condition: &str,
    ) -> Result<BTreeSet<String>, StoreError> {
        let among = dialect::among(self.connection);
        let query = Statement::new(format!(
            "SELECT DISTINCT {wanted} FROM calibration_references r \
             JOIN calibrations v ON v.log_from = r.log_from \
             WHERE {given} {among} AND {condition} AND {IS_LINK} AND {KNOWN}"
        ));
        let level = list(level.iter().map(String::as_str));
        self.ids(query.bind(level).bind(self.at).bind(self.at))
    }

    fn rows(&mut self, level: &BTreeSet<String>) -> Result<Vec<StepRow>, StoreError> {
        let among = dialect::among(self.connection);
        let query = Statement::new(format!(
            "SELECT v.id, v.item, v.number FROM calibrations v WHERE v.id {among} AND {KNOWN}"
        ));
        let level = list(level.iter().map(String::as_str));
        Ok(query.bind(level).bind(self.at).bind(self.at).load(self.connection)?)
    }

    fn roots<'i>(&mut self, met: impl Iterator<Item = &'i String>) -> Result<u64, StoreError> {
        let among = dialect::among(self.connection);
        let query = Statement::new(format!(
            "SELECT DISTINCT r.realisation AS id FROM calibration_references r \
             JOIN calibrations v ON v.log_from = r.log_from \
             WHERE v.id {among} AND {KNOWN} AND {IS_LINK} AND r.realisation IS NOT NULL"
        ));
        let met = list(met.map(String::as_str));
        Ok(self.ids(query.bind(met).bind(self.at).bind(self.at))?.len() as u64)
    }
}
