//! The ways in: the set-up of an empty registry, tokens for keys, the keys and members of
//! organisations. What their roles allow does not live here (`authorisation`).

use std::collections::BTreeSet;
use std::time::Duration;

use etalon::app::keys::{ApiKey, subject_of_key};
use etalon::auth::key::Secret;
use etalon::auth::token::{Issuer, SigningKey, TrustedIssuer};
use etalon::clock;
use etalon::domain::id::Id;
use etalon::domain::identity::{Role, Scopes};
use etalon::domain::records::CollectionName;
use etalon::ids;
use etalon::store::StoreError;
use serde_json::{Value, json};

use crate::support::Database;
use crate::support::records::{created, instant, organisation, with};
use crate::support::served::{Party, Response, Served, id_of};

crate::support::both!(
    a_registry_is_set_up_once,
    a_set_up_that_is_refused_leaves_the_key_good,
    keys_that_cannot_be_used_are_answered_alike,
    a_request_for_a_token_is_a_form,
    a_key_is_shown_once,
    a_revoked_key_ends_its_tokens,
    an_expired_key_ends_its_tokens,
    roles_fit_the_organisation,
    keys_are_listed_page_by_page,
    a_role_goes_with_what_the_organisation_was,
    a_member_comes_with_a_token_of_a_trusted_issuer,
    another_issuer_is_believed_in_its_own_subjects_only,
    nobody_says_who_the_registrys_own_members_are,
    the_public_keys_are_public_only,
);

const FORM: &str = "application/x-www-form-urlencoded";

/// Sets a set-up key, as `etalon serve` does on an empty database.
fn set_up_key(served: &Served) -> String {
    let secret = Secret::set_up_key(ids::new_secret());
    assert!(served.registry.set_setup_key(&secret.digest(), clock::now()).expect("a key"));
    secret.expose().to_owned()
}

fn set_up(served: &Served, key: &str, fields: Value) -> Response {
    let body = with(json!({"setup_key": key}), fields);
    served.post("/api/v1/setup").json(&body)
}

fn new_institute() -> Value {
    json!({"organisation": {"kind": "nmi", "names": {"en": "Institute"}}})
}

fn a_registry_is_set_up_once(database: &Database) {
    let served = Served::new(database);
    // Where no key was set none is right.
    let wrong = Secret::set_up_key(ids::new_secret());
    set_up(&served, wrong.expose(), new_institute()).is_problem(401, "invalid_key");
    let key = set_up_key(&served);
    set_up(&served, wrong.expose(), new_institute()).is_problem(401, "invalid_key");
    set_up(&served, "word", new_institute()).is_problem(401, "invalid_key");
    let named = with(new_institute(), json!({"key_name": "console"}));
    let made = set_up(&served, &key, named.clone());
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.header("cache-control"), "no-store");
    assert_eq!(made.body["key"]["name"], "console");
    assert_eq!(made.body["key"]["roles"], json!(["administrator", "operator"]));
    let secret = made.body["secret"].as_str().expect("a key");
    assert_ne!(secret, key);
    let token = served.token(secret);
    let document = json!({"designation": "TCVN 1"});
    let written = served.post("/api/v1/documents").token(&token).json(&document);
    assert_eq!(written.status, 201, "{}", written.text);
    // Once: whatever key is shown, and nothing is made.
    let head = served.registry.head().expect("a head");
    set_up(&served, &key, named).is_problem(409, "already_set_up");
    set_up(&served, wrong.expose(), new_institute()).is_problem(409, "already_set_up");
    assert_eq!(served.registry.head().expect("a head"), head);
    assert!(!served.registry.set_setup_key(&wrong.digest(), clock::now()).expect("an answer"));
}

