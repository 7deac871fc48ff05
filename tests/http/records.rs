//! Records over HTTP: written, read, listed, amended, and found as they were at any time.

use serde_json::{Value, json};

use crate::support::Database;
use crate::support::records::{certificate, certificate_from, standard, with};
use crate::support::served::{Served, id_of};

crate::support::both!(
    a_record_goes_in_and_comes_out,
    an_amendment_names_the_version_it_was_made_from,
    a_status_is_appended_and_history_stays,
    a_list_keeps_its_state_while_others_write,
    filters_and_words_find_records,
    lines_give_every_page_in_one_answer,
    what_was_known_is_found_again,
    a_certificate_keeps_its_code,
    evidence_follows_from_who_writes,
    a_certificate_is_given_as_a_dcc,
);

fn a_record_goes_in_and_comes_out(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory = served.party(&operator, "calibration_laboratory", &["submitter"]);
    let body = standard(&laboratory.id, "W-1");
    let made = served.post("/api/v1/measurement_standards").token(&laboratory.token).json(&body);
    assert_eq!(made.status, 201, "{}", made.text);
    let record = &made.body["record"];
    assert_eq!((&record["code"], &record["version"]), (&json!("W-1"), &json!(1)));
    assert_eq!(made.header("etag"), "\"1\"");
    assert_eq!(made.header("log-index"), record["log_index"].to_string());
    let actor = record["recorded_by"].as_str().expect("an actor");
    assert!(actor.starts_with("key:") && !actor.contains(laboratory.id.as_str()), "{actor}");
    assert_eq!(made.body["warnings"], json!([]));
    // What Location names is the record itself.
    let place = made.header("location").to_owned();
    let read = served.get(&place).token(&laboratory.token).send();
    assert_eq!((read.status, &read.body), (200, record));
    assert_eq!(read.header("etag"), "\"1\"");
    let held = served.get(&place).token(&laboratory.token).header("If-None-Match", "\"1\"").send();
    assert_eq!((held.status, held.text.as_str()), (304, ""));
    // And it is what the registry holds.
    let id = id_of(&record["id"]);
    let head = served.registry.head().expect("a head").log_index;
    let kept = served.registry.store().get(&id, head).expect("an answer").expect("a record");
    assert_eq!(kept.actor, actor);
}

fn an_amendment_names_the_version_it_was_made_from(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory = served.party(&operator, "calibration_laboratory", &["submitter"]);
    let body = standard(&laboratory.id, "W-1");
    let made = served.post("/api/v1/measurement_standards").token(&laboratory.token).json(&body);
    let place = made.header("location").to_owned();
    let put = |tag: &str, body: &Value| {
        served.put(&place).token(&laboratory.token).header("If-Match", tag).json(body)
    };
    // What was read goes back with a change; what the service adds is ignored.
    let changed = with(made.body["record"].clone(), json!({"code": "W-2"}));
    let amended = put("\"1\"", &changed);
    assert_eq!(amended.status, 200, "{}", amended.text);
    assert_eq!(amended.header("etag"), "\"2\"");
    assert_eq!(amended.body["record"]["code"], "W-2");
    put("\"1\"", &changed).is_problem(412, "stale");
    put("W/\"2\"", &changed).is_problem(412, "stale");
    put("*", &changed).is_problem(412, "stale");
    let without = served.put(&place).token(&laboratory.token).json(&changed);
    without.is_problem(428, "if_match_required");
    let versions = served.get(&format!("{place}/versions")).token(&laboratory.token).send();
    let codes: Vec<&str> = versions.body["items"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|item| item["code"].as_str())
        .collect();
    assert_eq!(codes, ["W-1", "W-2"]);
}

