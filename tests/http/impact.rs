//! What is affected, over HTTP, and what a case of nonconforming work must be: on the demonstration
//! country and on a small chain of two laboratories.

use serde_json::{Value, json};

use crate::support::Database;
use crate::support::records::{certificate, certificate_from, import_country, standard, with};
use crate::support::served::{Party, Response, Served, id_of};
use etalon::domain::id::Id;

crate::support::both!(
    the_country_is_asked_page_by_page,
    the_registry_answers_as_the_bundle,
    who_may_ask_and_what_they_see,
    a_table,
    a_case_goes_forward_with_its_decisions,
    an_import_is_held_to_the_same,
    before_and_after,
);

fn ask(served: &Served, token: &str, question: &Value) -> Response {
    served.post("/api/v1/impact").token(token).json(question)
}

fn subject(kind: &str, id: &Value) -> Value {
    json!({"subject": {"kind": kind, "id": id}})
}

/// The certificate of the country with this number.
fn numbered(served: &Served, token: &str, number: &str) -> Value {
    let path = format!("/api/v1/calibrations?number={number}");
    served.get(&path).token(token).send().body["items"][0].clone()
}

/// The highest reference of the country's mass laboratory, on which a dozen certificates hang.
const HIGH: &str = "ILL-A-23-011";

fn the_country_is_asked_page_by_page(database: &Database) {
    import_country(&database.registry());
    let served = Served::new(database);
    let operator = served.operator();
    let id = numbered(&served, &operator.token, HIGH)["id"].clone();
    let question =
        with(subject("calibration", &id), json!({"shift": {"value": "5", "unit": "ug"}}));
    let whole = ask(&served, &operator.token, &question);
    assert_eq!(whole.status, 200, "{}", whole.text);
    let items = whole.body["items"].as_array().expect("items").clone();
    assert_eq!(whole.body["counts"]["certificates"], items.len());
    assert!(items.len() > 5, "{}", whole.text);
    assert_eq!(whole.body["next_cursor"], Value::Null);
    assert_eq!(whole.header("log-index"), whole.body["log_index"].to_string());
    let mut paged = Vec::new();
    let mut page = with(question.clone(), json!({"limit": 2}));
    loop {
        let answer = ask(&served, &operator.token, &page);
        assert_eq!(answer.body["counts"], whole.body["counts"]);
        paged.extend(answer.body["items"].as_array().expect("items").clone());
        match &answer.body["next_cursor"] {
            Value::Null => break,
            next => page["cursor"] = next.clone(),
        }
        // What is written meanwhile is not in the pages that follow.
        let document = json!({"designation": "TCVN 1"});
        served.post("/api/v1/documents").token(&operator.token).json(&document);
    }
    assert_eq!(paged, items);
    let other = with(page, json!({"policy": "vn-2026"}));
    ask(&served, &operator.token, &other).is_problem(422, "invalid_body");
}

/// The registry loads what hangs on a certificate, the bundle has everything: the answers are the same.
fn the_registry_answers_as_the_bundle(database: &Database) {
    use etalon::app::bundle::Loaded;
    use etalon::domain::impact::{ImpactQuestion, ImpactSubjectKind};
    let registry = database.registry();
    import_country(&registry);
    let bundle = Loaded::parse(crate::support::records::COUNTRY).expect("the country");
    let now = crate::support::records::instant("2026-11-20T08:30:00Z");
    let at = registry.head().expect("a head").log_index;
    for (name, kind) in [
        (HIGH, None),
        ("ILL-VMI-25-0312", None),
        ("ILL-A-24-081", None),
        ("QT1-E2-1KG", Some(ImpactSubjectKind::Standard)),
        ("kg-2023-03-01", None),
        ("ILL-AB-V 001", None),
    ] {
        let there = registry.impact_subject(name, kind, at).expect(name);
        let here = bundle.impact_subject(name, kind).expect(name);
        assert_eq!(there.kind, here.kind);
        let question = |subject| ImpactQuestion {
            subject,
            ..ImpactQuestion::named(ImpactSubjectKind::Calibration, "")
        };
        let there = registry.impact(&question(there), None, now).expect("an answer");
        let here = bundle.impact_page(&question(here)).expect("an answer");
        assert_eq!(there.counts, here.counts, "{name}");
        let shown = |answer: &etalon::app::impact::ImpactAnswer| {
            let items = answer.items.iter();
            let mut items: Vec<_> = items
                .map(|one| (one.depth, one.number.clone(), one.ratio.clone(), one.decided))
                .collect();
            items.sort();
            items
        };
        assert_eq!(shown(&there), shown(&here), "{name}");
    }
}

/// An institute calibrates the reference of a laboratory, which calibrates for its customer.
struct Chain {
    institute: Party,
    laboratory: Party,
    customer: Party,
    reference: Id,
    top: Id,
    middle: Id,
    bottom: Id,
}