fn a_set_up_that_is_refused_leaves_the_key_good(database: &Database) {
    let served = Served::new(database);
    let key = set_up_key(&served);
    let known = created(&served.registry, CollectionName::Organisations, organisation("Viện"));
    let head = served.registry.head().expect("a head");
    for fields in [json!({}), with(new_institute(), json!({"organisation_id": known}))] {
        let refused = set_up(&served, &key, fields);
        refused.is_problem(422, "invalid_body");
        assert_eq!(refused.errors(), [("missing_field", "/organisation")]);
    }
    let faulty =
        json!({"organisation": {"kind": "nmi", "names": {"en": "I"}, "country": "Vietnam"}});
    let refused = set_up(&served, &key, faulty);
    refused.is_problem(422, "invalid_body");
    assert_eq!(refused.errors().first().map(|error| error.1), Some("/organisation/country"));
    let unknown = json!({"organisation_id": ids::new_id()});
    set_up(&served, &key, unknown).is_problem(404, "unknown_record");
    let further = with(new_institute(), json!({"roles": ["operator"]}));
    let refused = set_up(&served, &key, further);
    assert_eq!(refused.errors().first().map(|error| error.0), Some("unknown_field"));
    assert_eq!(served.registry.head().expect("a head"), head);
    // The organisation is there already, from an import for example.
    let made = set_up(&served, &key, json!({"organisation_id": known}));
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.body["key"]["organisation"], json!(known));
    assert_eq!(served.registry.head().expect("a head"), head);
}

fn token_for(served: &Served, key: &str) -> Response {
    served
        .post("/api/v1/auth/token")
        .header("Content-Type", FORM)
        .body(format!("grant_type=client_credentials&client_secret={key}"))
}

/// Puts a key past its end into the registry: nobody can ask for one.
fn expired_key(served: &Served, organisation: &Id) -> (Secret, ApiKey) {
    let secret = Secret::api_key(ids::new_secret());
    let key = ApiKey {
        id: ids::new_id(),
        organisation: organisation.clone(),
        name: "old".to_owned(),
        roles: BTreeSet::from([Role::Submitter]),
        scopes: Scopes::all(),
        created_at: instant("2026-01-01T00:00:00Z"),
        created_by: "tester".to_owned(),
        expires_at: Some(instant("2026-02-01T00:00:00Z")),
        revoked_at: None,
        last_used_at: None,
    };
    let kept = served.registry.store().write(|writer| {
        writer.add_key(&key, &secret.digest())?;
        Ok::<(), StoreError>(())
    });
    kept.expect("the key is kept");
    (secret, key)
}

fn keys_that_cannot_be_used_are_answered_alike(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let spare = new_key(&served, &operator, json!({"name": "spare", "roles": ["administrator"]}));
    let revoked = spare.body["secret"].as_str().expect("a key").to_owned();
    let id = spare.body["key"]["id"].as_str().expect("an id");
    let path = format!("/api/v1/api_keys/{id}");
    assert_eq!(served.request("DELETE", &path).token(&operator.token).send().status, 200);
    let (expired, _) = expired_key(&served, &operator.id);
    let unknown = Secret::api_key(ids::new_secret());
    let set_up = Secret::set_up_key(ids::new_secret());
    let answers = [unknown.expose(), expired.expose(), &revoked, set_up.expose(), "word"];
    let answers = answers.map(|key| {
        let answer = token_for(&served, key);
        answer.is_problem(401, "invalid_key");
        assert_eq!(answer.header("cache-control"), "no-store");
        with(answer.body, json!({"request_id": null}))
    });
    assert!(answers.iter().all(|one| *one == answers[0]), "{answers:?}");
}

