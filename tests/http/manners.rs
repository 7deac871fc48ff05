//! What good APIs do whatever is asked of them: methods, forms, languages, tags, retries, ids of
//! requests, and problems that can be read.

use serde_json::{Value, json};

use crate::support::Database;
use crate::support::records::{certificate, standard};
use crate::support::served::{Served, id_of};

crate::support::both!(
    a_path_says_which_methods_it_has,
    head_is_get_without_a_body,
    the_client_chooses_form_and_language,
    every_answer_names_its_request,
    long_answers_are_compressed_for_those_who_ask,
    an_unchanged_answer_is_not_sent_again,
    a_repeated_request_is_done_once,
    a_reused_key_is_refused,
    a_reply_that_was_not_kept_left_nothing,
    a_problem_leads_to_its_page,
    requests_of_one_key_at_once_are_done_once,
);

fn a_path_says_which_methods_it_has(database: &Database) {
    let served = Served::new(database);
    let refused = served.request("DELETE", "/api/v1/organisations").send();
    refused.is_problem(405, "method_not_allowed");
    assert_eq!(refused.header("allow"), "GET, HEAD, POST, OPTIONS");
    let refused = served.request("PATCH", "/healthz").send();
    refused.is_problem(405, "method_not_allowed");
    assert_eq!(refused.header("allow"), "GET, HEAD, OPTIONS");
    let options = served.request("OPTIONS", "/api/v1/verifications").send();
    assert_eq!((options.status, options.header("allow")), (204, "GET, HEAD, POST, OPTIONS"));
}

