//! Tables of spreadsheets (CSV, XLSX) to records: one row a record, or a row for each result of a
//! calibration and each participant of a comparison.
//!
//! What lives here: [`read`]; what columns are called (`columns`), and records as rows (`rows`).
//! What does not: the cells of a workbook (`workbook`), the notation of scopes (`scope`).
//!
//! The first head of a table names its collection. Each other head is a column of the template in
//! Vietnamese or English, or the path of a field in the record's JSON (`nominal.unit`), so that
//! every field has a column. Behind the field that names another record, a path goes on into that
//! record (`owner.names.vi`) and describes it. All faults are reported at once, each with its cell.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use deserr::ValuePointerRef;
use serde::Serialize;
use serde_json::{Map, Value};

use self::columns::{column_of, key, named_by, row_list};
use super::outcome::{Converted, Labels, ReadError, Unread, UnreadList, sha256};
use super::scope;
use super::workbook::{self, Kind, Workbook, letters};
use crate::domain::check::check;
use crate::domain::decimal::Decimal;
use crate::domain::fault::{Fault, Gravity, escaped, shortened};
use crate::domain::form::Form;
use crate::domain::id::Id;
use crate::domain::interval::{Interval, Parameter, QuantityValue};
use crate::domain::period::Day;
use crate::domain::records::{AnyRecord, CollectionName, Records};
use crate::domain::text::Text;
use crate::domain::uncertainty::Mode;
use crate::domain::unit::Unit;

mod columns;
pub mod rows;

pub use columns::WITH_TEMPLATE;

/// Most rows of a file: a register of several laboratories, and few enough that all of it is in
/// memory at once.
const MOST_ROWS: usize = 200_000;
/// Most columns of a table.
const MOST_COLUMNS: u32 = 1_000;
/// Longest cell, in bytes: what a spreadsheet program keeps, in letters of three bytes.
const LONGEST_CELL: usize = 3 * 32_767;
/// Most filled cells of a CSV file.
const MOST_CELLS: usize = 5_000_000;
/// Faults that are listed, and after which no more rows are read.
const MOST_FAULTS: usize = 500;
/// Highest index of a list that has columns of its own.
const HIGHEST_INDEX: usize = 999;

/// A reason, in Vietnamese and English.
type Reason = (&'static str, &'static str);

const NOTE_COLUMN: Reason =
    ("cột ghi chú (đầu cột bắt đầu bằng #)", "a column of notes (its head begins with #)");
const SHEET_UNKNOWN: Reason = (
    "trang này không phải bảng dữ liệu: ô A1 không phải tên của một bộ sưu tập",
    "this sheet is no table of records: its cell A1 does not name a collection",
);
const COMPUTED: Reason = (
    "do công thức tính; đã lấy giá trị hiển thị khi lưu tệp",
    "computed by a formula; the value shown when the file was saved was taken",
);
const FIGURES_AND_VALUES: Reason = (
    "số lượng độ không đảm bảo đo khác số lượng giá trị của phạm vi đo",
    "there are not as many uncertainties as values of the range",
);

/// Whether a text is a table: that of a workbook, or CSV whose first head names a collection.
pub(super) fn is_sheet(text: &str) -> bool {
    match text.trim_start().as_bytes().first() {
        Some(b'{') => is_workbook(text),
        Some(b'<' | b'[') | None => false,
        Some(_) => delimiter(text).is_some(),
    }
}

/// Whether a text is CSV, though its first head names no collection: something is set apart in its
/// first line.
pub(super) fn may_be_table(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    !first.starts_with(['{', '<', '[']) && first.contains([',', ';', '\t'])
}

fn is_workbook(text: &str) -> bool {
    let start = text.trim_start().strip_prefix('{').map(str::trim_start);
    start
        .and_then(|start| start.strip_prefix('"'))
        .is_some_and(|key| key.starts_with(workbook::MARK))
}

/// Reads tables. The names by which they call records become labels that are the same in every
/// file, so that a later file of the same source means the same records by them.
///
/// # Errors
/// All faults of the tables, each with its cell; or that they are none.
pub fn read(text: &str) -> Result<Converted, ReadError> {
    let reader = Reader::of(text)?;
    match reader.known_tables {
        0 => Err(no_table()),
        _ => reader.finish(),
    }
}

/// The labels of the records that the tables of a text only describe: behind the fields that name
/// them, for a registry that does not have them.
pub(super) fn described(text: &str) -> HashSet<Id> {
    Reader::of(text).map(|reader| reader.described).unwrap_or_default()
}

/// Faults of the records that were read from a text (`/records/calibrations/0/issuer`), with the
/// cells that these come from.
pub(super) fn placed(text: &str, faults: Vec<Fault>) -> Vec<Fault> {
    if faults.is_empty() {
        return faults;
    }
    let Ok(reader) = Reader::of(text) else { return faults };
    let place = |fault: Fault| match reader.located(&fault.pointer) {
        Some(pointer) => Fault { pointer, ..fault },
        None => fault,
    };
    faults.into_iter().map(place).collect()
}

/// Why a text is no table that is known.
pub(super) fn no_table() -> ReadError {
    let words: Vec<&str> = CollectionName::ALL.iter().map(|name| name.as_str()).collect();
    let words = words.join(", ");
    ReadError::new(
        format!(
            "ô đầu tiên (A1) phải là tên của bộ sưu tập, bằng tiếng Việt như “Chuẩn đo lường” hoặc \
             là một trong các từ {words}; lập bảng mẫu bằng lệnh: etalon template \
             measurement_standards --csv -o FILE"
        ),
        format!(
            "the first cell (A1) must name the collection, as “Measurement standards” or one of \
             {words}; a table to fill in is made by: etalon template measurement_standards --csv \
             -o FILE"
        ),
    )
}

// Tables

/// A table with its cells.
struct Table {
    /// The sheet that it stands on, where there are several.
    sheet: Option<String>,
    cells: Vec<workbook::Cell>,
    merged: Vec<(u32, u32)>,
    /// Whether a guarded text loses its guard.
    guarded: bool,
}

fn of_workbook(text: &str) -> Result<Vec<Table>, ReadError> {
    let workbook: Workbook =
        serde_json::from_str(text).map_err(|error| super::outcome::not_json(&error))?;
    let table = |sheet: workbook::Sheet| Table {
        sheet: Some(sheet.name),
        cells: sheet.cells,
        merged: sheet.merged,
        guarded: false,
    };
    Ok(workbook.sheets.into_iter().map(table).collect())
}

/// The line in which some programs say what sets cells apart.
const SEPARATOR_LINE: &str = "sep=";

/// What sets the cells of a CSV text apart, told by its first head.
fn delimiter(text: &str) -> Option<u8> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = match text.get(..4).filter(|start| start.eq_ignore_ascii_case(SEPARATOR_LINE)) {
        Some(_) => text.split_once('\n')?.1,
        None => text,
    };
    let first = text.lines().find(|line| !line.trim().is_empty())?;
    [b',', b';', b'\t'].into_iter().find(|delimiter| {
        let head = first.split(char::from(*delimiter)).next().unwrap_or_default();
        columns::collection(head.trim().trim_matches('"')).is_some()
    })
}

fn of_csv(text: &str) -> Result<Table, ReadError> {
    let delimiter = delimiter(text).ok_or_else(no_table)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut cells = Vec::new();
    let mut record = csv::StringRecord::new();
    let mut row = 0_u32;
    while reader.read_record(&mut record).map_err(|error| broken_csv(&error))? {
        // Lines without anything are rows too, though no records.
        let start = record.position().map_or(0, csv::Position::byte);
        row = row.saturating_add(empty_lines(text, start));
        if row as usize > MOST_ROWS {
            return Err(too_many_rows());
        }
        for (column, cell) in (0_u32..).zip(&record) {
            if cell.len() > LONGEST_CELL {
                let place = Place { sheet: None, row, column };
                return Err(ReadError::new(
                    format!("ô {place} quá dài; có lẽ một dấu ngoặc kép không được đóng"),
                    format!("the cell {place} is too long; a quote may not be closed"),
                ));
            }
            let is_separator_line =
                row == 0 && column == 0 && cell.to_lowercase().starts_with(SEPARATOR_LINE);
            if !cell.trim().is_empty() && !is_separator_line {
                cells.push(workbook::Cell(row, column, Kind::Text, cell.to_owned()));
            }
        }
        if cells.len() > MOST_CELLS {
            return Err(ReadError::new(
                format!("bảng có hơn {MOST_CELLS} ô có nội dung; hãy chia thành nhiều tệp"),
                format!("the table has more than {MOST_CELLS} filled cells; split it"),
            ));
        }
        row = row.saturating_add(1);
    }
    Ok(Table { sheet: None, cells, merged: Vec::new(), guarded: true })
}

