//! A calibration as a digital calibration certificate, DCC 3.3.0.
//!
//! What lives here: [`print`], and [`embedded`], which takes back what was printed. What does not:
//! finding the records (`app`), signing, and reading certificates of others (`dcc`).
//!
//! Everything that a DCC has an element for stands in that element, for every reader. The records
//! themselves stand once more in the `comment`, because a DCC has no element for a quantity kind, a
//! row that was used or a sensitivity. What is printed depends on the records alone, so that a file
//! that says the same as its records is known by printing them again: [`embedded`] takes records
//! only from such a file, and whoever changes either has changed the certificate.

use std::borrow::Cow;
use std::fmt::Display;

use roxmltree::{Document, Node};
use serde_json::{Value, json};
use uppsala::XmlWriter;

use super::super::outcome::sha256;
use super::{NAMESPACE, SI};
use crate::domain::calibration::{
    Calibration, CalibrationResult, Change, Condition, Conformity, ConformityStatement, DueSource,
    Phase, Reference, ReferenceRole, ValueIs,
};
use crate::domain::conversion::Conversion;
use crate::domain::decimal::Decimal;
use crate::domain::dsi;
use crate::domain::id::Id;
use crate::domain::organisation::{IdentifierScheme, Organisation, SiteKind};
use crate::domain::quantity::QuantityKindId;
use crate::domain::records::{AnyRecord, CollectionName, Records};
use crate::domain::standard::{ItemIdentifier, ItemIdentifierKind, MeasurementStandard};
use crate::domain::text::Names;
use crate::domain::uncertainty::{Mode, Uncertainty, UncertaintyKind};
use crate::domain::unit::Unit;

/// Namespace of the records in the comment, and the version of how they are printed.
pub(super) const EMBEDDED: &str = "urn:etalon:records:1";
/// Begins the reference types that are defined by this registry.
pub(super) const PREFIX: &str = "etalon_";
/// Stands where the schema wants a country and none is known (a code that ISO 3166-1 leaves free).
pub(super) const NO_COUNTRY: &str = "ZZ";
/// Fields of records that are not embedded: what a registry says of them.
const OF_REGISTRY: &[&str] = &["evidence_level", "synced_at"];
/// Fields of the calibration that are not embedded: what became of the certificate later, and its
/// document, which is the certificate itself.
pub const OF_CERTIFICATE: &[&str] = &["published", "code", "document", "status_history"];
/// The unit one, as the D-SI writes it.
const ONE: &str = r"\one";
/// Stands where the schema wants a text and nothing is known.
const NOT_STATED: &str = "–";

/// Prints the first calibration of some records, with the records that it names.
///
/// What it was made with is cited by `certificate_number` and `document_sha256` of its references,
/// what it amends by its `amends_number`. None without a calibration, or where its issuer, its item
/// or the item's owner is not among the records.
pub fn print(records: &Records) -> Option<String> {
    let calibration = records.calibrations.first()?;
    let item = standard(records, &calibration.item)?;
    let printer = Printer {
        records,
        calibration,
        issuer: organisation(records, &calibration.issuer)?,
        customer: organisation(records, &item.owner)?,
        xml: XmlWriter::new(),
        open: Vec::new(),
    };
    Some(printer.certificate())
}

/// The records that a certificate was printed from; none where it carries none, or says anything
/// else than they do.
pub(super) fn embedded(xml: &str, document: &Document<'_>) -> Option<Result<Records, ()>> {
    let root = document.root_element();
    let comment = root.children().find(|child| child.has_tag_name((NAMESPACE, "comment")))?;
    let carrier = comment.children().find(|child| child.has_tag_name((EMBEDDED, "records")))?;
    Some(records_of(carrier).filter(|records| says_the_same(xml, document, records)).ok_or(()))
}

fn records_of(carrier: Node<'_, '_>) -> Option<Records> {
    let texts: String = carrier.children().filter_map(|node| node.text()).collect();
    let Value::Object(collections) = serde_json::from_str(&texts).ok()? else { return None };
    let mut records = Records::default();
    for (name, list) in collections {
        let collection = CollectionName::from_word(&name)?;
        let Value::Array(list) = list else { return None };
        for (position, record) in list.into_iter().enumerate() {
            let place = deserr::ValuePointerRef::Origin;
            records.read(collection, position, record, place).ok()?;
        }
    }
    Some(records)
}

