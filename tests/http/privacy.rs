//! What is confidential (ISO/IEC 17025, 4.2; api.md, "Privacy"), on every way out: what the public,
//! a stranger, the owner, the issuer and the institute see of a certificate and its item, and what
//! nobody learns by asking differently.
//!
//! Who may call an operation at all does not live here (`authorisation`).

use etalon::domain::id::Id;
use etalon::domain::records::CollectionName;
use etalon::ids;
use serde_json::{Value, json};

use crate::support::Database;
use crate::support::records::{bundle, certificate, certificate_from, standard, with};
use crate::support::served::{Party, Request, Response, Served, id_of};

crate::support::both!(
    a_confidential_record_is_not_there_for_others,
    the_log_withholds_body_and_salt,
    reports_keep_their_figures_for_those_who_may_see_them,
    a_chain_is_whole_for_whose_verdict_needs_it,
    lineage_counts_and_does_not_name,
    a_certificate_in_hand_tells_no_figures,
    kept_reports_are_for_those_concerned,
    a_required_uncertainty_does_not_measure_what_is_withheld,
    what_is_published_is_public,
    what_was_confidential_then_stays_so,
    lists_do_not_answer_about_others,
    naming_anothers_certificate_tells_nothing_of_it,
    naming_anothers_certificate_opens_no_chain,
    a_certificate_for_anothers_standard_tells_nothing_of_it,
    a_certificate_for_anothers_standard_does_not_open_it,
    points_are_not_found_by_asking,
    what_is_not_there_is_not_unchanged_either,
    imports_do_not_answer_about_others,
);

/// Numbers of the certificates that are found nowhere else: digits of square roots. Each with what
/// the engine makes of it: the standard uncertainty, half of the expanded.
const FIGURES: [&str; 6] = ["141421356", "17320508", "8660254", "22360679", "26457513", "13228757"];

/// Numbers in a text, as digits without a point and without zeros at either end.
fn numbers(text: &str) -> Vec<String> {
    let words = text.split(|one: char| !(one.is_ascii_alphanumeric() || one == '.'));
    let numbers = words.filter_map(|word| {
        let digits: String =
            word.split(['e', 'E']).next()?.chars().filter(|it| *it != '.').collect();
        let is_number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
        is_number.then(|| digits.trim_matches('0').to_owned())
    });
    numbers.collect()
}

/// The figures that a text tells: at least six digits of one.
fn told(text: &str) -> Vec<&'static str> {
    let numbers = numbers(text);
    let is_told = |figure: &str| {
        let first = &figure[..6];
        // Rounded to six digits the last may be one more.
        let rounded = (first.parse::<u32>().expect("digits") + 1).to_string();
        numbers.iter().any(|it| it.contains(first) || it.contains(&rounded))
    };
    FIGURES.into_iter().filter(|figure| is_told(figure)).collect()
}

#[track_caller]
fn tells_nothing(answer: &Response) {
    assert_eq!(told(&answer.text), [""; 0], "{}", answer.text);
    for (name, value) in &answer.headers {
        assert_eq!(told(value.to_str().expect("a text")), [""; 0], "{name}");
    }
}

/// Two laboratories and what they keep to themselves.
struct World {
    operator: Party,
    /// Issued the certificate, with a standard of its own.
    issuer: Party,
    /// Owns its item.
    owner: Party,
    stranger: Party,
    verifier: Party,
    /// The issuer's standard and its certificate.
    reference: Id,
    of_reference: Id,
    /// The owner's standard and the certificate, which was made with the issuer's.
    item: Id,
    of_item: Id,
    /// A standard that the owner calibrated itself with the item.
    below: Id,
    of_below: Id,
    code: String,
}

