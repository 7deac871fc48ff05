//! Capabilities of the KCDB (the BIPM key comparison database) to records: answers of its
//! interface for programs, and the older lists of heads without ranges.
//!
//! What lives here: [`read`], and the table of service categories whose quantity kind is sure
//! (`kcdb_categories.json` beside this file). What does not: printed units (`symbols`), fetching
//! anything, and what a capability is worth (`engine`).
//!
//! The published pair of range and uncertainty is taken with the digits written in the file; the
//! values that the KCDB converted to base units carry the dust of binary floating point and are
//! not. A quantity kind is given only where the service category says it and the unit fits (rule
//! Q-06). Every key is taken or listed.

pub mod answer;
pub mod services;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::LazyLock;

use bigdecimal::BigDecimal;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use answer::{Answer, FETCHED_KEY};

use super::outcome::{Converted, Labels, ReadError, Unread, UnreadList, not_json, sha256};
use super::symbols;
use crate::domain::capability::{
    Capability, CapabilityMaterial, CapabilityStatus, CapabilityStatusEntry, CapabilityUncertainty,
    Convention, Expression, Publisher,
};
use crate::domain::decimal::Decimal;
use crate::domain::fault::{escaped, shortened};
use crate::domain::id::Id;
use crate::domain::interval::{Interval, Parameter};
use crate::domain::organisation::{
    IdentifierScheme, Organisation, OrganisationIdentifier, OrganisationKind,
};
use crate::domain::period::{Day, Instant};
use crate::domain::quantity::QuantityKindId;
use crate::domain::recognition::EvidenceLevel;
use crate::domain::records::Records;
use crate::domain::text::{Names, Text};
use crate::domain::uncertainty::Mode;
use crate::domain::unit::{Dimension, Unit};

/// The key that marks an answer of the KCDB.
pub(super) const VERSION_KEY: &str = "versionApiKcdb";
/// The key that marks a capability of the KCDB.
pub(super) const CODE_KEY: &str = "kcdbCode";

/// A reason, in Vietnamese and English.
type Reason = (&'static str, &'static str);

const NO_FIELD: Reason =
    ("không có trường tương ứng trong bản ghi", "the records have no field for this");
const FLOATING_POINT_DUST: Reason = (
    "giá trị do KCDB đổi sang đơn vị cơ bản mang sai số dấu phẩy động; đã lấy cặp giá trị công bố",
    "converted to base units by the KCDB in binary floating point; the published pair was taken",
);
const UNIT_ALONE: Reason = ("chỉ có đơn vị, không có số liệu", "a unit alone, without figures");
const QUANTITY_IN_WORDS: Reason = (
    "tên đại lượng bằng lời; đại lượng được nhận biết bằng mã, không bằng tên (quy tắc Q-06)",
    "the quantity in words; quantities are known by identifiers, not by names (rule Q-06)",
);
const SAID_BY_CATEGORY: Reason = ("đã nói trong mã dịch vụ", "said again by the service category");
const INTERNAL_NUMBER: Reason = ("số nội bộ của KCDB", "an internal number of the KCDB");
const KIND_NOT_SAID: Reason = (
    "không có mã định danh nào cho biết chắc đây là đại lượng nào; CMC này chưa bao phủ kết quả nào",
    "which quantity this is is not said for sure by an identifier; until it is, the CMC covers \
     nothing",
);
const NO_LIMITS: Reason = (
    "phạm vi đo không có giới hạn; có thể nó nằm ở một điều kiện đo",
    "the range has no limits; it may stand in a parameter",
);
const LIMITS_REVERSED: Reason =
    ("giới hạn dưới lớn hơn giới hạn trên", "the lower limit is above the upper one");
const NOT_A_NUMBER: Reason =
    ("không phải là số trong phạm vi cho phép", "no number within the accepted range");
const WRONG_DIMENSION: Reason = (
    "đơn vị không hợp với đại lượng hoặc với kiểu tuyệt đối, tương đối đã nêu",
    "the unit does not go with the quantity, or with the mode: absolute or relative",
);
const UNKNOWN_WORD: Reason =
    ("giá trị ngoài danh mục của KCDB", "a word that is not in the KCDB's list");
const NOT_A_DATE: Reason = ("không phải là ngày", "no date");
const STATUS_SET_AGAIN: Reason = (
    "trạng thái được đặt lại vào ngày này; không nói trước đó là gì",
    "the status was set again on this day; what it was before is not said",
);
const NO_STATUS_DATE: Reason = (
    "trạng thái không có ngày nên không biết có hiệu lực từ khi nào",
    "a status without a date: since when it holds is not known",
);
const UNKNOWN_COUNTRY: Reason =
    ("chưa biết mã ISO 3166-1 của nước này", "the ISO 3166-1 code of this country is not known");
const TABLE_IN_WORDS: Reason = (
    "bảng độ không đảm bảo đo của KCDB không nói các trục là gì; hãy nhập bằng tay",
    "the KCDB's table does not say what its axes are; enter it by hand",
);
const TABLE_MASKED: Reason = (
    "bảng độ không đảm bảo đo bị che; hãy tải lại với showTable là true",
    "the uncertainty table is masked; ask again with showTable set to true",
);
const EQUATION_IN_WORDS: Reason = (
    "lời giải thích ký hiệu của phương trình; hãy nhập đơn vị của từng ký hiệu",
    "explains the symbols of the equation in words; enter the unit of each symbol",
);
const INSTITUTE_NOT_SAID: Reason = (
    "tệp không nêu viện nào công bố; mã chỉ cho biết nước",
    "which institute publishes this is not said; the code only gives the country",
);
const INSTITUTE_NAMED_OTHERWISE: Reason = (
    "viện có cùng số của KCDB đã mang tên khác ở trên trong tệp này; giữ tên đầu tiên",
    "an institute of the same KCDB number has another name above in this file; the first is kept",
);
const ROW_AGAIN: Reason =
    ("CMC này đã có ở trên trong tệp, giống hệt", "the file has this CMC above, just the same");
const HEADS_ONLY: Reason = (
    "danh sách không có phạm vi đo, độ không đảm bảo đo và trạng thái: CMC như vậy chưa kết luận \
     được gì",
    "the list has no ranges, uncertainties and statuses: nothing can be decided by such CMCs",
);
const NOT_SYNCED: Reason = (
    "tệp không nói được lấy từ KCDB khi nào, nên các bản ghi không có synced_at",
    "the file does not say when it was taken from the KCDB, so the records have no synced_at",
);
const OTHER_PAGES: Reason = (
    "đây chỉ là một trang của câu trả lời; các trang khác không có trong tệp",
    "this is one page of the answer; the others are not in the file",
);
const NO_CODE: Reason = (
    "không có mã CMC hoặc mã không có nước; không lập được bản ghi",
    "no CMC code, or one without a country: no record was made",
);