/// Whether a file is what would be printed from records; a signature may have been added, by a
/// program that writes the same document its own way.
fn says_the_same(xml: &str, document: &Document<'_>, records: &Records) -> bool {
    let Some(printed) = print(records) else { return false };
    if printed == xml {
        return true;
    }
    let is_signed = document.root_element().children().any(|child| is_signature(&child));
    let Ok(printed) = Document::parse(&printed) else { return false };
    is_signed && same(document.root_element(), printed.root_element(), is_signature)
}

fn is_signature(node: &Node<'_, '_>) -> bool {
    node.has_tag_name(("http://www.w3.org/2000/09/xmldsig#", "Signature"))
}

/// Whether two elements have the same names, attributes and contents, but for what is skipped.
/// They nest no deeper than certificates may.
fn same<'d, 'e>(one: Node<'d, 'd>, other: Node<'e, 'e>, skip: fn(&Node<'_, '_>) -> bool) -> bool {
    if one.node_type() != other.node_type()
        || one.tag_name() != other.tag_name()
        || one.text() != other.text() && !one.is_element()
        || attributes(one) != attributes(other)
    {
        return false;
    }
    let (ones, others) = (contents(one, skip), contents(other, skip));
    ones.len() == others.len() && ones.into_iter().zip(others).all(|(a, b)| same(a, b, skip))
}

fn attributes<'d>(node: Node<'d, '_>) -> Vec<(Option<&'d str>, &'d str, &'d str)> {
    let all = node.attributes().map(|one| (one.namespace(), one.name(), one.value()));
    let mut all: Vec<_> = all.collect();
    all.sort_unstable();
    all
}

/// What is in an element; blanks between elements say nothing.
fn contents<'d>(node: Node<'d, 'd>, skip: fn(&Node<'_, '_>) -> bool) -> Vec<Node<'d, 'd>> {
    let has_elements = node.children().any(|child| child.is_element());
    let is_blank = |node: &Node<'_, '_>| {
        node.is_text() && node.text().is_some_and(|text| text.trim().is_empty())
    };
    node.children().filter(|child| !(skip(child) || has_elements && is_blank(child))).collect()
}

fn organisation<'r>(records: &'r Records, id: &Id) -> Option<&'r Organisation> {
    records.organisations.iter().find(|record| record.id == *id)
}

fn standard<'r>(records: &'r Records, id: &Id) -> Option<&'r MeasurementStandard> {
    records.measurement_standards.iter().find(|record| record.id == *id)
}

/// A text as the schema's `notEmptyStringType` wants it: no blanks at its ends, nothing that XML
/// cannot hold, and something in any case.
fn stated(text: &str) -> Cow<'_, str> {
    let is_plain = |character: char| !matches!(character, '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}');
    let text = text.trim();
    if text.is_empty() {
        return Cow::Borrowed(NOT_STATED);
    }
    match text.chars().all(is_plain) {
        true => Cow::Borrowed(text),
        false => {
            let plain = text.chars().map(|character| match is_plain(character) {
                true => character,
                false => ' ',
            });
            let plain: String = plain.collect();
            Cow::Owned(stated(&plain).into_owned())
        }
    }
}

/// A wording in both languages.
type Wording = (&'static str, &'static str);

/// An uncertainty as the D-SI has a place for it, in the unit of its value.
struct InPlace<'u> {
    number: String,
    /// Factor and probability; none of a standard uncertainty.
    coverage: Option<(&'u str, &'u str)>,
}

/// The uncertainty of a row at its value: absolute, in a unit that reads in that of the value
/// without rounding, and an expanded one with factor and probability in the form of the schema.
fn in_place<'u>(stated: &'u Uncertainty, row: &CalibrationResult) -> Option<InPlace<'u>> {
    let unit = row.unit.as_ref().filter(|_| row.value.is_some())?;
    if stated.mode == Some(Mode::Relative) || stated.value.is_negative() {
        return None;
    }
    let plain = |number: &'u Decimal| {
        let text = number.as_str();
        text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.').then_some(text)
    };
    let coverage = match stated.kind? {
        UncertaintyKind::Standard => None,
        UncertaintyKind::Combined => return None,
        UncertaintyKind::Expanded => {
            let factor = plain(stated.coverage_factor.as_ref()?)?;
            let probability = plain(stated.coverage_probability.as_ref()?)?;
            let fits = !factor.starts_with('0')
                && ["0", "1"].iter().any(|one| {
                    probability
                        .strip_prefix(one)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                });
            Some((factor, probability)).filter(|_| fits)?.into()
        }
    };
    let converted = Conversion::between(&stated.unit, unit).ok()?.difference(&stated.value);
    converted.exact.then_some(InPlace { number: converted.number, coverage })
}

