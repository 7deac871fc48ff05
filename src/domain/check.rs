//! The check of a set of records as a whole: what no single record can know of itself, such as
//! whether the ids it names exist, and what its types cannot say, such as that a unit belongs to
//! the quantity.
//!
//! What lives here: [`check`] for records and [`check_claim`] for a claim. What does not: reading
//! JSON (the types do that, `exchange::bundle` for files), and any verdict (`engine`). An error
//! keeps the records out; a warning lets them in, and a rule of the catalogue will judge.
//!
//! Everything is linear in the records. Places are `format_args!`, so that a pointer is written
//! only where there is a fault.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt;

use super::attestation::Attestation;
use super::calibration::{
    Calibration, CalibrationResult, Condition, Conformity, ItemIdentification, Method, Reference,
    ValueIs,
};
use super::capability::{
    Capability, CapabilityUncertainty, Convention, Expression, Symbol, UncertaintyTable,
};
use super::claim::Claim;
use super::comparison::Comparison;
use super::decimal::Decimal;
use super::document::Document;
use super::equation::Equation;
use super::fault::{Fault, Gravity, escaped, shortened};
use super::id::Id;
use super::interval::{Interval, Parameter, QuantityValue};
use super::nonconformity::Nonconformity;
use super::organisation::{Membership, Organisation};
use super::period::Day;
use super::programme::Programme;
use super::quantity::QuantityKindId;
use super::realisation::Realisation;
use super::recognition::{Accreditation, AccreditationStatusEntry, LegalRecognition};
use super::records::CollectionName::{
    self, Accreditations, Attestations, Calibrations, Capabilities, Comparisons, Documents,
    LegalRecognitions, MeasurementStandards, Memberships, Nonconformities, Organisations,
    Realisations,
};
use super::records::{Collection, Record, Records};
use super::standard::{Drift, IntervalPolicy, MeasurementStandard};
use super::text::{Names, Text};
use super::uncertainty::{Mode, Uncertainty};
use super::unit::{Dimension, Unit};

/// The prefix of a document that has a record a line: positions are the numbers of lines.
pub(crate) const LINES: &str = "/lines";

/// Checks a set of records as a whole. Pointers are those of a bundle
/// (`/records/calibrations/3/results/0/unit`). `unreadable` are the ids of records that are there
/// but could not be read: naming one of them is no further fault.
pub fn check(records: &Records, unreadable: &HashSet<Id>) -> Vec<Fault> {
    let mut faults = FaultList::default();
    check_below("/records", records, &Records::default(), unreadable, &mut faults);
    faults.into_faults()
}

/// Checks a set of records among others that were accepted before: what these say counts, but only
/// the set itself is judged. A record of the set takes the place of the other with its id.
pub fn check_among(records: &Records, accepted: &Records, unreadable: &HashSet<Id>) -> Vec<Fault> {
    let mut faults = FaultList::default();
    check_below("/records", records, accepted, unreadable, &mut faults);
    faults.into_faults()
}

/// Checks a set of records that stands at `prefix` of its document.
pub(crate) fn check_below(
    prefix: &str,
    records: &Records,
    accepted: &Records,
    unreadable: &HashSet<Id>,
    faults: &mut FaultList,
) {
    let mut checker = Checker::new(prefix, records, accepted, unreadable, faults);
    checker.duplicates();
    checker.all(records);
    checker.loops(
        Organisations,
        &records.organisations,
        &accepted.organisations,
        "parent",
        |record| &record.parent,
    );
    checker.loops(
        MeasurementStandards,
        &records.measurement_standards,
        &accepted.measurement_standards,
        "parent_kit",
        |record| &record.parent_kit,
    );
    checker.loops(
        Calibrations,
        &records.calibrations,
        &accepted.calibrations,
        "amends",
        |record| &record.amends,
    );
    checker.loops(Documents, &records.documents, &accepted.documents, "replaced_by", |record| {
        &record.replaced_by
    });
}

/// Checks a part of a set of records among those that it names: all but what only the whole set can
/// show, that ids stand once and that no record leads back to itself.
pub(crate) fn check_part(
    prefix: &str,
    records: &Records,
    named: &Records,
    unreadable: &HashSet<Id>,
    faults: &mut FaultList,
) {
    Checker::new(prefix, records, named, unreadable, faults).all(records);
}

/// Checks a claim against the records it is about. Pointers are those of the claim
/// (`/point/unit`).
pub fn check_claim(claim: &Claim, records: &Records) -> Vec<Fault> {
    let mut faults = FaultList::default();
    let (none, all_readable) = (Records::default(), HashSet::new());
    Checker::new("/records", records, &none, &all_readable, &mut faults).claim(claim);
    faults.into_faults()
}

/// The faults of a document: the first thousand errors and the first thousand warnings, and how
/// many there were in all. Nobody reads more, and a hostile document must not cost more memory
/// than it has bytes.
#[derive(Debug, Default)]
pub(crate) struct FaultList {
    listed: Vec<Fault>,
    errors: usize,
    warnings: usize,
}

impl FaultList {
    /// Most faults listed of either gravity.
    const MOST: usize = 1_000;

    /// Adds a fault.
    pub(crate) fn push(&mut self, fault: Fault) {
        let count = match fault.gravity {
            Gravity::Error => &mut self.errors,
            Gravity::Warning => &mut self.warnings,
        };
        *count += 1;
        if *count <= Self::MOST {
            self.listed.push(fault);
        }
    }

    /// Whether one of them keeps the document out.
    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// The faults in the order found; where some are not listed, the last ones say how many.
    pub(crate) fn into_faults(mut self) -> Vec<Fault> {
        for (gravity, count, vi, en) in [
            (Gravity::Error, self.errors, "lỗi", "errors"),
            (Gravity::Warning, self.warnings, "cảnh báo", "warnings"),
        ] {
            if let Some(unlisted @ 1..) = count.checked_sub(Self::MOST) {
                let message = Text::new(
                    format!("còn {unlisted} {vi} khác không liệt kê ở đây"),
                    format!("{unlisted} more {en} are not listed here"),
                );
                self.listed.push(Fault {
                    pointer: String::new(),
                    code: "more_faults",
                    gravity,
                    message,
                });
            }
        }
        self.listed
    }
}

/// The id of a record is already that of another, which stands somewhere else.
pub(crate) fn duplicate_id(place: String, id: impl fmt::Display, other: &Text) -> Fault {
    let message = Text::new(
        format!("mã định danh “{id}” đã được dùng ở {}; mỗi bản ghi cần một mã riêng", other.vi),
        format!("the id “{id}” is already that of {}; give each record its own", other.en),
    );
    Fault::error(place, "duplicate_id", message)
}

/// The record at a place leads back to itself along a field.
pub(crate) fn leads_back(place: String, field: &str) -> Fault {
    let message = Text::new(
        format!(
            "đi theo “{field}” từ bản ghi này sẽ quay lại chính nó; hãy bỏ hoặc sửa “{field}” ở một \
             bản ghi trong vòng này"
        ),
        format!(
            "following “{field}” from here leads back here; remove or correct “{field}” in one \
             record of the loop"
        ),
    );
    Fault::error(place + "/" + field, "loop", message)
}

/// A JSON pointer that is written out only where it is needed.
type Place<'p> = fmt::Arguments<'p>;

struct Checker<'r> {
    prefix: &'r str,
    records: &'r Records,
    unreadable: &'r HashSet<Id>,
    /// Every id with the first place that has it.
    known: HashMap<&'r Id, (CollectionName, usize)>,
    standards: HashMap<&'r Id, &'r MeasurementStandard>,
    calibrations: HashMap<&'r Id, &'r Calibration>,
    /// The rows of every certificate.
    rows: HashSet<(&'r Id, &'r str)>,
    /// The items of every certificate, those of sets and of rows included.
    items: HashSet<(&'r Id, &'r Id)>,
    faults: &'r mut FaultList,
}

impl<'r> Checker<'r> {
    fn new(
        prefix: &'r str,
        records: &'r Records,
        accepted: &'r Records,
        unreadable: &'r HashSet<Id>,
        faults: &'r mut FaultList,
    ) -> Self {
        let mut known = HashMap::with_capacity(records.len() + accepted.len());
        for (collection, position, record) in records.iter().chain(accepted.iter()) {
            known.entry(record.id()).or_insert((collection, position));
        }
        // What the set says of a record is put over what was accepted before.
        let standards =
            accepted.measurement_standards.iter().chain(records.measurement_standards.iter());
        let calibrations = accepted.calibrations.iter().chain(records.calibrations.iter());
        let calibrations: HashMap<&Id, &Calibration> =
            calibrations.map(|record| (&record.id, record)).collect();
        let mut rows = HashSet::new();
        let mut items = HashSet::new();
        for calibration in calibrations.values().copied() {
            let id = &calibration.id;
            rows.extend(calibration.results.iter().map(|result| (id, result.id.as_str())));
            items.insert((id, &calibration.item));
            items.extend(calibration.items.iter().map(|item| (id, item)));
            items.extend(
                calibration.results.iter().filter_map(|row| Some((id, row.item.as_ref()?))),
            );
        }
        Self {
            prefix,
            records,
            unreadable,
            known,
            standards: standards.map(|record| (&record.id, record)).collect(),
            calibrations,
            rows,
            items,
            faults,
        }
    }

    fn error(
        &mut self,
        place: Place<'_>,
        code: &'static str,
        vi: impl Into<String>,
        en: impl Into<String>,
    ) {
        self.faults.push(Fault::error(place.to_string(), code, Text::new(vi, en)));
    }

    fn warning(
        &mut self,
        place: Place<'_>,
        code: &'static str,
        vi: impl Into<String>,
        en: impl Into<String>,
    ) {
        self.faults.push(Fault::warning(place.to_string(), code, Text::new(vi, en)));
    }

    // Records as a whole

    fn all(&mut self, records: &'r Records) {
        self.each(Organisations, &records.organisations, Checker::organisation);
        self.each(Memberships, &records.memberships, Checker::membership);
        self.each(Accreditations, &records.accreditations, Checker::accreditation);
        self.each(LegalRecognitions, &records.legal_recognitions, Checker::legal_recognition);
        self.each(Capabilities, &records.capabilities, Checker::capability);
        self.each(MeasurementStandards, &records.measurement_standards, Checker::standard);
        self.each(Realisations, &records.realisations, Checker::realisation);
        self.each(Calibrations, &records.calibrations, Checker::calibration);
        self.each(Comparisons, &records.comparisons, Checker::comparison);
        self.each(Documents, &records.documents, Checker::document);
        self.each(Nonconformities, &records.nonconformities, Checker::nonconformity);
        self.each(Attestations, &records.attestations, Checker::attestation);
        self.each(CollectionName::Programme, &records.programme, Checker::programme);
    }

