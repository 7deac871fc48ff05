//! What others say of a record: who may say what, what comes of it, and who learns of it.

use serde_json::{Value, json};

use crate::support::Database;
use crate::support::records::{bundle, certificate, standard, with};
use crate::support::served::{Party, Response, Served, id_of};
use etalon::domain::records::CollectionName;

crate::support::both!(
    a_received_certificate_waits_for_its_issuer,
    a_dispute_is_a_finding_until_the_issuer_says_otherwise,
    a_scope_is_proposed_and_approved,
    a_national_standard_is_approved_by_its_authority,
    a_comparison_is_confirmed_by_its_pilot,
    what_is_said_of_a_confidential_record_is_confidential,
    nobody_speaks_for_another,
);

fn say(served: &Served, who: &Party, record: &Value, statement: &str) -> Response {
    let body = json!({
        "record": record["id"], "version": record["version"], "statement": statement,
        "by": who.id, "reason": "we looked at it",
    });
    served.post("/api/v1/attestations").token(&who.token).json(&body)
}

fn create(served: &Served, who: &Party, collection: &str, body: &Value) -> Value {
    let made = served.post(&format!("/api/v1/{collection}")).token(&who.token).json(body);
    assert_eq!(made.status, 201, "{}", made.text);
    made.body["record"].clone()
}

fn now(served: &Served, who: &Party, collection: &str, record: &Value) -> Value {
    let id = record["id"].as_str().expect("an id");
    let read = served.get(&format!("/api/v1/{collection}/{id}")).token(&who.token).send();
    assert_eq!(read.status, 200, "{}", read.text);
    read.body
}

/// The ids of a list.
fn listed(served: &Served, who: Option<&Party>, path: &str) -> Vec<Value> {
    let request = served.get(path);
    let answer = match who {
        Some(who) => request.token(&who.token).send(),
        None => request.send(),
    };
    assert_eq!(answer.status, 200, "{}", answer.text);
    let items = answer.body["items"].as_array().expect("a list").iter();
    items.map(|item| item["id"].clone()).collect()
}

/// An owner, an issuer, somebody else, and a certificate of the issuer's that the owner typed.
struct Received {
    operator: Party,
    owner: Party,
    issuer: Party,
    stranger: Party,
    item: Value,
    certificate: Value,
}

fn received(served: &Served) -> Received {
    let operator = served.operator();
    let roles = ["submitter", "signatory"];
    let party = || served.party(&operator, "calibration_laboratory", &roles);
    let (owner, issuer, stranger) = (party(), party(), party());
    let item = create(served, &owner, "measurement_standards", &standard(&owner.id, "W-1"));
    let typed = certificate(&issuer.id, &id_of(&item["id"]), "K-17");
    let certificate = create(served, &owner, "calibrations", &typed);
    assert_eq!(certificate["evidence_level"], "self_declared");
    Received { operator, owner, issuer, stranger, item, certificate }
}

/// The outcome of a rule in the report for a standard.
fn outcome(served: &Served, who: &Party, item: &Value, rule: &str, known_at: Option<u64>) -> Value {
    let mut claim = json!({
        "standard": item["id"], "quantity_kind": "conventional_mass",
        "point": {"value": "1", "unit": "kg"}, "used_on": "2026-06-01",
    });
    if let Some(known_at) = known_at {
        claim["known_at"] = json!(known_at);
    }
    let report = served.post("/api/v1/verifications").token(&who.token).json(&claim);
    assert_eq!(report.status, 201, "{}", report.text);
    let findings = report.body["findings"].as_array().expect("findings");
    let found = findings.iter().find(|finding| finding["rule"] == rule);
    json!([
        found.unwrap_or_else(|| panic!("no {rule}: {}", report.text))["outcome"],
        report.body["verdict"],
    ])
}

