//! Lists: what filters and words find is what looking at every body finds, and pages show each
//! record once whatever is written between them.

use std::collections::BTreeSet;

use crate::support::records::{
    author, body, created, document, everything, import_country, organisation, query, record, with,
};
use crate::support::{Database, both};
use etalon::app::registry::Registry;
use etalon::domain::id::Id;
use etalon::domain::period::Day;
use etalon::domain::records::CollectionName::{
    self, Accreditations, Attestations, Calibrations, Capabilities, Comparisons, Documents,
    LegalRecognitions, MeasurementStandards, Nonconformities, Organisations,
};
use etalon::domain::search;
use etalon::store::{Comparison, FilterName, FilterValue, ListQuery, Stored, filters};
use serde_json::{Value, json};

both!(
    filters_find_what_the_bodies_say,
    filters_are_joined,
    pages_show_each_record_once,
    words_find_what_the_texts_say,
    words_as_people_type_them,
    words_with_filters_and_pages,
);

/// The country, an attestation, and changes after it so that not every version is the first.
fn fill(registry: &Registry) -> u64 {
    import_country(registry);
    let store = registry.store();
    let head = store.head().expect("a head").log_index;
    let list = |collection| store.list(&query(collection, head)).expect("a list");
    let (certificates, owners) = (list(Calibrations), list(Organisations));
    let change = |stored: &Stored, fields: Value| {
        let (id, version) = (&stored.id, stored.version);
        let changed = with(body(stored), fields);
        registry.amend(stored.collection, id, changed, version, &author()).expect("amended");
    };
    // What the country has no example of.
    let (standards, capabilities) = (list(MeasurementStandards), list(Capabilities));
    let sha256 = "0123456789abcdef".repeat(4);
    let document = json!({"media_type": "application/pdf", "sha256": sha256});
    let amending = json!({"amends": certificates[0].id, "change": "corrected"});
    change(&certificates[6], with(amending, json!({"document": document, "code": "K-7"})));
    change(&standards[0], json!({"parent_kit": standards[1].id}));
    change(&capabilities[0], json!({"service_category": "2.1.1"}));
    change(&owners[2], json!({"parent": owners[0].id}));
    let attestation = json!({
        "record": certificates[0].id, "version": 1, "statement": "confirmed", "by": owners[0].id,
    });
    created(registry, Attestations, attestation);
    let status = json!({"status": "withdrawn", "effective_from": "2026-11-01"});
    registry.append(Calibrations, &certificates[3].id, status, &author()).expect("a status");
    // Of two statuses on one day the one written last counts, an earlier day does not.
    for status in ["issued", "under_review"] {
        let status = json!({"status": status, "effective_from": "2026-11-01"});
        registry.append(Calibrations, &certificates[4].id, status, &author()).expect("a status");
    }
    let status = json!({"status": "void_ab_initio", "effective_from": "2000-01-01"});
    registry.append(Calibrations, &certificates[5].id, status, &author()).expect("a status");
    change(&owners[1], json!({"country": "ZZ"}));
    head
}

/// What a body says that a filter looks at.
fn values(collection: CollectionName, filter: &FilterName, body: &Value) -> Vec<Value> {
    let each = |list: &str, field: &str| -> Vec<Value> {
        let list = body[list].as_array().cloned().unwrap_or_default();
        list.iter().map(|element| element[field].clone()).collect()
    };
    let values = match (collection, filter.name) {
        (Accreditations | LegalRecognitions | Capabilities | Calibrations, "status") => {
            let history = body["status_history"].as_array().cloned().unwrap_or_default();
            let begins =
                |entry: &Value| entry["effective_from"].as_str().expect("a day").to_owned();
            let last = history.iter().map(begins).max();
            let last = history.iter().rfind(|entry| Some(begins(entry)) == last);
            vec![last.map_or(Value::Null, |entry| entry["status"].clone())]
        }
        (MeasurementStandards, "quantity_kind") => {
            let stated = body["quantity_kinds"].as_array().cloned().unwrap_or_default();
            [stated, each("quantities", "quantity_kind")].concat()
        }
        (Calibrations, "quantity_kind") => each("results", "quantity_kind"),
        (Calibrations, "document_sha256") => vec![body["document"]["sha256"].clone()],
        (Calibrations, "published") => vec![json!(body["published"].as_bool().unwrap_or(false))],
        (_, "confirmed") => {
            let level = body["evidence_level"].as_str();
            vec![json!(!matches!(level, Some("self_declared" | "document_uploaded")))]
        }
        (Comparisons, "organisation") => each("results", "organisation"),
        (Nonconformities, "calibration") => each("decisions", "calibration"),
        (_, "due_before") => vec![body["due_on"].clone()],
        (_, "valid_before") => vec![body["valid_to"].clone()],
        (_, name) => vec![body[name].clone()],
    };
    values.into_iter().filter(|value| !value.is_null()).collect()
}