fn a_request_for_a_token_is_a_form(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let key = &operator.key;
    let post =
        |body: String| served.post("/api/v1/auth/token").header("Content-Type", FORM).body(body);
    let grant = "grant_type=client_credentials";
    let right = post(format!("{grant}&client_secret={key}&scope=&client_id="));
    assert_eq!(right.status, 200, "{}", right.text);
    assert_eq!(right.header("cache-control"), "no-store");
    assert_eq!(right.body["token_type"], "Bearer");
    assert_eq!(right.body["expires_in"], 900);
    assert_eq!(right.body["scope"], "read write verify manage");
    let (request, grant_type, scope) =
        ("invalid_request", "unsupported_grant_type", "invalid_scope");
    for (body, error, expected) in [
        (format!("client_secret={key}"), request, vec![("unknown_value", "/grant_type")]),
        (
            format!("grant_type=password&client_secret={key}"),
            grant_type,
            vec![("unknown_value", "/grant_type")],
        ),
        (grant.to_owned(), request, vec![("missing_field", "/client_secret")]),
        (format!("{grant}&client_secret="), request, vec![("missing_field", "/client_secret")]),
        (
            format!("{grant}&client_secret={key}&client_secret={key}"),
            request,
            vec![("repeated_field", "/client_secret")],
        ),
        (
            format!("{grant}&client_secret={key}&username=x"),
            request,
            vec![("unknown_field", "/username")],
        ),
        (
            format!("{grant}&client_secret={key}&scope=read+all"),
            scope,
            vec![("unknown_value", "/scope")],
        ),
        (
            "grant_type=&username=x".to_owned(),
            request,
            vec![
                ("unknown_field", "/username"),
                ("unknown_value", "/grant_type"),
                ("missing_field", "/client_secret"),
            ],
        ),
    ] {
        let refused = post(body.clone());
        refused.is_problem(400, "invalid_token_request");
        assert_eq!(refused.errors(), expected, "{body}");
        assert_eq!(refused.body["error"], error, "{body}");
        assert!(!refused.text.contains(key.as_str()), "the key is repeated: {}", refused.text);
    }
    post(String::new()).is_problem(400, "empty_body");
    let json = json!({"grant_type": "client_credentials", "client_secret": key});
    served.post("/api/v1/auth/token").json(&json).is_problem(415, "unsupported_media_type");
}

fn new_key(served: &Served, by: &Party, body: Value) -> Response {
    served.post("/api/v1/api_keys").token(&by.token).json(&body)
}

/// The same without last uses, which are written when they are.
fn unused(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.remove("last_used_at");
        let items = fields.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten();
        items.for_each(|item| *item = unused(item.take()));
    }
    value
}

fn a_key_is_shown_once(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory = served.party(&operator, "calibration_laboratory", &["administrator"]);
    let body = json!({"name": "balance room", "roles": ["submitter", "signatory", "submitter"]});
    let made = new_key(&served, &laboratory, body);
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.header("cache-control"), "no-store");
    let secret = made.body["secret"].as_str().expect("a key").to_owned();
    let entry = &made.body["key"];
    assert_eq!(entry["organisation"], json!(laboratory.id));
    assert_eq!(entry["roles"], json!(["submitter", "signatory"]));
    let by = entry["created_by"].as_str().expect("an actor");
    assert!(by.starts_with("key:"), "{by}");
    // It lists the same, and neither the key nor what could stand for it.
    let list = served.get("/api/v1/api_keys").token(&laboratory.token).send();
    let items = list.body["items"].as_array().expect("a list");
    assert_eq!(items.len(), 2, "{}", list.text);
    assert_eq!(items.last(), Some(entry));
    let digest = Secret::shown(&secret).digest().to_string();
    for hidden in [secret.as_str(), digest.as_str(), "secret"] {
        assert!(!list.text.contains(hidden), "{hidden}: {}", list.text);
    }
    // Nor does the log of records know of it.
    let log = served.get("/api/v1/log").token(&operator.token).send();
    assert!(!log.text.contains(&secret) && !log.text.contains(&digest));
    // A key is good at once.
    assert_eq!(token_for(&served, &secret).status, 200);
}

fn a_revoked_key_ends_its_tokens(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory = served.party(&operator, "calibration_laboratory", &["administrator"]);
    let made = new_key(&served, &laboratory, json!({"name": "spare", "roles": ["administrator"]}));
    let secret = made.body["secret"].as_str().expect("a key");
    let token = served.token(secret);
    let list = || served.get("/api/v1/api_keys").token(&token).send();
    assert_eq!(list().status, 200);
    let path = format!("/api/v1/api_keys/{}", made.body["key"]["id"].as_str().expect("an id"));
    let delete = |party: &Party| served.request("DELETE", &path).token(&party.token).send();
    // Who does not manage it does not learn that it is there.
    let other = served.party(&operator, "calibration_laboratory", &["administrator"]);
    delete(&other).is_problem(404, "unknown_record");
    assert_eq!(list().status, 200);
    let revoked = delete(&laboratory);
    assert_eq!(revoked.status, 200, "{}", revoked.text);
    assert!(revoked.body["revoked_at"].is_string());
    list().is_problem(401, "invalid_token");
    // Not even what is public: a token that is shown has to be good.
    served.get("/api/v1/organisations").token(&token).send().is_problem(401, "invalid_token");
    token_for(&served, secret).is_problem(401, "invalid_key");
    // Again changes nothing.
    assert_eq!(unused(delete(&laboratory).body), unused(revoked.body));
}