/// How many lines without anything stand from a byte on, of which the first may be the rest of the
/// line before.
fn empty_lines(text: &str, start: u64) -> u32 {
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let before = text.as_bytes().get(..start).and_then(|before| before.last());
    let rest = text.get(start..).unwrap_or_default();
    let rest = match before {
        Some(b'\r') => rest.strip_prefix('\n').unwrap_or(rest),
        _ => rest,
    };
    let run = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
    let ends = rest[..run].replace("\r\n", "\n").len();
    u32::try_from(ends).unwrap_or(u32::MAX)
}

fn broken_csv(error: &csv::Error) -> ReadError {
    let fault = ReadError::new(
        "từ dòng này không đọc được như CSV; hãy kiểm tra dấu ngoặc kép",
        format!("this line cannot be read as CSV; check its quotes ({error})"),
    );
    match error.position().and_then(|position| u32::try_from(position.line()).ok()) {
        Some(line) => fault.at(line, 1),
        None => fault,
    }
}

fn too_many_rows() -> ReadError {
    ReadError::new(
        format!("bảng có hơn {MOST_ROWS} dòng; hãy chia thành nhiều tệp"),
        format!("the table has more than {MOST_ROWS} rows; split it"),
    )
}

/// A cell, as spreadsheets name it: `Chuẩn!C7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place<'t> {
    sheet: Option<&'t str>,
    row: u32,
    column: u32,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(sheet) = self.sheet {
            write!(formatter, "{sheet}!")?;
        }
        write!(formatter, "{}{}", letters(self.column), u64::from(self.row) + 1)
    }
}

// Columns

/// A step of a path into a record.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
    /// The element that the row is for.
    Row,
}

/// What the cells of a column say.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Leaf {
    Text,
    /// One of these.
    Word(Vec<&'static str>),
    Decimal,
    Integer,
    Number,
    Boolean,
    Day,
    Unit,
    Id(Option<CollectionName>),
    Range,
    Quantity,
    Uncertainty,
    Parameters,
    /// Several, with semicolons between.
    List(Box<Leaf>),
    Json,
}

/// Where the cells of a column go.
#[derive(Debug, Clone)]
struct Target {
    path: Vec<Step>,
    leaf: Leaf,
    /// The record described: the field that names it, and the collection it is of.
    described: Option<(Vec<Step>, CollectionName)>,
}

/// The target of a path within the records of a collection.
fn target(collection: CollectionName, path: &str) -> Option<Target> {
    let steps: Vec<&str> = path.split('.').collect();
    let mut walked = Vec::new();
    match walk(&collection.record_form(), &steps, &mut walked, collection)? {
        Walked::To(leaf) if steps != ["id"] => Some(Target { path: walked, leaf, described: None }),
        Walked::To(_) => None,
        Walked::Beyond { named, rest } => {
            let mut path = Vec::new();
            match walk(&named.record_form(), rest, &mut path, named)? {
                Walked::To(leaf) if rest != ["id"] && !path.contains(&Step::Row) => {
                    Some(Target { path, leaf, described: Some((walked, named)) })
                }
                _ => None,
            }
        }
    }
}

/// Where a path leads.
enum Walked<'s> {
    /// To a cell's worth.
    To(Leaf),
    /// Into the record that a field names.
    Beyond { named: CollectionName, rest: &'s [&'s str] },
}

fn walk<'s>(
    form: &Form,
    rest: &'s [&'s str],
    walked: &mut Vec<Step>,
    collection: CollectionName,
) -> Option<Walked<'s>> {
    let Some((first, others)) = rest.split_first() else {
        return leaf(form, walked).map(Walked::To);
    };
    match form {
        Form::Named(named) if named.name == "Id" => {
            let named = last_key(walked).and_then(named_by)?;
            Some(Walked::Beyond { named, rest })
        }
        Form::Named(named) => walk(&(named.definition)().form, rest, walked, collection),
        Form::Nullable(form) => walk(form, rest, walked, collection),
        Form::Object { fields, .. } => {
            let field = fields.iter().find(|field| field.name == *first)?;
            walked.push(Step::Key(field.name.to_owned()));
            walk(&field.form, others, walked, collection)
        }
        Form::Map(form) => {
            walked.push(Step::Key((*first).to_owned()));
            walk(form, others, walked, collection)
        }
        Form::List { of, .. } => {
            let is_row_list = matches!(
                walked.as_slice(), [Step::Key(key)] if row_list(collection) == Some(key)
            );
            if is_row_list {
                walked.push(Step::Row);
                return walk(of, rest, walked, collection);
            }
            let index = first.parse().ok().filter(|index| *index <= HIGHEST_INDEX)?;
            walked.push(Step::Index(index));
            walk(of, others, walked, collection)
        }
        Form::OneOf(forms) => {
            let length = walked.len();
            forms.iter().find_map(|form| {
                walked.truncate(length);
                walk(form, rest, walked, collection)
            })
        }
        Form::Text(_)
        | Form::Words(_)
        | Form::Integer { .. }
        | Form::Number { .. }
        | Form::Boolean
        | Form::Any => None,
    }
}

fn last_key(path: &[Step]) -> Option<&str> {
    path.iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) | Step::Row => None,
    })
}

/// What a cell of a form says.
fn leaf(form: &Form, path: &[Step]) -> Option<Leaf> {
    Some(match form {
        Form::Named(named) => match named.name.as_ref() {
            "Decimal" => Leaf::Decimal,
            "Day" => Leaf::Day,
            "Unit" => Leaf::Unit,
            "Id" => Leaf::Id(last_key(path).and_then(named_by)),
            "Interval" => Leaf::Range,
            "QuantityValue" => Leaf::Quantity,
            "CapabilityUncertainty" => Leaf::Uncertainty,
            _ => leaf(&(named.definition)().form, path)?,
        },
        Form::Nullable(form) => leaf(form, path)?,
        Form::Text(_) => Leaf::Text,
        Form::Words(words) => Leaf::Word(words.iter().map(|word| word.word).collect()),
        Form::Integer { .. } => Leaf::Integer,
        Form::Number { .. } => Leaf::Number,
        Form::Boolean => Leaf::Boolean,
        Form::Any => Leaf::Json,
        Form::OneOf(forms) => forms.iter().find_map(|form| leaf(form, path))?,
        Form::List { of, .. } => match of.as_ref() {
            Form::Named(named) if named.name == "Parameter" => Leaf::Parameters,
            of => match leaf(of, path)? {
                Leaf::List(_) | Leaf::Range | Leaf::Quantity | Leaf::Uncertainty | Leaf::Json => {
                    return None;
                }
                one => Leaf::List(Box::new(one)),
            },
        },
        Form::Object { .. } | Form::Map(_) => return None,
    })
}

