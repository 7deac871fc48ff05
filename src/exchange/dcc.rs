//! Digital calibration certificates (DCC 3.0 to 3.3 of the PTB, and of 2.x what has the same names)
//! to records.
//!
//! What lives here: [`read`], from the text of a certificate to its laboratory, customer, items,
//! measuring equipment and calibration. What does not: D-SI units (`domain::dsi`), the check of
//! signatures, the check against the schema, and any judgement of the certificate (`engine`).
//!
//! Nothing is guessed. A result becomes a row only where identifiers (`refType`, a quantity type)
//! say what quantity it is and what its number is; names for people say nothing here (rule Q-06).
//! Every element is settled: read, listed with a reason, or found at the end and listed then.

mod mapping;
mod print;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use roxmltree::Node;

pub use self::mapping::{
    FORMAT as MAPPING_FORMAT, MappedOrganisation, MappedQuantity, Mapping, MappingError,
    MappingFormat, Meaning,
};
pub use self::print::{OF_CERTIFICATE, items_of, print};
use super::outcome::{Converted, Labels, ReadError, Unread, UnreadList, other_root, sha256};
use super::xml::{Element, Places, SI, Settled, beginning, decimal, own_text, parse};
use crate::domain::calibration::{
    Calibration, CalibrationKind, CalibrationResult, CertificateDocument, Change, Condition,
    Conformity, ConformityStatement, DueSource, Endorsement, ItemIdentification, Method, Reference,
    ReferenceRole, ValueIs,
};
use crate::domain::decimal::Decimal;
use crate::domain::dsi;
use crate::domain::fault::shortened;
use crate::domain::id::Id;
use crate::domain::interval::QuantityValue;
use crate::domain::organisation::{
    IdentifierScheme, Organisation, OrganisationIdentifier, OrganisationKind,
};
use crate::domain::period::Day;
use crate::domain::quantity::QuantityKindId;
use crate::domain::recognition::EvidenceLevel;
use crate::domain::records::Records;
use crate::domain::standard::{ItemIdentifier, ItemIdentifierKind, MeasurementStandard};
use crate::domain::text::{Language, Names, Text};
use crate::domain::uncertainty::{Uncertainty, UncertaintyKind};
use crate::domain::unit::Unit;

/// Namespace of the DCC.
pub(super) const NAMESPACE: &str = "https://ptb.de/dcc";
/// Local name of the root element.
pub(super) const ROOT: &str = "digitalCalibrationCertificate";
/// Media type of a DCC.
pub const MEDIA_TYPE: &str = "application/dcc+xml";
/// Versions of the schema that are read.
const VERSIONS: [&str; 4] = ["3.0.", "3.1.", "3.2.", "3.3."];
/// The version before, of which there is no open example: what has the same names is read.
const VERSION_BEFORE: &str = "2.";

/// Most rows of a certificate: a row costs some hundred times the two bytes that make it.
const MOST_ROWS: usize = 20_000;

/// Most links that are followed from one place: what links to more is about no single item.
const MOST_LINKS: usize = 32;

/// Reference types of the quantities of a table, with what their numbers are.
const ROLES: &[(&str, Role)] = &[
    ("basic_referenceValue", Role::Reference),
    ("basic_nominalValue", Role::Nominal),
    ("basic_measurementError", Role::Result(ValueIs::Error)),
    ("basic_correction", Role::Result(ValueIs::Correction)),
    ("basic_measuredValue", Role::Result(ValueIs::Indication)),
];

/// Reference types that say which quantity a method, a result or a condition is about. A unit of
/// the same dimension must go with it.
const KINDS_BY_REFERENCE_TYPE: &[(&str, &str)] = &[
    ("basic_temperature", "temperature"),
    ("gp_temperature", "temperature"),
    ("gp_temperatureSensor", "temperature"),
    ("basic_humidityRelative", "relative_humidity"),
    ("gp_humidityRelative", "relative_humidity"),
    ("gp_relativeGasHumidityAboveWater", "relative_humidity"),
];

/// Quantity kinds of QUDT, in lower case, whose meaning here is beyond doubt. `Mass`, `Pressure`,
/// `Voltage` and the like are none: the registry has several quantities of that name.
const KINDS_BY_QUDT: &[(&str, &str)] = &[
    ("temperature", "temperature"),
    ("thermodynamictemperature", "temperature"),
    ("celsiustemperature", "temperature"),
    ("relativehumidity", "relative_humidity"),
    ("dewpointtemperature", "dew_point_temperature"),
    ("length", "length"),
    ("planeangle", "plane_angle"),
    ("area", "area"),
    ("density", "density"),
    ("volume", "volume"),
    ("force", "force"),
    ("torque", "torque"),
    ("kinematicviscosity", "kinematic_viscosity"),
    ("dynamicviscosity", "dynamic_viscosity"),
    ("frequency", "frequency"),
    ("capacitance", "capacitance"),
    ("inductance", "inductance"),
    ("luminousintensity", "luminous_intensity"),
    ("luminousflux", "luminous_flux"),
    ("illuminance", "illuminance"),
    ("luminance", "luminance"),
    ("irradiance", "irradiance"),
    ("activity", "activity"),
];

/// Reference types of the equipment a value comes from.
const STANDARD_USED: [&str; 2] = ["basic_normalUsed", "basic_standardUsed"];

/// Elements that say nothing of the calibration: the languages of the document.
const STRUCTURE: [&str; 2] = ["usedLangCodeISO639_1", "mandatoryLangCodeISO639_1"];

/// A reason, in Vietnamese and English.
type Reason = (&'static str, &'static str);

const OTHER_LANGUAGE: Reason = (
    "chỉ giữ tên bằng tiếng Việt và tiếng Anh (hoặc một tên khác khi không có)",
    "names are kept in Vietnamese and English (or one in another language where there is neither)",
);
const QUANTITY_NOT_SAID: Reason = (
    "không có mã định danh nào cho biết đây là đại lượng nào",
    "which quantity this is is not said by an identifier",
);
const MEANING_NOT_SAID: Reason = (
    "không có mã định danh nào cho biết con số là gì (sai số, số hiệu chính, số chỉ)",
    "what the number is (an error, a correction, an indication) is not said by an identifier",
);
const SAID_OTHERWISE: Reason = (
    "cùng một phép đo được viết cách khác; kết quả đã lấy đại lượng bên cạnh",
    "the same measurement written another way; the result was taken from the quantity beside it",
);
const ANOTHER_QUANTITY: Reason = (
    "đại lượng khác trong cùng danh sách; phiên bản này chỉ lấy một đại lượng của mỗi danh sách",
    "another quantity in the same list; this version takes one quantity of each list",
);
const SEVERAL_ALIKE: Reason = (
    "nhiều đại lượng cùng loại đứng cạnh nhau mà không nói cái nào đi với cái nào",
    "several quantities alike stand side by side; which belong together is not said",
);
const POINT_TAKEN: Reason = (
    "điểm đo đã lấy từ giá trị chuẩn bên cạnh",
    "the point was taken from the reference value beside it",
);
const ALTERNATIVE: Reason = (
    "cùng giá trị ở đơn vị khác; chỉ lấy một cách viết",
    "the same value in another unit; only one form was taken",
);
const LENGTHS_DIFFER: Reason = (
    "số lượng giá trị trong các danh sách cạnh nhau không khớp",
    "lists that belong together have different numbers of values",
);
const TOO_MANY_ROWS: Reason = (
    "giấy chứng nhận có quá 20000 kết quả; phần còn lại không được đọc",
    "the certificate has more than 20,000 results; the rest was not read",
);
const NOT_A_NUMBER: Reason =
    ("một số ở đây không phải là số thập phân", "a number here is no decimal number");
const UNKNOWN_FORM: Reason = (
    "chưa đọc được dạng ghi giá trị này; đọc được: real, realListXMLList và hybrid của chúng",
    "this form of a value is not read; real, realListXMLList and hybrids of them are",
);
const ITEM_UNDECIDED: Reason = (
    "giấy chứng nhận có nhiều đối tượng mà không nói kết quả nào thuộc đối tượng nào; kết quả được \
     để ở đối tượng đầu tiên",
    "the certificate has several items and does not say which result belongs to which; the results \
     stand with the first",
);
const NO_RESULT: Reason = (
    "không lấy được kết quả đo nào từ giấy chứng nhận này: hãy bổ sung bằng tay",
    "no result could be taken from this certificate: add them by hand",
);
const ROLE_NOT_SAID: Reason = (
    "không nói thiết bị này được dùng để làm gì; được coi là chuẩn chính của phép hiệu chuẩn",
    "what this equipment was used for is not said; it counts as a main input",
);
const BEFORE_ADJUSTMENT: Reason = (
    "giá trị trước khi hiệu chỉnh; phiên bản này chỉ đọc kết quả của giấy chứng nhận",
    "values before an adjustment; this version only reads the results of the certificate",
);
const BEFORE_THREE: Reason = (
    "DCC phiên bản 2: chỉ đọc những phần có cùng tên trong phiên bản 3; hãy so với bản gốc",
    "DCC version 2: only what has the same names as in version 3 was read; compare with the original",
);
const EQUIPMENT_WITHOUT_ROWS: Reason = (
    "thiết bị của một phần đo không lấy được kết quả nào",
    "equipment of a part of the measurements from which no result was taken",
);