fn a_status_is_appended_and_history_stays(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory = served.party(&operator, "calibration_laboratory", &["submitter", "signatory"]);
    let token = &laboratory.token;
    let item = served
        .post("/api/v1/measurement_standards")
        .token(token)
        .json(&standard(&laboratory.id, "W-1"));
    let body = certificate(&laboratory.id, &id_of(&item.body["record"]["id"]), "1/2026");
    let made = served.post("/api/v1/calibrations").token(token).json(&body);
    assert_eq!(made.status, 201, "{}", made.text);
    let place = made.header("location").to_owned();
    let entry =
        json!({"status": "withdrawn", "effective_from": "2026-11-01", "reason": "mixed up"});
    let appended = served.post(&format!("{place}/status")).token(token).json(&entry);
    assert_eq!(appended.status, 201, "{}", appended.text);
    let history = &appended.body["record"]["status_history"];
    assert_eq!(history[0]["status"], "withdrawn");
    assert!(history[0]["recorded_at"].is_string(), "{history}");
    // No amendment rewrites it.
    let rewritten = with(made.body["record"].clone(), json!({"status_history": []}));
    let refused = served.put(&place).token(token).header("If-Match", "\"2\"").json(&rewritten);
    refused.is_problem(422, "invalid_body");
    assert_eq!(refused.errors()[0].0, "history_changed");
    // A fault of an entry is named by its place in the entry.
    let bad = json!({"status": "lost", "effective_from": "2026-11-01"});
    let refused = served.post(&format!("{place}/status")).token(token).json(&bad);
    assert_eq!(refused.errors(), [("unknown_value", "/status")]);
    // An event of a standard goes the same way.
    let place = item.header("location").to_owned();
    let event = json!({"kind": "repair", "on": "2026-11-02"});
    let appended = served.post(&format!("{place}/events")).token(token).json(&event);
    assert_eq!(appended.status, 201, "{}", appended.text);
    assert_eq!(appended.body["record"]["events"][0]["kind"], "repair");
}

fn a_list_keeps_its_state_while_others_write(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let create = |name: &str| {
        let body = json!({"kind": "enterprise", "names": {"en": name}});
        let made = served.post("/api/v1/organisations").token(&operator.token).json(&body);
        assert_eq!(made.status, 201, "{}", made.text);
    };
    (0..5).for_each(|number| create(&format!("first {number}")));
    let list = "/api/v1/organisations?kind=enterprise&limit=2";
    let first = served.get(list).send();
    let (index, cursor) = (first.header("log-index").to_owned(), next(&first.body));
    create("late");
    let mut names = names_of(&first.body);
    let mut cursor = Some(cursor);
    while let Some(at) = cursor {
        let page = served.get(&format!("{list}&cursor={at}")).send();
        assert_eq!(page.status, 200, "{}", page.text);
        assert_eq!(page.header("log-index"), index);
        names.extend(names_of(&page.body));
        cursor = page.body["next_cursor"].as_str().map(str::to_owned);
    }
    let expected: Vec<String> = (0..5).map(|number| format!("first {number}")).collect();
    assert_eq!(names, expected);
    let cursor = next(&first.body);
    let other = format!("/api/v1/organisations?kind=nmi&limit=2&cursor={cursor}");
    let refused = served.get(&other).send();
    refused.is_problem(400, "invalid_parameter");
    assert_eq!(refused.errors(), [("cursor_of_another_list", "/cursor")]);
}

fn next(page: &Value) -> String {
    page["next_cursor"].as_str().expect("a next page").to_owned()
}

fn names_of(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("a list");
    items.iter().map(|item| item["names"]["en"].as_str().unwrap_or_default().to_owned()).collect()
}

fn filters_and_words_find_records(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    for (kind, name) in [("enterprise", "Công ty Đo lường"), ("manufacturer", "Công ty Cân")]
    {
        let body = json!({"kind": kind, "names": {"vi": name}, "country": "VN"});
        let made = served.post("/api/v1/organisations").token(&operator.token).json(&body);
        assert_eq!(made.status, 201, "{}", made.text);
    }
    for (query, expected) in [
        ("q=do%20luong", 1),
        ("q=%C4%91o+l%C6%B0%E1%BB%9Dng", 1),
        ("q=cong", 2),
        ("q=cong&kind=manufacturer", 1),
        ("country=VN&kind=manufacturer", 1),
        ("q=khong-co", 0),
    ] {
        let page = served.get(&format!("/api/v1/organisations?{query}")).send();
        let found = page.body["items"].as_array().map(Vec::len);
        assert_eq!(found, Some(expected), "{query}: {}", page.text);
    }
}