impl Chain {
    fn new(served: &Served) -> Self {
        let operator = served.operator();
        let roles = ["submitter", "signatory"];
        let institute = served.party(&operator, "nmi", &["submitter", "signatory"]);
        let laboratory = served.party(&operator, "calibration_laboratory", &roles);
        let customer = served.party(&operator, "calibration_laboratory", &roles);
        let make = |path: &str, token: &str, body: &Value| {
            let made = served.post(&format!("/api/v1/{path}")).token(token).json(body);
            assert_eq!(made.status, 201, "{}", made.text);
            id_of(&made.body["record"]["id"])
        };
        let standards = "measurement_standards";
        let reference = make(standards, &laboratory.token, &standard(&laboratory.id, "REF"));
        let item = make(standards, &customer.token, &standard(&customer.id, "W"));
        let further = make(standards, &customer.token, &standard(&customer.id, "W2"));
        let top = certificate(&institute.id, &reference, "TOP");
        let top = make("calibrations", &institute.token, &top);
        let complete = |body: Value| {
            let mut body = body;
            body["results"][0]["uncertainty"]["coverage_factor"] = "2".into();
            body["results"][0]["uncertainty"]["mode"] = "absolute".into();
            body
        };
        let middle = certificate_from(&laboratory.id, &item, "MIDDLE", &[(&reference, &top)]);
        let middle = with(
            complete(middle),
            json!({"performed_from": "2026-03-10", "performed_to": "2026-03-10"}),
        );
        let middle = make("calibrations", &laboratory.token, &middle);
        let bottom = certificate_from(&customer.id, &further, "BOTTOM", &[(&item, &middle)]);
        let bottom = with(
            complete(bottom),
            json!({"performed_from": "2026-04-10", "performed_to": "2026-04-10"}),
        );
        let bottom = make("calibrations", &customer.token, &bottom);
        Self { institute, laboratory, customer, reference, top, middle, bottom }
    }
}

fn who_may_ask_and_what_they_see(database: &Database) {
    let served = Served::new(database);
    let chain = Chain::new(&served);
    let question = with(
        subject("calibration", &json!(chain.top)),
        json!({"shift": {"value": "0.03", "unit": "mg"}}),
    );
    // The owner of the reference issued the one, and its customer the other.
    let owner = ask(&served, &chain.laboratory.token, &question);
    assert_eq!(owner.status, 200, "{}", owner.text);
    let items = owner.body["items"].as_array().expect("items");
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["calibration"], json!(chain.middle));
    assert_eq!(
        (&items[0]["ratio"], &items[0]["significance"]),
        (&json!("0.10"), &json!("insignificant"))
    );
    assert_eq!(items[1], json!({"calibration": chain.bottom, "depth": 2}));
    assert_eq!(owner.body["redacted"], true);
    let counts = &owner.body["counts"];
    assert_eq!((&counts["certificates"], &counts["withheld"]), (&json!(2), &json!(1)));
    assert_eq!((&counts["insignificant"], &counts["undecided"]), (&json!(1), &json!(1)));
    assert_eq!(owner.body["statement"].as_array().map(Vec::len), Some(1));
    assert_eq!(owner.body["statement"][0]["customer"], json!(chain.customer.id));
    // The issuer sees what it issued, which is neither: the customers of its customer are not its own.
    let issuer = ask(&served, &chain.institute.token, &question);
    assert_eq!(issuer.body["counts"]["withheld"], 2, "{}", issuer.text);
    assert_eq!(issuer.body["statement"], json!([]));
    // Of what somebody may not see there is nothing to ask.
    let hidden = ask(&served, &chain.customer.token, &question);
    hidden.is_problem(422, "invalid_body");
    assert_eq!(hidden.errors(), [("unknown_subject", "/subject/id")]);
    let own = subject("organisation", &json!(chain.laboratory.id));
    assert_eq!(ask(&served, &chain.laboratory.token, &own).body["counts"]["certificates"], 2);
    ask(&served, &chain.customer.token, &own).is_problem(403, "not_allowed");
    let epoch = subject("epoch", &json!("kg-2023-03-01"));
    ask(&served, &chain.customer.token, &epoch).is_problem(403, "not_allowed");
    served.post("/api/v1/impact").json(&question).is_problem(401, "unauthenticated");
    let standard = subject("standard", &json!(chain.reference));
    let answer = ask(&served, &chain.laboratory.token, &standard);
    assert_eq!(answer.body["window"]["from_is"], "last_calibration", "{}", answer.text);
}

