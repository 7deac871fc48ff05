//! `etalon verify`: a claim about a standard of the registry or of a bundle, answered.
//!
//! The options make the JSON form of a claim, which is then read like any other: what is wrong with
//! them is said in the words, with the suggestions and all at once.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use deserr::deserialize;
use serde_json::{Map, Value, json};

use crate::app::bundle::Loaded;
use crate::app::convert::{Conversion, FileUnread};
use crate::app::refusal::Refusal;
use crate::app::units;
use crate::app::verify::{DEFAULT_POLICY, shipped};
use crate::domain::claim::{Claim, Purpose, ValueUsed};
use crate::domain::decimal::Decimal;
use crate::domain::fault::{Fault, Faults};
use crate::domain::id::Id;
use crate::domain::signature::SignatureStatus;
use crate::domain::text::Text;
use crate::engine::policy::Policy;
use crate::engine::report::{RenderedReport, Verdict};

use super::database::Database;
use super::failure::Status;
use super::known_at::KnownAtOption;
use super::page::Page;
use super::view::View;
use super::{Answer, Failure, Options, convert, input, policy, present, report, signature, trust};

/// Answers a claim: is the value of this standard metrologically traceable?
///
/// Without --quantity and --point every result of the standard's current certificates is answered,
/// one line each, and the worst verdict counts.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A bundle with the records, instead of the registry.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["database", "data_dir"])]
    bundle: Option<PathBuf>,
    /// Digital calibration certificates that cite each other, instead of the registry: a chain from
    /// the files alone. The documents must be those that are cited, to the byte.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["database", "data_dir", "bundle"])]
    dcc: Vec<PathBuf>,
    /// The authorities that are trusted to say who signs certificates, as in: etalon signature;
    /// ETALON_TRUST_DIR of the environment when absent, else nobody.
    #[arg(long, value_name = "DIR", requires = "dcc")]
    trust: Option<PathBuf>,
    /// What the certificates of a laboratory mean by names, a file for each laboratory
    /// (docs/exchange.md).
    #[arg(long, value_name = "FILE", requires = "dcc")]
    mapping: Vec<PathBuf>,
    /// The standard, by its id or by its owner's code; with --dcc, when absent, the item that no
    /// other certificate was made with.
    #[arg(long, value_name = "ID|CODE", required_unless_present = "dcc")]
    standard: Option<String>,
    /// The quantity kind, such as conventional_mass.
    #[arg(long, value_name = "KIND")]
    quantity: Option<String>,
    /// The point of use, such as "1 kg".
    #[arg(long, value_name = "VALUE", requires = "quantity", allow_hyphen_values = true)]
    point: Option<String>,
    /// The analyte, of a reference material or an amount, as its certificate names it.
    #[arg(long, value_name = "NAME", requires = "quantity")]
    analyte: Option<String>,
    /// The matrix that carries the analyte.
    #[arg(long, value_name = "NAME", requires = "analyte")]
    matrix: Option<String>,
    /// A condition of use, such as "frequency=1 kHz", "temperature=18..22 Cel" or "medium=nitrogen".
    #[arg(long = "parameter", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// The certificate in use, by its id or number; otherwise the latest valid one that covers.
    #[arg(long, value_name = "ID|NUMBER")]
    calibration: Option<String>,
    /// The day of use; today when absent.
    #[arg(long, value_name = "DATE")]
    used_on: Option<String>,
    #[command(flatten)]
    known_at: KnownAtOption,
    /// The policy: ilac-p10 (international), vn-2026 (with Vietnamese measurement law), one of the
    /// registry by its id or id@version, or a file with one (docs/policies.md).
    #[arg(long, value_name = "ID|FILE", default_value = DEFAULT_POLICY)]
    policy: String,
    /// The expanded uncertainty (k = 2) that the use requires, such as "1 mg".
    #[arg(long, value_name = "VALUE")]
    required_uncertainty: Option<String>,
    /// Which value the user of the standard takes.
    #[arg(long, value_name = "WHICH", default_value = ValueUsed::Certified.as_str())]
    #[arg(value_parser = PossibleValuesParser::new(ValueUsed::ALL.iter().map(|one| one.as_str())))]
    value_used: String,
    /// What the standard is used for; calibration when absent.
    #[arg(long, value_name = "WHAT")]
    #[arg(value_parser = PossibleValuesParser::new(Purpose::ALL.iter().map(|one| one.as_str())))]
    purpose: Option<String>,
    #[command(flatten)]
    database: Database,
}

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let claim = claim(arguments).map_err(Failure::claim_unread)?;
    let own = policy::of_file(&arguments.policy)?;
    let mut page = Page::new();
    let (loaded, report) = match &arguments.bundle {
        Some(path) => of_bundle(path, arguments, claim, own.as_ref())?,
        None if !arguments.dcc.is_empty() => {
            let loaded = of_certificates(arguments, &mut page, options)?;
            let report = of_loaded(&loaded, arguments, claim, own.as_ref())?;
            (loaded, report)
        }
        None => of_registry(arguments, claim, own)?,
    };
    let status = status(report.verdict);
    if options.json {
        return Answer::json(&report, status);
    }
    report::print(&mut page, &View::new(&loaded.records, options.language), &report);
    Ok(Answer::new(page, status))
}