fn an_expired_key_ends_its_tokens(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let (_, key) = expired_key(&served, &operator.id);
    // Made while the key was good, and by itself still valid.
    let token = served
        .issuer
        .issue(&subject_of_key(&key), &Scopes::all(), &ids::new_id(), clock::now())
        .token;
    let refused = served.get("/api/v1/organisations").token(&token).send();
    refused.is_problem(401, "invalid_token");
}

fn roles_fit_the_organisation(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory = served.party(&operator, "calibration_laboratory", &["administrator"]);
    let other = served.party(&operator, "accreditation_body", &["administrator"]);
    let member = json!({"issuer": "https://people.example", "subject": "1"});
    let head = served.registry.head().expect("a head").log_index;
    for (path, more) in [("/api/v1/api_keys", json!({})), ("/api/v1/members", member)] {
        let post = |party: &Party, fields: Value| {
            let body = with(with(json!({"name": "x"}), more.clone()), fields);
            served.post(path).token(&party.token).json(&body)
        };
        for (fields, expected) in [
            (json!({"roles": ["submitter", "operator"]}), vec![("role_not_allowed", "/roles/1")]),
            (
                json!({"roles": ["accreditation_body", "authority", "institute"]}),
                vec![
                    ("role_not_allowed", "/roles/0"),
                    ("role_not_allowed", "/roles/1"),
                    ("role_not_allowed", "/roles/2"),
                ],
            ),
            (json!({"roles": ["king"]}), vec![("unknown_value", "/roles/0")]),
            (json!({"name": " ", "roles": []}), vec![("empty", "/name"), ("empty", "/roles")]),
        ] {
            let refused = post(&laboratory, fields.clone());
            refused.is_problem(422, "invalid_body");
            assert_eq!(refused.errors(), expected, "{path} {fields}");
        }
        let elsewhere = json!({"organisation": other.id, "roles": ["submitter"]});
        post(&laboratory, elsewhere).is_problem(403, "not_allowed");
        // For an administrator an organisation that is not there is one that is not theirs.
        let nowhere = json!({"organisation": ids::new_id(), "roles": ["submitter"]});
        post(&laboratory, nowhere.clone()).is_problem(403, "not_allowed");
        let refused = post(&operator, nowhere);
        assert_eq!(refused.errors(), [("unknown_id", "/organisation")]);
        // What fits there does not fit here, whoever gives it.
        let misfit = json!({"organisation": laboratory.id, "roles": ["accreditation_body"]});
        assert_eq!(post(&operator, misfit).errors(), [("role_not_allowed", "/roles/0")]);
        let made = post(&other, json!({"roles": ["accreditation_body"]}));
        assert_eq!(made.status, 201, "{}", made.text);
    }
    let past = json!({"name": "x", "roles": ["submitter"], "expires_at": "2020-01-01T00:00:00Z"});
    assert_eq!(new_key(&served, &laboratory, past).errors(), [("in_the_past", "/expires_at")]);
    // An operator makes operators, wherever they sit.
    let made = new_key(
        &served,
        &operator,
        json!({"name": "x", "organisation": laboratory.id, "roles": ["operator"]}),
    );
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(served.registry.head().expect("a head").log_index, head, "ways in are no records");
}

