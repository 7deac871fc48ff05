//! The examples of the API document are real: this journey through every operation is sent to a new
//! registry, and what it answers is what `openapi/examples.json` holds and the document shows.
//!
//! After a change that is meant: `UPDATE_EXAMPLES=1 cargo test --test http examples`, then
//! `cargo run -- openapi > openapi/openapi.json`, and look at the difference.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use etalon::auth::key::Secret;
use etalon::{clock, http, ids};
use serde_json::{Value, json};

use crate::support::served::{Response, Served};
use crate::support::shown::Shown;
use crate::support::{Backend, Database};

const FILE: &str = "openapi/examples.json";

/// A journey, and what it has seen.
struct Journey<'s> {
    served: &'s Served,
    shown: Shown,
    examples: BTreeMap<String, Value>,
    token: String,
}

impl Journey<'_> {
    /// Sends a request for an operation, and keeps request and answer as they are shown.
    fn ask(&mut self, operation: &str, method: &str, path: &str, body: Option<&Value>) -> Response {
        let request = self.served.request(method, path).token(&self.token);
        let answer = match body {
            None => request.send(),
            Some(body) => request.json(body),
        };
        self.keep(operation, body, &answer);
        answer
    }

    fn get(&mut self, operation: &str, path: &str) -> Response {
        self.ask(operation, "GET", path, None)
    }

    /// Waits for a job to end, so that it is shown as it will stay.
    fn ended(&self, place: &str) {
        while self.served.get(place).token(&self.token).send().body["state"] == "running" {}
    }

    /// Creates a record; gives its path.
    fn create(&mut self, one: &str, many: &str, body: Value) -> Value {
        let made =
            self.ask(&format!("create_{one}"), "POST", &format!("/api/v1/{many}"), Some(&body));
        made.body["record"].clone()
    }

    /// What can be done with every record.
    fn rest(&mut self, one: &str, many: &str, record: &Value) {
        let place = format!("/api/v1/{many}/{}", record["id"].as_str().expect("an id"));
        self.get(&format!("get_{one}"), &place);
        self.amend(one, &place, record);
        self.get(&format!("list_{one}_versions"), &format!("{place}/versions"));
        let listed = if one == "programme" { "programmes" } else { many };
        self.get(&format!("list_{listed}"), &format!("/api/v1/{many}?limit=2"));
    }

    fn amend(&mut self, one: &str, place: &str, record: &Value) {
        let current = self.served.get(place).token(&self.token).send();
        let request = self.served.put(place).token(&self.token);
        let answer = request.header("If-Match", current.header("etag")).json(record);
        self.keep(&format!("amend_{one}"), Some(record), &answer);
    }

    fn keep(&mut self, operation: &str, body: Option<&Value>, answer: &Response) {
        assert!(answer.status < 300, "{operation}: {}", answer.text);
        let mut example = json!({});
        if let Some(body) = body {
            example["request"] = self.hidden(body);
        }
        if !answer.body.is_null() {
            example["response"] = self.hidden(&answer.body);
        }
        self.examples.insert(operation.to_owned(), example);
    }

    fn hidden(&mut self, value: &Value) -> Value {
        serde_json::from_str(&self.shown.hide(&value.to_string())).expect("still JSON")
    }
}