    fn each<T>(
        &mut self,
        name: CollectionName,
        collection: &'r Collection<T>,
        check: impl Fn(&mut Self, Place<'_>, &'r T),
    ) {
        let prefix = self.prefix;
        for (position, record) in collection.with_positions() {
            check(self, format_args!("{prefix}/{name}/{position}"), record);
        }
    }

    fn duplicates(&mut self) {
        let prefix = self.prefix;
        for (collection, position, record) in self.records.iter() {
            let id = record.id();
            if let Some((first, at)) = self.known.get(id).copied()
                && (first, at) != (collection, position)
            {
                let other = match prefix {
                    LINES => Text::new(format!("dòng {at}"), format!("line {at}")),
                    _ => {
                        let pointer = format!("{prefix}/{first}/{at}");
                        Text::new(pointer.as_str(), pointer.as_str())
                    }
                };
                let place = format!("{prefix}/{collection}/{position}/id");
                self.faults.push(duplicate_id(place, id, &other));
            }
        }
    }

    /// Finds records that lead back to themselves along a field. Every record is visited once.
    fn loops<T: Record>(
        &mut self,
        name: CollectionName,
        collection: &'r Collection<T>,
        accepted: &'r Collection<T>,
        field: &'static str,
        next: impl Fn(&'r T) -> &'r Option<Id>,
    ) {
        // Where a step stands in the set; a step of an accepted record has no place there.
        let own = collection.with_positions().map(|(at, record)| (Some(at), record));
        let others = accepted.iter().map(|record| (None, record));
        let mut steps: HashMap<&Id, (Option<usize>, &Id)> = HashMap::new();
        let mut judged: HashSet<&Id> = HashSet::new();
        for (at, record) in own.chain(others) {
            if judged.insert(record.id())
                && let Some(onward) = next(record)
            {
                steps.insert(record.id(), (at, onward));
            }
        }
        // In which walk a record was met first.
        let mut met: HashMap<&Id, usize> = HashMap::with_capacity(steps.len());
        for (walk, start) in collection.iter().map(Record::id).enumerate() {
            let mut here = start;
            while let Some((_, onward)) = steps.get(here)
                && let Entry::Vacant(first_time) = met.entry(here)
            {
                first_time.insert(walk);
                here = onward;
            }
            if met.get(here) == Some(&walk) {
                self.report_loop(name, field, &steps, here);
            }
        }
    }

    fn report_loop(
        &mut self,
        name: CollectionName,
        field: &'static str,
        steps: &HashMap<&Id, (Option<usize>, &Id)>,
        start: &Id,
    ) {
        let prefix = self.prefix;
        let mut here = start;
        while let Some((position, onward)) = steps.get(here) {
            if let Some(position) = position {
                self.faults.push(leads_back(format!("{prefix}/{name}/{position}"), field));
            }
            here = onward;
            if here == start {
                break;
            }
        }
    }

    /// An id must be that of a record of one of the expected collections.
    fn refers<'i>(
        &mut self,
        place: Place<'_>,
        field: impl fmt::Display,
        id: impl Into<Option<&'i Id>>,
        expected: &[CollectionName],
    ) {
        let place = format_args!("{place}/{field}");
        let Some(id) = id.into() else { return };
        let known = self.known.get(id).map(|(collection, _)| *collection);
        if known.is_some_and(|found| expected.contains(&found)) || self.unreadable.contains(id) {
            return;
        }
        let nouns: Vec<(&str, &str)> = match expected {
            CollectionName::ALL => vec![("bản ghi nào đó", "any record")],
            _ => expected.iter().copied().map(noun).collect(),
        };
        let vi = nouns.iter().map(|noun| noun.0).collect::<Vec<_>>().join(" hoặc ");
        let en = nouns.iter().map(|noun| noun.1).collect::<Vec<_>>().join(" or ");
        match known.map(noun) {
            Some(found) => self.error(
                place,
                "wrong_collection",
                format!("“{id}” là {}; ở đây cần mã định danh của {vi}", found.0),
                format!("“{id}” is {}; expected the id of {en}", found.1),
            ),
            None => self.error(
                place,
                "unknown_id",
                format!(
                    "không có bản ghi nào mang mã định danh “{id}”; cần mã của {vi}: hãy bổ sung bản \
                     ghi đó hoặc sửa mã"
                ),
                format!(
                    "no record has the id “{id}”; expected the id of {en}: add that record \
                     or correct the id"
                ),
            ),
        }
    }

    // Parts of records

    fn names(&mut self, place: Place<'_>, field: impl fmt::Display, names: Option<&Names>) {
        let place = format_args!("{place}/{field}");
        let Some(names) = names else { return };
        if [&names.vi, &names.en].into_iter().flatten().all(|name| name.trim().is_empty()) {
            self.error(
                place,
                "missing_name",
                "cần tên bằng ít nhất một ngôn ngữ: “vi” hoặc “en”",
                "a name is needed in at least one language: “vi” or “en”",
            );
        }
    }