/// Why keys that have a meaning of their own are not kept.
const BY_KEY: &[(&[&str], Reason)] = &[
    (&["cmcBaseUnit", "cmcUncertaintyBaseUnit"], FLOATING_POINT_DUST),
    (&["baseUnit", "uncertaintyBaseUnit"], UNIT_ALONE),
    (&["quantityValue", "quantity"], QUANTITY_IN_WORDS),
    (
        &[
            "domainCode",
            "metrologyAreaLabel",
            "branchLabel",
            "branchValue",
            "serviceValue",
            "subServiceValue",
            "individualServiceValue",
            "physicsCode",
            "radiationCode",
            "categoryLabel",
            "categoryValue",
            "subCategoryLabel",
            "subCategoryValue",
        ],
        SAID_BY_CATEGORY,
    ),
    (&["id", "nmiIdentifier"], INTERNAL_NUMBER),
];

/// Reads an answer of the KCDB or a list of its capabilities. The file name goes into the ids of
/// the records.
///
/// # Errors
/// When the text is no JSON, or neither such an answer nor such a list.
pub fn read(name: &str, json: &str) -> Result<Converted, ReadError> {
    let json = json.trim_start_matches('\u{feff}');
    let mut reader = Reader {
        labels: Labels::new(name),
        unread: UnreadList::default(),
        records: Records::default(),
        institutes: HashMap::new(),
        codes: HashSet::new(),
        rows: HashSet::new(),
        synced_at: Answer::of(json).fetched_at,
    };
    if json.trim_start().starts_with('[') {
        let rows: Vec<&RawValue> = serde_json::from_str(json).map_err(|error| not_json(&error))?;
        reader.note("", HEADS_ONLY);
        for (index, row) in rows.into_iter().enumerate() {
            reader.head(row, &format!("/{index}"))?;
        }
    } else {
        let mut answer: Object<'_> =
            serde_json::from_str(json).map_err(|error| not_json(&error))?;
        if answer.take(VERSION_KEY).is_none() {
            return Err(ReadError::new(
                format!("đối tượng JSON thiếu “{VERSION_KEY}” nên không phải câu trả lời của KCDB"),
                format!("the JSON object lacks “{VERSION_KEY}” and is no answer of the KCDB"),
            ));
        }
        let rows = answer.take("data").map_or("[]", RawValue::get);
        let rows: Vec<&RawValue> = serde_json::from_str(rows)
            .map_err(|_| ReadError::new("“data” không phải là danh sách", "“data” is no list"))?;
        reader.pages(&mut answer);
        if reader.synced_at.is_some() {
            answer.take(FETCHED_KEY);
        } else {
            reader.note("", NOT_SYNCED);
        }
        reader.leftover(answer, "");
        for (index, row) in rows.into_iter().enumerate() {
            reader.capability(row, &format!("/data/{index}"))?;
        }
    }
    Ok(Converted { records: reader.records, unread: reader.unread.into_list() })
}

/// A JSON object whose values keep their written text; a key given twice is there twice. What is
/// taken out of it was read, what remains was not.
struct Object<'j>(Vec<(Cow<'j, str>, &'j RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Object<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                    entries.push((entry.0.0, entry.1));
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

/// A key, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Key<'j>(#[serde(borrow)] Cow<'j, str>);

impl<'j> Object<'j> {
    fn of(raw: &'j RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok()
    }

    fn get(&self, key: &str) -> Option<&'j RawValue> {
        self.0.iter().find(|(own, _)| own == key).map(|(_, raw)| *raw)
    }

    fn take(&mut self, key: &str) -> Option<&'j RawValue> {
        let index = self.0.iter().position(|(own, _)| own == key)?;
        Some(self.0.remove(index).1)
    }

    /// The text of a key, without blanks around it; the key stays where its value is no text.
    fn text(&mut self, key: &str) -> Option<String> {
        let text = string(self.get(key)?)?;
        self.take(key);
        let text = plain(&text);
        (!text.is_empty()).then_some(text)
    }

    /// The number of a key with its written digits; the key stays where its value is none.
    fn number(&mut self, key: &str) -> Option<Decimal> {
        let number = self.get(key)?.get().parse().ok()?;
        self.take(key);
        Some(number)
    }
}