/// Why an element that nothing asked for is not in the records, by its name.
const BY_NAME: &[(&[&str], Reason)] = &[
    (
        &["dccSoftware", "usedSoftware", "installedSoftware", "installedSoftwares"],
        ("không lưu thông tin phần mềm", "software is not kept"),
    ),
    (
        &[
            "eMail",
            "phone",
            "fax",
            "link",
            "location",
            "descriptionData",
            "city",
            "further",
            "postCode",
            "postOfficeBox",
            "state",
            "street",
            "streetNo",
            "positionCoordinates",
        ],
        ("không lưu địa chỉ và thông tin liên hệ", "address and contact data are not kept"),
    ),
    (
        &["description", "declaration"],
        (
            "lời mô tả, không có trường tương ứng",
            "a description in words, for which there is no field",
        ),
    ),
    (
        &["statement"],
        (
            "tuyên bố bằng lời, không có trường tương ứng",
            "a statement in words, for which there is no field",
        ),
    ),
    (
        &["relativeUncertainty"],
        (
            "phiên bản này chưa đọc độ không đảm bảo đo tương đối",
            "relative uncertainties are not read in this version",
        ),
    ),
    (&["Signature"], ("chữ ký số chưa được kiểm tra ở đây", "the signature was not checked here")),
    (
        &["file", "document", "byteData", "dataBase64"],
        ("không lưu tệp nhúng", "embedded files are not kept"),
    ),
    (
        &["name"],
        (
            "tiêu đề cho người đọc, không có trường tương ứng",
            "a heading for people, for which there is no field",
        ),
    ),
    (&["influenceConditions", "influenceCondition", "quantity", "list", "data"], QUANTITY_NOT_SAID),
    (&["respPerson"], ("chỉ giữ người ký chính", "only the main signer is kept")),
    (
        &["certificate", "previousReport", "reportAmendedSubstituted"],
        (
            "nhắc đến một giấy chứng nhận khác bằng lời; hãy nối với bản ghi của nó",
            "names another certificate in words; link the record of that certificate",
        ),
    ),
];

const NO_FIELD: Reason =
    ("không có trường tương ứng trong bản ghi", "the records have no field for this");

/// Reads a certificate. Its file name goes into the ids of the records.
///
/// # Errors
/// When the text is no well-formed XML, has a DTD, is no DCC 2 or 3, or lacks what no record
/// can be made without: number, dates of performance, laboratory, customer, items.
pub fn read(name: &str, xml: &str) -> Result<Converted, ReadError> {
    read_with(name, xml, &[])
}

/// The same with what certificates of laboratories mean by names: of the mappings the first that is
/// for the laboratory counts.
///
/// # Errors
/// The same.
pub fn read_with(name: &str, xml: &str, mappings: &[Mapping]) -> Result<Converted, ReadError> {
    let document = parse(xml)?;
    let root = document.root_element();
    let places = Places::new(xml, &document)?;
    supported(root).map_err(|error| places.locate(error, root))?;
    let embedded = print::embedded(xml, &document);
    if let Some(Ok(records)) = embedded {
        return Ok(printed(records, sha256(xml)));
    }
    let reader = Reader {
        places,
        labels: Labels::new(name),
        settled: Settled::new(&document),
        unread: UnreadList::default(),
        records: Records::default(),
        items: Vec::new(),
        items_by_id: HashMap::new(),
        results: Vec::new(),
        made_with: HashMap::new(),
        mapping: mapping_for(root, mappings),
    };
    let mut converted = reader.certificate(root, sha256(xml))?;
    if embedded.is_some() {
        converted.unread.insert(0, other_records());
    }
    Ok(converted)
}

/// The mapping for the certificates of the laboratory that a certificate names.
fn mapping_for<'m>(root: Element<'_>, mappings: &'m [Mapping]) -> Option<&'m Mapping> {
    let path = ["administrativeData", "calibrationLaboratory", "contact", "name", "content"];
    let names: Vec<String> = along(root, &path).into_iter().filter_map(own_text).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    mappings.iter().find(|mapping| mapping.is_for(&names))
}

/// The records that a certificate was printed from, as they are in its document.
fn printed(mut records: Records, digest: String) -> Converted {
    let document = CertificateDocument {
        media_type: Some(MEDIA_TYPE.to_owned()),
        sha256: Some(digest),
        signed_by: None,
        signature: None,
    };
    for calibration in records.calibrations.iter_mut() {
        calibration.document = Some(document.clone());
    }
    let mut as_uploaded = Records::default();
    for (position, mut record) in records.into_any() {
        record.record_mut().set_evidence(Some(EvidenceLevel::DocumentUploaded), None);
        as_uploaded.push_any(position, record);
    }
    Converted { records: as_uploaded, unread: Vec::new() }
}

/// That the records which Etalon put into a certificate were not taken.
fn other_records() -> Unread {
    Unread {
        place: format!("/dcc:{ROOT}/dcc:comment"),
        line: None,
        count: 1,
        found: None,
        reason: Text::new(
            "các bản ghi mà Etalon ghi kèm không khớp với phần còn lại của giấy chứng nhận: một trong \
             hai đã bị sửa; chỉ đọc giấy chứng nhận",
            "the records that Etalon put here do not say what the certificate says: one of the two \
             was changed; only the certificate was read",
        ),
    }
}

fn is_before(root: Element<'_>) -> bool {
    root.attribute("schemaVersion").unwrap_or_default().trim().starts_with(VERSION_BEFORE)
}

/// The root must be that of a DCC of a version that is read.
fn supported(root: Element<'_>) -> Result<(), ReadError> {
    let name = root.tag_name();
    if (name.namespace(), name.name()) != (Some(NAMESPACE), ROOT) {
        return Err(other_root(name.namespace().unwrap_or_default(), name.name()));
    }
    let version = root.attribute("schemaVersion").unwrap_or_default().trim();
    if VERSIONS.iter().any(|known| version.starts_with(known)) || is_before(root) {
        return Ok(());
    }
    let found = shortened(version);
    Err(ReadError::new(
        format!(
            "phiên bản DCC “{found}” (thuộc tính schemaVersion) không đọc được; đọc được từ 3.0 \
             đến 3.3, và 2.x theo các tên chung: hãy xin bên cấp bản DCC 3"
        ),
        format!(
            "DCC version “{found}” (attribute schemaVersion) is not read; 3.0 to 3.3 are, and 2.x by \
             the names in common: ask the issuer for a DCC 3"
        ),
    ))
}

/// Child elements of the DCC by name.
fn children<'d>(parent: Element<'d>, name: &str) -> impl Iterator<Item = Element<'d>> {
    parent.children().filter(move |child| child.has_tag_name((NAMESPACE, name)))
}

/// The first child element of the DCC of a name.
fn child<'d>(parent: Element<'d>, name: &str) -> Option<Element<'d>> {
    children(parent, name).next()
}

/// The descendants along a path of names, each with every element of its name.
fn along<'d>(start: Element<'d>, path: &[&str]) -> Vec<Element<'d>> {
    path.iter().fold(vec![start], |elements, name| {
        elements.into_iter().flat_map(|element| children(element, name)).collect()
    })
}

/// The words of an attribute that is a list, such as `refType`.
fn words<'d>(element: Element<'d>, attribute: &str) -> impl Iterator<Item = &'d str> {
    element.attribute(attribute).unwrap_or_default().split_whitespace()
}

/// Whether an element has one of some reference types.
fn is_of_type(element: Element<'_>, types: &[&str]) -> bool {
    words(element, "refType").any(|word| types.contains(&word))
}

/// The number of a list at an index; a list of one holds for every index.
fn at<T>(list: &[T], index: usize) -> Option<&T> {
    list.get(if list.len() == 1 { 0 } else { index })
}

/// The unit of a quantity that is not in units of the SI, as its metadata say: a UCUM code is read,
/// what else a unit was defined by is not.
fn non_si(quantity: Element<'_>) -> Result<Option<Unit>, Text> {
    let metadata = along(quantity, &["measurementMetaData", "metaData"]);
    let Some((metadata, unit)) =
        metadata.into_iter().find_map(|data| Some((data, child(data, "nonSIUnit")?)))
    else {
        return Ok(None);
    };
    let code = own_text(unit).unwrap_or_default();
    let definition = child(metadata, "nonSIDefinition").and_then(own_text);
    match Unit::parse(&code).ok().filter(|_| definition.as_deref() == Some("UCUM")) {
        Some(unit) => Ok(Some(unit)),
        None => {
            let found = shortened(&code);
            Err(Text::new(
                format!("đơn vị “{found}” không thuộc SI và không phải mã UCUM"),
                format!("the unit “{found}” is not of the SI and no UCUM code"),
            ))
        }
    }
}

