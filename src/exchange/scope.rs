//! Ranges and uncertainties as accreditation scopes of Viet Nam print them: `(0 ÷ 100) °C`,
//! `2,5·10⁻⁵`, `Q[0,05; 0,5·L] µm, L: m`.
//!
//! What lives here: the notation, one cell at a time, with the place of what cannot be read. What
//! does not: tables of cells (`sheet`), symbols of units (`symbols`), the record as a whole.
//!
//! The decimal sign is a comma or a point, never both in one cell; digits are grouped by blanks
//! only. Nothing is guessed: a symbol without its unit, or a percentage that may be of the value or
//! of the quantity itself, is not read.

use std::collections::BTreeMap;

use super::symbols::{SymbolError, to_ucum};
use crate::domain::by_name::ByName;
use crate::domain::capability::{CapabilityUncertainty, Expression, Symbol};
use crate::domain::conversion::Conversion;
use crate::domain::decimal::{Decimal, DecimalError};
use crate::domain::equation::Equation;
use crate::domain::fault::shortened;
use crate::domain::interval::{Interval, QuantityValue};
use crate::domain::text::Text;
use crate::domain::uncertainty::Mode;
use crate::domain::unit::{Dimension, Unit};

/// Longest cell that is read, in bytes.
pub const LONGEST: usize = 1_000;

/// Most values of a list: each is a capability of its own.
pub const MOST_VALUES: usize = 200;

/// Why a cell could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("character {}: {}", self.position, self.message.en)]
pub struct NotationError {
    /// Where: the number of the character in the cell, from 1.
    pub position: usize,
    /// What is wrong and what was expected.
    pub message: Text,
}

/// A range of measurement.
#[derive(Debug, Clone, PartialEq)]
pub enum Range {
    /// From one value to another: `(0 ÷ 100) °C`; with `≤` or `≥` one end is not stated.
    Interval(Interval),
    /// Single values: `(1; 2; 5) kg`.
    Values(Vec<QuantityValue>),
}

/// An expanded uncertainty as a scope prints it.
#[derive(Debug, Clone, PartialEq)]
pub struct Uncertainty {
    figures: Figures,
    unit: Unit,
    basis: Basis,
}

#[derive(Debug, Clone, PartialEq)]
enum Figures {
    /// One figure, or one for each of several values.
    Values(Vec<Decimal>),
    /// The smallest and the largest.
    Between(Decimal, Decimal),
    /// An equation over symbols with their units.
    Equation { text: String, symbols: Vec<(String, Unit)> },
}

/// What a figure without a dimension is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basis {
    Unsaid,
    /// `0,1 % giá trị đo`.
    Value,
    /// `2 %RH`: the unit of the quantity itself.
    Quantity,
}

/// Reads a range: `(0 ÷ 100) °C`, `từ 1 mg đến 20 kg`, `≤ 5 MPa`, `100 g`, `(1; 2; 5) kg`.
///
/// # Errors
/// When the cell says something else, or no unit.
///
/// ```
/// use etalon::exchange::scope::{Range, range};
/// let Range::Interval(range) = range("(-40 ÷ 150) °C")? else { panic!("from and to") };
/// assert_eq!(range.unit.code(), "Cel");
/// assert_eq!(range.upper.map(|upper| upper.to_string()).as_deref(), Some("150"));
/// # Ok::<(), etalon::exchange::scope::NotationError>(())
/// ```
pub fn range(cell: &str) -> Result<Range, NotationError> {
    let mut cursor = Cursor::of(cell)?;
    let open = cursor.open_end();
    if open.is_none() {
        cursor.word(&["từ", "from"]);
    }
    let Items { values, separator, unit, .. } = cursor.items()?;
    let Some(unit) = unit else { return Err(cursor.here(NO_UNIT)) };
    match (open, separator, values.as_slice()) {
        (Some(End::Upper), None, [upper]) => {
            Ok(Range::Interval(Interval { lower: None, upper: Some(upper.clone()), unit }))
        }
        (Some(End::Lower), None, [lower]) => {
            Ok(Range::Interval(Interval { lower: Some(lower.clone()), upper: None, unit }))
        }
        (None, Some(Separator::To), [lower, upper]) => {
            if lower.to_exact() > upper.to_exact() {
                return Err(NotationError::at(0, REVERSED));
            }
            Ok(Range::Interval(Interval {
                lower: Some(lower.clone()),
                upper: Some(upper.clone()),
                unit,
            }))
        }
        (None, None | Some(Separator::And), values) => {
            let quantity =
                |value: &Decimal| QuantityValue { value: value.clone(), unit: unit.clone() };
            Ok(Range::Values(values.iter().map(quantity).collect()))
        }
        _ => Err(NotationError::at(0, NO_RANGE)),
    }
}

/// Reads a quantity value: `1,000 05 kg`.
///
/// # Errors
/// When the cell says something else, or no unit.
pub fn quantity(cell: &str) -> Result<QuantityValue, NotationError> {
    match range(cell)? {
        Range::Values(values) => match <[QuantityValue; 1]>::try_from(values) {
            Ok([value]) => Ok(value),
            Err(_) => Err(NotationError::at(0, ONE_VALUE)),
        },
        Range::Interval(_) => Err(NotationError::at(0, ONE_VALUE)),
    }
}

/// Reads a number with its digits: `0,50`, `1 000`, `2,5·10⁻⁵`.
///
/// # Errors
/// When the cell is no number.
pub fn number(cell: &str) -> Result<Decimal, NotationError> {
    let mut cursor = Cursor::of(cell)?;
    let number = cursor.number()?;
    cursor.end()?;
    Ok(number)
}

/// The decimal sign in a cell: the first comma or point between two digits.
pub fn decimal_sign(cell: &str) -> Option<char> {
    let mut before = [None; 2];
    cell.chars().find_map(|next| {
        let [first, sign] = before;
        before = [sign, Some(next)];
        let is_between = is_digit(first) && is_digit(Some(next));
        sign.filter(|sign| is_between && matches!(sign, ',' | '.'))
    })
}