fn string(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// Whether a value says nothing: absent in all but the key.
fn is_blank(raw: &RawValue) -> bool {
    let text = raw.get();
    matches!(text, "null" | "\"\"" | "[]" | "{}")
        || string(raw).is_some_and(|text| text.trim().is_empty())
}

/// A text without the markup that the KCDB uses in it.
fn plain(text: &str) -> String {
    const MARKUP: &[(&str, &str)] = &[
        ("<sup>", "^"),
        ("</sup>", ""),
        ("<SUP>", "^"),
        ("</SUP>", ""),
        ("<sub>", "_"),
        ("</sub>", ""),
        ("<SUB>", "_"),
        ("</SUB>", ""),
        ("<em>", ""),
        ("</em>", ""),
        ("<i>", ""),
        ("</i>", ""),
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&amp;", "&"),
    ];
    let plain =
        MARKUP.iter().fold(text.to_owned(), |text, (markup, plain)| text.replace(markup, plain));
    plain.trim().to_owned()
}

/// A pointer as a kind of place: array indices left out.
fn kind_of_place(pointer: &str) -> String {
    let steps = pointer.split('/').map(|step| {
        let is_index = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
        if is_index { "*" } else { step }
    });
    steps.collect::<Vec<_>>().join("/")
}

struct Reader {
    labels: Labels,
    unread: UnreadList,
    records: Records,
    /// Institutes by what tells them apart, each with its name.
    institutes: HashMap<String, (Id, String)>,
    /// Codes that already have a record.
    codes: HashSet<String>,
    /// Rows read, by the digest of their text.
    rows: HashSet<String>,
    /// When the file was taken from the KCDB.
    synced_at: Option<Instant>,
}

impl Reader {
    // What was read and what was not

    fn list(&mut self, pointer: &str, raw: Option<&RawValue>, reason: Text) {
        let found = raw.map(|raw| {
            let words = string(raw).unwrap_or_else(|| raw.get().to_owned());
            shortened(&words.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
        });
        let unread = Unread { place: pointer.to_owned(), line: None, count: 1, found, reason };
        self.unread.count(&kind_of_place(pointer), unread);
    }

    fn note(&mut self, pointer: &str, (vi, en): Reason) {
        self.list(pointer, None, Text::new(vi, en));
    }

    fn refuse(&mut self, pointer: &str, raw: &RawValue, (vi, en): Reason) {
        if !is_blank(raw) {
            self.list(pointer, Some(raw), Text::new(vi, en));
        }
    }

    /// Takes a key and lists it as not read.
    fn refuse_key(&mut self, object: &mut Object<'_>, place: &str, key: &str, reason: Reason) {
        if let Some(raw) = object.take(key) {
            self.refuse(&format!("{place}/{}", escaped(key)), raw, reason);
        }
    }

    /// Lists all keys that nothing asked for.
    fn leftover(&mut self, object: Object<'_>, place: &str) {
        for (key, raw) in object.0 {
            let known = BY_KEY.iter().find(|(keys, _)| keys.contains(&key.as_ref()));
            let reason = known.map_or(NO_FIELD, |(_, reason)| *reason);
            self.refuse(&format!("{place}/{}", escaped(&key)), raw, reason);
        }
    }

    /// Paging: listed where the file is not the whole answer.
    fn pages(&mut self, answer: &mut Object<'_>) {
        let mut numbers = ["totalElements", "numberOfElements"].map(|key| answer.number(key));
        let [total, here] = &mut numbers;
        for key in ["pageNumber", "pageSize", "totalPages"] {
            answer.number(key);
        }
        if let (Some(total), Some(here)) = (total, here)
            && total.to_exact() > here.to_exact()
        {
            self.note("/totalElements", OTHER_PAGES);
        }
    }

    // Records

    /// One capability of an answer.
    fn capability(&mut self, raw: &RawValue, place: &str) -> Result<(), ReadError> {
        if !self.rows.insert(sha256(raw.get())) {
            self.note(place, ROW_AGAIN);
            return Ok(());
        }
        let Some(mut row) = Object::of(raw) else {
            self.refuse(place, raw, NO_CODE);
            return Ok(());
        };
        let Some(code) = row.text(CODE_KEY) else {
            self.refuse(place, raw, NO_CODE);
            return Ok(());
        };
        let organisation = self.institute(&mut row, place)?;
        let service_category = row.text("kcdbServiceCategory");
        let range = self.range(&mut row, place, "cmc");
        let unit = range.unit.clone();
        let quantity = row.get("quantityValue").and_then(string);
        let base_unit = || {
            let base = row.get("cmcBaseUnit").and_then(Object::of)?;
            Unit::parse(&symbols::to_ucum(&string(base.get("unit")?)?).ok()?).ok()
        };
        let unit = unit.or_else(base_unit);
        let quantity_kind = service_category
            .as_deref()
            .and_then(|category| kind_of(category, quantity.as_deref(), unit.as_ref()));
        if quantity_kind.is_none() {
            self.kind_not_said(
                place,
                "kcdbServiceCategory",
                service_category.as_deref(),
                quantity.as_deref(),
            );
        }
        let convention = self.word(&mut row, place, "uncertaintyConvention", |word| match word {
            "One" => Some(Convention::One),
            "Two" => Some(Convention::Two),
            _ => None,
        });
        let uncertainty = self.uncertainty(&mut row, place, &CMC, quantity_kind, convention);
        let coverage_factor = self.positive(&mut row, place, "coverageFactor");
        let coverage_probability = self.probability(&mut row, place);
        let crm = self.material(&mut row, place, quantity_kind);
        let status_history = self.status(&mut row, place);
        let parameters = self.parameters(&mut row, place);
        let method = row.text("instrumentMethod").or_else(|| row.text("measurmentTechnique"));
        let capability = Capability {
            quantity_kind,
            service_category,
            analyte: row.text("analyteValue"),
            matrix: row.text("analyteMatrix"),
            instrument: row.text("instrument"),
            method,
            range: range.interval,
            uncertainty,
            coverage_factor,
            coverage_probability,
            traceability_source: row.text("traceabilitySource"),
            comments: row.text("comments"),
            group_identifier: row.text("groupIdentifier"),
            crm,
            parameters,
            status_history,
            synced_at: self.synced_at,
            ..blank(self.label(&code)?, organisation, code)
        };
        self.records.capabilities.push(capability);
        self.leftover(row, place);
        Ok(())
    }

    /// The head of a capability in the older form of `{id, label, value}` objects.
    fn head(&mut self, raw: &RawValue, place: &str) -> Result<(), ReadError> {
        let row = Object::of(raw).and_then(|mut row| Some((row.text(CODE_KEY)?, row)));
        let country = row.as_ref().and_then(|(code, _)| {
            let country = code.split('-').nth(2)?;
            let is_code = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
            is_code.then(|| country.to_owned())
        });
        let (Some((code, mut row)), Some(country)) = (row, country) else {
            self.refuse(place, raw, NO_CODE);
            return Ok(());
        };
        let organisation = self.institute_of_country(&country, place)?;
        let mut label = |key: &str| row.take(key).and_then(|raw| Object::of(raw)?.text("label"));
        let labels = ["branch", "service", "subservice", "individualservice"].map(&mut label);
        let service_category = match labels {
            [Some(branch), Some(service), Some(sub), Some(individual)] => {
                Some(format!("{branch}-{service}.{sub}.{individual}"))
            }
            _ => None,
        };
        row.take("area");
        let quantity = row.get("quantity").and_then(|raw| Object::of(raw)?.text("value"));
        let unit = row.get("baseUnit").and_then(string);
        let unit = unit.and_then(|unit| Unit::parse(&symbols::to_ucum(&unit).ok()?).ok());
        let quantity_kind = service_category
            .as_deref()
            .and_then(|category| kind_of(category, quantity.as_deref(), unit.as_ref()));
        if quantity_kind.is_none() {
            self.kind_not_said(place, "service", service_category.as_deref(), quantity.as_deref());
        }
        let mut value = |key: &str| row.take(key).and_then(|raw| Object::of(raw)?.text("value"));
        let (instrument, method) = (value("instrument"), value("instrumentmethod"));
        let capability = Capability {
            quantity_kind,
            service_category,
            instrument,
            method,
            comments: row.text("comments"),
            parameters: self.parameters(&mut row, place),
            ..blank(self.label(&code)?, organisation, code)
        };
        self.records.capabilities.push(capability);
        self.leftover(row, place);
        Ok(())
    }

    fn kind_not_said(
        &mut self,
        place: &str,
        key: &str,
        category: Option<&str>,
        quantity: Option<&str>,
    ) {
        let found = [category, quantity].into_iter().flatten().collect::<Vec<_>>().join(": ");
        let unread = Unread {
            place: format!("{place}/{key}"),
            line: None,
            count: 1,
            found: Some(shortened(&found).into_owned()),
            reason: Text::new(KIND_NOT_SAID.0, KIND_NOT_SAID.1),
        };
        self.unread.count(&format!("{}/{key}", kind_of_place(place)), unread);
    }

    /// The id of a capability: its code, numbered where the file has it again.
    fn label(&mut self, code: &str) -> Result<Id, ReadError> {
        let slug = Labels::slug(code);
        let mut label = slug.clone();
        let mut number = 1;
        while !self.codes.insert(label.clone()) {
            number += 1;
            label = format!("{slug}-{number}");
        }
        self.labels.id(label)
    }

    /// The institute of a capability; the file gives it again with each of its capabilities. The
    /// KCDB's number tells institutes apart, which outlives a change of name; where there is none
    /// it is all that is said of them.
    fn institute(&mut self, row: &mut Object<'_>, place: &str) -> Result<Id, ReadError> {
        let acronym = row.text("nmiCode");
        let name = row.text("nmiName");
        let country_name = row.text("countryValue").unwrap_or_default();
        let identifiers: Vec<_> = [
            (IdentifierScheme::KcdbNmiCode, acronym.clone()),
            (IdentifierScheme::Ror, row.text("nmiRorIdentifier")),
            (IdentifierScheme::Wikidata, row.text("nmiWikiDataIdentifier")),
        ]
        .into_iter()
        .filter_map(|(scheme, value)| Some(OrganisationIdentifier { scheme, value: value? }))
        .collect();
        let number = row.get("nmiIdentifier").map(RawValue::get);
        let number = number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        let key = match number {
            Some(number) => format!("nmi{}", Labels::slug(number)),
            None => {
                let [acronym, name] = [&acronym, &name].map(|text| text.as_deref().unwrap_or(""));
                let digest = sha256(&format!("{acronym}\n{name}\n{country_name}"));
                format!("institute-{}", &digest[..16])
            }
        };
        let shown = name.or(acronym).unwrap_or_else(|| format!("NMI ({country_name})"));
        if let Some((known, first_name)) = self.institutes.get(&key) {
            let (known, is_renamed) = (known.clone(), *first_name != shown);
            if is_renamed {
                let reason = Text::new(INSTITUTE_NAMED_OTHERWISE.0, INSTITUTE_NAMED_OTHERWISE.1);
                let place = format!("{place}/nmiName");
                let unread = Unread { place, line: None, count: 1, found: Some(shown), reason };
                self.unread.count(&key, unread);
            }
            return Ok(known);
        }
        let country = country_code(&country_name);
        if country.is_none() {
            let reason = Text::new(UNKNOWN_COUNTRY.0, UNKNOWN_COUNTRY.1);
            let found = Some(country_name.clone()).filter(|name| !name.is_empty());
            let place = format!("{place}/countryValue");
            let unread = Unread { place, line: None, count: 1, found, reason };
            self.unread.count(&format!("country {country_name}"), unread);
        }
        if identifiers.is_empty() && shown == format!("NMI ({country_name})") {
            self.note(place, INSTITUTE_NOT_SAID);
        }
        self.organisation(key, shown, country.map(str::to_owned), identifiers)
    }

    /// An organisation for capabilities whose code alone says where they come from.
    fn institute_of_country(&mut self, country: &str, place: &str) -> Result<Id, ReadError> {
        let place = format!("{place}/{CODE_KEY}");
        self.note(&place, INSTITUTE_NOT_SAID);
        let key = format!("country-{}", Labels::slug(country));
        match self.institutes.get(&key) {
            Some((known, _)) => Ok(known.clone()),
            None => {
                let shown = format!("NMI ({country})");
                self.organisation(key, shown, Some(country.to_owned()), Vec::new())
            }
        }
    }

    fn organisation(
        &mut self,
        key: String,
        name: String,
        country: Option<String>,
        identifiers: Vec<OrganisationIdentifier>,
    ) -> Result<Id, ReadError> {
        let id = self.labels.id(&key)?;
        self.institutes.insert(key, (id.clone(), name.clone()));
        self.records.organisations.push(Organisation {
            id: id.clone(),
            kind: OrganisationKind::Nmi,
            names: Names { vi: None, en: Some(name) },
            country,
            parent: None,
            version: None,
            recorded_at: None,
            recorded_by: None,
            log_index: None,
            evidence_level: Some(EvidenceLevel::RegistrySynced),
            synced_at: self.synced_at,
            identifiers,
            sites: Vec::new(),
            name_history: Vec::new(),
        });
        Ok(id)
    }

    // Parts of a capability

    fn unit(&mut self, object: &mut Object<'_>, place: &str) -> Option<Unit> {
        let raw = object.take("unit")?;
        let printed = string(raw).unwrap_or_default();
        let code = match symbols::to_ucum(&printed) {
            Ok(code) => code,
            Err(error) => {
                let reason = Text::new(
                    format!("đơn vị không đọc được: {}", error.message_vi()),
                    format!("the unit cannot be read: {}", error.message_en()),
                );
                self.list(&format!("{place}/unit"), Some(raw), reason);
                return None;
            }
        };
        Unit::parse(&code).ok()
    }

    /// The limits and the unit of a key, listing what is no number.
    fn limits(&mut self, row: &mut Object<'_>, place: &str, key: &str) -> Option<Limits> {
        let place = format!("{place}/{key}");
        let raw = row.take(key)?;
        let Some(mut object) = Object::of(raw) else {
            self.refuse(&place, raw, NOT_A_NUMBER);
            return None;
        };
        let lower = object.number("lowerLimit");
        let upper = object.number("upperLimit");
        for key in ["lowerLimit", "upperLimit"] {
            self.refuse_key(&mut object, &place, key, NOT_A_NUMBER);
        }
        let is_blank =
            lower.is_none() && upper.is_none() && object.get("unit").is_none_or(is_blank);
        let unit = if is_blank { None } else { self.unit(&mut object, &place) };
        self.leftover(object, &place);
        Some(Limits { lower, upper, unit })
    }

    fn range(&mut self, row: &mut Object<'_>, place: &str, key: &str) -> Range {
        let Some(limits) = self.limits(row, place, key) else { return Range::default() };
        let place = format!("{place}/{key}");
        if limits.lower.is_none() && limits.upper.is_none() {
            if key != "crm" || limits.unit.is_some() {
                self.note(&place, NO_LIMITS);
            }
            return Range { unit: limits.unit, interval: None };
        }
        if limits.are_reversed() {
            self.note(&place, LIMITS_REVERSED);
            return Range { unit: limits.unit, interval: None };
        }
        let Limits { lower, upper, unit } = limits;
        let interval = unit.clone().map(|unit| Interval { unit, lower, upper });
        Range { unit, interval }
    }

    fn uncertainty(
        &mut self,
        row: &mut Object<'_>,
        place: &str,
        keys: &UncertaintyKeys,
        kind: Option<QuantityKindId>,
        convention: Option<Convention>,
    ) -> Option<CapabilityUncertainty> {
        let mode = self.word(row, place, keys.mode, |word| match word {
            "Absolute" => Some(Mode::Absolute),
            "Relative" => Some(Mode::Relative),
            _ => None,
        });
        let equation = self.equation(row, place, keys.equation);
        let has_table = self.has_table(row, place, keys.table);
        let limits = self.limits(row, place, keys.limits).unwrap_or_default();
        let place = format!("{place}/{}", keys.limits);
        let Limits { lower, upper, unit } = &limits;
        let expression = match (equation.is_some(), has_table, lower, upper) {
            (true, ..) => Expression::Equation,
            (_, true, ..) => Expression::Table,
            (_, _, None, None) => return None,
            (_, _, Some(lower), Some(upper)) if lower.to_exact() == upper.to_exact() => {
                Expression::Constant
            }
            _ => Expression::Interval,
        };
        let negative = [lower, upper].into_iter().flatten().any(Decimal::is_negative);
        if negative || (limits.are_reversed() && convention != Some(Convention::Two)) {
            self.note(&place, if negative { NOT_A_NUMBER } else { LIMITS_REVERSED });
            return None;
        }
        let unit = match (unit, lower.is_some() || upper.is_some()) {
            // A unit that cannot be read is listed already.
            (None, true) => return None,
            (unit, _) => unit.clone(),
        };
        let dimension = unit.as_ref().map(Unit::dimension);
        let fits = match (dimension, mode, kind) {
            (None, ..) | (_, None | Some(Mode::Absolute), None) => true,
            (Some(dimension), Some(Mode::Relative), _) => dimension == Dimension::DIMENSIONLESS,
            (Some(dimension), _, Some(kind)) => dimension == kind.kind().dimension,
        };
        if !fits {
            self.note(&place, WRONG_DIMENSION);
            return None;
        }
        let Limits { lower, upper, .. } = limits;
        Some(CapabilityUncertainty {
            expression,
            mode,
            lower,
            upper,
            unit,
            equation,
            symbols: None,
            table: None,
            convention,
        })
    }

    fn equation(&mut self, row: &mut Object<'_>, place: &str, key: &str) -> Option<String> {
        let place = format!("{place}/{key}");
        let mut object = Object::of(row.take(key)?)?;
        let equation = object.text("equation");
        self.refuse_key(&mut object, &place, "equationComment", EQUATION_IN_WORDS);
        self.leftover(object, &place);
        equation
    }

    /// Whether the uncertainty stands in a table; the KCDB does not say what its axes are.
    fn has_table(&mut self, row: &mut Object<'_>, place: &str, key: &str) -> bool {
        let place = format!("{place}/{key}");
        let Some(mut object) = row.take(key).and_then(Object::of) else { return false };
        let masked = object.get("tableContents").is_some_and(|raw| raw.get() == "\"<masked>\"");
        let rows = object.number("tableRows");
        let columns = object.number("tableCols");
        let is_empty = [&rows, &columns].iter().all(|n| n.as_ref().is_none_or(Decimal::is_zero));
        if masked {
            let contents = object.take("tableContents");
            if let Some(contents) = contents.filter(|_| !is_empty) {
                self.refuse(&format!("{place}/tableContents"), contents, TABLE_MASKED);
            }
        }
        let has_contents = object.get("tableContents").is_some_and(|raw| !is_blank(raw));
        for key in ["tableContents", "tableName", "tableComment"] {
            self.refuse_key(&mut object, &place, key, TABLE_IN_WORDS);
        }
        self.leftover(object, &place);
        !is_empty || has_contents
    }

    fn word<T>(
        &mut self,
        row: &mut Object<'_>,
        place: &str,
        key: &str,
        meaning: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let raw = row.take(key)?;
        let meant = string(raw).and_then(|word| meaning(word.trim()));
        if meant.is_none() {
            self.refuse(&format!("{place}/{key}"), raw, UNKNOWN_WORD);
        }
        meant
    }

    /// A number above zero.
    fn positive(&mut self, row: &mut Object<'_>, place: &str, key: &str) -> Option<Decimal> {
        let raw = row.take(key)?;
        let number: Option<Decimal> = raw.get().parse().ok();
        let number = number.filter(|number| !number.is_negative() && !number.is_zero());
        if number.is_none() {
            self.refuse(&format!("{place}/{key}"), raw, NOT_A_NUMBER);
        }
        number
    }

    /// The confidence level in percent as a probability: 95 is 0.95.
    fn probability(&mut self, row: &mut Object<'_>, place: &str) -> Option<Decimal> {
        const KEY: &str = "confidenceLevel";
        let raw = row.get(KEY)?;
        let percent = self.positive(row, place, KEY)?;
        let percent = percent.to_exact();
        let probability = (percent > 1 && percent < 100)
            .then(|| (percent * BigDecimal::new(1.into(), 2)).to_plain_string())
            .and_then(|text| text.parse().ok());
        if probability.is_none() {
            self.refuse(&format!("{place}/{KEY}"), raw, NOT_A_NUMBER);
        }
        probability
    }

    fn material(
        &mut self,
        row: &mut Object<'_>,
        place: &str,
        kind: Option<QuantityKindId>,
    ) -> Option<CapabilityMaterial> {
        let range = self.range(row, place, "crm");
        let uncertainty = self.uncertainty(row, place, &CRM, kind, None);
        let coverage_factor = self.positive(row, place, "crmCoverageFactor");
        let fits = |range: &Interval| {
            kind.is_none_or(|kind| kind.kind().dimension == range.unit.dimension())
        };
        let misfit = range.interval.as_ref().is_some_and(|range| !fits(range));
        if misfit {
            self.note(&format!("{place}/crm"), WRONG_DIMENSION);
        }
        let range = range.interval.filter(|_| !misfit);
        let says_something = range.is_some() || uncertainty.is_some();
        says_something.then_some(CapabilityMaterial { range, uncertainty, coverage_factor })
    }

    fn date(&mut self, row: &mut Object<'_>, place: &str, key: &str) -> Option<Day> {
        let raw = row.take(key)?;
        let day = string(raw).and_then(|text| Day::parse(text.trim()).ok());
        if day.is_none() {
            self.refuse(&format!("{place}/{key}"), raw, NOT_A_DATE);
        }
        day
    }

    /// Published on the day of publication; a status that was set on another day from that day on.
    fn status(&mut self, row: &mut Object<'_>, place: &str) -> Vec<CapabilityStatusEntry> {
        let status = self.word(row, place, "status", |word| match word {
            "Published" => Some(CapabilityStatus::Published),
            "Greyed out" => Some(CapabilityStatus::GreyedOut),
            "Archived" => Some(CapabilityStatus::Archived),
            "Deleted" => Some(CapabilityStatus::Deleted),
            _ => None,
        });
        let published = self.date(row, place, "publicationDate");
        let set = self.date(row, place, "statusDate");
        let entry = |status, effective_from| CapabilityStatusEntry {
            status,
            effective_from,
            effective_to: None,
            reason: None,
            recorded_at: None,
        };
        let Some(status) = status else { return Vec::new() };
        match (status, published, set) {
            (CapabilityStatus::Published, Some(published), set) => {
                let again = set.filter(|set| *set != published);
                if again.is_some() {
                    self.note(&format!("{place}/statusDate"), STATUS_SET_AGAIN);
                }
                let again = again.filter(|again| published < *again);
                [published].into_iter().chain(again).map(|day| entry(status, day)).collect()
            }
            (_, Some(published), Some(set)) if published < set => {
                vec![entry(CapabilityStatus::Published, published), entry(status, set)]
            }
            (_, _, Some(set)) => vec![entry(status, set)],
            _ => {
                self.note(&format!("{place}/status"), NO_STATUS_DATE);
                Vec::new()
            }
        }
    }

    /// Conditions, as the text they are; in radiation also radionuclide, medium and source.
    fn parameters(&mut self, row: &mut Object<'_>, place: &str) -> Vec<Parameter> {
        let place = format!("{place}/parameters");
        let mut parameters = Vec::new();
        let list = row.get("parameters");
        let list: Option<Vec<&RawValue>> =
            list.and_then(|raw| serde_json::from_str(raw.get()).ok());
        if list.is_some() {
            row.take("parameters");
        }
        for (index, raw) in list.into_iter().flatten().enumerate() {
            let place = format!("{place}/{index}");
            let Some(mut object) = Object::of(raw) else {
                self.refuse(&place, raw, NO_FIELD);
                continue;
            };
            let mut either = |keys: [&str; 2]| keys.iter().find_map(|key| object.text(key));
            let name = either(["parameterName", "name"]);
            let text = either(["parameterValue", "value"]);
            for key in ["id", "kcdbcmc"] {
                object.number(key);
            }
            self.leftover(object, &place);
            if name.is_some() || text.is_some() {
                parameters.push(parameter(&name.unwrap_or_default(), text));
            }
        }
        for (key, name) in [
            ("nuclideValue", "nuclide"),
            ("mediumValue", "medium"),
            ("sourceValue", "source"),
            ("radiationSpecification", "specification"),
        ] {
            if let Some(text) = row.text(key) {
                parameters.push(parameter(name, Some(text)));
            }
        }
        parameters
    }
}

/// A parameter in words, its name in snake case.
fn parameter(name: &str, text: Option<String>) -> Parameter {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_alphanumeric() {
            snake.extend(character.to_lowercase());
        } else if !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
    }
    snake.truncate(snake.trim_end_matches('_').len());
    if snake.is_empty() {
        snake.push_str("parameter");
    }
    Parameter { name: snake, value: None, lower: None, upper: None, text, unit: None }
}

/// The keys under which an uncertainty stands: that of the capability or of the material offered.
struct UncertaintyKeys {
    limits: &'static str,
    mode: &'static str,
    equation: &'static str,
    table: &'static str,
}

const CMC: UncertaintyKeys = UncertaintyKeys {
    limits: "cmcUncertainty",
    mode: "uncertaintyMode",
    equation: "uncertaintyEquation",
    table: "uncertaintyTable",
};

const CRM: UncertaintyKeys = UncertaintyKeys {
    limits: "crmUncertainty",
    mode: "crmUncertaintyMode",
    equation: "crmUncertaintyEquation",
    table: "crmUncertaintyTable",
};

/// Two limits with their unit.
#[derive(Default)]
struct Limits {
    lower: Option<Decimal>,
    upper: Option<Decimal>,
    unit: Option<Unit>,
}

impl Limits {
    fn are_reversed(&self) -> bool {
        let limits = self.lower.as_ref().zip(self.upper.as_ref());
        limits.is_some_and(|(lower, upper)| lower.to_exact() > upper.to_exact())
    }
}

/// A range, and its unit even where it has no limits.
#[derive(Default)]
struct Range {
    unit: Option<Unit>,
    interval: Option<Interval>,
}

/// A capability with nothing but its code.
fn blank(id: Id, organisation: Id, code: String) -> Capability {
    Capability {
        id,
        publisher: Publisher::Kcdb,
        organisation,
        quantity_kind: None,
        accreditation: None,
        code: Some(code),
        service_category: None,
        analyte: None,
        matrix: None,
        instrument: None,
        method: None,
        site: None,
        range: None,
        range_in: None,
        uncertainty: None,
        coverage_factor: None,
        coverage_probability: None,
        includes_device: None,
        traceability_source: None,
        comments: None,
        group_identifier: None,
        crm: None,
        version: None,
        recorded_at: None,
        recorded_by: None,
        log_index: None,
        evidence_level: Some(EvidenceLevel::RegistrySynced),
        synced_at: None,
        parameters: Vec::new(),
        status_history: Vec::new(),
    }
}

/// An entry of `kcdb_categories.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Category {
    /// A service category, or the beginning that several share.
    category: &'static str,
    /// In chemistry, where the category does not say the quantity: the KCDB's own word for it.
    quantity: Option<&'static str>,
    /// The quantity kinds, of which the unit chooses one; none where a category is an exception.
    kinds: Vec<&'static str>,
}

