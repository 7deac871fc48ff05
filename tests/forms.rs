//! Forms against what the types write: every record and every report of the examples and vectors is
//! what the form of its type says, nothing goes undescribed, and a text that a pattern allows is
//! one that its type reads.

#[path = "support/vectors.rs"]
mod folder;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use deserr::deserialize;
use etalon::app::bundle::Loaded;
use etalon::app::conformance::cases;
use etalon::app::verify::Moment;
use etalon::domain::claim::Claim;
use etalon::domain::decimal::{Decimal, DecimalError};
use etalon::domain::fault::{Fault, Faults};
use etalon::domain::form::{Definition, Described, Form, TextForm};
use etalon::domain::id::Id;
use etalon::domain::identity::Role;
use etalon::domain::log::{Digest, Operation, Salt};
use etalon::domain::period::{Day, Instant};
use etalon::domain::records::{AnyRecord, CollectionName, Records, SERVICE_FIELDS};
use etalon::domain::text::{Language, Text};
use etalon::domain::unit::Unit;
use etalon::engine::report::RenderedReport;
use etalon::exchange::bundle;
use etalon::store::{Direction, Lineage};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// Everything that has a form and is not made by the HTTP room.
fn roots() -> Vec<Form> {
    vec![
        Records::form(),
        AnyRecord::form(),
        CollectionName::form(),
        Claim::form(),
        RenderedReport::form(),
        Fault::form(),
        Text::form(),
        Language::form(),
        Lineage::form(),
        Direction::form(),
        Operation::form(),
        Digest::form(),
        Salt::form(),
        Role::form(),
    ]
}

/// Every definition that the roots lead to, by its name.
fn definitions() -> BTreeMap<String, Definition> {
    fn define(form: &Form, all: &mut BTreeMap<String, Definition>) {
        if let Form::Named(named) = form {
            let definition = (named.definition)();
            if let Some(known) = all.get(&*named.name) {
                assert_eq!(*known, definition, "{}: two forms of one name", named.name);
                return;
            }
            all.insert(named.name.to_string(), definition.clone());
            define(&definition.form, all);
        }
        for part in form.parts() {
            define(part, all);
        }
    }
    let mut all = BTreeMap::new();
    roots().iter().for_each(|root| define(root, &mut all));
    all
}

// ---------------------------------------------------------------------------------------------
// The checker

