//! Many claims at once, and kept reports asked again.

use std::collections::BTreeSet;

use deserr::deserialize;
use etalon::app::access::Principal;
use etalon::app::audit::Batch;
use etalon::app::jobs::Work;
use etalon::app::verify::Moment;
use etalon::clock;
use etalon::domain::fault::Faults;
use etalon::domain::identity::{Role, Scopes};
use etalon::domain::organisation::OrganisationKind;
use etalon::domain::period::Day;
use serde_json::{Value, json};

use crate::support::Database;
use crate::support::records::{COUNTRY, import_country, instant};
use crate::support::served::{Party, Response, Served, id_of};

crate::support::both!(
    an_audit_counts_what_it_lists,
    an_audit_comes_line_by_line,
    a_laboratory_audits_its_own,
    an_authority_sees_verdicts_and_no_figures,
    a_batch_answers_each_claim,
    what_is_no_batch_is_refused,
    a_kept_report_asked_again_is_the_same,
    what_changed_since_a_report_is_told,
    a_job_gives_what_the_batch_gives,
    a_job_that_is_stopped_does_nothing_more,
    a_job_without_a_sign_of_life_is_lost,
    what_keeps_a_job_from_its_end_is_its_outcome,
);

const BATCH: &str = "/api/v1/verifications/batch";

fn country(database: &Database) -> (Served, Party) {
    import_country(&database.registry());
    let served = Served::new(database);
    let operator = served.operator();
    (served, operator)
}

fn batch(served: &Served, token: &str, body: &Value) -> Response {
    served.post(BATCH).token(token).json(body)
}

fn standard(served: &Served, token: &str, code: &str) -> Value {
    let path = format!("/api/v1/measurement_standards?code={code}");
    served.get(&path).token(token).send().body["items"][0].clone()
}