impl World {
    fn new(served: &Served) -> Self {
        let operator = served.operator();
        let laboratory =
            || served.party(&operator, "calibration_laboratory", &["submitter", "signatory"]);
        let (issuer, owner, stranger) = (laboratory(), laboratory(), laboratory());
        let verifier = served.party(&operator, "nmi", &["institute"]);
        let reference =
            create(served, "measurement_standards", &issuer, &standard(&issuer.id, "R-1"));
        let figures = |value: &str, uncertainty: &str| {
            json!([{
                "id": "r1", "quantity_kind": "conventional_mass",
                "point": {"value": "1", "unit": "kg"}, "value": value, "unit": "kg",
                "uncertainty": {
                    "value": uncertainty, "unit": "mg", "kind": "expanded", "coverage_factor": "2",
                },
            }])
        };
        let first = with(
            certificate(&issuer.id, &reference, "R/2026"),
            json!({"results": figures("1.0000141421356", "0.17320508")}),
        );
        let of_reference = create(served, "calibrations", &issuer, &first);
        let described = with(standard(&owner.id, "W-1"), json!({"serial_number": "SN-77-1"}));
        let item = create(served, "measurement_standards", &owner, &described);
        let parents = [(&reference, &of_reference)];
        let second = with(
            certificate_from(&issuer.id, &item, "W/2026", &parents),
            json!({
                "results": figures("1.0000223606797", "0.26457513"), "due_on": "2027-02-10",
            }),
        );
        let made = served.post("/api/v1/calibrations").token(&issuer.token).json(&second);
        assert_eq!(made.status, 201, "{}", made.text);
        let of_item = id_of(&made.body["record"]["id"]);
        let code = made.body["record"]["code"].as_str().expect("a code").to_owned();
        let below = create(served, "measurement_standards", &owner, &standard(&owner.id, "W-2"));
        let third = certificate_from(&owner.id, &below, "B/2026", &[(&item, &of_item)]);
        let of_below = create(served, "calibrations", &owner, &third);
        Self {
            operator,
            issuer,
            owner,
            stranger,
            verifier,
            reference,
            of_reference,
            item,
            of_item,
            below,
            of_below,
            code,
        }
    }

    /// Those who may not see what is confidential here, by the token that they show.
    fn outsiders(&self) -> [Option<&str>; 2] {
        [None, Some(&self.stranger.token)]
    }

    /// Those who may see the certificate: both its parties, and the institute's verifiers.
    fn insiders(&self) -> [Option<&str>; 2] {
        [Some(&self.owner.token), Some(&self.verifier.token)]
    }

    /// A national standard of the owner's: everybody knows of it, not of its certificate.
    fn national(&self, served: &Served) -> (Id, Id) {
        let body = with(standard(&self.owner.id, "N-1"), json!({"legal_level": "national"}));
        let national = create(served, "measurement_standards", &self.owner, &body);
        let parents = [(&self.reference, &self.of_reference)];
        let of_national = certificate_from(&self.issuer.id, &national, "N/2026", &parents);
        (national.clone(), create(served, "calibrations", &self.issuer, &of_national))
    }
}

#[track_caller]
fn create(served: &Served, collection: &str, by: &Party, body: &Value) -> Id {
    let made = served.post(&format!("/api/v1/{collection}")).token(&by.token).json(body);
    assert_eq!(made.status, 201, "{}", made.text);
    id_of(&made.body["record"]["id"])
}

fn shown(request: Request, token: Option<&str>) -> Request {
    match token {
        Some(token) => request.token(token),
        None => request,
    }
}

fn get(served: &Served, path: &str, token: Option<&str>) -> Response {
    shown(served.get(&format!("/api/v1/{path}")), token).send()
}

/// What an answer says but for the record and the request that it names.
fn said_of(answer: &Response, id: &Id) -> String {
    let mut names: Vec<&str> = answer.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    let body = with(answer.body.clone(), json!({"request_id": null}));
    format!("{} {names:?} {}", answer.status, body.to_string().replace(id.as_str(), "ID"))
}