/// What the numbers of a quantity are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Role {
    /// The value the reference had.
    Reference,
    /// The value that was to be had.
    Nominal,
    /// What was found.
    Result(ValueIs),
}

/// The numbers of a quantity.
struct Series<'d> {
    quantity: Element<'d>,
    /// `si:real` or `si:realListXMLList`.
    form: Element<'d>,
    /// The same in other units.
    alternatives: Vec<Element<'d>>,
    values: Vec<Option<Decimal>>,
    units: Vec<Unit>,
    /// What the laboratory means by its name.
    mapped: Option<&'d MappedQuantity>,
}

/// The uncertainties of a series.
struct Uncertainties<'d> {
    kind: UncertaintyKind,
    values: Vec<Option<Decimal>>,
    factors: Vec<Option<Decimal>>,
    probabilities: Vec<Option<Decimal>>,
    elements: Vec<Element<'d>>,
}

/// The role that the reference types of a quantity say.
fn role_of(quantity: Element<'_>) -> Option<Role> {
    let role = |word| ROLES.iter().find(|(known, _)| *known == word).map(|(_, role)| *role);
    words(quantity, "refType").find_map(role)
}

/// A child of the D-SI by name, in its single form or in that of lists.
fn si_child<'d>(parent: Element<'d>, name: &str) -> Option<Element<'d>> {
    parent.children().find(|child| {
        let found = child.tag_name();
        found.namespace() == Some(SI)
            && found.name().strip_suffix("XMLList").unwrap_or(found.name()) == name
    })
}

fn decimals(element: Option<Element<'_>>) -> Vec<Option<Decimal>> {
    let text = element.and_then(own_text).unwrap_or_default();
    text.split_whitespace().map(decimal).collect()
}

impl<'d> Series<'d> {
    /// The numbers of a quantity, if it is in a form that is read; of several forms one with its
    /// uncertainty, and of these the one in coherent SI units, else the first.
    fn of(quantity: Element<'d>) -> Result<Option<Self>, Text> {
        let is_form = |node: &Element<'d>| {
            ["real", "realListXMLList"].iter().any(|name| node.has_tag_name((SI, *name)))
        };
        let hybrid = quantity.children().find(|child| child.has_tag_name((SI, "hybrid")));
        let forms: Vec<_> = hybrid.unwrap_or(quantity).children().filter(is_form).collect();
        let mut read: Vec<Self> = Vec::new();
        let mut error = None;
        for form in &forms {
            match Self::of_form(quantity, *form) {
                Ok(series) => read.push(series),
                Err(reason) => error = error.or(Some(reason)),
            }
        }
        let is_coherent = |unit: &Unit| unit.factor() == 1.0 && unit.offset() == 0.0;
        let preferred = (0..read.len()).min_by_key(|index| {
            let series = read.get(*index);
            let stated = series.is_some_and(|series| series.uncertainties().is_some());
            (!stated, !series.is_some_and(|series| series.units.iter().all(is_coherent)))
        });
        let chosen = preferred.map(|index| read.swap_remove(index));
        match (chosen, error) {
            (Some(mut series), _) => {
                series.alternatives =
                    forms.into_iter().filter(|form| *form != series.form).collect();
                Ok(Some(series))
            }
            (None, Some(reason)) => Err(reason),
            (None, None) => Ok(None),
        }
    }

    fn of_form(quantity: Element<'d>, form: Element<'d>) -> Result<Self, Text> {
        let printed = si_child(form, "unit").and_then(own_text).unwrap_or_default();
        let mut units = Vec::new();
        if let Some(unit) = non_si(quantity)? {
            return Self::in_units(quantity, form, vec![unit]);
        }
        for string in printed.split_whitespace() {
            let code = dsi::to_ucum(string).map_err(|error| {
                let found = shortened(string);
                let (hint_vi, hint_en) = match &error.suggestion {
                    Some(meant) => {
                        (format!("; có phải là {meant}?"), format!("; did you mean {meant}?"))
                    }
                    None => (String::new(), String::new()),
                };
                Text::new(
                    format!("đơn vị {found}: {}{hint_vi}", error.reason_vi()),
                    format!("unit {found}: {}{hint_en}", error.reason_en()),
                )
            })?;
            units.push(
                Unit::parse(&code)
                    .map_err(|error| Text::new(error.message_vi(), error.message_en()))?,
            );
        }
        Self::in_units(quantity, form, units)
    }

    fn in_units(quantity: Element<'d>, form: Element<'d>, units: Vec<Unit>) -> Result<Self, Text> {
        let values = decimals(si_child(form, "value"));
        let fitting = !values.is_empty() && (units.len() == 1 || units.len() == values.len());
        if !fitting {
            return Err(Text::new(LENGTHS_DIFFER.0, LENGTHS_DIFFER.1));
        }
        Ok(Self { quantity, form, alternatives: Vec::new(), values, units, mapped: None })
    }

    fn role(&self) -> Option<Role> {
        let mapped = || Some(self.mapped?.means?.role());
        role_of(self.quantity).or_else(mapped)
    }

    fn uncertainties(&self) -> Option<Uncertainties<'d>> {
        self.form.descendants().filter(Node::is_element).find_map(|element| {
            let name = element.tag_name().name();
            let kind = match name.strip_suffix("XMLList").unwrap_or(name) {
                "uncertainty" | "valueExpandedMU" => UncertaintyKind::Expanded,
                "valueStandardMU" | "standardUnc" => UncertaintyKind::Standard,
                _ => return None,
            };
            // Beside a standard uncertainty, a coverage probability belongs to an interval.
            let beside = element.parent().filter(|_| kind == UncertaintyKind::Expanded);
            let factor = beside.and_then(|parent| si_child(parent, "coverageFactor"));
            let probability = beside.and_then(|parent| si_child(parent, "coverageProbability"));
            Some(Uncertainties {
                kind,
                values: decimals(Some(element)),
                factors: decimals(factor),
                probabilities: decimals(probability),
                elements: [Some(element), factor, probability].into_iter().flatten().collect(),
            })
        })
    }

    fn value(&self, index: usize) -> Option<QuantityValue> {
        let value = at(&self.values, index)?.clone()?;
        Some(QuantityValue { value, unit: at(&self.units, index)?.clone() })
    }

    /// Whether there is one number, or as many as rows.
    fn fits(&self, rows: usize) -> bool {
        self.values.len() == 1 || self.values.len() == rows
    }

    fn is_of(&self, kind: QuantityKindId) -> bool {
        self.units.iter().all(|unit| unit.dimension() == kind.kind().dimension)
    }

    /// The quantity kind that identifiers say: a quantity type of its own, else the reference
    /// types of the quantity, else those around it, innermost last.
    fn kind(&self, around: &[Vec<QuantityKindId>]) -> Option<QuantityKindId> {
        if let Some(typed) = si_child(self.form, "quantityTypeQUDT") {
            let types = own_text(typed)?;
            return self.only(types.split_whitespace().map(kind_of_qudt));
        }
        let own = kinds_said(self.quantity);
        for said in std::iter::once(&own).chain(around.iter().rev()) {
            let mut fitting = said.iter().copied().filter(|kind| self.is_of(*kind)).peekable();
            if fitting.peek().is_some() {
                return self.only(fitting.map(Some));
            }
        }
        self.mapped?.quantity_kind.filter(|kind| self.is_of(*kind))
    }

    /// The kind that all agree on, if its dimension is that of the units.
    fn only(
        &self,
        mut kinds: impl Iterator<Item = Option<QuantityKindId>>,
    ) -> Option<QuantityKindId> {
        let first = kinds.next()??;
        (kinds.all(|kind| kind == Some(first)) && self.is_of(first)).then_some(first)
    }
}

/// The kinds that the reference types of an element and of its methods say.
fn kinds_said(element: Element<'_>) -> Vec<QuantityKindId> {
    let methods = along(element, &["usedMethods", "usedMethod"]);
    let levels = std::iter::once(element).chain(methods);
    levels.flat_map(|level| words(level, "refType")).filter_map(kind_of_reference_type).collect()
}

fn kind_of_reference_type(word: &str) -> Option<QuantityKindId> {
    if let Some(id) = word.strip_prefix(print::PREFIX) {
        return QuantityKindId::parse(id);
    }
    let (_, kind) = KINDS_BY_REFERENCE_TYPE.iter().find(|(known, _)| *known == word)?;
    QuantityKindId::parse(kind)
}

/// The kind of a QUDT name, written alone or at the end of an address.
fn kind_of_qudt(name: &str) -> Option<QuantityKindId> {
    let name = name.rsplit(['/', ':', '#']).next()?.to_ascii_lowercase();
    let (_, kind) = KINDS_BY_QUDT.iter().find(|(known, _)| *known == name)?;
    QuantityKindId::parse(kind)
}