/// Reads the expanded uncertainty of a capability: `0,5 mg`, `0,02 %`, `(0,05 ÷ 0,5) mg`,
/// `(0,5 + 2·L) µm, L: m`, `Q[0,05; 0,5·L] µm với L tính bằng m`.
///
/// # Errors
/// When the cell says something else, or uses a symbol without its unit.
pub fn uncertainty(cell: &str) -> Result<Uncertainty, NotationError> {
    let mut cursor = Cursor::of(cell)?;
    let symbols = cursor.definitions()?;
    cursor.skip_blanks();
    cursor.eat('±');
    cursor.skip_blanks();
    if let Some(equation) = cursor.equation(&symbols)? {
        let (unit, basis) = cursor.last_unit()?;
        return Ok(Uncertainty {
            figures: Figures::Equation { text: equation, symbols },
            unit,
            basis,
        });
    }
    if let Some((symbol, _)) = symbols.first() {
        return Err(NotationError::at(0, unused(symbol)));
    }
    let Items { values, separator, unit, basis } = cursor.items()?;
    let figures = match (separator, <[Decimal; 2]>::try_from(values)) {
        (Some(Separator::To), Ok([lower, upper])) => {
            if lower.to_exact() > upper.to_exact() {
                return Err(NotationError::at(0, REVERSED));
            }
            Figures::Between(lower, upper)
        }
        (Some(Separator::To), Err(_)) => return Err(NotationError::at(0, NO_RANGE)),
        (_, Ok(values)) => Figures::Values(values.into()),
        (_, Err(values)) => Figures::Values(values),
    };
    let unit = unit.map_or_else(|| cursor.one(), Ok)?;
    Ok(Uncertainty { figures, unit, basis })
}

/// Reads a unit as people type it: a printed symbol (`µm`, `°C`), a UCUM code or a D-SI string.
///
/// # Errors
/// When it is none of them, or print and UCUM mean different units by it.
pub fn unit(text: &str) -> Result<Unit, Text> {
    let text = text.trim();
    let code = Unit::parse(text);
    let printed = to_ucum(text);
    match (printed, code) {
        (_, Ok(code)) if text.starts_with('\\') => Ok(code),
        (Ok(printed), Ok(code)) => match Unit::parse(&printed) {
            Ok(printed) if is_same(&printed, &code) => Ok(code),
            Ok(printed) => Err(two_meanings(text, printed.code())),
            Err(_) => Ok(code),
        },
        (Ok(printed), Err(_)) => {
            Unit::parse(&printed).map_err(|error| Text::new(error.message_vi(), error.message_en()))
        }
        (Err(SymbolError::Unknown(_) | SymbolError::Unreadable(_)), Ok(code)) => Ok(code),
        (Err(error), _) => Err(Text::new(error.message_vi(), error.message_en())),
    }
}

fn is_same(one: &Unit, other: &Unit) -> bool {
    one.is_commensurable(other)
        && one.factor().to_bits() == other.factor().to_bits()
        && one.offset().to_bits() == other.offset().to_bits()
        && one.is_logarithmic() == other.is_logarithmic()
}

fn two_meanings(text: &str, printed: &str) -> Text {
    let text = shortened(text);
    Text::new(
        format!(
            "“{text}” là đơn vị này theo cách in thông thường và là đơn vị khác trong UCUM; hãy \
             viết “{printed}”, hoặc đơn vị kia cho rõ"
        ),
        format!(
            "“{text}” is one unit in print and another in UCUM; write “{printed}”, or the other \
             one out"
        ),
    )
}

impl Uncertainty {
    /// For how many values there is a figure each; none where the statement is one for all.
    pub fn one_each(&self) -> Option<usize> {
        match &self.figures {
            Figures::Values(values) if values.len() > 1 => Some(values.len()),
            _ => None,
        }
    }

    /// What it states for a range in this unit, as a capability says it; of several figures the one
    /// with this index. `mode` is what another cell says of it.
    ///
    /// # Errors
    /// When a figure without a dimension may be a part of the value or of the quantity itself, or a
    /// symbol cannot stand for the point.
    pub fn of_capability(
        &self,
        index: usize,
        range: Option<&Unit>,
        mode: Option<Mode>,
    ) -> Result<CapabilityUncertainty, Text> {
        let mode = self.mode(range, mode)?;
        let mut stated = CapabilityUncertainty {
            expression: Expression::Constant,
            mode: Some(mode),
            lower: None,
            upper: None,
            unit: Some(self.unit.clone()),
            equation: None,
            symbols: None,
            table: None,
            convention: None,
        };
        match &self.figures {
            Figures::Values(values) => {
                let figure = values.get(index).or(values.first()).cloned();
                (stated.lower, stated.upper) = (figure.clone(), figure);
            }
            Figures::Between(lower, upper) => {
                stated.expression = Expression::Interval;
                (stated.lower, stated.upper) = (Some(lower.clone()), Some(upper.clone()));
            }
            Figures::Equation { text, symbols } => {
                stated.expression = Expression::Equation;
                stated.equation = Some(text.clone());
                let other = symbols
                    .iter()
                    .find(|(_, unit)| range.is_some_and(|range| !range.is_commensurable(unit)));
                if let Some((symbol, unit)) = other {
                    return Err(other_quantity(symbol, unit));
                }
                let meanings = symbols.iter().cloned();
                let meanings = meanings.map(|(symbol, unit)| (symbol, Symbol::Point(unit)));
                let meanings: BTreeMap<_, _> = meanings.collect();
                stated.symbols = (!meanings.is_empty()).then_some(ByName(meanings));
            }
        }
        Ok(stated)
    }

    fn mode(&self, range: Option<&Unit>, said: Option<Mode>) -> Result<Mode, Text> {
        let is_ratio = |unit: &Unit| {
            unit.dimension() == Dimension::DIMENSIONLESS
                && !unit.is_logarithmic()
                && !unit.symbols().iter().any(|symbol| ANGLES.contains(symbol))
        };
        match (said, self.basis) {
            (Some(said), _) => Ok(said),
            (None, Basis::Value) => Ok(Mode::Relative),
            (None, Basis::Quantity) => Ok(Mode::Absolute),
            (None, Basis::Unsaid) if !is_ratio(&self.unit) => Ok(Mode::Absolute),
            (None, Basis::Unsaid) => match range {
                Some(range) if !is_ratio(range) => Ok(Mode::Relative),
                _ => Err(Text::new(
                    "không rõ đây là phần của giá trị đo hay theo đơn vị của chính đại lượng; hãy \
                     viết “% giá trị đo” hoặc “%RH”, hoặc điền cột uncertainty.mode",
                    "it may be a part of the value or be in the unit of the quantity itself; write \
                     “% of reading” or “%RH”, or fill in the column uncertainty.mode",
                )),
            },
        }
    }
}