fn a_confidential_record_is_not_there_for_others(database: &Database) {
    let served = Served::new(database);
    let world = World::new(&served);
    let unknown = ids::new_id();
    for (collection, id) in
        [("calibrations", &world.of_item), ("measurement_standards", &world.item)]
    {
        let event = collection == "measurement_standards";
        let append = if event { "events" } else { "status" };
        let entry = match event {
            true => json!({"kind": "repair", "on": "2026-11-02"}),
            false => json!({"status": "withdrawn", "effective_from": "2026-11-02"}),
        };
        for token in world.outsiders() {
            let asked = |id: &Id| {
                let place = format!("/api/v1/{collection}/{id}");
                let request = |method: &str, path: &str| shown(served.request(method, path), token);
                let versions = format!("{place}/versions");
                let mut said = vec![
                    request("GET", &place).send(),
                    request("GET", &format!("{place}?known_at=1")).send(),
                    request("GET", &place).header("If-None-Match", "\"1\"").send(),
                    request("GET", &place).header("If-None-Match", "*").send(),
                    request("HEAD", &place).send(),
                    request("GET", &versions).send(),
                    request("GET", &versions).header("If-None-Match", "*").send(),
                ];
                if token.is_some() {
                    // Whatever is wrong with it beside: the record is not there first.
                    let append = format!("{place}/{append}");
                    said.push(request("POST", &append).json(&entry));
                    said.push(request("POST", &append).json(&json!({"status": 1, "kind": 2})));
                    said.push(request("POST", &append).json(&json!([])));
                    for tag in ["\"1\"", "\"9\"", "W/\"1\"", "*"] {
                        let put = || request("PUT", &place).header("If-Match", tag);
                        said.push(put().json(&json!({})));
                        said.push(put().json(&standard(&world.stranger.id, "W-1")));
                    }
                    said.push(request("PUT", &place).json(&json!({})));
                }
                said
            };
            let (confidential, nothing) = (asked(id), asked(&unknown));
            for (confidential, nothing) in confidential.iter().zip(&nothing) {
                assert_eq!(said_of(confidential, id), said_of(nothing, &unknown));
                assert!(confidential.status >= 400, "{}", confidential.text);
            }
            let list = get(&served, collection, token);
            assert_eq!(list.body["items"], json!([]), "{}", list.text);
            let lines = shown(served.get(&format!("/api/v1/{collection}")), token);
            let lines = lines.header("Accept", "application/x-ndjson").send();
            assert_eq!((lines.status, lines.text.as_str()), (200, ""));
            let table = shown(served.get(&format!("/api/v1/{collection}")), token);
            let table = table.header("Accept", "text/csv").send();
            assert_eq!((table.status, table.text.lines().count()), (200, 1), "{}", table.text);
        }
        for token in world.insiders() {
            for path in [format!("{collection}/{id}"), format!("{collection}/{id}/versions")] {
                let answer = get(&served, &path, token);
                assert_eq!(answer.status, 200, "{}", answer.text);
            }
            assert!(get(&served, collection, token).text.contains(id.as_str()));
        }
    }
    // The check itself finds what is there to be found.
    let own = get(&served, &format!("calibrations/{}", world.of_item), Some(&world.owner.token));
    assert_eq!(told(&own.text), ["22360679", "26457513"], "{}", own.text);
    // Who issued a certificate sees it, and not the record that its customer keeps of the item.
    let path = format!("calibrations/{}", world.of_item);
    assert_eq!(get(&served, &path, Some(&world.issuer.token)).status, 200);
    let path = format!("measurement_standards/{}", world.item);
    get(&served, &path, Some(&world.issuer.token)).is_problem(404, "unknown_record");
    // The issuer's own standard is not the customer's to see, nor the customer's other the issuer's.
    for (path, token) in [
        (format!("measurement_standards/{}", world.reference), &world.owner.token),
        (format!("calibrations/{}", world.of_reference), &world.owner.token),
        (format!("measurement_standards/{}", world.below), &world.issuer.token),
        (format!("calibrations/{}", world.of_below), &world.issuer.token),
    ] {
        get(&served, &path, Some(token)).is_problem(404, "unknown_record");
    }
}

fn the_log_withholds_body_and_salt(database: &Database) {
    let served = Served::new(database);
    let world = World::new(&served);
    let entry_of = |token: Option<&str>, id: &Id| {
        let page = get(&served, "log?limit=1000", token);
        let items = page.body["items"].as_array().expect("entries").clone();
        let found = items.into_iter().find(|entry| entry["id"] == json!(id)).expect("an entry");
        let lines = shown(served.get("/api/v1/log"), token);
        let lines = lines.header("Accept", "application/x-ndjson").send();
        let line = lines.text.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        let line: Value = line.clone().find(|entry: &Value| entry["id"] == json!(id)).expect("one");
        assert_eq!(line, found);
        let index = found["log_index"].as_u64().expect("an index");
        let one = get(&served, &format!("log/{index}"), token);
        assert_eq!(one.body, found);
        if found.get("body").is_none() {
            tells_nothing(&one);
        }
        found
    };
    for id in [&world.of_item, &world.item] {
        let whole = entry_of(Some(&world.owner.token), id);
        assert!(whole["body"].is_object() && whole["salt"].is_string(), "{whole}");
        assert_eq!(entry_of(Some(&world.verifier.token), id), whole);
        let mut rest = whole.clone();
        rest.as_object_mut().expect("an object").retain(|name, _| name != "body" && name != "salt");
        for token in world.outsiders() {
            assert_eq!(entry_of(token, id), rest);
        } // The item was there before its issuer had to do with it.
        let issuers = if *id == world.of_item { &whole } else { &rest };
        assert_eq!(entry_of(Some(&world.issuer.token), id), *issuers);
    }
    for token in world.outsiders() {
        tells_nothing(&get(&served, "log?limit=1000", token));
    }
}