/// The answer from a bundle, and the records that it speaks of.
fn of_bundle(
    path: &Path,
    arguments: &Arguments,
    claim: Claim,
    own: Option<&Policy>,
) -> Result<(Loaded, RenderedReport), Failure> {
    let (name, text) = (input::name(path), input::read(path)?);
    let loaded = Loaded::parse(&text).map_err(|faults| Failure::refused(&name, faults))?;
    let report = of_loaded(&loaded, arguments, claim, own)?;
    Ok((loaded, report))
}

/// The answer from records that were loaded.
fn of_loaded(
    loaded: &Loaded,
    arguments: &Arguments,
    mut claim: Claim,
    own: Option<&Policy>,
) -> Result<RenderedReport, Failure> {
    let policy =
        own.map_or_else(|| shipped(claim.policy.as_deref()), Ok).map_err(Failure::claim_unread)?;
    let answer = |claim: &mut Claim| {
        claim.standard = match &arguments.standard {
            Some(name) => loaded.standard(name)?.id.clone(),
            None => loaded.only_last_item()?,
        };
        certificate(loaded, arguments, claim)?;
        loaded.answer_under(claim, policy, present())
    };
    answer(&mut claim).map_err(|faults| {
        let message = Text::new(
            "không thể đặt yêu cầu này với dữ liệu này",
            "this claim cannot be asked of these records",
        );
        Failure::claim_refused(faults, message)
    })
}

/// The records of digital calibration certificates, linked by what they cite. What stays open, and
/// what their signatures say, goes to the page.
fn of_certificates(
    arguments: &Arguments,
    page: &mut Page,
    options: Options,
) -> Result<Loaded, Failure> {
    let trust = trust::of_options(arguments.trust.as_deref())?;
    let mut conversion = Conversion::with(convert::mappings(&arguments.mapping)?);
    let mut refused: Vec<Fault> = Vec::new();
    for file in &arguments.dcc {
        let (name, text) = (input::name(file), input::read(file)?);
        match conversion.add_certificate(&name, &text, &trust, present().now) {
            Ok(outcome) if outcome.status != SignatureStatus::Unsigned => {
                signature::print(page, &name, &outcome, options.language);
            }
            Ok(_) => {}
            Err(error) => refused.extend(convert::faults(&name, error)),
        }
    }
    if !refused.is_empty() {
        let message = Text::new(
            "có tệp không đọc được nên không kiểm tra được chuỗi",
            "a file cannot be read, so the chain is not checked",
        );
        return Err(Failure::with_faults(Status::Refused, message, Faults(refused)));
    }
    conversion.link();
    for FileUnread { file, unread, .. } in &conversion.unread {
        for part in unread {
            convert::print_part(page, file, part, options.language);
        }
    }
    let bundle = conversion.into_bundle().map_err(|faults| {
        let names: Vec<String> = arguments.dcc.iter().map(|file| input::name(file)).collect();
        Failure::refused(&names.join(" + "), Faults(faults))
    })?;
    Ok(Loaded::from(bundle.records))
}

