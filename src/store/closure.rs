//! The evidence for claims: everything that the engine may look at, as known at a log index.
//!
//! **Followed**: the certificates of the standard and of the sets that it is a piece of (S-10), what
//! they were made with, what amends them, and so on upward to the end.
//!
//! **Beside it**, not followed, for the rules that look sideways: the standards and roots met on
//! the way, with the sets that they are pieces of (T-05); of national standards (V-04) and of those
//! to which something happened (T-05, T-08: a later certificate judges it) the other certificates,
//! and those of their sets; the certificates of the same issuer and number as one on the way, and
//! what one on the way amends, with all that amends these (D-06); the organisations that issued,
//! own, produced (M-03), realised or accredited, with their memberships (A-04, N-01), accreditations
//! comparisons and what these are linked to (N-08 to N-12), and legal recognitions (V-03,
//! V-05 to V-07) and the legal texts that these rest on (V-10); their capabilities for the
//! quantities on the way, and one of each of their lists, which shows that there is one (C-01, N-02,
//! N-04), and those that name no quantity; the cases of nonconforming work on what was walked
//! (I-04); and what is said of the certificates, capabilities and standards among all these (D-07,
//! V-03).
//!
//! **Beside the certificates of the standard itself**: who performed them; the last twenty
//! certificates of their issuer for each of their quantities, among its last two hundred, with what
//! those were made with (C-10, C-11); and for a row that claims no recognition, the capabilities of
//! everybody for its quantity, with their accreditations and memberships.
//!
//! That is more than any one claim reads and never less: missing evidence would turn into a verdict.
//! `tests/three_ways.rs` holds the reports from here against those from the whole set of records. A
//! rule that looks at something else needs it loaded here.
//!
//! The walk has no limit of depth or number of its own: cut off, a loop would look like an open end.
//! The engine's limits say when it is too much (S-11).

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::calibration::{CalibrationResult, CalibrationStatus};
use crate::domain::id::Id;
use crate::domain::period::Instant;
use crate::domain::records::{AnyRecord, Records};
use crate::domain::standard::LegalLevel;

use super::connection::AnyConnection;
use super::dialect;
use super::error::StoreError;
use super::read::{self, Stored};
use super::schema::Table;
use super::statement::Statement;

/// The records that a claim can be decided from.
#[derive(Debug, Clone)]
pub struct Closure {
    /// The records, each in its version as known; `recorded_at` is when the registry learnt of the
    /// record.
    pub records: Records,
    /// The state of knowledge.
    pub log_index: u64,
    /// When it was reached; none before the first entry.
    pub reached_at: Option<Instant>,
}

/// Loads the evidence for claims on standards, perhaps with certificates of theirs named.
pub(super) fn closure(
    connection: &mut AnyConnection,
    standards: &Ids,
    certificates: &Ids,
    at: u64,
) -> Result<Closure, StoreError> {
    let mut closure = Loading::new(connection, at);
    closure.take_ids(standards.union(certificates).cloned().collect())?;
    let kits = closure.take_kits(standards.clone())?;
    let walked = closure.walk(&standards.union(&kits).cloned().collect(), certificates)?;
    closure.beside(standards, &walked)?;
    closure.take_statements()?;
    let mut records = Records::default();
    for (position, record) in std::mem::take(&mut closure.records).into_values().enumerate() {
        records.push_any(position, record);
    }
    let reached_at = read::reached_at(closure.connection, at)?;
    Ok(Closure { records, log_index: at, reached_at })
}

/// Records as they are loaded, each once.
pub(super) struct Loading<'c> {
    pub(super) connection: &'c mut AnyConnection,
    at: u64,
    pub(super) records: BTreeMap<Id, AnyRecord>,
}

type Ids = BTreeSet<Id>;

fn texts(ids: &Ids) -> impl Iterator<Item = &str> {
    ids.iter().map(Id::as_str)
}

impl<'c> Loading<'c> {
    /// Nothing so far.
    pub(super) fn new(connection: &'c mut AnyConnection, at: u64) -> Self {
        Self { connection, at, records: BTreeMap::new() }
    }
}