/// What the statements of a certificate say in a form that records have a field for.
#[derive(Default)]
struct Statements {
    endorsement: Option<Endorsement>,
    traceability: Option<String>,
    due: Option<(Day, DueSource)>,
}

struct Reader<'d> {
    places: Places<'d>,
    labels: Labels,
    settled: Settled,
    unread: UnreadList,
    records: Records,
    items: Vec<Id>,
    /// The items by their XML ids.
    items_by_id: HashMap<&'d str, Id>,
    results: Vec<CalibrationResult>,
    /// The rows made with an equipment, where the file says which, by the equipment's XML id.
    made_with: HashMap<&'d str, Vec<String>>,
    /// What the laboratory means by names.
    mapping: Option<&'d Mapping>,
}

impl<'d> Reader<'d> {
    // What was read and what was not

    fn settle(&mut self, element: Element<'d>) {
        self.settled.settle(element);
    }

    fn unread(&self, element: Element<'d>, reason: Text) -> Unread {
        Unread {
            place: self.places.path(element),
            line: Some(self.places.position(element).0),
            count: 1,
            found: beginning(element),
            reason,
        }
    }

    /// Notes what is undecided about an element.
    fn note(&mut self, element: Element<'d>, (vi, en): Reason) {
        let unread = self.unread(element, Text::new(vi, en));
        self.unread.push(Unread { found: None, ..unread });
    }

    /// Lists an element as not read, with all it contains.
    fn refuse(&mut self, element: Element<'d>, reason: Text) {
        let unread = self.unread(element, reason);
        self.unread.push(unread);
        self.settled.settle_all(element);
    }

    /// Lists whatever nothing asked for, once a subtree.
    fn sweep(&mut self, root: Element<'d>) {
        for element in root.descendants().filter(Node::is_element) {
            let leads_here = element.parent().is_some_and(|parent| self.settled.has(parent));
            let name = element.tag_name().name();
            if self.settled.has(element) || !leads_here || STRUCTURE.contains(&name) {
                continue;
            }
            let known = BY_NAME.iter().find(|(names, _)| names.contains(&name));
            let (vi, en) = known.map_or(NO_FIELD, |(_, reason)| *reason);
            let unread = self.unread(element, Text::new(vi, en));
            self.unread.push(unread);
        }
    }

    // Texts

    fn text(&mut self, element: Element<'d>) -> Option<String> {
        self.settle(element);
        own_text(element)
    }

    fn child_text(&mut self, parent: Element<'d>, name: &str) -> Option<String> {
        child(parent, name).and_then(|element| self.text(element))
    }

    fn required(&self, parent: Element<'d>, name: &str) -> Result<Element<'d>, ReadError> {
        child(parent, name).ok_or_else(|| {
            let parent_name = parent.tag_name().name();
            let error = ReadError::new(
                format!("“{parent_name}” thiếu phần tử “{name}”; không có nó thì không lập được bản ghi"),
                format!("“{parent_name}” lacks the element “{name}”, without which no record can be made"),
            );
            self.places.locate(error, parent)
        })
    }

    fn required_text(&mut self, parent: Element<'d>, name: &str) -> Result<String, ReadError> {
        let element = self.required(parent, name)?;
        self.text(element).ok_or_else(|| {
            let error = ReadError::new(
                format!("“{name}” để trống; không có nó thì không lập được bản ghi"),
                format!("“{name}” is empty; no record can be made without it"),
            );
            self.places.locate(error, element)
        })
    }

    fn required_day(&mut self, parent: Element<'d>, name: &str) -> Result<Day, ReadError> {
        let text = self.required_text(parent, name)?;
        Day::parse(&text).map_err(|error| {
            let found = shortened(&text);
            let wrong = ReadError::new(
                format!("“{name}”: “{found}” không phải là ngày (cần dạng 2026-02-10, năm 1800 đến 2299)"),
                format!("“{name}”: “{found}”: {error}"),
            );
            self.places.locate(wrong, child(parent, name).unwrap_or(parent))
        })
    }

    /// A day, where it is there and is one.
    fn day(&mut self, parent: Element<'d>, name: &str) -> Option<Day> {
        let element = child(parent, name)?;
        let day = own_text(element).and_then(|text| Day::parse(&text).ok())?;
        self.settle(element);
        Some(day)
    }

    /// A country code, where it is there and is one.
    fn country(&mut self, parent: Option<Element<'d>>, name: &str) -> Option<String> {
        let element = child(parent?, name)?;
        let is_code =
            |code: &String| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
        let code = own_text(element).filter(is_code)?;
        self.settle(element);
        Some(code).filter(|code| code != print::NO_COUNTRY)
    }

    /// The wordings of an element with `content` in several languages.
    fn wordings(&mut self, element: Element<'d>) -> Option<Names> {
        let contents: Vec<_> = children(element, "content").collect();
        let mut names = Names { vi: None, en: None };
        for content in &contents {
            match content.attribute("lang") {
                Some("vi") if names.vi.is_none() => names.vi = self.text(*content),
                Some("en") if names.en.is_none() => names.en = self.text(*content),
                _ => {}
            }
        }
        if names.vi.is_none() && names.en.is_none() {
            names.en = contents.iter().find_map(|content| self.text(*content));
        }
        for content in contents {
            if !self.settled.has(content) {
                let unread = self.unread(content, Text::new(OTHER_LANGUAGE.0, OTHER_LANGUAGE.1));
                self.unread.count("content", unread);
                self.settle(content);
            }
        }
        (names.vi.is_some() || names.en.is_some()).then_some(names)
    }

    fn names(&mut self, parent: Element<'d>) -> Option<Names> {
        child(parent, "name").and_then(|name| self.wordings(name))
    }

    /// One wording, in Vietnamese where there is one.
    fn words_of(&mut self, element: Element<'d>) -> Option<String> {
        let wordings = self.wordings(element)?;
        Some(wordings.in_language(Language::Vietnamese).to_owned())
    }

    // Records

    fn certificate(mut self, root: Element<'d>, digest: String) -> Result<Converted, ReadError> {
        let administrative = self.required(root, "administrativeData")?;
        let core = self.required(administrative, "coreData")?;
        let number = self.required_text(core, "uniqueIdentifier")?;
        let performed_from = self.required_day(core, "beginPerformanceDate")?;
        let performed_to = self.required_day(core, "endPerformanceDate")?;
        let issuer = self.laboratory(administrative, core)?;
        let customer_contact = self.required(administrative, "customer")?;
        let customer =
            self.organisation(customer_contact, OrganisationKind::Enterprise, "customer")?;
        let printed = self.items(administrative, &customer)?;
        let statements = self.statements(administrative, customer_contact);
        let measured = self.required(root, "measurementResults")?;
        let parts = self.parts(measured);
        let references = self.references(measured, &parts, &issuer)?;
        let signatory = self.signatory(administrative);
        let methods = self.methods(measured);
        let conditions = self.conditions(measured);

        let item = self.items.first().cloned();
        let item = item.ok_or_else(|| no_item(&self.places, administrative))?;
        let items = if self.items.len() > 1 { self.items.clone() } else { Vec::new() };
        let (due_on, due_on_source) = statements.due.unzip();
        let (amends_number, change) = self.amendment(core).unzip();
        let calibration = Calibration {
            id: self.labels.id("calibration")?,
            kind: CalibrationKind::Calibration,
            issuer,
            number,
            performed_from,
            performed_to,
            item,
            version_label: None,
            amends: None,
            amends_number,
            change,
            received_on: self.day(core, "receiptDate"),
            issued_on: self.day(core, "issueDate"),
            site: None,
            performed_by: None,
            continuous: None,
            item_identification: printed,
            endorsement: statements.endorsement,
            signatory,
            traceability_statement: statements.traceability,
            competence_evidence: None,
            correction_applied: None,
            due_on,
            due_on_source,
            references_complete: None,
            epoch: None,
            document: Some(CertificateDocument {
                media_type: Some(MEDIA_TYPE.to_owned()),
                sha256: Some(digest),
                signed_by: None,
                signature: None,
            }),
            published: None,
            code: None,
            version: None,
            recorded_at: None,
            recorded_by: None,
            log_index: None,
            evidence_level: Some(EvidenceLevel::DocumentUploaded),
            synced_at: None,
            items,
            methods,
            conditions,
            status_history: Vec::new(),
            results: std::mem::take(&mut self.results),
            references,
        };
        if calibration.results.is_empty() {
            self.note(measured, NO_RESULT);
        }
        self.records.calibrations.push(calibration);
        if is_before(root) {
            self.note(root, BEFORE_THREE);
        }
        self.settle(root);
        self.sweep(root);
        Ok(Converted { records: self.records, unread: self.unread.into_list() })
    }

    /// The number of the certificate that this one stands for, and how.
    fn amendment(&mut self, core: Element<'d>) -> Option<(String, Change)> {
        let report = child(core, "reportAmendedSubstituted")?;
        let change = match child(report, "typeOfChange").and_then(own_text)?.as_str() {
            "amended" => Change::Corrected,
            "substituted" => Change::Replaced,
            _ => return None,
        };
        let number = self.child_text(report, "replacedUniqueIdentifier")?;
        self.child_text(report, "typeOfChange");
        Some((number, change))
    }

    fn laboratory(
        &mut self,
        administrative: Element<'d>,
        core: Element<'d>,
    ) -> Result<Id, ReadError> {
        let laboratory = self.required(administrative, "calibrationLaboratory")?;
        let contact = self.required(laboratory, "contact")?;
        let id =
            self.organisation(contact, OrganisationKind::CalibrationLaboratory, "laboratory")?;
        // The certificate's own country says the laboratory's where its address does not.
        let own = self.records.organisations.last().and_then(|record| record.country.clone());
        let stated = child(core, "countryCodeISO3166_1").and_then(own_text);
        let country = match own {
            Some(own) if stated.as_ref() != Some(&own) => Some(own),
            _ => self.country(Some(core), "countryCodeISO3166_1"),
        };
        let code = self.child_text(laboratory, "calibrationLaboratoryCode");
        if let Some(record) = self.records.organisations.last_mut() {
            record.country = country;
            let scheme = IdentifierScheme::Other;
            record.identifiers.extend(code.map(|value| OrganisationIdentifier { scheme, value }));
        }
        Ok(id)
    }

    /// An organisation from a contact; within a certificate, one of the same names is the same.
    fn organisation(
        &mut self,
        contact: Element<'d>,
        kind: OrganisationKind,
        suffix: &str,
    ) -> Result<Id, ReadError> {
        let id = self.labels.id(suffix)?;
        let names = self.names(contact).ok_or_else(|| {
            let name = contact.tag_name().name();
            let error = ReadError::new(
                format!("“{name}” không có tên; không có nó thì không lập được bản ghi"),
                format!("“{name}” has no name, without which no record can be made"),
            );
            self.places.locate(error, contact)
        })?;
        let known = |mapping: &'d Mapping| {
            let path = ["name", "content"];
            let names: Vec<String> =
                along(contact, &path).into_iter().filter_map(own_text).collect();
            mapping.organisation(&names.iter().map(String::as_str).collect::<Vec<_>>())
        };
        if let Some(known) = self.mapping.and_then(known) {
            return Ok(known.clone());
        }
        let is_same = |record: &&Organisation| record.names == names;
        if let Some(known) = self.records.organisations.iter().find(is_same) {
            return Ok(known.id.clone());
        }
        let organisation = Organisation {
            id: id.clone(),
            kind,
            names,
            country: self.country(child(contact, "location"), "countryCode"),
            parent: None,
            version: None,
            recorded_at: None,
            recorded_by: None,
            log_index: None,
            evidence_level: Some(EvidenceLevel::DocumentUploaded),
            synced_at: None,
            identifiers: Vec::new(),
            sites: Vec::new(),
            name_history: Vec::new(),
        };
        self.records.organisations.push(organisation);
        Ok(id)
    }

