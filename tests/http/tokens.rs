//! What tokens are worth: their scopes, how a key is shown for one, keys that end, when they were
//! used last, and the rotation of the keys that sign. The issuers of others are in `issuers`.

use std::collections::BTreeSet;
use std::time::Duration;

use etalon::auth::token::{Issuer, PublishedKey, SigningKey};
use etalon::clock;
use etalon::config;
use etalon::domain::identity::{Identity, Role, Scopes};
use etalon::http::Identities;
use etalon::ids;
use serde_json::{Value, json};

use crate::support::Database;
use crate::support::records::{standard, with};
use crate::support::served::{Party, Response, Served, id_of};

crate::support::both!(
    a_key_is_good_for_its_scopes_only,
    a_token_is_good_for_its_own_scopes_only,
    nobody_gives_more_than_they_have,
    a_key_comes_as_basic_too,
    a_key_ends_when_the_registry_says,
    the_last_use_is_shown_to_the_minute,
    signing_keys_are_rotated_while_two_servers_run,
    the_public_keys_may_be_kept_a_while,
);

const FORM: &str = "application/x-www-form-urlencoded";

/// A key, as whoever made it is answered.
fn made(served: &Served, by: &str, body: Value) -> Response {
    let body = with(json!({"name": "x", "roles": ["submitter", "administrator"]}), body);
    served.post("/api/v1/api_keys").token(by).json(&body)
}

fn secret(made: &Response) -> &str {
    assert_eq!(made.status, 201, "{}", made.text);
    made.body["secret"].as_str().expect("a key")
}

fn asked(served: &Served, form: &str) -> Response {
    served
        .post("/api/v1/auth/token")
        .header("Content-Type", FORM)
        .body(format!("grant_type=client_credentials&{form}"))
}

fn token(answer: &Response) -> &str {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["access_token"].as_str().expect("a token")
}