fn holds(collection: CollectionName, filter: &FilterName, value: &Value, body: &Value) -> bool {
    values(collection, filter, body).iter().any(|found| match filter.comparison {
        Comparison::OnOrBefore => found.as_str() <= value.as_str(),
        Comparison::Is | Comparison::Has | Comparison::IsTrue => found == value,
    })
}

fn asked(filter: &FilterName, value: &Value) -> (FilterName, FilterValue) {
    let value = match (filter.comparison, value) {
        (Comparison::OnOrBefore, Value::String(day)) => {
            FilterValue::Day(Day::parse(day).expect("a day"))
        }
        (Comparison::IsTrue, Value::Bool(truth)) => FilterValue::Truth(*truth),
        (Comparison::Is | Comparison::Has, Value::String(text)) => FilterValue::Text(text.clone()),
        other => panic!("{other:?}"),
    };
    (*filter, value)
}

fn ids(list: &[Stored]) -> Vec<(&Id, u32)> {
    list.iter().map(|stored| (&stored.id, stored.version)).collect()
}

fn filters_find_what_the_bodies_say(database: &Database) {
    let registry = database.registry();
    let before = fill(&registry);
    let store = registry.store();
    let head = store.head().expect("a head").log_index;
    let mut collections_seen = 0;
    let mut silent = Vec::new();
    for at in [before, head] {
        for collection in CollectionName::ALL.iter().copied() {
            let all = store.list(&query(collection, at)).expect("a list");
            let bodies: Vec<Value> = all.iter().map(body).collect();
            collections_seen += usize::from(!all.is_empty());
            for filter in filters(collection) {
                let said = bodies.iter().flat_map(|body| values(collection, filter, body));
                let mut said: Vec<Value> = said.collect();
                if said.is_empty() && at == head {
                    silent.push(format!("{collection} {}", filter.name));
                }
                said.push(match filter.comparison {
                    Comparison::OnOrBefore => json!("1900-01-01"),
                    Comparison::IsTrue => json!(true),
                    Comparison::Is | Comparison::Has => json!("nobody says this'\"?"),
                });
                said.sort_unstable_by_key(ToString::to_string);
                said.dedup();
                for value in said {
                    let list = store.list(&ListQuery {
                        filters: vec![asked(filter, &value)],
                        ..query(collection, at)
                    });
                    let expected: Vec<_> = all
                        .iter()
                        .zip(&bodies)
                        .filter(|(_, body)| holds(collection, filter, &value, body))
                        .map(|(stored, _)| (&stored.id, stored.version))
                        .collect();
                    let found = list.expect("a list");
                    assert_eq!(ids(&found), expected, "{collection} {} {value}", filter.name);
                }
            }
        }
    }
    assert_eq!(collections_seen, 12 + 13);
    assert_eq!(silent, [""; 0], "filters of which nothing is shown");
}

