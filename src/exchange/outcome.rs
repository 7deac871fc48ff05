//! What came of a foreign file: the records it gave, what of it was not read, or why it was
//! refused; and which reader a file is for.
//!
//! What lives here: [`Converted`], [`Unread`], [`ReadError`], [`recognise`] and [`read`]. What does
//! not: the readers (`dcc`, `kcdb`, `ccri`, `sheet`), the registry's own bundles (`bundle`), and any check of the
//! records as a whole (`domain::check`).
//!
//! Nothing of a file is dropped in silence: a reader keeps or lists every part of it.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::xml::crowded;
use super::{ccri, dcc, kcdb, sheet};
use crate::domain::fault::{Fault, shortened};
use crate::domain::id::Id;
use crate::domain::records::Records;
use crate::domain::text::Text;

/// What a reader made of a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Converted {
    /// The records, with labels (`_:…`) as ids.
    pub records: Records,
    /// What of the file is not in the records.
    pub unread: Vec<Unread>,
}

answer! {
    /// A part of a file that is not, or not wholly, in the records.
    #[derive(PartialEq, Eq)]
    Unread {
        /// Where: an XPath, a JSON pointer (RFC 6901), or the cell of a table (`Sheet1!C7`).
        place: String,
        /// Line, where the format has lines.
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<u32>,
        /// How many parts like this there are; the place is that of the first.
        count: usize,
        /// What is written there, shortened.
        #[serde(skip_serializing_if = "Option::is_none")]
        found: Option<String>,
        /// Why it was not read, or what is undecided about it.
        reason: Text,
    }
}

/// Why a file could not be read at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}{}", self.position(), self.message.en)]
pub struct ReadError {
    /// Line, from 1, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column, from 1, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// What is wrong and what to do.
    pub message: Text,
    /// Where several things are wrong, each with its place: the cells of a table.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
}

impl ReadError {
    pub(super) fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { line: None, column: None, message: Text::new(vi, en), faults: Vec::new() }
    }

    pub(super) fn at(self, line: u32, column: u32) -> Self {
        Self { line: Some(line), column: Some(column), ..self }
    }

    pub(super) fn at_line(self, line: u32) -> Self {
        Self { line: Some(line), ..self }
    }

    fn position(&self) -> String {
        match (self.line, self.column) {
            (Some(line), Some(column)) => format!("line {line}, column {column}: "),
            (Some(line), None) => format!("line {line}: "),
            (None, _) => String::new(),
        }
    }
}

/// The foreign formats that have a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A digital calibration certificate.
    Dcc,
    /// An answer of the KCDB's interface for programs, or a list of capabilities of the KCDB.
    Kcdb,
    /// A key comparison of radionuclides, in the XML of the BIPM.
    Ccri,
    /// Tables of a spreadsheet.
    Sheet,
}

impl Format {
    /// Whether its records have codes of a register, the same in all of its files.
    pub fn is_register(self) -> bool {
        matches!(self, Self::Kcdb | Self::Ccri)
    }
}

/// Which reader a text is for, by its beginning: nothing is said of whether it can be read to its
/// end.
pub fn recognise(text: &str) -> Option<Format> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if sheet::is_sheet(text) || sheet::may_be_table(text) {
        return Some(Format::Sheet);
    }
    match text.as_bytes().first()? {
        b'<' => {
            let (namespace, name) = root(text)?;
            match (namespace.as_str(), name.as_str()) {
                (dcc::NAMESPACE, dcc::ROOT) => Some(Format::Dcc),
                (ccri::NAMESPACE, ccri::ROOT) => Some(Format::Ccri),
                _ => None,
            }
        }
        b'{' => {
            let object: HashMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            object.contains_key(kcdb::VERSION_KEY).then_some(Format::Kcdb)
        }
        b'[' => {
            let list: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            let first: HashMap<String, &RawValue> =
                serde_json::from_str(list.first()?.get()).ok()?;
            first.contains_key(kcdb::CODE_KEY).then_some(Format::Kcdb)
        }
        _ => None,
    }
}