// An unreadable table would leave all capabilities without a kind; a test proves that it is read.
static CATEGORIES: LazyLock<Vec<Category>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("kcdb_categories.json")).unwrap_or_default()
});

/// The quantity kind of a service category, if the unit fits it.
fn kind_of(category: &str, quantity: Option<&str>, unit: Option<&Unit>) -> Option<QuantityKindId> {
    let unit = unit?;
    let covers = |entry: &&Category| {
        let rest = category.strip_prefix(entry.category);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
            && entry.quantity.is_none_or(|known| quantity == Some(known))
    };
    let entry = CATEGORIES.iter().filter(covers).max_by_key(|entry| entry.category.len())?;
    let mut kinds = entry.kinds.iter().filter_map(|kind| QuantityKindId::parse(kind));
    kinds.find(|kind| {
        let own = &kind.kind().unit;
        own.is_commensurable(unit) && own.is_logarithmic() == unit.is_logarithmic()
    })
}

/// Members and associates of the Metre Convention with their codes, by the English names that the
/// KCDB prints, and a few other spellings.
const COUNTRIES: &str = "AL Albania;AR Argentina;AU Australia;AT Austria;AZ Azerbaijan;\
    BD Bangladesh;BY Belarus;BE Belgium;BO Bolivia;BO Bolivia (Plurinational State of);\
    BA Bosnia and Herzegovina;BW Botswana;BR Brazil;BG Bulgaria;KH Cambodia;CA Canada;CL Chile;\
    CN China;CO Colombia;CR Costa Rica;HR Croatia;CU Cuba;CZ Czechia;CZ Czech Republic;DK Denmark;\
    EC Ecuador;EG Egypt;EE Estonia;ET Ethiopia;FI Finland;FR France;GE Georgia;DE Germany;GH Ghana;\
    GR Greece;HK Hong Kong (China);HK Hong Kong, China;HU Hungary;IS Iceland;IN India;\
    ID Indonesia;IR Iran (Islamic Republic of);IQ Iraq;IE Ireland;IL Israel;IT Italy;JM Jamaica;\
    JP Japan;JO Jordan;KZ Kazakhstan;KE Kenya;KR Korea (Republic of);KR Republic of Korea;\
    KR Korea, Republic of;KW Kuwait;KG Kyrgyzstan;LV Latvia;LT Lithuania;LU Luxembourg;MY Malaysia;\
    MT Malta;MU Mauritius;MX Mexico;MD Moldova (Republic of);MD Republic of Moldova;MN Mongolia;\
    ME Montenegro;MA Morocco;NA Namibia;NL Netherlands;NZ New Zealand;NG Nigeria;\
    MK North Macedonia;NO Norway;OM Oman;PK Pakistan;PA Panama;PY Paraguay;PE Peru;PH Philippines;\
    PL Poland;PT Portugal;QA Qatar;RO Romania;RU Russian Federation;SA Saudi Arabia;RS Serbia;\
    SC Seychelles;SG Singapore;SK Slovakia;SI Slovenia;ZA South Africa;ES Spain;LK Sri Lanka;\
    SE Sweden;CH Switzerland;SY Syrian Arab Republic;TW Chinese Taipei;TZ Tanzania;\
    TZ United Republic of Tanzania;TH Thailand;TN Tunisia;TR Turkey;TR Türkiye;UA Ukraine;\
    AE United Arab Emirates;GB United Kingdom;US United States;US United States of America;\
    UY Uruguay;UZ Uzbekistan;VN Viet Nam;VN Vietnam;ZM Zambia;ZW Zimbabwe";