fn filters_are_joined(database: &Database) {
    let registry = database.registry();
    fill(&registry);
    let store = registry.store();
    let head = store.head().expect("a head").log_index;
    for collection in [Calibrations, MeasurementStandards, Capabilities] {
        let all = store.list(&query(collection, head)).expect("a list");
        let bodies: Vec<Value> = all.iter().map(body).collect();
        for like in bodies.iter().step_by(7) {
            // All that one record says, two at a time, and then all of it.
            let said: Vec<(&FilterName, Value)> = filters(collection)
                .iter()
                .filter_map(|filter| Some((filter, values(collection, filter, like).pop()?)))
                .collect();
            let pairs = said.iter().enumerate().flat_map(|(position, first)| {
                said[position + 1..].iter().map(move |second| vec![first, second])
            });
            for wanted in pairs.chain([said.iter().collect()]) {
                let list = store.list(&ListQuery {
                    filters: wanted.iter().map(|(filter, value)| asked(filter, value)).collect(),
                    ..query(collection, head)
                });
                let expected: Vec<_> = all
                    .iter()
                    .zip(&bodies)
                    .filter(|(_, body)| {
                        wanted.iter().all(|(filter, value)| holds(collection, filter, value, body))
                    })
                    .map(|(stored, _)| (&stored.id, stored.version))
                    .collect();
                assert!(!expected.is_empty());
                assert_eq!(ids(&list.expect("a list")), expected, "{collection} {wanted:?}");
            }
        }
    }
}

/// All pages of a query, with something done between them.
fn pages(registry: &Registry, query: &ListQuery, mut between: impl FnMut()) -> Vec<Stored> {
    let mut all: Vec<Stored> = Vec::new();
    loop {
        let after = all.last().map(|stored| stored.id.to_string());
        let page = registry.store().list(&ListQuery { after, ..query.clone() }).expect("a page");
        assert!(page.len() <= query.limit as usize);
        let goes_on = page.first().zip(all.last()).is_none_or(|(next, last)| next.id > last.id);
        assert!(goes_on, "a page does not begin after the one before");
        let last = page.len() < query.limit as usize;
        all.extend(page);
        if last {
            return all;
        }
        between();
    }
}

fn pages_show_each_record_once(database: &Database) {
    let registry = database.registry();
    fill(&registry);
    let head = registry.store().head().expect("a head").log_index;
    for collection in [MeasurementStandards, Documents, Nonconformities] {
        let whole = registry.store().list(&query(collection, head)).expect("a list");
        assert!(whole.is_sorted_by(|left, right| left.id < right.id));
        for limit in 1..=u32::try_from(whole.len()).expect("few") + 1 {
            let limited = ListQuery { limit, ..query(collection, head) };
            assert_eq!(pages(&registry, &limited, || {}), whole, "{collection} by {limit}");
        }
    }
    // Others write: new records, and new versions of those already shown and of those to come.
    let whole = registry.store().list(&query(Documents, head)).expect("a list");
    for limit in [1, 3, 5] {
        let limited = ListQuery { limit, ..query(Documents, head) };
        let shown = pages(&registry, &limited, || {
            created(&registry, Documents, document("ĐLVN 100:2026"));
            for stored in [&whole[0], &whole[whole.len() - 1]] {
                let now =
                    registry.store().get(&stored.id, u64::MAX).expect("a read").expect("there");
                let kind = json!({"kind": "procedure", "url": format!("v{}", now.version)});
                let amended = with(body(stored), kind);
                let (id, version) = (&stored.id, now.version);
                registry.amend(Documents, id, amended, version, &author()).expect("amended");
            }
        });
        assert_eq!(shown, whole, "by {limit}");
    }
    assert_eq!(
        registry.store().list(&ListQuery { limit: 0, ..query(Documents, head) }),
        Ok(vec![])
    );
    let most = ListQuery { limit: u32::MAX, ..query(Documents, head) };
    assert_eq!(registry.store().list(&most).expect("a list"), whole);
}

fn found(registry: &Registry, collection: CollectionName, typed: &str) -> Vec<Stored> {
    let words = search::query(typed);
    let query = ListQuery { words, ..query(collection, u64::MAX) };
    registry.store().list(&query).expect("a list")
}

