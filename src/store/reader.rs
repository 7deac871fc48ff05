//! For whom something is read, and for which reasons a reader may see a record: the one place that
//! says it. Who somebody is does not live here, nor how a record that is shown is redacted (`app`).

use std::collections::BTreeSet;

use crate::domain::id::Id;
use crate::domain::records::CollectionName;

use super::connection::AnyConnection;
use super::dialect;
use super::error::StoreError;
use super::read;
use super::schema::Table;
use super::statement::Statement;

/// For whom something is read (api.md, "Privacy").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// For somebody who may see all there is: the operator of the registry, or the registry itself.
    Everything,
    /// For an organisation: what is public, what is its own, and what it issued.
    Organisation(Id),
    /// For anybody.
    Public,
}

/// The condition that a row of versions holds at a log index, which is given twice.
pub(super) fn known(versions: &str) -> String {
    // `+` keeps the planner of SQLite from searching along the log (see `read`).
    format!("+{versions}.log_from <= ? AND ({versions}.log_to IS NULL OR {versions}.log_to > ?)")
}

impl Reader {
    /// The reasons for which this reader sees a version `v` of a collection whose id comes after
    /// another: conditions, of which one is enough.
    ///
    /// They are given one by one, and not joined by OR, so that each can be looked for along its
    /// own index. Where an index of another table leads to the ids, the condition says there too
    /// that they come after: otherwise PostgreSQL begins at its beginning on each page.
    pub(super) fn reasons(
        &self,
        collection: CollectionName,
        at: u64,
        after: &str,
    ) -> Vec<Statement> {
        let organisation = match self {
            Self::Everything => return vec![Statement::new("TRUE")],
            Self::Organisation(id) => Some(id.as_str()),
            Self::Public => None,
        };
        let (c, s) = (known("c"), known("s"));
        match collection {
            CollectionName::Calibrations => {
                let mut reasons = vec![Statement::new("v.published")];
                if let Some(id) = organisation {
                    reasons.extend([
                        Statement::new("v.issuer = ?").bind(id),
                        Statement::new("v.performed_by = ?").bind(id),
                        Statement::new(format!(
                            "v.item IN (SELECT s.id FROM measurement_standards s \
                             WHERE s.owner = ? AND {s})"
                        ))
                        .bind(id)
                        .bind(at)
                        .bind(at),
                        Statement::new(format!(
                            "v.log_from IN (SELECT i.log_from FROM measurement_standards s \
                             JOIN calibration_items i ON i.item = s.id WHERE s.owner = ? AND {s})"
                        ))
                        .bind(id)
                        .bind(at)
                        .bind(at),
                    ]);
                }
                reasons
            }
            CollectionName::MeasurementStandards => {
                // Who issued a certificate does not see the item by that: anybody may issue for
                // anything, and the record of it is its owner's.
                let mut reasons = vec![
                    Statement::new("v.legal_level = 'national'"),
                    Statement::new(format!(
                        "EXISTS (SELECT 1 FROM calibrations c \
                         WHERE c.item = v.id AND c.item > ? AND c.published AND {c})"
                    ))
                    .bind(after)
                    .bind(at)
                    .bind(at),
                    Statement::new(format!(
                        "EXISTS (SELECT 1 FROM calibration_items i \
                         JOIN calibrations c ON c.log_from = i.log_from \
                         WHERE i.item = v.id AND i.item > ? AND c.published AND {c})"
                    ))
                    .bind(after)
                    .bind(at)
                    .bind(at),
                ];
                if let Some(id) = organisation {
                    reasons.push(Statement::new("v.owner = ?").bind(id));
                }
                reasons
            }
            CollectionName::Nonconformities => {
                let Some(id) = organisation else { return Vec::new() };
                vec![
                    Statement::new(format!(
                        "EXISTS (SELECT 1 FROM calibrations c \
                         WHERE c.id = v.subject AND c.issuer = ? AND {c})"
                    ))
                    .bind(id)
                    .bind(at)
                    .bind(at),
                    Statement::new(format!(
                        "EXISTS (SELECT 1 FROM calibrations c \
                         JOIN measurement_standards s ON s.id = c.item \
                         WHERE c.id = v.subject AND s.owner = ? AND {c} AND {s})"
                    ))
                    .bind(id)
                    .bind(at)
                    .bind(at)
                    .bind(at)
                    .bind(at),
                    Statement::new(format!(
                        "EXISTS (SELECT 1 FROM calibrations c \
                         JOIN calibration_items i ON i.log_from = c.log_from \
                         JOIN measurement_standards s ON s.id = i.item \
                         WHERE c.id = v.subject AND s.owner = ? AND {c} AND {s})"
                    ))
                    .bind(id)
                    .bind(at)
                    .bind(at)
                    .bind(at)
                    .bind(at),
                    Statement::new(format!(
                        "EXISTS (SELECT 1 FROM measurement_standards s \
                         WHERE s.id = v.subject AND s.owner = ? AND {s})"
                    ))
                    .bind(id)
                    .bind(at)
                    .bind(at),
                    Statement::new(format!(
                        "EXISTS (SELECT 1 FROM nonconformity_decisions d \
                         JOIN calibrations c ON c.id = d.calibration \
                         WHERE d.log_from = v.log_from AND c.issuer = ? AND {c})"
                    ))
                    .bind(id)
                    .bind(at)
                    .bind(at),
                ]
            }
            // What a laboratory proposes as its scope is public once its accreditation body has
            // approved it; before, it would read as a scope that it has.
            CollectionName::Capabilities => {
                let mut reasons = vec![Statement::new("v.confirmed")];
                if let Some(id) = organisation {
                    let a = known("a");
                    reasons.extend([
                        Statement::new("v.organisation = ?").bind(id),
                        Statement::new(format!(
                            "v.accreditation IN (SELECT a.id FROM accreditations a \
                             WHERE a.accreditation_body = ? AND {a})"
                        ))
                        .bind(id)
                        .bind(at)
                        .bind(at),
                    ]);
                }
                reasons
            }
            // Who sees a record sees what others say of it; who said it sees that always.
            CollectionName::Attestations => {
                let all = CollectionName::ALL.iter().copied();
                let confidential = all.filter(|one| one.is_confidential());
                let kinds: Vec<String> =
                    confidential.clone().map(|kind| format!("'{kind}'")).collect();
                let mut reasons = vec![Statement::new(format!(
                    "v.record IN (SELECT r.id FROM records r WHERE r.kind NOT IN ({}))",
                    kinds.join(", ")
                ))];
                reasons
                    .extend(organisation.map(|id| Statement::new("v.organisation = ?").bind(id)));
                for collection in confidential.filter(|one| *one != CollectionName::Attestations) {
                    let (table, v) = (Table::of(collection).shape().name, known("v"));
                    reasons.extend(self.reasons(collection, at, "").into_iter().map(|reason| {
                        let mut of_record = Statement::new(format!(
                            "v.record IN (SELECT v.id FROM {table} v WHERE {v} AND ("
                        ))
                        .bind(at)
                        .bind(at);
                        of_record.push_all(reason);
                        of_record.push("))");
                        of_record
                    }));
                }
                reasons
            }
            CollectionName::Organisations
            | CollectionName::Memberships
            | CollectionName::Accreditations
            | CollectionName::LegalRecognitions
            | CollectionName::Realisations
            | CollectionName::Comparisons
            | CollectionName::Documents
            | CollectionName::Programme => vec![Statement::new("TRUE")],
        }
    }
}

/// Those of these records of a collection that a reader may see, as known at a log index.
pub(super) fn visible(
    connection: &mut AnyConnection,
    collection: CollectionName,
    ids: &BTreeSet<Id>,
    reader: &Reader,
    at: u64,
) -> Result<BTreeSet<Id>, StoreError> {
    let reasons = reader.reasons(collection, at, "");
    if reasons.is_empty() || ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let (table, v) = (Table::of(collection).shape().name, known("v"));
    let among = dialect::among(connection);
    let wanted = read::list(ids.iter().map(Id::as_str));
    let mut statement = Statement::new("");
    for (position, reason) in reasons.into_iter().enumerate() {
        statement.push(if position == 0 { "" } else { " UNION " });
        statement
            .push(&format!("SELECT v.id AS text FROM {table} v WHERE v.id {among} AND {v} AND "));
        statement.push_value(wanted.as_str());
        statement.push_value(at);
        statement.push_value(at);
        statement.push_all(reason);
    }
    read::ids(connection, statement)
}