    /// The items as standards; the first as the certificate prints it is returned.
    fn items(
        &mut self,
        administrative: Element<'d>,
        customer: &Id,
    ) -> Result<Option<ItemIdentification>, ReadError> {
        let list = self.required(administrative, "items")?;
        let common_owner = self.owner(list, "owner")?.unwrap_or_else(|| customer.clone());
        let mut printed = None;
        for (index, element) in children(list, "item").enumerate() {
            let owner = self.owner(element, &format!("item{}-owner", index + 1))?;
            let id = self.labels.id(format_args!("item{}", index + 1))?;
            let own =
                self.standard(element, id.clone(), owner.unwrap_or_else(|| common_owner.clone()));
            if let Some(xml_id) = element.attribute("id") {
                self.items_by_id.insert(xml_id, id.clone());
            }
            self.items.push(id);
            if index == 0 {
                printed = Some(own);
            }
        }
        let blank = ItemIdentification {
            manufacturer: None,
            model: None,
            serial_number: None,
            identifiers: Vec::new(),
        };
        Ok(printed.filter(|printed| *printed != blank))
    }

    /// The owner of an item, where one is named.
    fn owner(&mut self, parent: Element<'d>, suffix: &str) -> Result<Option<Id>, ReadError> {
        let contact = child(parent, "owner");
        contact
            .map(|contact| self.organisation(contact, OrganisationKind::Enterprise, suffix))
            .transpose()
    }

    /// An item or an equipment as a standard, and as it is printed.
    fn standard(&mut self, element: Element<'d>, id: Id, owner: Id) -> ItemIdentification {
        self.settle(element);
        let names = self.names(element);
        let manufacturer = child(element, "manufacturer")
            .and_then(|contact| self.names(contact))
            .map(|names| names.in_language(Language::Vietnamese).to_owned());
        let model = self.child_text(element, "model");
        let mut serial_number = None;
        let mut identifiers = Vec::new();
        for identification in along(element, &["identifications", "identification"]) {
            if is_of_type(identification, &["etalon_id"]) {
                // The registry that printed the certificate knows the standard by it.
                identification.descendants().for_each(|part| self.settle(part));
                continue;
            }
            let issuer = self.child_text(identification, "issuer").unwrap_or_default();
            let Some(value) = self.child_text(identification, "value") else { continue };
            let kind = match issuer.as_str() {
                "manufacturer" if serial_number.is_none() => {
                    serial_number = Some(value);
                    continue;
                }
                "customer" | "owner" => ItemIdentifierKind::Asset,
                _ => ItemIdentifierKind::Other,
            };
            identifiers.push(ItemIdentifier { kind, value });
        }
        let printed = ItemIdentification {
            manufacturer: manufacturer.clone(),
            model: model.clone(),
            serial_number: serial_number.clone(),
            identifiers: identifiers.clone(),
        };
        self.records.measurement_standards.push(MeasurementStandard {
            id,
            owner,
            code: None,
            names,
            manufacturer,
            model,
            serial_number,
            standard_type: None,
            parent_kit: None,
            legal_level: None,
            metrological_role: None,
            nominal: None,
            range: None,
            accuracy_class: None,
            drift: None,
            interval_policy: None,
            status: None,
            material: None,
            domestically_developed: None,
            version: None,
            recorded_at: None,
            recorded_by: None,
            log_index: None,
            evidence_level: Some(EvidenceLevel::DocumentUploaded),
            synced_at: None,
            quantity_kinds: Vec::new(),
            quantities: Vec::new(),
            derivations: Vec::new(),
            use_models: Vec::new(),
            properties: Vec::new(),
            identifiers,
            interval_policy_history: Vec::new(),
            events: Vec::new(),
        });
        printed
    }

    fn signatory(&mut self, administrative: Element<'d>) -> Option<String> {
        for person in along(administrative, &["respPersons", "respPerson"]) {
            let Some(signs) = child(person, "mainSigner") else { continue };
            if !is_true(signs) {
                continue;
            }
            if let Some(name) = child(person, "person").and_then(|contact| child(contact, "name")) {
                self.settle(signs);
                return self.words_of(name);
            }
        }
        None
    }

    fn statements(&mut self, administrative: Element<'d>, customer: Element<'d>) -> Statements {
        let mut said = Statements::default();
        for statement in along(administrative, &["statements", "statement"]) {
            let convention = child(statement, "convention");
            let is_mra = convention
                .and_then(own_text)
                .is_some_and(|text| matches!(text.as_str(), "CIPM-MRA" | "CIPM MRA"));
            let valid = child(statement, "valid").filter(|valid| is_true(*valid));
            if let (true, Some(convention), Some(valid)) = (is_mra, convention, valid) {
                self.settle(convention);
                self.settle(valid);
                said.endorsement = Some(Endorsement { accreditation: None, cipm_mra: Some(true) });
            }
            let traceable = child(statement, "traceable").filter(|traceable| is_true(*traceable));
            if let (Some(traceable), Some(declaration), None) =
                (traceable, child(statement, "declaration"), &said.traceability)
            {
                self.settle(traceable);
                said.traceability = self.words_of(declaration);
            }
            if is_of_type(statement, &["basic_recalibration"]) && said.due.is_none() {
                // Only what the customer sets is agreed; a date merely printed never governs.
                let name = |contact| child(contact, "name").and_then(beginning);
                let authority = child(statement, "respAuthority");
                let is_customer =
                    authority.and_then(name).is_some_and(|set| name(customer) == Some(set));
                let source = if is_customer { DueSource::Agreed } else { DueSource::Printed };
                said.due = self.day(statement, "date").map(|day| (day, source));
                if let (true, Some(name)) = (is_customer, authority.and_then(|a| child(a, "name")))
                {
                    self.wordings(name);
                }
            }
        }
        said
    }