/// The items of a certificate, the first one first.
pub fn items_of(calibration: &Calibration) -> Vec<&Id> {
    let mut items = vec![&calibration.item];
    let pieces = calibration.results.iter().filter_map(|row| row.item.as_ref());
    for id in calibration.items.iter().chain(pieces) {
        if !items.contains(&id) {
            items.push(id);
        }
    }
    items
}

fn item_id(index: usize) -> String {
    format!("item{}", index + 1)
}

fn equipment_id(index: usize) -> String {
    format!("equipment{}", index + 1)
}

/// The reference type of a quantity kind.
fn kind_word(kind: QuantityKindId) -> String {
    format!("{PREFIX}{}", kind.id())
}

/// A record as it is embedded: without what a registry adds to it.
fn body(record: &AnyRecord) -> Value {
    let mut body = record.body();
    if let Value::Object(fields) = &mut body {
        let of_certificate: &[&str] = match record.collection() {
            CollectionName::Calibrations => OF_CERTIFICATE,
            _ => &[],
        };
        for field in OF_REGISTRY.iter().chain(of_certificate) {
            fields.remove(*field);
        }
    }
    body
}

struct Printer<'r> {
    records: &'r Records,
    calibration: &'r Calibration,
    issuer: &'r Organisation,
    customer: &'r Organisation,
    xml: XmlWriter,
    /// The elements that are open.
    open: Vec<&'static str>,
}