fn keys_are_listed_page_by_page(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory = served.party(&operator, "calibration_laboratory", &["administrator"]);
    for number in 0..4 {
        let body = json!({"name": number.to_string(), "roles": ["submitter"]});
        assert_eq!(new_key(&served, &laboratory, body).status, 201);
    }
    let mut names = Vec::new();
    let mut next = Some(String::new());
    while let Some(cursor) = next {
        let page = served
            .get(&format!("/api/v1/api_keys?limit=2{cursor}"))
            .token(&laboratory.token)
            .send();
        assert_eq!(page.status, 200, "{}", page.text);
        let items = page.body["items"].as_array().expect("a list");
        assert!((1..=2).contains(&items.len()), "{}", page.text);
        names.extend(items.iter().filter_map(|one| one["name"].as_str()).map(str::to_owned));
        next = page.body["next_cursor"].as_str().map(|cursor| format!("&cursor={cursor}"));
    }
    assert_eq!(names, ["test", "0", "1", "2", "3"]);
    // Those of everybody are the operator's to see.
    let all = served.get("/api/v1/api_keys").token(&operator.token).send();
    assert_eq!(all.body["items"].as_array().map(Vec::len), Some(6), "{}", all.text);
    let theirs = format!("/api/v1/api_keys?organisation={}", operator.id);
    served.get(&theirs).token(&laboratory.token).send().is_problem(403, "not_allowed");
}

fn a_role_goes_with_what_the_organisation_was(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory = served.party(&operator, "calibration_laboratory", &["submitter"]);
    let body = served.party(&operator, "accreditation_body", &["accreditation_body"]);
    let accredit = || {
        let accreditation = json!({
            "organisation": laboratory.id, "accreditation_body": body.id,
            "standard": "iso_iec_17025",
        });
        served.post("/api/v1/accreditations").token(&body.token).json(&accreditation)
    };
    assert_eq!(accredit().status, 201);
    let place = format!("/api/v1/organisations/{}", body.id);
    let own = served.get(&place).send().body;
    let now = with(own, json!({"kind": "enterprise"}));
    let amended = served.put(&place).token(&operator.token).header("If-Match", "\"1\"").json(&now);
    assert_eq!(amended.status, 200, "{}", amended.text);
    // The token is as good as before; what it may do is looked up.
    accredit().is_problem(403, "not_allowed");
}

/// An issuer that is not this registry.
fn people() -> Issuer {
    let key = SigningKey::generate([9; 32]).0;
    Issuer::new(key, "https://people.example".to_owned(), Duration::from_secs(600))
}

fn trusting(database: &Database, issuer: &Issuer) -> Served {
    let trusted = TrustedIssuer {
        issuer: issuer.url().to_owned(),
        audience: issuer.url().to_owned(),
        keys: Some(issuer.jwks().to_string()),
    };
    Served::with(database, |settings| settings, Some(trusted))
}

fn issued(issuer: &Issuer, subject: &str) -> String {
    issuer.issue(subject, &Scopes::all(), &ids::new_id(), clock::now()).token
}

fn a_member_comes_with_a_token_of_a_trusted_issuer(database: &Database) {
    let people = people();
    let served = trusting(database, &people);
    let operator = served.operator();
    let laboratory =
        served.party(&operator, "calibration_laboratory", &["administrator", "submitter"]);
    let token = issued(&people, "nguyen");
    let write = || {
        let body = json!({"owner": laboratory.id, "code": "W-1"});
        served.post("/api/v1/measurement_standards").token(&token).json(&body)
    };
    // Whom the issuer knows is nobody here yet.
    write().is_problem(401, "invalid_token");
    let add = || {
        served.post("/api/v1/members").token(&laboratory.token).json(&json!({
            "name": "Nguyễn", "issuer": people.url(), "subject": "nguyen", "roles": ["submitter"],
        }))
    };
    let member = add();
    assert_eq!(member.status, 201, "{}", member.text);
    assert_eq!(member.body["organisation"], json!(laboratory.id));
    let written = write();
    assert_eq!(written.status, 201, "{}", written.text);
    // The log names the membership.
    let id = id_of(&member.body["id"]);
    let actor = format!("member:{id}");
    assert_eq!(written.body["record"]["recorded_by"], json!(actor));
    // What the roles do not say is not allowed.
    served.get("/api/v1/members").token(&token).send().is_problem(403, "not_allowed");
    // Another whom the issuer knows is still nobody.
    let other = issued(&people, "tran");
    served.get("/api/v1/members").token(&other).send().is_problem(401, "invalid_token");
    let again = add();
    again.is_problem(422, "invalid_body");
    assert_eq!(again.errors(), [("is_a_member", "/subject")]);
    let list = served.get("/api/v1/members").token(&laboratory.token).send();
    assert_eq!(unused(list.body), json!({"items": [member.body], "next_cursor": null}));

    let path = format!("/api/v1/members/{id}");
    let stranger = served.party(&operator, "calibration_laboratory", &["administrator"]);
    let delete = |party: &Party| served.request("DELETE", &path).token(&party.token).send();
    delete(&stranger).is_problem(404, "unknown_record");
    assert_eq!(write().status, 201);
    let revoked = delete(&laboratory);
    assert_eq!(revoked.status, 200, "{}", revoked.text);
    assert!(revoked.body["revoked_at"].is_string());
    write().is_problem(401, "invalid_token");
    // The list still says that they were one; and they can be one again.
    let list = served.get("/api/v1/members").token(&laboratory.token).send();
    assert_eq!(unused(list.body), json!({"items": [unused(revoked.body)], "next_cursor": null}));
    assert_eq!(add().status, 201);
    assert_eq!(write().status, 201);
}

