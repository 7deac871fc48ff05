//! The registry's own file form: a bundle of records in JSON.
//!
//! What lives here: reading and printing `{"format": "etalon-bundle/1", "records": {…}}`, and below
//! it the form with a record a line (`lines`). What does not: other people's formats (each has its
//! own file beside this one), giving ids to labels and writing to the registry (`app`).
//!
//! Records are read one at a time as they come, so that a large bundle is never held twice. All
//! faults come at once: what is no bundle, what is wrong with each record, and what is wrong with
//! the records as a whole.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::ops::ControlFlow;

use deserr::{DeserializeError, ErrorKind, IntoValue, ValueKind, ValuePointerRef};
use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::ser::PrettyFormatter;
use serde_json::{Map, Value};

use crate::domain::check::{FaultList, LINES, check_below};
use crate::domain::fault::{Fault, Faults, wrong_kind};
use crate::domain::id::Id;
use crate::domain::links::Links as _;
use crate::domain::records::{CollectionName, Records};
use crate::domain::text::Text;

pub mod lines;
pub mod printer;

/// The name of the format and its version.
pub const FORMAT: &str = "etalon-bundle/1";

/// A bundle whose records could be read and belong together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bundle {
    /// Where the bundle comes from; an importer remembers the ids it gave to labels by it.
    pub source: Option<String>,
    /// The records.
    pub records: Records,
    /// What was noticed but keeps nothing out; the rules of the catalogue judge it.
    pub warnings: Vec<Fault>,
}

/// The prefix of the records of a bundle in one document.
pub(crate) const RECORDS: &str = "/records";

/// Reads a bundle that stands on its own, in either form.
///
/// # Errors
/// All faults of the document and of its records; where the text is no JSON, those found up to
/// there, and last the line and column at which reading ended.
pub fn parse(text: &str) -> Result<Bundle, Faults> {
    read(text).check(&Records::default(), HashSet::new())
}

/// A bundle as read: its records have not been checked as a whole.
#[derive(Debug)]
pub struct Unchecked {
    reader: Reader<'static>,
    /// Whether the document could be read to its end.
    whole: bool,
}