    fn country(&mut self, place: Place<'_>, field: impl fmt::Display, country: Option<&String>) {
        let place = format_args!("{place}/{field}");
        let Some(country) = country else { return };
        if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            let found = shortened(country);
            self.error(
                place,
                "bad_country",
                format!(
                    "“{found}” không phải là mã nước: cần hai chữ cái hoa theo ISO 3166-1, \
                     ví dụ VN"
                ),
                format!(
                    "“{found}” is no country code: expected two capital letters of ISO \
                     3166-1, such as VN"
                ),
            );
        }
    }

    fn sha256(&mut self, place: Place<'_>, field: impl fmt::Display, digest: Option<&String>) {
        let place = format_args!("{place}/{field}");
        let Some(digest) = digest else { return };
        if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let found = shortened(digest);
            self.error(
                place,
                "bad_sha256",
                format!("“{found}” không phải là mã băm SHA-256: cần đúng 64 chữ số thập lục phân"),
                format!("“{found}” is no SHA-256: expected 64 hexadecimal digits"),
            );
        }
    }

    /// The first day of a period must not be after the last.
    fn period(
        &mut self,
        place: Place<'_>,
        (first_field, first): (&str, Option<Day>),
        (last_field, last): (&str, Option<Day>),
    ) {
        if let (Some(first), Some(last)) = (first, last)
            && first > last
        {
            self.error(
                format_args!("{place}/{last_field}"),
                "dates_reversed",
                format!(
                    "{last_field} ({last}) sớm hơn {first_field} ({first}); hãy sửa một \
                     trong hai ngày"
                ),
                format!(
                    "{last_field} ({last}) is before {first_field} ({first}); correct one of \
                     them"
                ),
            );
        }
    }

    /// A lower bound must not be above the upper one. (What is below in binary is below exactly,
    /// since rounding keeps the order; only the rest is compared digit by digit.)
    fn bounds(
        &mut self,
        place: Place<'_>,
        (lower_field, lower): (&str, Option<&Decimal>),
        (upper_field, upper): (&str, Option<&Decimal>),
    ) {
        if let (Some(lower), Some(upper)) = (lower, upper)
            && lower.to_f64() >= upper.to_f64()
            && lower.to_exact() > upper.to_exact()
        {
            self.error(
                format_args!("{place}/{upper_field}"),
                "bounds_reversed",
                format!(
                    "{lower_field} ({lower}) lớn hơn {upper_field} ({upper}); giới hạn dưới \
                     không được lớn hơn giới hạn trên"
                ),
                format!(
                    "{lower_field} ({lower}) is above {upper_field} ({upper}); exchange or \
                     correct them"
                ),
            );
        }
    }

    fn not_negative(
        &mut self,
        place: Place<'_>,
        field: impl fmt::Display,
        number: Option<&Decimal>,
    ) {
        let place = format_args!("{place}/{field}");
        if let Some(number) = number.filter(|number| number.is_negative()) {
            self.error(
                place,
                "negative_value",
                format!(
                    "{number} là số âm; độ không đảm bảo đo, dung sai và giới hạn độ trôi \
                     không thể âm"
                ),
                format!(
                    "{number} is negative; an uncertainty, a tolerance and a drift limit are \
                     zero or above"
                ),
            );
        }
    }

    fn positive(
        &mut self,
        place: Place<'_>,
        field: impl fmt::Display,
        number: Option<&Decimal>,
        (vi, en): (&'static str, &'static str),
    ) {
        let place = format_args!("{place}/{field}");
        if let Some(number) = number.filter(|number| number.is_negative() || number.is_zero()) {
            self.error(
                place,
                "not_positive",
                format!("{vi} phải lớn hơn 0, không phải {number}"),
                format!("{en} is above 0, not {number}"),
            );
        }
    }

    /// A coverage factor and a coverage probability.
    fn coverage(
        &mut self,
        place: Place<'_>,
        factor: Option<&Decimal>,
        probability: Option<&Decimal>,
    ) {
        self.positive(place, "coverage_factor", factor, ("hệ số phủ k", "a coverage factor k"));
        let outside = |probability: &&Decimal| {
            probability.is_negative()
                || probability.is_zero()
                || (probability.to_f64() >= 1.0 && probability.to_exact() >= 1)
        };
        if let Some(probability) = probability.filter(outside) {
            self.error(
                format_args!("{place}/coverage_probability"),
                "probability_out_of_range",
                format!("xác suất phủ phải nằm giữa 0 và 1 (ví dụ 0.95), không phải {probability}"),
                format!(
                    "a coverage probability lies between 0 and 1 (such as 0.95), not {probability}"
                ),
            );
        }
    }

    /// A unit must have the dimension of the quantity kind.
    fn unit(
        &mut self,
        place: Place<'_>,
        field: impl fmt::Display,
        unit: &Unit,
        kind: Option<QuantityKindId>,
    ) {
        let Some(kind) = kind.map(QuantityKindId::kind) else { return };
        if unit.dimension() == kind.dimension {
            return;
        }
        let (code, expected) = (unit.code(), kind.unit.code());
        let (vi, en) = match unit.dimension() {
            Dimension::DIMENSIONLESS => (
                " (giá trị tương đối thì ghi rõ “mode”: “relative”)",
                " (a relative figure says “mode”: “relative”)",
            ),
            _ => ("", ""),
        };
        self.error(
            format_args!("{place}/{field}"),
            "wrong_dimension",
            format!(
                "“{code}” không phải là đơn vị đo của {}; cần đơn vị cùng thứ nguyên với \
                 “{expected}”{vi}",
                kind.name_vi
            ),
            format!(
                "“{code}” is no unit of {}; expected one that converts to “{expected}”{en}",
                kind.name_en
            ),
        );
    }

    /// The unit of an uncertainty or a limit: of the quantity when absolute, of no dimension when
    /// relative, either of the two when nothing is said (rule Q-04 judges that).
    fn unit_by_mode(
        &mut self,
        place: Place<'_>,
        field: impl fmt::Display,
        unit: &Unit,
        mode: Option<Mode>,
        kind: Option<QuantityKindId>,
    ) {
        let dimensionless = unit.dimension() == Dimension::DIMENSIONLESS;
        match mode {
            None | Some(Mode::Relative) if dimensionless => {}
            None | Some(Mode::Absolute) => self.unit(place, field, unit, kind),
            Some(Mode::Relative) => {
                let code = unit.code();
                self.error(
                    format_args!("{place}/{field}"),
                    "relative_with_dimension",
                    format!(
                        "“{code}” có thứ nguyên; giá trị tương đối cần đơn vị không thứ nguyên \
                         như 1, % hoặc uV/V"
                    ),
                    format!(
                        "“{code}” has a dimension; a relative figure needs a unit without one, \
                         such as 1, % or uV/V"
                    ),
                );
            }
        }
    }

    fn value(
        &mut self,
        place: Place<'_>,
        field: impl fmt::Display,
        value: Option<&QuantityValue>,
        kind: Option<QuantityKindId>,
    ) {
        let place = format_args!("{place}/{field}");
        if let Some(value) = value {
            self.unit(place, "unit", &value.unit, kind);
        }
    }

    /// A value that is an uncertainty, a tolerance or a limit: of the kind and not negative.
    fn magnitude(
        &mut self,
        place: Place<'_>,
        field: impl fmt::Display,
        value: Option<&QuantityValue>,
        kind: Option<QuantityKindId>,
    ) {
        let number = value.map(|value| &value.value);
        self.value(place, &field, value, kind);
        self.not_negative(format_args!("{place}/{field}"), "value", number);
    }

    fn interval(
        &mut self,
        place: Place<'_>,
        field: impl fmt::Display,
        interval: Option<&Interval>,
        kind: Option<QuantityKindId>,
    ) {
        let place = format_args!("{place}/{field}");
        let Some(interval) = interval else { return };
        self.unit(place, "unit", &interval.unit, kind);
        self.bounds(place, ("lower", interval.lower.as_ref()), ("upper", interval.upper.as_ref()));
    }

    fn parameters(&mut self, place: Place<'_>, field: impl fmt::Display, parameters: &[Parameter]) {
        let place = format_args!("{place}/{field}");
        for (index, parameter) in parameters.iter().enumerate() {
            let (lower, upper) = (parameter.lower.as_ref(), parameter.upper.as_ref());
            self.bounds(format_args!("{place}/{index}"), ("lower", lower), ("upper", upper));
        }
    }

    fn uncertainty(
        &mut self,
        place: Place<'_>,
        field: impl fmt::Display,
        uncertainty: Option<&Uncertainty>,
        kind: Option<QuantityKindId>,
    ) {
        let place = format_args!("{place}/{field}");
        let Some(uncertainty) = uncertainty else { return };
        self.unit_by_mode(place, "unit", &uncertainty.unit, uncertainty.mode, kind);
        self.not_negative(place, "value", Some(&uncertainty.value));
        self.coverage(
            place,
            uncertainty.coverage_factor.as_ref(),
            uncertainty.coverage_probability.as_ref(),
        );
        self.positive(
            place,
            "degrees_of_freedom",
            uncertainty.degrees_of_freedom.as_ref(),
            ("số bậc tự do", "a number of degrees of freedom"),
        );
        if uncertainty.value.is_zero() {
            self.warning(
                format_args!("{place}/value"),
                "zero_uncertainty",
                "độ không đảm bảo đo bằng 0: không phép đo nào có độ không đảm bảo đo bằng 0; \
                 hãy kiểm tra giấy chứng nhận",
                "an uncertainty of zero: no measurement has none; look at the certificate again",
            );
        }
    }

    fn drift(
        &mut self,
        place: Place<'_>,
        field: impl fmt::Display,
        drift: Option<&Drift>,
        kind: Option<QuantityKindId>,
    ) {
        let place = format_args!("{place}/{field}");
        let Some(drift) = drift else { return };
        let mode = drift.mode.or(Some(Mode::Absolute));
        self.unit_by_mode(format_args!("{place}/limit"), "unit", &drift.limit.unit, mode, kind);
        self.not_negative(format_args!("{place}/limit"), "value", Some(&drift.limit.value));
    }

    fn methods(&mut self, place: Place<'_>, field: impl fmt::Display, methods: &[Method]) {
        let place = format_args!("{place}/{field}");
        for (index, method) in methods.iter().enumerate() {
            self.refers(
                format_args!("{place}/{index}"),
                "document",
                method.document.as_ref(),
                &[Documents],
            );
        }
    }

    /// An equation that cannot be read makes a capability that cannot be evaluated (rule C-05).
    fn equation<'s>(
        &mut self,
        place: Place<'_>,
        field: impl fmt::Display,
        equation: &str,
        declared: impl Iterator<Item = &'s str>,
    ) {
        let place = format_args!("{place}/{field}");
        let declared: HashSet<&str> = declared.collect();
        let outcome = Equation::symbols_of(equation).and_then(|symbols| {
            let symbols = symbols.iter().map(String::as_str);
            let bound: Vec<&str> = symbols.filter(|symbol| declared.contains(symbol)).collect();
            Equation::parse(equation, &bound)
        });
        if let Err(error) = outcome {
            self.faults.push(Fault::warning(place.to_string(), "bad_equation", error.message()));
        }
    }

    fn status_history(&mut self, place: Place<'_>, history: &[AccreditationStatusEntry]) {
        for (index, entry) in history.iter().enumerate() {
            let place = format_args!("{place}/status_history/{index}");
            self.period(
                place,
                ("effective_from", Some(entry.effective_from)),
                ("effective_to", entry.effective_to),
            );
            for (index, capability) in entry.capabilities.iter().enumerate() {
                let place = format_args!("{place}/capabilities");
                self.refers(place, index, capability, &[Capabilities]);
            }
        }
    }

    // Collections

    fn organisation(&mut self, place: Place<'_>, organisation: &Organisation) {
        self.names(place, "names", Some(&organisation.names));
        self.country(place, "country", organisation.country.as_ref());
        self.refers(place, "parent", organisation.parent.as_ref(), &[Organisations]);
        for (index, site) in organisation.sites.iter().enumerate() {
            self.names(format_args!("{place}/sites/{index}"), "names", site.names.as_ref());
        }
        for (index, former) in organisation.name_history.iter().enumerate() {
            let place = format_args!("{place}/name_history/{index}");
            self.names(place, "names", Some(&former.names));
            self.period(place, ("valid_from", former.valid_from), ("valid_to", former.valid_to));
        }
    }

    fn membership(&mut self, place: Place<'_>, membership: &Membership) {
        let organisation = membership.organisation.as_ref();
        if organisation.is_none() && membership.country.is_none() {
            self.error(
                place,
                "member_missing",
                "cần nêu thành viên là ai: “organisation” hoặc “country”",
                "it is not said who the member is: give “organisation” or “country”",
            );
        }
        self.refers(place, "organisation", organisation, &[Organisations]);
        self.country(place, "country", membership.country.as_ref());
        self.period(
            place,
            ("valid_from", membership.valid_from),
            ("valid_to", membership.valid_to),
        );
    }

    fn accreditation(&mut self, place: Place<'_>, accreditation: &Accreditation) {
        let body = &accreditation.accreditation_body;
        self.refers(place, "organisation", &accreditation.organisation, &[Organisations]);
        self.refers(place, "accreditation_body", body, &[Organisations]);
        self.period(
            place,
            ("granted_on", accreditation.granted_on),
            ("valid_to", accreditation.valid_to),
        );
        self.status_history(place, &accreditation.status_history);
    }

    fn legal_recognition(&mut self, place: Place<'_>, recognition: &LegalRecognition) {
        self.refers(place, "organisation", recognition.organisation.as_ref(), &[Organisations]);
        self.refers(place, "standard", recognition.standard.as_ref(), &[MeasurementStandards]);
        self.refers(place, "authority", recognition.authority.as_ref(), &[Organisations]);
        self.period(
            place,
            ("valid_from", recognition.valid_from),
            ("valid_to", recognition.valid_to),
        );
        self.status_history(place, &recognition.status_history);
    }

    fn capability(&mut self, place: Place<'_>, capability: &Capability) {
        let kind = capability.quantity_kind;
        self.refers(place, "organisation", &capability.organisation, &[Organisations]);
        self.refers(place, "accreditation", capability.accreditation.as_ref(), &[Accreditations]);
        self.interval(place, "range", capability.range.as_ref(), kind);
        self.parameters(place, "parameters", &capability.parameters);
        self.stated_uncertainty(
            place,
            "uncertainty",
            capability.uncertainty.as_ref(),
            capability.range.as_ref(),
            kind,
        );
        self.coverage(
            place,
            capability.coverage_factor.as_ref(),
            capability.coverage_probability.as_ref(),
        );
        if let Some(material) = &capability.crm {
            let place = format_args!("{place}/crm");
            let range = material.range.as_ref();
            self.interval(place, "range", range, kind);
            self.stated_uncertainty(
                place,
                "uncertainty",
                material.uncertainty.as_ref(),
                range,
                kind,
            );
            self.coverage(place, material.coverage_factor.as_ref(), None);
        }
        for (index, entry) in capability.status_history.iter().enumerate() {
            self.period(
                format_args!("{place}/status_history/{index}"),
                ("effective_from", Some(entry.effective_from)),
                ("effective_to", entry.effective_to),
            );
        }
    }

    /// The uncertainty a capability states over a range.
    fn stated_uncertainty(
        &mut self,
        place: Place<'_>,
        field: impl fmt::Display,
        uncertainty: Option<&CapabilityUncertainty>,
        range: Option<&Interval>,
        kind: Option<QuantityKindId>,
    ) {
        let place = format_args!("{place}/{field}");
        let Some(uncertainty) = uncertainty else { return };
        let (lower, upper) = (uncertainty.lower.as_ref(), uncertainty.upper.as_ref());
        if let Some(unit) = &uncertainty.unit {
            let mode = uncertainty.mode.or(Some(Mode::Absolute));
            self.unit_by_mode(place, "unit", unit, mode, kind);
        }
        self.not_negative(place, "lower", lower);
        self.not_negative(place, "upper", upper);
        if uncertainty.expression == Expression::Interval
            && uncertainty.convention != Some(Convention::Two)
        {
            self.bounds(place, ("lower", lower), ("upper", upper));
        }
        for (name, symbol) in uncertainty.symbols.iter().flatten() {
            let name = escaped(name);
            match symbol {
                Symbol::Point(unit) => {
                    self.unit(format_args!("{place}/symbols"), name, unit, kind);
                }
                Symbol::Meaning(meaning) => {
                    let place = format_args!("{place}/symbols/{name}");
                    if self.stands_for_point(place, meaning.is.as_deref()) {
                        self.unit(place, "unit", &meaning.unit, kind);
                    }
                }
            }
        }
        if let Some(equation) = &uncertainty.equation {
            let symbols = uncertainty.symbols.iter().flatten().map(|(name, _)| name.as_str());
            self.equation(place, "equation", equation, symbols);
        }
        if let Some(table) = &uncertainty.table {
            self.table(place, "table", table, kind);
        }
        self.complete(place, uncertainty, range);
    }

    /// Whether a symbol or an axis stands for the point, and not for a parameter.
    fn stands_for_point(&mut self, place: Place<'_>, meaning: Option<&str>) -> bool {
        match meaning {
            None | Some("point") => true,
            Some(other) => {
                if other.strip_prefix("parameter:").is_none_or(str::is_empty) {
                    let found = shortened(other);
                    self.warning(
                        format_args!("{place}/is"),
                        "unknown_meaning",
                        format!(
                            "“{found}” không rõ nghĩa; cần “point” hoặc “parameter:” kèm tên \
                             tham số (quy tắc C-05)"
                        ),
                        format!(
                            "“{found}” is not understood; expected “point”, or “parameter:” \
                             and a parameter's name (rule C-05)"
                        ),
                    );
                }
                false
            }
        }
    }

    /// What the expression needs to be evaluated must be there (rule C-05).
    fn complete(
        &mut self,
        place: Place<'_>,
        uncertainty: &CapabilityUncertainty,
        range: Option<&Interval>,
    ) {
        let lower = uncertainty.lower.is_some();
        let upper = uncertainty.upper.is_some();
        let closed = range.is_some_and(|range| range.lower.is_some() && range.upper.is_some());
        let needed: &[(&str, bool)] = match uncertainty.expression {
            Expression::Constant => &[("lower", lower || upper)],
            Expression::Linear => &[("lower", lower), ("upper", upper), ("range", closed)],
            Expression::Equation => &[("equation", uncertainty.equation.is_some())],
            Expression::Table => &[("table", uncertainty.table.is_some())],
            Expression::Interval => &[("lower", lower), ("upper", upper)],
        };
        let unit = ("unit", uncertainty.unit.is_some());
        let missing: Vec<&str> = needed
            .iter()
            .chain([&unit])
            .filter(|(_, present)| !present)
            .map(|(field, _)| *field)
            .collect();
        if !missing.is_empty() {
            let (expression, missing) = (uncertainty.expression, missing.join(", "));
            self.warning(
                place,
                "expression_incomplete",
                format!(
                    "kiểu biểu diễn “{expression}” còn thiếu {missing} nên không tính được \
                     độ không đảm bảo đo (quy tắc C-05)"
                ),
                format!(
                    "the expression “{expression}” lacks {missing} and cannot be evaluated \
                     (rule C-05)"
                ),
            );
        }
    }

    fn table(
        &mut self,
        place: Place<'_>,
        field: impl fmt::Display,
        table: &UncertaintyTable,
        kind: Option<QuantityKindId>,
    ) {
        let place = format_args!("{place}/{field}");
        if let Some(unit) = &table.axis_unit
            && table.axes.first().is_none_or(|axis| axis.is == "point")
        {
            self.unit(place, "axis_unit", unit, kind);
        }
        self.ascending(place, "points", table.points.iter().map(|(at, _)| at));
        for (index, (_, uncertainty)) in table.points.iter().enumerate() {
            self.not_negative(format_args!("{place}/points/{index}"), 1, Some(uncertainty));
        }
        for (index, axis) in table.axes.iter().enumerate() {
            let place = format_args!("{place}/axes/{index}");
            let is_point = self.stands_for_point(place, Some(&axis.is));
            if let Some(unit) = axis.unit.as_ref().filter(|_| is_point) {
                self.unit(place, "unit", unit, kind);
            }
            self.ascending(place, "values", axis.values.iter());
        }
        for (index, row) in table.cells.iter().enumerate() {
            for (column, cell) in row.iter().enumerate() {
                self.not_negative(format_args!("{place}/cells/{index}"), column, Some(cell));
            }
        }
        match table.axes.as_slice() {
            [] | [_] if table.cells.is_empty() => {}
            [first, second] => {
                self.length(place, "cells", table.cells.len(), first.values.len());
                for (index, row) in table.cells.iter().enumerate() {
                    let place = format_args!("{place}/cells");
                    self.length(place, index, row.len(), second.values.len());
                }
            }
            axes => self.length(place, "axes", axes.len(), 2),
        }
    }

    fn ascending<'d>(
        &mut self,
        place: Place<'_>,
        field: impl fmt::Display,
        numbers: impl Iterator<Item = &'d Decimal>,
    ) {
        let place = format_args!("{place}/{field}");
        let mut previous = None;
        for (index, number) in numbers.enumerate() {
            let exact = number.to_exact();
            if previous.as_ref().is_some_and(|previous| *previous >= exact) {
                self.error(
                    format_args!("{place}/{index}"),
                    "not_ascending",
                    format!(
                        "{number} không lớn hơn giá trị đứng trước; các giá trị của bảng \
                         phải tăng dần"
                    ),
                    format!(
                        "{number} is not above the value before it; the values of a table \
                         ascend"
                    ),
                );
            }
            previous = Some(exact);
        }
    }

    fn length(
        &mut self,
        place: Place<'_>,
        field: impl fmt::Display,
        found: usize,
        expected: usize,
    ) {
        let place = format_args!("{place}/{field}");
        if found != expected {
            self.error(
                place,
                "wrong_length",
                format!(
                    "có {found} phần tử, cần {expected}: bảng hai trục có một hàng cho mỗi \
                     giá trị của trục thứ nhất, một ô cho mỗi giá trị của trục thứ hai"
                ),
                format!(
                    "found {found} elements, expected {expected}: a table of two axes has a \
                     row for each value of the first and a cell for each value of the second"
                ),
            );
        }
    }

    fn standard(&mut self, place: Place<'_>, standard: &MeasurementStandard) {
        self.refers(place, "owner", &standard.owner, &[Organisations]);
        self.refers(place, "parent_kit", standard.parent_kit.as_ref(), &[MeasurementStandards]);
        self.names(place, "names", standard.names.as_ref());
        self.interval(place, "range", standard.range.as_ref(), None);
        self.drift_of_any(place, standard);
        for (index, quantity) in standard.quantities.iter().enumerate() {
            let place = format_args!("{place}/quantities/{index}");
            let kind = Some(quantity.quantity_kind);
            self.value(place, "nominal", quantity.nominal.as_ref(), kind);
            self.interval(place, "range", quantity.range.as_ref(), kind);
            self.drift(place, "drift", quantity.drift.as_ref(), kind);
        }
        for (index, derivation) in standard.derivations.iter().enumerate() {
            let place = format_args!("{place}/derivations/{index}");
            for (index, input) in derivation.from.iter().enumerate() {
                let place = format_args!("{place}/from/{index}");
                self.refers(place, "standard", &input.standard, &[MeasurementStandards]);
            }
            let symbols = derivation.from.iter().map(|input| input.symbol.as_str());
            self.equation(place, "equation", &derivation.equation, symbols);
        }
        for (index, model) in standard.use_models.iter().enumerate() {
            let place = format_args!("{place}/use_models/{index}");
            let kind = Some(model.quantity_kind);
            let uncertainty = model.standard_uncertainty.as_ref();
            self.interval(place, "interval", Some(&model.interval), kind);
            self.magnitude(place, "standard_uncertainty", uncertainty, kind);
            self.refers(place, "document", model.document.as_ref(), &[Documents]);
        }
        self.policy(place, "interval_policy", standard.interval_policy.as_ref());
        for (index, policy) in standard.interval_policy_history.iter().enumerate() {
            self.policy(format_args!("{place}/interval_policy_history"), index, Some(policy));
        }
        for (index, event) in standard.events.iter().enumerate() {
            self.interval(
                format_args!("{place}/events/{index}"),
                "range",
                event.range.as_ref(),
                None,
            );
        }
        if let Some(material) = &standard.material {
            let place = format_args!("{place}/material");
            self.refers(place, "producer", material.producer.as_ref(), &[Organisations]);
            let from = ("jctlm_listed_from", material.jctlm_listed_from);
            self.period(place, from, ("jctlm_listed_to", material.jctlm_listed_to));
            for (index, property) in material.properties.iter().enumerate() {
                let place = format_args!("{place}/properties/{index}");
                let kind = Some(property.quantity_kind);
                if let Some(unit) = &property.unit {
                    self.unit(place, "unit", unit, kind);
                }
                self.uncertainty(place, "uncertainty", property.uncertainty.as_ref(), kind);
            }
        }
    }

    /// The drift limit of a standard as a whole belongs to one of its quantities.
    fn drift_of_any(&mut self, place: Place<'_>, standard: &MeasurementStandard) {
        let Some(drift) = &standard.drift else { return };
        let dimension = drift.limit.unit.dimension();
        let kinds = &standard.quantity_kinds;
        let kind = kinds.iter().find(|kind| kind.kind().dimension == dimension).or(kinds.first());
        self.drift(place, "drift", Some(drift), kind.copied());
    }

    fn policy(
        &mut self,
        place: Place<'_>,
        field: impl fmt::Display,
        policy: Option<&IntervalPolicy>,
    ) {
        let place = format_args!("{place}/{field}");
        if policy.is_some_and(|policy| policy.months == Some(0)) {
            self.error(
                format_args!("{place}/months"),
                "not_positive",
                "chu kỳ hiệu chuẩn phải lớn hơn 0 tháng",
                "a recalibration interval is above 0 months",
            );
        }
    }

    fn realisation(&mut self, place: Place<'_>, realisation: &Realisation) {
        let kind = Some(realisation.quantity_kind);
        self.refers(place, "organisation", &realisation.organisation, &[Organisations]);
        self.interval(place, "range", realisation.range.as_ref(), kind);
        if let Some(uncertainty) = &realisation.standard_uncertainty {
            let place = format_args!("{place}/standard_uncertainty");
            self.unit_by_mode(place, "unit", &uncertainty.unit, uncertainty.mode, kind);
            self.not_negative(place, "value", Some(&uncertainty.value));
        }
        self.period(
            place,
            ("valid_from", realisation.valid_from),
            ("valid_to", realisation.valid_to),
        );
    }

    fn calibration(&mut self, place: Place<'_>, calibration: &Calibration) {
        self.refers(place, "issuer", &calibration.issuer, &[Organisations]);
        self.refers(place, "item", &calibration.item, &[MeasurementStandards]);
        for (index, item) in calibration.items.iter().enumerate() {
            self.refers(format_args!("{place}/items"), index, item, &[MeasurementStandards]);
        }
        self.refers(place, "performed_by", calibration.performed_by.as_ref(), &[Organisations]);
        self.refers(place, "amends", calibration.amends.as_ref(), &[Calibrations]);
        self.methods(place, "methods", &calibration.methods);
        if let Some(endorsement) = &calibration.endorsement {
            let accreditation = endorsement.accreditation.as_ref();
            let place = format_args!("{place}/endorsement");
            self.refers(place, "accreditation", accreditation, &[Accreditations]);
        }
        if let Some(evidence) = &calibration.competence_evidence {
            let decided_by = evidence.decided_by.as_ref();
            let place = format_args!("{place}/competence_evidence");
            self.refers(place, "decided_by", decided_by, &[Organisations]);
        }
        if let Some(document) = &calibration.document {
            self.sha256(format_args!("{place}/document"), "sha256", document.sha256.as_ref());
        }
        self.dates(place, calibration);
        if let Some(printed) = &calibration.item_identification {
            self.identity(place, "item_identification", printed, &calibration.item);
        }
        for (index, condition) in calibration.conditions.iter().enumerate() {
            self.condition(format_args!("{place}/conditions/{index}"), condition);
        }
        let mut names = HashSet::with_capacity(calibration.results.len());
        for (index, result) in calibration.results.iter().enumerate() {
            let place = format_args!("{place}/results/{index}");
            if !names.insert(result.id.as_str()) {
                let name = shortened(&result.id);
                self.error(
                    format_args!("{place}/id"),
                    "duplicate_result",
                    format!(
                        "giấy chứng nhận này đã có kết quả “{name}”; mỗi kết quả cần một tên \
                         riêng"
                    ),
                    format!(
                        "this certificate already has a result “{name}”; give each result \
                         its own name"
                    ),
                );
            }
            self.result(place, result);
        }
        for (index, reference) in calibration.references.iter().enumerate() {
            self.reference(format_args!("{place}/references/{index}"), reference, calibration);
        }
    }

    /// Received, performed and issued follow each other (rule D-05).
    fn dates(&mut self, place: Place<'_>, calibration: &Calibration) {
        let (from, to) = (calibration.performed_from, calibration.performed_to);
        self.period(place, ("performed_from", Some(from)), ("performed_to", Some(to)));
        if let Some(received) = calibration.received_on.filter(|received| *received > from) {
            self.warning(
                format_args!("{place}/received_on"),
                "received_after_performance",
                format!("nhận ngày {received}, sau ngày bắt đầu thực hiện {from} (quy tắc D-05)"),
                format!("received on {received}, after the work began on {from} (rule D-05)"),
            );
        }
        if let Some(issued) = calibration.issued_on.filter(|issued| *issued < to) {
            self.warning(
                format_args!("{place}/issued_on"),
                "issued_before_performance",
                format!("cấp ngày {issued}, trước ngày kết thúc thực hiện {to} (quy tắc D-05)"),
                format!("issued on {issued}, before the work ended on {to} (rule D-05)"),
            );
        }
    }

    /// The printed serial number is that of the item (rule D-04).
    fn identity(
        &mut self,
        place: Place<'_>,
        field: impl fmt::Display,
        printed: &ItemIdentification,
        item: &Id,
    ) {
        let place = format_args!("{place}/{field}");
        let known = self.standards.get(item).and_then(|item| item.serial_number.as_ref());
        if let (Some(printed), Some(known)) = (&printed.serial_number, known)
            && comparable(printed) != comparable(known)
        {
            let (printed, known) = (shortened(printed), shortened(known));
            self.warning(
                format_args!("{place}/serial_number"),
                "serial_number_differs",
                format!(
                    "số sê-ri in trên giấy chứng nhận là “{printed}”, còn số sê-ri của \
                     “{item}” là “{known}” (quy tắc D-04)"
                ),
                format!(
                    "the certificate prints the serial number “{printed}”, that of “{item}” \
                     is “{known}” (rule D-04)"
                ),
            );
        }
    }

    fn condition(&mut self, place: Place<'_>, condition: &Condition) {
        let (lower, upper) = (condition.lower.as_ref(), condition.upper.as_ref());
        self.unit(place, "unit", &condition.unit, Some(condition.quantity_kind));
        self.bounds(place, ("lower", lower), ("upper", upper));
        self.not_negative(place, "expanded_uncertainty", condition.expanded_uncertainty.as_ref());
    }

    fn result(&mut self, place: Place<'_>, result: &CalibrationResult) {
        let kind = Some(result.quantity_kind);
        self.refers(place, "item", result.item.as_ref(), &[MeasurementStandards]);
        self.value(place, "point", result.point.as_ref(), kind);
        self.interval(place, "interval", result.interval.as_ref(), kind);
        self.magnitude(place, "point_tolerance", result.point_tolerance.as_ref(), kind);
        self.interval(place, "valid_interval", result.valid_interval.as_ref(), kind);
        if result.point.is_none() && result.interval.is_none() {
            self.warning(
                place,
                "result_without_point",
                "kết quả không có điểm đo cũng không có khoảng đo, nên không dùng được cho điểm \
                 nào (quy tắc R-01)",
                "the result has neither a point nor an interval and covers no point (rule R-01)",
            );
        }
        // A factor or a sensitivity has a dimension of its own.
        let dimension_is_its_own =
            matches!(result.value_is, Some(ValueIs::Factor | ValueIs::Sensitivity));
        let kind = kind.filter(|_| !dimension_is_its_own);
        if let Some(unit) = &result.unit {
            self.unit(place, "unit", unit, kind);
        }
        self.uncertainty(place, "uncertainty", result.uncertainty.as_ref(), kind);
        self.parameters(place, "parameters", &result.parameters);
        self.methods(place, "methods", &result.methods);
        if let Some(conformity) = &result.conformity {
            self.conformity(place, "conformity", conformity);
        }
    }

    fn conformity(&mut self, place: Place<'_>, field: impl fmt::Display, conformity: &Conformity) {
        let place = format_args!("{place}/{field}");
        self.bounds(
            place,
            ("lower_limit", conformity.lower_limit.as_ref()),
            ("upper_limit", conformity.upper_limit.as_ref()),
        );
        self.bounds(
            place,
            ("acceptance_lower", conformity.acceptance_lower.as_ref()),
            ("acceptance_upper", conformity.acceptance_upper.as_ref()),
        );
    }

    fn reference(&mut self, place: Place<'_>, reference: &Reference, calibration: &Calibration) {
        let standard = reference.standard.as_ref();
        let certificate = reference.calibration.as_ref();
        self.refers(place, "standard", standard, &[MeasurementStandards]);
        self.refers(place, "realisation", reference.realisation.as_ref(), &[Realisations]);
        self.refers(place, "calibration", certificate, &[Calibrations]);
        self.sha256(place, "document_sha256", reference.document_sha256.as_ref());
        if let (Some(certificate), Some(result)) = (certificate, &reference.result) {
            self.row(place, "result", certificate, result);
        }
        for (index, result) in reference.for_results.iter().enumerate() {
            self.row(format_args!("{place}/for_results"), index, &calibration.id, result);
        }
        if let (Some(certificate), Some(standard)) = (certificate, standard)
            && self.is_of_another_item(certificate, standard)
        {
            self.warning(
                format_args!("{place}/calibration"),
                "certificate_of_another_item",
                format!(
                    "giấy chứng nhận “{certificate}” không phải của “{standard}” mà của một \
                     chuẩn khác (quy tắc S-03)"
                ),
                format!(
                    "the certificate “{certificate}” is not that of “{standard}” but of \
                     another item (rule S-03)"
                ),
            );
        }
        let budget = reference.uncertainty_in_budget.as_ref();
        self.magnitude(place, "uncertainty_in_budget", budget, None);
        for (index, shared) in reference.shared_with.iter().enumerate() {
            let place = format_args!("{place}/shared_with/{index}");
            self.magnitude(place, "uncertainty", Some(&shared.uncertainty), None);
        }
    }

    /// A result must be a row of the certificate.
    fn row(&mut self, place: Place<'_>, field: impl fmt::Display, certificate: &Id, result: &str) {
        const MOST: usize = 8;
        let place = format_args!("{place}/{field}");
        if self.rows.contains(&(certificate, result)) {
            return;
        }
        let Some(calibration) = self.calibrations.get(certificate) else { return };
        let mut known: Vec<_> =
            calibration.results.iter().take(MOST).map(|row| shortened(&row.id)).collect();
        if calibration.results.len() > MOST {
            known.push("…".into());
        }
        let (result, known) = (shortened(result), known.join(", "));
        let number = shortened(&calibration.number);
        self.error(
            place,
            "unknown_result",
            format!(
                "giấy chứng nhận {number} (“{certificate}”) không có kết quả “{result}”; các \
                 kết quả của nó: {known}"
            ),
            format!(
                "the certificate {number} (“{certificate}”) has no result “{result}”; its \
                 results: {known}"
            ),
        );
    }

    /// Whether a certificate is known to be neither for the standard nor for the kit it belongs to.
    fn is_of_another_item(&self, certificate: &Id, standard: &Id) -> bool {
        let covers = |item| self.items.contains(&(certificate, item));
        !covers(standard)
            && self.calibrations.contains_key(certificate)
            && self
                .standards
                .get(standard)
                .is_some_and(|standard| !standard.parent_kit.as_ref().is_some_and(covers))
    }

    fn comparison(&mut self, place: Place<'_>, comparison: &Comparison) {
        self.refers(place, "pilot", comparison.pilot.as_ref(), &[Organisations]);
        self.refers(place, "linked_to", comparison.linked_to.as_ref(), &[Comparisons]);
        self.period(
            place,
            ("measured_from", comparison.measured_from),
            ("measured_to", comparison.measured_to),
        );
        let kind = comparison.quantity_kind;
        for (index, result) in comparison.results.iter().enumerate() {
            let place = format_args!("{place}/results/{index}");
            self.refers(place, "organisation", &result.organisation, &[Organisations]);
            self.value(place, "point", result.point.as_ref(), kind);
            if let Some(unit) = &result.unit {
                self.unit_by_mode(place, "unit", unit, None, kind);
            }
            for (field, uncertainty) in [
                ("expanded_uncertainty", &result.expanded_uncertainty),
                ("reference_expanded_uncertainty", &result.reference_expanded_uncertainty),
                ("doe_expanded_uncertainty", &result.doe_expanded_uncertainty),
            ] {
                self.not_negative(place, field, uncertainty.as_ref());
            }
        }
    }

    fn document(&mut self, place: Place<'_>, document: &Document) {
        self.names(place, "titles", document.titles.as_ref());
        self.period(place, ("valid_from", document.valid_from), ("valid_to", document.valid_to));
        self.refers(place, "replaced_by", document.replaced_by.as_ref(), &[Documents]);
    }

    fn nonconformity(&mut self, place: Place<'_>, case: &Nonconformity) {
        let subjects = &[Calibrations, MeasurementStandards];
        self.refers(place, "subject", &case.subject, subjects);
        self.period(place, ("window_from", case.window_from), ("window_to", case.window_to));
        for (index, decision) in case.decisions.iter().enumerate() {
            let place = format_args!("{place}/decisions/{index}");
            self.refers(place, "calibration", &decision.calibration, &[Calibrations]);
        }
    }

    fn attestation(&mut self, place: Place<'_>, attestation: &Attestation) {
        self.refers(place, "record", &attestation.record, CollectionName::ALL);
        self.refers(place, "by", &attestation.by, &[Organisations]);
    }

    fn programme(&mut self, place: Place<'_>, programme: &Programme) {
        for (index, item) in programme.plan_items.iter().enumerate() {
            let place = format_args!("{place}/plan_items/{index}");
            self.refers(place, "standard", item.standard.as_ref(), &[MeasurementStandards]);
        }
    }

    // The claim

    fn claim(&mut self, claim: &Claim) {
        let place = format_args!("");
        let standard = &claim.standard;
        match self.known.get(standard) {
            Some((Organisations, _)) => self.error(
                format_args!("/standard"),
                "claim_names_an_organisation",
                format!(
                    "“{standard}” là một tổ chức; tính liên kết chuẩn là của kết quả đo: hãy \
                     nêu một chuẩn đo lường, loại đại lượng và điểm đo, không nêu phòng thí \
                     nghiệm (quy tắc S-01)"
                ),
                format!(
                    "“{standard}” is an organisation; traceability belongs to a result: name \
                     a standard, a quantity kind and a point, not a laboratory (rule S-01)"
                ),
            ),
            _ => self.refers(place, "standard", standard, &[MeasurementStandards]),
        }
        self.refers(place, "calibration", claim.calibration.as_ref(), &[Calibrations]);
        if let Some(certificate) = &claim.calibration
            && self.is_of_another_item(certificate, standard)
        {
            self.error(
                format_args!("/calibration"),
                "certificate_of_another_item",
                format!(
                    "giấy chứng nhận “{certificate}” không phải của “{standard}”; hãy nêu \
                     một giấy chứng nhận của chuẩn này"
                ),
                format!(
                    "the certificate “{certificate}” is not that of “{standard}”; name one \
                     of this standard"
                ),
            );
        }
        if claim.point.is_some() && claim.quantity_kind.is_none() {
            self.error(
                format_args!("/point"),
                "point_without_quantity_kind",
                "điểm đo cần có loại đại lượng: hãy bổ sung “quantity_kind”",
                "a point needs its quantity kind: add “quantity_kind”",
            );
        }
        self.value(place, "point", claim.point.as_ref(), claim.quantity_kind);
        self.parameters(place, "parameters", &claim.parameters);
        self.required_uncertainty(claim);
    }

    /// What a use requires is an uncertainty of the quantity, not a fraction of its value.
    fn required_uncertainty(&mut self, claim: &Claim) {
        let Some(required) = &claim.required_uncertainty else { return };
        let relative = required.unit.dimension() == Dimension::DIMENSIONLESS
            && claim
                .quantity_kind
                .is_some_and(|kind| kind.kind().dimension != Dimension::DIMENSIONLESS);
        if relative {
            let code = required.unit.code();
            self.error(
                format_args!("/required_uncertainty/unit"),
                "relative_requirement",
                format!(
                    "“{code}” là đơn vị tương đối; hãy nêu độ không đảm bảo đo yêu cầu theo \
                     đơn vị của đại lượng"
                ),
                format!(
                    "“{code}” is relative; state the required uncertainty in a unit of the \
                     quantity"
                ),
            );
        } else {
            let kind = claim.quantity_kind;
            self.value(format_args!(""), "required_uncertainty", Some(required), kind);
        }
        let place = format_args!("/required_uncertainty");
        self.not_negative(place, "value", Some(&required.value));
    }
}