fn another_issuer_is_believed_in_its_own_subjects_only(database: &Database) {
    let people = people();
    let served = trusting(database, &people);
    let operator = served.operator();
    let digest = Secret::shown(&operator.key).digest();
    let key = served.registry.key_of_secret(&digest, None, clock::now()).expect("a key");
    let get = |token: &str| served.get("/api/v1/api_keys").token(token).send();
    // It cannot say that somebody is a key of this registry.
    get(&issued(&people, &subject_of_key(&key))).is_problem(401, "invalid_token");
    // Nor speak in the registry's name, with its own key.
    let own = || served.issuer.url().to_owned();
    let forger = Issuer::new(SigningKey::generate([9; 32]).0, own(), Duration::from_secs(600));
    let refused = get(&issued(&forger, &subject_of_key(&key)));
    refused.is_problem(401, "invalid_token");
    assert_eq!(refused.errors(), [("token_issuer_wrong", "/Authorization")]);
    assert!(refused.header("www-authenticate").contains("invalid_token"));
    // A key that nobody knows.
    let stranger = Issuer::new(SigningKey::generate([10; 32]).0, own(), Duration::from_secs(600));
    let refused = get(&issued(&stranger, &subject_of_key(&key)));
    assert_eq!(refused.errors(), [("token_key_unknown", "/Authorization")]);
    for broken in ["", "x", "a.b.c"] {
        let refused = get(broken);
        assert_eq!(refused.status, 401, "{broken}: {}", refused.text);
    }
    let basic = served.get("/api/v1/api_keys").header("Authorization", "Basic eDp5").send();
    basic.is_problem(401, "unauthenticated");
}

fn nobody_says_who_the_registrys_own_members_are(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let laboratory = served.party(&operator, "calibration_laboratory", &["administrator"]);
    // Whom `etalon token` would take for the operator at the registry's own machine.
    let own = served.issuer.url();
    let refused = served.post("/api/v1/members").token(&laboratory.token).json(&json!({
        "name": "x", "issuer": own, "subject": format!("local:{}:operator", operator.id),
        "roles": ["submitter"],
    }));
    refused.is_problem(422, "invalid_body");
    assert_eq!(refused.errors(), [("own_issuer", "/issuer")]);
    let roles = BTreeSet::from([Role::Operator]);
    let local = served.registry.local_member(&operator.id, &roles, own, clock::now());
    assert_eq!(local.expect("a member").organisation, operator.id);
}

fn the_public_keys_are_public_only(database: &Database) {
    let served = Served::new(database);
    let answer = served.get("/.well-known/jwks.json").send();
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.body, served.issuer.jwks());
    let keys = answer.body["keys"].as_array().expect("a list");
    assert_eq!(keys.len(), 1);
    let names: BTreeSet<&str> =
        keys[0].as_object().expect("a key").keys().map(String::as_str).collect();
    // `d` and the others of RFC 7518, 6.2.2 and 6.3.2, would be the private part.
    let public = BTreeSet::from(["alg", "crv", "kid", "kty", "use", "key_ops", "x", "y"]);
    assert!(names.is_subset(&public), "{names:?}");
    assert!(names.contains("kid") && names.contains("x"), "{names:?}");
}