/// Units of angle: they have no dimension, and are no parts of a value.
const ANGLES: &[&str] = &["rad", "deg", "'", "''", "gon", "sr"];

fn other_quantity(symbol: &str, unit: &Unit) -> Text {
    let (symbol, unit) = (shortened(symbol), unit.code());
    Text::new(
        format!(
            "“{symbol}” (theo {unit}) không thể là giá trị đo; hãy nêu nó là tham số nào ở các cột \
             uncertainty.equation và uncertainty.symbols.{symbol}.is"
        ),
        format!(
            "“{symbol}” (in {unit}) cannot be the value measured; say which parameter it is in \
             the columns uncertainty.equation and uncertainty.symbols.{symbol}.is"
        ),
    )
}

/// A reason, in Vietnamese and English.
type Reason = (&'static str, &'static str);

const NO_UNIT: Reason =
    ("thiếu đơn vị; hãy viết như (0 ÷ 100) °C", "the unit is missing; write it as in (0 ÷ 100) °C");
const NO_RANGE: Reason = (
    "cần một giá trị, một phạm vi như (0 ÷ 100) °C, hoặc các giá trị như (1; 2; 5) kg",
    "expected a value, a range such as (0 ÷ 100) °C, or values such as (1; 2; 5) kg",
);
const ONE_VALUE: Reason = ("cần một giá trị như 20 °C", "expected one value, such as 20 °C");
const REVERSED: Reason =
    ("giới hạn dưới lớn hơn giới hạn trên", "the lower limit is above the upper one");
const NO_NUMBER: Reason =
    ("cần một số như 0,50 hoặc 2,5·10⁻⁵", "expected a number such as 0.50 or 2.5·10⁻⁵");
const TWO_SIGNS: Reason = (
    "chỉ dùng một dấu thập phân; nhóm ba chữ số cách nhau bằng dấu cách",
    "use one decimal sign; groups of three digits are set apart by blanks",
);
const MIXED_SIGNS: Reason = (
    "trong một ô có cả dấu phẩy và dấu chấm thập phân; chỉ dùng một loại",
    "comma and point are both used as the decimal sign in one cell; use one of them",
);
const NOT_CLOSED: Reason =
    ("dấu ngoặc mở này không được đóng", "this opening bracket is never closed");
const MORE: Reason = ("phần này thừa", "this is too much");
const TOO_MANY: Reason = (
    "quá nhiều giá trị trong một ô; hãy chia thành nhiều dòng",
    "too many values in one cell; use several rows",
);
const UNIT_TWICE: Reason = (
    "đơn vị được viết cả trong và ngoài dấu ngoặc",
    "a unit stands both within and after the brackets",
);
const NOT_EXACT: Reason = (
    "hai đầu có đơn vị không đổi được cho nhau một cách chính xác; hãy dùng một đơn vị",
    "the units of both ends have no exact conversion; use one unit",
);
const NO_EQUATION: Reason =
    ("ký tự này không dùng được trong biểu thức", "this character has no meaning in an expression");
const ROOT: Reason = ("sau √ cần dấu ngoặc: √(…)", "a root needs brackets: √(…)");
const SEMICOLON: Reason = (
    "dấu chấm phẩy chỉ dùng trong Q[a; b]",
    "a semicolon belongs between the arguments of Q[a; b]",
);

fn unused(symbol: &str) -> Text {
    let symbol = shortened(symbol);
    Text::new(
        format!("“{symbol}” có đơn vị nhưng không có trong biểu thức"),
        format!("“{symbol}” has a unit but does not stand in the expression"),
    )
}

impl From<Reason> for Text {
    fn from((vi, en): Reason) -> Self {
        Self::new(vi, en)
    }
}

impl NotationError {
    /// At the character with this index.
    fn at(index: usize, message: impl Into<Text>) -> Self {
        Self { position: index + 1, message: message.into() }
    }
}

/// The end of a range that is stated, where the other is not.
#[derive(Debug, Clone, Copy)]
enum End {
    Lower,
    Upper,
}

/// What stands between numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separator {
    /// `÷`, `–`, `đến`.
    To,
    /// `;`.
    And,
}

/// Numbers with their unit.
struct Items {
    values: Vec<Decimal>,
    separator: Option<Separator>,
    unit: Option<Unit>,
    basis: Basis,
}

/// Words for “to”, each between blanks.
const TO: &[&str] = &["đến", "to", "-"];
/// Signs for “to”. The division sign is that of scopes.
const TO_SIGNS: &str = "÷…~–—";
/// What a percentage is said to be a part of.
const OF_THE_VALUE: &[&str] = &[
    "của giá trị đo",
    "giá trị đo",
    "của số đọc",
    "số đọc",
    "của giá trị đọc",
    "giá trị đọc",
    "of reading",
    "of the reading",
    "of value",
    "of the value",
    "rdg",
];
/// Words between a symbol and its unit, the longer first.
const MEASURED_IN: &[&str] = &["tính bằng", "tính theo", "đo bằng", "bằng", "theo", "in"];
/// Words before a symbol and its unit.
const WHERE: &[&str] = &["trong đó", "với", "where", "with", "và", "and"];

/// A cell, character by character.
struct Cursor {
    characters: Vec<char>,
    at: usize,
    /// One past the last character that is read.
    end: usize,
    /// The decimal sign met so far.
    decimal_sign: Option<char>,
}

impl Cursor {
    fn of(cell: &str) -> Result<Self, NotationError> {
        if cell.len() > LONGEST {
            let message = Text::new(
                format!("ô dài quá {LONGEST} byte"),
                format!("a cell has at most {LONGEST} bytes"),
            );
            return Err(NotationError::at(0, message));
        }
        let characters: Vec<char> = cell.chars().collect();
        let end = characters.len();
        Ok(Self { characters, at: 0, end, decimal_sign: None })
    }

    fn here(&self, message: impl Into<Text>) -> NotationError {
        NotationError::at(self.at, message)
    }

    fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> Option<char> {
        let index = self.at.checked_add(ahead).filter(|index| *index < self.end)?;
        self.characters.get(index).copied()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Goes past one of these words, in whatever case, where it ends at a blank.
    fn word(&mut self, words: &[&str]) -> bool {
        self.skip_blanks();
        let length = words.iter().find_map(|word| self.has_word(self.at, word));
        self.at += length.unwrap_or(0);
        length.is_some()
    }

    /// The length of a word that stands at an index, before a blank or the end.
    fn has_word(&self, index: usize, word: &str) -> Option<usize> {
        let mut length = 0;
        for expected in word.chars() {
            let found = self.characters[..self.end].get(index + length)?;
            let is_blank = expected == ' ' && found.is_whitespace();
            if !is_blank && !found.to_lowercase().eq(expected.to_lowercase()) {
                return None;
            }
            length += 1;
        }
        let after = self.characters[..self.end].get(index + length);
        after.is_none_or(|after| after.is_whitespace()).then_some(length)
    }

    fn end(&mut self) -> Result<(), NotationError> {
        self.skip_blanks();
        match self.at < self.end {
            true => Err(self.here(MORE)),
            false => Ok(()),
        }
    }

    fn open_end(&mut self) -> Option<End> {
        self.skip_blanks();
        for (sign, end) in [('≤', End::Upper), ('≥', End::Lower)] {
            if self.eat(sign) {
                return Some(end);
            }
        }
        for (sign, end) in [('<', End::Upper), ('>', End::Lower)] {
            if self.peek() == Some(sign) && self.peek_at(1) == Some('=') {
                self.at += 2;
                return Some(end);
            }
        }
        self.word(&["đến", "up to"]).then_some(End::Upper)
    }

    // Numbers

    /// A number: sign, digits, decimal sign, power of ten.
    fn number(&mut self) -> Result<Decimal, NotationError> {
        self.skip_blanks();
        let start = self.at;
        let mut text = String::new();
        match self.peek() {
            Some('-' | '−' | '–') => {
                text.push('-');
                self.at += 1;
            }
            Some('+') => self.at += 1,
            _ => {}
        }
        let whole = self.at;
        self.digits(&mut text);
        if self.at == whole {
            return Err(self.here(NO_NUMBER));
        }
        if self.at - whole <= 3 {
            while self.is_group() {
                self.at += 1;
                self.digits(&mut text);
            }
        }
        if let Some(sign @ (',' | '.')) = self.peek()
            && is_digit(self.peek_at(1))
        {
            if self.decimal_sign.is_some_and(|before| before != sign) {
                return Err(self.here(MIXED_SIGNS));
            }
            self.decimal_sign = Some(sign);
            self.at += 1;
            text.push('.');
            self.digits(&mut text);
            if matches!(self.peek(), Some(',' | '.')) && is_digit(self.peek_at(1)) {
                return Err(self.here(TWO_SIGNS));
            }
        }
        if matches!(text.as_str(), "10" | "-10")
            && let Some(exponent) = self.raised()
        {
            text.truncate(text.len() - 1);
            text = text + "E" + &exponent;
        } else if let Some(exponent) = self.power_of_ten() {
            text = text + "E" + &exponent;
        }
        text.parse().map_err(|error: DecimalError| NotationError::at(start, error.message(&text)))
    }

    /// Whether a blank and three more digits follow.
    fn is_group(&self) -> bool {
        self.peek().is_some_and(char::is_whitespace)
            && (1..=3).all(|ahead| is_digit(self.peek_at(ahead)))
            && !is_digit(self.peek_at(4))
    }

    fn digits(&mut self, text: &mut String) {
        while let Some(digit) = self.peek().filter(char::is_ascii_digit) {
            text.push(digit);
            self.at += 1;
        }
    }

    /// `·10⁻⁵`, `x 10^-5`, `E-5`.
    fn power_of_ten(&mut self) -> Option<String> {
        let before = self.at;
        if matches!(self.peek(), Some('e' | 'E')) {
            self.at += 1;
            let exponent = self.exponent(false);
            if exponent.is_none() {
                self.at = before;
            }
            return exponent;
        }
        self.skip_blanks();
        if matches!(self.peek(), Some('·' | '⋅' | '×' | '*' | 'x' | 'X' | '.' | '∙' | '•'))
        {
            self.at += 1;
            self.skip_blanks();
            if self.peek() == Some('1') && self.peek_at(1) == Some('0') {
                self.at += 2;
                if let Some(exponent) = self.raised() {
                    return Some(exponent);
                }
            }
        }
        self.at = before;
        None
    }

    /// `⁻⁵`, `^-5`, `^(-5)`.
    fn raised(&mut self) -> Option<String> {
        let before = self.at;
        let exponent = if self.eat('^') {
            let bracket = self.eat('(');
            self.exponent(false).filter(|_| !bracket || self.eat(')'))
        } else {
            self.exponent(true)
        };
        if exponent.is_none() {
            self.at = before;
        }
        exponent
    }

    /// An exponent with its sign, raised or plain.
    fn exponent(&mut self, is_raised: bool) -> Option<String> {
        let mut text = String::new();
        match (is_raised, self.peek()) {
            (true, Some('⁻')) | (false, Some('-' | '−')) => {
                text.push('-');
                self.at += 1;
            }
            (true, Some('⁺')) | (false, Some('+')) => self.at += 1,
            _ => {}
        }
        let sign = text.len();
        while let Some(next) = self.peek() {
            let digit = match is_raised {
                true => raised_digit(next),
                false => Some(next).filter(char::is_ascii_digit),
            };
            let Some(digit) = digit else { break };
            text.push(digit);
            self.at += 1;
        }
        (text.len() > sign).then_some(text)
    }

    /// Numbers and their unit: alone, two with “to” between, or several with semicolons; in
    /// brackets or not. Each may have a unit of its own.
    fn items(&mut self) -> Result<Items, NotationError> {
        self.skip_blanks();
        let opening = self.at;
        let bracketed = self.eat('(');
        let mut separator = None;
        let mut found: Vec<(Decimal, Option<Unit>, usize)> = Vec::new();
        let mut basis = Basis::Unsaid;
        loop {
            let number = self.number()?;
            let start = self.at;
            let text = self.text_to_separator(bracketed);
            let unit = match text.trim().is_empty() {
                true => None,
                false => {
                    let (unit, said) = self.unit_of(&text, start)?;
                    basis = said;
                    Some(unit)
                }
            };
            found.push((number, unit, start));
            if found.len() > MOST_VALUES {
                return Err(self.here(TOO_MANY));
            }
            match self.separator() {
                Some(next) if separator.is_none_or(|before| before == next) => {
                    separator = Some(next);
                }
                Some(_) => return Err(self.here(NO_RANGE)),
                None => break,
            }
        }
        let mut unit = found.last().and_then(|(_, unit, _)| unit.clone());
        if bracketed {
            if !self.eat(')') {
                return Err(NotationError::at(opening, NOT_CLOSED));
            }
            let start = self.at;
            let rest = self.rest();
            if !rest.trim().is_empty() {
                if found.iter().any(|(_, unit, _)| unit.is_some()) {
                    return Err(NotationError::at(start, UNIT_TWICE));
                }
                let (own, said) = self.unit_of(&rest, start)?;
                (unit, basis) = (Some(own), said);
            }
        }
        self.end()?;
        let mut values = Vec::with_capacity(found.len());
        for (value, own, start) in found {
            values.push(match (own, &unit) {
                (Some(own), Some(unit)) if own != *unit => {
                    let conversion = Conversion::between(&own, unit)
                        .map_err(|error| NotationError::at(start, error.message()))?;
                    let converted = conversion.value(&value);
                    let exact = converted.number.parse().ok().filter(|_| converted.exact);
                    exact.ok_or_else(|| NotationError::at(start, NOT_EXACT))?
                }
                _ => value,
            });
        }
        Ok(Items { values, separator, unit, basis })
    }

    fn separator(&mut self) -> Option<Separator> {
        self.skip_blanks();
        if self.eat(';') {
            return Some(Separator::And);
        }
        if self.peek().is_some_and(|sign| TO_SIGNS.contains(sign)) {
            self.at += 1;
            return Some(Separator::To);
        }
        if (0..3).all(|ahead| self.peek_at(ahead) == Some('.')) {
            self.at += 3;
            return Some(Separator::To);
        }
        self.word(TO).then_some(Separator::To)
    }

    /// The text up to what separates numbers, or to the closing bracket.
    fn text_to_separator(&mut self, bracketed: bool) -> String {
        let mut text = String::new();
        let mut depth = 0_usize;
        while let Some(next) = self.peek() {
            let is_dots = next == '.' && self.peek_at(1) == Some('.');
            let is_word = text.chars().next_back().is_none_or(char::is_whitespace)
                && TO.iter().any(|word| self.has_word(self.at, word).is_some());
            match next {
                ')' if depth == 0 && bracketed => break,
                ';' => break,
                _ if TO_SIGNS.contains(next) || is_dots || is_word => break,
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            text.push(next);
            self.at += 1;
        }
        text
    }

    fn rest(&mut self) -> String {
        let rest = self.characters[self.at.min(self.end)..self.end].iter().collect();
        self.at = self.end;
        rest
    }

    // Units

    /// The unit that ends the cell; the unit one where there is none.
    fn last_unit(&mut self) -> Result<(Unit, Basis), NotationError> {
        let start = self.at;
        let rest = self.rest();
        match rest.trim().is_empty() {
            true => Ok((self.one()?, Basis::Unsaid)),
            false => self.unit_of(&rest, start),
        }
    }

    fn one(&self) -> Result<Unit, NotationError> {
        unit("1").map_err(|message| self.here(message))
    }

    /// A unit that is written from this index on, and what it is said to be a part of.
    fn unit_of(&self, text: &str, start: usize) -> Result<(Unit, Basis), NotationError> {
        let blanks = text.chars().take_while(|next| next.is_whitespace()).count();
        let mut text = text.trim();
        let mut basis = match ["RH", "r.h."].iter().any(|word| text.contains(word)) {
            true => Basis::Quantity,
            false => Basis::Unsaid,
        };
        for words in OF_THE_VALUE {
            if let Some(rest) = text.strip_suffix(words) {
                (text, basis) = (rest.trim_end(), Basis::Value);
            }
        }
        let unit = unit(text).map_err(|message| NotationError::at(start + blanks, message))?;
        Ok((unit, basis))
    }

    // Expressions

    /// The symbols whose units stand at the end of the cell, `L: m` or `với L tính bằng m`; the
    /// cell then ends before them.
    fn definitions(&mut self) -> Result<Vec<(String, Unit)>, NotationError> {
        let Some(mut start) = (0..self.end).find(|index| self.defines(*index).is_some()) else {
            return Ok(Vec::new());
        };
        let mut symbols: Vec<(String, Unit)> = Vec::new();
        let mut next = start;
        while let Some((symbol, unit_start)) = self.defines(next) {
            let stop = |index: usize| {
                matches!(self.characters[index], ',' | ';')
                    || self.characters[index - 1].is_whitespace()
                        && ["và", "and"].iter().any(|word| self.has_word(index, word).is_some())
            };
            let stop = (unit_start.max(1)..self.end).find(|index| stop(*index));
            let text: String =
                self.characters[unit_start..stop.unwrap_or(self.end)].iter().collect();
            let is_last = stop.is_none();
            let text = match is_last && text.matches('(').count() < text.matches(')').count()
                || text.trim_end().ends_with(']')
            {
                true => text.trim_end().trim_end_matches([')', ']']),
                false => text.as_str(),
            };
            let (unit, _) = self.unit_of(text, unit_start)?;
            symbols.push((symbol, unit));
            let Some(stop) = stop else { break };
            next = (stop..self.end)
                .find(|index| self.defines(*index).is_some())
                .ok_or_else(|| NotationError::at(stop, MORE))?;
        }
        // Before them stand words, a comma or a bracket.
        loop {
            let before = start;
            while start > 0 && self.characters[start - 1].is_whitespace() {
                start -= 1;
            }
            for word in WHERE {
                let length = word.chars().count();
                if let Some(from) = start.checked_sub(length)
                    && self.characters[from..start].iter().collect::<String>().to_lowercase()
                        == *word
                {
                    start = from;
                }
            }
            if start > 0 && matches!(self.characters[start - 1], ',' | ';' | '(' | '[') {
                start -= 1;
            }
            if start == before {
                break;
            }
        }
        self.end = start;
        Ok(symbols)
    }

    /// The symbol that begins at an index and has its unit said, and where the unit begins.
    fn defines(&self, index: usize) -> Option<(String, usize)> {
        let characters = &self.characters[..self.end];
        let begins = characters.get(index)?.is_alphabetic()
            && (index == 0 || !is_name(characters[index - 1]));
        if !begins {
            return None;
        }
        let mut at = index;
        while characters.get(at).is_some_and(|next| is_name(*next)) {
            at += 1;
        }
        let symbol: String = characters[index..at].iter().collect();
        let blanks = characters[at..].iter().take_while(|next| next.is_whitespace()).count();
        let after = at + blanks;
        if characters.get(after) == Some(&':') {
            return Some((symbol, after + 1));
        }
        let length = MEASURED_IN.iter().find_map(|words| self.has_word(after, words))?;
        (blanks > 0 && after + length < self.end).then_some((symbol, after + length))
    }

    /// An expression with operators or symbols, in the syntax of [`Equation`]; none where the cell
    /// has plain numbers. It stands in brackets, under a root or in `Q[…]`.
    fn equation(&mut self, symbols: &[(String, Unit)]) -> Result<Option<String>, NotationError> {
        let begins_so = match self.peek() {
            Some('Q') => {
                let blanks =
                    (1..).take_while(|ahead| self.peek_at(*ahead).is_some_and(char::is_whitespace));
                let after = 1 + blanks.count();
                matches!(self.peek_at(after), Some('[' | '('))
            }
            Some('√') => {
                let after =
                    (1..).find(|ahead| !self.peek_at(*ahead).is_some_and(char::is_whitespace));
                let after = after.unwrap_or(1);
                if self.peek_at(after) != Some('(') {
                    return Err(NotationError::at(self.at + after, ROOT));
                }
                true
            }
            Some('s') => self.peek_at(1) == Some('q') && self.peek_at(4) == Some('('),
            Some('(') => false,
            _ => return Ok(None),
        };
        let start = self.at;
        let close = self.matching()?;
        if !begins_so {
            let within = &self.characters[start + 1..close];
            let is_expression =
                !symbols.is_empty() || within.iter().any(|next| matches!(next, '+' | '*' | '√'));
            // A letter that is no unit's is a symbol whose unit is missing; that is said there.
            let has_letter = within.iter().any(|next| next.is_alphabetic());
            let multiplies = within.iter().any(|next| matches!(next, '·' | '×' | '⋅'));
            let is_product = has_letter && multiplies;
            if !(is_expression || is_product) {
                return Ok(None);
            }
        }
        let (text, positions) = self.translated(start, close + 1)?;
        self.at = close + 1;
        let at = |position: usize| {
            let index = position.saturating_sub(1).min(positions.len().saturating_sub(1));
            positions.get(index).copied().unwrap_or(start)
        };
        let names: Vec<&str> = symbols.iter().map(|(symbol, _)| symbol.as_str()).collect();
        let equation = Equation::parse(&text, &names).map_err(|error| {
            use crate::domain::equation::EquationProblem;
            let message = match &error.problem {
                EquationProblem::UnknownSymbol(symbol) => no_unit_of(symbol),
                _ => error.message(),
            };
            NotationError::at(at(error.position), message)
        })?;
        let used: Vec<&str> = equation.symbols_used().collect();
        if let Some(symbol) = names.iter().find(|name| !used.contains(name)) {
            return Err(NotationError::at(start, unused(symbol)));
        }
        let outer = !begins_so && text.starts_with('(') && text.ends_with(')');
        let text = if outer { text[1..text.len() - 1].to_owned() } else { text };
        Ok(Some(text))
    }

    /// Where the first bracket from here on is closed.
    fn matching(&self) -> Result<usize, NotationError> {
        let mut open = Vec::new();
        for index in self.at..self.end {
            match self.characters[index] {
                '(' | '[' => open.push(index),
                ')' | ']' => {
                    open.pop();
                    if open.is_empty() {
                        return Ok(index);
                    }
                }
                _ => {}
            }
        }
        let unclosed = open.first().copied().unwrap_or(self.at);
        Err(NotationError::at(unclosed, NOT_CLOSED))
    }

    /// An expression in the syntax of [`Equation`], and for each of its characters the index of the
    /// one that it comes from.
    fn translated(
        &mut self,
        start: usize,
        end: usize,
    ) -> Result<(String, Vec<usize>), NotationError> {
        let whole = std::mem::replace(&mut self.end, end);
        self.at = start;
        let translated = self.translate();
        self.end = whole;
        translated
    }

    fn translate(&mut self) -> Result<(String, Vec<usize>), NotationError> {
        let mut text = String::new();
        let mut positions = Vec::new();
        // Whether each open bracket is that of Q.
        let mut open: Vec<bool> = Vec::new();
        let mut after_value = false;
        while let Some(next) = self.peek() {
            let from = self.at;
            let mut put = |part: &str| {
                positions.extend(part.chars().map(|_| from));
                text.push_str(part);
            };
            if next.is_whitespace() {
                self.at += 1;
                continue;
            }
            if next.is_ascii_digit() {
                put(self.number()?.as_str());
                after_value = true;
                continue;
            }
            if raised_digit(next).is_some() || next == '⁻' {
                let Some(exponent) = self.exponent(true) else {
                    return Err(self.here(NO_EQUATION));
                };
                put(&match exponent.starts_with('-') {
                    true => format!("^({exponent})"),
                    false => format!("^{exponent}"),
                });
                continue;
            }
            if next.is_alphabetic() {
                let mut name = String::new();
                while let Some(letter) = self.peek().filter(|next| is_name(*next)) {
                    name.push(letter);
                    self.at += 1;
                }
                if after_value {
                    put("*");
                }
                put(&name);
                after_value = !matches!(name.as_str(), "Q" | "sqrt" | "abs");
                if name == "Q" {
                    self.skip_blanks();
                    if !matches!(self.peek(), Some('[' | '(')) {
                        after_value = true;
                        continue;
                    }
                    self.at += 1;
                    open.push(true);
                    put("[");
                }
                continue;
            }
            self.at += 1;
            match next {
                '√' => {
                    self.skip_blanks();
                    if self.peek() != Some('(') {
                        return Err(self.here(ROOT));
                    }
                    put(if after_value { "*sqrt" } else { "sqrt" });
                    after_value = false;
                }
                '(' | '[' => {
                    put(if after_value { "*(" } else { "(" });
                    open.push(false);
                    after_value = false;
                }
                ')' | ']' => {
                    put(if open.pop() == Some(true) { "]" } else { ")" });
                    after_value = true;
                }
                ';' | ',' if open.last() == Some(&true) => {
                    put(", ");
                    after_value = false;
                }
                ';' | ',' => return Err(NotationError::at(from, SEMICOLON)),
                '+' | '*' | '/' | '^' => {
                    put(&next.to_string());
                    after_value = false;
                }
                '-' | '−' | '–' => {
                    put("-");
                    after_value = false;
                }
                '·' | '⋅' | '×' | '∙' | '•' => {
                    put("*");
                    after_value = false;
                }
                _ => return Err(NotationError::at(from, NO_EQUATION)),
            }
        }
        Ok((text, positions))
    }
}

fn no_unit_of(symbol: &str) -> Text {
    let symbol = shortened(symbol);
    Text::new(
        format!("chưa nêu đơn vị của “{symbol}”; hãy thêm vào cuối ô, ví dụ: , {symbol}: m"),
        format!("the unit of “{symbol}” is not said; add it at the end, such as: , {symbol}: m"),
    )
}

fn is_digit(character: Option<char>) -> bool {
    character.is_some_and(|character| character.is_ascii_digit())
}

fn is_name(character: char) -> bool {
    (character.is_alphabetic() || character.is_ascii_digit() || character == '_')
        && raised_digit(character).is_none()
}

/// The digit that a raised digit is.
fn raised_digit(character: char) -> Option<char> {
    match character {
        '⁰' => Some('0'),
        '¹' => Some('1'),
        '²' => Some('2'),
        '³' => Some('3'),
        '⁴'..='⁹' => char::from_digit(u32::from(character) - u32::from('⁰'), 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_range(cell: &str) -> String {
        let bound =
            |bound: Option<Decimal>| bound.map_or("?".to_owned(), |bound| bound.to_string());
        match range(cell).unwrap_or_else(|error| panic!("{cell}: {error}")) {
            Range::Interval(interval) => {
                let unit = interval.unit.code().to_owned();
                format!("{} to {} {unit}", bound(interval.lower), bound(interval.upper))
            }
            Range::Values(values) => {
                let values = values.iter().map(|one| format!("{} {}", one.value, one.unit.code()));
                values.collect::<Vec<_>>().join(" & ")
            }
        }
    }

    fn shown_uncertainty(cell: &str, range: &str) -> String {
        let stated = uncertainty(cell).unwrap_or_else(|error| panic!("{cell}: {error}"));
        let range = unit(range).expect(range);
        let stated = stated.of_capability(0, Some(&range), None);
        let stated = stated.unwrap_or_else(|error| panic!("{cell}: {error:?}"));
        let mut shown = serde_json::to_value(&stated).expect("JSON");
        let fields = shown.as_object_mut().expect("an object");
        let text = |value: serde_json::Value| match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        ["expression", "mode", "lower", "upper", "equation", "unit", "symbols"]
            .iter()
            .filter_map(|field| fields.remove(*field).map(text))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn ranges() {
        for (cell, expected) in [
            ("(0 ÷ 100) °C", "0 to 100 Cel"),
            ("0 ÷ 100 °C", "0 to 100 Cel"),
            ("(-40 ÷ 150) °C", "-40 to 150 Cel"),
            ("(−40÷−10) °C", "-40 to -10 Cel"),
            ("(0,5 – 100,0) mm", "0.5 to 100.0 mm"),
            ("0.5 ... 100.0 mm", "0.5 to 100.0 mm"),
            ("từ 1 mg đến 20 kg", "0.000001 to 20 kg"),
            ("(1 mg ÷ 500 g)", "0.001 to 500 g"),
            ("from 10 to 20 kN", "10 to 20 kN"),
            ("(1 000 ÷ 10 000) kN·m", "1000 to 10000 kN.m"),
            ("(2,5·10⁻⁵ ÷ 1x10^3) Pa", "2.5E-5 to 1E3 Pa"),
            ("(10⁻⁶ ÷ 10²) Pa", "1E-6 to 1E2 Pa"),
            ("≤ 5 MPa", "? to 5 MPa"),
            (">= 5 MPa", "5 to ? MPa"),
            ("đến 100 mm", "? to 100 mm"),
            ("100 g", "100 g"),
            ("(1; 2; 5) kg", "1 kg & 2 kg & 5 kg"),
            ("500 g; 1 kg", "0.500 kg & 1 kg"),
            ("(10 ÷ 95) %RH", "10 to 95 %"),
            ("0 - 10 V", "0 to 10 V"),
        ] {
            assert_eq!(shown_range(cell), expected, "{cell}");
        }
    }

    #[test]
    fn uncertainties() {
        for (cell, range, expected) in [
            ("0,50 mg", "kg", "constant absolute 0.50 0.50 mg"),
            ("± 0,5 mg", "kg", "constant absolute 0.5 0.5 mg"),
            ("0,02 %", "V", "constant relative 0.02 0.02 %"),
            ("2,5·10⁻⁵", "V", "constant relative 2.5E-5 2.5E-5 1"),
            ("10⁻⁶", "Hz", "constant relative 1E-6 1E-6 1"),
            ("5 µV/V", "V", "constant relative 5 5 uV/V"),
            ("0,1 % giá trị đo", "%", "constant relative 0.1 0.1 %"),
            ("2 %RH", "%", "constant absolute 2 2 %"),
            ("5 ″", "°", "constant absolute 5 5 ''"),
            ("(0,05 ÷ 0,5) mg", "kg", "interval absolute 0.05 0.5 mg"),
            ("(0,5 + 2·L) µm, L: m", "mm", r#"equation absolute 0.5+2*L um {"L":"m"}"#),
            ("(0,5 + 2L) µm (L tính bằng m)", "mm", r#"equation absolute 0.5+2*L um {"L":"m"}"#),
            ("(5 + L/200) µm; L in mm", "mm", r#"equation absolute 5+L/200 um {"L":"mm"}"#),
            (
                "Q[0,05; 0,5·L] µm với L tính bằng m",
                "mm",
                r#"equation absolute Q[0.05, 0.5*L] um {"L":"m"}"#,
            ),
            ("Q[0.05, 0.5L] µm, L in m", "mm", r#"equation absolute Q[0.05, 0.5*L] um {"L":"m"}"#),
            (
                "√(0,05² + (0,5·10⁻¹·L)²) µm [L: m]",
                "mm",
                r#"equation absolute sqrt(0.05^2+(0.5E-1*L)^2) um {"L":"m"}"#,
            ),
            (
                "(0,01 + 0,002·p) %, trong đó p tính theo MPa",
                "kPa",
                r#"equation relative 0.01+0.002*p % {"p":"MPa"}"#,
            ),
        ] {
            assert_eq!(shown_uncertainty(cell, range), expected, "{cell}");
        }
    }

    #[test]
    fn figures_one_each() {
        let stated = uncertainty("(0,01; 0,02; 0,05) mg").expect("a list");
        assert_eq!(stated.one_each(), Some(3));
        let third = stated.of_capability(2, None, None).expect("a figure");
        assert_eq!(third.lower.map(|figure| figure.to_string()).as_deref(), Some("0.05"));
    }

    #[test]
    fn what_is_not_said_is_not_guessed() {
        let percent = uncertainty("2 %").expect("a percentage");
        let humidity = unit("%").expect("a unit");
        assert!(percent.of_capability(0, Some(&humidity), None).is_err());
        assert!(percent.of_capability(0, None, None).is_err());
        let said = percent.of_capability(0, Some(&humidity), Some(Mode::Absolute)).expect("said");
        assert_eq!(said.mode, Some(Mode::Absolute));
        let by_frequency = uncertainty("(1 + 2·f) mV, f: kHz").expect("read");
        let range = unit("V").expect("a unit");
        let error = by_frequency.of_capability(0, Some(&range), None).expect_err("no point");
        assert!(error.en.contains("which parameter"), "{error:?}");
    }

    #[test]
    fn what_cannot_be_read_has_its_place() {
        for (cell, position, reason) in [
            ("(0 ÷ 100)", 10, "the unit is missing"),
            ("(0 ÷ 100) °X", 11, "no unit"),
            ("(100 ÷ 0) °C", 1, "above"),
            ("(0 ÷ 100 °C", 1, "never closed"),
            ("(0 ÷ ) °C", 6, "expected a number"),
            ("1.234.567 kg", 6, "one decimal sign"),
            ("(0,5 ÷ 1.5) kg", 9, "both"),
            ("nhỏ", 1, "expected a number"),
            ("", 1, "expected a number"),
            ("10 ft", 4, "in UCUM"),
        ] {
            let error = range(cell).expect_err(cell);
            assert!(error.message.en.contains(reason), "{cell}: {error}");
            assert_eq!(error.position, position, "{cell}: {error}");
            assert!(!error.message.vi.is_empty());
        }
        for (cell, position, reason) in [
            ("(0,5 + 2·L) µm", 10, "unit of “L”"),
            ("Q[0,05; 0,5·L] µm", 13, "unit of “L”"),
            ("Q[0,05; 0.5] µm", 10, "both"),
            ("Q[0,05] µm, L: m", 1, "two or more"),
            ("(0,5 + ) µm", 8, "expected a number, a symbol"),
            ("0,5 mg, L: m", 1, "does not stand"),
            ("0,5 mg + 2 µg", 5, "from “+” on"),
            ("√0,5 µm", 2, "needs brackets"),
            ("Q[0,05; 0,5 µm", 2, "never closed"),
            ("0,5 mg (k = 2)", 5, ""),
        ] {
            let error = uncertainty(cell).expect_err(cell);
            assert!(error.message.en.contains(reason), "{cell}: {error}");
            assert_eq!(error.position, position, "{cell}: {error}");
        }
        assert!(range(&"1".repeat(LONGEST + 1)).is_err());
    }

    #[test]
    fn decimal_signs_stand_between_digits() {
        for (cell, sign) in [
            ("0,5", Some(',')),
            ("(0 ÷ 1.5) kg", Some('.')),
            ("Q[1; 0,5·L] µm, L: m", Some(',')),
            ("Q[1, 2.5·L] µm", Some('.')),
            ("0...10 m.s", None),
            ("", None),
        ] {
            assert_eq!(decimal_sign(cell), sign, "{cell}");
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        for (cell, expected) in [
            ("0,50", "0.50"),
            ("-0.50", "-0.50"),
            ("1 000 000,5", "1000000.5"),
            ("12 345", "12345"),
            ("2,50·10⁻⁵", "2.50E-5"),
            ("5E-7", "5E-7"),
            ("+3", "3"),
        ] {
            assert_eq!(number(cell).expect(cell).as_str(), expected);
        }
        for cell in ["1 00", "1,2,3", "0x1", "5 %", "1e", "--1", "1234 567"] {
            assert!(number(cell).is_err(), "{cell}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(cell in "\\PC{0,60}") {
            let _ = (range(&cell), uncertainty(&cell), number(&cell), unit(&cell));
        }

        #[test]
        fn reading_near_misses_never_panics(
            cell in "[Q√(]{0,2}[0-9,.;·+*/÷ L²⁻()\\[\\]-]{0,30}[ µmkg%°C:]{0,8}(, L: m| với L theo mm)?"
        ) {
            if let Ok(stated) = uncertainty(&cell) {
                let _ = stated.of_capability(0, None, None);
            }
            let _ = range(&cell);
        }

        #[test]
        fn what_is_written_is_read(
            lower in 0_u32..1_000_000, more in 0_u32..1_000_000, decimals in 0_usize..5,
            comma: bool, exponent in -20_i32..20, raised: bool,
        ) {
            let digits = |number: u32| {
                let text = format!("{number:0>width$}", width = decimals + 1);
                let (whole, part) = text.split_at(text.len() - decimals);
                if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
            };
            let local = |text: &str| {
                let text = if comma { text.replace('.', ",") } else { text.to_owned() };
                if !raised { return text; }
                let power: String = exponent.to_string().chars().map(|digit| match digit {
                    '-' => '⁻',
                    _ => "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit as usize - '0' as usize).unwrap(),
                }).collect();
                format!("{text}·10{power}")
            };
            let written = |text: &str| {
                if raised { format!("{text}E{exponent}") } else { text.to_owned() }
            };
            let (lower, upper) = (digits(lower), digits(lower + more));
            let cell = format!("({} ÷ {}) kPa", local(&lower), local(&upper));
            let expected = format!("{} to {} kPa", written(&lower), written(&upper));
            assert_eq!(shown_range(&cell), expected);
            let cell = format!("Q[{}; {}·L] µm, L: m", local(&lower), local(&upper));
            let expected = format!(
                "equation absolute Q[{}, {}*L] um {{\"L\":\"m\"}}",
                written(&lower), written(&upper),
            );
            assert_eq!(shown_uncertainty(&cell, "mm"), expected);
        }
    }
}