/// Reads a bundle, in either form, whose records may name others that were accepted before.
pub fn read(text: &str) -> Unchecked {
    if lines::is_lines(text) {
        return lines::read(text);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let read = Node { reader: &mut reader, level: Level::Bundle, place: ValuePointerRef::Origin }
        .deserialize(&mut json)
        .and_then(|()| json.end());
    if let Err(error) = &read {
        reader.faults.push(not_json(error));
    }
    Unchecked { reader, whole: read.is_ok() }
}

/// Whether a text, of which the beginning is enough, is a bundle in one document that says so early.
pub fn is_document(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.starts_with('{') && text.contains(FORMAT) && !lines::is_lines(text)
}

/// Where a bundle says that it comes from, and whether it could be read to its end.
pub(crate) struct Ended {
    pub(crate) source: Option<String>,
    pub(crate) is_whole: bool,
}

/// Reads a bundle in one document as it comes, and gives away each record, with its position in its
/// collection, as it is. What is wrong with the document is added to the faults.
pub(crate) fn read_each(
    input: impl io::Read,
    take: &mut dyn FnMut(CollectionName, usize, Value),
    faults: &mut FaultList,
) -> Ended {
    let found = std::mem::take(faults);
    let mut reader = Reader { faults: found, taker: Taker(Some(take)), ..Reader::default() };
    let mut json = serde_json::Deserializer::from_reader(input);
    let read = Node { reader: &mut reader, level: Level::Bundle, place: ValuePointerRef::Origin }
        .deserialize(&mut json)
        .and_then(|()| json.end());
    if let Err(error) = &read {
        reader.faults.push(not_json(error));
    }
    *faults = reader.faults;
    Ended { source: reader.source, is_whole: read.is_ok() }
}

/// Records that another reader made: read once more, so that what holds for the texts of a bundle
/// holds for theirs.
impl From<Records> for Unchecked {
    fn from(records: Records) -> Self {
        let mut reader = Reader { prefix: RECORDS, ..Reader::default() };
        for (position, record) in records.into_any() {
            let collection = record.collection();
            let place = ValuePointerRef::Origin;
            let place = place.push_key(collection.as_str());
            // What it says of its version counts too. Every key is a string and every number a
            // decimal string: nothing can fail.
            let whole = serde_json::to_value(&record).unwrap_or_default();
            reader.record(collection, position, whole, place.push_index(position));
        }
        Self { reader, whole: true }
    }
}

impl Unchecked {
    /// The records that could be read.
    pub fn records(&self) -> &Records {
        &self.reader.records
    }

    /// Where the bundle says that it comes from.
    pub fn source(&self) -> Option<&str> {
        self.reader.source.as_deref()
    }

    /// Below which pointer the collections stand; positions in them are the numbers of lines where a
    /// record stands on each.
    pub fn prefix(&self) -> &'static str {
        match self.reader.prefix {
            LINES => LINES,
            _ => RECORDS,
        }
    }

    /// Exchanges ids in all records: labels for ids that the registry knows them by.
    pub fn map_ids(&mut self, map: &mut dyn FnMut(&mut Id)) {
        let reader = &mut self.reader;
        for (position, mut record) in std::mem::take(&mut reader.records).into_any() {
            record.map_ids(map);
            reader.records.push_any(position, record);
        }
        for mut id in std::mem::take(&mut reader.unreadable) {
            map(&mut id);
            reader.unreadable.insert(id);
        }
    }

    /// Checks the records as a whole, among records that were accepted before; of some of these
    /// only that they are there.
    ///
    /// # Errors
    /// All faults of the document and of its records.
    pub fn check(mut self, accepted: &Records, unseen: HashSet<Id>) -> Result<Bundle, Faults> {
        let prefix = self.prefix();
        let reader = &mut self.reader;
        reader.unreadable.extend(unseen);
        if self.whole {
            let (records, unreadable) = (&reader.records, &reader.unreadable);
            check_below(prefix, records, accepted, unreadable, &mut reader.faults);
        }
        let has_errors = reader.faults.has_errors();
        let Reader { source, records, faults, .. } = self.reader;
        let Faults(faults) = lines::placed(Faults(faults.into_faults()));
        match has_errors {
            true => Err(Faults(faults)),
            false => Ok(Bundle { source, records, warnings: faults }),
        }
    }
}

/// Reads and checks the `records` of a bundle that were already parsed as JSON and stand at
/// `pointer_prefix` of their document. What could be read is returned beside all faults.
pub fn records(records: Value, pointer_prefix: &str) -> (Records, Vec<Fault>) {
    let mut reader = Reader { prefix: pointer_prefix, ..Reader::default() };
    let read = Node { reader: &mut reader, level: Level::Records, place: ValuePointerRef::Origin }
        .deserialize(records);
    if let Err(error) = read {
        reader.faults.push(not_json(&error));
    }
    let none = Records::default();
    check_below(pointer_prefix, &reader.records, &none, &reader.unreadable, &mut reader.faults);
    (reader.records, reader.faults.into_faults())
}

/// Prints a bundle, one space a level. What was read is written back without loss.
pub fn to_json(bundle: &Bundle) -> String {
    #[derive(Serialize)]
    struct Document<'b> {
        format: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        source: Option<&'b str>,
        records: &'b Records,
    }
    let source = bundle.source.as_deref();
    let document = Document { format: FORMAT, source, records: &bundle.records };
    let mut json = Vec::new();
    let formatter = PrettyFormatter::with_indent(b" ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut json, formatter);
    // Memory takes whatever is written, and every key of a record is a string: nothing can fail.
    let printed = document.serialize(&mut serializer);
    debug_assert!(printed.is_ok(), "{printed:?}");
    json.push(b'\n');
    String::from_utf8(json).unwrap_or_default()
}