/// What was found while values were held against their forms.
#[derive(Default)]
struct Findings {
    /// Each difference with its place.
    differences: Vec<String>,
    /// The fields that some value had, with the name of the form that they are a field of.
    fields: BTreeSet<(String, &'static str)>,
}

/// Holds a value against a form. `name` is that of the definition that the form stands in.
fn hold(value: &Value, form: &Form, name: &str, place: &str, found: &mut Findings) {
    let mut differs = |what: &str| found.differences.push(format!("{place}: {what}: {value}"));
    match form {
        Form::Named(named) => {
            hold(value, &(named.definition)().form, &named.name, place, found);
        }
        Form::Text(form) => match value.as_str() {
            Some(text) if is_text(text, form) => {}
            _ => differs("no such text"),
        },
        Form::Words(words) => {
            if !words.iter().any(|word| value == word.word) {
                differs("none of the words");
            }
        }
        Form::Integer { minimum, maximum } => {
            if !value.as_u64().is_some_and(|number| (*minimum..=*maximum).contains(&number)) {
                differs("no such integer");
            }
        }
        Form::Number { minimum, maximum } => {
            if !value.as_f64().is_some_and(|number| (*minimum..=*maximum).contains(&number)) {
                differs("no number within its bounds");
            }
        }
        Form::Boolean if value.is_boolean() => {}
        Form::Boolean => differs("neither true nor false"),
        Form::List { of, length } => match value.as_array() {
            Some(elements) if length.is_none_or(|length| length == elements.len()) => {
                for (position, element) in elements.iter().enumerate() {
                    hold(element, of, name, &format!("{place}/{position}"), found);
                }
            }
            _ => differs("no such list"),
        },
        Form::Object { fields, .. } => {
            let Some(object) = value.as_object() else { return differs("no object") };
            for (key, value) in object {
                match fields.iter().find(|field| field.name == key) {
                    Some(field) => {
                        found.fields.insert((name.to_owned(), field.name));
                        hold(value, &field.form, name, &format!("{place}/{key}"), found);
                    }
                    None => found.differences.push(format!("{place}: {name} has no field {key}")),
                }
            }
            for field in fields.iter().filter(|field| field.required) {
                if !object.contains_key(field.name) {
                    found.differences.push(format!("{place}: {name} without {}", field.name));
                }
            }
        }
        Form::Map(of) => {
            let Some(object) = value.as_object() else { return differs("no object") };
            for (key, value) in object {
                hold(value, of, name, &format!("{place}/{key}"), found);
            }
        }
        Form::OneOf(forms) => {
            let serve = |form: &&Form| {
                let mut tried = Findings::default();
                hold(value, form, name, place, &mut tried);
                tried.differences.is_empty()
            };
            match forms.iter().filter(serve).collect::<Vec<_>>()[..] {
                [form] => hold(value, form, name, place, found),
                ref forms => differs(&format!("{} forms serve, not one", forms.len())),
            }
        }
        Form::Nullable(_) if value.is_null() => {}
        Form::Nullable(form) => hold(value, form, name, place, found),
        Form::Any => {}
    }
}

/// Whether a text has the length and the format. Patterns have a test of their own.
fn is_text(text: &str, form: &TextForm) -> bool {
    let length = text.chars().count();
    let format = match form.format {
        None => true,
        Some("date") => Day::parse(text).is_ok(),
        Some("date-time") => Instant::parse(text).is_ok(),
        Some(other) => panic!("{other} is not known here"),
    };
    format
        && form.shortest.is_none_or(|shortest| length >= shortest)
        && form.longest.is_none_or(|longest| length <= longest)
}

fn held<T: Described>(value: &Value) -> Findings {
    let mut found = Findings::default();
    hold(value, &T::form(), "", "", &mut found);
    found
}

#[track_caller]
fn assert_held(found: &Findings) {
    let differences = &found.differences;
    assert!(differences.is_empty(), "{}:\n{}", differences.len(), differences.join("\n"));
}

// ---------------------------------------------------------------------------------------------
// What the types write

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_example_is_what_its_form_says() {
    let text = fs::read_to_string(root().join("examples/viet-nam.json")).expect("the example");
    let records = bundle::parse(&text).expect("a bundle").records;
    let written = serde_json::to_value(&records).expect("json");
    let found = held::<Records>(&written);
    assert_held(&found);
    assert!(found.fields.len() > 150, "{} fields of the form were seen", found.fields.len());
    for (_, record) in records.into_any() {
        let written = serde_json::to_value(&record).expect("json");
        assert_held(&held::<AnyRecord>(&written));
    }
}

#[test]
fn records_and_reports_of_the_vectors_are_what_their_forms_say() {
    let moment = Moment {
        now: Instant::parse("2026-11-20T00:00:00Z").expect("an instant"),
        today: Day::parse("2026-11-20").expect("a day"),
    };
    let mut vectors = Vec::new();
    folder::collect(&root().join("tests/vectors"), &mut vectors);
    let (mut found, mut reports, mut parts) = (Findings::default(), 0, 0);
    for case in cases(&vectors) {
        let text = json!({"format": bundle::FORMAT, "records": case.records}).to_string();
        let loaded = Loaded::parse(&text).expect("a case");
        let records = bundle::parse(&text).expect("a case").records;
        let written = serde_json::to_value(&records).expect("json");
        hold(&written, &Records::form(), "", &case.id, &mut found);
        for claim in case.claims {
            hold(&claim, &Claim::form(), "", &case.id, &mut found);
            let claim: Claim = deserialize::<_, _, Faults>(claim).expect("a claim");
            let Ok(report) = loaded.answer(&claim, moment) else { continue };
            let report = serde_json::to_value(&report).expect("json");
            hold(&report, &RenderedReport::form(), "", &case.id, &mut found);
            reports += 1;
            parts += usize::from(report.get("parts").is_some());
        }
    }
    assert_held(&found);
    assert!(reports > 250 && parts > 0, "{reports} reports, {parts} with parts");
    let unseen: Vec<String> = definitions()
        .into_iter()
        .filter(|(name, _)| name.starts_with("Rendered"))
        .flat_map(|(name, definition)| match definition.form {
            Form::Object { fields, .. } => fields
                .into_iter()
                .filter(|field| !found.fields.contains(&(name.clone(), field.name)))
                .map(|field| format!("{name}.{}", field.name))
                .collect(),
            _ => Vec::new(),
        })
        .collect();
    // A report has an id once it is kept, is redacted for some readers, and says what was answered
    // before when it is asked again; these are none of that.
    assert_eq!(
        unseen,
        ["RenderedReport.id", "RenderedReport.previously", "RenderedReport.redacted"]
    );
}

#[test]
fn a_form_says_no() {
    let report = |changed: fn(&mut Value)| {
        let mut claim = json!({"standard": "_:w", "point": {"value": "1", "unit": "kg"}});
        changed(&mut claim);
        held::<Claim>(&claim).differences
    };
    assert_eq!(report(|_| ()), Vec::<String>::new());
    for (changed, difference) in [
        ((|claim| claim["colour"] = json!("red")) as fn(&mut Value), "no field colour"),
        (|claim| claim["point"] = json!({"value": "1"}), "without unit"),
        (|claim| claim["point"]["value"] = json!(1), "no such text"),
        (|claim| claim["point"]["unit"] = json!(""), "no such text"),
        (|claim| claim["quantity_kind"] = json!("masss"), "none of the words"),
        (|claim| claim["used_on"] = json!("2026-02-30"), "no such text"),
        (|claim| claim["known_at"] = json!(-1), "0 forms serve"),
        (|claim| claim["parameters"] = json!({}), "no such list"),
        (|claim| claim["parameters"] = json!([1]), "no object"),
    ] {
        let differences = report(changed);
        assert!(matches!(&differences[..], [one] if one.contains(difference)), "{differences:?}");
    }
}

// ---------------------------------------------------------------------------------------------
// What the forms say

/// Whether a description reads as sentences of its own, without marks that only rustdoc knows.
fn reads_well(description: &str) -> bool {
    let begins = description.starts_with(|c: char| c.is_uppercase() || c == '`');
    begins
        && description.ends_with('.')
        && !description.contains("[`")
        && !description.contains("```")
        && !description.contains("\\[")
}

#[test]
fn everything_is_described() {
    let definitions = definitions();
    assert!(definitions.len() > 100, "{}", definitions.len());
    let mut wrong = Vec::new();
    let mut by_description: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, definition) in &definitions {
        let description = &definition.description;
        let mut described = vec![(name.clone(), description)];
        match &definition.form {
            Form::Object { fields, .. } => described.extend(
                fields.iter().map(|field| (format!("{name}.{}", field.name), &field.description)),
            ),
            Form::Words(words) if name != "QuantityKindId" => described.extend(
                words.iter().map(|word| (format!("{name}: {}", word.word), &word.description)),
            ),
            _ => {}
        }
        let bad = described.into_iter().filter(|(_, description)| !reads_well(description));
        wrong.extend(bad.map(|(place, description)| format!("{place}: {description}")));
        if let Some(other) = by_description.insert(description, name) {
            wrong.push(format!("{name} and {other}: {description}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_record_says_what_the_service_gives() {
    let Form::OneOf(records) = (match AnyRecord::form() {
        Form::Named(any) => (any.definition)().form,
        form => form,
    }) else {
        panic!("a record is one of the collections'")
    };
    assert_eq!(records.len(), CollectionName::ALL.len());
    for record in records {
        let Form::Named(record) = record else { panic!("{record:?}") };
        let Form::Object { fields, closed } = (record.definition)().form else {
            panic!("{record:?} is an object")
        };
        assert!(closed, "{record:?}");
        let given: Vec<&str> =
            fields.iter().filter(|field| field.read_only).map(|field| field.name).collect();
        let version_is_its_own = record.name == "Attestation";
        assert_eq!(given, SERVICE_FIELDS[usize::from(version_is_its_own)..], "{record:?}");
        let id = fields.iter().find(|field| field.name == "id").expect("an id");
        assert!(!id.required && !id.read_only, "{record:?}");
    }
}

/// Checks the examples of a type's form, and the texts that its pattern allows, with its parser.
fn texts_are_read<T: Described>(reads: impl Fn(&str) -> bool) {
    let Form::Named(named) = T::form() else { panic!("a name") };
    let Form::Text(form) = (named.definition)().form else { panic!("{named:?} is a text") };
    for example in form.examples {
        assert!(is_text(example, &form) && reads(example), "{named:?}: {example}");
    }
    let Some(pattern) = form.pattern else { return };
    // A pattern that does not hold the text at both ends allows anything around it.
    let inner = pattern.strip_prefix('^').and_then(|pattern| pattern.strip_suffix('$'));
    let texts = proptest::string::string_regex(inner.expect("both ends")).expect("a pattern");
    let mut runner = TestRunner::deterministic();
    for _ in 0..500 {
        let text = texts.new_tree(&mut runner).expect("a text").current();
        assert!(is_text(&text, &form) && reads(&text), "{named:?}: {text}");
    }
}

#[test]
fn texts_of_a_pattern_are_read() {
    // What a pattern cannot say well: how large a number may be, what a letter is.
    texts_are_read::<Decimal>(|text| text.parse::<Decimal>() != Err(DecimalError::Form));
    texts_are_read::<Id>(|text| text.starts_with("_:") || Id::parse(text).is_ok());
    texts_are_read::<Unit>(|text| Unit::parse(text).is_ok());
    texts_are_read::<Day>(|text| Day::parse(text).is_ok());
    texts_are_read::<Instant>(|text| Instant::parse(text).is_ok());
    texts_are_read::<Digest>(|text| text.parse::<Digest>().is_ok());
    texts_are_read::<Salt>(|text| text.parse::<Salt>().is_ok());
}