fn lines_give_every_page_in_one_answer(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    for number in 0..205 {
        let body = json!({"designation": format!("TCVN {number}")});
        served
            .registry
            .create(
                etalon::domain::records::CollectionName::Documents,
                body,
                &crate::support::records::author(),
            )
            .expect("a document");
    }
    let lines = served.get("/api/v1/documents").header("Accept", "application/x-ndjson").send();
    assert_eq!((lines.status, lines.header("content-type")), (200, "application/x-ndjson"));
    let records: Vec<Value> =
        lines.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(records.len(), 205);
    // The same as the pages.
    let page = served.get("/api/v1/documents?limit=200").token(&operator.token).send();
    assert_eq!(page.body["items"].as_array().map(Vec::as_slice), Some(&records[..200]));
    // And as a table, which changes nothing when it comes back.
    let table = served.get("/api/v1/documents").header("Accept", "text/csv").send();
    assert_eq!(table.status, 200, "{}", table.text);
    assert!(table.header("content-type").starts_with("text/csv"));
    assert_eq!(table.text.lines().count(), 206);
    assert!(table.text.starts_with("Documents,designation,version\r\n"), "{}", table.text);
    let again = served.post("/api/v1/imports").token(&operator.token);
    let again = again.header("Content-Type", "text/csv").body(table.text.clone());
    assert_eq!((again.status, &again.body["unchanged"]), (200, &json!(205)), "{}", again.text);
    let media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let listed = served.get("/api/v1/documents").header("Accept", media).raw();
    assert_eq!(
        (listed.status, &listed.headers["content-type"]),
        (200, &media.parse().expect("one"))
    );
    let workbook = listed.bytes;
    let again = served.post("/api/v1/imports").token(&operator.token);
    let again = again.header("Content-Type", media).body(workbook.clone());
    assert_eq!((again.status, &again.body["unchanged"]), (200, &json!(205)), "{}", again.text);
    let cut = served.post("/api/v1/imports").token(&operator.token).header("Content-Type", media);
    cut.body(&workbook[..workbook.len() / 2]).is_problem(422, "invalid_body");
}

fn what_was_known_is_found_again(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let body = json!({"kind": "enterprise", "names": {"en": "before"}});
    let made = served.post("/api/v1/organisations").token(&operator.token).json(&body);
    let place = made.header("location").to_owned();
    let (index, instant) =
        (made.header("log-index").to_owned(), made.body["record"]["recorded_at"].clone());
    let changed = with(made.body["record"].clone(), json!({"names": {"en": "after"}}));
    let amended =
        served.put(&place).token(&operator.token).header("If-Match", "\"1\"").json(&changed);
    assert_eq!(amended.status, 200, "{}", amended.text);
    for known_at in [index.as_str(), instant.as_str().expect("an instant")] {
        let then = served.get(&format!("{place}?known_at={known_at}")).send();
        assert_eq!(then.body["names"]["en"], "before", "{known_at}: {}", then.text);
        assert_eq!((then.header("etag"), then.header("log-index")), ("\"1\"", index.as_str()));
    }
    assert_eq!(served.get(&place).send().body["names"]["en"], "after");
    let head = amended.header("log-index");
    let ok = served.get(&place).header("At-Least-Log-Index", head).send();
    assert_eq!(ok.status, 200, "{}", ok.text);
    let later = served.get(&place).header("At-Least-Log-Index", "1000000").send();
    later.is_problem(412, "log_index_not_reached");
    assert_eq!(later.header("log-index"), head);
}

fn a_certificate_keeps_its_code(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory = served.party(&operator, "calibration_laboratory", &["submitter", "signatory"]);
    let token = &laboratory.token;
    let item = served
        .post("/api/v1/measurement_standards")
        .token(token)
        .json(&standard(&laboratory.id, "W-1"));
    let body = certificate(&laboratory.id, &id_of(&item.body["record"]["id"]), "1/2026");
    let body = with(body, json!({"code": "ET-MINE-MINE-MINE"}));
    let made = served.post("/api/v1/calibrations").token(token).json(&body);
    let code = made.body["record"]["code"].clone();
    assert_ne!(code, "ET-MINE-MINE-MINE");
    let place = made.header("location").to_owned();
    let changed = with(body, json!({"signatory": "N. V. A."}));
    let amended = served.put(&place).token(token).header("If-Match", "\"1\"").json(&changed);
    assert_eq!(amended.body["record"]["code"], code, "{}", amended.text);
}