fn traceability(served: &Served, id: &Id, token: Option<&str>) -> Response {
    let answer = get(served, &format!("measurement_standards/{id}/traceability"), token);
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

fn reports_keep_their_figures_for_those_who_may_see_them(database: &Database) {
    let served = Served::new(database);
    let world = World::new(&served);
    let whole = traceability(&served, &world.item, Some(&world.owner.token));
    assert_eq!(whole.body.get("redacted"), None);
    assert!(!told(&whole.text).is_empty(), "the chain has figures: {}", whole.text);
    for token in world.insiders() {
        let answer = traceability(&served, &world.item, token);
        assert_eq!(answer.body.get("redacted"), None);
        assert_eq!(told(&answer.text), told(&whole.text));
    }
    for token in world.outsiders() {
        let answer = traceability(&served, &world.item, token);
        assert_eq!(answer.body["redacted"], json!(true), "{}", answer.text);
        tells_nothing(&answer);
        // Verdicts, graph and rules are the same for all.
        for same in ["verdict", "traceability", "recognition", "legal", "closure", "bipm_link"] {
            assert_eq!(answer.body[same], whole.body[same], "{same}");
        }
        let rules = |report: &Value| -> Vec<Value> {
            let of = |report: &Value| {
                let findings = report["findings"].as_array().cloned().unwrap_or_default();
                findings.iter().map(|one| json!([one["rule"], one["outcome"]])).collect::<Vec<_>>()
            };
            let parts = report["parts"].as_array().cloned().unwrap_or_default();
            [of(report), parts.iter().flat_map(of).collect()].concat()
        };
        assert_eq!(rules(&answer.body), rules(&whole.body));
        assert!(!rules(&whole.body).is_empty());
        each(&answer.body, &mut |name, value| match name {
            "facts" => assert_eq!(*value, json!({})),
            "missing" => assert_eq!(*value, json!([])),
            "relative_uncertainty" | "standard_uncertainty" => assert!(value.is_null(), "{value}"),
            "point" | "value" | "serial_number" | "number" | "code" => panic!("{name}: {value}"),
            _ => {}
        });
        assert!(!answer.text.contains("SN-77-1") && !answer.text.contains("W/2026"));
    }
}

/// Every field of every object in a value.
fn each(value: &Value, visit: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                visit(name, value);
                each(value, visit);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each(item, visit)),
        _ => {}
    }
}

fn a_chain_is_whole_for_whose_verdict_needs_it(database: &Database) {
    let served = Served::new(database);
    let world = World::new(&served);
    // The owner's verdict needs the issuer's certificate, which the owner cannot read itself.
    let answer = traceability(&served, &world.below, Some(&world.owner.token));
    assert_eq!(answer.body.get("redacted"), None);
    assert!(answer.text.contains(world.of_reference.as_str()), "{}", answer.text);
    assert!(!told(&answer.text).is_empty(), "{}", answer.text);
    // The issuer stands above, and what is made of its work is not its own.
    let answer = traceability(&served, &world.below, Some(&world.issuer.token));
    assert_eq!(answer.body["redacted"], json!(true));
    tells_nothing(&answer);
    // Nor does the owner see the issuer's standard by itself.
    let answer = traceability(&served, &world.reference, Some(&world.owner.token));
    assert_eq!(answer.body["redacted"], json!(true));
    tells_nothing(&answer);
}

fn lineage_counts_and_does_not_name(database: &Database) {
    let served = Served::new(database);
    let world = World::new(&served);
    for (path, expected) in [
        (format!("measurement_standards/{}/lineage", world.below), 3),
        (format!("measurement_standards/{}/descendants", world.reference), 2),
    ] {
        let whole = get(&served, &path, Some(&world.verifier.token));
        assert_eq!(whole.body["calibrations"], json!(expected), "{}", whole.text);
        let steps = whole.body["steps"].as_array().expect("steps");
        assert!(steps.iter().all(|step| step["item"].is_string() && step["number"].is_string()));
        for token in world.outsiders() {
            let answer = get(&served, &path, token);
            tells_nothing(&answer);
            for count in ["calibrations", "standards", "realisations"] {
                assert_eq!(answer.body[count], whole.body[count]);
            }
            for step in answer.body["steps"].as_array().expect("steps") {
                let mut names: Vec<&String> = step.as_object().expect("a step").keys().collect();
                names.sort();
                assert_eq!(names, ["calibration", "depth"]);
            }
        }
        // Each sees the names of what is theirs.
        let answer = get(&served, &path, Some(&world.owner.token));
        for step in answer.body["steps"].as_array().expect("steps") {
            let is_own = step["calibration"] != json!(world.of_reference);
            assert_eq!(step.get("number").is_some(), is_own, "{step}");
        }
    }
}