/// The ISO 3166-1 code of a country by the name that the KCDB prints.
fn country_code(name: &str) -> Option<&'static str> {
    COUNTRIES
        .split(';')
        .filter_map(|entry| entry.split_once(' '))
        .find_map(|(code, known)| (known == name).then_some(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(code: &str) -> Unit {
        Unit::parse(code).expect(code)
    }

    #[test]
    fn the_table_of_categories_is_whole() {
        assert!(CATEGORIES.len() > 100);
        let mut seen = HashSet::new();
        for entry in CATEGORIES.iter() {
            assert!(seen.insert((entry.category, entry.quantity)), "{entry:?}: once");
            let mut dimensions = HashSet::new();
            for kind in &entry.kinds {
                let kind = QuantityKindId::parse(kind).expect(kind).kind();
                assert!(dimensions.insert(kind.dimension), "{entry:?}: the unit chooses");
            }
        }
    }

    #[test]
    fn the_longest_category_and_the_unit_choose_the_kind() {
        let kind =
            |category, code| kind_of(category, None, Some(&unit(code))).map(|kind| kind.id());
        assert_eq!(kind("EM/DC-1.1.2", "V"), Some("dc_voltage"));
        assert_eq!(kind("EM/DC-1.1.2", "mV"), Some("dc_voltage"));
        assert_eq!(kind("EM/DC-1.1.2", "V/V"), None);
        assert_eq!(kind("EM/DC-1.1.4", "V"), None, "noise voltages");
        assert_eq!(kind("EM/DC-1.10.1", "V"), None, "another service");
        assert_eq!(kind("EM/Imped-4.2.1", "pF"), Some("capacitance"));
        assert_eq!(kind("EM/Imped-4.2.1", "1"), Some("dissipation_factor"));
        assert_eq!(kind("M/Mass-1.1.1", "kg"), None, "mass or conventional mass");
        assert_eq!(kind_of("EM/DC-1.1.2", None, None), None);
        let chemistry = |quantity| kind_of("QM-5.1", Some(quantity), Some(&unit("ug/kg")));
        assert_eq!(chemistry("Mass fraction").map(QuantityKindId::id), Some("mass_fraction"));
        assert_eq!(chemistry("mass fraction of antimony"), None);
    }

    fn capability(fields: &str) -> (serde_json::Value, Vec<Unread>) {
        let json = format!(
            r#"{{"versionApiKcdb": "1.0.13", "data": [{{"kcdbCode": "APMP-EM-VN-00000ABC-1",
            "kcdbServiceCategory": "EM/DC-1.1.1", "countryValue": "Viet Nam", "nmiCode": "VMI",
            "cmc": {{"lowerLimit": 1.00, "upperLimit": 1.018, "unit": "V"}}, {fields}}}]}}"#
        );
        let found = read("x.json", &json).expect("an answer");
        let capability = serde_json::to_value(&found.records.capabilities[0]).expect("JSON");
        assert_eq!(capability["range"]["lower"], "1.00");
        assert_eq!(found.records.organisations[0].country.as_deref(), Some("VN"));
        (capability, found.unread)
    }

    #[test]
    fn equations_and_tables() {
        let (found, unread) = capability(
            r#""uncertaintyEquation": {"equation": "Q[0.1, 2V]", "equationComment": "V in volts"},
            "cmcUncertainty": {"lowerLimit": null, "upperLimit": null, "unit": ""}"#,
        );
        assert_eq!(
            found["uncertainty"],
            serde_json::json!({"expression": "equation", "equation": "Q[0.1, 2V]"})
        );
        assert!(unread.iter().any(|part| part.place.ends_with("/equationComment")));
        let (found, unread) = capability(
            r#""uncertaintyTable": {"tableRows": 2, "tableCols": 2, "tableContents": "<masked>"},
            "cmcUncertainty": {"lowerLimit": 1, "upperLimit": 2, "unit": "µV"}"#,
        );
        assert_eq!(found["uncertainty"]["expression"], "table");
        assert!(unread.iter().any(|part| part.reason.en.contains("masked")));
        let (found, unread) = capability(
            r#""uncertaintyTable": {"tableRows": 1, "tableCols": 1, "tableName": "AC",
            "tableContents": "{\"row_1\":{\"col_1\":\"0.5 at 50 Hz\"}}"}, "coverageFactor": 2.3"#,
        );
        assert_eq!(found["uncertainty"]["expression"], "table");
        assert_eq!(found["coverage_factor"], "2.3");
        let contents = unread.iter().find(|part| part.place.ends_with("/tableContents"));
        let contents = contents.and_then(|part| part.found.as_deref());
        assert!(contents.is_some_and(|text| text.contains("0.5 at 50 Hz")), "{contents:?}");
    }

    #[test]
    fn modes_and_conventions() {
        for (mode, limits, convention, expression) in [
            ("Absolute", r#""lowerLimit": 1, "upperLimit": 1, "unit": "µV""#, "One", "constant"),
            ("Relative", r#""lowerLimit": 0.1, "upperLimit": 1, "unit": "%""#, "One", "interval"),
            ("Relative", r#""lowerLimit": 10, "upperLimit": 1, "unit": "µV/V""#, "Two", "interval"),
        ] {
            let (found, _) = capability(&format!(
                r#""uncertaintyMode": "{mode}", "cmcUncertainty": {{{limits}}},
                "uncertaintyConvention": "{convention}""#
            ));
            let found = &found["uncertainty"];
            assert_eq!(found["mode"], mode.to_lowercase(), "{limits}");
            assert_eq!(found["convention"], convention.to_lowercase(), "{limits}");
            assert_eq!(found["expression"], expression, "{limits}");
        }
    }

    #[test]
    fn rows_and_institutes_stand_once() {
        let row = |code: &str, name: &str| {
            format!(r#"{{"kcdbCode": "{code}", "nmiIdentifier": 7, "nmiName": "{name}"}}"#)
        };
        let rows =
            [row("A-EM-VN-1-1", "VMI"), row("A-EM-VN-1-1", "VMI"), row("A-EM-VN-2-1", "New")];
        let json = format!(r#"{{"versionApiKcdb": "1", "data": [{}]}}"#, rows.join(","));
        let found = read("x.json", &json).expect("an answer");
        assert_eq!((found.records.capabilities.len(), found.records.organisations.len()), (2, 1));
        for (place, reason) in [("/data/1", "just the same"), ("/data/2/nmiName", "another name")] {
            let is_listed = |part: &Unread| part.place == place && part.reason.en.contains(reason);
            assert!(found.unread.iter().any(is_listed), "{place}: {:?}", found.unread);
        }
    }

    #[test]
    fn contradictions_are_listed_and_not_kept() {
        for (fields, part) in [
            (
                r#""cmcUncertainty": {"lowerLimit": 2, "upperLimit": 1, "unit": "µV"}"#,
                "/cmcUncertainty",
            ),
            (
                r#""cmcUncertainty": {"lowerLimit": -1, "upperLimit": 1, "unit": "µV"}"#,
                "/cmcUncertainty",
            ),
            (
                r#""cmcUncertainty": {"lowerLimit": 1, "upperLimit": 1, "unit": "A"}"#,
                "/cmcUncertainty",
            ),
            (
                r#""uncertaintyMode": "Relative",
                "cmcUncertainty": {"lowerLimit": 1, "upperLimit": 1, "unit": "V"}"#,
                "/cmcUncertainty",
            ),
            (r#""uncertaintyMode": "Both""#, "/uncertaintyMode"),
            (r#""coverageFactor": 0"#, "/coverageFactor"),
            (r#""confidenceLevel": 0.95"#, "/confidenceLevel"),
            (r#""status": "Published""#, "/status"),
            (r#""status": "Published", "publicationDate": "12/2020""#, "/publicationDate"),
            (r#""kcdbCode": "twice""#, "/kcdbCode"),
        ] {
            let (found, unread) = capability(fields);
            assert!(
                unread.iter().any(|listed| listed.place == format!("/data/0{part}")),
                "{fields}: {unread:?}"
            );
            assert_eq!(found.get("uncertainty"), None, "{fields}");
            assert_eq!(found.get("status_history"), None, "{fields}");
        }
    }

    #[test]
    fn statuses_are_dated() {
        let (found, _) = capability(
            r#""status": "Greyed out", "publicationDate": "2015-03-01", "statusDate": "2020-06-30",
            "confidenceLevel": 95.45"#,
        );
        assert_eq!(
            found["status_history"],
            serde_json::json!([
                {"status": "published", "effective_from": "2015-03-01"},
                {"status": "greyed_out", "effective_from": "2020-06-30"}
            ])
        );
        assert_eq!(found["coverage_probability"], "0.9545");
    }

    #[test]
    fn texts_lose_their_markup() {
        assert_eq!(plain(" 2739 cm<SUP>-1</SUP>"), "2739 cm^-1");
        assert_eq!(plain("&lt;= 7 d &amp; <em>k</em> = 2"), "<= 7 d & k = 2");
    }

    #[test]
    fn countries_have_codes_of_two_letters() {
        for entry in COUNTRIES.split(';') {
            let (code, name) = entry.split_once(' ').expect(entry);
            assert!(code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()), "{entry}");
            assert_eq!(country_code(name), Some(code));
        }
        assert_eq!(country_code("Atlantis"), None);
    }
}