fn a_received_certificate_waits_for_its_issuer(database: &Database) {
    let served = Served::new(database);
    let Received { owner, issuer, stranger, item, certificate, .. } = received(&served);
    assert_eq!(outcome(&served, &owner, &item, "D-07", None)[0], "indeterminate");
    // The issuer sees what others say in its name; nobody else does.
    let in_its_name = format!("/api/v1/calibrations?issuer={}&confirmed=false", issuer.id);
    assert_eq!(listed(&served, Some(&issuer), &in_its_name), [certificate["id"].clone()]);
    assert!(listed(&served, Some(&stranger), &in_its_name).is_empty());
    // What was not looked at is not confirmed.
    let other = with(certificate.clone(), json!({"version": 7}));
    let refused = say(&served, &issuer, &other, "confirmed");
    assert_eq!(refused.errors(), [("other_version", "/version")]);
    let mut none = certificate.clone();
    none.as_object_mut().expect("a record").remove("version");
    let refused = say(&served, &issuer, &none, "confirmed");
    assert_eq!(refused.errors(), [("missing_field", "/version")]);

    let said = say(&served, &issuer, &certificate, "confirmed");
    assert_eq!(said.status, 201, "{}", said.text);
    assert_eq!((said.header("etag"), &said.body["record"]["version"]), ("\"1\"", &json!(1)));
    let place = said.header("location").to_owned();
    let read = served.get(&place).token(&owner.token).send();
    assert_eq!(read.body, said.body["record"], "{}", read.text);
    let confirmed = now(&served, &owner, "calibrations", &certificate);
    assert_eq!(confirmed["evidence_level"], "issuer_confirmed");
    assert_eq!(
        (&confirmed["version"], &confirmed["results"]),
        (&json!(2), &certificate["results"])
    );
    assert_eq!(outcome(&served, &owner, &item, "D-07", None)[0], "pass");
    assert!(listed(&served, Some(&issuer), &in_its_name).is_empty());
    // Both entries name the same request, and the log holds.
    let log = served.get("/api/v1/log?limit=1000").token(&issuer.token).send();
    let entries = log.body["items"].as_array().expect("entries");
    let [version, statement] = &entries[entries.len() - 2..] else { panic!("{}", log.text) };
    assert_eq!(
        (&version["kind"], &statement["kind"]),
        (&json!("calibrations"), &json!("attestations"))
    );
    assert_eq!(version["request_id"], said.header("x-request-id"));
    assert_eq!(version["request_id"], statement["request_id"]);
    served.registry.verify_log(None, &mut |_| {}).expect("a sound log");
}

fn a_dispute_is_a_finding_until_the_issuer_says_otherwise(database: &Database) {
    let served = Served::new(database);
    let Received { owner, issuer, item, certificate, .. } = received(&served);
    let before = served.registry.head().expect("a head").log_index;
    let said = say(&served, &issuer, &certificate, "disputed");
    assert_eq!(said.status, 201, "{}", said.text);
    let failed = json!(["fail", "not_traceable"]);
    assert_eq!(outcome(&served, &owner, &item, "D-07", None), failed);
    // Known then, it was only not confirmed.
    assert_eq!(outcome(&served, &owner, &item, "D-07", Some(before))[0], "indeterminate");
    // The owner mends what was typed, and does not shake the dispute off by that.
    let disputed = now(&served, &owner, "calibrations", &certificate);
    let place = format!("/api/v1/calibrations/{}", certificate["id"].as_str().expect("an id"));
    let mended = with(disputed, json!({"signatory": "N. V. A."}));
    let version = format!("\"{}\"", mended["version"]);
    let mended = served.put(&place).token(&owner.token).header("If-Match", &version).json(&mended);
    assert_eq!(mended.status, 200, "{}", mended.text);
    assert_eq!(outcome(&served, &owner, &item, "D-07", None), failed);
    let said = say(&served, &issuer, &mended.body["record"], "confirmed");
    assert_eq!(said.status, 201, "{}", said.text);
    assert_eq!(outcome(&served, &owner, &item, "D-07", None)[0], "pass");
}

