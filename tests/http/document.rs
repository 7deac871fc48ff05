//! The OpenAPI document: it is the one that is committed, and it says everything it should.

use std::collections::{BTreeMap, BTreeSet};

use etalon::http;
use serde_json::Value;

/// An operation of the document.
pub struct Operation {
    pub id: String,
    pub method: String,
    pub path: String,
    pub body: Value,
}

/// Every operation of a document.
pub fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().expect("paths").iter();
    paths
        .flat_map(|(path, item)| {
            item.as_object().expect("a path").iter().map(move |(method, body)| Operation {
                id: body["operationId"].as_str().unwrap_or_default().to_owned(),
                method: method.clone(),
                path: path.clone(),
                body: body.clone(),
            })
        })
        .collect()
}

fn document() -> Value {
    serde_json::from_str(&http::document()).expect("JSON")
}

#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let committed = include_str!("../../openapi/openapi.json");
    assert!(
        committed == http::document(),
        "openapi/openapi.json is stale: cargo run -- openapi > openapi/openapi.json"
    );
    assert_eq!(document()["openapi"], "3.1.0");
}

#[test]
fn every_operation_says_what_it_is() {
    let operations = operations(&document());
    let ids: BTreeSet<&str> = operations.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids.len(), operations.len(), "ids of operations are unique");
    let document = document();
    let tags: BTreeSet<&str> = document["tags"]
        .as_array()
        .expect("tags")
        .iter()
        .filter_map(|it| it["name"].as_str())
        .collect();
    for Operation { id, body, method, path } in &operations {
        assert!(!id.is_empty(), "{method} {path}");
        for field in ["summary", "description"] {
            assert!(body[field].as_str().is_some_and(|it| !it.is_empty()), "{id}: {field}");
        }
        // A list without entries says that no token is needed.
        assert!(body["security"].is_array(), "{id}: security is said");
        for tag in body["tags"].as_array().expect("tags") {
            assert!(tags.contains(tag.as_str().unwrap_or_default()), "{id}: {tag}");
        }
        for parameter in body["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{id}: {parameter}");
        }
        let variables = path.matches('{').count();
        let said = body["parameters"].as_array().into_iter().flatten();
        let said = said.filter(|parameter| parameter["in"] == "path").count();
        assert_eq!(variables, said, "{id}: variables of the path");
    }
}

#[test]
fn every_error_is_a_problem_and_every_answer_has_an_example() {
    for Operation { id, body, .. } in operations(&document()) {
        let responses = body["responses"].as_object().expect("responses");
        let mut good = 0;
        for (status, response) in responses {
            assert!(response["description"].as_str().is_some_and(|it| !it.is_empty()), "{id}");
            let content = response["content"].as_object();
            match status.as_str() {
                "304" => assert!(content.is_none(), "{id}"),
                status if status.starts_with('2') => {
                    good += 1;
                    for (media, content) in content.into_iter().flatten() {
                        let is_shown = media == "application/json" && id != "get_openapi";
                        assert!(!is_shown || !content["example"].is_null(), "{id}: {status}");
                    }
                }
                _ => {
                    let media: Vec<&String> =
                        content.into_iter().flat_map(|it| it.keys()).collect();
                    assert_eq!(media, ["application/problem+json"], "{id}: {status}");
                }
            }
        }
        assert_eq!(good, 1, "{id}");
        for status in ["500", "503"] {
            assert!(responses.contains_key(status), "{id}: {status}");
        }
        let request = &body["requestBody"]["content"]["application/json"];
        assert!(request.is_null() || !request["example"].is_null(), "{id}: a request");
    }
}

/// Every schema within a value, with where it is.
fn schemas<'v>(value: &'v Value, place: String, found: &mut Vec<(String, &'v Value)>) {
    match value {
        Value::Object(fields) => {
            found.push((place.clone(), value));
            for (name, field) in fields.iter().filter(|(name, _)| *name != "example") {
                let place = format!("{place}/{name}");
                match field.as_object().filter(|_| name == "properties") {
                    None => schemas(field, place, found),
                    // The names of properties, which may be any, are no words of a schema.
                    Some(properties) => {
                        for (name, property) in properties {
                            schemas(property, format!("{place}/{name}"), found);
                        }
                    }
                }
            }
        }
        Value::Array(elements) => {
            for (position, element) in elements.iter().enumerate() {
                schemas(element, format!("{place}/{position}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_property_is_described_and_every_schema_is_used() {
    let document = document();
    let mut found = Vec::new();
    schemas(&document, String::new(), &mut found);
    let mut used: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, value) in &found {
        if let Some(name) = value["$ref"].as_str() {
            *used.entry(name).or_default() += 1;
        }
        for (name, property) in value["properties"].as_object().into_iter().flatten() {
            let described = property["description"].as_str().is_some_and(|it| !it.is_empty());
            assert!(described, "{place}/{name}: {property}");
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        let reference = format!("#/components/schemas/{name}");
        assert!(used.contains_key(reference.as_str()), "{name} is not used");
        assert!(schema["description"].is_string(), "{name} is not described");
    }
    for name in used.keys() {
        let pointer = name.strip_prefix('#').expect("a reference within");
        assert!(document.pointer(pointer).is_some(), "{name} leads nowhere");
    }
}
