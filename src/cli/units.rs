//! `etalon units`: units in every notation, and numbers in another unit.

use crate::app::units::{self, ConvertedNumber, UnitEntry};
use crate::domain::decimal::Decimal;
use crate::domain::fault::{Fault, Faults, shortened};
use crate::domain::quantity::QuantityKindId;
use crate::domain::text::{Language, Text};
use crate::domain::unit::Unit;

use super::failure::{Places, Status};
use super::page::{Line, Page};
use super::phrases::{self, fill, say};
use super::style::{BOLD, DIM};
use super::{Answer, Failure, Options};

/// Shows units in every notation, or converts numbers to another unit.
///
/// A unit is written as a UCUM code (kgf/cm2), as a D-SI string (\milli\gram) or as it is printed
/// (kgf/cm², µV/V). Conversions do not round where that is possible.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A unit such as "kgf/cm2"; with --to a number and its unit, such as "5 kgf/cm2".
    #[arg(value_name = "UNIT", required = true)]
    texts: Vec<String>,
    /// Convert each number to this unit.
    #[arg(long, value_name = "UNIT")]
    to: Option<String>,
    /// The numbers are differences or uncertainties: no scale of temperature moves them.
    #[arg(long, requires = "to")]
    difference: bool,
    /// The quantity kind that the units have to fit, such as pressure.
    #[arg(long, value_name = "KIND", requires = "to")]
    quantity: Option<String>,
}

/// The options whose places faults name.
static OPTIONS: Places =
    &[("texts", "UNIT"), ("to", "--to"), ("from", "UNIT"), ("quantity_kind", "--quantity")];

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let refused = |fault: Fault| Failure::options(Faults(vec![fault]), OPTIONS);
    let mut page = Page::new();
    let Some(to) = &arguments.to else {
        let read = |text: &String| units::entry_of(text, "/texts");
        let entries: Vec<UnitEntry> =
            arguments.texts.iter().map(read).collect::<Result<_, _>>().map_err(refused)?;
        if options.json {
            return Answer::json(&entries, Status::Good);
        }
        for (text, entry) in arguments.texts.iter().zip(&entries) {
            print_unit(&mut page, text, entry, options.language);
        }
        return Ok(Answer::new(page, Status::Good));
    };
    let to = unit("/to", to).map_err(refused)?;
    let kind = arguments.quantity.as_deref().map(kind).transpose().map_err(refused)?;
    let convert = |text: &String| {
        let (number, from) = number_and_unit(text)?;
        units::convert(&number, &from, &to, kind, arguments.difference)
    };
    let converted: Vec<ConvertedNumber> =
        arguments.texts.iter().map(convert).collect::<Result<_, _>>().map_err(refused)?;
    if options.json {
        return Answer::json(&converted, Status::Good);
    }
    for one in &converted {
        print_converted(&mut page, one, options.language);
    }
    Ok(Answer::new(page, Status::Good))
}

fn unit(place: &str, text: &str) -> Result<Unit, Fault> {
    units::read(text).map_err(|error| units::unreadable(place, text, &error))
}

fn kind(text: &str) -> Result<QuantityKindId, Fault> {
    QuantityKindId::parse(text).ok_or_else(|| units::unknown_kind("/quantity_kind", text))
}

/// A number and its unit, as people type them.
fn number_and_unit(text: &str) -> Result<(Decimal, Unit), Fault> {
    let (number, symbol) =
        text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), "1"));
    let number = number.parse().map_err(|_| {
        let found = shortened(text);
        let message = Text::new(
            format!("“{found}”: cần một số, một dấu cách và một đơn vị, ví dụ “5 kgf/cm2”"),
            format!("“{found}”: expected a number, a blank and a unit, such as “5 kgf/cm2”"),
        );
        Fault::error("/texts", "bad_number", message)
    })?;
    Ok((number, unit("/texts", symbol.trim())?))
}

fn print_unit(page: &mut Page, text: &str, entry: &UnitEntry, language: Language) {
    page.line(Line::new().styled(BOLD, text));
    let none = say(phrases::UNIT_NONE, language);
    let mut rows = vec![
        (say(phrases::UNIT_CODE, language), entry.code.clone()),
        (say(phrases::UNIT_DSI, language), entry.dsi.clone().unwrap_or_else(|| none.to_owned())),
        (say(phrases::UNIT_SI, language), entry.in_si()),
    ];
    let links = entry.sidf.iter().map(|link| ("", link.clone()));
    rows.extend(links.enumerate().map(|(position, (_, link))| match position {
        0 => (say(phrases::UNIT_SIDF, language), link),
        _ => ("", link),
    }));
    let width = rows.iter().map(|(label, _)| Line::new().plain(label).width()).max().unwrap_or(0);
    for (label, value) in rows {
        let line = Line::new().styled(DIM, label).padded(width + 2).plain(&value);
        page.hanging("  ", &" ".repeat(width + 4), &line);
    }
}

fn print_converted(page: &mut Page, one: &ConvertedNumber, language: Language) {
    let sign = if one.exact { "=" } else { "≈" };
    let (value, from) = (&one.value, &one.from.code);
    let result = format!("{value} {from} {sign} {} {}", one.result, one.to.code);
    let phrase = if one.offset == "0" { phrases::UNIT_FACTOR } else { phrases::UNIT_SCALE };
    let factor = fill(phrase, language, &[("factor", &one.factor), ("offset", &one.offset)]);
    page.line(Line::new().styled(BOLD, &result).plain("  ").styled(DIM, &factor));
}