fn a_certificate_in_hand_tells_no_figures(database: &Database) {
    let served = Served::new(database);
    let world = World::new(&served);
    let by_number = format!("certificate_checks?issuer={}&number=W/2026", world.issuer.id);
    let by_code = format!("certificate_checks?code={}", world.code);
    let mut said = Vec::new();
    for path in [&by_number, &by_code] {
        for token in world.outsiders().into_iter().chain(world.insiders()) {
            let answer = get(&served, path, token);
            assert_eq!(answer.status, 200, "{}", answer.text);
            tells_nothing(&answer);
            assert!(!answer.text.contains("SN-77-1"), "{}", answer.text);
            for hidden in [&world.item, &world.owner.id, &world.reference, &world.of_reference] {
                assert!(!answer.text.contains(hidden.as_str()), "{}", answer.text);
            }
            said.push(answer.body);
        }
    }
    assert!(said.iter().all(|one| *one == said[0]), "one answer for all: {said:?}");
    let found = &said[0]["items"][0];
    assert_eq!(found["id"], json!(world.of_item));
    assert_eq!(found["due_on"], "2027-02-10");
    let mut names: Vec<&String> = found.as_object().expect("a certificate").keys().collect();
    names.sort();
    let expected = [
        "due_on",
        "id",
        "issuer",
        "kind",
        "number",
        "performed_from",
        "performed_to",
        "rules",
        "status",
        "verdict",
    ];
    assert_eq!(names, expected);
    for rule in found["rules"].as_array().expect("rules") {
        assert_eq!(rule.as_object().map(serde_json::Map::len), Some(2), "{rule}");
    }
    // A part of a number or code is none, and neither is another issuer's.
    for path in [
        format!("certificate_checks?issuer={}&number=W/", world.issuer.id),
        format!("certificate_checks?issuer={}&number=W%25", world.issuer.id),
        format!("certificate_checks?issuer={}&number=W/2026", world.owner.id),
        format!("certificate_checks?code={}", &world.code[..world.code.len() - 1]),
        "certificate_checks?code=".to_owned(),
    ] {
        let answer = get(&served, &path, Some(&world.stranger.token));
        assert_eq!((answer.status, &answer.body["items"]), (200, &json!([])), "{path}");
    }
}

fn ask(served: &Served, by: &Party, claim: &Value) -> Response {
    served.post("/api/v1/verifications").token(&by.token).json(claim)
}

fn kept_reports_are_for_those_concerned(database: &Database) {
    let served = Served::new(database);
    let world = World::new(&served);
    let unknown = ids::new_id();
    let claim = |id: &Id| json!({"standard": id});
    let of_confidential = ask(&served, &world.stranger, &claim(&world.item));
    of_confidential.is_problem(422, "invalid_body");
    let of_nothing = ask(&served, &world.stranger, &claim(&unknown));
    assert_eq!(said_of(&of_confidential, &world.item), said_of(&of_nothing, &unknown));
    let report = ask(&served, &world.owner, &claim(&world.item));
    assert_eq!(report.status, 201, "{}", report.text);
    assert!(!told(&report.text).is_empty(), "{}", report.text);
    let id = id_of(&report.body["id"]);
    for reader in [&world.owner, &world.verifier, &world.operator] {
        let read = get(&served, &format!("verifications/{id}"), Some(&reader.token));
        assert_eq!(read.body, report.body);
        let list = get(&served, "verifications", Some(&reader.token));
        assert_eq!(list.body["items"][0]["id"], json!(id), "{}", list.text);
    }
    // The issuer of the certificate did not ask and does not own the standard.
    for reader in [&world.stranger, &world.issuer] {
        let there = get(&served, &format!("verifications/{id}"), Some(&reader.token));
        let nothing = get(&served, &format!("verifications/{unknown}"), Some(&reader.token));
        assert_eq!(said_of(&there, &id), said_of(&nothing, &unknown));
        let held = shown(served.get(&format!("/api/v1/verifications/{id}")), Some(&reader.token));
        held.header("If-None-Match", "*").send().is_problem(404, "unknown_record");
        for filter in [String::new(), format!("?standard={}", world.item)] {
            let list = get(&served, &format!("verifications{filter}"), Some(&reader.token));
            assert_eq!(list.body["items"], json!([]), "{}", list.text);
        }
    }
    // A key that is sent again is a key of its own for everybody.
    let repeat = |by: &Party| {
        let request = served.post("/api/v1/verifications").token(&by.token);
        request.header("Idempotency-Key", "same").json(&claim(&world.item))
    };
    assert_eq!(repeat(&world.owner).status, 201);
    repeat(&world.stranger).is_problem(422, "invalid_body");
}