/// What was read so far.
#[derive(Debug, Default)]
struct Reader<'d> {
    /// Where the reading began in its document.
    prefix: &'d str,
    source: Option<String>,
    records: Records,
    /// Ids of records that are there but could not be read.
    unreadable: HashSet<Id>,
    faults: FaultList,
    taker: Taker<'d>,
}

/// Who takes the records, where they are not kept.
#[derive(Default)]
struct Taker<'t>(Option<&'t mut dyn FnMut(CollectionName, usize, Value)>);

impl fmt::Debug for Taker<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Taker").field(&self.0.is_some()).finish()
    }
}

impl Reader<'_> {
    fn refuse(&mut self, faults: Faults) {
        for mut fault in faults.0 {
            fault.pointer.insert_str(0, self.prefix);
            self.faults.push(fault);
        }
    }

    fn record(
        &mut self,
        collection: CollectionName,
        position: usize,
        record: Value,
        place: ValuePointerRef<'_>,
    ) {
        if let Some(take) = &mut self.taker.0 {
            take(collection, position, record);
            return;
        }
        let id = record.get("id").and_then(Value::as_str).and_then(|id| Id::parse(id).ok());
        if let Err(faults) = self.records.read(collection, position, record, place) {
            self.refuse(faults);
            self.unreadable.extend(id);
        }
    }

    fn format(&mut self, format: Value, place: ValuePointerRef<'_>) {
        match format {
            Value::String(format) if format == FORMAT => {}
            Value::String(format) => self.refuse(Faults::unknown_word(place, &format, &[FORMAT])),
            other => self.refuse(wrong_kind(other.into_value(), &[ValueKind::String], place)),
        }
    }

    fn source(&mut self, source: Value, place: ValuePointerRef<'_>) {
        match source {
            Value::String(source) => self.source = Some(source),
            other => self.refuse(wrong_kind(other.into_value(), &[ValueKind::String], place)),
        }
    }
}

/// A place of the document above the records themselves: what stands there is read member by
/// member, never as a whole.
struct Node<'r, 'd, 'p> {
    reader: &'r mut Reader<'d>,
    level: Level,
    place: ValuePointerRef<'p>,
}

#[derive(Clone, Copy)]
enum Level {
    Bundle,
    Records,
    Collection(CollectionName),
}

