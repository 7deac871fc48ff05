//! Workbooks of spreadsheets (XLSX): their cells as a text, and tables as a workbook.
//!
//! What lives here: [`text`], which every later reader takes (as it takes the text of any other
//! file), and [`Printer`]. What does not: the meaning of cells (`sheet`).
//!
//! Nothing is computed: a formula's cell has the value that was shown when the file was saved, and
//! says that it was computed. A workbook is inflated once to see how large it is, before any of it
//! is kept.

use std::collections::HashSet;
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx, XlsxError};
use rust_xlsxwriter::{
    DataValidation, Format, Formula, IgnoreError, Workbook as Writer, Worksheet,
    XlsxError as WriteError,
};
use serde::{Deserialize, Serialize};
use zip::ZipArchive;

use super::outcome::ReadError;

/// The key that marks the text of a workbook.
pub(super) const MARK: &str = "etalon-workbook";

/// Most bytes that a workbook may have when it is inflated.
const MOST_BYTES: u64 = 128 << 20;
/// Most parts of a workbook: sheets, pictures, settings.
const MOST_PARTS: usize = 2_000;
/// Most cells that are not empty.
const MOST_CELLS: usize = 2_000_000;

/// The cells of a workbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Workbook {
    #[serde(rename = "etalon-workbook")]
    version: u8,
    pub(super) sheets: Vec<Sheet>,
}

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sheet {
    pub(super) name: String,
    /// Cells that are not empty, in the order of the rows.
    pub(super) cells: Vec<Cell>,
    /// First row and column of each group of merged cells.
    pub(super) merged: Vec<(u32, u32)>,
}

/// A cell: row and column from 0, what it is, and its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cell(pub(super) u32, pub(super) u32, pub(super) Kind, pub(super) String);

/// What stands in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    /// Characters.
    #[serde(rename = "t")]
    Text,
    /// A binary number; the text is the shortest decimal that is read as the same.
    #[serde(rename = "n")]
    Number,
    /// A number that a formula gave.
    #[serde(rename = "f")]
    ComputedNumber,
    /// Anything else that a formula gave.
    #[serde(rename = "g")]
    Computed,
    /// A calendar day.
    #[serde(rename = "d")]
    Day,
    /// A day with a time, or a duration.
    #[serde(rename = "i")]
    Time,
    /// True or false.
    #[serde(rename = "b")]
    Truth,
    /// An error, such as `#REF!`.
    #[serde(rename = "e")]
    Error,
}

/// Whether bytes begin as workbooks do: a ZIP archive, or the older form of spreadsheets.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(OLDER)
}

/// How the compound files of older programs begin, and workbooks with a password.
const OLDER: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0];

/// The text of a workbook, for [`super::outcome::read`].
///
/// # Errors
/// When it is no XLSX workbook, is damaged, or is larger than what people fill in.
pub(super) fn text(bytes: &[u8]) -> Result<String, ReadError> {
    if bytes.starts_with(OLDER) {
        return Err(ReadError::new(
            "đây là bảng tính kiểu cũ (.xls) hoặc có mật khẩu; hãy lưu theo định dạng .xlsx, không \
             đặt mật khẩu",
            "this is an older spreadsheet (.xls), or one with a password; save it as .xlsx without \
             a password",
        ));
    }
    let workbook = read(bytes)?;
    serde_json::to_string(&workbook).map_err(|error| damaged(&error))
}

fn read(bytes: &[u8]) -> Result<Workbook, ReadError> {
    bounded(bytes, MOST_BYTES)?;
    // What is inflated is bounded; a fault of the library with what is in it must not end ours.
    catch_unwind(AssertUnwindSafe(|| cells(bytes)))
        .unwrap_or_else(|_| Err(damaged(&"its parts do not fit together")))
}

/// Refuses an archive that is no workbook, or inflates beyond measure.
fn bounded(bytes: &[u8], most: u64) -> Result<(), ReadError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    if archive.len() > MOST_PARTS {
        return Err(too_large());
    }
    let mut left = most;
    let mut is_workbook = false;
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|error| damaged(&error))?;
        is_workbook |= part.name().is_ok_and(|name| name.ends_with("workbook.xml"));
        let mut inflated = Vec::new();
        part.by_ref().take(left + 1).read_to_end(&mut inflated).map_err(|error| damaged(&error))?;
        left = left.checked_sub(inflated.len() as u64).ok_or_else(too_large)?;
        if claims_too_much(&inflated) {
            return Err(damaged(&"it claims to have more texts than there is room for"));
        }
    }
    match is_workbook {
        true => Ok(()),
        false => Err(ReadError::new(
            "tệp ZIP này không phải bảng tính XLSX; hãy lưu bảng tính theo định dạng .xlsx",
            "this archive is no XLSX workbook; save the spreadsheet as .xlsx",
        )),
    }
}