fn a_scope_is_proposed_and_approved(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory = served.party(&operator, "calibration_laboratory", &["submitter"]);
    let stranger = served.party(&operator, "calibration_laboratory", &["submitter"]);
    let body = served.party(&operator, "accreditation_body", &["accreditation_body"]);
    let other = served.party(&operator, "accreditation_body", &["accreditation_body"]);
    let accreditation = json!({
        "organisation": laboratory.id, "accreditation_body": body.id, "standard": "iso_iec_17025",
    });
    let accreditation = create(&served, &body, "accreditations", &accreditation);
    let proposal = json!({
        "publisher": "accreditation_scope", "organisation": laboratory.id,
        "accreditation": accreditation["id"], "quantity_kind": "conventional_mass",
    });
    let refused = served.post("/api/v1/capabilities").token(&stranger.token).json(&proposal);
    refused.is_problem(403, "not_allowed");
    let proposal = create(&served, &laboratory, "capabilities", &proposal);
    assert_eq!(proposal["evidence_level"], "self_declared");
    let id = proposal["id"].as_str().expect("an id");
    let place = format!("/api/v1/capabilities/{id}");
    // It would read as a scope that the laboratory has.
    let all = "/api/v1/capabilities?confirmed=false";
    for (who, sees) in [(None, false), (Some(&stranger), false), (Some(&other), false)] {
        assert_eq!(!listed(&served, who, all).is_empty(), sees);
    }
    served.get(&place).send().is_problem(404, "unknown_record");
    for who in [&laboratory, &body] {
        assert_eq!(listed(&served, Some(who), all), [proposal["id"].clone()]);
    }
    assert_eq!(say(&served, &other, &proposal, "approved").errors(), [("unknown_id", "/record")]);
    say(&served, &laboratory, &proposal, "approved").is_problem(403, "not_allowed");
    say(&served, &body, &proposal, "confirmed").is_problem(403, "not_allowed");
    let said = say(&served, &body, &proposal, "approved");
    assert_eq!(said.status, 201, "{}", said.text);
    let approved = served.get(&place).send();
    assert_eq!(approved.body["evidence_level"], "issuer_confirmed", "{}", approved.text);
    // From now on it is the body's.
    let change = served.put(&place).token(&laboratory.token).header("If-Match", "\"2\"");
    change.json(&approved.body).is_problem(403, "not_allowed");
    let said = say(&served, &body, &approved.body, "refused");
    assert_eq!(said.status, 201, "{}", said.text);
    served.get(&place).send().is_problem(404, "unknown_record");
}

fn a_national_standard_is_approved_by_its_authority(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let owner = served.party(&operator, "nmi", &["submitter"]);
    let authority = served.party(&operator, "authority", &["authority"]);
    let abroad = json!({"kind": "authority", "names": {"en": "Abroad"}, "country": "LA"});
    let abroad = create(&served, &operator, "organisations", &abroad);
    let id = id_of(&abroad["id"]);
    let key = served.key(&operator, &id, &["authority"]);
    let abroad = Party { token: served.token(&key), key, id };
    let national = with(standard(&owner.id, "N-1"), json!({"legal_level": "national"}));
    let national = create(&served, &owner, "measurement_standards", &national);
    assert_eq!(national["evidence_level"], "self_declared");
    // The standards of another country are not theirs, to write or to approve.
    say(&served, &abroad, &national, "approved").is_problem(403, "not_allowed");
    let theirs = with(standard(&owner.id, "N-2"), json!({"legal_level": "national"}));
    let refused = served.post("/api/v1/measurement_standards").token(&abroad.token).json(&theirs);
    refused.is_problem(403, "not_allowed");
    let said = say(&served, &authority, &national, "approved");
    assert_eq!(said.status, 201, "{}", said.text);
    let approved = now(&served, &owner, "measurement_standards", &national);
    assert_eq!(approved["evidence_level"], "issuer_confirmed");
    // A standard that is not national is its owner's own.
    let working = with(standard(&owner.id, "W-1"), json!({}));
    let working = create(&served, &owner, "measurement_standards", &working);
    assert_eq!(
        say(&served, &authority, &working, "approved").errors(),
        [("unknown_id", "/record")]
    );
}