fn head_is_get_without_a_body(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let path = format!("/api/v1/organisations/{}", operator.id);
    let head = served.request("HEAD", &path).send();
    let get = served.get(&path).send();
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    for name in ["etag", "log-index", "content-type", "content-length"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
    assert_eq!(served.request("HEAD", "/api/v1/nothing").send().status, 404);
}

fn the_client_chooses_form_and_language(database: &Database) {
    let served = Served::new(database);
    let refused = served.get("/api/v1/organisations").header("Accept", "text/html").send();
    refused.is_problem(406, "not_acceptable");
    assert!(refused.body["detail"].as_str().is_some_and(|it| it.contains("application/x-ndjson")));
    let any = served.get("/api/v1/organisations").header("Accept", "text/html, */*;q=0.1").send();
    assert_eq!(any.status, 200);
    let vietnamese =
        served.get("/api/v1/nothing").header("Accept-Language", "vi-VN, en;q=0.5").send();
    vietnamese.is_problem(404, "not_found");
    assert_eq!(vietnamese.header("content-language"), "vi");
    assert_eq!(vietnamese.body["title"], "Không có gì ở đường dẫn này");
    let english = served.get("/api/v1/nothing").send();
    assert_eq!(english.header("content-language"), "en");
    // Faults of a body, too.
    let operator = served.operator();
    let refused = served
        .post("/api/v1/organisations")
        .token(&operator.token)
        .header("Accept-Language", "vi")
        .json(&json!({}));
    assert_eq!(refused.body["errors"][0]["detail"], "thiếu trường bắt buộc “kind”");
}

fn every_answer_names_its_request(database: &Database) {
    let served = Served::new(database);
    let given = served.get("/healthz").header("X-Request-Id", "trace-1").send();
    assert_eq!(given.header("x-request-id"), "trace-1");
    let made = served.get("/healthz").header("X-Request-Id", "a b\"c").send();
    assert_ne!(made.header("x-request-id"), "a b\"c");
    let another = served.get("/healthz").send();
    assert_ne!(made.header("x-request-id"), another.header("x-request-id"));
    assert_eq!(another.header("x-content-type-options"), "nosniff");
}

fn long_answers_are_compressed_for_those_who_ask(database: &Database) {
    let served = Served::new(database);
    let plain = served.get("/api/v1/openapi.json").send();
    assert!(plain.headers.get("content-encoding").is_none());
    let raw = served.get("/api/v1/openapi.json").header("Accept-Encoding", "gzip").raw();
    assert_eq!(raw.headers.get("content-encoding").map(|it| it.as_bytes()), Some(&b"gzip"[..]));
    assert!(raw.bytes.len() < plain.text.len() / 4, "{} bytes", raw.bytes.len());
    // Nobody is refused for what they would rather have.
    let odd = served.get("/healthz").header("Accept-Encoding", "br;q=1, identity;q=0").raw();
    assert!(odd.status == 200 || odd.status == 406, "{}", odd.status);
}

fn an_unchanged_answer_is_not_sent_again(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    for path in ["/api/v1/organisations", "/api/v1/rules", "/api/v1/openapi.json"] {
        let first = served.get(path).send();
        let tag = first.header("etag").to_owned();
        let again = served.get(path).header("If-None-Match", &tag).send();
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{path}");
        assert_eq!(again.header("etag"), tag);
        let several = format!("\"other\", {tag}");
        assert_eq!(served.get(path).header("If-None-Match", &several).send().status, 304);
        let other = served.get(path).header("If-None-Match", "\"other\"").send();
        assert_eq!(other.status, 200);
    }
    // After a write the list is another.
    let tag = served.get("/api/v1/organisations").send().header("etag").to_owned();
    served.party(&operator, "enterprise", &["submitter"]);
    let after = served.get("/api/v1/organisations").header("If-None-Match", &tag).send();
    assert_eq!(after.status, 200);
    // What one may see is no tag of another.
    let own = served.get("/api/v1/organisations").token(&operator.token).send();
    assert_ne!(own.header("etag"), served.get("/api/v1/organisations").send().header("etag"));
}

fn a_repeated_request_is_done_once(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let body = json!({"kind": "enterprise", "names": {"en": "Once"}});
    let post = |key: &str| {
        served
            .post("/api/v1/organisations")
            .token(&operator.token)
            .header("Idempotency-Key", key)
            .json(&body)
    };
    let first = post("one");
    assert_eq!(first.status, 201, "{}", first.text);
    assert!(first.headers.get("idempotent-replayed").is_none());
    let head = served.registry.head().expect("a head").log_index;
    let again = post("one");
    assert_eq!((again.status, &again.text), (201, &first.text));
    assert_eq!(again.header("idempotent-replayed"), "true");
    for name in ["etag", "location", "log-index"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    assert_eq!(served.registry.head().expect("a head").log_index, head);
    assert_ne!(post("two").text, first.text);
}

fn a_reused_key_is_refused(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory = served.party(&operator, "calibration_laboratory", &["submitter"]);
    let post = |token: &str, body: &Value, path: &str| {
        served.post(path).token(token).header("Idempotency-Key", "k").json(body)
    };
    let body = json!({"kind": "enterprise", "names": {"en": "One"}});
    assert_eq!(post(&operator.token, &body, "/api/v1/organisations").status, 201);
    let other = json!({"kind": "enterprise", "names": {"en": "Other"}});
    post(&operator.token, &other, "/api/v1/organisations")
        .is_problem(422, "idempotency_key_reused");
    // Of somebody else, and for another path, it is another key.
    let own = standard(&laboratory.id, "W-1");
    assert_eq!(post(&laboratory.token, &own, "/api/v1/measurement_standards").status, 201);
    let body = json!({"designation": "TCVN 1"});
    assert_eq!(post(&operator.token, &body, "/api/v1/documents").status, 201);
}

fn a_reply_that_was_not_kept_left_nothing(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let post = |body: &Value| {
        served
            .post("/api/v1/organisations")
            .token(&operator.token)
            .header("Idempotency-Key", "k")
            .json(body)
    };
    let head = served.registry.head().expect("a head");
    post(&json!({"kind": "enterprise"})).is_problem(422, "invalid_body");
    assert_eq!(served.registry.head().expect("a head"), head);
    // A refusal keeps no key: the request may come again, mended.
    assert_eq!(post(&json!({"kind": "enterprise", "names": {"en": "Mended"}})).status, 201);
}

fn requests_of_one_key_at_once_are_done_once(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory = served.party(&operator, "calibration_laboratory", &["submitter", "signatory"]);
    let item = served
        .post("/api/v1/measurement_standards")
        .token(&laboratory.token)
        .json(&standard(&laboratory.id, "W-1"));
    let body = certificate(&laboratory.id, &id_of(&item.body["record"]["id"]), "1");
    let texts: Vec<String> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let made = served
                        .post("/api/v1/calibrations")
                        .token(&laboratory.token)
                        .header("Idempotency-Key", "same")
                        .json(&body);
                    assert_eq!(made.status, 201, "{}", made.text);
                    made.text
                })
            })
            .collect();
        senders.into_iter().map(|sender| sender.join().expect("a sender")).collect()
    });
    assert!(texts.iter().all(|text| *text == texts[0]));
    let page = served.get("/api/v1/calibrations").token(&laboratory.token).send();
    assert_eq!(page.body["items"].as_array().map(Vec::len), Some(1));
}

fn a_problem_leads_to_its_page(database: &Database) {
    let served = Served::new(database);
    let problem = served.get("/api/v1/nothing").send();
    let place = problem.body["type"].as_str().expect("a type").to_owned();
    let path = place.strip_prefix(&format!("http://{}", served.address)).expect("our address");
    let page = served.get(path).send();
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.text.contains("There is nothing at this path"), "{}", page.text);
    assert!(page.text.contains("Không có gì ở đường dẫn này"), "{}", page.text);
    served.get("/problems/no_such_code").send().is_problem(404, "not_found");
}