fn a_required_uncertainty_does_not_measure_what_is_withheld(database: &Database) {
    let served = Served::new(database);
    let world = World::new(&served);
    let (national, _) = world.national(&served);
    let plain = json!({"standard": national});
    let required = json!({
        "standard": national, "quantity_kind": "conventional_mass",
        "point": {"value": "1", "unit": "kg"},
        "required_uncertainty": {"value": "1", "unit": "mg"},
    });
    let answer = ask(&served, &world.stranger, &plain);
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.body["redacted"], json!(true));
    tells_nothing(&answer);
    // What is kept is what was given.
    let path = format!("verifications/{}", answer.body["id"].as_str().expect("an id"));
    assert_eq!(get(&served, &path, Some(&world.stranger.token)).body, answer.body);
    let refused = ask(&served, &world.stranger, &required);
    refused.is_problem(422, "invalid_body");
    let withheld = [("figures_withheld", "/point"), ("figures_withheld", "/required_uncertainty")];
    assert_eq!(refused.errors(), withheld);
    for value in ["0.000001", "1000000"] {
        let required =
            with(required.clone(), json!({"required_uncertainty": {"value": value, "unit": "mg"}}));
        let other = ask(&served, &world.stranger, &required);
        assert_eq!(said_of(&other, &national), said_of(&refused, &national), "{value}");
    }
    for party in [&world.owner, &world.verifier] {
        let answer = ask(&served, party, &required);
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert_ne!(answer.body["fitness"], "not_applicable");
    }
}

/// Publishes a certificate, as the owner of its item.
fn publish(served: &Served, by: &Party, id: &Id, published: bool) -> u64 {
    let place = format!("/api/v1/calibrations/{id}");
    let current = served.get(&place).token(&by.token).send();
    let body = with(current.body.clone(), json!({"published": published}));
    let put = served.put(&place).token(&by.token).header("If-Match", current.header("etag"));
    let amended = put.json(&body);
    assert_eq!(amended.status, 200, "{}", amended.text);
    amended.header("log-index").parse().expect("an index")
}

fn what_is_published_is_public(database: &Database) {
    let served = Served::new(database);
    let world = World::new(&served);
    publish(&served, &world.owner, &world.of_item, true);
    for token in world.outsiders() {
        let path = format!("calibrations/{}", world.of_item);
        assert_eq!(told(&get(&served, &path, token).text), ["22360679", "26457513"]);
        let path = format!("measurement_standards/{}", world.item);
        assert_eq!(get(&served, &path, token).status, 200, "its item is public with it");
        let lines = get(&served, &format!("{path}/lineage"), token);
        let named = |step: &Value| step.get("number").is_some();
        let steps = lines.body["steps"].as_array().expect("steps");
        assert_eq!(steps.iter().filter(|step| named(step)).count(), 1, "{}", lines.text);
        // The chain still goes through a certificate that is not public.
        let answer = traceability(&served, &world.item, token);
        assert_eq!(answer.body["redacted"], json!(true));
        tells_nothing(&answer);
    }
    publish(&served, &world.issuer, &world.of_reference, true);
    for token in world.outsiders() {
        let answer = traceability(&served, &world.item, token);
        assert_eq!(answer.body.get("redacted"), None);
        assert!(!told(&answer.text).is_empty(), "{}", answer.text);
    }
}

fn what_was_confidential_then_stays_so(database: &Database) {
    let served = Served::new(database);
    let world = World::new(&served);
    let before = served.registry.head().expect("a head").log_index;
    let after = publish(&served, &world.owner, &world.of_item, true);
    let path = format!("calibrations/{}", world.of_item);
    let entry = |of: &Value| {
        let items = of["items"].as_array().expect("entries").iter();
        let own = items.filter(|entry| entry["id"] == json!(world.of_item));
        own.map(|entry| entry.get("body").is_some()).collect::<Vec<bool>>()
    };
    for token in world.outsiders() {
        let then = get(&served, &format!("{path}?known_at={before}"), token);
        then.is_problem(404, "unknown_record");
        let list = get(&served, &format!("calibrations?known_at={before}"), token);
        assert_eq!(list.body["items"], json!([]), "{}", list.text);
        assert_eq!(get(&served, &format!("{path}?known_at={after}"), token).status, 200);
        let item = format!("measurement_standards/{}", world.item);
        let answer = get(&served, &format!("{item}/traceability?known_at={before}"), token);
        tells_nothing(&answer);
        get(&served, &format!("{item}?known_at={before}"), token).is_problem(404, "unknown_record");
        let steps = get(&served, &format!("{item}/lineage?known_at={before}"), token);
        assert!(!steps.text.contains("W/2026"), "{}", steps.text);
        // The log and the versions show what was public when it was written.
        let log = get(&served, "log?limit=1000", token);
        assert_eq!(entry(&log.body), [false, true], "{}", log.text);
        let versions = get(&served, &format!("{path}/versions"), token);
        let items = versions.body["items"].as_array().expect("versions");
        let shown: Vec<&Value> = items.iter().map(|item| &item["version"]).collect();
        assert_eq!(shown, [&json!(2)], "{}", versions.text);
    }
    for token in world.insiders() {
        let versions = get(&served, &format!("{path}/versions"), token);
        assert_eq!(versions.body["items"].as_array().map(Vec::len), Some(2));
    }
    // And what is taken back is gone from now on, not from the past.
    publish(&served, &world.owner, &world.of_item, false);
    for token in world.outsiders() {
        get(&served, &path, token).is_problem(404, "unknown_record");
        get(&served, &format!("{path}/versions"), token).is_problem(404, "unknown_record");
        assert_eq!(get(&served, &format!("{path}?known_at={after}"), token).status, 200);
    }
}