fn a_table(database: &Database) {
    let served = Served::new(database);
    let chain = Chain::new(&served);
    let answer = served
        .post("/api/v1/impact")
        .token(&chain.laboratory.token)
        .header("Accept", "text/csv")
        .json(&subject("calibration", &json!(chain.top)));
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.header("content-type").starts_with("text/csv"));
    let mut lines = csv::Reader::from_reader(answer.text.as_bytes());
    let numbers: Vec<String> =
        lines.records().map(|line| line.expect("a line")[1].to_owned()).collect();
    // What is not for the caller is not in it.
    assert_eq!(numbers, ["MIDDLE"]);
}

/// Sends a case; gives what it is refused for.
fn refused(answer: &Response) -> Vec<(String, String)> {
    let errors = answer.errors();
    errors.into_iter().map(|(code, place)| (code.to_owned(), place.to_owned())).collect()
}

fn a_case_goes_forward_with_its_decisions(database: &Database) {
    let served = Served::new(database);
    let chain = Chain::new(&served);
    let token = &chain.laboratory.token;
    let case = |status: &str, decisions: Value| {
        json!({
            "subject": chain.reference, "window_from": "2026-02-11", "window_to": "2026-10-01",
            "detected_on": "2026-10-01", "status": status, "decisions": decisions,
        })
    };
    let send = |body: &Value| served.post("/api/v1/nonconformities").token(token).json(body);
    let because = |code: &str, place: &str| vec![(code.to_owned(), place.to_owned())];
    // Evaluated without a decision about what was made with it in the window.
    let answer = send(&case("evaluated", json!([])));
    assert_eq!(
        refused(&answer),
        because("undecided_certificates", "/decisions"),
        "{}",
        answer.text
    );
    assert!(answer.text.contains(chain.middle.as_str()));
    // What its customer made with that is not the laboratory's to decide.
    assert!(!answer.text.contains(chain.bottom.as_str()));
    let made = send(&case("open", json!([])));
    assert_eq!(made.status, 201, "{}", made.text);
    let place = format!("/api/v1/nonconformities/{}", id_of(&made.body["record"]["id"]));
    let amend = |version: u32, body: &Value| {
        let request = served.put(&place).token(token).header("If-Match", &format!("\"{version}\""));
        request.json(body)
    };
    let decided = |more: Value| json!([with(json!({"calibration": chain.middle}), more)]);
    let review = decided(json!({"significance": "review"}));
    let answer = amend(1, &case("evaluated", review));
    assert_eq!(refused(&answer), because("undecided", "/decisions/0/significance"));
    let significant = decided(json!({"significance": "significant"}));
    let answer = amend(1, &case("evaluated", significant.clone()));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = amend(2, &case("notified", significant));
    assert_eq!(refused(&answer), because("not_notified", "/decisions/0/notified_on"));
    let told = decided(json!({"significance": "significant", "notified_on": "2026-10-05"}));
    let answer = amend(2, &case("notified", told.clone()));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = amend(3, &case("evaluated", told.clone()));
    assert_eq!(refused(&answer), because("status_backwards", "/status"));
    let answer = amend(3, &case("closed", told));
    assert_eq!(refused(&answer), because("decision_missing", "/decisions/0/decision"));
    let closed = decided(json!({
        "significance": "significant", "notified_on": "2026-10-05", "decision": "recalled",
    }));
    let answer = amend(3, &case("closed", closed));
    assert_eq!(answer.status, 200, "{}", answer.text);
    // One that was made before the window is not affected, so nothing has to be decided.
    let later = with(case("closed", json!([])), json!({"window_from": "2026-03-11"}));
    assert_eq!(send(&later).status, 201);
}

fn an_import_is_held_to_the_same(database: &Database) {
    let served = Served::new(database);
    let chain = Chain::new(&served);
    let bundle = json!({"format": "etalon-bundle/1", "source": "lims", "records": {
        "nonconformities": [{"id": "_:case", "subject": chain.reference, "status": "closed"}],
    }});
    let answer = served.post("/api/v1/imports").token(&chain.laboratory.token).json(&bundle);
    assert_eq!(
        refused(&answer),
        [("undecided_certificates".to_owned(), "/records/nonconformities/0/decisions".to_owned())],
        "{}",
        answer.text
    );
}

fn before_and_after(database: &Database) {
    import_country(&database.registry());
    let served = Served::new(database);
    let operator = served.operator();
    let id = numbered(&served, &operator.token, "ILL-VMI-25-0312")["id"].clone();
    let compared = json!({"compared_with": "2026-10-05T02:59:59Z"});
    let answer = ask(&served, &operator.token, &with(subject("calibration", &id), compared));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let item = &answer.body["items"][0];
    assert_eq!(item["decided"], "insignificant", "{}", answer.text);
    assert!(item["traceability"].is_string() && item["traceability_before"].is_string());
    assert_ne!(item["traceability"], item["traceability_before"]);
}