    fn methods(&mut self, measured: Element<'d>) -> Vec<Method> {
        let mut levels = vec![measured];
        levels.extend(children(measured, "measurementResult"));
        let mut methods: Vec<Method> = Vec::new();
        for element in
            levels.into_iter().flat_map(|level| along(level, &["usedMethods", "usedMethod"]))
        {
            let name = child(element, "name").and_then(|name| self.words_of(name));
            let documents: Vec<String> = ["norm", "reference"]
                .iter()
                .flat_map(|name| children(element, name).collect::<Vec<_>>())
                .filter_map(|document| self.text(document))
                .collect();
            let documents = documents.join("; ");
            let text = match (name, documents.is_empty()) {
                (Some(name), true) => name,
                (Some(name), false) => format!("{name} ({documents})"),
                (None, true) => continue,
                (None, false) => documents,
            };
            let method = Method { document: None, text: Some(text) };
            if !methods.contains(&method) {
                methods.push(method);
            }
        }
        methods
    }

    // Conditions

    fn conditions(&mut self, measured: Element<'d>) -> Vec<Condition> {
        let mut levels = vec![measured];
        levels.extend(children(measured, "measurementResult"));
        let conditions: Vec<_> = levels
            .into_iter()
            .flat_map(|level| along(level, &["influenceConditions", "influenceCondition"]))
            .collect();
        let mut read = Vec::new();
        for element in conditions {
            if is_of_type(element, &["basic_adjustment"]) {
                let (vi, en) = BEFORE_ADJUSTMENT;
                self.refuse(element, Text::new(vi, en));
            } else {
                read.extend(self.condition(element));
            }
        }
        read
    }