fn lists_do_not_answer_about_others(database: &Database) {
    let served = Served::new(database);
    let world = World::new(&served);
    let asked = [
        format!("calibrations?issuer={}", world.issuer.id),
        format!("calibrations?item={}", world.item),
        "calibrations?number=W/2026".to_owned(),
        format!("calibrations?code={}", world.code),
        "calibrations?due_before=2030-01-01".to_owned(),
        "calibrations?published=false".to_owned(),
        "calibrations?quantity_kind=conventional_mass".to_owned(),
        "calibrations?q=W".to_owned(),
        format!("measurement_standards?owner={}", world.owner.id),
        "measurement_standards?serial_number=SN-77-1".to_owned(),
        "measurement_standards?q=W".to_owned(),
        "measurement_standards?limit=1".to_owned(),
    ];
    for path in &asked {
        for token in world.outsiders() {
            let list = get(&served, path, token);
            assert_eq!(list.status, 200, "{}", list.text);
            let nothing = json!({"items": [], "next_cursor": null});
            assert_eq!(list.body, nothing, "{path}: {}", list.text);
        }
        let whole = get(&served, path, Some(&world.verifier.token));
        assert_ne!(whole.body["items"], json!([]), "{path} finds something for who may see it");
    }
    // A cursor of somebody else goes on in one's own list, and a tag of theirs is none of one's own.
    let theirs = get(&served, "measurement_standards?limit=1", Some(&world.verifier.token));
    let cursor = theirs.body["next_cursor"].as_str().expect("a cursor");
    let path = format!("measurement_standards?limit=1&cursor={cursor}");
    let tag = get(&served, &path, Some(&world.verifier.token)).header("etag").to_owned();
    for token in world.outsiders() {
        let list = get(&served, &path, token);
        assert_eq!(list.body["items"], json!([]), "{}", list.text);
        let held = shown(served.get(&format!("/api/v1/{path}")), token);
        assert_eq!(held.header("If-None-Match", &tag).send().status, 200);
    }
}

/// The answer to a stranger who says that a standard of theirs was calibrated with another's, by a
/// certificate that is not theirs to see; and that standard.
fn made_with(served: &Served, by: &Party, calibration: &Id, result: &str) -> (Response, Id) {
    let own = create(served, "measurement_standards", by, &standard(&by.id, "S-1"));
    let mut body = certificate(&by.id, &own, "S/1");
    body["references"] = json!([{"calibration": calibration, "result": result}]);
    (served.post("/api/v1/calibrations").token(&by.token).json(&body), own)
}

fn naming_anothers_certificate_tells_nothing_of_it(database: &Database) {
    let served = Served::new(database);
    let world = World::new(&served);
    let unknown = ids::new_id();
    let (refused, _) = made_with(&served, &world.stranger, &world.of_item, "no such row");
    assert!(!refused.text.contains("W/2026"), "its number is told: {}", refused.text);
    let (nothing, _) = made_with(&served, &world.stranger, &unknown, "no such row");
    assert_eq!(said_of(&refused, &world.of_item), said_of(&nothing, &unknown));
}

fn naming_anothers_certificate_opens_no_chain(database: &Database) {
    let served = Served::new(database);
    let world = World::new(&served);
    let (_, own) = made_with(&served, &world.stranger, &world.of_item, "r1");
    // Whoever says that theirs was made with it does not stand below it.
    tells_nothing(&traceability(&served, &own, Some(&world.stranger.token)));
}

/// The answer to a stranger who says that they calibrated another's standard.
fn calibrated(served: &Served, by: &Party, item: &Id) -> Response {
    let printed = json!({"item_identification": {"serial_number": "anything"}});
    let body = with(certificate(&by.id, item, "S/2"), printed);
    served.post("/api/v1/calibrations").token(&by.token).json(&body)
}

fn a_certificate_for_anothers_standard_tells_nothing_of_it(database: &Database) {
    let served = Served::new(database);
    let world = World::new(&served);
    let answer = calibrated(&served, &world.stranger, &world.item);
    assert!(!answer.text.contains("SN-77-1"), "its number is told: {}", answer.text);
}