fn evidence_follows_from_who_writes(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let issuer = served.party(&operator, "calibration_laboratory", &["signatory"]);
    let owner = served.party(&operator, "calibration_laboratory", &["submitter"]);
    let item = served
        .post("/api/v1/measurement_standards")
        .token(&owner.token)
        .json(&with(standard(&owner.id, "W-1"), json!({"evidence_level": "registry_synced"})));
    assert_eq!(item.body["record"]["evidence_level"], "self_declared", "{}", item.text);
    let item = id_of(&item.body["record"]["id"]);
    let write = |token: &str, body: &Value| {
        let made = served.post("/api/v1/calibrations").token(token).json(body);
        assert_eq!(made.status, 201, "{}", made.text);
        made.body["record"]["evidence_level"].as_str().unwrap_or_default().to_owned()
    };
    let claimed = json!({"evidence_level": "issuer_confirmed"});
    let body = with(certificate(&issuer.id, &item, "1"), claimed.clone());
    assert_eq!(write(&issuer.token, &body), "issuer_confirmed");
    let typed = with(certificate(&issuer.id, &item, "2"), claimed);
    assert_eq!(write(&owner.token, &typed), "self_declared");
    let document = json!({"document": {"media_type": "application/pdf", "sha256": "0".repeat(64)}});
    let uploaded = with(certificate(&issuer.id, &item, "3"), document);
    assert_eq!(write(&owner.token, &uploaded), "document_uploaded");
    // An operator says how well what it takes from elsewhere is evidenced.
    let synced = json!({"evidence_level": "registry_synced", "synced_at": "2026-11-01T00:00:00Z"});
    let synced = with(certificate(&issuer.id, &item, "4"), synced);
    assert_eq!(write(&operator.token, &synced), "registry_synced");
}

fn a_certificate_is_given_as_a_dcc(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let roles = ["submitter", "signatory"];
    let laboratory = served.party(&operator, "calibration_laboratory", &roles);
    let customer = served.party(&operator, "calibration_laboratory", &["submitter"]);
    let stranger = served.party(&operator, "calibration_laboratory", &["submitter"]);
    let post = |place: &str, token: &str, body: &Value| {
        let made = served.post(&format!("/api/v1/{place}")).token(token).json(body);
        assert_eq!(made.status, 201, "{}", made.text);
        id_of(&made.body["record"]["id"])
    };
    let own = post("measurement_standards", &laboratory.token, &standard(&laboratory.id, "E2-1"));
    let item = post("measurement_standards", &customer.token, &standard(&customer.id, "W-1"));
    let above = certificate(&laboratory.id, &own, "1/2025");
    let above = post("calibrations", &laboratory.token, &above);
    let below = certificate_from(&laboratory.id, &item, "1/2026", &[(&own, &above)]);
    let below = post("calibrations", &laboratory.token, &below);
    let asked = |token: &str, id: &etalon::domain::id::Id| {
        let request = served.get(&format!("/api/v1/calibrations/{id}")).token(token);
        request.header("Accept", "application/dcc+xml").send()
    };
    // The issuer gets it, with the customer's item.
    let given = asked(&laboratory.token, &below);
    assert_eq!(given.status, 200, "{}", given.text);
    assert!(given.header("content-type").starts_with("application/dcc+xml"));
    for part in ["<dcc:uniqueIdentifier>1/2026<", "<dcc:referralID>1/2025<", item.as_str()] {
        assert!(given.text.contains(part), "{part}: {}", given.text);
    }
    let cited = asked(&laboratory.token, &above);
    let digest = etalon::domain::log::Digest::of(&[cited.text.as_bytes()]).to_string();
    assert!(given.text.contains(&format!("<dcc:value>{digest}<")), "{}", given.text);
    let place = format!("/api/v1/calibrations/{below}");
    let held = served.get(&place).token(&laboratory.token).header("Accept", "application/dcc+xml");
    assert_eq!(held.header("If-None-Match", given.header("etag")).send().status, 304);
    // The customer sees the certificate and not what it was made with: not in part either.
    asked(&customer.token, &below).is_problem(406, "not_acceptable");
    asked(&stranger.token, &below).is_problem(404, "unknown_record");
    // Sent back, it says nothing new.
    let imported = served
        .post("/api/v1/imports")
        .token(&laboratory.token)
        .header("Content-Type", "application/xml")
        .body(given.text.clone());
    assert_eq!(imported.status, 200, "{}", imported.text);
    assert_eq!(imported.body["unchanged"], 1, "{}", imported.text);
}