/// Whether a part announces more texts than it has bytes (the reader makes room for them), or is
/// in an encoding in which that cannot be seen.
fn claims_too_much(part: &[u8]) -> bool {
    const COUNT: &[u8] = b"uniqueCount";
    if part.starts_with(b"<\0") || part.starts_with(b"\0<") || part.starts_with(b"\xff\xfe") {
        return true;
    }
    if part.starts_with(b"\xfe\xff") {
        return true;
    }
    part.windows(COUNT.len()).enumerate().filter(|(_, window)| *window == COUNT).any(|(at, _)| {
        let rest = part.get(at + COUNT.len()..).unwrap_or_default().iter();
        let digits = rest.skip_while(|byte| b" \t\r\n=\"'".contains(byte));
        let digits = digits.take_while(|byte| byte.is_ascii_digit());
        let count = digits.fold(0_usize, |count, digit| {
            count.saturating_mul(10).saturating_add(usize::from(digit - b'0'))
        });
        count > part.len()
    })
}

fn cells(bytes: &[u8]) -> Result<Workbook, ReadError> {
    let broken = |error: XlsxError| damaged(&error);
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let mut sheets = Vec::new();
    let mut count = 0;
    for name in workbook.sheet_names() {
        let merged = workbook.merge_cells_by_sheet_name(&name).unwrap_or_default();
        let merged = merged.into_iter().map(|area| area.start).collect();
        let mut sheet = Sheet { name: name.clone(), cells: Vec::new(), merged };
        // A sheet that is a chart has no cells.
        if let Ok(mut reader) = workbook.worksheet_cells_reader(&name) {
            while let Some(record) = reader.next_cell_with_formula_metadata().map_err(broken)? {
                let (row, column) = record.pos;
                let Some((kind, text)) = content(&record.value, record.formula.is_some()) else {
                    continue;
                };
                count += 1;
                if count > MOST_CELLS {
                    return Err(too_large());
                }
                sheet.cells.push(Cell(row, column, kind, text));
            }
        }
        let mut places = HashSet::new();
        if sheet.cells.iter().any(|cell| !places.insert((cell.0, cell.1))) {
            return Err(damaged(&"a cell is there twice"));
        }
        sheet.cells.sort_by_key(|cell| (cell.0, cell.1));
        sheets.push(sheet);
    }
    Ok(Workbook { version: 1, sheets })
}

/// What a cell says; none where it is empty.
fn content(value: &DataRef<'_>, computed: bool) -> Option<(Kind, String)> {
    let (kind, text) = match value {
        DataRef::Empty => return None,
        DataRef::String(text) => (Kind::Text, text.clone()),
        DataRef::SharedString(text) => (Kind::Text, (*text).to_owned()),
        DataRef::Int(number) => (Kind::Number, number.to_string()),
        DataRef::Float(number) => (Kind::Number, shortest(*number)),
        DataRef::Bool(truth) => (Kind::Truth, truth.to_string()),
        DataRef::DateTime(time) => day(time),
        DataRef::DateTimeIso(text) => match text.split_once('T') {
            Some((day, time)) if time.chars().all(|next| "0:.Z".contains(next)) => {
                (Kind::Day, day.to_owned())
            }
            Some(_) => (Kind::Time, text.clone()),
            None => (Kind::Day, text.clone()),
        },
        DataRef::DurationIso(text) => (Kind::Time, text.clone()),
        DataRef::Error(error) => (Kind::Error, error.to_string()),
    };
    if text.trim().is_empty() {
        return None;
    }
    let kind = match (kind, computed) {
        (Kind::Number, true) => Kind::ComputedNumber,
        (Kind::Text | Kind::Truth | Kind::Day, true) => Kind::Computed,
        (kind, _) => kind,
    };
    Some((kind, text))
}

/// The shortest decimal that is read as this number.
fn shortest(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_owned(),
        size if (1e-6..1e15).contains(&size) => number.to_string(),
        _ => format!("{number:E}"),
    }
}