fn a_comparison_is_confirmed_by_its_pilot(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let institute = || served.party(&operator, "nmi", &["institute"]);
    let (pilot, participant, other) = (institute(), institute(), institute());
    let comparison = json!({
        "kind": "supplementary", "pilot": pilot.id,
        "results": [{"organisation": participant.id}],
    });
    let comparison = create(&served, &other, "comparisons", &comparison);
    assert_eq!(comparison["evidence_level"], "self_declared");
    say(&served, &other, &comparison, "confirmed").is_problem(403, "not_allowed");
    say(&served, &participant, &comparison, "confirmed").is_problem(403, "not_allowed");
    assert_eq!(say(&served, &pilot, &comparison, "confirmed").status, 201);
    let confirmed = now(&served, &other, "comparisons", &comparison);
    assert_eq!(confirmed["evidence_level"], "issuer_confirmed");
    assert_eq!(say(&served, &participant, &confirmed, "disputed").status, 201);
    let disputed = now(&served, &other, "comparisons", &comparison);
    assert_eq!(disputed["evidence_level"], "self_declared");
}

fn what_is_said_of_a_confidential_record_is_confidential(database: &Database) {
    let served = Served::new(database);
    let Received { operator, owner, issuer, stranger, certificate, .. } = received(&served);
    let said = say(&served, &issuer, &certificate, "disputed");
    assert_eq!(said.status, 201, "{}", said.text);
    let (id, place) = (said.body["record"]["id"].clone(), said.header("location").to_owned());
    let of_it =
        format!("/api/v1/attestations?record={}", certificate["id"].as_str().expect("an id"));
    let entry = format!("/api/v1/log/{}", said.body["record"]["log_index"]);
    for who in [&owner, &issuer, &operator] {
        assert_eq!(listed(&served, Some(who), &of_it), std::slice::from_ref(&id));
        assert_eq!(served.get(&place).token(&who.token).send().status, 200);
        let entry = served.get(&entry).token(&who.token).send();
        assert_eq!(entry.body["body"]["reason"], "we looked at it", "{}", entry.text);
    }
    for who in [None, Some(&stranger)] {
        assert!(listed(&served, who, &of_it).is_empty());
        assert!(listed(&served, who, "/api/v1/attestations").is_empty());
        let ask = |path: &str| match who {
            Some(who) => served.get(path).token(&who.token).send(),
            None => served.get(path).send(),
        };
        ask(&place).is_problem(404, "unknown_record");
        let entry = ask(&entry);
        assert_eq!(entry.status, 200);
        assert!(entry.body["body"].is_null() && !entry.text.contains("looked"), "{}", entry.text);
    }
}

fn nobody_speaks_for_another(database: &Database) {
    let served = Served::new(database);
    let Received { operator, owner, issuer, stranger, certificate, .. } = received(&served);
    // Not the owner of what it owns, not the operator, and not in the issuer's name.
    say(&served, &owner, &certificate, "confirmed").is_problem(403, "not_allowed");
    say(&served, &operator, &certificate, "confirmed").is_problem(403, "not_allowed");
    let forged = json!({
        "record": certificate["id"], "version": 1, "statement": "confirmed", "by": issuer.id,
    });
    let post = |who: &Party| served.post("/api/v1/attestations").token(&who.token).json(&forged);
    post(&owner).is_problem(403, "not_allowed");
    let lent = with(forged.clone(), json!({"by": owner.id}));
    let lent = served.post("/api/v1/attestations").token(&issuer.token).json(&lent);
    lent.is_problem(403, "not_allowed");
    assert_eq!(post(&stranger).errors(), [("unknown_id", "/record")]);
    // Nor by the way of a file, where nobody would look at the version.
    let record = with(forged, json!({"id": "_:said"}));
    let text = bundle("mine", [(CollectionName::Attestations, record)]);
    let request = served.post("/api/v1/imports").token(&issuer.token);
    let refused = request.header("Content-Type", "application/json").body(text);
    assert_eq!(refused.errors(), [("not_allowed", "/records/attestations/0")], "{}", refused.text);
    assert_eq!(now(&served, &owner, "calibrations", &certificate)["version"], 1);
}
