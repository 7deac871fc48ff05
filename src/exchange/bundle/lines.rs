//! A bundle with a record a line (NDJSON): the form for many records, which nobody has to hold all
//! at once.
//!
//! The first line is the head, `{"format": "etalon-bundle-lines/1", "source": …, "count": …}`, and
//! every other line is one record, `{"documents": {…}}`. Source and count may be left out; where the
//! count is there, a file that was cut is noticed. Empty lines say nothing.
//!
//! A fault stands on its line: `line 7/documents/designation` is the field `designation` of the
//! record on line 7.

use std::collections::HashMap;
use std::io::{self, BufRead, Read as _, Write};

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    CollectionName, DeserializeSeed as _, ErrorKind, Fault, FaultList, Faults, IntoValue as _,
    Json, Map, Reader, Text, Unchecked, Value, ValueKind, ValuePointerRef, faults, wrong_kind,
};
use crate::domain::check::LINES;

/// The name of the format and its version.
pub const FORMAT: &str = "etalon-bundle-lines/1";

/// Most bytes of a line: a thousand times what a large record has.
pub const LONGEST: usize = 16 << 20;

const FORMAT_FIELD: &str = "format";
const SOURCE_FIELD: &str = "source";
const COUNT_FIELD: &str = "count";

/// Whether a text, of which the beginning is enough, is a bundle with a record a line: its first
/// line is the head, or a line that could stand after it.
pub fn is_lines(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(object) = serde_json::from_str::<HashMap<String, &RawValue>>(first) else {
        return false;
    };
    let format = object.get(FORMAT_FIELD).map(|format| format.get());
    let is_head = format.is_some_and(|format| format.contains("etalon-bundle-lines/"));
    let is_record = || object.keys().any(|key| CollectionName::from_word(key).is_some());
    let is_alone = rest.trim().is_empty() || object.contains_key("records");
    is_head || (!is_alone && (format.is_some() || is_record()))
}

/// A line that holds a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// Where it begins: bytes before it.
    pub offset: u64,
    /// Its bytes, the end of the line included.
    pub length: usize,
    /// The collection.
    pub collection: CollectionName,
    /// The record.
    pub record: Value,
}

/// Reads lines one at a time.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    text: Vec<u8>,
    number: usize,
    offset: u64,
    head: Option<Head>,
    /// Whether a line was met that says something.
    is_begun: bool,
    records: u64,
    is_whole: bool,
}

#[derive(Debug, Default)]
struct Head {
    source: Option<String>,
    count: Option<u64>,
}

impl<R: BufRead> Lines<R> {
    /// Reads what comes from an input.
    pub fn new(input: R) -> Self {
        Self {
            input,
            text: Vec::new(),
            number: 0,
            offset: 0,
            head: None,
            is_begun: false,
            records: 0,
            is_whole: true,
        }
    }

    /// Where the bundle says that it comes from; the head is read before the first record.
    pub fn source(&self) -> Option<&str> {
        self.head.as_ref()?.source.as_deref()
    }

    /// How many records the head promises.
    pub fn count(&self) -> Option<u64> {
        self.head.as_ref()?.count
    }

    /// Whether every line so far held what a line has to hold, whatever was wrong with the record.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// What it reads from.
    pub fn into_input(self) -> R {
        self.input
    }