/// That a token is refused for this scope, and says so as RFC 6750 wants it.
#[track_caller]
fn lacks(answer: &Response, scope: &str) {
    answer.is_problem(403, "insufficient_scope");
    let challenge =
        format!(r#"Bearer realm="etalon", error="insufficient_scope", scope="{scope}""#);
    assert_eq!(answer.header("www-authenticate"), challenge);
    assert!(answer.body["detail"].as_str().is_some_and(|it| it.contains(scope)), "{}", answer.text);
}

/// A laboratory with an administrator's key that may do everything, and one of its standards.
fn laboratory(served: &Served) -> (Party, String) {
    let operator = served.operator();
    let party = served.party(&operator, "calibration_laboratory", &["submitter", "administrator"]);
    let body = standard(&party.id, "W-1");
    let made = served.post("/api/v1/measurement_standards").token(&party.token).json(&body);
    let place = made.header("location").to_owned();
    (party, place)
}

fn a_key_is_good_for_its_scopes_only(database: &Database) {
    let served = Served::new(database);
    let (party, place) = laboratory(&served);
    let claim =
        json!({"standard": id_of(&served.get(&place).token(&party.token).send().body["id"])});
    let ask = |scope: &str, token: &str| match scope {
        "read" => served.get(&place).token(token).send(),
        "write" => {
            let body = standard(&party.id, &ids::new_id().to_string());
            served.post("/api/v1/measurement_standards").token(token).json(&body)
        }
        "verify" => served.post("/api/v1/verifications").token(token).json(&claim),
        _ => served.get("/api/v1/api_keys").token(token).send(),
    };
    let all = ["read", "write", "verify", "manage"];
    for scope in all {
        let key = made(&served, &party.token, json!({"scopes": [scope]}));
        assert_eq!(key.body["key"]["scopes"], json!([scope]));
        let answer = asked(&served, &format!("client_secret={}", secret(&key)));
        assert_eq!(answer.body["scope"], scope);
        // The registry's word counts, not that of a token, whoever made it say more.
        let subject = format!("key:{}", key.body["key"]["id"].as_str().expect("an id"));
        let broader = served.issuer.issue(&subject, &Scopes::all(), &ids::new_id(), clock::now());
        for token in [token(&answer), &broader.token] {
            for other in all {
                match ask(other, token) {
                    answer if other == scope => {
                        assert!(answer.status < 300, "{scope}: {}", answer.text);
                    }
                    answer => lacks(&answer, other),
                }
            }
        }
        // What is public needs no token, and one that is shown has to be good for reading.
        let public = served.get("/api/v1/organisations").token(token(&answer)).send();
        match scope {
            "read" => assert_eq!(public.status, 200),
            _ => lacks(&public, "read"),
        }
    }
    // One that says nothing of scopes has those of whoever made it.
    let key = made(&served, &party.token, json!({}));
    assert_eq!(key.body["key"]["scopes"], json!(all));
    for (scopes, expected) in [
        (json!([]), ("empty", "/scopes")),
        (json!(["read", "all"]), ("unknown_value", "/scopes/1")),
    ] {
        let refused = made(&served, &party.token, json!({"scopes": scopes}));
        refused.is_problem(422, "invalid_body");
        assert_eq!(refused.errors(), [expected]);
    }
}

fn a_token_is_good_for_its_own_scopes_only(database: &Database) {
    let served = Served::new(database);
    let (party, place) = laboratory(&served);
    let key = made(&served, &party.token, json!({"scopes": ["read", "write"]}));
    let narrowed = asked(&served, &format!("client_secret={}&scope=read", secret(&key)));
    assert_eq!(narrowed.body["scope"], "read");
    let narrow = token(&narrowed);
    assert_eq!(served.get(&place).token(narrow).send().status, 200);
    let body = standard(&party.id, "W-2");
    let write = |token: &str| served.post("/api/v1/measurement_standards").token(token).json(&body);
    lacks(&write(narrow), "write");
    let whole = asked(&served, &format!("client_secret={}&scope=write++read", secret(&key)));
    assert_eq!(whole.body["scope"], "read write");
    assert_eq!(write(token(&whole)).status, 201);
    // A token is never for more than its key.
    let refused = asked(&served, &format!("client_secret={}&scope=read+verify", secret(&key)));
    refused.is_problem(400, "invalid_token_request");
    assert_eq!(refused.body["error"], "invalid_scope");
    assert_eq!(refused.errors(), [("scope_not_allowed", "/scope")]);
    // Who shows a wrong key does not learn from the scope what the right one is for.
    let wrong = format!("client_secret=etalon_{}&scope=verify", "0".repeat(64));
    asked(&served, &wrong).is_problem(401, "invalid_key");
}

fn nobody_gives_more_than_they_have(database: &Database) {
    let served = Served::new(database);
    let (party, _) = laboratory(&served);
    let key = made(&served, &party.token, json!({"scopes": ["read", "manage"]}));
    let by_key = asked(&served, &format!("client_secret={}", secret(&key)));
    let by_token = asked(&served, &format!("client_secret={}&scope=manage+read", party.key));
    for narrow in [token(&by_key), token(&by_token)] {
        let refused = made(&served, narrow, json!({"scopes": ["read", "write", "verify"]}));
        refused.is_problem(422, "invalid_body");
        let expected = [("scope_not_allowed", "/scopes/1"), ("scope_not_allowed", "/scopes/2")];
        assert_eq!(refused.errors(), expected);
        let same = made(&served, narrow, json!({}));
        assert_eq!(same.status, 201, "{}", same.text);
        assert_eq!(same.body["key"]["scopes"], json!(["read", "manage"]));
        // A member comes in with every scope.
        let member = json!({
            "name": "x", "issuer": "https://people.example", "subject": "1", "roles": ["submitter"],
        });
        let refused = served.post("/api/v1/members").token(narrow).json(&member);
        refused.is_problem(422, "invalid_body");
        assert_eq!(refused.errors(), [("scope_not_allowed", "")]);
        // Nor a role that opens what is others'.
        let refused = made(&served, narrow, json!({"roles": ["operator"]}));
        assert_eq!(refused.errors(), [("role_not_allowed", "/roles/0")]);
    }
}

fn a_key_comes_as_basic_too(database: &Database) {
    use base64ct::{Base64, Encoding as _};

    let served = Served::new(database);
    let (party, _) = laboratory(&served);
    let key = made(&served, &party.token, json!({}));
    let (secret, id) = (secret(&key), key.body["key"]["id"].as_str().expect("an id"));
    let basic = |text: &str, form: &str| {
        let request = served.post("/api/v1/auth/token").header("Content-Type", FORM);
        let credentials = Base64::encode_string(text.as_bytes());
        let request = request.header("Authorization", &format!("Basic {credentials}"));
        request.body(format!("grant_type=client_credentials{form}"))
    };
    let good = basic(&format!("{id}:{secret}"), "&scope=read");
    assert_eq!(good.body["scope"], "read", "{}", good.text);
    served.get("/api/v1/organisations").token(token(&good)).send();
    // Encoded as in a form, which changes nothing in these letters, or does.
    let encoded = secret.replace('_', "%5F");
    assert_eq!(basic(&format!("{id}:{encoded}"), "").status, 200);
    assert_eq!(basic(&format!(":{secret}"), "").status, 200);
    assert_eq!(asked(&served, &format!("client_secret={secret}&client_id={id}")).status, 200);
    let twice = basic(&format!("{id}:{secret}"), &format!("&client_secret={secret}"));
    twice.is_problem(400, "invalid_token_request");
    assert_eq!(twice.body["error"], "invalid_request");
    // Whatever is wrong is answered alike.
    let spare = made(&served, &party.token, json!({}));
    let revoked = spare.body["secret"].as_str().expect("a key");
    let spare = spare.body["key"]["id"].as_str().expect("an id");
    let path = format!("/api/v1/api_keys/{spare}");
    assert_eq!(served.request("DELETE", &path).token(&party.token).send().status, 200);
    let other = ids::new_id();
    let unknown = format!("etalon_{}", "0".repeat(64));
    let answers = [
        basic(&format!("{id}:{unknown}"), ""),
        basic(&format!("{spare}:{revoked}"), ""),
        basic(&format!("{other}:{secret}"), ""),
        basic(&format!("{spare}:{secret}"), ""),
        basic(secret, ""),
        basic("", ""),
        basic("\u{0}:é", ""),
    ];
    let mut seen = BTreeSet::new();
    for answer in &answers {
        answer.is_problem(401, "invalid_key");
        assert_eq!(answer.body["error"], "invalid_client");
        assert!(answer.header("www-authenticate").starts_with("Basic "));
        seen.insert(with(answer.body.clone(), json!({"request_id": null})).to_string());
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
    let named = asked(&served, &format!("client_secret={secret}&client_id={other}"));
    named.is_problem(401, "invalid_key");
    assert_eq!(named.body["error"], "invalid_client");
}

fn a_key_ends_when_the_registry_says(database: &Database) {
    let day = Duration::from_secs(24 * 3_600);
    let served = Served::identified(
        database,
        |settings| settings,
        |issuer| Identities::of(issuer).limiting_keys(Some(30 * day)),
    );
    let (party, _) = laboratory(&served);
    let now = clock::now();
    let in_days = |days: u32| now.after(days * day).expect("an instant").to_string();
    let key = made(&served, &party.token, json!({"expires_at": in_days(29)}));
    assert_eq!(key.body["key"]["expires_at"], in_days(29), "{}", key.text);
    let late = made(&served, &party.token, json!({"expires_at": in_days(31)}));
    late.is_problem(422, "invalid_body");
    assert_eq!(late.errors(), [("too_late", "/expires_at")]);
    let unsaid = made(&served, &party.token, json!({}));
    let end = unsaid.body["key"]["expires_at"].as_str().expect("an end");
    assert!((in_days(30).as_str()..=in_days(31).as_str()).contains(&end), "{end}");
}

fn the_last_use_is_shown_to_the_minute(database: &Database) {
    let served = Served::new(database);
    let (party, _) = laboratory(&served);
    let used = made(&served, &party.token, json!({}));
    let unused = made(&served, &party.token, json!({}));
    let place = |made: &Response| {
        format!("/api/v1/api_keys/{}", made.body["key"]["id"].as_str().expect("an id"))
    };
    let (of_used, of_unused) = (place(&used), place(&unused));
    let before = clock::now().minute().to_string();
    let answer = asked(&served, &format!("client_secret={}", secret(&used)));
    assert_eq!(served.get("/api/v1/organisations").token(token(&answer)).send().status, 200);
    let own = served.issuer.url().to_owned();
    let roles = BTreeSet::from([Role::Administrator]);
    let member = served.registry.local_member(&party.id, &roles, &own, clock::now());
    let member = member.expect("a member");
    let local = served.issuer.issue(
        &etalon::app::keys::subject_of_member(&member),
        &Scopes::all(),
        &ids::new_id(),
        clock::now(),
    );
    assert_eq!(served.get("/api/v1/members").token(&local.token).send().status, 200);
    // A stop writes what is not written yet.
    served.stop();
    let after = clock::now().minute().to_string();
    let served = Served::new(database);
    let token = served.token(&party.key);
    let key = served.get(&of_used).token(&token).send();
    assert_eq!(key.status, 200, "{}", key.text);
    let last = key.body["last_used_at"].as_str().expect("a last use");
    assert!(last.ends_with(":00Z"), "{last}");
    assert!((before.as_str()..=after.as_str()).contains(&last), "{before} {last} {after}");
    let key = served.get(&of_unused).token(&token).send();
    assert_eq!((key.status, &key.body["last_used_at"]), (200, &Value::Null));
    let members = served.get("/api/v1/members").token(&token).send();
    let last = members.body["items"][0]["last_used_at"].as_str().expect("a last use");
    assert!((before.as_str()..=after.as_str()).contains(&last), "{before} {last} {after}");
    // A key is its managers' to look at.
    let identity = Identity { issuer: own, subject: "nobody".to_owned() };
    assert_eq!(served.registry.store().member_of(&identity).expect("an answer"), None);
    let narrow = asked(&served, &format!("client_secret={}", secret(&used)));
    assert_eq!(served.get(&of_used).token(self::token(&narrow)).send().status, 200);
    served.get(&of_used).send().is_problem(401, "unauthenticated");
}

/// A server of a registry that several keep together, at one address.
fn instance(database: &Database, signs: u8, published: &[&str]) -> Served {
    let keys: Vec<PublishedKey> =
        published.iter().map(|pem| PublishedKey::from_pem(pem).expect("a key")).collect();
    Served::identified(
        database,
        |settings| config::Server {
            public_url: "https://etalon.example.vn".to_owned(),
            ..settings
        },
        move |issuer| {
            let key = SigningKey::generate([signs; 32]).0;
            let life = Duration::from_secs(900);
            Identities::of(Issuer::new(key, issuer.url().to_owned(), life).publishing(keys))
        },
    )
}

fn signing_keys_are_rotated_while_two_servers_run(database: &Database) {
    let (old, next) = (SigningKey::generate([1; 32]).1, SigningKey::generate([2; 32]).1);
    let (old, next) = (old.as_str(), next.as_str());
    let first = instance(database, 1, &[]);
    let operator = first.operator();
    let second = instance(database, 1, &[]);
    let holds = |served: &Served, token: &str| {
        let answer = served.get("/api/v1/api_keys").token(token).send();
        match answer.status {
            200 => true,
            _ => {
                answer.is_problem(401, "invalid_token");
                assert_eq!(answer.errors(), [("token_key_unknown", "/Authorization")]);
                false
            }
        }
    };
    let published = |served: &Served| {
        let keys = served.get("/.well-known/jwks.json").send();
        keys.body["keys"].as_array().expect("keys").len()
    };
    let of_old = first.token(&operator.key);
    assert!(holds(&first, &of_old) && holds(&second, &of_old));
    // A switch without publishing: what the one signs the other does not know.
    let rash = instance(database, 2, &[]);
    assert!(!holds(&second, &rash.token(&operator.key)));
    drop(rash);
    // Published on both, one after the other; nothing that was good ceases to be.
    first.stop();
    let first = instance(database, 1, &[next]);
    assert_eq!((published(&first), published(&second)), (2, 1));
    assert!(holds(&first, &of_old) && holds(&second, &first.token(&operator.key)));
    second.stop();
    let second = instance(database, 1, &[next]);
    // Switched on the first: each takes the other's.
    first.stop();
    let first = instance(database, 2, &[old, next]);
    let of_next = first.token(&operator.key);
    assert!(holds(&first, &of_old) && holds(&second, &of_next));
    assert!(holds(&first, &second.token(&operator.key)));
    assert_eq!((published(&first), published(&second)), (2, 2));
    second.stop();
    let second = instance(database, 2, &[old]);
    assert!(holds(&second, &of_old) && holds(&second, &of_next));
    // Retired: the last tokens of the old key have expired by now; one that had not is refused.
    first.stop();
    let first = instance(database, 2, &[]);
    assert_eq!(published(&first), 1);
    assert!(!holds(&first, &of_old) && holds(&first, &of_next));
    assert!(holds(&first, &second.token(&operator.key)));
}

fn the_public_keys_may_be_kept_a_while(database: &Database) {
    let served = Served::new(database);
    let keys = served.get("/.well-known/jwks.json").send();
    assert_eq!(keys.header("cache-control"), "public, max-age=300");
    let tag = keys.header("etag").to_owned();
    let again = served.get("/.well-known/jwks.json").header("If-None-Match", &tag).send();
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    assert_eq!(again.header("cache-control"), "public, max-age=300");
    let other = instance(database, 1, &[]);
    let other = other.get("/.well-known/jwks.json").header("If-None-Match", &tag).send();
    assert_eq!(other.status, 200);
}