fn words_find_what_the_texts_say(database: &Database) {
    let registry = database.registry();
    fill(&registry);
    let all = everything(registry.store(), u64::MAX);
    let mut typed: BTreeSet<String> = BTreeSet::new();
    let mut words: Vec<(CollectionName, &Id, BTreeSet<String>)> = Vec::new();
    for stored in &all {
        let record = record(stored.collection, body(stored));
        for text in search::texts(&record) {
            typed.insert(text.to_owned());
            typed.extend(text.split_whitespace().map(str::to_owned));
        }
        words.push((stored.collection, &stored.id, search::words_of(&record)));
    }
    // The beginnings of some, too.
    let beginnings = typed.iter().map(|text| text.chars().take(3).collect()).collect::<Vec<_>>();
    typed.extend(beginnings);
    for typed in typed.iter().step_by(5) {
        let wanted = search::query(typed);
        for collection in
            [Organisations, MeasurementStandards, Calibrations, Capabilities, Documents]
        {
            let expected: Vec<&Id> = words
                .iter()
                .filter(|(of, _, words)| {
                    *of == collection
                        && wanted.iter().all(|wanted| {
                            words.iter().any(|word| word.starts_with(wanted.as_str()))
                        })
                })
                .map(|(_, id, _)| *id)
                .collect();
            let found = found(&registry, collection, typed);
            let found: Vec<&Id> = found.iter().map(|stored| &stored.id).collect();
            assert_eq!(found, expected, "{collection} {typed}");
        }
    }
}

fn words_as_people_type_them(database: &Database) {
    let registry = database.registry();
    import_country(&registry);
    let vi = |stored: &Stored| body(stored)["names"]["vi"].as_str().unwrap_or_default().to_owned();
    for typed in [
        "Viện Đo lường Việt Nam",
        "vien do luong viet nam",
        "VIEN ĐO LƯỜNG VIỆT",
        "viet nam vmi do",
        "Vie\u{302}\u{323}n đo lường Việt",
        "metrology institute vmi",
    ] {
        let names: Vec<_> = found(&registry, Organisations, typed).iter().map(vi).collect();
        assert_eq!(names, ["Viện Đo lường Việt Nam (VMI)"], "{typed}");
    }
    for typed in ["W-1KG-01", "w1kg01", "W1KG-01", "w-1kg-0", "1KG-01"] {
        let found = found(&registry, MeasurementStandards, typed);
        let codes: Vec<_> = found.iter().map(|stored| body(stored)["code"].clone()).collect();
        assert!(codes.contains(&json!("W-1KG-01")), "{typed}: {codes:?}");
        assert!(
            codes.iter().all(|code| code.as_str().is_some_and(|code| code.contains("1KG-0"))),
            "{typed}: {codes:?}"
        );
    }
    for typed in ["W-1KG-01 xyz", "w1kg02x", "đo lường không có đâu", "%", "_", "'"] {
        let found = found(&registry, MeasurementStandards, typed);
        let any = search::query(typed).is_empty();
        assert_eq!(found.is_empty(), !any, "{typed}: {}", found.len());
    }
    // The words of a version go with it.
    let vmi = found(&registry, Organisations, "vmi").remove(0);
    let before = registry.store().head().expect("a head").log_index;
    let renamed = with(organisation("Tên mới hoàn toàn"), json!({"kind": "nmi"}));
    registry.amend(Organisations, &vmi.id, renamed, vmi.version, &author()).expect("renamed");
    assert_eq!(found(&registry, Organisations, "vmi"), []);
    let renamed = found(&registry, Organisations, "ten moi hoan");
    assert_eq!(ids(&renamed), [(&vmi.id, vmi.version + 1)]);
    let words = search::query("vmi");
    let then = registry.store().list(&ListQuery { words, ..query(Organisations, before) });
    assert_eq!(then, Ok(vec![vmi]));
}

fn words_with_filters_and_pages(database: &Database) {
    let registry = database.registry();
    import_country(&registry);
    let kind = filters(MeasurementStandards).iter().find(|filter| filter.name == "quantity_kind");
    let kind = asked(kind.expect("the filter"), &json!("conventional_mass"));
    let words = search::query("minh hoa");
    let both = ListQuery {
        words: words.clone(),
        filters: vec![kind.clone()],
        ..query(MeasurementStandards, u64::MAX)
    };
    let whole = registry.store().list(&both).expect("a list");
    let of_words = found(&registry, MeasurementStandards, "minh hoa");
    let of_filter = ListQuery { filters: vec![kind], ..query(MeasurementStandards, u64::MAX) };
    let of_filter = registry.store().list(&of_filter).expect("a list");
    let expected: Vec<_> = of_words.into_iter().filter(|one| of_filter.contains(one)).collect();
    assert!(expected.len() > 3);
    assert_eq!(whole, expected);
    assert_eq!(pages(&registry, &ListQuery { limit: 2, ..both }, || {}), whole);
}