impl Loading<'_> {
    /// Adds records, and says which of them are new.
    fn take(&mut self, found: Vec<Stored>) -> Result<Ids, StoreError> {
        let mut new = Ids::new();
        for stored in found {
            if self.records.contains_key(&stored.id) {
                continue;
            }
            let mut record = stored.record()?;
            record.record_mut().set_recorded_at(Some(stored.known_since));
            new.insert(stored.id.clone());
            self.records.insert(stored.id, record);
        }
        Ok(new)
    }

    pub(super) fn take_ids(&mut self, mut ids: Ids) -> Result<Ids, StoreError> {
        ids.retain(|id| !self.records.contains_key(id));
        let found = read::get_all(self.connection, &ids, self.at)?;
        self.take(found)
    }

    pub(super) fn take_column(
        &mut self,
        table: Table,
        column: &str,
        of: &Ids,
    ) -> Result<Ids, StoreError> {
        if of.is_empty() {
            return Ok(Ids::new());
        }
        let found = read::by_column(self.connection, table, column, texts(of), self.at)?;
        self.take(found)
    }

    pub(super) fn take_child(
        &mut self,
        table: Table,
        child: Table,
        column: &str,
        of: &Ids,
    ) -> Result<Ids, StoreError> {
        if of.is_empty() {
            return Ok(Ids::new());
        }
        let found = read::by_child(self.connection, table, child, column, texts(of), self.at)?;
        self.take(found)
    }

    /// Adds the sets that standards are pieces of, and the sets of those, and gives them.
    fn take_kits(&mut self, pieces: Ids) -> Result<Ids, StoreError> {
        let mut kits = Ids::new();
        let mut pieces = pieces;
        while !pieces.is_empty() {
            let mut next = self.each(&pieces, |record, kits| {
                if let AnyRecord::MeasurementStandards(record) = record {
                    kits.extend(record.parent_kit.clone());
                }
            });
            next.retain(|kit| !kits.contains(kit));
            if !next.is_empty() {
                self.take_ids(next.clone())?;
            }
            kits.extend(next.iter().cloned());
            pieces = next;
        }
        Ok(kits)
    }

    /// The certificates above standards, by one recursive query; another goes on from those that
    /// amend one of them, which is rare.
    fn walk(&mut self, standards: &Ids, certificates: &Ids) -> Result<Ids, StoreError> {
        let mut from = read::certificates_of(self.connection, texts(standards), self.at)?;
        from.extend(certificates.iter().cloned());
        let mut walked = Ids::new();
        while !from.is_empty() {
            walked.append(&mut read::certificates_above(self.connection, texts(&from), self.at)?);
            from = read::amending(self.connection, texts(&walked), self.at)?;
            from.retain(|id| !walked.contains(id));
        }
        self.take_ids(walked.clone())?;
        walked.retain(|id| matches!(self.records.get(id), Some(AnyRecord::Calibrations(_))));
        Ok(walked)
    }

    /// What a look at every record collects.
    pub(super) fn each_of_all(&self, look: impl Fn(&AnyRecord, &mut Ids)) -> Ids {
        let mut collected = Ids::new();
        self.records.values().for_each(|record| look(record, &mut collected));
        collected
    }

    /// What a look at each of these records collects.
    fn each(&self, ids: &Ids, look: impl Fn(&AnyRecord, &mut Ids)) -> Ids {
        let mut collected = Ids::new();
        for record in ids.iter().filter_map(|id| self.records.get(id)) {
            look(record, &mut collected);
        }
        collected
    }

    /// Those standards whose other certificates count: national ones, and those to which something
    /// happened or one of whose certificates did not simply stay issued.
    fn with_a_history(&self, items: &Ids, walked: &Ids) -> Ids {
        let mut with = self.each(items, |record, with| {
            if let AnyRecord::MeasurementStandards(record) = record
                && (record.legal_level == Some(LegalLevel::National) || !record.events.is_empty())
            {
                with.insert(record.id.clone());
            }
        });
        with.append(&mut self.each(walked, |record, with| {
            if let AnyRecord::Calibrations(record) = record
                && record.status_history.iter().any(|one| one.status != CalibrationStatus::Issued)
            {
                with.insert(record.item.clone());
            }
        }));
        with
    }

    /// The capabilities of organisations for the quantities that they calibrated, realised or hold,
    /// and the first of each of their lists: a list without a row says something else than no list.
    fn take_capabilities(&mut self, organisations: &Ids, walked: &Ids) -> Result<(), StoreError> {
        let mut quantities: BTreeSet<String> = BTreeSet::new();
        for record in walked.iter().filter_map(|id| self.records.get(id)) {
            let AnyRecord::Calibrations(record) = record else { continue };
            let roots = record.references.iter().filter_map(|link| link.realisation.as_ref());
            let of_roots = roots.filter_map(|root| match self.records.get(root) {
                Some(AnyRecord::Realisations(root)) => Some(&root.organisation),
                _ => None,
            });
            let holder = match self.records.get(&record.item) {
                Some(AnyRecord::MeasurementStandards(item)) => Some(&item.owner),
                _ => None,
            };
            for organisation in of_roots.chain(holder).chain([&record.issuer]) {
                let of_row = |result: &CalibrationResult| {
                    format!("{organisation} {}", result.quantity_kind.id())
                };
                quantities.extend(record.results.iter().map(of_row));
            }
        }
        let among = dialect::among(self.connection);
        let of = read::list(texts(organisations));
        let condition = Statement::new(format!(
            "WHERE l.log_index IN (\
                SELECT v.log_from FROM capabilities v WHERE v.organisation {among} \
                AND (v.organisation || ' ' || v.quantity_kind) {among} \
                AND +v.log_from <= ? AND (v.log_to IS NULL OR v.log_to > ?) \
             UNION \
                SELECT MIN(v.log_from) FROM capabilities v WHERE v.organisation {among} \
                AND +v.log_from <= ? AND (v.log_to IS NULL OR v.log_to > ?) \
                GROUP BY v.organisation, v.publisher, v.accreditation, v.confirmed \
             UNION \
                SELECT v.log_from FROM capabilities v WHERE v.organisation {among} \
                AND v.quantity_kind IS NULL \
                AND +v.log_from <= ? AND (v.log_to IS NULL OR v.log_to > ?))"
        ));
        let quantities = read::list(quantities.iter().map(String::as_str));
        let condition = condition.bind(of.as_str()).bind(quantities);
        let condition = condition.bind(self.at).bind(self.at);
        let condition = condition.bind(of.as_str()).bind(self.at).bind(self.at);
        let condition = condition.bind(of).bind(self.at).bind(self.at);
        let found = read::stored(self.connection, condition)?;
        self.take(found)?;
        Ok(())
    }

    /// The certificates that rule D-06 holds against those on the way: of the same issuer and number,
    /// or amending the same one; and whatever amends any of them.
    fn take_rivals(&mut self, walked: &Ids) -> Result<(), StoreError> {
        let amended = self.each(walked, |record, amended| {
            if let AnyRecord::Calibrations(record) = record {
                amended.extend(record.amends.clone());
            }
        });
        self.take_ids(amended.clone())?;
        let numbers: BTreeSet<&str> = walked
            .iter()
            .filter_map(|id| match self.records.get(id) {
                Some(AnyRecord::Calibrations(record)) => Some(record.number.as_str()),
                _ => None,
            })
            .collect();
        let issuers = self.each(walked, |record, issuers| {
            if let AnyRecord::Calibrations(record) = record {
                issuers.insert(record.issuer.clone());
            }
        });
        let among = dialect::among(self.connection);
        let condition = Statement::new(format!(
            "WHERE l.log_index IN (SELECT v.log_from FROM calibrations v WHERE v.number {among} \
             AND v.issuer {among} AND +v.log_from <= ? AND (v.log_to IS NULL OR v.log_to > ?))"
        ));
        let condition = condition.bind(read::list(numbers)).bind(read::list(texts(&issuers)));
        let found = read::stored(self.connection, condition.bind(self.at).bind(self.at))?;
        let mut from = self.take(found)?;
        from.extend(amended);
        while !from.is_empty() {
            from = self.take_column(Table::Calibrations, "amends", &from)?;
        }
        Ok(())
    }

    /// What is said of the certificates, scopes and standards taken so far (D-07, V-03), and who says
    /// it.
    fn take_statements(&mut self) -> Result<(), StoreError> {
        let attested = self.each_of_all(|record, attested| match record {
            AnyRecord::Calibrations(_)
            | AnyRecord::Capabilities(_)
            | AnyRecord::MeasurementStandards(_) => {
                attested.insert(record.record().id().clone());
            }
            _ => {}
        });
        let statements = self.take_column(Table::Attestations, "record", &attested)?;
        let by = self.each(&statements, |record, by| {
            if let AnyRecord::Attestations(statement) = record {
                by.insert(statement.by.clone());
            }
        });
        self.take_ids(by)?;
        Ok(())
    }

    /// The legal texts that the recognitions taken so far rest on.
    fn take_legal_texts(&mut self) -> Result<(), StoreError> {
        let rests_on = self.records.values().filter_map(|record| match record {
            AnyRecord::LegalRecognitions(record) => Some(&record.legal_basis),
            _ => None,
        });
        let texts: BTreeSet<&str> =
            rests_on.flatten().map(|basis| basis.document.as_str()).collect();
        if texts.is_empty() {
            return Ok(());
        }
        let found =
            read::by_column(self.connection, Table::Documents, "designation", texts, self.at)?;
        self.take(found)?;
        Ok(())
    }

    /// What is looked at beside the certificates of the standards themselves; the organisations that it
    /// leads to.
    fn beside_the_nearest(&mut self, standards: &Ids, walked: &Ids) -> Result<Ids, StoreError> {
        let mut organisations = Ids::new();
        let mut reported = BTreeSet::new();
        let mut unclaimed = BTreeSet::new();
        for record in walked.iter().filter_map(|id| self.records.get(id)) {
            let AnyRecord::Calibrations(record) = record else { continue };
            let pieces = record.results.iter().filter_map(|result| result.item.as_ref());
            let mut items = record.items.iter().chain(pieces).chain([&record.item]);
            let is_nearest = items.any(|item| standards.contains(item));
            if !is_nearest {
                continue;
            }
            organisations.extend(record.performed_by.clone());
            for result in &record.results {
                if record.endorsement.is_some() && result.endorsed != Some(false) {
                    reported.insert((record.issuer.clone(), result.quantity_kind));
                }
                if record.endorsement.is_none() || result.endorsed == Some(false) {
                    unclaimed.insert(result.quantity_kind.id());
                }
            }
        }
        let mut last = Ids::new();
        for (issuer, kind) in &reported {
            last.append(&mut read::last_certificates(self.connection, issuer, *kind, self.at)?);
        }
        self.take_ids(last.clone())?;
        let made_with = self.each(&last, |record, certificates| {
            if let AnyRecord::Calibrations(record) = record {
                let references = record.references.iter();
                certificates.extend(references.filter_map(|link| link.calibration.clone()));
            }
        });
        self.take_ids(made_with.clone())?;
        let items = self.each(&made_with, |record, items| {
            if let AnyRecord::Calibrations(record) = record {
                items.insert(record.item.clone());
            }
        });
        self.take_ids(items)?;
        organisations.append(&mut self.each(&made_with, |record, issuers| {
            if let AnyRecord::Calibrations(record) = record {
                issuers.insert(record.issuer.clone());
            }
        }));
        if !unclaimed.is_empty() {
            let (table, column) = (Table::Capabilities, "quantity_kind");
            let found = read::by_column(self.connection, table, column, unclaimed, self.at)?;
            let offers = found.iter().map(|stored| stored.id.clone()).collect();
            self.take(found)?;
            organisations.append(&mut self.each(&offers, |record, offering| {
                if let AnyRecord::Capabilities(record) = record {
                    offering.insert(record.organisation.clone());
                }
            }));
        }
        Ok(organisations)
    }

    fn beside(&mut self, claimed: &Ids, walked: &Ids) -> Result<(), StoreError> {
        let mut items = claimed.clone();
        let mut issuers = Ids::new();
        let mut roots = Ids::new();
        let mut accreditations = Ids::new();
        let mut named = Ids::new();
        for record in walked.iter().filter_map(|id| self.records.get(id)) {
            let AnyRecord::Calibrations(record) = record else { continue };
            issuers.insert(record.issuer.clone());
            items.insert(record.item.clone());
            named.extend(record.items.iter().cloned());
            named.extend(record.results.iter().filter_map(|result| result.item.clone()));
            named.extend(record.references.iter().filter_map(|link| link.standard.clone()));
            roots.extend(record.references.iter().filter_map(|link| link.realisation.clone()));
            let endorsement = record.endorsement.as_ref();
            accreditations.extend(endorsement.and_then(|one| one.accreditation.clone()));
        }
        let standards: Ids = items.union(&named).cloned().collect();
        self.take_ids(standards.union(&roots).cloned().collect())?;
        let nearest = self.beside_the_nearest(claimed, walked)?;
        issuers.extend(nearest);
        let kits = self.take_kits(standards.clone())?;
        let standards: Ids = standards.union(&kits).cloned().collect();
        let mut others = self.with_a_history(&standards, walked);
        // What happened to a set happened to its pieces, and its certificates are theirs.
        let mut next = others.clone();
        while !kits.is_empty() && !next.is_empty() {
            next = self.each(&standards, |record, pieces| {
                if let AnyRecord::MeasurementStandards(piece) = record
                    && piece.parent_kit.as_ref().is_some_and(|kit| next.contains(kit))
                    && !others.contains(&piece.id)
                {
                    pieces.insert(piece.id.clone());
                }
            });
            others.extend(next.iter().cloned());
        }
        others.append(&mut self.take_kits(others.clone())?);
        let others = read::certificates_of(self.connection, texts(&others), self.at)?;
        let others = self.take_ids(others)?;
        self.take_column(Table::Calibrations, "amends", &others)?;
        let mut issuers_beside = self.each(&others, |record, issuers| {
            if let AnyRecord::Calibrations(record) = record {
                issuers.insert(record.issuer.clone());
            }
        });
        self.take_rivals(walked)?;
        self.take_child(
            Table::Nonconformities,
            Table::NonconformityDecisions,
            "calibration",
            walked,
        )?;

        let mut organisations = self.each(&standards, |record, owners| {
            if let AnyRecord::MeasurementStandards(record) = record {
                owners.insert(record.owner.clone());
                let material = record.material.as_ref();
                owners.extend(material.and_then(|material| material.producer.clone()));
            }
        });
        organisations.append(&mut self.each(&roots, |record, realisers| {
            if let AnyRecord::Realisations(record) = record {
                realisers.insert(record.organisation.clone());
            }
        }));
        organisations.append(&mut issuers);

        self.take_capabilities(&organisations, walked)?;
        let compared = self.take_child(
            Table::Comparisons,
            Table::ComparisonResults,
            "organisation",
            &organisations,
        )?;
        let linked = self.each(&compared, |record, linked| {
            if let AnyRecord::Comparisons(record) = record {
                linked.extend(record.linked_to.clone());
            }
        });
        self.take_ids(linked)?;
        self.take_column(Table::LegalRecognitions, "organisation", &organisations)?;
        self.take_column(Table::LegalRecognitions, "standard", &standards)?;
        self.take_legal_texts()?;
        accreditations.append(&mut self.take_column(
            Table::Accreditations,
            "organisation",
            &organisations,
        )?);
        self.take_ids(accreditations.clone())?;
        organisations.append(&mut self.each(&accreditations, |record, bodies| {
            if let AnyRecord::Accreditations(record) = record {
                bodies.insert(record.accreditation_body.clone());
            }
        }));
        organisations.append(&mut issuers_beside);
        self.take_ids(organisations.clone())?;
        self.take_column(Table::Memberships, "organisation", &organisations)?;
        let countries: BTreeSet<&str> = organisations
            .iter()
            .filter_map(|id| match self.records.get(id) {
                Some(AnyRecord::Organisations(record)) => record.country.as_deref(),
                _ => None,
            })
            .collect();
        let found =
            read::by_column(self.connection, Table::Memberships, "country", countries, self.at)?;
        self.take(found)?;
        Ok(())
    }
}