fn day(time: &ExcelDateTime) -> (Kind, String) {
    let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    match time.is_datetime()
        && (hour, minute, second, milli) == (0, 0, 0, 0)
        && time.as_f64() >= 1.0
    {
        true => (Kind::Day, date),
        false => (Kind::Time, format!("{date}T{hour:02}:{minute:02}:{second:02}")),
    }
}

fn damaged(error: &dyn std::fmt::Display) -> ReadError {
    ReadError::new(
        format!("bảng tính XLSX bị hỏng hoặc bị cắt cụt: {error}"),
        format!("the XLSX workbook is damaged or cut: {error}"),
    )
}

fn too_large() -> ReadError {
    let mebibytes = MOST_BYTES >> 20;
    ReadError::new(
        format!(
            "bảng tính quá lớn: nhiều nhất {MOST_CELLS} ô có nội dung và {mebibytes} MiB khi giải \
             nén; hãy chia thành nhiều tệp"
        ),
        format!(
            "the workbook is too large: at most {MOST_CELLS} filled cells and {mebibytes} MiB when \
             inflated; split it"
        ),
    )
}

/// A workbook that is being written. Every cell is text, so that its digits stay and nothing in it
/// is a formula.
pub struct Printer {
    writer: Writer,
    text: Format,
    head: Format,
}

/// A column of a sheet, as it is set up.
pub struct Heading<'h> {
    /// What stands in the first row.
    pub head: &'h str,
    /// Width in characters.
    pub width: u16,
    /// The sheet, column and number of the words that its cells choose from.
    pub words: Option<(&'h str, u16, u32)>,
}

/// Rows of a sheet for which a choice of words is offered.
const ROWS_WITH_CHOICE: u32 = 1_000;
/// Rows that a sheet can have.
const MOST_ROWS: u32 = 1_048_576;

/// Why a workbook could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// More rows or columns than a sheet can have.
    #[error("a sheet has at most 1,048,576 rows and 16,384 columns")]
    TooLarge,
    /// The library, or the file.
    #[error(transparent)]
    Unwritable(#[from] WriteError),
}

impl Default for Printer {
    fn default() -> Self {
        Self {
            writer: Writer::new(),
            text: Format::new().set_num_format("@"),
            head: Format::new().set_bold().set_num_format("@"),
        }
    }
}

impl Printer {
    /// Adds a sheet with a row of heads and the given rows below.
    ///
    /// # Errors
    /// When there are more rows or columns than a sheet can have, or the name is none.
    pub fn sheet<R: AsRef<[String]>, E: From<PrintError>>(
        &mut self,
        name: &str,
        headings: &[Heading<'_>],
        rows: impl Iterator<Item = Result<R, E>>,
    ) -> Result<(), E> {
        let sheet = self.writer.add_worksheet_with_constant_memory().map_err(PrintError::from)?;
        set_up(sheet, name, headings, &self.text).map_err(E::from)?;
        for (column, heading) in (0..).zip(headings) {
            sheet
                .write_string_with_format(0, column, heading.head, &self.head)
                .map_err(PrintError::from)?;
        }
        for (row, cells) in (1..).zip(rows) {
            if row >= MOST_ROWS {
                return Err(PrintError::TooLarge.into());
            }
            for (column, cell) in (0..).zip(cells?.as_ref()) {
                if !cell.is_empty() {
                    sheet
                        .write_string_with_format(row, column, cell, &self.text)
                        .map_err(PrintError::from)?;
                }
            }
        }
        Ok(())
    }

    /// The file.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn bytes(mut self) -> Result<Vec<u8>, PrintError> {
        Ok(self.writer.save_to_buffer()?)
    }
}