    /// A condition: a quantity alone, or two that its reference type calls `…Min` and `…Max`.
    fn condition(&mut self, element: Element<'d>) -> Option<Condition> {
        let (word, quantity_kind) = words(element, "refType")
            .find_map(|word| Some((word, kind_of_reference_type(word)?)))?;
        let series: Vec<Series<'d>> = along(element, &["data", "quantity"])
            .into_iter()
            .filter_map(|quantity| Series::of(quantity).ok().flatten())
            .filter(|series| series.values.len() == 1 && series.is_of(quantity_kind))
            .collect();
        let end = |end: &str| {
            let wanted = format!("{word}{end}");
            series.iter().find(|series| is_of_type(series.quantity, &[&wanted]))
        };
        let (lower, upper) = (end("Min"), end("Max"));
        let value =
            series.first().filter(|_| series.len() == 1 && lower.is_none() && upper.is_none());
        let unit = value.or(lower).or(upper)?.units.first()?.clone();
        let number = |series: Option<&Series<'d>>| {
            series.filter(|series| series.units.contains(&unit))?.values.first()?.clone()
        };
        let expanded = value
            .and_then(Series::uncertainties)
            .filter(|stated| stated.kind == UncertaintyKind::Expanded);
        let condition = Condition {
            quantity_kind,
            value: number(value),
            lower: number(lower),
            upper: number(upper),
            expanded_uncertainty: expanded
                .as_ref()
                .and_then(|u| u.values.first().cloned().flatten()),
            unit: unit.clone(),
        };
        for series in [value, lower, upper].into_iter().flatten() {
            if series.units.contains(&unit) {
                self.take(series);
            }
        }
        // Records have no field for the coverage of a condition.
        if let Some(element) = expanded.and_then(|stated| stated.elements.into_iter().next()) {
            self.settle(element);
        }
        Some(condition)
    }

    // Results

    /// Reads the results of each part of the measurements; returns the rows of each.
    fn parts(&mut self, measured: Element<'d>) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        for part in children(measured, "measurementResult") {
            let first = self.results.len();
            for result in along(part, &["results", "result"]) {
                let mut around: Vec<_> = [measured, part, result].map(kinds_said).into();
                for data in children(result, "data") {
                    self.table(data, &mut around);
                }
            }
            parts.push(first..self.results.len());
        }
        if self.items.len() > 1 && self.results.iter().any(|row| row.item.is_none()) {
            self.note(measured, ITEM_UNDECIDED);
        }
        parts
    }

    /// Reads the quantities that stand side by side in a list or in the data of a result, then
    /// the lists in it. `around` are the quantity kinds said of what it stands in.
    fn table(&mut self, container: Element<'d>, around: &mut Vec<Vec<QuantityKindId>>) {
        around.push(kinds_said(container));
        let quantities: Vec<_> = children(container, "quantity").collect();
        let has_lists = child(container, "list").is_some();
        if let Err(reason) = self.rows(&quantities, around) {
            if container.has_tag_name((NAMESPACE, "list")) && !has_lists {
                self.refuse(container, reason);
            } else {
                for quantity in quantities {
                    self.refuse(quantity, reason.clone());
                }
            }
        }
        for list in children(container, "list") {
            self.table(list, around);
        }
        around.pop();
    }

    /// Makes rows of quantities that stand side by side: one of them is what was found, another
    /// the point at which it was found.
    fn rows(
        &mut self,
        quantities: &[Element<'d>],
        around: &[Vec<QuantityKindId>],
    ) -> Result<(), Text> {
        let because = |(vi, en): Reason| Text::new(vi, en);
        if quantities.is_empty() {
            return Ok(());
        }
        let mut readable = Vec::new();
        let mut unreadable = None;
        for quantity in quantities {
            match Series::of(*quantity) {
                Ok(series) => readable.extend(
                    series.map(|series| Series { mapped: self.mapped(*quantity), ..series }),
                ),
                Err(reason) if matches!(role_of(*quantity), Some(Role::Result(_))) => {
                    return Err(reason);
                }
                Err(reason) => unreadable = unreadable.or(Some(reason)),
            }
        }
        let (found, value_is, kind) = result_of(&readable, around)
            .map_err(|reason| unreadable.unwrap_or_else(|| because(reason)))?;
        let of_role = |role| {
            let fitting = |series: &&Series<'d>| series.role() == Some(role) && series.is_of(kind);
            let mut all = readable.iter().filter(fitting);
            match (all.next(), all.next()) {
                (_, Some(_)) => Err(because(SEVERAL_ALIKE)),
                (only, None) => Ok(only),
            }
        };
        let stated = match of_role(Role::Reference)? {
            None => of_role(Role::Nominal)?,
            reference => reference,
        };
        let set_point = if stated.is_none() { set_point(quantities, kind) } else { None };
        let point = stated.or(set_point.as_ref());
        let count = found.values.len();
        let uncertainties = found.uncertainties();
        let fitting = point.is_none_or(|point| point.fits(count))
            && uncertainties.as_ref().is_none_or(|stated| stated.fits(count));
        if !fitting {
            return Err(because(LENGTHS_DIFFER));
        }
        if self.results.len() + count > MOST_ROWS {
            return Err(because(TOO_MANY_ROWS));
        }
        let conformity = self.conformity(found);
        let first = self.results.len();
        let item = self.item_of(found.quantity);
        for index in 0..count {
            let uncertainty = uncertainties.as_ref().and_then(|u| u.at(index, found));
            let row = CalibrationResult {
                id: format!("r{}", self.results.len() + 1),
                quantity_kind: kind,
                service_category: None,
                analyte: None,
                matrix: None,
                point: point.and_then(|point| point.value(index)),
                interval: None,
                item: item.clone(),
                point_tolerance: None,
                valid_interval: None,
                interpolation: None,
                value: at(&found.values, index).cloned().flatten(),
                unit: at(&found.units, index).cloned(),
                value_is,
                uncertainty,
                phase: None,
                endorsed: None,
                performed_on: None,
                conformity: conformity.as_ref().and_then(|list| list.at(index)),
                parameters: Vec::new(),
                methods: Vec::new(),
            };
            self.results.push(row);
        }
        self.equipment_used(quantities, first..first + count);
        for series in [Some(found), point].into_iter().flatten() {
            self.take(series);
        }
        if let Some(stated) = uncertainties {
            for element in &stated.elements {
                self.settle(*element);
            }
            let mut numbers = [&stated.values, &stated.factors, &stated.probabilities].into_iter();
            if numbers.any(|list| list.iter().any(Option::is_none)) {
                self.note(found.form, NOT_A_NUMBER);
            }
        }
        for other in &readable {
            let is_used = [Some(found), point].into_iter().flatten();
            if is_used.map(|series| series.quantity).any(|used| used == other.quantity) {
                continue;
            }
            match other.role() {
                Some(Role::Result(_)) if other.kind(around) == Some(kind) => {
                    self.refuse(other.quantity, because(SAID_OTHERWISE));
                }
                Some(Role::Result(_)) => self.refuse(other.quantity, because(ANOTHER_QUANTITY)),
                Some(_) if point.is_some() => self.refuse(other.quantity, because(POINT_TAKEN)),
                _ => {}
            }
        }
        Ok(())
    }

    /// What the laboratory means by the name of a quantity.
    fn mapped(&self, quantity: Element<'d>) -> Option<&'d MappedQuantity> {
        let mapping = self.mapping?;
        let names: Vec<String> =
            along(quantity, &["name", "content"]).into_iter().filter_map(own_text).collect();
        mapping.quantity(&names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Settles the numbers of a series; the same in other units is listed.
    fn take(&mut self, series: &Series<'d>) {
        for name in ["value", "unit", "quantityTypeQUDT"] {
            if let Some(element) = si_child(series.form, name) {
                self.settle(element);
            }
        }
        for name in ["nonSIDefinition", "nonSIUnit"] {
            for element in along(series.quantity, &["measurementMetaData", "metaData", name]) {
                self.settle(element);
            }
        }
        for alternative in &series.alternatives {
            self.refuse(*alternative, Text::new(ALTERNATIVE.0, ALTERNATIVE.1));
        }
        if series.values.iter().any(Option::is_none) {
            self.note(series.form, NOT_A_NUMBER);
        }
    }

    /// The item that the file links a quantity, or what it stands in, to.
    fn item_of(&self, quantity: Element<'d>) -> Option<Id> {
        if self.items.len() < 2 {
            return None;
        }
        let mut linked = quantity
            .ancestors()
            .take_while(|level| !level.has_tag_name((NAMESPACE, "measurementResult")))
            .filter_map(|level| {
                let ids = words(level, "refId").take(MOST_LINKS);
                let mut items = ids.filter_map(|id| self.items_by_id.get(id));
                items.next().filter(|_| items.next().is_none()).cloned()
            });
        linked.next()
    }

    /// Notes which rows were made with which equipment, where metadata of a table say so.
    fn equipment_used(&mut self, quantities: &[Element<'d>], rows: Range<usize>) {
        let path = ["measurementMetaData", "metaData"];
        let metadata = quantities.iter().flat_map(|quantity| along(*quantity, &path));
        let links = metadata.filter(|metadata| is_of_type(*metadata, &STANDARD_USED));
        for metadata in links.take(MOST_LINKS) {
            let used: Vec<&str> = words(metadata, "refId").collect();
            if used.len() != 1 && used.len() != rows.len() {
                continue;
            }
            for (index, row) in self.results.iter().enumerate().skip(rows.start).take(rows.len()) {
                if let Some(equipment) = at(&used, index - rows.start) {
                    self.made_with.entry(equipment).or_default().push(row.id.clone());
                }
            }
            self.settle(metadata);
        }
    }

    /// The statement of conformity in the metadata of a quantity.
    fn conformity(&mut self, found: &Series<'d>) -> Option<ConformityList> {
        let metadata = along(found.quantity, &["measurementMetaData", "metaData"])
            .into_iter()
            .find(|data| is_of_type(*data, &["basic_conformity"]))?;
        let rows = found.values.len();
        let stated = child(metadata, "conformity").or(child(metadata, "conformityXMLList"));
        let statements: Vec<Option<ConformityStatement>> = stated
            .and_then(own_text)
            .unwrap_or_default()
            .split_whitespace()
            .map(|word| match word {
                "pass" => Some(ConformityStatement::Pass),
                "fail" => Some(ConformityStatement::Fail),
                "conditionalPass" => Some(ConformityStatement::ConditionalPass),
                "conditionalFail" => Some(ConformityStatement::ConditionalFail),
                _ => None,
            })
            .collect();
        let fitting = statements.len() == 1 || statements.len() == rows;
        let mut list = ConformityList::default();
        if let Some(stated) = stated.filter(|_| fitting && statements.iter().all(Option::is_some)) {
            self.settle(stated);
            list.statements = statements;
        }
        for quantity in along(metadata, &["data", "quantity"]) {
            let Ok(Some(series)) = Series::of(quantity) else { continue };
            let limits = match words(quantity, "refType").next() {
                Some("basic_toleranceLimitLower") => &mut list.lower_limits,
                Some("basic_toleranceLimitUpper") => &mut list.upper_limits,
                Some("basic_acceptanceLimitLower") => &mut list.acceptance_lower,
                Some("basic_acceptanceLimitUpper") => &mut list.acceptance_upper,
                _ => continue,
            };
            if series.units == found.units && series.fits(rows) {
                limits.clone_from(&series.values);
                self.take(&series);
            }
        }
        Some(list)
    }

    // References

    /// The measuring equipment, as standards and as references to them.
    fn references(
        &mut self,
        measured: Element<'d>,
        parts: &[Range<usize>],
        issuer: &Id,
    ) -> Result<Vec<Reference>, ReadError> {
        let mut equipment: Vec<(Element<'d>, Option<Vec<String>>)> = Vec::new();
        let path = ["measuringEquipments", "measuringEquipment"];
        equipment.extend(along(measured, &path).into_iter().map(|element| (element, None)));
        for (part, rows) in children(measured, "measurementResult").zip(parts) {
            let rows = self.results.iter().skip(rows.start).take(rows.len());
            let rows: Vec<String> = rows.map(|row| row.id.clone()).collect();
            // A single part has all rows.
            let rows = (parts.len() > 1).then_some(rows);
            equipment.extend(along(part, &path).into_iter().map(|element| (element, rows.clone())));
        }
        let has_rows = !self.results.is_empty();
        let mut references = Vec::new();
        for (index, (element, rows)) in equipment.into_iter().enumerate() {
            let mut linked = element.attribute("id").and_then(|id| self.made_with.get(id)).cloned();
            if let Some(rows) = &mut linked {
                let mut seen = HashSet::new();
                rows.retain(|row| seen.insert(row.clone()));
            }
            let is_main = linked.is_some() || is_of_type(element, &STANDARD_USED);
            let rows = linked.or(rows);
            if has_rows && rows.as_ref().is_some_and(Vec::is_empty) {
                let (vi, en) = EQUIPMENT_WITHOUT_ROWS;
                self.refuse(element, Text::new(vi, en));
                continue;
            }
            let id = self.labels.id(format_args!("equipment{}", index + 1))?;
            self.standard(element, id.clone(), issuer.clone());
            if !is_main {
                self.note(element, ROLE_NOT_SAID);
            }
            references.push(Reference {
                standard: Some(id),
                realisation: None,
                calibration: None,
                result: None,
                certificate_number: self.certificate_number(element),
                document_sha256: self.certificate_digest(element),
                role: is_main.then_some(ReferenceRole::Main),
                model: None,
                sensitivity: None,
                exponent: None,
                symbol: None,
                equation: None,
                uncertainty_in_budget: None,
                for_results: rows.unwrap_or_default(),
                shared_with: Vec::new(),
            });
        }
        Ok(references)
    }

    /// The number of the certificate of an equipment.
    fn certificate_number(&mut self, equipment: Element<'d>) -> Option<String> {
        let certificate = child(equipment, "certificate")?;
        self.child_text(certificate, "referralID")
    }

    /// The SHA-256 of the certificate of an equipment, where it is stated as one.
    fn certificate_digest(&mut self, equipment: Element<'d>) -> Option<String> {
        let certificate = child(equipment, "certificate")?;
        let procedure = child(certificate, "procedure")?;
        let value = child(certificate, "value")?;
        let is_sha256 = own_text(procedure)?.to_ascii_uppercase().replace('-', "") == "SHA256";
        let digest = own_text(value)?.to_ascii_lowercase();
        let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_sha256 || !is_digest {
            return None;
        }
        self.settle(procedure);
        self.settle(value);
        Some(digest)
    }
}

fn no_item(places: &Places<'_>, administrative: Element<'_>) -> ReadError {
    let error = ReadError::new(
        "giấy chứng nhận không nêu đối tượng nào được hiệu chuẩn",
        "the certificate names no item that was calibrated",
    );
    places.locate(error, administrative)
}

fn is_true(element: Element<'_>) -> bool {
    own_text(element).is_some_and(|text| matches!(text.as_str(), "true" | "1"))
}

/// Of quantities side by side the one that is the result, what its numbers are and which quantity
/// it is: what has an uncertainty comes first, then the error, the correction, the indication. A
/// quantity with a quantity type and no role is the value itself.
fn result_of<'s, 'd>(
    series: &'s [Series<'d>],
    around: &[Vec<QuantityKindId>],
) -> Result<(&'s Series<'d>, Option<ValueIs>, QuantityKindId), Reason> {
    let order = [ValueIs::Error, ValueIs::Correction, ValueIs::Indication];
    let known = series.iter().filter_map(|series| Some((series, series.kind(around)?)));
    let known: Vec<_> = known.collect();
    let results = known.iter().filter_map(|(series, kind)| match series.role() {
        Some(Role::Result(value_is)) => Some((*series, Some(value_is), *kind)),
        None if says_its_kind(series) => Some((*series, None, *kind)),
        _ => None,
    });
    let results: Vec<_> = results.collect();
    let found = results.iter().min_by_key(|(series, value_is, _)| {
        let rank = order.iter().position(|known| Some(*known) == *value_is);
        (series.uncertainties().is_none(), rank.unwrap_or(order.len()))
    });
    let Some((found, value_is, kind)) = found.copied() else {
        let has_result = series.iter().any(|own| matches!(own.role(), Some(Role::Result(_))));
        return Err(match series {
            [] => UNKNOWN_FORM,
            _ if has_result || known.is_empty() => QUANTITY_NOT_SAID,
            _ => MEANING_NOT_SAID,
        });
    };
    let alike = results.iter().filter(|(_, own, of)| (*own, *of) == (value_is, kind)).count();
    if alike > 1 { Err(SEVERAL_ALIKE) } else { Ok((found, value_is, kind)) }
}

/// Whether a quantity itself says which quantity it is, and not only what it stands in.
fn says_its_kind(series: &Series<'_>) -> bool {
    si_child(series.form, "quantityTypeQUDT").is_some()
        || words(series.quantity, "refType")
            .any(|word| word.starts_with(print::PREFIX) && kind_of_reference_type(word).is_some())
}

/// The value that was to be set, where metadata of a table say it.
fn set_point<'d>(quantities: &[Element<'d>], kind: QuantityKindId) -> Option<Series<'d>> {
    let path = ["measurementMetaData", "metaData"];
    let data = quantities.iter().flat_map(|quantity| along(*quantity, &path));
    data.filter(|data| is_of_type(*data, &["basic_calibrationValue"]))
        .flat_map(|data| along(data, &["data", "quantity"]))
        .find_map(|quantity| Series::of(quantity).ok().flatten())
        .filter(|series| series.is_of(kind))
}

impl Uncertainties<'_> {
    /// Whether there is none or one of each number, or as many as rows.
    fn fits(&self, rows: usize) -> bool {
        let lists = [&self.values, &self.factors, &self.probabilities];
        lists.iter().all(|list| list.len() <= 1 || list.len() == rows)
    }

    fn at(&self, index: usize, series: &Series<'_>) -> Option<Uncertainty> {
        let number = |list: &[Option<Decimal>]| at(list, index).cloned().flatten();
        Some(Uncertainty {
            value: number(&self.values)?,
            unit: at(&series.units, index)?.clone(),
            kind: Some(self.kind),
            mode: None,
            coverage_factor: number(&self.factors),
            coverage_probability: number(&self.probabilities),
            degrees_of_freedom: None,
        })
    }
}

