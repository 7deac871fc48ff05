//! What of a record stands in columns: the filters of lists, the graph of references, what foreign
//! keys guard, and the words of its texts. One way, from the record to its rows; everything here
//! can be made anew from the log.

use std::collections::BTreeSet;

use crate::domain::calibration::Calibration;
use crate::domain::capability::Capability;
use crate::domain::comparison::Comparison;
use crate::domain::id::Id;
use crate::domain::nonconformity::Nonconformity;
use crate::domain::period::Day;
use crate::domain::recognition::AccreditationStatusEntry;
use crate::domain::records::AnyRecord;
use crate::domain::search;
use crate::domain::standard::MeasurementStandard;

use super::schema::{Rows, Table};
use super::statement::Value;

/// Adds the rows of a version that begins at a log index and holds until further notice.
pub(super) fn project(rows: &mut Rows, record: &AnyRecord, log_from: u64, version: u32) {
    let id = record.record().id();
    macro_rules! version_row {
        ($table:ident, $($value:expr),* $(,)?) => {
            rows.push(
                Table::$table,
                [
                    log_from.into(),
                    Value::Integer(None),
                    id.as_str().into(),
                    version.into(),
                    $($value),*
                ],
            )
        };
    }
    let confirmed = || record.record().is_confirmed().into();
    match record {
        AnyRecord::Organisations(record) => version_row!(
            Organisations,
            record.kind.as_str().into(),
            record.country.as_deref().into(),
            reference(record.parent.as_ref()),
        ),
        AnyRecord::Memberships(record) => version_row!(
            Memberships,
            reference(record.organisation.as_ref()),
            record.country.as_deref().into(),
            record.arrangement.as_str().into(),
            record.scope.map(|scope| scope.as_str()).into(),
            record.role.map(|role| role.as_str()).into(),
        ),
        AnyRecord::Accreditations(record) => version_row!(
            Accreditations,
            reference(Some(&record.organisation)),
            reference(Some(&record.accreditation_body)),
            record.standard.as_str().into(),
            record.number.as_deref().into(),
            record.valid_to.into(),
            recognition_status(&record.status_history).into(),
        ),
        AnyRecord::LegalRecognitions(record) => version_row!(
            LegalRecognitions,
            record.kind.as_str().into(),
            reference(record.organisation.as_ref()),
            reference(record.standard.as_ref()),
            reference(record.authority.as_ref()),
            record.decision_number.as_deref().into(),
            record.valid_to.into(),
            recognition_status(&record.status_history).into(),
        ),
        AnyRecord::Capabilities(record) => version_row!(
            Capabilities,
            record.publisher.as_str().into(),
            reference(Some(&record.organisation)),
            reference(record.accreditation.as_ref()),
            record.quantity_kind.map(|kind| kind.id()).into(),
            record.service_category.as_deref().into(),
            record.code.as_deref().into(),
            capability_status(record).into(),
            confirmed(),
        ),
        AnyRecord::MeasurementStandards(record) => {
            version_row!(
                MeasurementStandards,
                reference(Some(&record.owner)),
                record.code.as_deref().into(),
                record.serial_number.as_deref().into(),
                record.standard_type.map(|one| one.as_str()).into(),
                record.legal_level.map(|level| level.as_str()).into(),
                record.metrological_role.map(|role| role.as_str()).into(),
                record.status.map(|status| status.as_str()).into(),
                reference(record.parent_kit.as_ref()),
                reference(record.material.as_ref().and_then(|material| material.producer.as_ref())),
                confirmed(),
            );
            standard(rows, record, log_from);
        }
        AnyRecord::Realisations(record) => version_row!(
            Realisations,
            record.kind.as_str().into(),
            reference(Some(&record.organisation)),
            record.quantity_kind.id().into(),
        ),
        AnyRecord::Calibrations(record) => {
            let endorsement = record.endorsement.as_ref();
            let document = record.document.as_ref();
            version_row!(
                Calibrations,
                record.kind.as_str().into(),
                reference(Some(&record.issuer)),
                record.number.as_str().into(),
                reference(Some(&record.item)),
                reference(record.amends.as_ref()),
                reference(record.performed_by.as_ref()),
                reference(endorsement.and_then(|one| one.accreditation.as_ref())),
                record.performed_from.into(),
                record.performed_to.into(),
                record.issued_on.into(),
                record.due_on.into(),
                calibration_status(record).into(),
                record.published.unwrap_or(false).into(),
                record.code.as_deref().into(),
                document.and_then(|document| document.sha256.as_deref()).into(),
                confirmed(),
            );
            calibration(rows, record, log_from);
        }
        AnyRecord::Comparisons(record) => {
            version_row!(
                Comparisons,
                record.kind.as_str().into(),
                record.code.as_deref().into(),
                record.area.as_deref().into(),
                record.quantity_kind.map(|kind| kind.id()).into(),
                reference(record.pilot.as_ref()),
                reference(record.linked_to.as_ref()),
                record.status.map(|status| status.as_str()).into(),
                confirmed(),
            );
            comparison(rows, record, log_from);
        }
        AnyRecord::Documents(record) => version_row!(
            Documents,
            record.designation.as_str().into(),
            record.kind.map(|kind| kind.as_str()).into(),
            record.degree.map(|degree| degree.as_str()).into(),
            reference(record.replaced_by.as_ref()),
            record.published_on.into(),
        ),
        AnyRecord::Nonconformities(record) => {
            version_row!(
                Nonconformities,
                reference(Some(&record.subject)),
                record.status.map(|status| status.as_str()).into(),
            );
            nonconformity(rows, record, log_from);
        }
        AnyRecord::Attestations(record) => version_row!(
            Attestations,
            reference(Some(&record.record)),
            record.statement.as_str().into(),
            reference(Some(&record.by)),
        ),
        AnyRecord::Programme(_) => version_row!(Programme,),
    }
    for word in search::words_of(record) {
        rows.push(Table::SearchWords, [word.into(), log_from.into()]);
    }
}