/// Through every operation, in the order in which an institute would meet them.
fn journey(served: &Served) -> BTreeMap<String, Value> {
    let mut shown = Shown::default();
    shown.is(&served.address.to_string(), "127.0.0.1:8080");
    let mut on = Journey { served, shown, examples: BTreeMap::new(), token: String::new() };
    let setup_key = Secret::set_up_key(ids::new_secret());
    served.registry.set_setup_key(&setup_key.digest(), clock::now()).expect("a set-up key");
    let body = json!({
        "setup_key": setup_key.expose(),
        "organisation": {
            "kind": "nmi", "country": "VN",
            "names": {"vi": "Viện Đo lường minh hoạ", "en": "Illustrative institute of metrology"},
        },
    });
    let set_up = served.post("/api/v1/setup").json(&body);
    on.keep("set_up", Some(&body), &set_up);
    let secret = set_up.body["secret"].as_str().expect("a key").to_owned();
    let form = format!("grant_type=client_credentials&client_secret={secret}");
    let token = served
        .post("/api/v1/auth/token")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form);
    on.keep("create_token", None, &token);
    on.token = token.body["access_token"].as_str().expect("a token").to_owned();
    on.get("get_jwks", "/.well-known/jwks.json");
    let institute = set_up.body["key"]["organisation"].clone();

    let laboratory = on.create(
        "organisation",
        "organisations",
        json!({
            "kind": "calibration_laboratory", "country": "VN",
            "names": {"vi": "Phòng hiệu chuẩn minh hoạ", "en": "Illustrative calibration laboratory"},
            "identifiers": [{"scheme": "vilas", "value": "VILAS 999"}],
        }),
    );
    on.rest("organisation", "organisations", &laboratory);
    let body = json!({
        "name": "LIMS", "organisation": laboratory["id"], "roles": ["submitter", "signatory"],
    });
    let key = on.ask("create_api_key", "POST", "/api/v1/api_keys", Some(&body));
    on.get("list_api_keys", "/api/v1/api_keys?limit=2");
    let place = format!("/api/v1/api_keys/{}", key.body["key"]["id"].as_str().expect("an id"));
    on.get("get_api_key", &place);
    on.ask("revoke_api_key", "DELETE", &place, None);
    let body = json!({
        "name": "Nguyễn Văn A", "organisation": laboratory["id"], "roles": ["submitter"],
        "issuer": "https://login.example.vn", "subject": "a.nguyen",
    });
    let member = on.ask("create_member", "POST", "/api/v1/members", Some(&body));
    on.get("list_members", "/api/v1/members?limit=2");
    served.get("/api/v1/api_keys").send().is_problem(401, "unauthenticated");
    on.get("list_refused_attempts", "/api/v1/refused_attempts?limit=2");
    let place = format!("/api/v1/members/{}", member.body["id"].as_str().expect("an id"));
    on.ask("revoke_member", "DELETE", &place, None);

    let body = on.create(
        "organisation",
        "organisations",
        json!({"kind": "accreditation_body", "country": "VN", "names": {"en": "Illustrative body"}}),
    );
    let membership = on.create(
        "membership",
        "memberships",
        json!({
            "organisation": body["id"], "arrangement": "ilac_mra", "scope": "calibration_17025",
            "role": "signatory", "valid_from": "2020-01-01",
        }),
    );
    on.rest("membership", "memberships", &membership);
    let accreditation = on.create(
        "accreditation",
        "accreditations",
        json!({
            "organisation": laboratory["id"], "accreditation_body": body["id"],
            "standard": "iso_iec_17025", "number": "VILAS 999", "granted_on": "2024-05-01",
            "valid_to": "2029-04-30",
        }),
    );
    on.rest("accreditation", "accreditations", &accreditation);
    let status = json!({"status": "active", "effective_from": "2024-05-01"});
    let place = format!("/api/v1/accreditations/{}/status", text(&accreditation["id"]));
    on.ask("append_accreditation_status", "POST", &place, Some(&status));
    let capability = on.create(
        "capability",
        "capabilities",
        json!({
            "publisher": "accreditation_scope", "organisation": laboratory["id"],
            "accreditation": accreditation["id"], "quantity_kind": "conventional_mass",
            "range": {"lower": "1", "upper": "1000", "unit": "g"},
            "uncertainty": {
                "expression": "constant", "mode": "absolute",
                "lower": "0.5", "upper": "0.5", "unit": "mg",
            },
        }),
    );
    on.rest("capability", "capabilities", &capability);
    let place = format!("/api/v1/capabilities/{}/status", text(&capability["id"]));
    on.ask("append_capability_status", "POST", &place, Some(&status));
    let document = on.create(
        "document",
        "documents",
        json!({
            "designation": "ĐLVN 99:2002", "kind": "dlvn",
            "titles": {"vi": "Quả cân - Quy trình hiệu chuẩn"},
        }),
    );
    on.rest("document", "documents", &document);

    let realisation = on.create(
        "realisation",
        "realisations",
        json!({
            "kind": "nmi_primary_realisation", "organisation": institute, "quantity_kind": "mass",
            "standard_uncertainty": {"value": "10", "unit": "ug", "mode": "absolute"},
        }),
    );
    on.rest("realisation", "realisations", &realisation);
    let national = on.create(
        "measurement_standard",
        "measurement_standards",
        json!({
            "owner": institute, "code": "N-1KG", "legal_level": "national", "type": "weight",
            "nominal": {"value": "1", "unit": "kg"}, "quantity_kinds": ["conventional_mass"],
        }),
    );
    let recognition = on.create(
        "legal_recognition",
        "legal_recognitions",
        json!({
            "kind": "national_standard_approval", "standard": national["id"],
            "organisation": institute, "decision_number": "999/QĐ", "decided_on": "2020-03-01",
        }),
    );
    on.rest("legal_recognition", "legal_recognitions", &recognition);
    let place = format!("/api/v1/legal_recognitions/{}/status", text(&recognition["id"]));
    on.ask("append_legal_recognition_status", "POST", &place, Some(&status));
    let above = on.create(
        "calibration",
        "calibrations",
        json!({
            "kind": "calibration", "issuer": institute, "number": "N-1", "item": national["id"],
            "performed_from": "2025-06-02", "performed_to": "2025-06-04", "issued_on": "2025-06-06",
            "results": [{
                "id": "r1", "quantity_kind": "conventional_mass",
                "point": {"value": "1", "unit": "kg"}, "value": "1.00000002", "unit": "kg",
                "uncertainty": {
                    "value": "0.05", "unit": "mg", "kind": "expanded", "coverage_factor": "2",
                },
            }],
            "references": [{"realisation": realisation["id"], "for_results": ["r1"]}],
        }),
    );
    let standard = on.create(
        "measurement_standard",
        "measurement_standards",
        json!({
            "owner": laboratory["id"], "code": "W-1KG-07", "legal_level": "working",
            "type": "weight", "names": {"vi": "Quả cân 1 kg", "en": "1 kg weight"},
            "serial_number": "SN-0042", "nominal": {"value": "1", "unit": "kg"},
            "quantity_kinds": ["conventional_mass"],
        }),
    );
    on.rest("measurement_standard", "measurement_standards", &standard);
    let of_standard = format!("/api/v1/measurement_standards/{}", text(&standard["id"]));
    let event = json!({"kind": "intermediate_check", "on": "2026-03-02", "within_limits": true});
    let place = format!("{of_standard}/events");
    on.ask("append_measurement_standard_event", "POST", &place, Some(&event));
    let certificate = on.create(
        "calibration",
        "calibrations",
        json!({
            "kind": "calibration", "issuer": institute, "number": "VMI-M-2026-017",
            "item": standard["id"],
            "performed_from": "2026-02-10", "performed_to": "2026-02-11",
            "issued_on": "2026-02-12", "due_on": "2027-02-11",
            "results": [{
                "id": "r1", "quantity_kind": "conventional_mass",
                "point": {"value": "1", "unit": "kg"}, "value": "1.0000003", "unit": "kg",
                "uncertainty": {
                    "value": "0.3", "unit": "mg", "kind": "expanded", "coverage_factor": "2",
                },
            }],
            "references": [{
                "standard": national["id"], "calibration": above["id"], "result": "r1",
                "for_results": ["r1"],
            }],
        }),
    );
    on.rest("calibration", "calibrations", &certificate);
    let place = format!("/api/v1/calibrations/{}/status", text(&certificate["id"]));
    let issued = json!({"status": "issued", "effective_from": "2026-02-12"});
    on.ask("append_calibration_status", "POST", &place, Some(&issued));
    let place = format!("/api/v1/certificate_checks?code={}", text(&certificate["code"]));
    on.get("check_certificate", &place);

    let claim = json!({
        "standard": standard["id"], "quantity_kind": "conventional_mass",
        "point": {"value": "1", "unit": "kg"}, "used_on": "2026-11-01",
    });
    let report = on.ask("create_verification", "POST", "/api/v1/verifications", Some(&claim));
    let place = format!("/api/v1/verifications/{}", text(&report.body["id"]));
    on.get("get_verification", &place);
    on.get("rerun_verification", &format!("{place}/rerun"));
    let batch = json!({"claims": [claim], "policy": "vn-2026"});
    on.ask("create_verification_batch", "POST", "/api/v1/verifications/batch", Some(&batch));
    let job = on.ask("create_verification_job", "POST", "/api/v1/verification_jobs", Some(&batch));
    let of_job = format!("/api/v1/verification_jobs/{}", text(&job.body["id"]));
    on.ended(&of_job);
    on.get("get_verification_job", &of_job);
    on.get("list_verification_job_items", &format!("{of_job}/items"));
    on.ask("stop_verification_job", "DELETE", &of_job, None);
    on.get("list_verifications", "/api/v1/verifications?limit=2");
    on.get(
        "get_measurement_standard_traceability",
        &format!("{of_standard}/traceability?used_on=2026-11-01"),
    );
    on.get("get_measurement_standard_lineage", &format!("{of_standard}/lineage"));
    let of_national = format!("/api/v1/measurement_standards/{}", text(&national["id"]));
    on.get("get_measurement_standard_descendants", &format!("{of_national}/descendants"));

    let question = json!({
        "subject": {"kind": "calibration", "id": above["id"]}, "window_to": "2026-10-01",
        "shift": {"value": "0.02", "unit": "mg"},
    });
    on.ask("ask_impact", "POST", "/api/v1/impact", Some(&question));

    let comparison = on.create(
        "comparison",
        "comparisons",
        json!({
            "code": "APMP.M.M-S99", "kind": "supplementary", "area": "M", "pilot": institute,
            "quantity_kind": "mass", "status": "planned",
        }),
    );
    on.rest("comparison", "comparisons", &comparison);
    let case = on.create(
        "nonconformity",
        "nonconformities",
        json!({
            "subject": national["id"], "detected_on": "2026-10-01", "status": "open",
            "window_from": "2026-03-01", "window_to": "2026-09-30",
        }),
    );
    on.rest("nonconformity", "nonconformities", &case);
    let body = json!({"name": "signatory", "organisation": institute, "roles": ["signatory"]});
    let signatory = served.post("/api/v1/api_keys").token(&on.token).json(&body);
    let signatory = served.token(signatory.body["secret"].as_str().expect("a key"));
    let operator = std::mem::replace(&mut on.token, signatory);
    let current = served.get(&format!("/api/v1/calibrations/{}", text(&above["id"])));
    let current = current.token(&on.token).send();
    let said = on.create(
        "attestation",
        "attestations",
        json!({
            "record": above["id"], "version": current.body["version"], "statement": "confirmed",
            "by": institute,
        }),
    );
    on.token = operator;
    let place = format!("/api/v1/attestations/{}", text(&said["id"]));
    on.get("get_attestation", &place);
    on.get("list_attestations", "/api/v1/attestations?limit=2");
    let programme = on.create(
        "programme",
        "programme",
        json!({
            "targets": [{
                "indicator": "national_standards", "value": "30", "comparator": "at_least",
                "year": 2030,
            }],
        }),
    );
    on.rest("programme", "programme", &programme);
    let bundle = json!({
        "format": "etalon-bundle/1", "source": "lims",
        "records": {"documents": [{"id": "_:d1", "designation": "TCVN 6165:2009"}]},
    });
    on.ask("create_import", "POST", "/api/v1/imports", Some(&bundle));
    on.get("list_log_entries", "/api/v1/log?after=1&limit=2");
    on.get("get_log_entry", "/api/v1/log/2");
    for (operation, path) in [
        ("list_quantity_kinds", "/api/v1/quantity_kinds"),
        ("list_rules", "/api/v1/rules"),
        ("list_policies", "/api/v1/policies"),
    ] {
        on.get(operation, path);
        // Long lists are shown by their beginning.
        if let Some(Value::Array(items)) = on
            .examples
            .get_mut(operation)
            .and_then(|example| example.pointer_mut("/response/items"))
        {
            items.truncate(2);
        }
    }
    on.get("get_rule", "/api/v1/rules/T-02");
    let mut policy = crate::support::records::policy("vn-2027", "1");
    policy["rules"] = json!({
        "T-03": {
            "severity": "minor",
            "reason": {"vi": "trong thời gian chuyển tiếp", "en": "while in transition"},
        },
    });
    on.ask("create_policy", "POST", "/api/v1/policies", Some(&policy));
    on.get("get_policy", "/api/v1/policies/vn-2027");
    policy["version"] = "2".into();
    on.amend("policy", "/api/v1/policies/vn-2027", &policy);
    on.get("list_policy_versions", "/api/v1/policies/vn-2027/versions");
    on.get("list_units", "/api/v1/units?code=mg");
    on.get("convert_units", "/api/v1/units/convert?value=5&from=kgf/cm2&to=kPa");
    on.get("get_health", "/healthz");
    on.get("get_readiness", "/readyz");
    on.get("get_version", "/version");
    on.examples
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// Operations of which nothing is shown: the document itself, and texts that are no JSON.
const NOT_SHOWN: [&str; 3] = ["get_openapi", "get_metrics", "get_problem"];

