//! Reference data: quantity kinds, units and the rules of the catalogue. The same for everyone, and
//! for every state of the log.

use actix_web::http::{Method, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

use crate::app::rules::RuleEntry;
use crate::app::units::{self, ConvertedNumber, UnitEntry};
use crate::domain::decimal::Decimal;
use crate::domain::form::{Described as _, Form};
use crate::domain::log::Digest;
use crate::domain::quantity::{QuantityKindId, Scale};
use crate::domain::text::Text;
use crate::domain::unit::Unit;

use super::super::call::{Call, Reply};
use super::super::problem::{Code, Problem};
use super::super::routes::{AnswerHeader, BASE, Operation};
use super::{Parameter, if_none_match, object, parameter, variable};

const TAG: &str = "reference";

answer! {
    /// A quantity kind.
    QuantityKindEntry {
        /// Its id.
        id: &'static str,
        /// What it is called.
        names: Text,
        /// Its coherent unit, as a UCUM code.
        unit: String,
        /// Its dimension: exponents by base unit of the SI, where they are not zero.
        dimension: Value,
        /// What its values allow to compute: `ratio`, `difference` or `ordinal`.
        scale: &'static str,
        /// Whether its values can be traceable to the SI at all.
        si_possible: bool,
        /// The kind of which it is a variant.
        #[serde(skip_serializing_if = "Option::is_none")]
        parent: Option<&'static str>,
        /// Its area of the KCDB.
        area: &'static str,
    }
}

/// The operations.
pub fn operations() -> Vec<Operation> {
    let list = |name: &str, of: Form, summary: &str, description: &str, handler| {
        Operation::new(Method::GET, format!("{BASE}/{name}"), format!("list_{name}"), handler)
            .says(TAG, summary, description)
            .with([if_none_match()])
            .gives(
                StatusCode::OK,
                "The list.",
                object([("items", "The entries.", Form::list_of(of))]),
                &[AnswerHeader::ETag],
            )
    };
    let unit_list = list(
        "units",
        UnitEntry::form(),
        "List units",
        "The coherent units of all quantity kinds. With `code` the unit of any UCUM code, D-SI \
         string or printed symbol, in every notation.",
        list_units as fn(&Call) -> Result<Reply, Problem>,
    );
    let code = "A UCUM code such as `mg`, a D-SI string such as `\\micro\\metre`, or a symbol as it \
        is printed, such as `kgf/cm²`.";
    vec![
        list(
            "quantity_kinds",
            QuantityKindEntry::form(),
            "List quantity kinds",
            "Every quantity kind that records may name.",
            quantity_kinds,
        ),
        unit_list.with([parameter("code", code, String::form())]),
        Operation::new(
            Method::GET,
            format!("{BASE}/units/convert"),
            "convert_units",
            convert_units,
        )
        .says(
            TAG,
            "Convert a number",
            "The number in another unit, without rounding where that is possible, with the \
                 exact factor. Values on scales of temperature are moved by the scale's zero; \
                 differences and uncertainties (`difference=true`) are not.",
        )
        .with([
            required(parameter("value", "The number, such as `0.80`.", Decimal::form())),
            required(parameter("from", format!("The unit that it is in. {code}"), String::form())),
            required(parameter(
                "to",
                "The unit that is asked for, written likewise.",
                String::form(),
            )),
            parameter(
                "quantity_kind",
                "The quantity kind that the unit has to fit.",
                QuantityKindId::form(),
            ),
            parameter(
                "difference",
                "Whether the number is a difference or an uncertainty; `false` when absent.",
                bool::form(),
            ),
            if_none_match(),
        ])
        .gives(
            StatusCode::OK,
            "The number.",
            ConvertedNumber::form(),
            &[AnswerHeader::ETag],
        ),
        list(
            "rules",
            RuleEntry::form(),
            "List the rules",
            "Every rule that this version evaluates, with its text in both languages, its clause, \
             how well that is evidenced, and how much the rule counts under the newest version of \
             each policy.",
            rules,
        ),
        Operation::new(Method::GET, format!("{BASE}/rules/{{id}}"), "get_rule", rule)
            .says(TAG, "Read a rule", "One rule, by its id in the catalogue, such as `U-02`.")
            .with([variable("id", "The rule.", String::form()), if_none_match()])
            .gives(StatusCode::OK, "The rule.", RuleEntry::form(), &[AnswerHeader::ETag])
            .fails(&[Code::UnknownRecord]),
    ]
}

fn required(parameter: Parameter) -> Parameter {
    Parameter { required: true, ..parameter }
}

/// An answer whose tag follows from what it says.
pub(super) fn fixed(call: &Call, answer: &impl Serialize) -> Result<Reply, Problem> {
    let body = serde_json::to_value(answer)
        .map_err(|error| Problem::internal(format!("an answer is no JSON: {error}")))?;
    let digest = Digest::of(&[body.to_string().as_bytes()]).to_string();
    let tag = format!("W/\"{}\"", &digest[..16]);
    if let Some(reply) = call.unchanged(&tag) {
        return Ok(reply);
    }
    Ok(Reply::json(StatusCode::OK, &body)?.with(header::ETAG, &tag))
}

fn items(call: &Call, entries: impl Iterator<Item = impl Serialize>) -> Result<Reply, Problem> {
    let items: Vec<Value> = entries.filter_map(|entry| serde_json::to_value(entry).ok()).collect();
    fixed(call, &json!({"items": items}))
}

fn quantity_kinds(call: &Call) -> Result<Reply, Problem> {
    let entries = QuantityKindId::all().map(|id| {
        let kind = id.kind();
        QuantityKindEntry {
            id: kind.id,
            names: Text::new(kind.name_vi, kind.name_en),
            unit: kind.unit.code().to_owned(),
            dimension: units::exponents(kind.dimension),
            scale: match kind.scale {
                Scale::Ratio => "ratio",
                Scale::Difference => "difference",
                Scale::Ordinal => "ordinal",
            },
            si_possible: kind.si_possible,
            parent: kind.parent.map(QuantityKindId::id),
            area: kind.area.code,
        }
    });
    items(call, entries)
}

fn list_units(call: &Call) -> Result<Reply, Problem> {
    let Some(code) = call.parameter("code") else {
        let mut coherent: Vec<Unit> = Vec::new();
        for kind in QuantityKindId::all().map(QuantityKindId::kind) {
            if !coherent.iter().any(|unit| unit.code() == kind.unit.code()) {
                coherent.push(kind.unit.clone());
            }
        }
        return items(call, coherent.iter().map(units::entry));
    };
    let unit = read_unit("code", code)?;
    items(call, [units::entry(&unit)].into_iter())
}

fn convert_units(call: &Call) -> Result<Reply, Problem> {
    let text = |name: &str| call.parameter(name).unwrap_or_default();
    let value = text("value")
        .parse::<Decimal>()
        .map_err(|error| Problem::parameter("value", "bad_number", error.message(text("value"))))?;
    let from = read_unit("from", text("from"))?;
    let to = read_unit("to", text("to"))?;
    let kind =
        match call.parameter("quantity_kind") {
            None => None,
            Some(id) => Some(QuantityKindId::parse(id).ok_or_else(|| {
                Problem::parameters(vec![units::unknown_kind("/quantity_kind", id)])
            })?),
        };
    let difference = call.truth("difference")?;
    let converted = units::convert(&value, &from, &to, kind, difference)
        .map_err(|fault| Problem::parameters(vec![fault]))?;
    fixed(call, &converted)
}

/// The unit that a parameter names.
fn read_unit(name: &str, text: &str) -> Result<Unit, Problem> {
    let place = format!("/{name}");
    let unreadable = |error| Problem::parameters(vec![units::unreadable(&place, text, &error)]);
    units::read(text).map_err(unreadable)
}

fn rules(call: &Call) -> Result<Reply, Problem> {
    items(call, call.registry().rules()?.into_iter())
}

fn rule(call: &Call) -> Result<Reply, Problem> {
    fixed(call, &call.registry().rule(call.variable("id"))?)
}