/// A serial number without what people write differently: case, spaces, hyphens (rule D-04).
fn comparable(serial_number: &str) -> String {
    let separates = |character: char| character.is_whitespace() || "-‐‑–—".contains(character);
    serial_number
        .chars()
        .filter(|character| !separates(*character))
        .flat_map(char::to_lowercase)
        .collect()
}

/// What a record of a collection is called, in Vietnamese and English.
fn noun(collection: CollectionName) -> (&'static str, &'static str) {
    match collection {
        Organisations => ("tổ chức", "an organisation"),
        Memberships => ("tư cách thành viên", "a membership"),
        Accreditations => ("công nhận năng lực", "an accreditation"),
        LegalRecognitions => ("thừa nhận theo pháp luật", "a legal recognition"),
        Capabilities => ("khả năng đo và hiệu chuẩn (CMC)", "a capability (CMC)"),
        MeasurementStandards => ("chuẩn đo lường", "a measurement standard"),
        Realisations => ("thể hiện đơn vị đo", "a realisation"),
        Calibrations => ("giấy chứng nhận hiệu chuẩn", "a calibration certificate"),
        Comparisons => ("so sánh chuẩn", "a comparison"),
        Documents => ("văn bản", "a document"),
        Nonconformities => ("hồ sơ công việc không phù hợp", "a case of nonconforming work"),
        Attestations => ("xác nhận", "an attestation"),
        CollectionName::Programme => ("chương trình", "a programme"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A small country in which nothing is wrong.
    fn country() -> Value {
        json!({
            "organisations": [
                {"id": "_:nmi", "kind": "nmi", "names": {"en": "Institute"}, "country": "VN",
                 "name_history": [{"names": {"vi": "Viện"}, "valid_from": "1990-01-01", "valid_to": "1999-12-31"}]},
                {"id": "_:lab", "kind": "calibration_laboratory", "names": {"vi": "Phòng hiệu chuẩn"},
                 "parent": "_:nmi"},
                {"id": "_:body", "kind": "accreditation_body", "names": {"en": "Body"}}],
            "memberships": [
                {"id": "_:member", "country": "VN", "arrangement": "cipm_mra", "valid_from": "2004-09-16"}],
            "accreditations": [
                {"id": "_:accreditation", "organisation": "_:lab", "accreditation_body": "_:body",
                 "standard": "iso_iec_17025", "granted_on": "2021-01-01",
                 "status_history": [{"status": "reduced", "effective_from": "2024-01-01", "capabilities": ["_:cmc"]}]}],
            "legal_recognitions": [
                {"id": "_:approval", "kind": "national_standard_approval", "standard": "_:national", "authority": "_:nmi",
                 "valid_from": "2006-01-17"}],
            "capabilities": [
                {"id": "_:cmc", "publisher": "accreditation_scope", "organisation": "_:lab",
                 "accreditation": "_:accreditation", "quantity_kind": "length",
                 "range": {"lower": "0.5", "upper": "100", "unit": "mm"},
                 "parameters": [{"name": "temperature", "lower": "19", "upper": "21", "unit": "Cel"}],
                 "uncertainty": {"expression": "equation", "mode": "absolute", "unit": "nm",
                                 "equation": "Q[50, 0.5*L]", "symbols": {"L": "mm"}},
                 "status_history": [{"status": "active", "effective_from": "2022-01-01"}]},
                {"id": "_:table", "publisher": "kcdb", "organisation": "_:nmi", "quantity_kind": "ac_voltage",
                 "uncertainty": {"expression": "table", "mode": "relative", "unit": "uV/V", "table": {
                     "axes": [{"is": "point", "unit": "V", "values": ["1", "10"]},
                              {"is": "parameter:frequency", "unit": "Hz", "values": ["50", "60", "1E3"]}],
                     "cells": [["5", "6", "9"], ["7", "8", "11"]]}}}],
            "measurement_standards": [
                {"id": "_:national", "owner": "_:nmi", "names": {"vi": "Quả cân chuẩn quốc gia"}},
                {"id": "_:working", "owner": "_:lab", "quantity_kinds": ["conventional_mass"],
                 "serial_number": "W-12", "drift": {"limit": {"value": "0.1", "unit": "mg"}},
                 "interval_policy": {"method": "fixed", "months": 12}}],
            "realisations": [
                {"id": "_:root", "kind": "nmi_primary_realisation", "organisation": "_:nmi",
                 "quantity_kind": "mass", "valid_from": "2019-05-20", "standard_uncertainty": {"value": "0.010", "unit": "mg"}}],
            "calibrations": [
                {"id": "_:first", "kind": "calibration", "issuer": "_:nmi", "number": "N-1",
                 "performed_from": "2023-05-02", "performed_to": "2023-05-04", "item": "_:national",
                 "results": [{"id": "r1", "quantity_kind": "conventional_mass",
                              "point": {"value": "1", "unit": "kg"}, "value": "1.0000003", "unit": "kg",
                              "uncertainty": {"value": "0.025", "unit": "mg", "kind": "expanded",
                                              "mode": "absolute", "coverage_factor": "2",
                                              "coverage_probability": "0.95", "degrees_of_freedom": "50"}}],
                 "references": [{"realisation": "_:root", "for_results": ["r1"]}]},
                {"id": "_:second", "kind": "calibration", "issuer": "_:lab", "number": "L-1",
                 "received_on": "2024-03-01", "performed_from": "2024-03-02", "performed_to": "2024-03-04",
                 "issued_on": "2024-03-04", "item": "_:working",
                 "item_identification": {"serial_number": "w 12"},
                 "methods": [{"document": "_:method"}],
                 "endorsement": {"accreditation": "_:accreditation"},
                 "conditions": [{"quantity_kind": "temperature", "unit": "Cel", "lower": "19", "upper": "21"}],
                 "results": [{"id": "r1", "quantity_kind": "conventional_mass",
                              "interval": {"lower": "1", "upper": "1", "unit": "kg"},
                              "uncertainty": {"value": "0.5", "unit": "mg/kg", "mode": "relative"}}],
                 "references": [{"standard": "_:national", "calibration": "_:first", "result": "r1"}]}],
            "comparisons": [
                {"id": "_:comparison", "kind": "cipm_kc", "quantity_kind": "mass", "pilot": "_:nmi", "measured_from": "2020-01-01",
                 "results": [{"organisation": "_:nmi", "doe_expanded_uncertainty": "0.1", "unit": "mg"}]}],
            "documents": [{"id": "_:method", "designation": "ĐLVN 99:2002", "valid_from": "2002-01-01"}],
            "nonconformities": [
                {"id": "_:case", "subject": "_:working", "window_from": "2024-01-01", "decisions": [{"calibration": "_:second"}]}],
            "attestations": [{"id": "_:word", "record": "_:cmc", "statement": "confirmed", "by": "_:nmi"}],
            "programme": [
                {"id": "_:programme", "plan_items": [{"plan": "P", "action": "maintain", "standard": "_:national"}]}]
        })
    }

    /// Puts a value at a JSON pointer; `-` as the last step appends to a list.
    fn put(document: &mut Value, pointer: &str, value: Value) {
        let (parent, last) = pointer.rsplit_once('/').expect("a pointer");
        match document.pointer_mut(parent).expect(pointer) {
            Value::Object(object) => {
                object.insert(last.to_owned(), value);
            }
            Value::Array(list) if last == "-" => list.push(value),
            Value::Array(list) => list[last.parse::<usize>().expect(pointer)] = value,
            other => panic!("{pointer}: nothing can be put into {other}"),
        }
    }

    fn read(document: Value) -> Records {
        let mut records = Records::default();
        for (name, list) in document.as_object().expect("collections") {
            let collection = CollectionName::from_word(name).expect(name);
            for (position, record) in list.as_array().expect(name).iter().enumerate() {
                let place = deserr::ValuePointerRef::Origin;
                let read = records.read(collection, position, record.clone(), place);
                assert_eq!(read, Ok(()), "{name}/{position}");
            }
        }
        records
    }

    fn found(document: Value) -> Vec<Fault> {
        check(&read(document), &HashSet::new())
    }

    fn said(faults: &[Fault]) -> Vec<(Gravity, &str, &str)> {
        faults.iter().map(|fault| (fault.gravity, fault.code, fault.pointer.as_str())).collect()
    }

    #[test]
    fn nothing_is_wrong_with_a_good_country() {
        assert_eq!(found(country()), []);
    }

    /// Each line says what is put where, the fault it makes, and where that is found if elsewhere:
    /// `/place = value -> code` or `/place = value -> code at /other/place`.
    #[track_caller]
    fn faulty(gravity: Gravity, lines: &[&str]) {
        for line in lines {
            let (put_at, rest) = line.split_once(" = ").expect(line);
            let (value, expected) = rest.split_once(" -> ").expect(line);
            let (code, pointer) = expected.split_once(" at ").unwrap_or((expected, put_at));
            let mut document = country();
            put(&mut document, put_at, serde_json::from_str(value).expect(line));
            let faults = found(document);
            assert_eq!(said(&faults), [(gravity, code, &*format!("/records{pointer}"))], "{line}");
            let message = &faults[0].message;
            assert!(!message.vi.is_empty() && message.vi != message.en, "{message:?}");
        }
    }

    #[test]
    fn ids_lead_to_records_of_the_right_collection() {
        for place in [
            "/organisations/1/parent",
            "/memberships/0/organisation",
            "/accreditations/0/organisation",
            "/accreditations/0/accreditation_body",
            "/accreditations/0/status_history/0/capabilities/0",
            "/legal_recognitions/0/organisation",
            "/legal_recognitions/0/standard",
            "/legal_recognitions/0/authority",
            "/capabilities/0/organisation",
            "/capabilities/0/accreditation",
            "/measurement_standards/0/owner",
            "/measurement_standards/0/parent_kit",
            "/realisations/0/organisation",
            "/calibrations/0/issuer",
            "/calibrations/0/performed_by",
            "/calibrations/0/amends",
            "/calibrations/0/results/0/item",
            "/calibrations/0/references/0/realisation",
            "/calibrations/1/methods/0/document",
            "/calibrations/1/endorsement/accreditation",
            "/calibrations/1/references/0/standard",
            "/calibrations/1/references/0/calibration",
            "/comparisons/0/pilot",
            "/comparisons/0/linked_to",
            "/comparisons/0/results/0/organisation",
            "/documents/0/replaced_by",
            "/nonconformities/0/subject",
            "/nonconformities/0/decisions/0/calibration",
            "/attestations/0/by",
            "/programme/0/plan_items/0/standard",
        ] {
            faulty(
                Gravity::Error,
                &[
                    &format!(r#"{place} = "_:nobody" -> unknown_id"#),
                    &format!(r#"{place} = "_:word" -> wrong_collection"#),
                ],
            );
        }
        faulty(
            Gravity::Error,
            &[
                r#"/attestations/0/record = "_:nobody" -> unknown_id"#,
                r#"/calibrations/1/items = ["_:lab"] -> wrong_collection at /calibrations/1/items/0"#,
                r#"/calibrations/0/competence_evidence = {"decided_by": "_:nobody"} -> unknown_id at /calibrations/0/competence_evidence/decided_by"#,
                r#"/measurement_standards/0/material = {"producer": "_:nobody"} -> unknown_id at /measurement_standards/0/material/producer"#,
                r#"/measurement_standards/0/derivations = [{"quantity_kind": "mass", "equation": "a", "from": [{"symbol": "a", "standard": "_:nobody"}]}] -> unknown_id at /measurement_standards/0/derivations/0/from/0/standard"#,
            ],
        );
    }

    #[test]
    fn an_unreadable_record_is_there_all_the_same() {
        let mut document = country();
        put(&mut document, "/calibrations/1/references/0/calibration", json!("_:unreadable"));
        let unreadable = HashSet::from([Id::parse("_:unreadable").expect("an id")]);
        assert_eq!(check(&read(document), &unreadable), []);
    }

    #[test]
    fn ids_are_unique() {
        faulty(
            Gravity::Error,
            &[
                r#"/organisations/- = {"id": "_:lab", "kind": "nmi", "names": {"en": "B"}} -> duplicate_id at /organisations/3/id"#,
                r#"/documents/- = {"id": "_:lab", "designation": "ĐLVN 1"} -> duplicate_id at /documents/1/id"#,
                r#"/calibrations/0/results/- = {"id": "r1", "quantity_kind": "mass", "interval": {"unit": "kg"}} -> duplicate_result at /calibrations/0/results/1/id"#,
            ],
        );
    }

    #[test]
    fn results_are_rows_of_their_certificate() {
        faulty(
            Gravity::Error,
            &[
                r#"/calibrations/1/references/0/result = "r9" -> unknown_result"#,
                r#"/calibrations/0/references/0/for_results/0 = "r9" -> unknown_result"#,
            ],
        );
    }

    #[test]
    fn words_make_sense() {
        let digits = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85";
        faulty(
            Gravity::Error,
            &[
                r#"/organisations/0/names = {} -> missing_name"#,
                r#"/organisations/0/names = {"vi": " "} -> missing_name"#,
                r#"/documents/0/titles = {} -> missing_name"#,
                r#"/measurement_standards/1/names = {} -> missing_name"#,
                r#"/organisations/0/country = "Vn" -> bad_country"#,
                r#"/memberships/0/country = "VNM" -> bad_country"#,
                r#"/memberships/- = {"id": "_:m", "arrangement": "oiml"} -> member_missing at /memberships/1"#,
                r#"/calibrations/0/document = {"sha256": ""} -> bad_sha256 at /calibrations/0/document/sha256"#,
                &format!(
                    r#"/calibrations/0/references/0/document_sha256 = "{digits}g" -> bad_sha256"#
                ),
            ],
        );
    }

    #[test]
    fn periods_end_after_they_begin() {
        faulty(
            Gravity::Error,
            &[
                r#"/calibrations/0/performed_to = "2023-05-01" -> dates_reversed"#,
                r#"/memberships/0/valid_to = "2004-09-15" -> dates_reversed"#,
                r#"/measurement_standards/0/material = {"jctlm_listed_from": "2024-01-02", "jctlm_listed_to": "2024-01-01"} -> dates_reversed at /measurement_standards/0/material/jctlm_listed_to"#,
                r#"/accreditations/0/valid_to = "2020-12-31" -> dates_reversed"#,
                r#"/accreditations/0/status_history/0/effective_to = "2023-12-31" -> dates_reversed"#,
                r#"/capabilities/0/status_history/0/effective_to = "2021-12-31" -> dates_reversed"#,
                r#"/organisations/0/name_history/0/valid_to = "1989-12-31" -> dates_reversed"#,
                r#"/realisations/0/valid_to = "2018-12-31" -> dates_reversed"#,
                r#"/documents/0/valid_to = "2001-12-31" -> dates_reversed"#,
                r#"/legal_recognitions/0/valid_to = "2005-12-31" -> dates_reversed"#,
                r#"/comparisons/0/measured_to = "2019-12-31" -> dates_reversed"#,
                r#"/nonconformities/0/window_to = "2023-12-31" -> dates_reversed"#,
            ],
        );
    }

    #[test]
    fn records_do_not_lead_back_to_themselves() {
        faulty(
            Gravity::Error,
            &[
                r#"/organisations/0/parent = "_:nmi" -> loop"#,
                r#"/calibrations/1/amends = "_:second" -> loop"#,
                r#"/measurement_standards/0/parent_kit = "_:national" -> loop"#,
                r#"/documents/0/replaced_by = "_:method" -> loop"#,
            ],
        );
        let mut document = country();
        put(&mut document, "/calibrations/0/amends", json!("_:second"));
        assert_eq!(found(document.clone()), []);
        put(&mut document, "/calibrations/1/amends", json!("_:first"));
        assert_eq!(
            said(&found(document)),
            [
                (Gravity::Error, "loop", "/records/calibrations/0/amends"),
                (Gravity::Error, "loop", "/records/calibrations/1/amends"),
            ]
        );
    }

    #[test]
    fn a_way_into_a_loop_is_no_part_of_it() {
        let mut document = country();
        let amends = |id: &str, amends: &str| {
            json!({"id": id, "kind": "calibration", "issuer": "_:nmi", "number": id, "amends": amends,
                   "performed_from": "2025-01-01", "performed_to": "2025-01-01", "item": "_:national"})
        };
        for (id, onward) in [("_:a", "_:b"), ("_:b", "_:c"), ("_:c", "_:b"), ("_:d", "_:a")] {
            put(&mut document, "/calibrations/-", amends(id, onward));
        }
        assert_eq!(
            said(&found(document)),
            [
                (Gravity::Error, "loop", "/records/calibrations/3/amends"),
                (Gravity::Error, "loop", "/records/calibrations/4/amends"),
            ]
        );
    }

    #[test]
    fn numbers_are_possible() {
        faulty(
            Gravity::Error,
            &[
                r#"/calibrations/0/results/0/uncertainty/value = "-0.1" -> negative_value"#,
                r#"/calibrations/0/results/0/uncertainty/coverage_factor = "0" -> not_positive"#,
                r#"/calibrations/0/results/0/uncertainty/coverage_probability = "1.00" -> probability_out_of_range"#,
                r#"/calibrations/0/results/0/uncertainty/degrees_of_freedom = "0.0" -> not_positive"#,
                r#"/capabilities/0/coverage_factor = "-2" -> not_positive"#,
                r#"/capabilities/0/coverage_probability = "95" -> probability_out_of_range"#,
                r#"/capabilities/0/uncertainty/lower = "-50" -> negative_value"#,
                r#"/capabilities/1/uncertainty/table/cells/0/1 = "-6" -> negative_value"#,
                r#"/measurement_standards/1/drift/limit/value = "-0.1" -> negative_value"#,
                r#"/measurement_standards/1/interval_policy/months = 0 -> not_positive"#,
                r#"/realisations/0/standard_uncertainty/value = "-1" -> negative_value"#,
                r#"/comparisons/0/results/0/doe_expanded_uncertainty = "-0.1" -> negative_value"#,
                r#"/calibrations/0/references/0/uncertainty_in_budget = {"value": "-1", "unit": "mg"} -> negative_value at /calibrations/0/references/0/uncertainty_in_budget/value"#,
                r#"/calibrations/1/conditions/0/expanded_uncertainty = "-0.1" -> negative_value"#,
            ],
        );
    }

    #[test]
    fn lower_bounds_are_not_above_upper_ones() {
        faulty(
            Gravity::Error,
            &[
                r#"/capabilities/0/range/upper = "0.49" -> bounds_reversed"#,
                r#"/capabilities/0/range/upper = "0.49999999999999999999999999999999999999" -> bounds_reversed"#,
                r#"/capabilities/0/parameters/0/upper = "18.9" -> bounds_reversed"#,
                r#"/calibrations/1/results/0/interval/upper = "0.9999" -> bounds_reversed"#,
                r#"/calibrations/1/conditions/0/upper = "-21" -> bounds_reversed"#,
                r#"/calibrations/0/results/0/conformity = {"lower_limit": "1", "upper_limit": "0.5"} -> bounds_reversed at /calibrations/0/results/0/conformity/upper_limit"#,
                r#"/capabilities/0/uncertainty = {"expression": "interval", "lower": "9", "upper": "5", "unit": "nm"} -> bounds_reversed at /capabilities/0/uncertainty/upper"#,
            ],
        );
    }

    #[test]
    fn units_have_the_dimension_of_the_quantity() {
        faulty(
            Gravity::Error,
            &[
                r#"/capabilities/0/range/unit = "mg" -> wrong_dimension"#,
                r#"/capabilities/0/uncertainty/unit = "mg" -> wrong_dimension"#,
                r#"/capabilities/0/uncertainty/symbols/L = "kg" -> wrong_dimension"#,
                r#"/capabilities/0/uncertainty/symbols/L = {"unit": "kg"} -> wrong_dimension at /capabilities/0/uncertainty/symbols/L/unit"#,
                r#"/capabilities/1/uncertainty/unit = "uV" -> relative_with_dimension"#,
                r#"/capabilities/1/uncertainty/table/axes/0/unit = "A" -> wrong_dimension"#,
                r#"/measurement_standards/1/drift/limit/unit = "mm" -> wrong_dimension"#,
                r#"/measurement_standards/1/drift/limit/unit = "mg/kg" -> wrong_dimension"#,
                r#"/realisations/0/standard_uncertainty/unit = "mm" -> wrong_dimension"#,
                r#"/calibrations/0/results/0/point/unit = "m" -> wrong_dimension"#,
                r#"/calibrations/0/results/0/unit = "m" -> wrong_dimension"#,
                r#"/calibrations/0/results/0/uncertainty/unit = "mg/kg" -> wrong_dimension"#,
                r#"/calibrations/1/results/0/uncertainty/unit = "mg" -> relative_with_dimension"#,
                r#"/calibrations/1/results/0/interval/unit = "m" -> wrong_dimension"#,
                r#"/calibrations/1/conditions/0/unit = "kPa" -> wrong_dimension"#,
                r#"/comparisons/0/results/0/unit = "m" -> wrong_dimension"#,
                r#"/measurement_standards/0/quantities = [{"quantity_kind": "mass", "nominal": {"value": "1", "unit": "m"}}] -> wrong_dimension at /measurement_standards/0/quantities/0/nominal/unit"#,
                r#"/measurement_standards/0/use_models = [{"quantity_kind": "mass", "interval": {"unit": "m"}}] -> wrong_dimension at /measurement_standards/0/use_models/0/interval/unit"#,
                r#"/measurement_standards/0/material = {"properties": [{"quantity_kind": "mass_fraction", "unit": "mg"}]} -> wrong_dimension at /measurement_standards/0/material/properties/0/unit"#,
            ],
        );
    }

    #[test]
    fn a_sensitivity_has_a_dimension_of_its_own() {
        let mut document = country();
        put(&mut document, "/calibrations/0/results/0/value_is", json!("sensitivity"));
        put(&mut document, "/calibrations/0/results/0/unit", json!("mV/N"));
        put(&mut document, "/calibrations/0/results/0/uncertainty/unit", json!("uV/N"));
        assert_eq!(found(document), []);
    }

    #[test]
    fn tables_are_whole() {
        let whole = |table: &str, fault: &str| {
            format!("/capabilities/1/uncertainty/table = {table} -> {fault}")
        };
        faulty(
            Gravity::Error,
            &[
                &whole(
                    r#"{"points": [["1", "5"], ["1.0", "6"]]}"#,
                    "not_ascending at /capabilities/1/uncertainty/table/points/1",
                ),
                &whole(
                    r#"{"axis_unit": "Hz", "points": [["1", "5"]]}"#,
                    "wrong_dimension at /capabilities/1/uncertainty/table/axis_unit",
                ),
                &whole(
                    r#"{"axes": [{"is": "point"}], "cells": [["1"]]}"#,
                    "wrong_length at /capabilities/1/uncertainty/table/axes",
                ),
                r#"/capabilities/1/uncertainty/table/axes/1/values/1 = "1E3" -> not_ascending at /capabilities/1/uncertainty/table/axes/1/values/2"#,
                r#"/capabilities/1/uncertainty/table/cells = [["5", "6", "9"]] -> wrong_length"#,
                r#"/capabilities/1/uncertainty/table/cells/1 = ["7", "8"] -> wrong_length"#,
            ],
        );
    }

    #[test]
    fn what_a_rule_will_judge_is_only_remarked() {
        faulty(
            Gravity::Warning,
            &[
                r#"/calibrations/1/received_on = "2024-03-03" -> received_after_performance"#,
                r#"/calibrations/1/issued_on = "2024-03-03" -> issued_before_performance"#,
                r#"/calibrations/1/item_identification/serial_number = "W-13" -> serial_number_differs"#,
                r#"/calibrations/1/references/0/standard = "_:working" -> certificate_of_another_item at /calibrations/1/references/0/calibration"#,
                r#"/capabilities/0/uncertainty/equation = "Q[50, 0.5L]" -> bad_equation"#,
                r#"/capabilities/0/uncertainty/equation = "50 + x" -> bad_equation"#,
                r#"/capabilities/0/uncertainty/expression = "linear" -> expression_incomplete at /capabilities/0/uncertainty"#,
                r#"/capabilities/1/uncertainty/table/axes/1/is = "frequency" -> unknown_meaning"#,
                r#"/calibrations/0/results/0/uncertainty/value = "0.0" -> zero_uncertainty"#,
                r#"/calibrations/0/results/- = {"id": "r2", "quantity_kind": "mass"} -> result_without_point at /calibrations/0/results/1"#,
            ],
        );
    }

    #[test]
    fn a_certificate_of_a_kit_is_one_of_its_pieces() {
        let mut document = country();
        let piece = json!({"id": "_:piece", "owner": "_:nmi", "parent_kit": "_:national"});
        put(&mut document, "/measurement_standards/-", piece);
        put(&mut document, "/calibrations/1/references/0/standard", json!("_:piece"));
        assert_eq!(found(document), []);
    }

    #[test]
    fn all_faults_come_at_once() {
        let mut document = country();
        put(&mut document, "/organisations/0/country", json!("vn"));
        put(&mut document, "/calibrations/0/issuer", json!("_:nobody"));
        put(&mut document, "/calibrations/0/results/0/uncertainty/unit", json!("mm"));
        put(&mut document, "/calibrations/0/results/0/uncertainty/coverage_factor", json!("0"));
        put(&mut document, "/calibrations/1/issued_on", json!("2024-03-03"));
        let faults = found(document);
        assert_eq!(
            said(&faults),
            [
                (Gravity::Error, "bad_country", "/records/organisations/0/country"),
                (Gravity::Error, "unknown_id", "/records/calibrations/0/issuer"),
                (
                    Gravity::Error,
                    "wrong_dimension",
                    "/records/calibrations/0/results/0/uncertainty/unit"
                ),
                (
                    Gravity::Error,
                    "not_positive",
                    "/records/calibrations/0/results/0/uncertainty/coverage_factor"
                ),
                (
                    Gravity::Warning,
                    "issued_before_performance",
                    "/records/calibrations/1/issued_on"
                ),
            ]
        );
        assert_eq!(
            faults[2].message.en,
            "“mm” is no unit of conventional mass; expected one that converts to “kg”"
        );
    }

    #[test]
    fn a_flood_of_faults_is_counted() {
        let mut document = country();
        let nobody = json!({"id": "_:x", "designation": "D", "replaced_by": "_:nobody"});
        put(&mut document, "/documents", Value::Array(vec![nobody; 1_500]));
        let faults = found(document);
        assert_eq!(faults.len(), FaultList::MOST + 1);
        let last = faults.last().expect("a fault");
        assert_eq!((last.code, last.gravity), ("more_faults", Gravity::Error));
        // The label is refused 1,499 times as a duplicate, the reference 1,500 times as unknown;
        // the reference to the method that is gone once.
        assert_eq!(last.message.en, "2000 more errors are not listed here");
    }

    fn claim(value: Value) -> Claim {
        deserr::deserialize(value).unwrap_or_else(|faults: crate::domain::fault::Faults| {
            panic!("{faults:?}");
        })
    }

    #[test]
    fn a_claim_names_a_result_of_a_standard() {
        let records = read(country());
        let whole = json!({"standard": "_:working", "quantity_kind": "conventional_mass",
                           "point": {"value": "1", "unit": "kg"}, "calibration": "_:second",
                           "required_uncertainty": {"value": "1.0", "unit": "mg"}});
        assert_eq!(check_claim(&claim(whole.clone()), &records), []);
        for all_rows in [
            json!({"standard": "_:working"}),
            json!({"standard": "_:working", "quantity_kind": "conventional_mass"}),
        ] {
            assert_eq!(check_claim(&claim(all_rows), &records), []);
        }
        for (put_at, value, code, pointer) in [
            ("/standard", json!("_:lab"), "claim_names_an_organisation", ""),
            ("/standard", json!("_:nobody"), "unknown_id", ""),
            ("/standard", json!("_:second"), "wrong_collection", ""),
            ("/calibration", json!("_:nobody"), "unknown_id", ""),
            ("/calibration", json!("_:first"), "certificate_of_another_item", ""),
            ("/point", json!({"value": "1", "unit": "m"}), "wrong_dimension", "/point/unit"),
            ("/required_uncertainty/unit", json!("m"), "wrong_dimension", ""),
            ("/required_uncertainty/unit", json!("mg/kg"), "relative_requirement", ""),
            ("/required_uncertainty/value", json!("-1"), "negative_value", ""),
            (
                "/parameters",
                json!([{"name": "temperature", "lower": "2", "upper": "1"}]),
                "bounds_reversed",
                "/parameters/0/upper",
            ),
        ] {
            let mut changed = whole.clone();
            put(&mut changed, put_at, value);
            let pointer = if pointer.is_empty() { put_at } else { pointer };
            let faults = check_claim(&claim(changed), &records);
            assert_eq!(said(&faults), [(Gravity::Error, code, pointer)], "{put_at}");
        }
        let point_alone = json!({"standard": "_:working", "point": {"value": "1", "unit": "kg"}});
        assert_eq!(
            said(&check_claim(&claim(point_alone), &records)),
            [(Gravity::Error, "point_without_quantity_kind", "/point")]
        );
    }
}