fn set_up(
    sheet: &mut Worksheet,
    name: &str,
    headings: &[Heading<'_>],
    text: &Format,
) -> Result<(), PrintError> {
    sheet.set_name(name)?;
    sheet.set_freeze_panes(1, 1)?;
    let last = u16::try_from(headings.len()).map_err(|_| PrintError::TooLarge)?;
    for (column, heading) in (0..last).zip(headings) {
        sheet.set_column_width(column, heading.width)?;
        sheet.set_column_format(column, text)?;
        if let Some((words, at, count)) = heading.words {
            let letters = letters(u32::from(at));
            let source = Formula::new(format!("='{words}'!${letters}$2:${letters}${}", count + 1));
            let choice = DataValidation::new().allow_list_formula(source).show_error_message(false);
            sheet.add_data_validation(1, column, ROWS_WITH_CHOICE, column, &choice)?;
        }
    }
    if last > 0 {
        sheet.ignore_error_range(0, 0, MOST_ROWS - 1, last - 1, IgnoreError::NumberStoredAsText)?;
    }
    Ok(())
}

/// The letters of a column, from 0: `A`, `Z`, `AA`.
pub(super) fn letters(column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = u64::from(column) + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or_default()));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
        let mut writer = Writer::new();
        fill(writer.add_worksheet());
        writer.save_to_buffer().expect("a workbook")
    }

    fn cells_of(bytes: &[u8]) -> Vec<(String, Kind, String)> {
        let workbook = read(bytes).expect("a workbook");
        let cell = |Cell(row, column, kind, text): &Cell| {
            (format!("{}{}", letters(*column), row + 1), *kind, text.clone())
        };
        workbook.sheets.iter().flat_map(|sheet| &sheet.cells).map(cell).collect()
    }

    #[test]
    fn columns_have_letters() {
        for (column, expected) in
            [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")]
        {
            assert_eq!(letters(column), expected);
        }
    }

    #[test]
    fn every_kind_of_cell_says_what_it_is() {
        let bytes = made(|sheet| {
            let date = Format::new().set_num_format("dd/mm/yyyy");
            sheet.write(0, 0, "chữ").expect("written");
            sheet.write(0, 1, 0.1).expect("written");
            sheet.write(0, 2, 5e-12).expect("written");
            sheet.write(0, 3, true).expect("written");
            sheet.write_with_format(0, 4, 46_063, &date).expect("written");
            sheet.write_with_format(0, 5, 46_063.25, &date).expect("written");
            let formula = |text: &str, result: &str| Formula::new(text).set_result(result);
            sheet.write_formula(0, 6, formula("=B1*3", "0.30000000000000004")).expect("written");
            sheet.write_formula(0, 7, formula("=A1", "chữ")).expect("written");
            sheet.write(0, 8, "  ").expect("written");
            sheet.write(1_048_575, 16_383, "far").expect("written");
        });
        let expected = [
            ("A1", Kind::Text, "chữ"),
            ("B1", Kind::Number, "0.1"),
            ("C1", Kind::Number, "5E-12"),
            ("D1", Kind::Truth, "true"),
            ("E1", Kind::Day, "2026-02-10"),
            ("F1", Kind::Time, "2026-02-10T06:00:00"),
            ("G1", Kind::ComputedNumber, "0.30000000000000004"),
            ("H1", Kind::Computed, "chữ"),
            ("XFD1048576", Kind::Text, "far"),
        ];
        let expected: Vec<_> = expected
            .iter()
            .map(|(place, kind, text)| ((*place).to_owned(), *kind, (*text).to_owned()))
            .collect();
        assert_eq!(cells_of(&bytes), expected);
    }

    #[test]
    fn merged_cells_are_seen() {
        let bytes = made(|sheet| {
            sheet.merge_range(2, 1, 4, 1, "x", &Format::new()).expect("merged");
        });
        assert_eq!(read(&bytes).expect("a workbook").sheets[0].merged, [(2, 1)]);
    }

    #[test]
    fn what_is_cut_damaged_or_too_large_is_refused() {
        let bytes = made(|sheet| {
            for row in 0..200 {
                sheet.write(row, 0, format!("dòng {row}")).expect("written");
            }
        });
        for length in (4..bytes.len()).step_by(97) {
            assert!(read(&bytes[..length]).is_err(), "{length}");
        }
        for at in (0..bytes.len()).step_by(41) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            let _ = read(&damaged);
        }
        let error = bounded(&bytes, 1_000).expect_err("too large");
        assert!(error.message.en.contains("too large"), "{error}");
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file("word/document.xml", options).expect("a part");
        let other = archive.finish().expect("an archive").into_inner();
        let error = read(&other).expect_err("no workbook");
        assert!(error.message.en.contains("no XLSX"), "{error}");
    }

    #[test]
    fn a_part_that_claims_too_much_is_refused() {
        assert!(claims_too_much(br#"<sst uniqueCount = '99999999999999999999'>"#));
        assert!(!claims_too_much(br#"<sst count="9" uniqueCount="3">"#));
        assert!(claims_too_much(b"\xff\xfe<\0s\0"));
    }
}
