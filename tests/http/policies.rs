//! Policies of one's own, and the catalogue as data: written by an authority, kept in every version,
//! named by claims, refused with every fault.

use serde_json::{Value, json};

use crate::support::Database;
use crate::support::records::{import_country, policy};
use crate::support::served::{Request, Response, Served};

crate::support::both!(
    a_policy_changes_a_verdict,
    every_version_is_kept,
    a_policy_that_is_wrong_is_refused_whole,
    policies_that_come_with_the_program_stay,
    a_claim_names_a_policy_that_is_there,
    a_claim_in_the_past_knows_the_policy_of_then,
    rules_say_how_much_they_count,
);

const POLICIES: &str = "/api/v1/policies";

/// A policy under which the due date of a reference is a remark.
fn lenient(version: &str) -> Value {
    let mut document = policy("lenient", version);
    document["rules"] = json!({
        "T-02": {"severity": "minor", "reason": {"vi": "trong thời gian chuyển tiếp", "en": "while in transition"}},
    });
    document
}

/// A registry, and who writes and asks in it.
struct Place {
    served: Served,
    /// The token of an authority.
    authority: String,
    /// The token of the operator.
    operator: String,
}

impl Place {
    fn new(database: &Database) -> Self {
        let served = Served::new(database);
        let operator = served.operator();
        let authority = served.party(&operator, "authority", &["authority"]).token;
        Self { served, authority, operator: operator.token }
    }

    /// The same with the demonstration country, and a weight whose reference had fallen due.
    fn with_country(database: &Database) -> (Self, String) {
        import_country(&database.registry());
        let place = Self::new(database);
        let page = place.get("/api/v1/measurement_standards?code=W-500G-01");
        let page = page.token(&place.operator).send();
        let weight = page.body["items"][0]["id"].as_str().expect("the weight").to_owned();
        (place, weight)
    }

    fn get(&self, path: &str) -> Request {
        self.served.get(path)
    }

    fn write(&self, document: &Value) -> Response {
        self.served.post(POLICIES).token(&self.authority).json(document)
    }

    fn put(&self, id: &str) -> Request {
        self.served.put(&format!("{POLICIES}/{id}")).token(&self.authority)
    }

    fn ask(&self, claim: &Value) -> Response {
        self.served.post("/api/v1/verifications").token(&self.operator).json(claim)
    }
}

fn claim(standard: &str, policy: &str) -> Value {
    json!({
        "standard": standard, "quantity_kind": "conventional_mass",
        "point": {"value": "500", "unit": "g"}, "used_on": "2026-11-01", "policy": policy,
    })
}

fn a_policy_changes_a_verdict(database: &Database) {
    let (place, standard) = Place::with_country(database);
    let written = place.write(&lenient("2026-a"));
    assert_eq!((written.status, written.header("etag")), (201, "\"1\""), "{}", written.text);
    assert_eq!(written.header("location"), format!("{POLICIES}/lenient"));

    let plain = place.ask(&claim(&standard, "vn-2026"));
    assert_eq!(plain.body["verdict"], "not_traceable", "{}", plain.text);
    assert!(plain.body["ruleset"].get("switched").is_none());
    assert_eq!(plain.body["ruleset"]["policy_version"], "1");
    let own = place.ask(&claim(&standard, "lenient"));
    assert_eq!(own.body["verdict"], "traceable_with_remarks", "{}", own.text);
    let ruleset = &own.body["ruleset"];
    assert_eq!(ruleset["policy"], "lenient");
    assert_eq!(ruleset["policy_version"], "2026-a");
    assert_eq!(ruleset["policy_sha256"], written.body["sha256"]);
    assert_eq!(
        ruleset["switched"],
        json!([{
            "rule": "T-02", "catalogue": "critical", "severity": "minor",
            "reason": {"vi": "trong thời gian chuyển tiếp", "en": "while in transition"},
        }])
    );
    // The claim can be asked again, and is the same then.
    assert_eq!(own.body["claim"]["policy"], "lenient@2026-a");
    let again = place.ask(&own.body["claim"]);
    assert_eq!(again.body["findings"], own.body["findings"]);
}