    /// The next record, or none at the end. What is wrong with lines is added to the faults.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub(crate) fn next(&mut self, faults: &mut FaultList) -> io::Result<Option<Line>> {
        loop {
            let offset = self.offset;
            let length = self.take_line()?;
            if length == 0 {
                self.end(faults);
                return Ok(None);
            }
            self.number += 1;
            self.offset += length as u64;
            let is_cut = self.text.last() != Some(&b'\n');
            let text = match std::str::from_utf8(&self.text) {
                _ if length > LONGEST => Err(too_long()),
                Ok(text) if self.number == 1 => Ok(text.trim_start_matches('\u{feff}').trim()),
                Ok(text) => Ok(text.trim()),
                Err(error) => Err(not_utf_8(&self.text[..error.valid_up_to()])),
            };
            if text.as_ref().is_ok_and(|text| text.is_empty()) {
                continue;
            }
            let is_first = !std::mem::replace(&mut self.is_begun, true);
            let mut found = Faults::default();
            let judged = text.and_then(|text| parsed(text, is_cut, &mut found));
            let judged = judged.and_then(|value| self.judged(value, is_first, &mut found));
            let (record, broken) = match judged {
                Ok(record) => (record, Faults::default()),
                Err(broken) => (None, broken),
            };
            self.is_whole &= broken.0.is_empty();
            found.0.into_iter().chain(broken.0).for_each(|fault| faults.push(self.here(fault)));
            if let Some((collection, record)) = record {
                self.records += 1;
                let number = self.number;
                return Ok(Some(Line { number, offset, length, collection, record }));
            }
        }
    }

    /// Reads a line, of one that is too long only the beginning, and says how long it is.
    fn take_line(&mut self) -> io::Result<usize> {
        self.text.clear();
        let mut limited = (&mut self.input).take(LONGEST as u64 + 1);
        let mut length = limited.read_until(b'\n', &mut self.text)?;
        let mut is_ended = length <= LONGEST || self.text.last() == Some(&b'\n');
        while !is_ended {
            let waiting = self.input.fill_buf()?;
            let end = waiting.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(waiting.len(), |end| end + 1);
            is_ended = end.is_some() || taken == 0;
            self.input.consume(taken);
            length += taken;
        }
        Ok(length)
    }

    /// The record on a line; none on the head.
    fn judged(
        &mut self,
        value: Value,
        is_first: bool,
        found: &mut Faults,
    ) -> Result<Option<(CollectionName, Value)>, Faults> {
        let place = ValuePointerRef::Origin;
        let is_head = value.get(FORMAT_FIELD).is_some();
        match (is_first, is_head) {
            (true, false) => found.0.extend(Faults::at(place, "head_missing", head_missing()).0),
            (false, true) => return Err(Faults::at(place, "head_not_first", head_not_first())),
            _ => {}
        }
        let Value::Object(fields) = value else {
            return Err(wrong_kind(value.into_value(), &[ValueKind::Map], place));
        };
        if is_head {
            self.head = Some(head(fields, found));
            return Ok(None);
        }
        let mut fields = fields.into_iter();
        match (fields.next(), fields.next()) {
            (Some((key, record)), None) => match CollectionName::from_word(&key) {
                Some(collection) => Ok(Some((collection, record))),
                None => {
                    let accepted: Vec<_> =
                        CollectionName::ALL.iter().map(|name| name.as_str()).collect();
                    Err(faults(ErrorKind::UnknownKey { key: &key, accepted: &accepted }, place))
                }
            },
            _ => Err(Faults::at(place, "not_one_record", not_one_record())),
        }
    }

    /// Whether as many records came as the head promised.
    fn end(&mut self, faults: &mut FaultList) {
        if !self.is_begun {
            faults.push(Fault::error("line 1", "head_missing", head_missing()));
        }
        if let Some(count) = self.count().filter(|count| self.is_whole && *count != self.records) {
            let records = self.records;
            let message = Text::new(
                format!(
                    "dòng đầu nói tệp có {count} bản ghi, nhưng tệp có {records}: tệp bị cắt cụt \
                     hoặc bị ghép; hãy lấy lại tệp đầy đủ"
                ),
                format!(
                    "the head says that there are {count} records, and there are {records}: the \
                     file was cut or put together; get it whole"
                ),
            );
            self.is_whole = false;
            faults.push(self.here(Fault::error("", "other_count", message)));
        }
    }

    /// A fault of the line that was read last.
    fn here(&self, mut fault: Fault) -> Fault {
        fault.pointer.insert_str(0, &format!("line {}", self.number));
        fault
    }
}

/// Reads a whole text.
pub(super) fn read(text: &str) -> Unchecked {
    let mut reader = Reader { prefix: LINES, ..Reader::default() };
    let mut lines = Lines::new(text.as_bytes());
    // Memory is read without a failure.
    while let Ok(Some(line)) = lines.next(&mut reader.faults) {
        let place = ValuePointerRef::Origin;
        let place = place.push_key(line.collection.as_str());
        let place = place.push_index(line.number);
        reader.record(line.collection, line.number, line.record, place);
    }
    reader.source = lines.source().map(str::to_owned);
    Unchecked { reader, whole: lines.is_whole() }
}