impl Level {
    /// The kind of value that stands there, its known members, and those that must be there.
    fn expects(self) -> (ValueKind, Vec<&'static str>, &'static [&'static str]) {
        match self {
            Self::Bundle => {
                (ValueKind::Map, vec!["format", "source", "records"], &["format", "records"])
            }
            Self::Records => (
                ValueKind::Map,
                CollectionName::ALL.iter().map(|name| name.as_str()).collect(),
                &[],
            ),
            Self::Collection(_) => (ValueKind::Sequence, Vec::new(), &[]),
        }
    }
}

impl Node<'_, '_, '_> {
    fn member<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let reader = &mut *self.reader;
        let place = self.place.push_key(key);
        match (self.level, key, CollectionName::from_word(key)) {
            (Level::Bundle, "format", _) => {
                let format = map.next_value_seed(Json { reader, place })?;
                reader.format(format, place);
            }
            (Level::Bundle, "source", _) => {
                let source = map.next_value_seed(Json { reader, place })?;
                reader.source(source, place);
            }
            (Level::Bundle, "records", _) => {
                map.next_value_seed(Node { reader, level: Level::Records, place })?;
            }
            (Level::Records, _, Some(collection)) => {
                let level = Level::Collection(collection);
                map.next_value_seed(Node { reader, level, place })?;
            }
            (level, ..) => {
                let (_, accepted, _) = level.expects();
                let unknown = ErrorKind::UnknownKey { key, accepted: &accepted };
                reader.refuse(faults(unknown, self.place));
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    /// A value of another kind than this level needs.
    fn other<E>(self, found: Value) -> Result<(), E> {
        let (expected, ..) = self.level.expects();
        self.reader.refuse(wrong_kind(found.into_value(), &[expected], self.place));
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a part of a bundle")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        if let Level::Collection(_) = self.level {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return self.other(Value::Object(Map::new()));
        }
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if seen.contains(&key) {
                self.reader.refuse(duplicate_key(self.place.push_key(&key)));
                map.next_value::<IgnoredAny>()?;
            } else {
                self.member(&key, &mut map)?;
                seen.insert(key);
            }
        }
        let (_, _, required) = self.level.expects();
        for field in required.iter().filter(|field| !seen.contains(**field)) {
            self.reader.refuse(faults(ErrorKind::MissingField { field }, self.place));
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Level::Collection(collection) = self.level else {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return self.other(Value::Array(Vec::new()));
        };
        let mut position = 0;
        loop {
            let reader = &mut *self.reader;
            let place = self.place.push_index(position);
            let Some(record) = list.next_element_seed(Json { reader, place })? else {
                return Ok(());
            };
            reader.record(collection, position, record, place);
            position += 1;
        }
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.other(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.other(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.other(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.other(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.other(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.other(value.into())
    }
}

/// Any JSON value, in which each key of an object stands once.
struct Json<'r, 'd, 'p> {
    reader: &'r mut Reader<'d>,
    place: ValuePointerRef<'p>,
}

impl<'de> DeserializeSeed<'de> for Json<'_, '_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Json<'_, '_, '_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let place = self.place.push_key(&key);
            if object.contains_key(&key) {
                self.reader.refuse(duplicate_key(place));
            }
            let value = map.next_value_seed(Json { reader: &mut *self.reader, place })?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        loop {
            let place = self.place.push_index(elements.len());
            match list.next_element_seed(Json { reader: &mut *self.reader, place })? {
                Some(element) => elements.push(element),
                None => return Ok(Value::Array(elements)),
            }
        }
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }
}

fn faults(kind: ErrorKind<'_, Value>, place: ValuePointerRef<'_>) -> Faults {
    let (ControlFlow::Continue(faults) | ControlFlow::Break(faults)) =
        Faults::error(None, kind, place);
    faults
}

fn duplicate_key(place: ValuePointerRef<'_>) -> Faults {
    Faults::at(
        place,
        "duplicate_key",
        Text::new(
            "trường này có hai lần trong cùng một đối tượng; hãy giữ lại một",
            "this field stands twice in its object; keep one of the two",
        ),
    )
}

/// The text is no JSON: `serde_json` ends its message with the line and column.
fn not_json(error: &serde_json::Error) -> Fault {
    let (line, column) = (error.line(), error.column());
    let vi = if error.is_eof() {
        format!("tài liệu JSON kết thúc giữa chừng ở dòng {line}, cột {column}")
    } else {
        format!("JSON sai cú pháp ở dòng {line}, cột {column}: {error}")
    };
    Fault::error("", "bad_json", Text::new(vi, format!("this is no JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::fault::Gravity;

    fn text(records: &str) -> String {
        format!(r#"{{"format": "etalon-bundle/1", "records": {records}}}"#)
    }

    fn said(faults: &[Fault]) -> Vec<(&str, &str)> {
        faults.iter().map(|fault| (fault.code, fault.pointer.as_str())).collect()
    }

    #[track_caller]
    fn refused(text: &str, expected: &[(&str, &str)]) -> Vec<Fault> {
        let Err(Faults(faults)) = parse(text) else { panic!("{text} was accepted") };
        assert_eq!(said(&faults), expected, "{text}");
        faults
    }

    #[test]
    fn what_is_no_bundle_is_refused() {
        refused("{}", &[("missing_field", ""), ("missing_field", "")]);
        refused("[1, 2]", &[("wrong_type", "")]);
        refused("null", &[("wrong_type", "")]);
        refused(r#"{"format": "etalon-bundle/2", "records": {}}"#, &[("unknown_value", "/format")]);
        refused(
            r#"{"format": 1, "source": [], "records": "none"}"#,
            &[("wrong_type", "/format"), ("wrong_type", "/source"), ("wrong_type", "/records")],
        );
        refused(&text(r#"{"documents": {"id": "_:d"}}"#), &[("wrong_type", "/records/documents")]);
        let faults = refused(
            r#"{"format": "etalon-bundle/1", "comment": 1, "records": {"standards": [{}]}}"#,
            &[("unknown_field", ""), ("unknown_field", "/records")],
        );
        assert!(faults[0].message.en.ends_with("format, source, records"), "{faults:?}");
        assert!(faults[1].message.vi.contains("measurement_standards"), "{faults:?}");
        assert_eq!(parse(&text("{}")), Ok(Bundle::default()));
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_line() {
        let faults = refused("{\n  \"format\": etalon\n}", &[("bad_json", "")]);
        assert_eq!(faults[0].message.en, "this is no JSON: expected value at line 2 column 13");
        assert!(faults[0].message.vi.contains("dòng 2, cột 13"), "{faults:?}");
        refused("", &[("bad_json", "")]);
        refused("{} {}", &[("missing_field", ""), ("missing_field", ""), ("bad_json", "")]);
        // What was found before the text broke off is said too.
        refused(
            r#"{"format": "other", "records": {"documents": ["#,
            &[("unknown_value", "/format"), ("bad_json", "")],
        );
        let deep = text(&format!(r#"{{"documents": [{}{}]}}"#, "[".repeat(200), "]".repeat(200)));
        refused(&deep, &[("bad_json", "")]);
    }

    #[test]
    fn a_key_stands_once_in_its_object() {
        refused(
            r#"{"format": "etalon-bundle/1", "records": {}, "records": {"documents": 1}}"#,
            &[("duplicate_key", "/records")],
        );
        refused(
            &text(r#"{"documents": [], "documents": []}"#),
            &[("duplicate_key", "/records/documents")],
        );
        refused(
            &text(
                r#"{"documents": [
                    {"id": "_:d", "designation": "A"},
                    {"id": "_:e", "designation": "B", "titles": {"a/b~": 1, "a/b~": 1}, "id": "_:f"}
                ]}"#,
            ),
            &[
                ("duplicate_key", "/records/documents/1/titles/a~1b~0"),
                ("duplicate_key", "/records/documents/1/id"),
                ("unknown_field", "/records/documents/1/titles"),
            ],
        );
    }

    #[test]
    fn faults_of_all_records_come_at_once() {
        let faults = refused(
            &text(
                r#"{
                    "calibrations": [{
                        "id": "_:c", "kind": "calibration", "issuer": "_:lab", "number": "C-1",
                        "performed_from": "2026-02-10", "performed_to": "2026-02-09",
                        "item": "_:nobody", "colour": "red",
                        "results": [{"id": "r1", "quantity_kind": "mass", "value": 1.0}]
                    }, {
                        "id": "_:d", "kind": "calibration", "issuer": "_:lab", "number": "C-2",
                        "performed_from": "2026-02-10", "performed_to": "2026-02-09",
                        "item": "_:nobody", "amends": "_:c"
                    }, 7],
                    "organisations": [{"id": "_:lab", "kind": "laboratory", "names": {"en": "Lab"}}]
                }"#,
            ),
            &[
                ("unknown_field", "/records/calibrations/0"),
                ("number_not_string", "/records/calibrations/0/results/0/value"),
                ("wrong_type", "/records/calibrations/2"),
                ("unknown_value", "/records/organisations/0/kind"),
                // `_:lab` and `_:c` could not be read, but they are there.
                ("unknown_id", "/records/calibrations/1/item"),
                ("dates_reversed", "/records/calibrations/1/performed_to"),
            ],
        );
        assert!(faults.iter().all(|fault| fault.gravity == Gravity::Error));
    }

    #[test]
    fn positions_are_those_of_the_document() {
        refused(
            &text(
                r#"{"documents": [{"id": "_:a"}, {"id": "_:b", "designation": "B", "replaced_by": "_:n"}]}"#,
            ),
            &[
                ("missing_field", "/records/documents/0"),
                ("unknown_id", "/records/documents/1/replaced_by"),
            ],
        );
    }

    #[test]
    fn warnings_keep_nothing_out() {
        let bundle = parse(&text(
            r#"{"organisations": [{"id": "_:lab", "kind": "nmi", "names": {"en": "Lab"}}],
                "measurement_standards": [{"id": "_:s", "owner": "_:lab"}],
                "calibrations": [{"id": "_:c", "kind": "calibration", "issuer": "_:lab",
                    "number": "1", "performed_from": "2026-01-02", "performed_to": "2026-01-02",
                    "issued_on": "2026-01-01", "item": "_:s"}]}"#,
        ))
        .expect("a bundle");
        assert_eq!(bundle.records.len(), 3);
        assert_eq!(
            said(&bundle.warnings),
            [("issued_before_performance", "/records/calibrations/0/issued_on")]
        );
    }

    #[test]
    fn records_of_another_document_keep_its_pointers() {
        let value = json!({"documents": [
            {"id": "_:a", "designation": "A", "replaced_by": "_:nobody"},
            {"id": "_:b"},
        ]});
        let (records, faults) = records(value, "/cases/3/records");
        assert_eq!(records.documents.len(), 1);
        assert_eq!(
            said(&faults),
            [
                ("missing_field", "/cases/3/records/documents/1"),
                ("unknown_id", "/cases/3/records/documents/0/replaced_by"),
            ]
        );
    }

    #[test]
    fn written_digits_survive() {
        let digits = "1.000000120000000000000000000000000000000";
        let source = text(&format!(
            r#"{{"organisations": [{{"id": "_:lab", "kind": "nmi", "names": {{"vi": "Viện Đo lường"}}}}],
                 "measurement_standards": [{{"id": "_:s", "owner": "_:lab", "type": "weight",
                     "nominal": {{"value": "{digits}", "unit": "kg"}},
                     "range": {{"lower": "-0.0", "upper": "5E-7", "unit": "kg"}},
                     "events": [{{"kind": "overload", "on": "2026-01-31", "breaks_calibration": false}}]}}]}}"#,
        ));
        let bundle = parse(&source).expect("a bundle");
        let printed = to_json(&bundle);
        assert!(printed.starts_with("{\n \"format\": \"etalon-bundle/1\",\n \"records\": {\n"));
        assert!(printed.contains(digits), "{printed}");
        assert_eq!(json_of(&printed), json_of(&source));
        assert_eq!(parse(&printed), Ok(bundle));
    }

    #[test]
    fn the_first_vector_survives() {
        let path = "/work/shared/vectors/mass-all-good.json";
        let Ok(vector) = std::fs::read_to_string(path) else {
            println!("skipped: {path} is not here");
            return;
        };
        let vector = json_of(&vector);
        let (records, faults) = records(vector["records"].clone(), "/records");
        assert_eq!(faults, []);
        let bundle = Bundle { source: Some("a vector".into()), records, warnings: Vec::new() };
        let printed = to_json(&bundle);
        assert_eq!(json_of(&printed)["records"], vector["records"]);
        assert_eq!(parse(&printed), Ok(bundle));
    }

    #[test]
    fn a_mark_of_byte_order_does_no_harm() {
        assert!(parse(&format!("\u{feff}{}", text("{}"))).is_ok());
    }

    fn json_of(text: &str) -> Value {
        serde_json::from_str(text).expect("JSON")
    }
}