fn a_certificate_for_anothers_standard_does_not_open_it(database: &Database) {
    let served = Served::new(database);
    let world = World::new(&served);
    calibrated(&served, &world.stranger, &world.item);
    let path = format!("measurement_standards/{}", world.item);
    let answer = get(&served, &path, Some(&world.stranger.token));
    answer.is_problem(404, "unknown_record");
}

fn points_are_not_found_by_asking(database: &Database) {
    let served = Served::new(database);
    let world = World::new(&served);
    let (national, _) = world.national(&served);
    let ask_at = |value: &str| {
        let claim = json!({
            "standard": national, "quantity_kind": "conventional_mass",
            "point": {"value": value, "unit": "kg"},
        });
        let answer = ask(&served, &world.stranger, &claim).body;
        let findings = answer["findings"].as_array().cloned().unwrap_or_default();
        let rules = findings.iter().map(|one| json!([one["rule"], one["outcome"]]));
        (answer["verdict"].clone(), rules.collect::<Vec<Value>>())
    };
    assert_eq!(ask_at("1"), ask_at("2"));
}

fn imports_do_not_answer_about_others(database: &Database) {
    let served = Served::new(database);
    let world = World::new(&served);
    let import = |by: &Party, collection: CollectionName, record: Value| {
        let text = bundle("file", [(collection, record)]);
        let request = served.post("/api/v1/imports").token(&by.token);
        request.header("Content-Type", "application/json").body(text)
    };
    let head = || served.registry.head().expect("a head").log_index;
    let before = head();
    let of = |id: &Id, collection: CollectionName| {
        let stored = served.registry.get(collection, id, before).expect("a record");
        serde_json::from_str::<Value>(&stored.body).expect("JSON")
    };
    for (collection, id) in [
        (CollectionName::MeasurementStandards, &world.item),
        (CollectionName::Calibrations, &world.of_item),
    ] {
        // Who guesses a record right learns as much as who guesses it wrong.
        let right = of(id, collection);
        let guessed = import(&world.stranger, collection, right.clone());
        let field = if collection == CollectionName::Calibrations { "number" } else { "code" };
        let wrong = import(&world.stranger, collection, with(right.clone(), json!({field: "X"})));
        guessed.is_problem(422, "invalid_body");
        assert_eq!(guessed.errors(), [("not_allowed", &*format!("/records/{collection}/0"))]);
        assert_eq!(said_of(&guessed, id), said_of(&wrong, id));
        for answer in [guessed, wrong] {
            tells_nothing(&answer);
        }
        // For who may see it, it is as it was.
        let same = import(&world.verifier, collection, right);
        assert_eq!((same.status, &same.body["unchanged"]), (200, &json!(1)), "{}", same.text);
    }
    assert_eq!(head(), before);
    // A label means in one's own files what one said oneself.
    let label = |code: &str, owner: &Party| with(standard(&owner.id, code), json!({"id": "_:one"}));
    let collection = CollectionName::MeasurementStandards;
    let theirs = import(&world.owner, collection, label("L-1", &world.owner));
    let own = import(&world.stranger, collection, label("L-1", &world.stranger));
    for answer in [&theirs, &own] {
        assert_eq!((answer.status, &answer.body["created"]), (200, &json!(1)), "{}", answer.text);
    }
    assert_ne!(theirs.body["outcomes"][0]["id"], own.body["outcomes"][0]["id"]);
    // What is public and another's stays as it is, also where nothing is said to change.
    let synced = json!({
        "arrangement": "ilac_mra", "organisation": world.owner.id,
        "evidence_level": "registry_synced", "synced_at": "2026-11-01T00:00:00Z",
    });
    let public = create(&served, "memberships", &world.operator, &synced);
    let before = head();
    let record = get(&served, &format!("memberships/{public}"), None).body;
    let mut record = record.as_object().expect("a record").clone();
    record.retain(|name, _| !["recorded_at", "recorded_by", "log_index"].contains(&name.as_str()));
    let same = import(&world.stranger, CollectionName::Memberships, Value::Object(record));
    assert_eq!((same.status, &same.body["unchanged"]), (200, &json!(1)), "{}", same.text);
    assert_eq!(head(), before, "nothing was written");
}

fn what_is_not_there_is_not_unchanged_either(database: &Database) {
    let served = Served::new(database);
    let unknown = ids::new_id();
    for name in ["traceability", "lineage", "descendants"] {
        let path = format!("/api/v1/measurement_standards/{unknown}/{name}");
        for tag in ["*", "\"1\""] {
            let answer = served.get(&path).header("If-None-Match", tag).send();
            answer.is_problem(404, "unknown_record");
        }
    }
}