/// Reads a file with the reader it is for. Its name goes into the ids of the records, so that
/// files can be put together.
///
/// # Errors
/// When no reader knows the format, or its reader refuses the file.
pub fn read(name: &str, text: &str) -> Result<Converted, ReadError> {
    match recognise(text) {
        Some(Format::Dcc) => dcc::read(name, text),
        Some(Format::Kcdb) => kcdb::read(name, text),
        Some(Format::Ccri) => ccri::read(name, text),
        Some(Format::Sheet) => sheet::read(text),
        None => Err(refusal(text)),
    }
}

/// The labels of the records that a file only describes, for a registry that does not have them:
/// where it has, what it has says more.
pub fn described(text: &str) -> HashSet<Id> {
    match sheet::is_sheet(text) {
        true => sheet::described(text),
        false => HashSet::new(),
    }
}

/// Faults of the records that were read from a file, each with its place in the file where that is
/// no JSON.
pub fn placed(text: &str, faults: Vec<Fault>) -> Vec<Fault> {
    match sheet::is_sheet(text) {
        true => sheet::placed(text, faults),
        false => faults,
    }
}

/// Why no reader knows a text.
fn refusal(text: &str) -> ReadError {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    match start.as_bytes().first() {
        Some(b'<') => match root(start) {
            Some((namespace, name)) => other_root(&namespace, &name),
            None => match dcc::read("", text) {
                Err(error) => error,
                Ok(_) => unknown(),
            },
        },
        Some(b'{' | b'[') => match serde_json::from_str::<&RawValue>(start) {
            Err(error) => not_json(&error),
            Ok(_) => ReadError::new(
                "tệp JSON này không phải câu trả lời của KCDB (đối tượng có “versionApiKcdb”), \
                 cũng không phải danh sách CMC của KCDB (các đối tượng có “kcdbCode”)",
                "this JSON is neither an answer of the KCDB (an object with “versionApiKcdb”) nor \
                 a list of its CMCs (objects with “kcdbCode”)",
            ),
        },
        _ => unknown(),
    }
}

/// Namespace of the Digital Calibration Exchange of Danish Fundamental Metrology (schema 1.2.0).
const DCX: &str = "https://dfm.dk";

fn unknown() -> ReadError {
    ReadError::new(
        "không nhận ra định dạng; đọc được: chứng chỉ hiệu chuẩn số (DCC 3.0 đến 3.3, XML), dữ liệu \
         CMC của KCDB (JSON), so sánh chủ chốt của CCRI (XML) và bảng (CSV, XLSX) theo mẫu của lệnh \
         etalon template",
        "the format is not known; what can be read: digital calibration certificates (DCC 3.0 to \
         3.3, XML), CMC data of the KCDB (JSON), key comparisons of the CCRI (XML) and tables (CSV, \
         XLSX) after etalon template",
    )
}

/// The refusal of an XML document by its root element.
pub(super) fn other_root(namespace: &str, name: &str) -> ReadError {
    let (found, expected) = (shortened(namespace), dcc::NAMESPACE);
    if name == dcc::ROOT && namespace != DCX {
        return ReadError::new(
            format!(
                "phần tử gốc thuộc không gian tên “{found}”; DCC phiên bản 3 dùng “{expected}”: hãy \
                 xin bên cấp một tệp đúng chuẩn"
            ),
            format!(
                "the root element is in the namespace “{found}”; DCC 3 uses “{expected}”: ask the \
                 issuer for a file that conforms"
            ),
        );
    }
    if namespace == DCX {
        return ReadError::new(
            format!(
                "đây là tệp DCX (Digital Calibration Exchange của DFM, Đan Mạch, không gian tên \
                 “{found}”), chỉ giống DCC về hình thức nên không được đọc: hãy xin bên cấp tệp DCC 3 \
                 (không gian tên “{expected}”)"
            ),
            format!(
                "this is a DCX (Digital Calibration Exchange of DFM, Denmark, namespace “{found}”), \
                 which only looks like a DCC and is not read: ask the issuer for a DCC 3 (namespace \
                 “{expected}”)"
            ),
        );
    }
    let name = shortened(name);
    ReadError::new(
        format!(
            "phần tử gốc là “{name}” (không gian tên “{found}”); chứng chỉ hiệu chuẩn số bắt đầu \
             bằng “{}” (không gian tên “{expected}”)",
            dcc::ROOT
        ),
        format!(
            "the root element is “{name}” (namespace “{found}”); a digital calibration certificate \
             begins with “{}” (namespace “{expected}”)",
            dcc::ROOT
        ),
    )
}