fn every_version_is_kept(database: &Database) {
    let (place, standard) = Place::with_country(database);
    place.write(&policy("mine", "1"));
    let mut second = lenient("2");
    second["id"] = "mine".into();
    let of_standard = format!("/api/v1/measurement_standards/{standard}/traceability");
    let today = format!("{of_standard}?used_on=2026-11-01&policy=mine");
    let before = place.get(&today).send();
    assert_eq!(before.body["verdict"], "not_traceable", "{}", before.text);

    // The body may leave the id to the path.
    let mut without = second.clone();
    without.as_object_mut().expect("an object").remove("id");
    let amended = place.put("mine").header("If-Match", "\"1\"").json(&without);
    assert_eq!((amended.status, amended.header("etag")), (200, "\"2\""), "{}", amended.text);

    // The newest counts where none is named, also for who holds an older answer.
    let tag = before.header("etag").to_owned();
    let after = place.get(&today).header("If-None-Match", &tag).send();
    assert_eq!(after.status, 200, "{}", after.text);
    assert_eq!(after.body["verdict"], "traceable_with_remarks", "{}", after.text);
    let first = place.get(&format!("{today}@1")).send();
    assert_eq!(first.body["verdict"], "not_traceable", "{}", first.text);

    let newest = place.get(&format!("{POLICIES}/mine")).send();
    assert_eq!(newest.body["version"], "2");
    let held = place.get(&format!("{POLICIES}/mine")).header("If-None-Match", "\"2\"").send();
    assert_eq!(held.status, 304);
    let old = place.get(&format!("{POLICIES}/mine?version=1")).send();
    assert_eq!((&old.body["number"], &old.body["document"]), (&json!(1), &policy("mine", "1")));
    place.get(&format!("{POLICIES}/mine?version=3")).send().is_problem(404, "unknown_record");
    let versions = place.get(&format!("{POLICIES}/mine/versions")).send();
    let versions = versions.body["items"].as_array().expect("a list");
    assert_eq!(versions.len(), 2);
    assert_eq!((&versions[0]["version"], &versions[1]["version"]), (&json!("1"), &json!("2")));
    let list = place.get(POLICIES).send();
    let ids: Vec<&str> = list.body["items"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["id"].as_str())
        .collect();
    assert_eq!(ids, ["ilac-p10", "vn-2026", "mine"]);

    let mut third = policy("mine", "2");
    let repeated = place.put("mine").header("If-Match", "\"2\"").json(&third);
    assert_eq!(repeated.errors(), [("repeated_version", "/version")]);
    third["version"] = "3".into();
    place.put("mine").header("If-Match", "\"1\"").json(&third).is_problem(412, "stale");
    place.put("mine").json(&third).is_problem(428, "if_match_required");
    place.write(&third).is_problem(409, "exists");
    third["id"] = "another".into();
    let nowhere = place.put("another").header("If-Match", "\"1\"").json(&third);
    nowhere.is_problem(404, "unknown_record");
    let moved = place.put("mine").header("If-Match", "\"2\"");
    assert_eq!(moved.json(&third).errors(), [("other_id", "/id")]);
}

fn a_policy_that_is_wrong_is_refused_whole(database: &Database) {
    let place = Place::new(database);
    let mut document = policy("mine", "1");
    document["parameters"]["contrib_minor"] = json!(0.5);
    document["rules"] = json!({
        "S-04": {"severity": "off", "reason": "no"},
        "Z-99": {"severity": "off", "reason": "no"},
    });
    let refused = place.write(&document);
    refused.is_problem(422, "invalid_body");
    assert_eq!(
        refused.errors(),
        [
            ("out_of_order", "/parameters/contrib_minor"),
            ("fixed_rule", "/rules/S-04"),
            ("unknown_rule", "/rules/Z-99"),
        ]
    );
    document["rules"] = json!({"U-02": {"severity": "info"}});
    document["parameters"] = json!({});
    let refused = place.write(&document);
    assert!(refused.errors().contains(&("missing_field", "/rules/U-02")), "{}", refused.text);
    assert!(refused.errors().len() > 10, "{}", refused.text);
    place.get(&format!("{POLICIES}/mine")).send().is_problem(404, "unknown_record");
}

