//! The tables that are written: their names and columns, in the order of the migrations. Rows are
//! collected by table and written together, so that a large import costs few statements.
//!
//! What does not live here: their types and constraints (`migrations/`).

use crate::domain::records::CollectionName;

use super::statement::Value;

/// A table that rows are added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(usize)]
pub(super) enum Table {
    RecordLog,
    Records,
    Organisations,
    Memberships,
    Accreditations,
    LegalRecognitions,
    Capabilities,
    MeasurementStandards,
    Realisations,
    Calibrations,
    Comparisons,
    Documents,
    Nonconformities,
    Attestations,
    Programme,
    StandardQuantities,
    StandardSources,
    CalibrationItems,
    CalibrationResults,
    CalibrationReferences,
    ComparisonResults,
    NonconformityDecisions,
    SearchWords,
}

/// Name and columns of a table.
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
}

impl Table {
    /// Every table, those that others refer to first.
    pub(super) const ALL: [Self; 23] = [
        Self::RecordLog,
        Self::Records,
        Self::Organisations,
        Self::Memberships,
        Self::Accreditations,
        Self::LegalRecognitions,
        Self::Capabilities,
        Self::MeasurementStandards,
        Self::Realisations,
        Self::Calibrations,
        Self::Comparisons,
        Self::Documents,
        Self::Nonconformities,
        Self::Attestations,
        Self::Programme,
        Self::StandardQuantities,
        Self::StandardSources,
        Self::CalibrationItems,
        Self::CalibrationResults,
        Self::CalibrationReferences,
        Self::ComparisonResults,
        Self::NonconformityDecisions,
        Self::SearchWords,
    ];

    /// The table of a collection's versions.
    pub(super) const fn of(collection: CollectionName) -> Self {
        match collection {
            CollectionName::Organisations => Self::Organisations,
            CollectionName::Memberships => Self::Memberships,
            CollectionName::Accreditations => Self::Accreditations,
            CollectionName::LegalRecognitions => Self::LegalRecognitions,
            CollectionName::Capabilities => Self::Capabilities,
            CollectionName::MeasurementStandards => Self::MeasurementStandards,
            CollectionName::Realisations => Self::Realisations,
            CollectionName::Calibrations => Self::Calibrations,
            CollectionName::Comparisons => Self::Comparisons,
            CollectionName::Documents => Self::Documents,
            CollectionName::Nonconformities => Self::Nonconformities,
            CollectionName::Attestations => Self::Attestations,
            CollectionName::Programme => Self::Programme,
        }
    }

    /// Its name and columns.
    pub(super) const fn shape(self) -> Shape {
        macro_rules! shape {
            ($name:literal: $($column:literal)*) => { Shape { name: $name, columns: &[$($column),*] } };
        }
        macro_rules! versions {
            ($name:literal: $($column:literal)*) => {
                Shape { name: $name, columns: &["log_from", "log_to", "id", "version", $($column),*] }
            };
        }
        match self {
            Self::RecordLog => shape!("record_log":
                "log_index" "recorded_at" "actor" "operation" "kind" "record_id" "version" "body"
                "salt" "body_sha256" "chain_sha256" "request_id"),
            Self::Records => shape!("records": "id" "kind"),
            Self::Organisations => versions!("organisations": "kind" "country" "parent"),
            Self::Memberships => versions!("memberships":
                "organisation" "country" "arrangement" "scope" "role"),
            Self::Accreditations => versions!("accreditations":
                "organisation" "accreditation_body" "standard" "number" "valid_to" "status"),
            Self::LegalRecognitions => versions!("legal_recognitions":
                "kind" "organisation" "standard" "authority" "decision_number" "valid_to" "status"),
            Self::Capabilities => versions!("capabilities":
                "publisher" "organisation" "accreditation" "quantity_kind" "service_category" "code"
                "status" "confirmed"),
            Self::MeasurementStandards => versions!("measurement_standards":
                "owner" "code" "serial_number" "type" "legal_level" "metrological_role" "status"
                "parent_kit" "producer" "confirmed"),
            Self::Realisations => versions!("realisations": "kind" "organisation" "quantity_kind"),
            Self::Calibrations => versions!("calibrations":
                "kind" "issuer" "number" "item" "amends" "performed_by" "accreditation"
                "performed_from" "performed_to" "issued_on" "due_on" "status" "published" "code"
                "document_sha256" "confirmed"),
            Self::Comparisons => versions!("comparisons":
                "kind" "code" "area" "quantity_kind" "pilot" "linked_to" "status" "confirmed"),
            Self::Documents => versions!("documents":
                "designation" "kind" "degree" "replaced_by" "published_on"),
            Self::Nonconformities => versions!("nonconformities": "subject" "status"),
            Self::Attestations => versions!("attestations": "record" "statement" "organisation"),
            Self::Programme => versions!("programme":),
            Self::StandardQuantities => shape!("standard_quantities": "log_from" "quantity_kind"),
            Self::StandardSources => shape!("standard_sources": "log_from" "standard"),
            Self::CalibrationItems => shape!("calibration_items": "log_from" "item"),
            Self::CalibrationResults => shape!("calibration_results":
                "log_from" "position" "name" "quantity_kind"),
            Self::CalibrationReferences => shape!("calibration_references":
                "log_from" "position" "role" "standard" "calibration" "result" "realisation"
                "document_sha256"),
            Self::ComparisonResults => shape!("comparison_results": "log_from" "organisation"),
            Self::NonconformityDecisions => shape!("nonconformity_decisions":
                "log_from" "calibration"),
            Self::SearchWords => shape!("search_words": "word" "log_from"),
        }
    }
}

/// Rows collected for writing, by table.
#[derive(Debug)]
pub(super) struct Rows {
    of: [Vec<Value>; Table::ALL.len()],
}

impl Default for Rows {
    fn default() -> Self {
        Self { of: std::array::from_fn(|_| Vec::new()) }
    }
}

impl Rows {
    /// Adds a row; its values stand in the order of the table's columns.
    pub(super) fn push<const N: usize>(&mut self, table: Table, row: [Value; N]) {
        debug_assert_eq!(N, table.shape().columns.len(), "{}", table.shape().name);
        self.of[table as usize].extend(row);
    }

    /// Ends a version whose row begins at this place of its table's values.
    pub(super) fn end_version(&mut self, table: Table, place: usize, log_to: u64) {
        /// The column `log_to` of every table of versions.
        const LOG_TO: usize = 1;
        if let Some(value) = self.of[table as usize].get_mut(place + LOG_TO) {
            *value = log_to.into();
        }
    }

    /// How many values there are in all.
    pub(super) fn waiting(&self) -> usize {
        self.of.iter().map(Vec::len).sum()
    }

    /// The values of all rows of a table, one after the other.
    pub(super) fn of(&self, table: Table) -> &[Value] {
        &self.of[table as usize]
    }
}
