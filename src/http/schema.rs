//! Forms as schemas of OpenAPI 3.1 (JSON Schema 2020-12).
//!
//! What lives here: [`Components`], the named schemas of the document, and how each form is said.
//! What does not: what a type looks like in JSON (`domain::form`, and the types themselves), paths
//! and operations.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::Number;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, KnownFormat, Object, ObjectBuilder, OneOfBuilder, Schema,
    SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};

use crate::domain::form::{Definition, Described, Field, Form, TextForm, Word};

/// The named schemas that a document refers to. Whatever is asked for is defined, with everything
/// that it refers to in turn.
#[derive(Debug, Default)]
pub struct Components {
    definitions: BTreeMap<String, Definition>,
}

impl Components {
    /// The schema of a type: a reference where the type has a name.
    pub fn reference<T: Described>(&mut self) -> RefOr<Schema> {
        self.schema(&T::form())
    }

    /// The schema of a form, for what has no type of its own, such as a page of a list.
    pub fn schema(&mut self, form: &Form) -> RefOr<Schema> {
        self.define(form);
        schema(form)
    }

    /// The named schemas, by name.
    pub fn into_schemas(self) -> BTreeMap<String, RefOr<Schema>> {
        let described = |definition: &Definition| {
            with_description(schema(&definition.form), &definition.description)
        };
        self.definitions
            .iter()
            .map(|(name, definition)| (name.clone(), described(definition)))
            .collect()
    }

    /// A form as a JSON Schema document of its own, with everything that it refers to.
    pub fn document(form: &Form, title: &str, description: &str) -> Value {
        let mut components = Self::default();
        let root = json!(components.schema(form));
        let definitions = json!(components.into_schemas());
        let mut document = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": title,
            "description": description,
        });
        if let (Value::Object(document), Value::Object(root)) = (&mut document, root) {
            document.extend(root);
            document.insert("$defs".to_owned(), definitions);
        }
        refer_inside(&mut document);
        document
    }

    fn define(&mut self, form: &Form) {
        if let Form::Named(named) = form {
            let definition = (named.definition)();
            if let Some(known) = self.definitions.get(&*named.name) {
                debug_assert_eq!(known, &definition, "two forms have the name {}", named.name);
                return;
            }
            // Before what it holds: it may hold itself.
            self.definitions.insert(named.name.clone().into_owned(), definition.clone());
            self.define(&definition.form);
        }
        for part in form.parts() {
            self.define(part);
        }
    }
}

/// Lets references lead to the definitions of the document itself.
fn refer_inside(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get_mut("$ref") {
                *reference = reference.replace("#/components/schemas/", "#/$defs/");
            }
            fields.values_mut().for_each(refer_inside);
        }
        Value::Array(elements) => elements.iter_mut().for_each(refer_inside),
        _ => {}
    }
}

/// What a form is in JSON Schema. Code generators understand `oneOf` with null best for what may
/// be null, and `enum` for closed lists.
fn schema(form: &Form) -> RefOr<Schema> {
    match form {
        Form::Named(named) => Ref::from_schema_name(named.name.as_ref()).into(),
        Form::Text(text) => text_schema(text).into(),
        Form::Words(words) => words_schema(words).into(),
        Form::Integer { minimum, maximum } => ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(integer(*minimum)))
            .maximum(Some(integer(*maximum)))
            .into(),
        Form::Number { minimum, maximum } => ObjectBuilder::new()
            .schema_type(Type::Number)
            .minimum(Some(Number::Float(*minimum)))
            .maximum(Some(Number::Float(*maximum)))
            .into(),
        Form::Boolean => Object::with_type(Type::Boolean).into(),
        Form::List { of, length } => {
            ArrayBuilder::new().items(schema(of)).min_items(*length).max_items(*length).into()
        }
        Form::Object { fields, closed } => object_schema(fields, *closed).into(),
        Form::Map(of) => {
            let values = AdditionalProperties::RefOr(schema(of));
            ObjectBuilder::new().additional_properties(Some(values)).into()
        }
        Form::OneOf(forms) => one_of(forms.iter().map(schema)),
        // Anything may be null as it is.
        Form::Nullable(form) if matches!(**form, Form::Any) => schema(form),
        Form::Nullable(form) => one_of([schema(form), Object::with_type(Type::Null).into()]),
        Form::Any => Object::with_type(SchemaType::AnyValue).into(),
    }
}

fn text_schema(text: &TextForm) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(text.format.map(|format| SchemaFormat::Custom(format.to_owned())))
        .pattern(text.pattern)
        .min_length(text.shortest)
        .max_length(text.longest)
        .examples(text.examples.iter().copied().map(Value::from))
}

/// JSON Schema has no place for what a word means: the list of them is the description.
fn words_schema(words: &[Word]) -> ObjectBuilder {
    let list: Vec<String> =
        words.iter().map(|word| format!("- `{}`: {}", word.word, word.description)).collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words.iter().map(|word| word.word)))
        .description(Some(list.join("\n")))
}

fn object_schema(fields: &[Field], closed: bool) -> ObjectBuilder {
    let mut object = ObjectBuilder::new();
    for field in fields {
        object = object.property(field.name, property(field));
        if field.required {
            object = object.required(field.name);
        }
    }
    match closed {
        true => object.additional_properties(Some(AdditionalProperties::FreeForm(false))),
        false => object,
    }
}