fn policies_that_come_with_the_program_stay(database: &Database) {
    let place = Place::new(database);
    let refused = place.write(&policy("vn-2026", "2"));
    assert_eq!(refused.errors(), [("shipped_policy", "/id")]);
    let refused = place.put("vn-2026").header("If-Match", "\"1\"").json(&policy("vn-2026", "2"));
    assert_eq!(refused.errors(), [("shipped_policy", "/id")]);
    let shipped = place.get(&format!("{POLICIES}/vn-2026")).send();
    assert_eq!(shipped.body["comes_with_the_program"], true);
    let tag = shipped.header("etag").to_owned();
    let held = place.get(&format!("{POLICIES}/vn-2026")).header("If-None-Match", &tag).send();
    assert_eq!(held.status, 304);
    // Its document is one to begin from.
    let mut own = shipped.body["document"].clone();
    own["id"] = "own".into();
    assert_eq!(place.write(&own).status, 201);
}

fn a_claim_names_a_policy_that_is_there(database: &Database) {
    let (place, standard) = Place::with_country(database);
    place.write(&lenient("1"));
    for (name, known) in [
        ("nothing", "ilac-p10, vn-2026, lenient"),
        ("lenient@2", "lenient@1"),
        ("vn-2026@9", "vn-2026@1"),
    ] {
        let refused = place.ask(&claim(&standard, name));
        assert_eq!(refused.errors(), [("unknown_policy", "/policy")], "{name}: {}", refused.text);
        assert!(refused.text.contains(known), "{name}: {}", refused.text);
        let path = format!("/api/v1/measurement_standards/{standard}/traceability?policy={name}");
        place.get(&path).send().is_problem(400, "invalid_parameter");
    }
    assert_eq!(place.ask(&claim(&standard, "vn-2026@1")).status, 201);
}

fn a_claim_in_the_past_knows_the_policy_of_then(database: &Database) {
    let (place, standard) = Place::with_country(database);
    // The keys of the parties made entries: the policy is known from here on.
    let written = place.write(&lenient("1"));
    let from = written.body["log_index"].as_u64().expect("an index");
    let asked = |policy: &str, at: u64| {
        let mut claim = claim(&standard, policy);
        claim["known_at"] = at.into();
        place.ask(&claim)
    };
    assert_eq!(asked("lenient", from).status, 201);
    assert_eq!(asked("lenient", from - 1).errors(), [("unknown_policy", "/policy")]);
    // What was known then can be judged by what was written later, where that is said.
    assert_eq!(asked("lenient@1", from - 1).status, 201);
}

fn rules_say_how_much_they_count(database: &Database) {
    let place = Place::new(database);
    let before = place.get("/api/v1/rules").send();
    let tag = before.header("etag").to_owned();
    place.write(&lenient("1"));
    let after = place.get("/api/v1/rules").header("If-None-Match", &tag).send();
    assert_eq!(after.status, 200);
    let rules = after.body["items"].as_array().expect("a list");
    let rule = rules.iter().find(|rule| rule["id"] == "T-02").expect("T-02");
    assert_eq!(
        rule["severity_under"],
        json!({"ilac-p10": "critical", "vn-2026": "critical", "lenient": "minor"})
    );
    assert!(rule.get("fixed").is_none());
    let one = place.get("/api/v1/rules/T-02").send();
    assert_eq!(&one.body, rule);
    let fixed = place.get("/api/v1/rules/s-04").send();
    assert_eq!(fixed.body["id"], "S-04");
    assert!(fixed.body["fixed"]["vi"].as_str().is_some_and(|why| !why.is_empty()));
    let unknown = place.get("/api/v1/rules/T-99").send();
    unknown.is_problem(404, "unknown_record");
    assert!(unknown.text.contains("did you mean"), "{}", unknown.text);
}
