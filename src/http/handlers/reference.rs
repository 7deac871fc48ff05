//! Reference data: quantity kinds, units and the rules of the catalogue. The same for everyone, and
//! for every state of the log.

use actix_web::http::{Method, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

use crate::app::rules::RuleEntry;
use crate::domain::fault::shortened;
use crate::domain::form::{Described as _, Form};
use crate::domain::log::Digest;
use crate::domain::quantity::{QuantityKindId, Scale};
use crate::domain::text::Text;
use crate::domain::unit::{Dimension, Unit};

use super::super::call::{Call, Reply};
use super::super::problem::{Code, Problem};
use super::super::routes::{AnswerHeader, BASE, Operation};
use super::{if_none_match, object, parameter, variable};

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

answer! {
    /// A unit.
    UnitEntry {
        /// Its UCUM code.
        code: String,
        /// Its dimension: exponents by base unit of the SI, where they are not zero.
        dimension: Value,
        /// One of it in the coherent unit of its dimension, rounded to a double.
        factor: String,
        /// What is added after that, rounded to a double; 273.15 for the degree Celsius.
        offset: String,
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
    let units = list(
        "units",
        UnitEntry::form(),
        "List units",
        "The coherent units of all quantity kinds. With `code` the unit of any UCUM code or D-SI \
         string, converted to its UCUM code.",
        units as fn(&Call) -> Result<Reply, Problem>,
    );
    let code = "A UCUM code such as `mg`, or a D-SI string such as `\\micro\\metre`.";
    vec![
        list(
            "quantity_kinds",
            QuantityKindEntry::form(),
            "List quantity kinds",
            "Every quantity kind that records may name.",
            quantity_kinds,
        ),
        units.with([parameter("code", code, String::form())]),
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

fn exponents(dimension: Dimension) -> Value {
    let bases = Dimension::BASE_UNITS.iter().zip(dimension.exponents());
    let named = bases.filter(|(_, exponent)| *exponent != 0);
    named.map(|(base, exponent)| ((*base).to_owned(), Value::from(exponent))).collect()
}

fn quantity_kinds(call: &Call) -> Result<Reply, Problem> {
    let entries = QuantityKindId::all().map(|id| {
        let kind = id.kind();
        QuantityKindEntry {
            id: kind.id,
            names: Text::new(kind.name_vi, kind.name_en),
            unit: kind.unit.code().to_owned(),
            dimension: exponents(kind.dimension),
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

fn units(call: &Call) -> Result<Reply, Problem> {
    let entry = |unit: &Unit| UnitEntry {
        code: unit.code().to_owned(),
        dimension: exponents(unit.dimension()),
        factor: unit.factor().to_string(),
        offset: unit.offset().to_string(),
    };
    let Some(code) = call.parameter("code") else {
        let mut units: Vec<Unit> = Vec::new();
        for kind in QuantityKindId::all().map(QuantityKindId::kind) {
            if !units.iter().any(|unit| unit.code() == kind.unit.code()) {
                units.push(kind.unit.clone());
            }
        }
        return items(call, units.iter().map(entry));
    };
    let unit = Unit::parse(code).map_err(|error| {
        let found = shortened(code);
        let message = Text::new(
            format!("“{found}”: {}", error.message_vi()),
            format!("“{found}”: {}", error.message_en()),
        );
        Problem::parameter("code", "bad_unit", message)
    })?;
    items(call, [entry(&unit)].into_iter())
}

fn rules(call: &Call) -> Result<Reply, Problem> {
    items(call, call.registry().rules()?.into_iter())
}

fn rule(call: &Call) -> Result<Reply, Problem> {
    fixed(call, &call.registry().rule(call.variable("id"))?)
}