/// A field beside its schema: OpenAPI 3.1 has description and `readOnly` next to a reference.
fn property(field: &Field) -> RefOr<Schema> {
    let mut property = with_description(schema(&field.form), &field.description);
    let read_only = field.read_only.then_some(true);
    match &mut property {
        RefOr::Ref(reference) => reference.read_only = read_only,
        RefOr::T(Schema::Object(object)) => object.read_only = read_only,
        RefOr::T(Schema::OneOf(one_of)) => one_of.read_only = read_only,
        // utoipa has no such flag for the others, and the service adds none of their kind.
        RefOr::T(_) => {}
    }
    property
}

fn one_of(schemas: impl IntoIterator<Item = RefOr<Schema>>) -> RefOr<Schema> {
    schemas.into_iter().fold(OneOfBuilder::new(), OneOfBuilder::item).into()
}

/// The schema with this description, before the one that it has.
fn with_description(mut schema: RefOr<Schema>, description: &str) -> RefOr<Schema> {
    let joined = |own: &Option<String>| match own {
        Some(own) => Some(format!("{description}\n\n{own}")),
        None => Some(description.to_owned()),
    };
    match &mut schema {
        RefOr::Ref(reference) => description.clone_into(&mut reference.description),
        RefOr::T(Schema::Object(object)) => object.description = joined(&object.description),
        RefOr::T(Schema::Array(array)) => array.description = joined(&array.description),
        RefOr::T(Schema::OneOf(one_of)) => one_of.description = joined(&one_of.description),
        // Forms become no others.
        RefOr::T(_) => {}
    }
    schema
}

fn integer(number: u64) -> Number {
    Number::UInt(usize::try_from(number).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::calibration::Calibration;
    use crate::domain::decimal::Decimal;
    use crate::domain::records::Records;
    use crate::domain::text::Text;
    use crate::engine::report::RenderedReport;

    fn schemas_of<T: Described>() -> Value {
        let mut components = Components::default();
        components.reference::<T>();
        serde_json::to_value(components.into_schemas()).expect("json")
    }

    #[test]
    fn a_text_has_its_pattern_and_examples() {
        let decimal = &schemas_of::<Decimal>()["Decimal"];
        assert_eq!(decimal["type"], "string");
        assert_eq!(decimal["pattern"], r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$");
        assert_eq!(decimal["examples"][0], "0.50");
        assert!(decimal["description"].as_str().is_some_and(|text| text.contains("as it was")));
    }

    #[test]
    fn an_answer_is_open() {
        assert_eq!(
            schemas_of::<Text>()["Text"],
            json!({
                "type": "object",
                "description": "A message for people, in Vietnamese and English.",
                "properties": {
                    "vi": {"type": "string", "description": "Vietnamese."},
                    "en": {"type": "string", "description": "English."},
                },
                "required": ["vi", "en"],
            })
        );
    }

    #[test]
    fn a_record_is_closed_and_says_what_the_service_gives() {
        let schemas = schemas_of::<Calibration>();
        let calibration = &schemas["Calibration"];
        assert_eq!(calibration["additionalProperties"], false);
        let required = ["kind", "issuer", "number", "performed_from", "performed_to", "item"];
        assert_eq!(calibration["required"], json!(required));
        let properties = &calibration["properties"];
        assert_eq!(
            properties["kind"],
            json!({
                "$ref": "#/components/schemas/CalibrationKind",
                "description": "What kind of certificate.",
            })
        );
        let given: Vec<&str> = properties
            .as_object()
            .expect("an object")
            .iter()
            .filter(|(_, property)| property["readOnly"] == true)
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(given, ["log_index", "recorded_at", "recorded_by", "version"]);
        assert_eq!(
            properties["results"],
            json!({
                "type": "array",
                "items": {"$ref": "#/components/schemas/CalibrationResult"},
                "description": "Results.",
            })
        );
        assert_eq!(schemas["Change"]["enum"], json!(["corrected", "replaced"]));
        assert_eq!(
            schemas["Change"]["description"],
            "What an amendment does.\n\n- `corrected`: Corrects values or statements.\n\
             - `replaced`: Replaces the certificate as a whole."
        );
    }

    #[test]
    fn what_may_be_null_says_so() {
        let schemas = schemas_of::<RenderedReport>();
        let via = &schemas["BipmLink"]["properties"]["via"];
        let link = json!({"$ref": "#/components/schemas/LinkVia"});
        assert_eq!(via["oneOf"], json!([link, {"type": "null"}]));
        assert!(via["description"].is_string());
        let parts = &schemas["RenderedReport"]["properties"]["parts"];
        assert_eq!(parts["items"], json!({"$ref": "#/components/schemas/RenderedReport"}));
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_property_is_described() {
        fn look(value: &Value, schemas: &Value, seen: &mut usize) {
            if let Some(name) = value.get("$ref").and_then(Value::as_str) {
                let name = name.strip_prefix("#/components/schemas/").expect("a component");
                assert!(schemas.get(name).is_some(), "{name}");
                *seen += 1;
            }
            for (name, property) in value
                .get("properties")
                .and_then(Value::as_object)
                .filter(|_| value["type"] == "object")
                .into_iter()
                .flatten()
            {
                let described = property["description"].as_str().is_some_and(|d| !d.is_empty());
                assert!(described, "{name}: {property}");
            }
            match value {
                Value::Array(items) => items.iter().for_each(|item| look(item, schemas, seen)),
                Value::Object(fields) => fields.values().for_each(|one| look(one, schemas, seen)),
                _ => {}
            }
        }
        let mut components = Components::default();
        components.reference::<Records>();
        components.reference::<RenderedReport>();
        let schemas = serde_json::to_value(components.into_schemas()).expect("json");
        let mut seen = 0;
        look(&schemas, &schemas, &mut seen);
        assert!(seen > 300, "{seen}");
        for (name, schema) in schemas.as_object().expect("an object") {
            assert!(schema["description"].is_string(), "{name}");
        }
    }
}