/// The answer from the registry, and the records that it speaks of.
fn of_registry(
    arguments: &Arguments,
    mut claim: Claim,
    own: Option<Policy>,
) -> Result<(Loaded, RenderedReport), Failure> {
    let registry = arguments.database.registry()?;
    let moment = present();
    let answer = |claim: &mut Claim| -> Result<_, Refusal> {
        let at = registry.index_at(claim.known_at, moment.now)?;
        let policy = match own {
            Some(policy) => Cow::Owned(policy),
            None => registry.policy_for(claim.policy.as_deref(), at)?,
        };
        let name = arguments.standard.as_deref().unwrap_or_default();
        claim.standard = registry.standard_named(name, at)?;
        let named = arguments.calibration.as_deref().and_then(|name| Id::parse(name).ok());
        let loaded = registry.load(&claim.standard, named.as_ref(), at)?;
        certificate(&loaded, arguments, claim)?;
        let report = loaded.answer_under(claim, &policy, moment)?;
        Ok((loaded, report))
    };
    answer(&mut claim).map_err(|refusal| match refusal {
        Refusal::Faults(faults) => {
            let message = Text::new(
                "không thể đặt yêu cầu này với sổ đăng ký này",
                "this claim cannot be asked of this registry",
            );
            Failure::claim_refused(faults, message)
        }
        other => Failure::from(other),
    })
}

/// Finds the certificate that was named, by its id or number.
fn certificate(loaded: &Loaded, arguments: &Arguments, claim: &mut Claim) -> Result<(), Faults> {
    if let Some(name) = &arguments.calibration {
        claim.calibration = Some(loaded.calibration(&claim.standard, name)?.id.clone());
    }
    Ok(())
}

/// How a command ends that answered with this verdict.
fn status(verdict: Verdict) -> Status {
    match verdict {
        Verdict::Traceable | Verdict::TraceableWithRemarks => Status::Good,
        Verdict::NotTraceable => Status::Bad,
        Verdict::Undetermined => Status::Undetermined,
    }
}

/// The claim of the options. Standard and certificate are looked up later, among the records.
fn claim(arguments: &Arguments) -> Result<Claim, Faults> {
    let mut faults = Vec::new();
    let mut read = |pointer: &str, text: &Option<String>| {
        let text = text.as_ref()?;
        quantity(text).map_err(|message| faults.push(bad_option(pointer, message))).ok()
    };
    let point = read("/point", &arguments.point);
    let required = read("/required_uncertainty", &arguments.required_uncertainty);
    let known_at = arguments.known_at.as_field();
    let mut parameters = Vec::new();
    for (index, text) in arguments.parameters.iter().enumerate() {
        match parameter(text) {
            Ok(parameter) => parameters.push(parameter),
            Err(message) => faults.push(bad_option(&format!("/parameters/{index}"), message)),
        }
    }
    let fields = [
        ("standard", Some(json!("_:looked-up-later"))),
        ("quantity_kind", arguments.quantity.as_ref().map(|kind| json!(kind))),
        ("point", point),
        ("analyte", arguments.analyte.as_ref().map(|name| json!(name))),
        ("matrix", arguments.matrix.as_ref().map(|name| json!(name))),
        ("parameters", Some(Value::Array(parameters))),
        ("used_on", arguments.used_on.as_ref().map(|day| json!(day))),
        ("known_at", known_at),
        ("required_uncertainty", required),
        ("value_used", Some(json!(arguments.value_used))),
        ("purpose", arguments.purpose.as_ref().map(|what| json!(what))),
        ("policy", Some(json!(arguments.policy))),
    ];
    let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let claim = deserialize::<Claim, _, Faults>(Value::Object(given.collect::<Map<_, _>>()));
    match claim {
        Ok(claim) if faults.is_empty() => Ok(claim),
        Ok(_) => Err(Faults(faults)),
        Err(Faults(others)) => {
            faults.extend(others);
            Err(Faults(faults))
        }
    }
}