/// The error for a text that is no JSON.
pub(super) fn not_json(error: &serde_json::Error) -> ReadError {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    ReadError::new(
        "tệp không phải JSON hợp lệ từ vị trí này trở đi",
        format!("the file is no JSON from here on ({error})"),
    )
    .at(number(error.line()), number(error.column()))
}

/// Namespace and local name of the root element, from its start tag alone: what follows may be
/// broken.
fn root(xml: &str) -> Option<(String, String)> {
    let mut rest = xml;
    loop {
        rest = rest.trim_start();
        let end = match rest {
            _ if rest.starts_with("<?") => "?>",
            _ if rest.starts_with("<!--") => "-->",
            _ if rest.starts_with("<!") => return None,
            _ => break,
        };
        rest = rest.split_once(end)?.1;
    }
    let mut quote = None;
    let end = rest.find(|character| match quote {
        Some(open) => {
            if character == open {
                quote = None;
            }
            false
        }
        None => {
            if matches!(character, '"' | '\'') {
                quote = Some(character);
            }
            character == '>'
        }
    })?;
    // Closed at once, the start tag is a document of its own.
    let alone = format!("{}/>", rest[..end].trim_end_matches('/'));
    if crowded(&alone).is_some() {
        return None;
    }
    let document = roxmltree::Document::parse(&alone).ok()?;
    let name = document.root_element().tag_name();
    Some((name.namespace().unwrap_or_default().to_owned(), name.name().to_owned()))
}

/// What a reader has not read, in the order found.
#[derive(Debug, Default)]
pub(super) struct UnreadList {
    list: Vec<Unread>,
    /// Where parts of one kind are counted.
    kinds: HashMap<(String, String), usize>,
    unlisted: usize,
}

impl UnreadList {
    /// Most parts listed one by one: nobody reads more, and a hostile file must not cost more
    /// memory than it has bytes.
    const MOST: usize = 2_000;

    /// Lists a part.
    pub(super) fn push(&mut self, unread: Unread) {
        if self.list.len() < Self::MOST {
            self.list.push(unread);
        } else {
            self.unlisted += unread.count;
        }
    }

    /// Lists a part, or counts it where one of the same kind and reason is already listed.
    pub(super) fn count(&mut self, kind: &str, unread: Unread) {
        let key = (kind.to_owned(), unread.reason.en.clone());
        match self.kinds.get(&key).and_then(|index| self.list.get_mut(*index)) {
            Some(first) => first.count += unread.count,
            None => {
                if self.list.len() < Self::MOST {
                    self.kinds.insert(key, self.list.len());
                }
                self.push(unread);
            }
        }
    }

    /// The list; where it is cut, the last entry says by how much.
    pub(super) fn into_list(mut self) -> Vec<Unread> {
        if self.unlisted > 0 {
            self.list.push(Unread {
                place: String::new(),
                line: None,
                count: self.unlisted,
                found: None,
                reason: Text::new(
                    "các phần khác chưa đọc, không liệt kê từng phần",
                    "further parts that were not read, not listed one by one",
                ),
            });
        }
        self.list
    }
}