/// Statements of conformity, one for all rows or one a row.
#[derive(Default)]
struct ConformityList {
    statements: Vec<Option<ConformityStatement>>,
    lower_limits: Vec<Option<Decimal>>,
    upper_limits: Vec<Option<Decimal>>,
    acceptance_lower: Vec<Option<Decimal>>,
    acceptance_upper: Vec<Option<Decimal>>,
}

impl ConformityList {
    fn at(&self, index: usize) -> Option<Conformity> {
        let limit = |list: &[Option<Decimal>]| at(list, index).cloned().flatten();
        let conformity = Conformity {
            specification: None,
            lower_limit: limit(&self.lower_limits),
            upper_limit: limit(&self.upper_limits),
            acceptance_lower: limit(&self.acceptance_lower),
            acceptance_upper: limit(&self.acceptance_upper),
            decision_rule: None,
            statement: at(&self.statements, index).copied().flatten(),
        };
        let is_blank = conformity.statement.is_none()
            && [
                &conformity.lower_limit,
                &conformity.upper_limit,
                &conformity.acceptance_lower,
                &conformity.acceptance_upper,
            ]
            .iter()
            .all(|limit| limit.is_none());
        (!is_blank).then_some(conformity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_xml_keep_their_digits() {
        for (written, kept) in [
            ("0.50", "0.50"),
            ("+5", "5"),
            (".5", "0.5"),
            ("-.5e-3", "-0.5e-3"),
            ("1.", "1"),
            ("1.E2", "1E2"),
            ("10.000006E-3", "10.000006E-3"),
            ("1.32616e+02", "1.32616e+02"),
        ] {
            assert_eq!(decimal(written).map(|number| number.to_string()).as_deref(), Some(kept));
        }
        for text in ["", ".", "-.", ".e1", "NaN", "+-1", "1,5", "INF", "e5"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    /// A certificate of a quantity, in a list with a nominal value.
    fn certificate(form: &str) -> Converted {
        let xml = format!(
            r#"<digitalCalibrationCertificate xmlns="https://ptb.de/dcc" xmlns:si="https://ptb.de/si"
              schemaVersion="3.3.0"><administrativeData><coreData>
            <uniqueIdentifier>1</uniqueIdentifier>
            <beginPerformanceDate>2026-01-02</beginPerformanceDate>
            <endPerformanceDate>2026-01-02</endPerformanceDate></coreData>
            <items><item id="i1"/><item id="i2"/></items>
            <calibrationLaboratory><contact><name><content lang="vi">Phòng</content></name></contact>
            </calibrationLaboratory><customer><name><content>C</content></name></customer>
            </administrativeData><measurementResults><measurementResult><results><result>
            <data><list refId="i2"><quantity refType="basic_nominalValue">
            <si:real><si:value>10</si:value><si:unit>\milli\metre</si:unit></si:real></quantity>
            <quantity>{form}</quantity></list></data>
            </result></results></measurementResult></measurementResults>
            </digitalCalibrationCertificate>"#
        );
        read("x.xml", &xml).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn quantity_types_and_links_to_items_are_followed() {
        let form = |name: &str| {
            format!(
                r"<si:real><si:quantityTypeQUDT>{name}</si:quantityTypeQUDT><si:value>10.0002</si:value>
                <si:unit>\milli\metre</si:unit><si:measurementUncertaintyUnivariate><si:standardMU>
                <si:valueStandardMU>0.0001</si:valueStandardMU></si:standardMU>
                </si:measurementUncertaintyUnivariate></si:real>"
            )
        };
        let found = certificate(&form("http://qudt.org/vocab/quantitykind/Length"));
        let [row] = &found.records.calibrations[0].results[..] else {
            panic!("{:?}", found.unread)
        };
        assert_eq!((row.quantity_kind.id(), row.value_is), ("length", None));
        assert_eq!(row.item.as_ref(), Some(&found.records.measurement_standards[1].id));
        assert_eq!(row.point.as_ref().map(|point| point.value.as_str()), Some("10"));
        let uncertainty = row.uncertainty.as_ref().expect("stated");
        assert_eq!(uncertainty.kind, Some(UncertaintyKind::Standard));
        assert_eq!((uncertainty.value.as_str(), uncertainty.unit.code()), ("0.0001", "mm"));
        for other in ["Mass", "Temperature", "Height"] {
            let found = certificate(&form(other));
            assert!(found.records.calibrations[0].results.is_empty(), "{other}");
        }
    }

    #[test]
    fn results_alike_are_not_chosen_from() {
        let length = |value: &str| {
            format!(
                r"<si:real><si:quantityTypeQUDT>length</si:quantityTypeQUDT>
                <si:value>{value}</si:value><si:unit>\metre</si:unit></si:real>"
            )
        };
        let found = certificate(&format!("{}</quantity><quantity>{}", length("1"), length("2")));
        assert!(found.records.calibrations[0].results.is_empty());
        assert!(found.unread.iter().any(|part| part.reason.en.contains("alike")), "{found:?}");
    }

    #[test]
    fn numbers_that_do_not_fit_together_are_no_rows() {
        for (form, reason) in [
            (
                r"<si:realListXMLList><si:quantityTypeQUDT>length</si:quantityTypeQUDT>
                <si:valueXMLList>1 2 3</si:valueXMLList>
                <si:unitXMLList>\metre \metre</si:unitXMLList></si:realListXMLList>",
                "different numbers of values",
            ),
            (
                r"<si:realListXMLList><si:quantityTypeQUDTXMLList>length</si:quantityTypeQUDTXMLList>
                <si:valueXMLList>1 2 3</si:valueXMLList><si:unitXMLList>\metre</si:unitXMLList>
                <si:expandedUncXMLList><si:uncertaintyXMLList>1 2</si:uncertaintyXMLList>
                </si:expandedUncXMLList></si:realListXMLList>",
                "different numbers of values",
            ),
            (
                r"<si:real><si:quantityTypeQUDT>length</si:quantityTypeQUDT>
                <si:value>1</si:value><si:unit>\metre</si:unit></si:real><noQuantity/>",
                "",
            ),
            (r"<si:complex/>", "not said by an identifier"),
        ] {
            let found = certificate(form);
            let is_listed = found.unread.iter().any(|part| part.reason.en.contains(reason));
            assert!(is_listed, "{form}: {:?}", found.unread);
            let rows = found.records.calibrations[0].results.len();
            assert_eq!(rows, usize::from(reason.is_empty()), "{form}");
        }
    }
}