/// The words of which the cells of a column have one.
fn words(collection: CollectionName, path: &str) -> Vec<&'static str> {
    match target(collection, path).map(|target| target.leaf) {
        Some(Leaf::Word(words)) => words,
        Some(Leaf::List(one)) => match *one {
            Leaf::Word(words) => words,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// What a head stands for.
enum Head {
    /// The record itself: its id or name.
    Record,
    Field(Box<Target>),
    /// Not to be read.
    Note,
}

fn head(collection: CollectionName, text: &str, column: u32) -> Option<Head> {
    if column == 0 {
        return Some(Head::Record);
    }
    let text = text.trim();
    if text.starts_with('#') {
        return Some(Head::Note);
    }
    let path = column_of(collection, text).map_or(text, |column| column.path);
    target(collection, path).map(|target| Head::Field(Box::new(target)))
}

// Records in the making

/// A part of a record, with the cells that its values come from.
#[derive(Debug, Clone)]
enum Node {
    Leaf(Value, Cell),
    Object(BTreeMap<String, Node>),
    /// Elements by the index in their heads; those that have none close up.
    List(BTreeMap<usize, Node>),
}

/// Row and column.
type Cell = (u32, u32);

impl Node {
    fn object() -> Self {
        Self::Object(BTreeMap::new())
    }

    /// Puts a value in its place.
    ///
    /// # Errors
    /// The cell in which something else is said of it.
    fn put(&mut self, path: &[Step], value: Value, cell: Cell) -> Result<(), Cell> {
        let Some((first, rest)) = path.split_first() else {
            return match self {
                Self::Leaf(before, _) if *before == value => Ok(()),
                Self::Object(parts) if parts.is_empty() => {
                    *self = Self::Leaf(value, cell);
                    Ok(())
                }
                other => Err(other.cell().unwrap_or(cell)),
            };
        };
        match (first, &mut *self) {
            (Step::Key(key), Self::Object(parts)) => {
                parts.entry(key.clone()).or_insert_with(Self::object).put(rest, value, cell)
            }
            (Step::Index(index), Self::List(parts)) => {
                parts.entry(*index).or_insert_with(Self::object).put(rest, value, cell)
            }
            (Step::Index(_), Self::Object(parts)) if parts.is_empty() => {
                *self = Self::List(BTreeMap::new());
                self.put(path, value, cell)
            }
            (_, other) => Err(other.cell().unwrap_or(cell)),
        }
    }

    fn get(&self, path: &[&str]) -> Option<&Value> {
        match (path.split_first(), self) {
            (None, Self::Leaf(value, _)) => Some(value),
            (Some((key, rest)), Self::Object(parts)) => parts.get(*key)?.get(rest),
            _ => None,
        }
    }

    /// The first cell of it.
    fn cell(&self) -> Option<Cell> {
        match self {
            Self::Leaf(_, cell) => Some(*cell),
            Self::Object(parts) => parts.values().find_map(Self::cell),
            Self::List(parts) => parts.values().find_map(Self::cell),
        }
    }

    /// Its JSON, and where each value of it comes from.
    fn into_json(self, pointer: &str, cells: &mut Vec<(String, Cell)>) -> Value {
        match self {
            Self::Leaf(value, cell) => {
                cells.push((pointer.to_owned(), cell));
                value
            }
            Self::Object(parts) => {
                let field = |(key, part): (String, Self)| {
                    let place = format!("{pointer}/{}", escaped(&key));
                    (key, part.into_json(&place, cells))
                };
                Value::Object(parts.into_iter().map(field).collect())
            }
            Self::List(parts) => {
                let element = |(index, part): (usize, Self)| {
                    part.into_json(&format!("{pointer}/{index}"), cells)
                };
                Value::Array((0..).zip(parts.into_values()).map(element).collect())
            }
        }
    }
}

/// A record whose rows are being read.
struct Building {
    collection: CollectionName,
    node: Node,
    /// Its elements that have rows of their own.
    rows: Vec<Node>,
    first_row: u32,
    /// What only a scope says.
    range: Option<scope::Range>,
    uncertainty: Option<(scope::Uncertainty, Cell)>,
}

/// The values of a row, and where they go.
struct Entry<'t> {
    target: &'t Target,
    value: Value,
    cell: Cell,
}

#[derive(Default)]
struct Reader {
    records: Records,
    unread: UnreadList,
    /// The first of the faults, and how many there are.
    faults: Vec<Fault>,
    fault_count: usize,
    known_tables: usize,
    /// Decimal sign of the file, and the first cell with it.
    decimal_sign: Option<(char, String)>,
    /// Where the values of each record come from.
    sources: HashMap<(CollectionName, usize), Source>,
    /// Records made so far of each collection.
    counts: HashMap<CollectionName, usize>,
    /// Records that are only described.
    described: HashSet<Id>,
}

/// The cells that a record comes from.
struct Source {
    sheet: Option<String>,
    first_row: u32,
    cells: Vec<(String, Cell)>,
}

impl Source {
    /// A cell as it is named.
    fn name(&self, (row, column): Cell) -> String {
        Place { sheet: self.sheet.as_deref(), row, column }.to_string()
    }

    /// The cell of a place in the record: that of the value there, or the nearest.
    fn cell(&self, pointer: &str) -> Cell {
        if pointer.is_empty() {
            return (self.first_row, 0);
        }
        let shared = |cell: &&(String, Cell)| {
            let own = cell.0.as_str();
            let within = |inner: &str, outer: &str| {
                inner
                    .strip_prefix(outer)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            match within(own, pointer) || within(pointer, own) {
                true => own.len().min(pointer.len()),
                false => 0,
            }
        };
        let nearest = self.cells.iter().filter(|cell| shared(cell) > 0);
        let nearest = nearest.max_by_key(|cell| (shared(cell), std::cmp::Reverse(cell.1)));
        nearest.map_or((self.first_row, 0), |(_, cell)| *cell)
    }
}

impl Reader {
    fn of(text: &str) -> Result<Self, ReadError> {
        let tables = match is_workbook(text) {
            true => of_workbook(text)?,
            false => vec![of_csv(text)?],
        };
        let mut reader = Self::default();
        for table in &tables {
            reader.table(table);
        }
        Ok(reader)
    }

    fn fault(&mut self, place: impl fmt::Display, code: &'static str, message: Text) {
        self.push(Fault::error(place.to_string(), code, message));
    }

    fn push(&mut self, fault: Fault) {
        self.fault_count += 1;
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault);
        }
    }

    fn list(&mut self, place: Place<'_>, kind: &str, found: Option<&str>, reason: Text) {
        let found = found.map(|found| {
            let words: Vec<&str> = found.split_whitespace().collect();
            shortened(&words.join(" ")).into_owned()
        });
        let line = place.row.checked_add(1);
        let unread = Unread { place: place.to_string(), line, count: 1, found, reason };
        match kind {
            "" => self.unread.push(unread),
            kind => self.unread.count(kind, unread),
        }
    }

    fn table(&mut self, table: &Table) {
        let sheet = table.sheet.as_deref();
        let Some(workbook::Cell(head_row, first_column, _, title)) = table.cells.first() else {
            return;
        };
        let head_row = *head_row;
        let Some(collection) = columns::collection(title).filter(|_| *first_column == 0) else {
            let place = Place { sheet, row: 0, column: 0 };
            if !title.starts_with('#') {
                self.list(place, "", Some(title), Text::new(SHEET_UNKNOWN.0, SHEET_UNKNOWN.1));
            }
            return;
        };
        self.known_tables += 1;
        let before = self.fault_count;
        for (row, column) in &table.merged {
            let place = Place { sheet, row: *row, column: *column };
            let message = Text::new(
                "ô bị gộp: không rõ giá trị thuộc những dòng nào; hãy bỏ gộp và điền từng ô",
                "merged cells: which rows the value is of is not said; unmerge and fill each cell",
            );
            self.fault(place, "merged_cells", message);
        }
        let mut heads: HashMap<u32, (Head, &str)> = HashMap::new();
        let mut paths = HashSet::new();
        let is_head = |cell: &&workbook::Cell| cell.0 == head_row;
        for workbook::Cell(row, column, _, text) in table.cells.iter().take_while(is_head) {
            let place = Place { sheet, row: *row, column: *column };
            match head(collection, text, *column) {
                Some(head) if *column < MOST_COLUMNS => {
                    if let Head::Field(target) = &head
                        && !paths.insert(format!("{:?}{:?}", target.described, target.path))
                    {
                        let message = Text::new(
                            "cột này có hai lần; hãy giữ một cột",
                            "this column is there twice; keep one",
                        );
                        self.fault(place, "duplicate_column", message);
                    }
                    heads.insert(*column, (head, text.as_str()));
                }
                _ => self.fault(place, "unknown_column", unknown_column(collection, text)),
            }
        }
        let mut rows: BTreeMap<u32, BTreeMap<u32, &workbook::Cell>> = BTreeMap::new();
        for cell in table.cells.iter().skip_while(is_head) {
            rows.entry(cell.0).or_default().insert(cell.1, cell);
        }
        if rows.len() > MOST_ROWS {
            let message = too_many_rows().message;
            return self.fault(Place { sheet, row: head_row, column: 0 }, "too_many_rows", message);
        }
        if self.fault_count > before {
            // With heads that are not understood every row would be faulty.
            return;
        }
        self.body(table, collection, &heads, &rows);
    }

    fn body(
        &mut self,
        table: &Table,
        collection: CollectionName,
        heads: &HashMap<u32, (Head, &str)>,
        rows: &BTreeMap<u32, BTreeMap<u32, &workbook::Cell>>,
    ) {
        let sheet = table.sheet.as_deref();
        // Records of several rows, and the rows of those of one.
        let mut building: BTreeMap<Id, Building> = BTreeMap::new();
        let mut alone: HashMap<Id, u32> = HashMap::new();
        let mut described: BTreeMap<Id, Building> = BTreeMap::new();
        let mut order: Vec<Id> = Vec::new();
        let mut current: Option<Id> = None;
        for (row, cells) in rows {
            if self.fault_count >= MOST_FAULTS {
                break;
            }
            let faults = self.fault_count;
            let mut own_name = None;
            let mut entries = Vec::new();
            let mut range = None;
            let mut uncertainty = None;
            for (column, cell) in cells {
                let place = Place { sheet, row: *row, column: *column };
                let Some((head, title)) = heads.get(column) else {
                    let message = Text::new(
                        "ô có nội dung nhưng cột không có đầu cột; trong CSV, ô có chứa dấu phân cách \
                         phải đặt trong ngoặc kép",
                        "a filled cell in a column without a head; in CSV, a cell with the \
                         separator in it needs quotes",
                    );
                    self.fault(place, "no_head", message);
                    continue;
                };
                let text = match table.guarded {
                    true => rows::without_guard(&cell.3),
                    false => cell.3.as_str(),
                };
                if cell.2 == Kind::Error {
                    let found = shortened(text);
                    let message = Text::new(
                        format!("ô có lỗi {found}; hãy sửa trong bảng tính"),
                        format!("the cell has the error {found}; mend it in the spreadsheet"),
                    );
                    self.fault(place, "error_cell", message);
                    continue;
                }
                let target = match head {
                    Head::Note => {
                        let reason = Text::new(NOTE_COLUMN.0, NOTE_COLUMN.1);
                        self.list(place, title, Some(text), reason);
                        continue;
                    }
                    Head::Record => {
                        own_name = Some((text.trim(), place));
                        continue;
                    }
                    Head::Field(target) => target,
                };
                if cell.2 == Kind::Computed {
                    self.list(place, title, Some(text), Text::new(COMPUTED.0, COMPUTED.1));
                }
                let is_scope = collection == CollectionName::Capabilities
                    && target.described.is_none()
                    && target.path.len() == 1;
                let at = (*row, *column);
                let is_notation = matches!(
                    target.leaf,
                    Leaf::Range | Leaf::Quantity | Leaf::Uncertainty | Leaf::Parameters
                );
                if is_notation && let Err((code, message)) = self.decimal_sign(text, place) {
                    self.fault(place, code, message);
                    continue;
                }
                match (&target.leaf, is_scope) {
                    (Leaf::Range, true) => match scope::range(text) {
                        Ok(read) => range = Some(read),
                        Err(error) => self.list(place, "", Some(text), located(&error)),
                    },
                    (Leaf::Uncertainty, true) => match scope::uncertainty(text) {
                        Ok(read) => uncertainty = Some((read, at)),
                        Err(error) => self.list(place, "", Some(text), located(&error)),
                    },
                    (leaf, _) => match self.value(leaf, text, cell.2, place) {
                        Ok(value) => entries.push(Entry { target, value, cell: at }),
                        Err((_, message)) if is_scope && *leaf == Leaf::Parameters => {
                            self.list(place, "", Some(text), message);
                        }
                        Err((code, message)) => {
                            let Text { vi, en } = message;
                            let title = shortened(title);
                            let message =
                                Text::new(format!("{title}: {vi}"), format!("{title}: {en}"));
                            self.fault(place, code, message);
                        }
                    },
                }
            }
            if self.fault_count > faults {
                continue;
            }
            let first = Place { sheet, row: *row, column: 0 };
            let name = self.identity(collection, own_name, &entries);
            let id = match (name, &current, row_list(collection)) {
                (Some(name), ..) => self.valid(name, own_name.map_or(first, |(_, place)| place)),
                (None, Some(current), Some(_)) => Some(current.clone()),
                (None, ..) => {
                    self.fault(first, "no_name", no_name(collection));
                    None
                }
            };
            let Some(id) = id else { continue };
            let blank = |range, uncertainty| Building {
                collection,
                node: Node::object(),
                rows: Vec::new(),
                first_row: *row,
                range,
                uncertainty,
            };
            if row_list(collection).is_some() {
                let record = building.entry(id.clone()).or_insert_with(|| {
                    order.push(id.clone());
                    blank(None, None)
                });
                self.entries(table, record, entries, *row, &mut described);
                current = Some(id);
                continue;
            }
            if let Some(before) = alone.insert(id.clone(), *row) {
                let before = u64::from(before) + 1;
                let message = Text::new(
                    format!("bản ghi này đã có ở dòng {before}; mỗi bản ghi cần một tên riêng"),
                    format!("this record stands in row {before} already; give each its own name"),
                );
                self.fault(first, "record_twice", message);
                continue;
            }
            let mut record = blank(range, uncertainty);
            self.entries(table, &mut record, entries, *row, &mut described);
            match collection {
                CollectionName::Capabilities => self.capability(sheet, &id, record),
                _ => self.record(sheet, &id, record),
            }
        }
        for (id, record) in described {
            self.record(sheet, &id, record);
            self.described.insert(id);
        }
        for id in order {
            if let Some(record) = building.remove(&id) {
                self.record(sheet, &id, record);
            }
        }
    }

    /// Puts the values of a row into its record and into those that it describes.
    fn entries(
        &mut self,
        table: &Table,
        record: &mut Building,
        entries: Vec<Entry<'_>>,
        row: u32,
        described: &mut BTreeMap<Id, Building>,
    ) {
        let sheet = table.sheet.as_deref();
        let mut element = Node::object();
        let mut has_element = false;
        // The names of described records come first.
        let names: Vec<(Vec<Step>, Option<Id>)> = entries
            .iter()
            .filter(|entry| matches!(entry.target.leaf, Leaf::Id(_)))
            .filter(|entry| entry.target.described.is_none())
            .map(|entry| {
                let id = entry.value.as_str().and_then(|id| Id::parse(id).ok());
                (entry.target.path.clone(), id)
            })
            .collect();
        for Entry { target, value, cell } in entries {
            let place = Place { sheet, row: cell.0, column: cell.1 };
            let put = match &target.described {
                Some((field, collection)) => {
                    let named = names.iter().find(|(path, _)| path == field);
                    let Some((_, Some(id))) = named else {
                        self.fault(place, "nothing_named", nothing_named());
                        continue;
                    };
                    if !id.is_label() {
                        self.fault(place, "described_and_known", described_and_known());
                        continue;
                    }
                    let one = described.entry(id.clone()).or_insert_with(|| Building {
                        collection: *collection,
                        node: Node::object(),
                        rows: Vec::new(),
                        first_row: row,
                        range: None,
                        uncertainty: None,
                    });
                    one.node.put(&target.path, value, cell)
                }
                None => match target.path.iter().position(|step| *step == Step::Row) {
                    Some(at) => {
                        has_element = true;
                        element.put(&target.path[at + 1..], value, cell)
                    }
                    None => record.node.put(&target.path, value, cell),
                },
            };
            if let Err(before) = put {
                let before = Place { sheet, row: before.0, column: before.1 };
                let message = Text::new(
                    format!("khác với ô {before}, cũng nói về trường này của bản ghi này"),
                    format!("differs from the cell {before}, which is about the same field"),
                );
                self.fault(place, "contradiction", message);
            }
        }
        if has_element {
            if record.collection == CollectionName::Calibrations {
                let number = record.rows.len() + 1;
                let id = Value::String(format!("r{number}"));
                if element.get(&["id"]).is_none() {
                    // It is empty there: nothing can contradict.
                    let _ = element.put(&[Step::Key("id".to_owned())], id, (row, 0));
                }
            }
            record.rows.push(element);
        }
    }

    /// The id of a row's record: the first column's, or the label of what the record is known by.
    fn identity(
        &self,
        collection: CollectionName,
        own_name: Option<(&str, Place<'_>)>,
        entries: &[Entry<'_>],
    ) -> Option<String> {
        if let Some((name, _)) = own_name {
            return Some(id_of(name, Some(collection)));
        }
        key(collection).iter().find_map(|key| {
            let path: Vec<Step> = key.split('.').map(|key| Step::Key(key.to_owned())).collect();
            let entry = entries
                .iter()
                .find(|entry| entry.target.described.is_none() && entry.target.path == path)?;
            Some(label(collection, entry.value.as_str()?))
        })
    }

    fn valid(&mut self, id: String, place: Place<'_>) -> Option<Id> {
        let parsed = Id::parse(&id);
        if let Err(error) = &parsed {
            let found = shortened(&id);
            let message = Text::new(
                format!(
                    "“{found}” không phải mã định danh: cần UUIDv7 viết thường, hoặc một tên tự đặt"
                ),
                format!("“{found}”: {error}, or a plain name"),
            );
            self.fault(place, "bad_id", message);
        }
        parsed.ok()
    }

    /// The value of a cell.
    fn value(
        &mut self,
        leaf: &Leaf,
        text: &str,
        kind: Kind,
        place: Place<'_>,
    ) -> Result<Value, (&'static str, Text)> {
        let trimmed = text.trim();
        let string = |text: &str| Ok(Value::String(text.to_owned()));
        let by_notation = |error: scope::NotationError| ("bad_notation", located(&error));
        match leaf {
            Leaf::Decimal => {
                let number = self.decimal(trimmed, kind, place)?;
                string(number.as_str())
            }
            Leaf::Day => match (kind, Day::parse(trimmed)) {
                (Kind::Day | Kind::Text | Kind::Computed, Ok(_)) => string(trimmed),
                _ => Err(("bad_date", bad_date(trimmed))),
            },
            Leaf::Boolean => match trimmed.to_lowercase().as_str() {
                "true" | "yes" | "có" | "đúng" => Ok(Value::Bool(true)),
                "false" | "no" | "không" | "sai" => Ok(Value::Bool(false)),
                _ => Err(("bad_truth", bad_truth(trimmed))),
            },
            Leaf::Integer => {
                let number =
                    trimmed.parse::<u64>().map_err(|_| ("bad_integer", bad_integer(trimmed)))?;
                Ok(number.into())
            }
            Leaf::Number => {
                let number = self.decimal(trimmed, kind, place)?;
                Ok(serde_json::Number::from_f64(number.to_f64()).map_or(Value::Null, Value::Number))
            }
            Leaf::Unit => {
                let unit = scope::unit(trimmed).map_err(|message| ("bad_unit", message))?;
                string(unit.code())
            }
            Leaf::Text => match kind {
                Kind::Day | Kind::Time => Err(("not_text", not_text(trimmed))),
                Kind::Number | Kind::ComputedNumber
                    if trimmed.contains('E') || trimmed.len() > 15 =>
                {
                    Err(("not_text", not_text(trimmed)))
                }
                _ => string(trimmed),
            },
            Leaf::Word(_) => string(trimmed),
            Leaf::Id(named) => string(&id_of(trimmed, *named)),
            Leaf::Range => match scope::range(trimmed).map_err(by_notation)? {
                scope::Range::Interval(interval) => Ok(json(&interval)),
                scope::Range::Values(values) => match values.as_slice() {
                    [one] => Ok(json(&single(one))),
                    _ => Err(("bad_notation", one_range())),
                },
            },
            Leaf::Quantity => Ok(json(&scope::quantity(trimmed).map_err(by_notation)?)),
            Leaf::Uncertainty => {
                let stated = scope::uncertainty(trimmed).map_err(by_notation)?;
                let stated = stated.of_capability(0, None, None);
                Ok(json(&stated.map_err(|message| ("bad_notation", message))?))
            }
            Leaf::Parameters => parameters(trimmed).map_err(|message| ("bad_notation", message)),
            Leaf::List(one) => {
                let parts = trimmed.split(';').map(str::trim).filter(|part| !part.is_empty());
                let parts = parts.map(|part| self.value(one, part, kind, place));
                parts.collect::<Result<_, _>>().map(Value::Array)
            }
            Leaf::Json => serde_json::from_str(trimmed).or_else(|_| string(trimmed)),
        }
    }

    /// A measured number. A file has one decimal sign: where both stand in it, one of them may set
    /// groups of digits apart.
    fn decimal(
        &mut self,
        text: &str,
        kind: Kind,
        place: Place<'_>,
    ) -> Result<Decimal, (&'static str, Text)> {
        match kind {
            Kind::ComputedNumber => return Err(("computed_number", computed_number())),
            Kind::Day | Kind::Time | Kind::Truth => return Err(("bad_number", not_a_number(text))),
            Kind::Number => {
                return text.parse().map_err(|_| ("bad_number", not_a_number(text)));
            }
            Kind::Text | Kind::Computed | Kind::Error => {}
        }
        let number = scope::number(text).map_err(|error| ("bad_number", located(&error)))?;
        self.decimal_sign(text, place)?;
        Ok(number)
    }

    /// Notes the decimal sign of a cell.
    fn decimal_sign(&mut self, text: &str, place: Place<'_>) -> Result<(), (&'static str, Text)> {
        let Some(sign) = scope::decimal_sign(text) else { return Ok(()) };
        match &self.decimal_sign {
            Some((before, cell)) if *before != sign => Err((
                "decimal_sign",
                Text::new(
                    format!(
                        "dấu thập phân ở đây là “{sign}” nhưng ở ô {cell} là “{before}”; hãy dùng \
                         một loại"
                    ),
                    format!(
                        "the decimal sign is “{sign}” here and “{before}” in the cell {cell}; use \
                         one"
                    ),
                ),
            )),
            Some(_) => Ok(()),
            None => {
                self.decimal_sign = Some((sign, place.to_string()));
                Ok(())
            }
        }
    }

    // Records

    /// The capabilities of a scope's entry: one, or one for each of several values.
    fn capability(&mut self, sheet: Option<&str>, id: &Id, record: Building) {
        let Building { node, first_row, range, uncertainty, .. } = record;
        let text = |path: &[&str]| node.get(path).and_then(Value::as_str);
        let values = match &range {
            Some(scope::Range::Values(values)) => values.len(),
            Some(scope::Range::Interval(_)) | None => 1,
        };
        let unit = match &range {
            Some(scope::Range::Interval(interval)) => Some(interval.unit.clone()),
            Some(scope::Range::Values(values)) => values.first().map(|value| value.unit.clone()),
            None => text(&["range", "unit"]).and_then(|unit| Unit::parse(unit).ok()),
        };
        let mode = text(&["uncertainty", "mode"]).and_then(Mode::from_word);
        let group = text(&["group_identifier"]).or(text(&["code"])).map(str::to_owned);
        let mut uncertainty = uncertainty;
        if let Some((stated, cell)) = &uncertainty
            && stated.one_each().is_some_and(|count| count != values)
        {
            let place = Place { sheet, row: cell.0, column: cell.1 };
            let reason = Text::new(FIGURES_AND_VALUES.0, FIGURES_AND_VALUES.1);
            self.list(place, "", None, reason);
            uncertainty = None;
        }
        if values > 1 && !id.is_label() {
            let place = Place { sheet, row: first_row, column: 0 };
            let message = Text::new(
                "nhiều giá trị thành nhiều bản ghi, không thể cùng mang một mã định danh; hãy để trống ô này",
                "several values make several records, which cannot share an id; leave this cell empty",
            );
            return self.fault(place, "several_records", message);
        }
        for index in 0..values {
            let mut node = node.clone();
            let at = (first_row, 0);
            let mut said_twice = None;
            let stated = match &range {
                Some(scope::Range::Interval(interval)) => Some(interval.clone()),
                Some(scope::Range::Values(values)) => values.get(index).map(single),
                None => None,
            };
            if let Some(interval) = stated {
                let value = json(&interval);
                said_twice = node.put(&[Step::Key("range".to_owned())], value, at).err();
            }
            if let Some((stated, cell)) = &uncertainty {
                let place = Place { sheet, row: cell.0, column: cell.1 };
                match stated.of_capability(index, unit.as_ref(), mode) {
                    Err(reason) if index == 0 => self.list(place, "", None, reason),
                    Err(_) => {}
                    Ok(stated) => {
                        let value = json(&stated);
                        for (key, value) in value.as_object().into_iter().flatten() {
                            let path =
                                ["uncertainty", key.as_str()].map(|key| Step::Key(key.to_owned()));
                            let put = node.put(&path, value.clone(), *cell);
                            said_twice = said_twice.or(put.err());
                        }
                    }
                }
            }
            if let Some(cell) = said_twice {
                let place = Place { sheet, row: cell.0, column: cell.1 };
                let message = Text::new(
                    "đã nói ở cột phạm vi đo hoặc độ không đảm bảo đo của dòng này; hãy giữ một",
                    "said in the column of the range or of the uncertainty too; keep one of them",
                );
                return self.fault(place, "contradiction", message);
            }
            let mut own = id.clone();
            if values > 1 {
                let name = format!("{id}.{}", index + 1);
                let place = Place { sheet, row: first_row, column: 0 };
                let Some(valid) = self.valid(name, place) else { return };
                own = valid;
                if let Some(group) = &group
                    && node.get(&["group_identifier"]).is_none()
                {
                    let path = [Step::Key("group_identifier".to_owned())];
                    // It is empty there: nothing can contradict.
                    let _ = node.put(&path, Value::String(group.clone()), at);
                }
            }
            let record = Building {
                collection: CollectionName::Capabilities,
                node,
                rows: Vec::new(),
                first_row,
                range: None,
                uncertainty: None,
            };
            self.record(sheet, &own, record);
        }
    }

    /// Reads a record whose cells are all there.
    fn record(&mut self, sheet: Option<&str>, id: &Id, record: Building) {
        let Building { collection, node, rows, first_row, .. } = record;
        let mut cells = Vec::new();
        let value = node.into_json("", &mut cells);
        let mut fields = match value {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        fields.insert("id".to_owned(), Value::String(id.to_string()));
        if let Some(list) = row_list(collection).filter(|_| !rows.is_empty()) {
            let element = |(index, row): (usize, Node)| {
                row.into_json(&format!("/{list}/{index}"), &mut cells)
            };
            let elements = (0..).zip(rows).map(element).collect();
            fields.insert(list.to_owned(), Value::Array(elements));
        }
        let source = Source { sheet: sheet.map(str::to_owned), first_row, cells };
        let read = AnyRecord::read(collection, Value::Object(fields), ValuePointerRef::Origin);
        match read {
            Ok(record) => {
                let count = self.counts.entry(collection).or_default();
                self.sources.insert((collection, *count), source);
                self.records.push_any(*count, record);
                *count += 1;
            }
            Err(faults) => {
                let faults = faults.0.into_iter().map(|fault| (source.cell(&fault.pointer), fault));
                let mut faults: Vec<(Cell, Fault)> = faults.collect();
                faults.sort_by_key(|(cell, _)| *cell);
                for (cell, mut fault) in faults {
                    let Text { vi, en } = &fault.message;
                    let field = fault.pointer.trim_start_matches('/').replace('/', ".");
                    if !field.is_empty() {
                        fault.message =
                            Text::new(format!("{field}: {vi}"), format!("{field}: {en}"));
                    }
                    fault.pointer = source.name(cell);
                    self.push(fault);
                }
            }
        }
    }

    /// The records, checked as far as a file alone can be.
    fn finish(mut self) -> Result<Converted, ReadError> {
        if self.faults.is_empty() {
            let ids: HashSet<&Id> = self.records.iter().map(|(_, _, record)| record.id()).collect();
            let mut elsewhere = HashSet::new();
            for (_, _, record) in self.records.iter() {
                record.each_link(ValuePointerRef::Origin, &mut |_, _, id| {
                    if !ids.contains(id) {
                        elsewhere.insert(id.clone());
                    }
                });
            }
            let found = check(&self.records, &elsewhere);
            for mut fault in found.into_iter().filter(|fault| fault.gravity == Gravity::Error) {
                if let Some(place) = self.located(&fault.pointer) {
                    fault.pointer = place;
                }
                self.push(fault);
            }
        }
        if self.faults.is_empty() {
            return Ok(Converted { records: self.records, unread: self.unread.into_list() });
        }
        let count = self.fault_count;
        let message = Text::new(
            format!("bảng có {count} lỗi, không bản ghi nào được lấy"),
            format!("the table has {count} faults, and none of its records is taken"),
        );
        Err(ReadError { line: None, column: None, message, faults: self.faults })
    }

    /// The cell of a place in the records.
    fn located(&self, pointer: &str) -> Option<String> {
        let mut parts = pointer.strip_prefix("/records/")?.splitn(3, '/');
        let collection = CollectionName::from_word(parts.next()?)?;
        let position = parts.next()?.parse().ok()?;
        let rest = parts.next().map_or_else(String::new, |rest| format!("/{rest}"));
        let source = self.sources.get(&(collection, position))?;
        Some(source.name(source.cell(&rest)))
    }
}

/// A value as JSON.
fn json(value: &impl Serialize) -> Value {
    // Every key is a string and every number a decimal string: nothing can fail.
    serde_json::to_value(value).unwrap_or_default()
}

/// A range that is one value.
fn single(value: &QuantityValue) -> Interval {
    Interval {
        lower: Some(value.value.clone()),
        upper: Some(value.value.clone()),
        unit: value.unit.clone(),
    }
}

/// The conditions of a capability: `frequency: (40 ÷ 1000) Hz; medium: nitrogen`.
fn parameters(text: &str) -> Result<Value, Text> {
    let mut list = Vec::new();
    for part in text.split([';', '\n']).map(str::trim).filter(|part| !part.is_empty()) {
        let Some((name, said)) = part.split_once(':') else {
            let found = shortened(part);
            return Err(Text::new(
                format!("“{found}”: cần tên và giá trị, ví dụ frequency: (40 ÷ 1000) Hz"),
                format!("“{found}”: expected name and value, such as frequency: (40 ÷ 1000) Hz"),
            ));
        };
        let (name, said) = (name.trim().to_owned(), said.trim());
        let mut parameter =
            Parameter { name, value: None, lower: None, upper: None, text: None, unit: None };
        let is_number =
            said.starts_with(|next: char| "(-−≤≥<>".contains(next) || next.is_ascii_digit());
        if is_number {
            match scope::range(said).map_err(|error| located(&error))? {
                scope::Range::Interval(range) => {
                    (parameter.lower, parameter.upper) = (range.lower, range.upper);
                    parameter.unit = Some(range.unit);
                }
                scope::Range::Values(values) => match <[QuantityValue; 1]>::try_from(values) {
                    Ok([QuantityValue { value, unit }]) => {
                        (parameter.value, parameter.unit) = (Some(value), Some(unit));
                    }
                    Err(_) => return Err(one_range()),
                },
            }
        } else {
            parameter.text = Some(said.to_owned());
        }
        list.push(json(&parameter));
    }
    Ok(Value::Array(list))
}

/// The id that a cell means: an id, a label, or the label of a plain name.
fn id_of(name: &str, collection: Option<CollectionName>) -> String {
    let is_id = name.starts_with("_:") || uuid::Uuid::try_parse(name).is_ok();
    match collection {
        Some(collection) if !is_id => label(collection, name),
        _ => name.to_owned(),
    }
}

/// The label of a record by what people call it.
fn label(collection: CollectionName, name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let name = words.join(" ");
    let digest = sha256(&name);
    let slug = Labels::slug(&name);
    let gap = if slug.is_empty() { "" } else { "-" };
    format!("_:{collection}.{slug}{gap}{}", &digest[..8])
}

// What is wrong with cells

fn located(error: &scope::NotationError) -> Text {
    let position = error.position;
    let Text { vi, en } = &error.message;
    Text::new(format!("ký tự thứ {position}: {vi}"), format!("character {position}: {en}"))
}

fn unknown_column(collection: CollectionName, head: &str) -> Text {
    let head = shortened(head.trim());
    Text::new(
        format!(
            "“{head}” không phải cột của bảng này; cần một đầu cột của bảng mẫu (etalon template \
             {collection}), hoặc đường dẫn của trường như nominal.unit; cột ghi chú có đầu cột bắt \
             đầu bằng #"
        ),
        format!(
            "“{head}” is no column of this table; expected a head of the template (etalon template \
             {collection}), or the path of a field such as nominal.unit; the head of a column of \
             notes begins with #"
        ),
    )
}

fn no_name(collection: CollectionName) -> Text {
    let key = key(collection).join(", ");
    match key.is_empty() {
        true => Text::new(
            "cột đầu tiên phải có mã định danh hoặc tên tự đặt của bản ghi",
            "the first column must have the record's id or a name of your own",
        ),
        false => Text::new(
            format!("dòng này không có tên: hãy điền cột đầu tiên, hoặc cột {key}"),
            format!("this row has no name: fill in the first column, or the column {key}"),
        ),
    }
}

fn nothing_named() -> Text {
    Text::new(
        "mô tả một bản ghi mà ô chỉ tên bản ghi đó lại trống; hãy điền ô đó",
        "describes a record, but the cell that names it is empty; fill that in",
    )
}

fn described_and_known() -> Text {
    Text::new(
        "bản ghi có mã định danh của sổ đăng ký nên không mô tả lại ở đây; hãy để trống ô này",
        "the record has an id of the registry and is not described here; leave this cell empty",
    )
}

fn bad_date(found: &str) -> Text {
    let found = shortened(found);
    Text::new(
        format!(
            "“{found}” không phải là ngày; viết như 2026-02-10 hoặc dùng ô kiểu ngày của Excel"
        ),
        format!("“{found}” is no date; write 2026-02-10, or use a date cell of Excel"),
    )
}

fn bad_truth(found: &str) -> Text {
    let found = shortened(found);
    Text::new(
        format!("“{found}”: cần true hoặc false (có, không)"),
        format!("“{found}”: expected true or false (yes, no)"),
    )
}

fn bad_integer(found: &str) -> Text {
    let found = shortened(found);
    Text::new(
        format!("“{found}”: cần một số nguyên như 12"),
        format!("“{found}”: expected a whole number such as 12"),
    )
}

fn not_text(found: &str) -> Text {
    let found = shortened(found);
    Text::new(
        format!(
            "Excel đã đổi ô này thành ngày hoặc số ({found}); hãy định dạng ô là văn bản rồi gõ lại"
        ),
        format!(
            "the spreadsheet made a date or a number of it ({found}); format the cell as text and type it again"
        ),
    )
}

fn not_a_number(found: &str) -> Text {
    let found = shortened(found);
    Text::new(
        format!("“{found}” không phải là số; có thể Excel đã đổi nó thành ngày"),
        format!("“{found}” is no number; the spreadsheet may have made a date of it"),
    )
}

fn computed_number() -> Text {
    Text::new(
        "số do công thức tính: các chữ số của nó không phải là chữ số đã công bố; hãy gõ số đã làm tròn dưới dạng văn bản",
        "a formula's number: its digits are nobody's statement; type the rounded number as text",
    )
}

fn one_range() -> Text {
    Text::new(
        "ở đây chỉ có một giá trị hoặc một phạm vi",
        "one value or one range is expected here",
    )
}

#[cfg(test)]
mod tests {
    use super::rows::Template;
    use super::*;
    use crate::domain::text::Language;

    fn records(csv: &str) -> Value {
        let found = read(csv).unwrap_or_else(|error| panic!("{csv}: {error} {:?}", error.faults));
        serde_json::to_value(&found.records).expect("JSON")
    }

    fn faults(csv: &str) -> Vec<(String, &'static str)> {
        let error = read(csv).expect_err(csv);
        for fault in &error.faults {
            assert!(!fault.message.vi.is_empty() && !fault.message.en.is_empty());
        }
        error.faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn every_template_is_read_as_it_is() {
        for collection in WITH_TEMPLATE {
            let mut read_before: Option<Records> = None;
            for language in Language::ALL {
                let template = Template::of(*collection, *language).expect("a template");
                let csv = template.csv().expect("CSV");
                let xlsx = workbook::text(&template.xlsx().expect("XLSX")).expect("cells");
                for text in [csv, xlsx] {
                    let found = read(&text).unwrap_or_else(|e| panic!("{e} {:?}", e.faults));
                    assert_eq!(found.unread, [], "{collection}");
                    let before = read_before.get_or_insert_with(|| found.records.clone());
                    assert_eq!(*before, found.records, "{collection}");
                    assert!(found.records.iter().any(|(own, ..)| own == *collection));
                }
            }
        }
    }

    #[test]
    fn every_column_of_a_template_has_a_field() {
        for collection in WITH_TEMPLATE {
            let mut heads = HashSet::new();
            for column in columns::columns(*collection) {
                assert!(target(*collection, column.path).is_some(), "{}", column.path);
                for language in Language::ALL {
                    let head = column.head(*language);
                    assert!(!head.contains([',', ';', '\t', '"']), "{head}");
                    assert!(!column.about(*language).is_empty());
                    assert_eq!(
                        column_of(*collection, head).map(|found| found.path),
                        Some(column.path),
                        "{head}"
                    );
                    assert!(heads.insert((language.as_str(), head)), "{head}");
                }
            }
        }
    }

    #[test]
    fn fields_that_name_records_name_those_of_the_right_collection() {
        let text = include_str!("../../examples/viet-nam.json");
        let bundle = crate::exchange::bundle::parse(text).expect("a bundle");
        for (_, _, record) in bundle.records.iter() {
            for link in record.links() {
                let key = link.pointer.rsplit('/').find(|step| step.parse::<usize>().is_err());
                if let Some(named) = key.and_then(named_by) {
                    assert!(link.to.contains(&named), "{}", link.pointer);
                }
            }
        }
    }

    #[test]
    fn what_is_listed_is_read_as_it_was() {
        let text = include_str!("../../examples/viet-nam.json");
        let bundle = crate::exchange::bundle::parse(text).expect("a bundle");
        let all = serde_json::to_value(&bundle.records).expect("JSON");
        for collection in CollectionName::ALL {
            let mut before = all[collection.as_str()].as_array().cloned().unwrap_or_default();
            for record in &mut before {
                // When the registry learnt of a record is no part of a table.
                record.as_object_mut().expect("an object").remove("recorded_at");
            }
            let mut listing = rows::Listing::new(*collection);
            for record in &before {
                listing.see(record);
            }
            for language in Language::ALL {
                let mut all = vec![listing.heads(*language)];
                all.extend(before.iter().flat_map(|record| listing.rows(record)));
                let mut csv = Vec::new();
                let all = all.into_iter().map(Ok::<_, csv::Error>);
                rows::write_csv(&mut csv, all).expect("CSV");
                let csv = String::from_utf8(csv).expect("UTF-8");
                if before.is_empty() {
                    continue;
                }
                let after = records(&csv);
                let after = after[collection.as_str()].as_array().expect("records");
                assert_eq!(after.len(), before.len(), "{collection}");
                for (after, before) in after.iter().zip(&before) {
                    assert_eq!(after, before, "{collection}");
                }
            }
        }
    }

    #[test]
    fn a_scope_in_local_notation() {
        let found = records(
            "\u{feff}Khả năng đo và hiệu chuẩn;Số mục;Nơi công bố;Phòng thí nghiệm;Loại đại lượng;\
             Phạm vi đo;Độ không đảm bảo đo (CMC);Điều kiện đo\r\n\
             ;1;accreditation_scope;_:lab;length;\"(0,5 ÷ 100) mm\";\
             \"Q[0,05; 0,5·L] µm, L: m\";temperature: 20 °C\r\n\
             ;2;accreditation_scope;_:lab;mass;\"(1; 2) g\";0,02 mg;\r\n",
        );
        let capabilities = found["capabilities"].as_array().expect("records");
        assert_eq!(capabilities.len(), 3);
        assert_eq!(
            capabilities[0]["uncertainty"],
            serde_json::json!({
                "expression": "equation", "mode": "absolute", "unit": "um",
                "equation": "Q[0.05, 0.5*L]", "symbols": {"L": "m"},
            })
        );
        assert_eq!(
            capabilities[0]["parameters"],
            serde_json::json!([{"name": "temperature", "value": "20", "unit": "Cel"}])
        );
        assert_eq!(
            capabilities[2]["range"],
            serde_json::json!({"lower": "2", "upper": "2", "unit": "g"})
        );
        assert_eq!(capabilities[2]["group_identifier"], "2");
        assert_ne!(capabilities[1]["id"], capabilities[2]["id"]);
    }

    #[test]
    fn what_of_a_scope_cannot_be_read_is_listed() {
        let csv = "capabilities,code,publisher,organisation,quantity_kind,range,uncertainty,#note\n\
                   ,1,accreditation_scope,_:lab,length,rộng,0.1 µm,x\n\
                   \n\
                   ,2,accreditation_scope,_:lab,relative_humidity,(10 ÷ 90) %RH,2 %,\n\
                   ,3,accreditation_scope,_:lab,mass,(1; 2; 5) g,(1; 2) mg,\n";
        let found = read(csv).expect("read");
        let places: Vec<_> =
            found.unread.iter().map(|part| (part.place.as_str(), part.line)).collect();
        assert_eq!(places, [("F2", Some(2)), ("H2", Some(2)), ("G4", Some(4)), ("G5", Some(5))]);
        assert_eq!(found.records.capabilities.len(), 5);
        let uncertainty = |at: usize| found.records.capabilities[at].uncertainty.is_some();
        assert!(uncertainty(0) && !uncertainty(1) && !uncertainty(2));
    }

    #[test]
    fn results_have_rows() {
        let csv = "calibrations,number,kind,issuer,item,performed_from,performed_to,\
                   results.quantity_kind,results.value,results.unit\n\
                   ,7/2026,calibration,VMI,W-1,2026-02-01,2026-02-02,mass,1.000,kg\n\
                   ,,,,,,,density,7950,kg/m³\n\
                   ,7/2026,calibration,VMI,W-1,2026-02-01,2026-02-02,volume,125.8,cm³\n\
                   ,8/2026,calibration,VMI,W-1,2026-02-01,2026-02-02,,,\n";
        let found = records(csv);
        let calibrations = found["calibrations"].as_array().expect("records");
        assert_eq!(calibrations.len(), 2);
        let results = calibrations[0]["results"].as_array().expect("results");
        let ids: Vec<_> = results.iter().map(|result| result["id"].clone()).collect();
        assert_eq!(ids, ["r1", "r2", "r3"]);
        assert_eq!(results[0]["value"], "1.000");
        assert_eq!(calibrations[1].get("results"), None);
        assert_eq!(calibrations[0]["item"], calibrations[1]["item"]);
    }

    #[test]
    fn every_fault_has_its_cell() {
        let head =
            "measurement_standards,code,owner,nominal.value,nominal.unit,legal_level,events.0.on";
        for (rows, expected) in [
            ("\n,A,_:o,1,kg,none,\n,A,_:o,,,,", vec![("A3", "record_twice")]),
            (
                "\n,A,_:o,one,kgs,high,1/2/2026",
                vec![("D2", "bad_number"), ("E2", "bad_unit"), ("G2", "bad_date")],
            ),
            (
                "\n,A,_:o,1,kg,high,2026-02-01",
                vec![("F2", "unknown_value"), ("G2", "missing_field")],
            ),
            ("\n,,_:o,1,kg,,", vec![("A2", "no_name")]),
            ("\n_:a b,A,_:o,1,kg,,", vec![("A2", "bad_id")]),
            ("\n,A,,1,kg,,", vec![("A2", "missing_field")]),
            ("\n,A,_:o,1,kg,,,more", vec![("H2", "no_head")]),
            ("\n,A,_:o,\"1,5\",kg,,\n,B,_:o,1.5,kg,,", vec![("D3", "decimal_sign")]),
            ("\n,A,_:o,1.5,,,", vec![("D2", "missing_field")]),
            (
                "\n,A,_:o,1.5,kg,,\n,B,_:o,\"1,5\",kg,,\n,C,_:o,1.6,kg,,",
                vec![("D3", "decimal_sign")],
            ),
        ] {
            let csv = format!("{head}{rows}\n");
            let found = faults(&csv);
            let found: Vec<_> = found.iter().map(|(place, code)| (place.as_str(), *code)).collect();
            assert_eq!(found, expected, "{rows}");
        }
        let scope = "capabilities,code,publisher,organisation,range,uncertainty\n\
                     ,1,kcdb,_:o,\"(0,5 ÷ 1) g\",0.5 mg\n";
        assert_eq!(faults(scope), [("F2".to_owned(), "decimal_sign")]);
        let csv = "calibrations,number,kind,issuer,item,performed_from,performed_to,results.value,\
                   results.quantity_kind,results.unit,signatory\n\
                   ,1,calibration,_:o,_:i,2026-02-01,2026-02-02,1,mass,V,x\n\
                   ,1,calibration,_:o,_:i,2026-02-01,2026-02-02,1,mass,V,y\n";
        assert_eq!(faults(csv), [("K3".to_owned(), "contradiction")]);
        let csv = csv.replace(",y", ",x");
        let found = faults(&csv);
        assert_eq!(found[0], ("J2".to_owned(), "wrong_dimension"), "{found:?}");
    }

    #[test]
    fn a_flood_of_faults_is_cut() {
        let heads = ",x".repeat(20_000);
        let error = read(&format!("documents{heads}\n")).expect_err("unknown heads");
        assert_eq!(error.faults.len(), MOST_FAULTS);
        assert!(error.message.en.contains("20000 faults"), "{error}");
        let error = read(&format!("documents\nA{heads}\n")).expect_err("no heads");
        assert_eq!(error.faults.len(), MOST_FAULTS);
    }

    #[test]
    fn heads_are_known_or_refused() {
        let csv = "Chuẩn đo lường,mã quản lý,Owner,nominal.vlaue,id,code\n,A,_:o,,,\n";
        assert_eq!(
            faults(csv),
            [
                ("D1".to_owned(), "unknown_column"),
                ("E1".to_owned(), "unknown_column"),
                ("F1".to_owned(), "duplicate_column"),
            ]
        );
        let error = read("owner,code\nx,y\n").expect_err("no collection");
        assert!(error.message.en.contains("etalon template"), "{error}");
    }

    #[test]
    fn cells_of_a_workbook_say_what_they_are() {
        let made = |fill: &dyn Fn(&mut rust_xlsxwriter::Worksheet)| {
            let mut writer = rust_xlsxwriter::Workbook::new();
            let sheet = writer.add_worksheet();
            sheet.set_name("Chuẩn").expect("a name");
            let heads = [
                "measurement_standards",
                "code",
                "owner",
                "nominal.value",
                "nominal.unit",
                "events.0.on",
                "events.0.kind",
            ];
            for (column, head) in (0..).zip(heads) {
                sheet.write(0, column, head).expect("written");
            }
            sheet.write(1, 1, "007").expect("written");
            sheet.write(1, 2, "_:o").expect("written");
            fill(sheet);
            workbook::text(&writer.save_to_buffer().expect("a workbook")).expect("cells")
        };
        let day = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy");
        let formula =
            |text: &str, result: &str| rust_xlsxwriter::Formula::new(text).set_result(result);
        let good = made(&|sheet| {
            sheet.write(1, 3, 0.1).expect("written");
            sheet.write(1, 4, "kg").expect("written");
            sheet.write_with_format(1, 5, 46_063, &day).expect("written");
            sheet.write_formula(1, 6, formula("=\"move\"", "move")).expect("written");
        });
        let found = read(&good).expect("read");
        let standard = &found.records.measurement_standards[0];
        assert_eq!(standard.nominal.as_ref().map(|one| one.value.as_str()), Some("0.1"));
        assert_eq!(standard.events[0].on.map(|on| on.to_string()).as_deref(), Some("2026-02-10"));
        let places: Vec<_> = found.unread.iter().map(|part| part.place.as_str()).collect();
        assert_eq!(places, ["Chuẩn!G2"], "the formula is told");
        let computed = made(&|sheet| {
            sheet.write_formula(1, 3, formula("=0.1*3", "0.30000000000000004")).expect("written");
            sheet.write_formula(1, 4, formula("=1/0", "#DIV/0!")).expect("written");
            sheet.write_with_format(2, 1, 46_063, &day).expect("written");
        });
        assert_eq!(
            faults(&computed),
            [
                ("Chuẩn!D2".to_owned(), "computed_number"),
                ("Chuẩn!E2".to_owned(), "error_cell"),
                ("Chuẩn!B3".to_owned(), "not_text"),
            ]
        );
        let merged = made(&|sheet| {
            sheet.merge_range(2, 2, 3, 2, "_:o", &day).expect("merged");
        });
        assert_eq!(faults(&merged), [("Chuẩn!C3".to_owned(), "merged_cells")]);
    }

    #[test]
    fn a_separator_line_and_tabs_are_taken() {
        for csv in [
            "sep=;\nmeasurement_standards;code;owner\n;A;_:o\n",
            "measurement_standards\tcode\towner\n\tA\t_:o\n",
        ] {
            assert_eq!(records(csv)["measurement_standards"][0]["code"], "A", "{csv}");
        }
    }

    #[test]
    fn the_same_name_is_the_same_record_in_every_file() {
        let name = |csv: &str| records(csv)["measurement_standards"][0]["id"].clone();
        let one = name("measurement_standards,code,owner\n,W 1,_:o\n");
        assert_eq!(one, name("measurement_standards,owner,code\nW  1,_:o,other\n"));
        assert_ne!(one, name("measurement_standards,code,owner\n,W-1,_:o\n"));
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(rest in "\\PC{0,80}", rows in "[-,;\"'=\n0-9a-z.:_÷ ]{0,120}") {
            let head = "measurement_standards,code,owner,nominal,names.vi,events.0.kind";
            let _ = read(&format!("{head}{rest}\n{rows}"));
            let _ = read(&format!("{head}\n{rows}"));
            let _ = read(&format!("capabilities,code,range,uncertainty,parameters\n{rows}"));
            let _ = read(&rest);
        }
    }
}