/// Faults of records whose positions are the numbers of their lines, in the order of lines and with
/// the places at which people look for them: `/lines/documents/7/designation` is
/// `line 7/documents/designation`. Others stay as they are, and behind them.
pub fn placed(Faults(mut faults): Faults) -> Faults {
    for fault in &mut faults {
        let Some(below) = fault.pointer.strip_prefix(LINES) else { continue };
        let mut steps = below.splitn(4, '/').skip(1);
        if let (Some(collection), Some(number)) = (steps.next(), steps.next()) {
            let rest = steps.next().map(|rest| format!("/{rest}")).unwrap_or_default();
            fault.pointer = format!("line {number}/{collection}{rest}");
        }
    }
    let line = |fault: &Fault| {
        let number = fault.pointer.strip_prefix("line ")?.split('/').next()?;
        number.parse::<usize>().ok()
    };
    faults.sort_by_key(|fault| line(fault).unwrap_or(usize::MAX));
    Faults(faults)
}

/// Writes the head.
///
/// # Errors
/// When the output cannot be written.
pub fn write_head(
    output: &mut (impl Write + ?Sized),
    source: Option<&str>,
    count: Option<u64>,
) -> io::Result<()> {
    #[derive(Serialize)]
    struct Head<'h> {
        format: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        source: Option<&'h str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<u64>,
    }
    serde_json::to_writer(&mut *output, &Head { format: FORMAT, source, count })?;
    output.write_all(b"\n")
}

/// Writes a record.
///
/// # Errors
/// When the output cannot be written.
pub fn write_record(
    output: &mut (impl Write + ?Sized),
    collection: CollectionName,
    record: &(impl Serialize + ?Sized),
) -> io::Result<()> {
    write!(output, "{{\"{collection}\":")?;
    serde_json::to_writer(&mut *output, record)?;
    output.write_all(b"}\n")
}

/// The JSON of a line. A field that stands twice is told.
fn parsed(text: &str, is_cut: bool, found: &mut Faults) -> Result<Value, Faults> {
    let mut reader = Reader::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let seed = Json { reader: &mut reader, place: ValuePointerRef::Origin };
    let value = seed.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    found.0.extend(reader.faults.into_faults());
    value.map_err(|error| {
        let column = error.column();
        let message = match error.is_eof() {
            true if is_cut => Text::new(
                "tệp kết thúc giữa chừng ở dòng này: tệp bị cắt cụt; hãy lấy lại tệp đầy đủ",
                "the file ends in the middle of this line: it was cut; get it whole",
            ),
            true => Text::new(
                "dòng này kết thúc giữa chừng; mỗi dòng là một đối tượng JSON trọn vẹn",
                "this line ends in the middle; each line is one JSON object, all of it",
            ),
            false => Text::new(
                format!("JSON sai cú pháp ở cột {column}: {error}"),
                format!("this is no JSON from column {column} on: {error}"),
            ),
        };
        Faults(vec![Fault::error("", "bad_json", message)])
    })
}

/// What the head says; a field that it cannot have, or of another kind, is told.
fn head(fields: Map<String, Value>, found: &mut Faults) -> Head {
    let mut head = Head::default();
    for (key, value) in fields {
        let place = ValuePointerRef::Origin;
        let place = place.push_key(&key);
        let (kind, value) = match (key.as_str(), value) {
            (FORMAT_FIELD, Value::String(format)) => {
                if format != FORMAT {
                    found.0.extend(Faults::unknown_word(place, &format, &[FORMAT]).0);
                }
                continue;
            }
            (SOURCE_FIELD, Value::String(source)) => {
                head.source = Some(source);
                continue;
            }
            (COUNT_FIELD, Value::Number(count)) if count.is_u64() => {
                head.count = count.as_u64();
                continue;
            }
            (FORMAT_FIELD | SOURCE_FIELD, other) => (ValueKind::String, other),
            (COUNT_FIELD, other) => (ValueKind::Integer, other),
            (key, _) => {
                let accepted = [FORMAT_FIELD, SOURCE_FIELD, COUNT_FIELD];
                let unknown = ErrorKind::UnknownKey { key, accepted: &accepted };
                found.0.extend(faults(unknown, ValuePointerRef::Origin).0);
                continue;
            }
        };
        found.0.extend(wrong_kind(value.into_value(), &[kind], place).0);
    }
    head
}

fn head_missing() -> Text {
    Text::new(
        format!("dòng đầu tiên phải là phần đầu: {{\"format\": \"{FORMAT}\"}}"),
        format!("the first line has to be the head: {{\"format\": \"{FORMAT}\"}}"),
    )
}

fn head_not_first() -> Text {
    Text::new(
        "phần đầu (“format”) chỉ đứng ở dòng đầu tiên; hãy bỏ dòng này, hoặc tách thành nhiều tệp",
        "a head (“format”) stands on the first line only; remove this line, or make several files",
    )
}