fn lines(response: &Response) -> Vec<Value> {
    response.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn an_audit_counts_what_it_lists(database: &Database) {
    let (served, operator) = country(database);
    let body = json!({"filter": {}, "used_on": "2026-11-01", "policy": "vn-2026"});
    let audit = batch(&served, &operator.token, &body);
    assert_eq!(audit.status, 200, "{}", audit.text);
    let country: Value = serde_json::from_str(COUNTRY).expect("JSON");
    let standards = country["records"]["measurement_standards"].as_array().expect("standards");
    let items = audit.body["items"].as_array().expect("items");
    assert_eq!(items.len(), standards.len());
    let totals = &audit.body["totals"];
    assert_eq!(totals["answers"], items.len());
    assert_eq!(totals["complete"], true);
    assert_eq!(audit.header("log-index"), totals["log_index"].to_string());
    for count in totals["verdicts"].as_array().expect("verdicts") {
        let with = items.iter().filter(|item| item["summary"]["verdict"] == count["verdict"]);
        assert_eq!(count["count"], with.count(), "{count}");
    }
    for count in totals["rules"].as_array().expect("rules") {
        for outcome in ["fail", "indeterminate", "remark"] {
            let unmet = json!({"rule": count["rule"], "outcome": outcome});
            let with = items.iter().filter(|item| {
                item["summary"]["rules"].as_array().expect("rules").contains(&unmet)
            });
            assert_eq!(count[outcome], with.count(), "{count}");
        }
    }
    // Each is what the standard's own report says.
    for item in items.iter().step_by(7) {
        let id = item["standard"].as_str().expect("an id");
        let path = format!(
            "/api/v1/measurement_standards/{id}/traceability?used_on=2026-11-01&policy=vn-2026"
        );
        let report = served.get(&path).token(&operator.token).send();
        for name in ["verdict", "traceability", "recognition", "legal", "closure"] {
            assert_eq!(item["summary"][name], report.body[name], "{id} {name}");
        }
    }
    let body = json!({"filter": {"legal_level": "national"}, "used_on": "2026-11-01"});
    let national = batch(&served, &operator.token, &body);
    let of_level = standards.iter().filter(|one| one["legal_level"] == "national").count();
    assert!(of_level > 0);
    assert_eq!(national.body["totals"]["answers"], of_level);
}

fn an_audit_comes_line_by_line(database: &Database) {
    let (served, operator) = country(database);
    let body = json!({"filter": {}, "used_on": "2026-11-01"});
    let whole = batch(&served, &operator.token, &body);
    let request = served.post(BATCH).token(&operator.token);
    let streamed = request.header("Accept", "application/x-ndjson").json(&body);
    let lines = lines(&streamed);
    assert_eq!(lines[0], json!({"expected": whole.body["totals"]["answers"]}));
    let items: Vec<&Value> = lines.iter().filter_map(|line| line.get("item")).collect();
    assert_eq!(items, whole.body["items"].as_array().expect("items").iter().collect::<Vec<_>>());
    assert_eq!(lines.last().expect("a line")["totals"], whole.body["totals"]);
}

fn a_laboratory_audits_its_own(database: &Database) {
    let (served, operator) = country(database);
    let owner = id_of(&standard(&served, &operator.token, "W-1KG-01")["owner"]);
    let laboratory = served.token(&served.key(&operator, &owner, &["submitter"]));
    let own = batch(&served, &laboratory, &json!({"filter": {}, "used_on": "2026-11-01"}));
    let items = own.body["items"].as_array().expect("items");
    assert!(items.iter().all(|item| item["owner"] == owner.as_str()), "{}", own.text);
    assert!(items.iter().any(|item| item["code"] == "W-1KG-01"));
    let other = id_of(&standard(&served, &operator.token, "QT1-E2-200G")["owner"]);
    let refused = batch(&served, &laboratory, &json!({"filter": {"owner": other}}));
    refused.is_problem(403, "not_allowed");
    served.post(BATCH).json(&json!({"filter": {}})).is_problem(401, "unauthenticated");
}

fn an_authority_sees_verdicts_and_no_figures(database: &Database) {
    let (served, operator) = country(database);
    let authority = served.party(&operator, "authority", &["authority"]);
    let audit = batch(&served, &authority.token, &json!({"filter": {}, "used_on": "2026-11-01"}));
    let all = batch(&served, &operator.token, &json!({"filter": {}, "used_on": "2026-11-01"}));
    assert_eq!(audit.body["totals"], all.body["totals"]);
    assert!(!audit.text.contains("W-1KG-01") && all.text.contains("W-1KG-01"));
    let standard = standard(&served, &operator.token, "W-1KG-01");
    let claim = json!({"standard": standard["id"], "used_on": "2026-11-01"});
    let whole = json!({"claims": [claim], "reports": true});
    let answered = batch(&served, &authority.token, &whole);
    assert_eq!(answered.body["items"][0]["report"]["redacted"], true, "{}", answered.text);
    let answered = batch(&served, &operator.token, &whole);
    assert!(answered.body["items"][0]["report"].get("redacted").is_none());
    // Point by point the answers would tell the figures.
    let mut claim = claim;
    claim["quantity_kind"] = "conventional_mass".into();
    claim["point"] = json!({"value": "1", "unit": "kg"});
    let answered = batch(&served, &authority.token, &json!({"claims": [claim]}));
    assert_eq!(answered.body["items"][0]["errors"][0]["code"], "figures_withheld");
    assert_eq!(answered.body["totals"]["refused"], 1);
}

fn a_batch_answers_each_claim(database: &Database) {
    let (served, operator) = country(database);
    let good = standard(&served, &operator.token, "W-1KG-01");
    let bad = standard(&served, &operator.token, "QT1-E2-200G");
    let unknown = "01920000-0000-7000-8000-000000000000";
    let at_point = |value: &str| {
        json!({
            "standard": good["id"], "quantity_kind": "conventional_mass",
            "point": {"value": value, "unit": "kg"},
        })
    };
    let body = json!({
        "used_on": "2026-11-01",
        "reports": true,
        "claims": [
            at_point("1"),
            {"standard": unknown},
            at_point("2"),
            {"standard": bad["id"]},
            {"standard": good["id"], "known_at": 1},
        ],
    });
    let answered = batch(&served, &operator.token, &body);
    let items = answered.body["items"].as_array().expect("items");
    let positions: Vec<&Value> = items.iter().map(|item| &item["claim"]).collect();
    assert_eq!(positions, [0, 1, 2, 3, 4]);
    assert_eq!(items[0]["summary"]["verdict"], "traceable", "{}", answered.text);
    let claim = json!({
        "standard": good["id"], "quantity_kind": "conventional_mass",
        "point": {"value": "1", "unit": "kg"}, "used_on": "2026-11-01",
    });
    let alone = served.post("/api/v1/verifications").token(&operator.token).json(&claim);
    assert_eq!(items[0]["report"]["findings"], alone.body["findings"]);
    assert_eq!(items[0]["report"]["chain"], alone.body["chain"]);
    assert_eq!(items[1]["errors"][0]["code"], "unknown_standard");
    assert_eq!(items[2]["summary"]["verdict"], "not_traceable");
    assert_eq!(items[3]["summary"]["verdict"], "not_traceable");
    // At the beginning nothing was known of it.
    assert_eq!(items[4]["errors"][0]["code"], "unknown_standard");
    assert_eq!(answered.body["totals"]["answers"], 3);
    assert_eq!(answered.body["totals"]["refused"], 2);
}

fn what_is_no_batch_is_refused(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let claim = json!({"standard": operator.id});
    for body in [
        json!({}),
        json!({"claims": []}),
        json!({"claims": [claim], "filter": {}}),
        json!({"claims": vec![claim.clone(); 1001]}),
    ] {
        let refused = batch(&served, &operator.token, &body);
        refused.is_problem(422, "invalid_body");
        assert_eq!(refused.errors(), [("claims_or_filter", "/claims")]);
        let lines = served.post(BATCH).token(&operator.token);
        let refused = lines.header("Accept", "application/x-ndjson").json(&body);
        assert_eq!(refused.status, 422);
    }
    let refused = batch(&served, &operator.token, &json!({"filter": {"colour": "red"}}));
    refused.is_problem(422, "invalid_body");
}

fn a_kept_report_asked_again_is_the_same(database: &Database) {
    let (served, operator) = country(database);
    for code in ["W-1KG-01", "QT1-E2-200G", "GB-100-02"] {
        let id = &standard(&served, &operator.token, code)["id"];
        let claim = json!({"standard": id, "used_on": "2026-11-01", "policy": "vn-2026"});
        let kept = served.post("/api/v1/verifications").token(&operator.token).json(&claim);
        // Something else is written meanwhile.
        let document = json!({"designation": format!("TCVN {code}")});
        let written = served.post("/api/v1/documents").token(&operator.token).json(&document);
        assert_eq!(written.status, 201);
        let path = format!("{}/rerun", kept.header("location"));
        let rerun = served.get(&path).token(&operator.token).send();
        assert_eq!(rerun.status, 200, "{}", rerun.text);
        assert_eq!(rerun.body["same"], true, "{}", rerun.text);
        assert!(rerun.body.get("again").is_none());
        assert_eq!(rerun.body["now"]["verdict"], kept.body["verdict"]);
        assert!(rerun.body["now"].get("previously").is_none());
        for nothing in ["changes", "new_findings", "gone_findings"] {
            assert_eq!(rerun.body[nothing], json!([]), "{nothing} of {code}");
        }
    }
}

fn what_changed_since_a_report_is_told(database: &Database) {
    let (served, operator) = country(database);
    let id = &standard(&served, &operator.token, "W-1KG-01")["id"];
    let claim = json!({"standard": id, "used_on": "2026-11-01", "policy": "vn-2026"});
    let kept = served.post("/api/v1/verifications").token(&operator.token).json(&claim);
    assert_eq!(kept.body["verdict"], "traceable", "{}", kept.text);
    let certificate =
        kept.body["parts"][0]["chain"]["links"][0]["calibration"].as_str().expect("an id");
    let void = json!({"status": "void_ab_initio", "effective_from": "2026-11-02"});
    let path = format!("/api/v1/calibrations/{certificate}/status");
    let appended = served.post(&path).token(&operator.token).json(&void);
    assert_eq!(appended.status, 201, "{}", appended.text);
    let path = format!("{}/rerun", kept.header("location"));
    let rerun = served.get(&path).token(&operator.token).send();
    assert_eq!(rerun.body["same"], true, "the report was right when it was given");
    assert_eq!(rerun.body["now"]["verdict"], "not_traceable", "{}", rerun.text);
    let previously = &rerun.body["now"]["previously"];
    assert_eq!(previously["verdict"], "traceable");
    assert_eq!(previously["report"], kept.body["id"]);
    assert_eq!(previously["computed_at"], kept.body["computed_at"]);
    let changes = rerun.body["changes"].as_array().expect("changes");
    assert_eq!(changes.len(), 1, "{}", rerun.text);
    assert_eq!(changes[0]["record"], certificate);
    assert_eq!(changes[0]["log_index"].to_string(), appended.header("log-index"));
    assert_eq!(changes[0]["in_findings"], true);
    let rules: Vec<&Value> = rerun.body["new_findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|finding| &finding["rule"])
        .collect();
    assert_eq!(rules, ["T-08"]);
    assert_eq!(rerun.body["gone_findings"], json!([]));
    // Only who may read the report may ask it again.
    let stranger = served.party(&operator, "calibration_laboratory", &["submitter"]);
    served.get(&path).token(&stranger.token).send().is_problem(404, "unknown_record");
}

pub const JOBS: &str = "/api/v1/verification_jobs";

/// A job once it does not run any more.
pub fn ended(served: &Served, token: &str, place: &str) -> Response {
    loop {
        let job = served.get(place).token(token).send();
        if job.body["state"] != "running" {
            return job;
        }
    }
}

fn a_job_gives_what_the_batch_gives(database: &Database) {
    let (served, operator) = country(database);
    let body = json!({"filter": {}, "used_on": "2026-11-01", "policy": "vn-2026"});
    let whole = batch(&served, &operator.token, &body);
    let started = served.post(JOBS).token(&operator.token).json(&body);
    assert_eq!((started.status, &started.body["state"]), (201, &json!("running")));
    let place = started.header("location").to_owned();
    let job = ended(&served, &operator.token, &place);
    assert_eq!(job.body["state"], "done", "{}", job.text);
    assert_eq!(job.body["outcome"], whole.body["totals"]);
    assert_eq!(job.body["done"], job.body["expected"]);
    let mut items: Vec<Value> = Vec::new();
    let mut path = format!("{place}/items?limit=7");
    loop {
        let page = served.get(&path).token(&operator.token).send();
        items.extend(page.body["items"].as_array().expect("items").iter().cloned());
        let Some(next) = page.body["next"].as_u64() else { break };
        path = format!("{place}/items?limit=7&after={next}");
    }
    assert_eq!(&items, whole.body["items"].as_array().expect("items"));
    let stopped = served.request("DELETE", &place).token(&operator.token).send();
    assert_eq!(stopped.body, job.body, "what has ended stays as it is");
    let stranger = served.party(&operator, "calibration_laboratory", &["submitter"]);
    served.get(&place).token(&stranger.token).send().is_problem(404, "unknown_record");
}

/// A job that nobody works on, and the work.
fn waiting(served: &Served, operator: &Party, body: &Value, now: &str) -> (String, Work) {
    let batch = deserialize::<Batch, _, Faults>(body.clone()).expect("a batch");
    let principal = Principal {
        organisation: operator.id.clone(),
        kind: OrganisationKind::Nmi,
        country: None,
        roles: BTreeSet::from([Role::Operator]),
        scopes: Scopes::all(),
        credential: "key:test".to_owned(),
    };
    let moment = Moment { now: instant(now), today: Day::parse("2026-11-20").expect("a day") };
    let (job, work) = served.registry.start_job(batch, &principal, moment).expect("a job");
    (format!("{JOBS}/{}", job.id), work)
}

fn a_job_that_is_stopped_does_nothing_more(database: &Database) {
    let (served, operator) = country(database);
    let now = clock::now().to_string();
    let (place, work) = waiting(&served, &operator, &json!({"filter": {}}), &now);
    let stopped = served.request("DELETE", &place).token(&operator.token).send();
    assert_eq!(stopped.body["state"], "stopped", "{}", stopped.text);
    served.registry.work_on(work);
    let job = served.get(&place).token(&operator.token).send();
    assert_eq!((&job.body["state"], &job.body["done"]), (&json!("stopped"), &json!(0)));
    assert_eq!(job.body["outcome"], Value::Null);
    let items = served.get(&format!("{place}/items")).token(&operator.token).send();
    assert_eq!(items.body, json!({"items": [], "next": null}));
}

fn a_job_without_a_sign_of_life_is_lost(database: &Database) {
    let (served, operator) = country(database);
    let (place, work) = waiting(&served, &operator, &json!({"filter": {}}), "2026-11-20T00:00:00Z");
    let job = served.get(&place).token(&operator.token).send();
    assert_eq!(job.body["state"], "lost", "{}", job.text);
    // It was only slow: what it does counts.
    served.registry.work_on(work);
    assert_eq!(served.get(&place).token(&operator.token).send().body["state"], "done");
}

fn what_keeps_a_job_from_its_end_is_its_outcome(database: &Database) {
    let (served, operator) = country(database);
    let body = json!({"filter": {}, "policy": "none-such"});
    let started = served.post(JOBS).token(&operator.token).json(&body);
    let place = started.header("location").to_owned();
    let job = ended(&served, &operator.token, &place);
    assert_eq!(job.body["state"], "failed", "{}", job.text);
    assert_eq!(job.body["outcome"]["error"]["errors"][0]["code"], "unknown_policy");
}