fn reference(id: Option<&Id>) -> Value {
    id.map(Id::as_str).into()
}

/// The latest state of a history: that which begins last; of several on one day the last written.
fn latest<T>(entries: &[T], begins: impl Fn(&T) -> Day) -> Option<&T> {
    entries.iter().max_by_key(|entry| begins(entry))
}

fn recognition_status(history: &[AccreditationStatusEntry]) -> Option<&'static str> {
    latest(history, |entry| entry.effective_from).map(|entry| entry.status.as_str())
}

fn capability_status(record: &Capability) -> Option<&'static str> {
    latest(&record.status_history, |entry| entry.effective_from).map(|entry| entry.status.as_str())
}

fn calibration_status(record: &Calibration) -> Option<&'static str> {
    latest(&record.status_history, |entry| entry.effective_from).map(|entry| entry.status.as_str())
}

fn standard(rows: &mut Rows, record: &MeasurementStandard, log_from: u64) {
    let stated = record.quantity_kinds.iter().copied();
    let kinds = stated.chain(record.quantities.iter().map(|quantity| quantity.quantity_kind));
    for kind in kinds.map(|kind| kind.id()).collect::<BTreeSet<_>>() {
        rows.push(Table::StandardQuantities, [log_from.into(), kind.into()]);
    }
    let sources = record.derivations.iter().flat_map(|derivation| &derivation.from);
    for source in sources.map(|input| input.standard.as_str()).collect::<BTreeSet<_>>() {
        rows.push(Table::StandardSources, [log_from.into(), source.into()]);
    }
}

fn calibration(rows: &mut Rows, record: &Calibration, log_from: u64) {
    // The item itself stands in the row of the version; here the further ones of a set.
    let pieces = record.results.iter().filter_map(|result| result.item.as_ref());
    let further = record.items.iter().chain(pieces).filter(|item| **item != record.item);
    for item in further.map(Id::as_str).collect::<BTreeSet<_>>() {
        rows.push(Table::CalibrationItems, [log_from.into(), item.into()]);
    }
    for (position, result) in (0_i64..).zip(&record.results) {
        rows.push(
            Table::CalibrationResults,
            [
                log_from.into(),
                position.into(),
                result.id.as_str().into(),
                result.quantity_kind.id().into(),
            ],
        );
    }
    for (position, one) in (0_i64..).zip(&record.references) {
        rows.push(
            Table::CalibrationReferences,
            [
                log_from.into(),
                position.into(),
                one.role.map(|role| role.as_str()).into(),
                reference(one.standard.as_ref()),
                reference(one.calibration.as_ref()),
                one.result.as_deref().into(),
                reference(one.realisation.as_ref()),
                one.document_sha256.as_deref().into(),
            ],
        );
    }
}

fn comparison(rows: &mut Rows, record: &Comparison, log_from: u64) {
    let participants = record.results.iter().map(|result| result.organisation.as_str());
    for organisation in participants.collect::<BTreeSet<_>>() {
        rows.push(Table::ComparisonResults, [log_from.into(), organisation.into()]);
    }
}

fn nonconformity(rows: &mut Rows, record: &Nonconformity, log_from: u64) {
    let affected = record.decisions.iter().map(|decision| decision.calibration.as_str());
    for calibration in affected.collect::<BTreeSet<_>>() {
        rows.push(Table::NonconformityDecisions, [log_from.into(), calibration.into()]);
    }
}