fn not_one_record() -> Text {
    Text::new(
        "mỗi dòng có đúng một bản ghi: {\"<tên tập hợp>\": {…}}",
        "a line has exactly one record: {\"<collection>\": {…}}",
    )
}

fn too_long() -> Faults {
    let mebibytes = LONGEST >> 20;
    let message = Text::new(
        format!("dòng này dài hơn {mebibytes} MiB; mỗi dòng chỉ có một bản ghi"),
        format!("this line is longer than {mebibytes} MiB; a line has one record only"),
    );
    Faults(vec![Fault::error("", "line_too_long", message)])
}

fn not_utf_8(valid: &[u8]) -> Faults {
    let column = 1 + String::from_utf8_lossy(valid).chars().count();
    let message = Text::new(
        format!("không phải là văn bản UTF-8 từ cột {column}; hãy lưu tệp theo UTF-8"),
        format!("this is no UTF-8 text from column {column} on; save the file as UTF-8"),
    );
    Faults(vec![Fault::error("", "not_utf_8", message)])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::exchange::bundle::{self, Bundle};

    const HEAD: &str = r#"{"format": "etalon-bundle-lines/1"}"#;
    const LAB: &str =
        r#"{"organisations": {"id": "_:lab", "kind": "nmi", "names": {"vi": "Viện"}}}"#;

    fn document(label: &str) -> String {
        json!({"documents": {"id": label, "designation": "D"}}).to_string()
    }

    fn lines(lines: &[&str]) -> String {
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    #[track_caller]
    fn refused(text: &str, expected: &[(&str, &str)]) -> Vec<Fault> {
        assert!(is_lines(text), "{text:.200}");
        let Err(Faults(faults)) = bundle::parse(text) else { panic!("{text:.200} was accepted") };
        let said: Vec<_> =
            faults.iter().map(|fault| (fault.code, fault.pointer.as_str())).collect();
        assert_eq!(said, expected, "{text:.200}");
        faults
    }

    #[track_caller]
    fn accepted(text: &str) -> Bundle {
        bundle::parse(text).unwrap_or_else(|faults| panic!("{faults:?}"))
    }

    #[test]
    fn a_record_stands_on_each_line() {
        let (a, b) = (document("_:a"), document("_:b"));
        let head = r#"{"count": 3, "source": "tệp", "format": "etalon-bundle-lines/1"}"#;
        let bundle = accepted(&lines(&[head, &a, LAB, &b]));
        assert_eq!((bundle.records.len(), bundle.source.as_deref()), (3, Some("tệp")));
        assert_eq!(accepted(&lines(&[HEAD])), Bundle::default());
        // As other programs write them.
        let odd = format!("\u{feff}{HEAD}\r\n\r\n{a}\r\n  \n\t{b}");
        assert_eq!(accepted(&odd).records.len(), 2);
    }

    #[test]
    fn a_bundle_is_told_from_lines() {
        let one = format!(r#"{{"format": "{}", "records": {{}}}}"#, bundle::FORMAT);
        for text in ["", "{", "{}", "{}\n{}", "[]\n[]", &one, &format!("{one}\n"), "x\ny", LAB] {
            assert!(!is_lines(text), "{text}");
        }
        let pretty = one.replace(',', ",\n").replace('{', "{\n");
        assert!(!is_lines(&pretty) && bundle::parse(&pretty).is_ok());
        let other = HEAD.replace("/1", "/2");
        for text in [HEAD, &other, &lines(&[LAB, LAB]), &format!("\u{feff}\n {HEAD}\n")] {
            assert!(is_lines(text), "{text}");
        }
    }

    #[test]
    fn the_head_is_the_first_line() {
        let a = document("_:a");
        refused(&lines(&[LAB, &a]), &[("head_missing", "line 1")]);
        refused(&lines(&[&a, HEAD]), &[("head_missing", "line 1"), ("head_not_first", "line 2")]);
        refused(&lines(&[HEAD, &a, "", HEAD]), &[("head_not_first", "line 4")]);
        refused(&lines(&[&HEAD.replace("/1", "/2"), &a]), &[("unknown_value", "line 1/format")]);
        refused(
            &lines(&[r#"{"format": "etalon-bundle-lines/1", "source": 1, "count": -1, "x": 0}"#]),
            &[
                ("wrong_type", "line 1/count"),
                ("wrong_type", "line 1/source"),
                ("unknown_field", "line 1"),
            ],
        );
        refused(
            &lines(&[r#"{"format": "etalon-bundle/1"}"#, &a]),
            &[("unknown_value", "line 1/format")],
        );
    }

    #[test]
    fn every_fault_has_its_line() {
        let (a, b) = (document("_:a"), document("_:b"));
        let faults = refused(
            &lines(&[
                HEAD,
                &a,
                r#"{"standards": {"id": "_:s"}}"#,
                "7",
                "{}",
                r#"{"documents": {"id": "_:x", "designation": "X"}, "programme": {}}"#,
                r#"{"documents": {"id": "_:c", "id": "_:d", "titles": []}}"#,
                r#"{"documents": "#,
                "x",
                &b,
            ]),
            &[
                ("unknown_field", "line 3"),
                ("wrong_type", "line 4"),
                ("not_one_record", "line 5"),
                ("not_one_record", "line 6"),
                ("duplicate_key", "line 7/documents/id"),
                ("wrong_type", "line 7/documents/titles"),
                ("missing_field", "line 7/documents"),
                ("bad_json", "line 8"),
                ("bad_json", "line 9"),
            ],
        );
        assert!(faults[0].message.en.contains("measurement_standards"), "{faults:?}");
        assert!(faults[7].message.en.contains("this line ends"), "{faults:?}");
    }

    #[test]
    fn records_are_checked_as_a_whole() {
        let other = r#"{"documents": {"id": "_:lab", "designation": "B", "replaced_by": "_:n"}}"#;
        let faults = refused(
            &lines(&[HEAD, LAB, &document("_:a"), other]),
            &[
                ("duplicate_id", "line 4/documents/id"),
                ("unknown_id", "line 4/documents/replaced_by"),
            ],
        );
        assert!(faults[0].message.en.contains("that of line 2;"), "{faults:?}");
        assert!(faults[0].message.vi.contains("ở dòng 2;"), "{faults:?}");
    }

    #[test]
    fn a_file_that_was_cut_is_refused() {
        let whole = lines(&[
            r#"{"format": "etalon-bundle-lines/1", "count": 2}"#,
            &document("_:a"),
            &document("_:b"),
        ]);
        assert!(bundle::parse(&whole).is_ok());
        // Without the last line end it is still whole.
        for length in 1..whole.len() - 1 {
            assert!(bundle::parse(&whole[..length]).is_err(), "{length}");
        }
        let faults = refused(&whole[..whole.len() - 5], &[("bad_json", "line 3")]);
        assert!(faults[0].message.en.contains("it was cut"), "{faults:?}");
        let end = whole.trim_end().rfind('\n').unwrap();
        refused(&whole[..=end], &[("other_count", "line 2")]);
        refused(&(whole.clone() + &document("_:c")), &[("other_count", "line 4")]);
    }

    #[test]
    fn no_line_fills_the_memory() {
        let head = lines(&[HEAD]);
        let rest = lines(&["", &document("_:a")]);
        let endless = io::Read::take(io::repeat(b'"'), 100 << 20);
        let input = head.as_bytes().chain(endless).chain(rest.as_bytes());
        let mut lines = Lines::new(io::BufReader::new(input));
        let mut faults = FaultList::default();
        let line = lines.next(&mut faults).unwrap().expect("the last line");
        assert_eq!((line.number, line.offset), (3, head.len() as u64 + (100 << 20) + 1));
        assert!(lines.text.capacity() <= 2 * LONGEST + 2, "{}", lines.text.capacity());
        assert_eq!(lines.next(&mut faults).unwrap(), None);
        let faults = faults.into_faults();
        assert_eq!((faults[0].code, faults[0].pointer.as_str()), ("line_too_long", "line 2"));
        assert_eq!(faults.len(), 1);
    }

    #[test]
    fn other_encodings_are_refused() {
        let bytes = [HEAD.as_bytes(), b"\n{\"documents\": \"\xe4\"}\n"].concat();
        let mut lines = Lines::new(bytes.as_slice());
        let mut faults = FaultList::default();
        assert_eq!(lines.next(&mut faults).unwrap(), None);
        let faults = faults.into_faults();
        assert_eq!((faults[0].code, faults[0].pointer.as_str()), ("not_utf_8", "line 2"));
        assert!(faults[0].message.en.contains("column 16"), "{faults:?}");
    }
}