impl Printer<'_> {
    // XML

    fn indent(&mut self) {
        let indent = format!("\n{}", " ".repeat(self.open.len()));
        self.xml.raw(&indent);
    }

    fn begin(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.indent();
        self.xml.start_element(name, attributes);
        self.open.push(name);
    }

    fn end(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            self.xml.end_element(name);
        }
    }

    /// An element with a text.
    fn leaf(&mut self, name: &'static str, attributes: &[(&str, &str)], text: &str) {
        self.indent();
        self.xml.start_element(name, attributes);
        self.xml.text(&stated(text));
        self.xml.end_element(name);
    }

    fn optional(&mut self, name: &'static str, text: Option<&impl Display>) {
        if let Some(text) = text {
            self.leaf(name, &[], &text.to_string());
        }
    }

    /// An element with wordings in Vietnamese and English.
    fn wording(&mut self, name: &'static str, (vi, en): (Option<&str>, Option<&str>)) {
        self.begin(name, &[]);
        match (vi, en) {
            (None, None) => self.leaf("dcc:content", &[], NOT_STATED),
            (vi, en) => {
                for (language, text) in [("vi", vi), ("en", en)] {
                    if let Some(text) = text {
                        self.leaf("dcc:content", &[("lang", language)], text);
                    }
                }
            }
        }
        self.end();
    }

    fn names(&mut self, name: &'static str, names: &Names) {
        self.wording(name, (names.vi.as_deref(), names.en.as_deref()));
    }

    fn label(&mut self, (vi, en): Wording) {
        self.wording("dcc:name", (Some(vi), Some(en)));
    }

    /// A text in no particular language.
    fn text(&mut self, name: &'static str, text: &str) {
        self.begin(name, &[]);
        self.leaf("dcc:content", &[], text);
        self.end();
    }

    // The certificate

    fn certificate(mut self) -> String {
        self.xml.write_declaration();
        let root = [("xmlns:dcc", NAMESPACE), ("xmlns:si", SI), ("schemaVersion", "3.3.0")];
        self.begin("dcc:digitalCalibrationCertificate", &root);
        self.administrative_data();
        self.measurement_results();
        self.comment();
        self.end();
        self.xml.raw("\n");
        self.xml.into_string()
    }

    fn administrative_data(&mut self) {
        self.begin("dcc:administrativeData", &[]);
        self.begin("dcc:dccSoftware", &[]);
        self.begin("dcc:software", &[]);
        self.text("dcc:name", "Etalon");
        self.leaf("dcc:release", &[], EMBEDDED);
        self.end();
        self.end();
        self.begin("dcc:refTypeDefinitions", &[]);
        self.begin("dcc:refTypeDefinition", &[]);
        self.text("dcc:name", "Etalon");
        self.leaf("dcc:namespace", &[], PREFIX.trim_end_matches('_'));
        self.leaf("dcc:link", &[], EMBEDDED);
        self.end();
        self.end();
        self.core_data();
        self.items();
        self.begin("dcc:calibrationLaboratory", &[]);
        let schemes = [IdentifierScheme::Vilas, IdentifierScheme::KcdbNmiCode];
        let code = schemes.iter().find_map(|scheme| {
            self.issuer.identifiers.iter().find(|identifier| identifier.scheme == *scheme)
        });
        self.optional("dcc:calibrationLaboratoryCode", code.map(|code| &code.value));
        self.contact("dcc:contact", self.issuer);
        self.end();
        self.begin("dcc:respPersons", &[]);
        self.begin("dcc:respPerson", &[]);
        self.begin("dcc:person", &[]);
        let signatory = self.calibration.signatory.as_deref();
        self.text("dcc:name", signatory.unwrap_or(NOT_STATED));
        self.end();
        if signatory.is_some() {
            self.leaf("dcc:mainSigner", &[], "true");
        }
        self.end();
        self.end();
        self.contact("dcc:customer", self.customer);
        self.statements();
        self.end();
    }

    fn core_data(&mut self) {
        let calibration = self.calibration;
        self.begin("dcc:coreData", &[]);
        let country = self.issuer.country.as_deref().unwrap_or(NO_COUNTRY);
        self.leaf("dcc:countryCodeISO3166_1", &[], country);
        for name in ["dcc:usedLangCodeISO639_1", "dcc:mandatoryLangCodeISO639_1"] {
            for language in ["vi", "en"] {
                self.leaf(name, &[], language);
            }
        }
        self.leaf("dcc:uniqueIdentifier", &[], &calibration.number);
        self.begin("dcc:identifications", &[]);
        self.identification("other", "etalon_id", calibration.id.as_str());
        self.end();
        self.optional("dcc:receiptDate", calibration.received_on.as_ref());
        self.leaf("dcc:beginPerformanceDate", &[], &calibration.performed_from.to_string());
        self.leaf("dcc:endPerformanceDate", &[], &calibration.performed_to.to_string());
        let sites = self.issuer.sites.iter();
        let site = sites.into_iter().find(|site| Some(&site.id) == calibration.site.as_ref());
        let location = match site.map(|site| site.kind) {
            Some(SiteKind::Permanent) => "laboratory",
            Some(SiteKind::CustomerSite) => "customer",
            Some(SiteKind::Mobile | SiteKind::Temporary) | None => "other",
        };
        self.leaf("dcc:performanceLocation", &[], location);
        self.optional("dcc:issueDate", calibration.issued_on.as_ref());
        if let Some(number) = &calibration.amends_number {
            self.begin("dcc:reportAmendedSubstituted", &[]);
            let change = match calibration.change {
                Some(Change::Replaced) => "substituted",
                Some(Change::Corrected) | None => "amended",
            };
            self.leaf("dcc:typeOfChange", &[], change);
            self.leaf("dcc:replacedUniqueIdentifier", &[], number);
            self.end();
        }
        self.end();
    }

    fn identification(&mut self, issuer: &str, reference_type: &str, value: &str) {
        self.begin("dcc:identification", &[("refType", reference_type)]);
        self.leaf("dcc:issuer", &[], issuer);
        self.leaf("dcc:value", &[], value);
        self.end();
    }

    /// What identifies a standard; its record in any case.
    fn identifications(&mut self, id: &Id, serial: Option<&str>, others: &[ItemIdentifier]) {
        self.begin("dcc:identifications", &[]);
        if let Some(serial) = serial {
            self.identification("manufacturer", "basic_serialNumber", serial);
        }
        for ItemIdentifier { kind, value } in others {
            let issuer = match kind {
                ItemIdentifierKind::Asset => "owner",
                ItemIdentifierKind::Customer => "customer",
                ItemIdentifierKind::Serial
                | ItemIdentifierKind::Marking
                | ItemIdentifierKind::Other => "other",
            };
            self.identification(issuer, &format!("{PREFIX}{kind}"), value);
        }
        self.identification("other", "etalon_id", id.as_str());
        self.end();
    }

    fn maker(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            self.begin("dcc:manufacturer", &[]);
            self.text("dcc:name", name);
            self.end();
        }
    }

    /// What a standard is called; what identifies it where it has no name.
    fn title(&mut self, standard: &MeasurementStandard) {
        match (&standard.names, &standard.code) {
            (Some(names), _) => self.names("dcc:name", names),
            (None, Some(code)) => self.text("dcc:name", code),
            (None, None) => self.text("dcc:name", standard.id.as_str()),
        }
    }

    fn items(&mut self) {
        let calibration = self.calibration;
        self.begin("dcc:items", &[]);
        for (index, id) in items_of(calibration).into_iter().enumerate() {
            let Some(item) = standard(self.records, id) else { continue };
            self.begin("dcc:item", &[("id", &item_id(index))]);
            self.title(item);
            // As the certificate prints it, where it does.
            let printed = calibration.item_identification.as_ref().filter(|_| index == 0);
            let (maker, model, serial, others) = match printed {
                Some(one) => (&one.manufacturer, &one.model, &one.serial_number, &one.identifiers),
                None => (&item.manufacturer, &item.model, &item.serial_number, &item.identifiers),
            };
            self.maker(maker.as_deref());
            self.optional("dcc:model", model.as_ref());
            self.identifications(id, serial.as_deref(), others);
            self.end();
        }
        self.end();
    }

    fn contact(&mut self, name: &'static str, organisation: &Organisation) {
        self.begin(name, &[]);
        self.names("dcc:name", &organisation.names);
        self.begin("dcc:location", &[]);
        match &organisation.country {
            Some(country) => self.leaf("dcc:countryCode", &[], country),
            None => self.text("dcc:further", NOT_STATED),
        }
        self.end();
        self.end();
    }

    fn statements(&mut self) {
        let calibration = self.calibration;
        let is_mra = calibration.endorsement.as_ref().is_some_and(|one| one.cipm_mra == Some(true));
        let is_accredited =
            calibration.endorsement.as_ref().is_some_and(|one| one.accreditation.is_some());
        let traceability = calibration.traceability_statement.as_deref();
        if !is_mra && !is_accredited && traceability.is_none() && calibration.due_on.is_none() {
            return;
        }
        self.begin("dcc:statements", &[]);
        if is_mra {
            self.begin("dcc:statement", &[]);
            self.leaf("dcc:convention", &[], "CIPM-MRA");
            self.leaf("dcc:valid", &[], "true");
            self.end();
        }
        if is_accredited {
            self.begin("dcc:statement", &[("refType", "etalon_accreditation")]);
            self.leaf("dcc:norm", &[], "ISO/IEC 17025");
            self.wording(
                "dcc:declaration",
                (
                    Some("Cấp trong phạm vi được công nhận của phòng hiệu chuẩn"),
                    Some("Issued under the accreditation of the laboratory"),
                ),
            );
            self.end();
        }
        if let Some(statement) = traceability {
            self.begin("dcc:statement", &[]);
            self.leaf("dcc:traceable", &[], "true");
            self.text("dcc:declaration", statement);
            self.end();
        }
        if let Some(due) = &calibration.due_on {
            self.begin("dcc:statement", &[("refType", "basic_recalibration")]);
            self.leaf("dcc:date", &[], &due.to_string());
            if calibration.due_on_source != Some(DueSource::Printed) {
                self.contact("dcc:respAuthority", self.customer);
            }
            self.end();
        }
        self.end();
    }

    fn comment(&mut self) {
        let records = self.records.clone().into_any();
        let mut collections: Vec<(CollectionName, Vec<Value>)> = Vec::new();
        for (_, record) in records {
            match collections.last_mut() {
                Some((last, list)) if *last == record.collection() => list.push(body(&record)),
                _ => collections.push((record.collection(), vec![body(&record)])),
            }
        }
        let json: serde_json::Map<_, _> =
            collections.into_iter().map(|(name, list)| (name.to_string(), json!(list))).collect();
        // Characters that XML cannot hold, or that are not seen, and JSON would write as they are.
        let text = Value::Object(json).to_string();
        let text = text.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff");
        let text = text.replace('\u{7f}', "\\u007f");
        self.begin("dcc:comment", &[]);
        self.indent();
        // What has no element stands here alone: by the digest a slip in it is noticed.
        let attributes = [("xmlns:etalon", EMBEDDED), ("sha256", &sha256(&text))];
        self.xml.start_element("etalon:records", &attributes);
        self.xml.text(&text);
        self.xml.end_element("etalon:records");
        self.end();
    }

    // Measurements

    fn measurement_results(&mut self) {
        self.begin("dcc:measurementResults", &[]);
        self.methods();
        self.equipment();
        self.conditions();
        self.begin("dcc:measurementResult", &[]);
        self.label(("Kết quả hiệu chuẩn", "Calibration results"));
        self.begin("dcc:results", &[]);
        for (index, row) in self.calibration.results.iter().enumerate() {
            self.row(index, row);
        }
        if self.calibration.results.is_empty() {
            self.begin("dcc:result", &[]);
            self.label(("Không có kết quả", "No results"));
            self.begin("dcc:data", &[]);
            self.text("dcc:text", NOT_STATED);
            self.end();
            self.end();
        }
        self.end();
        self.end();
        self.end();
    }

    fn methods(&mut self) {
        let methods = &self.calibration.methods;
        if methods.is_empty() {
            return;
        }
        self.begin("dcc:usedMethods", &[]);
        for method in methods {
            let documents = self.records.documents.iter();
            let document = method
                .document
                .as_ref()
                .and_then(|id| documents.into_iter().find(|document| document.id == *id));
            let designation = document.map(|document| document.designation.as_str());
            self.begin("dcc:usedMethod", &[]);
            self.text("dcc:name", method.text.as_deref().or(designation).unwrap_or(NOT_STATED));
            if let Some(designation) = designation {
                self.leaf("dcc:norm", &[], designation);
            }
            self.end();
        }
        self.end();
    }

    fn equipment(&mut self) {
        let references = &self.calibration.references;
        if references.is_empty() {
            return;
        }
        self.begin("dcc:measuringEquipments", &[]);
        for (index, reference) in references.iter().enumerate() {
            let role = match reference.role.unwrap_or(ReferenceRole::Main) {
                ReferenceRole::Main => "basic_standardUsed".to_owned(),
                other => format!("{PREFIX}{other}"),
            };
            let attributes = [("id", &*equipment_id(index)), ("refType", &role)];
            self.begin("dcc:measuringEquipment", &attributes);
            let used = reference.standard.as_ref().and_then(|id| standard(self.records, id));
            match used {
                Some(used) => self.title(used),
                None => self.root_of(reference),
            }
            self.certificate_of(reference);
            if let Some(used) = used {
                self.maker(used.manufacturer.as_deref());
                self.optional("dcc:model", used.model.as_ref());
                let serial = used.serial_number.as_deref();
                self.identifications(&used.id, serial, &used.identifiers);
            }
            self.end();
        }
        self.end();
    }

    /// The name of a root of traceability, in the place of an equipment's.
    fn root_of(&mut self, reference: &Reference) {
        let roots = self.records.realisations.iter();
        let root = reference
            .realisation
            .as_ref()
            .and_then(|id| roots.into_iter().find(|root| root.id == *id));
        match root {
            None => self.text("dcc:name", NOT_STATED),
            Some(root) => {
                let kind = root.quantity_kind.kind();
                let (vi, en) = (
                    format!("Thể hiện đơn vị ({}): {}", root.kind, kind.name_vi),
                    format!("Realisation ({}): {}", root.kind, kind.name_en),
                );
                self.wording("dcc:name", (Some(&vi), Some(&en)));
            }
        }
    }

    /// The certificate whose value was used, by its number and the SHA-256 of its document.
    fn certificate_of(&mut self, reference: &Reference) {
        let (Some(number), Some(digest)) =
            (&reference.certificate_number, &reference.document_sha256)
        else {
            return;
        };
        self.begin("dcc:certificate", &[]);
        let (vi, en) = ("Giấy chứng nhận hiệu chuẩn", "Calibration certificate");
        self.wording("dcc:referral", (Some(vi), Some(en)));
        self.leaf("dcc:referralID", &[], number);
        self.leaf("dcc:procedure", &[], "SHA-256");
        self.leaf("dcc:value", &[], digest);
        self.end();
    }

    fn conditions(&mut self) {
        let conditions = &self.calibration.conditions;
        if conditions.is_empty() {
            return;
        }
        self.begin("dcc:influenceConditions", &[]);
        for condition in conditions {
            self.condition(condition);
        }
        self.end();
    }

    fn condition(&mut self, condition: &Condition) {
        let kind = condition.quantity_kind;
        let word = kind_word(kind);
        self.begin("dcc:influenceCondition", &[("refType", &word)]);
        self.label((kind.kind().name_vi, kind.kind().name_en));
        self.begin("dcc:data", &[]);
        for (end, number) in
            [("", &condition.value), ("Min", &condition.lower), ("Max", &condition.upper)]
        {
            if let Some(number) = number {
                self.quantity(&format!("{word}{end}"), None, number, &condition.unit);
            }
        }
        if let Some(expanded) = &condition.expanded_uncertainty {
            self.quantity("etalon_expanded_uncertainty", None, expanded, &condition.unit);
        }
        if condition.value.is_none() && condition.lower.is_none() && condition.upper.is_none() {
            self.text("dcc:text", NOT_STATED);
        }
        self.end();
        self.end();
    }

    /// One row: the point or the interval, the conditions, and what was found there.
    fn row(&mut self, index: usize, row: &CalibrationResult) {
        let kind = kind_word(row.quantity_kind);
        self.begin("dcc:result", &[("id", &format!("result{}", index + 1)), ("refType", &kind)]);
        self.text("dcc:name", &row.id);
        self.begin("dcc:data", &[]);
        let item = row.item.as_ref().and_then(|piece| self.item_position(piece));
        match item {
            Some(position) => self.begin("dcc:list", &[("refId", &item_id(position))]),
            None => self.begin("dcc:list", &[]),
        }
        if let Some(point) = &row.point {
            let is_actual = matches!(row.value_is, None | Some(ValueIs::Actual));
            let role = if is_actual { "basic_nominalValue" } else { "basic_referenceValue" };
            self.quantity(role, None, &point.value, &point.unit);
        }
        if let Some(interval) = &row.interval {
            for (role, bound) in [
                ("etalon_interval_lower", &interval.lower),
                ("etalon_interval_upper", &interval.upper),
            ] {
                if let Some(bound) = bound {
                    self.quantity(role, None, bound, &interval.unit);
                }
            }
        }
        for parameter in &row.parameters {
            for (role, number) in [
                ("etalon_parameter", &parameter.value),
                ("etalon_parameter_lower", &parameter.lower),
                ("etalon_parameter_upper", &parameter.upper),
            ] {
                if let (Some(number), Some(unit)) = (number, &parameter.unit) {
                    self.quantity(role, Some(&parameter.name), number, unit);
                }
            }
            if let Some(text) = &parameter.text {
                self.begin("dcc:quantity", &[("refType", "etalon_parameter")]);
                self.text("dcc:name", &parameter.name);
                self.text("dcc:noQuantity", text);
                self.end();
            }
        }
        self.found(row, &kind);
        if let Some(uncertainty) = &row.uncertainty {
            self.uncertainty_beside(row, uncertainty);
        }
        self.end();
        self.end();
        self.end();
    }

    fn item_position(&self, id: &Id) -> Option<usize> {
        let items = items_of(self.calibration);
        items.iter().position(|item| *item == id).filter(|_| items.len() > 1)
    }

    fn quantity(&mut self, role: &str, name: Option<&str>, number: &Decimal, unit: &Unit) {
        self.begin("dcc:quantity", &[("refType", role)]);
        if let Some(name) = name {
            self.text("dcc:name", name);
        }
        self.real(number, unit, None);
        self.foreign_unit(unit);
        self.end();
    }

    /// What was found: the number with its uncertainty, or that there is none.
    fn found(&mut self, row: &CalibrationResult, kind: &str) {
        let role = match row.value_is {
            None | Some(ValueIs::Actual) => kind.to_owned(),
            Some(ValueIs::Error) => format!("basic_measurementError {kind}"),
            Some(ValueIs::Correction) => format!("basic_correction {kind}"),
            Some(ValueIs::Indication) => format!("basic_measuredValue {kind}"),
            Some(other) => format!("{PREFIX}{other} {kind}"),
        };
        self.begin("dcc:quantity", &[("refType", &role)]);
        let kind = row.quantity_kind.kind();
        self.label((kind.name_vi, kind.name_en));
        match (&row.value, &row.unit) {
            (Some(value), Some(unit)) => {
                self.real(value, unit, row.uncertainty.as_ref().and_then(|one| in_place(one, row)));
            }
            _ => self.text("dcc:noQuantity", NOT_STATED),
        }
        self.metadata(row);
        self.end();
    }

    /// An uncertainty for which the D-SI has no place at the value: beside it.
    fn uncertainty_beside(&mut self, row: &CalibrationResult, stated: &Uncertainty) {
        if in_place(stated, row).is_some() {
            return;
        }
        let mode = if stated.mode == Some(Mode::Relative) { "etalon_relative_" } else { "etalon_" };
        let role = match stated.kind {
            Some(kind) => format!("{mode}{kind}_uncertainty"),
            None => format!("{mode}uncertainty"),
        };
        self.quantity(&role, None, &stated.value, &stated.unit);
        for (role, number) in [
            ("etalon_coverage_factor", &stated.coverage_factor),
            ("etalon_coverage_probability", &stated.coverage_probability),
        ] {
            if let Some(number) = number {
                self.begin("dcc:quantity", &[("refType", role)]);
                self.begin("si:real", &[]);
                self.leaf("si:value", &[], number.as_str());
                self.leaf("si:unit", &[], ONE);
                self.end();
                self.end();
            }
        }
    }

    fn metadata(&mut self, row: &CalibrationResult) {
        let references = self.calibration.references.iter().enumerate();
        let used: Vec<String> = references
            .filter(|(_, reference)| reference.for_results.contains(&row.id))
            .map(|(index, _)| equipment_id(index))
            .collect();
        let foreign = row.unit.as_ref().filter(|unit| dsi::of_unit(unit).is_none());
        if row.conformity.is_none()
            && used.is_empty()
            && foreign.is_none()
            && row.phase.is_none()
            && row.endorsed != Some(false)
        {
            return;
        }
        self.begin("dcc:measurementMetaData", &[]);
        if let Some(conformity) = &row.conformity {
            self.conformity(conformity, row.unit.as_ref());
        }
        for equipment in used {
            let attributes = [("refType", "basic_standardUsed"), ("refId", &*equipment)];
            self.begin("dcc:metaData", &attributes);
            self.text("dcc:declaration", NOT_STATED);
            self.end();
        }
        if let Some(unit) = foreign {
            self.non_si(unit);
        }
        let phase = row.phase.map(|phase| match phase {
            Phase::AsFound => ("Trước khi hiệu chỉnh", "As found"),
            Phase::AsLeft => ("Sau khi hiệu chỉnh", "As left"),
        });
        let outside = (row.endorsed == Some(false))
            .then_some(("Ngoài phạm vi được công nhận", "Outside the scope of recognition"));
        for (vi, en) in [phase, outside].into_iter().flatten() {
            self.begin("dcc:metaData", &[]);
            self.wording("dcc:declaration", (Some(vi), Some(en)));
            self.end();
        }
        self.end();
    }

    fn conformity(&mut self, conformity: &Conformity, unit: Option<&Unit>) {
        self.begin("dcc:metaData", &[("refType", "basic_conformity")]);
        if let Some(specification) = &conformity.specification {
            self.leaf("dcc:norm", &[], specification);
        }
        if let Some(rule) = &conformity.decision_rule {
            self.leaf("dcc:reference", &[], rule);
        }
        if let Some(statement) = conformity.statement {
            let word = match statement {
                ConformityStatement::Pass => "pass",
                ConformityStatement::Fail => "fail",
                ConformityStatement::ConditionalPass => "conditionalPass",
                ConformityStatement::ConditionalFail => "conditionalFail",
            };
            self.leaf("dcc:conformity", &[], word);
        }
        let limits = [
            ("basic_toleranceLimitLower", &conformity.lower_limit),
            ("basic_toleranceLimitUpper", &conformity.upper_limit),
            ("basic_acceptanceLimitLower", &conformity.acceptance_lower),
            ("basic_acceptanceLimitUpper", &conformity.acceptance_upper),
        ];
        if let Some(unit) = unit
            && limits.iter().any(|(_, limit)| limit.is_some())
        {
            self.begin("dcc:data", &[]);
            for (role, limit) in limits {
                if let Some(limit) = limit {
                    self.quantity(role, None, limit, unit);
                }
            }
            self.end();
        }
        self.end();
    }

    // Numbers

    /// A number with its unit, and its uncertainty in the same unit.
    fn real(&mut self, number: &Decimal, unit: &Unit, uncertainty: Option<InPlace<'_>>) {
        self.begin("si:real", &[]);
        self.number(number, unit);
        if let Some(InPlace { number, coverage }) = uncertainty {
            self.begin("si:measurementUncertaintyUnivariate", &[]);
            match coverage {
                None => {
                    self.begin("si:standardMU", &[]);
                    self.leaf("si:valueStandardMU", &[], &number);
                }
                Some((factor, probability)) => {
                    self.begin("si:expandedMU", &[]);
                    self.leaf("si:valueExpandedMU", &[], &number);
                    self.leaf("si:coverageFactor", &[], factor);
                    self.leaf("si:coverageProbability", &[], probability);
                }
            }
            self.end();
            self.end();
        }
        self.end();
    }

    fn number(&mut self, number: &Decimal, unit: &Unit) {
        self.leaf("si:value", &[], number.as_str());
        let word = dsi::of_unit(unit);
        self.leaf("si:unit", &[], word.as_deref().unwrap_or(ONE));
    }

    /// That a number stands in a unit that the D-SI has no word for.
    fn foreign_unit(&mut self, unit: &Unit) {
        if dsi::of_unit(unit).is_none() {
            self.begin("dcc:measurementMetaData", &[]);
            self.non_si(unit);
            self.end();
        }
    }

    fn non_si(&mut self, unit: &Unit) {
        self.begin("dcc:metaData", &[]);
        self.leaf("dcc:nonSIDefinition", &[], "UCUM");
        self.leaf("dcc:nonSIUnit", &[], unit.code());
        self.end();
    }
}