#[test]
fn the_examples_are_what_the_service_answers() {
    let database = Database::on(Backend::Sqlite).expect("SQLite is always there");
    let served = Served::new(&database);
    let seen = journey(&served);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    #[expect(clippy::disallowed_methods, reason = "a switch for whoever works on this test")]
    let update = std::env::var_os("UPDATE_EXAMPLES").is_some();
    if update {
        let text = serde_json::to_string_pretty(&seen).expect("JSON") + "\n";
        std::fs::write(&path, text).expect("written");
        return;
    }
    let kept = std::fs::read_to_string(&path).expect(FILE);
    let kept: BTreeMap<String, Value> = serde_json::from_str(&kept).expect("JSON");
    for (operation, example) in &seen {
        assert_eq!(Some(example), kept.get(operation), "{operation}: {FILE} (right) is stale");
    }
    assert_eq!(seen.len(), kept.len(), "{FILE} has examples that the journey does not meet");
    // Every operation of the document is met.
    let document: Value = serde_json::from_str(&http::document()).expect("JSON");
    let operations: BTreeSet<String> = crate::document::operations(&document)
        .into_iter()
        .map(|operation| operation.id)
        .filter(|id| !NOT_SHOWN.contains(&id.as_str()))
        .collect();
    assert_eq!(operations, seen.into_keys().collect());
}