/// Makes the ids of the records of a file: stable for its name, and different for different names
/// even where certificate numbers repeat.
#[derive(Debug)]
pub(super) struct Labels(String);

impl Labels {
    /// Longest part of a name that goes into an id.
    const LONGEST: usize = 40;

    pub(super) fn new(name: &str) -> Self {
        let stem = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let stem = stem.strip_suffix(".xml").or(stem.strip_suffix(".json")).unwrap_or(stem);
        let digest = sha256(name);
        Self(format!("_:{}-{}", Self::slug(stem), &digest[..8]))
    }

    /// The id of one record of the file.
    ///
    /// # Errors
    /// Never for suffixes of at most 50 letters, digits and hyphens, which is what readers give.
    pub(super) fn id(&self, suffix: impl fmt::Display) -> Result<Id, ReadError> {
        let label = format!("{}.{suffix}", self.0);
        Id::parse(&label).map_err(|error| {
            ReadError::new(
                format!("không lập được nhãn “{label}” cho bản ghi"),
                format!("no label can be made from “{label}”: {error}"),
            )
        })
    }

    /// Letters and digits of ASCII; runs of anything else become one hyphen.
    pub(super) fn slug(text: &str) -> String {
        let mut slug = String::new();
        for character in text.chars() {
            if slug.len() >= Self::LONGEST {
                break;
            }
            if character.is_ascii_alphanumeric() {
                slug.push(character.to_ascii_lowercase());
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        slug.truncate(slug.trim_end_matches('-').len());
        slug
    }
}

/// SHA-256 of a text in lower-case hexadecimal.
pub(super) fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_recognised_by_their_beginning() {
        let dcc = r#"<?xml version="1.0"?><!-- > --><d:digitalCalibrationCertificate a="/>'" xmlns:d="https://ptb.de/dcc">"#;
        assert_eq!(recognise(dcc), Some(Format::Dcc));
        assert_eq!(recognise(&format!("\u{feff}\n{dcc}")), Some(Format::Dcc));
        let comparison = r#"<kc:comparison xmlns:kc="KC_Schema">"#;
        assert_eq!(recognise(comparison), Some(Format::Ccri));
        assert_eq!(recognise(r#"{"data": [], "versionApiKcdb": "1.0.13"}"#), Some(Format::Kcdb));
        assert_eq!(
            recognise(r#"[{"id": 1, "kcdbCode": "SIM-EM-CA-000008LY-1"}]"#),
            Some(Format::Kcdb)
        );
        for other in ["", "<", "<a>", "<!DOCTYPE a><a/>", "{}", "{", "[]", "[1]", "5", "kcdbCode"] {
            assert_eq!(recognise(other), None, "{other}");
            let error = read("x", other).expect_err(other);
            assert!(!error.message.vi.is_empty() && !error.to_string().is_empty());
        }
    }

    #[test]
    fn labels_are_stable_and_distinct() {
        let of = |name: &str| Labels::new(name).id("item1").expect(name).to_string();
        assert_eq!(of("Giấy số 5 (bản 2).xml"), of("Giấy số 5 (bản 2).xml"));
        assert_ne!(of("a/1.xml"), of("b/1.xml"));
        assert_ne!(of("a 1.xml"), of("a-1.xml"));
        for name in ["", "é", &"x".repeat(5_000), "../../etc/passwd", "a\u{0}b"] {
            assert!(of(name).is_ascii(), "{name}");
        }
    }

    #[test]
    fn long_lists_say_how_much_is_missing() {
        let mut list = UnreadList::default();
        let part = |place: usize| Unread {
            place: place.to_string(),
            line: None,
            count: 1,
            found: None,
            reason: Text::new("vi", "en"),
        };
        for place in 0..UnreadList::MOST + 7 {
            list.push(part(place));
        }
        let list = list.into_list();
        assert_eq!(list.len(), UnreadList::MOST + 1);
        assert_eq!(list.last().map(|last| last.count), Some(7));
    }
}