fn bad_option(pointer: &str, message: Text) -> Fault {
    Fault::error(pointer, "bad_option", message)
}

/// A quantity value as people type it: a number, a blank, a unit; a number alone has no unit.
pub(super) fn quantity(text: &str) -> Result<Value, Text> {
    let (number, unit) = number_and_unit(text);
    match number.parse::<Decimal>() {
        Ok(_) => Ok(json!({"value": number, "unit": unit})),
        Err(_) => Err(Text::new(
            format!("“{text}”: cần một số, một dấu cách và một đơn vị, ví dụ “1 kg” hoặc “5E-7 m”"),
            format!("“{text}”: expected a number, a blank and a unit, such as “1 kg” or “5E-7 m”"),
        )),
    }
}

fn number_and_unit(text: &str) -> (&str, String) {
    match text.trim().split_once(char::is_whitespace) {
        Some((number, unit)) => (number, typed_unit(unit.trim())),
        None => (text.trim(), "1".to_owned()),
    }
}

/// The UCUM code of a typed unit, in any writing; what is none is left for the reading of the claim
/// to refuse.
fn typed_unit(text: &str) -> String {
    units::read(text).map_or_else(|_| text.to_owned(), |unit| unit.code().to_owned())
}

/// A condition as people type it: `name=value unit`, `name=lower..upper unit` or `name=words`.
fn parameter(text: &str) -> Result<Value, Text> {
    let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.trim().is_empty())
    else {
        return Err(Text::new(
            format!("“{text}”: cần tên=giá trị, ví dụ “frequency=1 kHz”"),
            format!("“{text}”: expected name=value, such as “frequency=1 kHz”"),
        ));
    };
    let name = name.trim();
    let (number, unit) = number_and_unit(value);
    if number.parse::<Decimal>().is_ok() {
        return Ok(json!({"name": name, "value": number, "unit": unit}));
    }
    if let Some((lower, upper)) = number.split_once("..")
        && [lower, upper].iter().all(|bound| bound.parse::<Decimal>().is_ok())
    {
        return Ok(json!({"name": name, "lower": lower, "upper": upper, "unit": unit}));
    }
    Ok(json!({"name": name, "text": value.trim()}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_as_people_type_them() {
        for (text, value, unit) in [
            ("1 kg", "1", "kg"),
            ("  -40.00   °C ", "-40.00", "Cel"),
            ("5E-7 m", "5E-7", "m"),
            ("100 N·m", "100", "N.m"),
            ("10 kΩ", "10", "kOhm"),
            ("0.5", "0.5", "1"),
            ("60 HRC", "60", "{HRC}"),
            ("1 furlongs", "1", "furlongs"),
        ] {
            assert_eq!(quantity(text), Ok(json!({"value": value, "unit": unit})), "{text}");
        }
        for text in ["", "kg", "1kg", "1,5 kg", "about 1 kg"] {
            assert!(quantity(text).is_err(), "{text}");
        }
    }

    #[test]
    fn conditions_as_people_type_them() {
        for (text, read) in [
            ("frequency=1 kHz", json!({"name": "frequency", "value": "1", "unit": "kHz"})),
            (
                "temperature = 18..22 °C",
                json!({"name": "temperature", "lower": "18", "upper": "22", "unit": "Cel"}),
            ),
            ("medium=dry nitrogen", json!({"name": "medium", "text": "dry nitrogen"})),
        ] {
            assert_eq!(parameter(text), Ok(read), "{text}");
        }
        assert!(parameter("1 kHz").is_err());
        assert!(parameter("=1 kHz").is_err());
    }
}
