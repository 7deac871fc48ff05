//! What somebody sends who means harm: tokens that claim to be signed, numbers and texts that are
//! chosen to break what reads them, paths and headers that mean two things, files that grow. Each row
//! says what is expected; nothing is kept, nothing panics, hangs or is a failure of the server.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use etalon::auth::token::SigningKey;
use jsonwebtoken::crypto;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use crate::support::Database;
use crate::support::records::{certificate, standard, with};
use crate::support::served::{Party, SEED, Served, id_of};

crate::support::both!(
    tokens_that_claim_to_be_signed,
    numbers_that_are_chosen_to_break_arithmetic,
    texts_that_look_like_others,
    paths_that_mean_something_else,
    headers_that_mean_two_things,
    requests_that_are_two_requests,
    files_that_grow,
    sizes_on_both_sides_of_each_bound,
    faults_without_end_have_an_end,
);

/// That nothing was kept, nothing panicked, and the service still answers.
#[track_caller]
fn unharmed(served: &Served, head: u64) {
    assert_eq!(served.registry.head().expect("a head").log_index, head);
    assert_eq!(served.get("/readyz").send().status, 200);
    let metrics = served.get("/metrics").send().text;
    assert!(metrics.contains("etalon_panics_total 0"), "{metrics}");
}

fn head(served: &Served) -> u64 {
    served.registry.head().expect("a head").log_index
}

// ---------------------------------------------------------------------------------------------
// Tokens

fn coded(value: &Value) -> String {
    Base64UrlUnpadded::encode_string(value.to_string().as_bytes())
}

/// A token with these parts, signed by a key.
fn signed(header: &Value, claims: &Value, key: &EncodingKey, by: Algorithm) -> String {
    let message = format!("{}.{}", coded(header), coded(claims));
    let signature = crypto::sign(message.as_bytes(), key, by).expect("a signature");
    format!("{message}.{signature}")
}

/// The private key of the servers of the tests.
fn own_key() -> EncodingKey {
    let (_, pem) = SigningKey::generate(SEED);
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    EncodingKey::from_ed_der(&Base64::decode_vec(&body).expect("base64"))
}

fn tokens_that_claim_to_be_signed(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let at = head(&served);
    let part = |at: usize| -> Value {
        let text = operator.token.split('.').nth(at).expect("three parts");
        serde_json::from_slice(&Base64UrlUnpadded::decode_vec(text).expect("base64")).expect("JSON")
    };
    let (header, claims) = (part(0), part(1));
    let own = own_key();
    let ed = Algorithm::EdDSA;
    let asked = |token: &str| served.get("/api/v1/organisations").token(token).send();
    // What is signed here is good: the rows below are refused for what they change.
    assert_eq!(asked(&signed(&header, &claims, &own, ed)).status, 200);

    let jwks = served.get("/.well-known/jwks.json").send();
    let public = jwks.body["keys"][0]["x"].as_str().expect("a key").to_owned();
    let public_bytes = Base64UrlUnpadded::decode_vec(&public).expect("base64");
    let kid = header["kid"].clone();
    let signature = operator.token.rsplit('.').next().expect("a signature");
    let unsigned = |header: &Value| format!("{}.{}.", coded(header), coded(&claims));
    let hmac = |secret: &[u8]| {
        let header = json!({"alg": "HS256", "typ": "JWT", "kid": kid});
        signed(&header, &claims, &EncodingKey::from_secret(secret), Algorithm::HS256)
    };
    let ours = |fields: Value| signed(&with(header.clone(), fields), &claims, &own, ed);
    let says = |fields: Value| signed(&header, &with(claims.clone(), fields), &own, ed);
    let (_, elsewhere) = SigningKey::generate([9; 32]);
    let elsewhere: String = elsewhere.lines().filter(|line| !line.starts_with("-----")).collect();
    let elsewhere = EncodingKey::from_ed_der(&Base64::decode_vec(&elsewhere).expect("base64"));

    let refused: Vec<(&str, String)> = vec![
        ("alg none", unsigned(&json!({"alg": "none", "typ": "JWT", "kid": kid}))),
        ("alg nOnE", unsigned(&json!({"alg": "nOnE", "typ": "JWT", "kid": kid}))),
        ("alg empty", unsigned(&json!({"alg": "", "typ": "JWT", "kid": kid}))),
        ("alg null", unsigned(&json!({"alg": null, "typ": "JWT", "kid": kid}))),
        ("no signature", unsigned(&header)),
        (
            "none with our signature",
            format!(
                "{}.{}.{signature}",
                coded(&json!({"alg": "none", "kid": kid})),
                coded(&claims)
            ),
        ),
        ("HS256 with the public key", hmac(&public_bytes)),
        ("HS256 with the public key as text", hmac(public.as_bytes())),
        ("HS256 with the JWK", hmac(jwks.body["keys"][0].to_string().as_bytes())),
        ("HS256 with nothing", hmac(b"")),
        ("RS256 in name", ours(json!({"alg": "RS256"}))),
        ("ES256 in name", ours(json!({"alg": "ES256"}))),
        ("no kid", ours(json!({"kid": null}))),
        ("another kid", ours(json!({"kid": "another"}))),
        ("a kid that is a path", ours(json!({"kid": "../../../../dev/null"}))),
        ("a kid that is SQL", ours(json!({"kid": "' UNION SELECT 'key' --"}))),
        ("a kid with NUL", ours(json!({"kid": format!("{}\0", kid.as_str().expect("a kid"))}))),
        ("a kid that is a list", ours(json!({"kid": [kid]}))),
        ("crit", ours(json!({"crit": ["b64"], "b64": false}))),
        ("crit of what is known", ours(json!({"crit": ["exp"]}))),
        (
            "a key that it brings along",
            signed(
                &json!({"alg": "EdDSA", "typ": "JWT", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": public}}),
                &claims,
                &elsewhere,
                ed,
            ),
        ),
        (
            "a place to get the key",
            signed(
                &json!({"alg": "EdDSA", "jku": "http://127.0.0.1:1/jwks.json", "kid": "x"}),
                &claims,
                &elsewhere,
                ed,
            ),
        ),
        ("another's key under our kid", signed(&header, &claims, &elsewhere, ed)),
        ("another audience", says(json!({"aud": "https://other.example"}))),
        ("no audience", says(json!({"aud": null}))),
        ("an empty list of audiences", says(json!({"aud": []}))),
        ("another issuer", says(json!({"iss": "https://other.example"}))),
        ("no issuer", says(json!({"iss": null}))),
        ("no end", says(json!({"exp": null}))),
        ("an end long ago", says(json!({"exp": 1}))),
        ("an end before the beginning of time", says(json!({"exp": -1e300}))),
        ("an end that is a text", says(json!({"exp": "never"}))),
        ("from the year 3000", says(json!({"nbf": 32_503_680_000_u64}))),
        ("nobody", says(json!({"sub": ""}))),
        ("no subject", says(json!({"sub": null}))),
        (
            "a key that there is not",
            says(json!({"sub": "key:0190a4c8-5c1e-7c3a-9b1d-2f4e6a8b0c1d"})),
        ),
        ("a subject that is SQL", says(json!({"sub": "key:' OR 1=1 --"}))),
        (
            "a subject of zero width",
            says(json!({"sub": format!("{}\u{200b}", claims["sub"].as_str().expect("one"))})),
        ),
        (
            "nested",
            format!(
                "{}.{}.{signature}",
                coded(&json!({"alg": "EdDSA", "cty": "JWT", "kid": kid})),
                Base64UrlUnpadded::encode_string(operator.token.as_bytes())
            ),
        ),
        (
            "encrypted, in name",
            "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAA.AAAA.AAAA".to_owned(),
        ),
        ("four parts", format!("{}.x", operator.token)),
        ("two parts", operator.token.rsplit_once('.').expect("two").0.to_owned()),
        ("only points", "..".to_owned()),
        ("nothing", String::new()),
        ("huge", ours(json!({"x": "x".repeat(7_000)}))),
        ("long base64 of nothing", "A".repeat(8_000)),
        (
            "deep",
            signed(&with(header.clone(), json!({"x": deep(120)})), &claims, &own, ed)
                .replacen('.', ".x", 1),
        ),
        ("a signature with its order added", malleable(&operator.token)),
        ("padded", format!("{}=", operator.token)),
        ("as base64, not base64url", operator.token.replace('-', "+").replace('_', "/") + "/"),
    ];
    let mut rows = 0;
    for (what, token) in &refused {
        for (method, path) in [("GET", "/api/v1/organisations"), ("GET", "/api/v1/api_keys")] {
            let answer = served.request(method, path).token(token).send();
            assert_eq!(answer.status, 401, "{what}: {}", answer.text);
            let code = answer.body["code"].as_str().unwrap_or_default();
            assert!(
                ["invalid_token", "unauthenticated"].contains(&code),
                "{what}: {}",
                answer.text
            );
            // It is told what to mend, never what was expected of a secret.
            assert!(!answer.text.contains(&operator.key), "{what}");
            rows += 1;
        }
    }
    assert!(rows >= 90, "{rows}");
    // Other ways to say who one is.
    for value in [
        format!("bearer{}", operator.token),
        format!("Token {}", operator.token),
        format!("Basic {}", Base64::encode_string(format!("x:{}", operator.key).as_bytes())),
        format!("Bearer {0}, Bearer {0}", operator.token),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {}\u{e9}", operator.token),
    ] {
        let answer = authorised(&served, "GET", "/api/v1/api_keys", &value);
        assert_eq!(status(&answer), 401, "{value}: {answer}");
    }
    unharmed(&served, at);
}

/// Asks for something with this header, whatever it is.
fn authorised(served: &Served, method: &str, path: &str, value: &str) -> String {
    sent(
        served,
        &format!(
            "{method} {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\
             Authorization: {value}\r\n\r\n"
        ),
    )
}

/// Lists within lists.
fn deep(levels: usize) -> Value {
    (0..levels).fold(Value::Null, |inner, _| json!([inner]))
}

/// The same signature with the order of the curve added to its second half: a verifier that reduces
/// it takes both for good (RFC 8032, 5.1.7 forbids that).
fn malleable(token: &str) -> String {
    // The order of the curve of Ed25519, least byte first.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let (message, signature) = token.rsplit_once('.').expect("a signature");
    let mut signature = Base64UrlUnpadded::decode_vec(signature).expect("base64");
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = ((sum & 0xff) as u8, sum >> 8);
    }
    format!("{message}.{}", Base64UrlUnpadded::encode_string(&signature))
}

// ---------------------------------------------------------------------------------------------
// Bodies

/// A laboratory with a standard, for certificates.
fn laboratory(served: &Served, operator: &Party) -> (Party, etalon::domain::id::Id) {
    let party = served.party(operator, "calibration_laboratory", &["submitter", "signatory"]);
    let made = served
        .post("/api/v1/measurement_standards")
        .token(&party.token)
        .json(&standard(&party.id, "W-1"));
    let item = id_of(&made.body["record"]["id"]);
    (party, item)
}

fn numbers_that_are_chosen_to_break_arithmetic(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let (laboratory, item) = laboratory(&served, &operator);
    let at = head(&served);
    let longest = format!("0.{}", "1".repeat(101));
    for number in [
        "1E999999999",
        "1E-999999999",
        "-1E999999999",
        "1E99999999999999999999",
        "1e100",
        "1E-100",
        "0E999999999",
        "9E+99999",
        "1E",
        "E5",
        "1E+",
        "1e1e1",
        "--1",
        "+1",
        "1.2.3",
        "1,5",
        " 1",
        "1 ",
        "0x10",
        "1_000",
        "NaN",
        "Infinity",
        "-inf",
        "١٢",
        "1\u{200b}",
        "²",
        "",
        ".",
        "-",
        longest.as_str(),
    ] {
        for field in ["value", "uncertainty", "point"] {
            let mut body = certificate(&laboratory.id, &item, "N-1");
            match field {
                "value" => body["results"][0]["value"] = json!(number),
                _ => body["results"][0][field]["value"] = json!(number),
            }
            let refused = served.post("/api/v1/calibrations").token(&laboratory.token).json(&body);
            refused.is_problem(422, "invalid_body");
            let place = if field == "value" {
                "/results/0/value".to_owned()
            } else {
                format!("/results/0/{field}/value")
            };
            assert!(
                refused.errors().iter().any(|(_, at)| *at == place),
                "{number}: {}",
                refused.text
            );
        }
    }
    // As numbers of JSON, in every place that wants a text or a number.
    for number in ["1E999999999", "-1E400", "1e309", "-", "01", "1.", "NaN", "Infinity", "0x1"] {
        let body = format!("{{\"owner\": \"{}\", \"code\": {number}}}", laboratory.id);
        let refused = served
            .post("/api/v1/measurement_standards")
            .token(&laboratory.token)
            .header("Content-Type", "application/json")
            .body(body);
        assert!([400, 422].contains(&refused.status), "{number}: {}", refused.text);
    }
    for (path, parameter) in [
        ("/api/v1/organisations", "limit"),
        ("/api/v1/log", "after"),
        ("/api/v1/organisations", "known_at"),
    ] {
        for number in [
            "1E999999999",
            "-1",
            "18446744073709551616",
            "99999999999999999999999999",
            "1.0",
            "0x1",
            "٣",
            "1%00",
            "%2B1",
            "1e3",
            "--1",
            "9999-99-99T99:99:99Z",
            "+292277026596-12-04T15:30:07Z",
        ] {
            let refused = served.get(&format!("{path}?{parameter}={number}")).send();
            assert_eq!(refused.status, 400, "{parameter}={number}: {}", refused.text);
        }
    }
    // A claim.
    for number in ["1E999999999", "1E-999999999", "NaN"] {
        let claim = json!({
            "standard": item, "quantity_kind": "conventional_mass",
            "point": {"value": number, "unit": "kg"},
        });
        let refused = served.post("/api/v1/verifications").token(&laboratory.token).json(&claim);
        refused.is_problem(422, "invalid_body");
    }
    unharmed(&served, at);
    // What is in range is kept as written.
    let mut body = certificate(&laboratory.id, &item, "N-2");
    body["results"][0]["value"] = json!("1.000000000000000000000000000000000000000000000000000E+0");
    let made = served.post("/api/v1/calibrations").token(&laboratory.token).json(&body);
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.body["record"]["results"][0]["value"], body["results"][0]["value"]);
}

fn texts_that_look_like_others(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let (laboratory, item) = laboratory(&served, &operator);
    let body = certificate(&laboratory.id, &item, "GCN-2026-01");
    let made = served.post("/api/v1/calibrations").token(&laboratory.token).json(&body);
    assert_eq!(made.status, 201, "{}", made.text);
    let at = head(&served);
    // Refused: what cannot be kept, has two spellings, or shows something else than it is.
    for (number, code) in [
        ("GCN\0-2026-01", "nul_character"),
        ("Do\u{302}\u{301}ng", "not_nfc"),
        ("\u{212b}-1", "not_nfc"),
        ("\u{1ea5}\u{323}", "not_nfc"),
        ("GCN-\u{202e}10-6202", "hidden_character"),
        ("GCN-2026-01\u{200b}", "hidden_character"),
        ("\u{feff}GCN-2026-01", "hidden_character"),
        ("GCN-2026\u{2060}-01", "hidden_character"),
        ("GCN-\u{2066}2026\u{2069}-01", "hidden_character"),
        ("GCN-2026-01\u{7}", "hidden_character"),
        ("GCN-2026-01\u{1b}[31m", "hidden_character"),
        ("GCN-2026-01\u{9b}31m", "hidden_character"),
    ] {
        for (fields, place) in [
            (json!({"number": number}), "/number"),
            (
                json!({"results": [with(body["results"][0].clone(), json!({"id": number}))]}),
                "/results/0/id",
            ),
        ] {
            let refused = served
                .post("/api/v1/calibrations")
                .token(&laboratory.token)
                .json(&with(body.clone(), fields));
            refused.is_problem(422, "invalid_body");
            assert!(refused.errors().contains(&(code, place)), "{number:?}: {}", refused.text);
        }
    }
    // Half of a surrogate pair is no character, and no JSON.
    let half = body.to_string().replace("GCN-2026-01", "\\ud800");
    let request = served.post("/api/v1/calibrations").token(&laboratory.token);
    request.header("Content-Type", "application/json").body(half).is_problem(400, "malformed_json");
    // Ids, codes of countries and vocabularies are what they are, letter by letter.
    for (field, value) in [
        ("issuer", json!(format!("{}\u{200b}", laboratory.id))),
        ("issuer", json!(laboratory.id.as_str().replace('0', "\u{ff10}"))),
        ("issuer", json!(laboratory.id.as_str().to_uppercase())),
        ("kind", json!("calibratio\u{578}")),
        ("kind", json!("calibration\0")),
    ] {
        let fields = json!({field: value});
        let refused = served
            .post("/api/v1/calibrations")
            .token(&laboratory.token)
            .json(&with(body.clone(), fields));
        assert_eq!(refused.status, 422, "{value}: {}", refused.text);
    }
    unharmed(&served, at);
    // Letters of another script are letters: they find nothing that has ours.
    let check = |number: &str| {
        let number: String = form_urlencoded::byte_serialize(number.as_bytes()).collect();
        let path = format!("/api/v1/certificate_checks?issuer={}&number={number}", laboratory.id);
        let found = served.get(&path).send();
        assert_eq!(found.status, 200, "{}", found.text);
        found.body["items"].as_array().map(Vec::len).expect("a list")
    };
    assert_eq!(check("GCN-2026-01"), 1);
    for other in [
        "GC\u{39d}-2026-01",
        "\u{ff27}CN-2026-01",
        "GCN\u{2010}2026-01",
        "GCN-2026-0l",
        "GCN-2026-01 ",
        "gcn-2026-01",
        "GCN-2026-01\u{200d}",
        "GCN-2026-%",
        "GCN-2026-__",
    ] {
        assert_eq!(check(other), 0, "{other}");
    }
}

fn paths_that_mean_something_else(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let at = head(&served);
    let id = &operator.id;
    for (path, expected) in [
        (format!("/api/v1/organisations/{id}/../{id}"), &[404][..]),
        (format!("/api/v1/organisations/{id}/..%2f..%2f{id}"), &[404]),
        (format!("/api/v1/organisations/{id}%2e%2e"), &[404]),
        (format!("/api/v1/organisations/{id}%252fversions"), &[404]),
        (format!("/api/v1/organisations/{id}%5cversions"), &[404]),
        (format!("/api/v1/organisations/{id};a=b"), &[404]),
        (format!("/api/v1/organisations/{id}%0d%0aSet-Cookie:%20a=b"), &[404]),
        (format!("/api/v1/organisations/{id}%ff"), &[404, 400]),
        (format!("/api/v1/organisations/{id}%"), &[404, 400]),
        (format!("/api/v1/organisations/{id}%zz"), &[404, 400]),
        (format!("/API/V1/organisations/{id}"), &[404]),
        (format!("//api/v1/organisations/{id}"), &[404, 400]),
        ("/docs/../api/v1/api_keys".to_owned(), &[404, 401]),
        ("/docs/..%2f..%2f..%2fetc%2fpasswd".to_owned(), &[404]),
        ("/docs/%2e%2e/%2e%2e/etc/passwd".to_owned(), &[404]),
        ("/docs/....//....//etc/passwd".to_owned(), &[404]),
        ("/problems/..%2f..%2fetc%2fpasswd".to_owned(), &[404]),
        ("/problems/%3Cscript%3Ealert(1)%3C%2Fscript%3E".to_owned(), &[404]),
        ("/.git/config".to_owned(), &[404]),
        ("/.env".to_owned(), &[404]),
        ("*".to_owned(), &[400, 404]),
        ("http://evil.example/api/v1/organisations".to_owned(), &[200, 404, 400]),
        (format!("/{}", "a/".repeat(2_000)), &[404, 414, 431]),
        (format!("/api/v1/organisations?q={}", "%F0%9F%98%80".repeat(500)), &[200, 400]),
        (format!("/api/v1/organisations?{}", "a=1&".repeat(1_000)), &[400]),
        ("/api/v1/organisations?q=%27%20OR%201=1--".to_owned(), &[200, 400]),
        ("/api/v1/organisations?q=*%22(NEAR".to_owned(), &[200, 400]),
        ("/api/v1/organisations?cursor=%00%ff".to_owned(), &[400]),
        ("/api/v1/organisations?country=VN%0d%0a".to_owned(), &[200, 400]),
    ] {
        let answer = sent(
            &served,
            &format!("GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"),
        );
        let status = status(&answer);
        assert!(expected.contains(&status), "{path}: {answer}");
        let head = answer.split("\r\n\r\n").next().unwrap_or_default().to_lowercase();
        assert!(!head.contains("set-cookie") && !answer.contains("root:"), "{path}: {answer}");
        assert!(!answer.contains("<script>alert"), "{path}: {answer}");
    }
    unharmed(&served, at);
}

/// Sends bytes on a connection of their own and reads until the server closes it.
fn sent(served: &Served, text: &str) -> String {
    sent_bytes(served, text.as_bytes())
}

fn sent_bytes(served: &Served, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(served.address).expect("a connection");
    // Long for a server that does not hang.
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a bound");
    // It may have answered and closed before all was sent.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("it hangs"),
        // What came before a reset is what was said.
        _ => String::from_utf8_lossy(&answer).into_owned(),
    }
}

/// The status of an answer; 0 where there is none.
fn status(answer: &str) -> u16 {
    answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(0)
}

fn headers_that_mean_two_things(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let at = head(&served);
    let token = &operator.token;
    let body = "{\"kind\": \"enterprise\", \"names\": {\"en\": \"X\"}}";
    let post = |headers: &str| {
        format!(
            "POST /api/v1/organisations HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\
             Content-Type: application/json\r\n{headers}\r\n\r\n{body}"
        )
    };
    let length = format!("Content-Length: {}", body.len());
    // Two tokens: the first counts, and it is wrong.
    let answer = sent(
        &served,
        &post(&format!("{length}\r\nAuthorization: Bearer x\r\nAuthorization: Bearer {token}")),
    );
    assert_eq!(status(&answer), 401, "{answer}");
    for (what, headers, expected) in [
        (
            "two idempotency keys that differ",
            format!("{length}\r\nIdempotency-Key: a\r\nIdempotency-Key: b"),
            &[401][..],
        ),
        ("a header without a name", format!("{length}\r\n: x"), &[400]),
        ("a folded header", format!("{length}\r\nX-A: b\r\n c"), &[400]),
        ("a space before the colon", format!("{length}\r\nX-A : b"), &[400, 401]),
        ("NUL in a value", format!("{length}\r\nX-A: b\0c"), &[400]),
        ("a bare carriage return", format!("{length}\r\nX-A: b\rX-B: c"), &[400]),
        ("many headers", format!("{length}\r\n{}", "X-A: b\r\n".repeat(2_000)), &[400, 431]),
        ("a long header", format!("{length}\r\nX-A: {}", "b".repeat(200_000)), &[400, 431]),
        ("a host that is none", format!("{length}\r\nHost: evil.example/\\@x"), &[400, 401]),
        (
            "forwarded for everybody",
            format!(
                "{length}\r\n{}",
                "X-Forwarded-For: 1.2.3.4, 127.0.0.1\r\nX-Forwarded-For: x".to_owned()
            ),
            &[401],
        ),
        (
            "an id of a request that is a line",
            format!("{length}\r\nX-Request-Id: a%0d%0ab"),
            &[401],
        ),
        ("another method", format!("{length}\r\nX-HTTP-Method-Override: DELETE"), &[401]),
        (
            "another path",
            format!("{length}\r\nX-Original-URL: /healthz\r\nX-Rewrite-URL: /healthz"),
            &[401],
        ),
    ] {
        let answer = sent(&served, &post(&headers));
        assert!(expected.contains(&status(&answer)), "{what}: {answer}");
    }
    // A request id is written into the answer only if it is one.
    let answer = sent(
        &served,
        "GET /healthz HTTP/1.1\r\nHost: here\r\nConnection: close\r\nX-Request-Id: <b>x</b>\r\n\r\n",
    );
    assert!(!answer.contains("<b>"), "{answer}");
    // What the client accepts may be anything.
    for accept in
        ["*/*;q=9999999999999999999999", ";;;,,,", "application/json;q=NaN", &"a/b,".repeat(5_000)]
    {
        let answer = served.get("/api/v1/organisations").header("Accept", accept).send();
        assert!([200, 406].contains(&answer.status), "{accept}: {}", answer.text);
    }
    for language in ["vi;q=1e999", "*-*", &"x".repeat(5_000), "\u{e9}"] {
        let answer = served.get("/healthz").header("Accept-Language", language).send();
        assert_eq!(answer.status, 200, "{language}");
    }
    for match_ in
        ["\"99999999999999999999\"", "W/\"1\"", "*", "\"\"", "\"-1\"", "1", "\"1\", \"2\""]
    {
        let put = served.put(&format!("/api/v1/organisations/{}", operator.id)).token(token);
        let answer =
            put.header("If-Match", match_).json(&json!({"kind": "nmi", "names": {"en": "x"}}));
        assert_eq!(answer.status, 412, "{match_}: {}", answer.text);
    }
    for media in
        ["application/json; charset=utf-16", "application/json, text/csv", "application/JSON;;;"]
    {
        let answer = served
            .post("/api/v1/organisations")
            .token(token)
            .header("Content-Type", media)
            .body("[]");
        assert!([415, 422].contains(&answer.status), "{media}: {}", answer.text);
    }
    unharmed(&served, at);
}

fn requests_that_are_two_requests(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let at = head(&served);
    let token = &operator.token;
    let start = format!(
        "POST /api/v1/organisations HTTP/1.1\r\nHost: here\r\n\
                         Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    );
    // What a proxy might take for the body of the first and we for a second request.
    let hidden = "GET /api/v1/api_keys HTTP/1.1\r\nHost: here\r\nX-Smuggled: yes\r\n\r\n";
    for (what, request) in [
        (
            "length and chunks",
            format!(
                "{start}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"
            ),
        ),
        (
            "chunks and length",
            format!(
                "{start}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n{hidden}"
            ),
        ),
        (
            "two lengths",
            format!("{start}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{{}}{hidden}"),
        ),
        ("two lengths in one", format!("{start}Content-Length: 2, 40\r\n\r\n{{}}{hidden}")),
        ("a length with a sign", format!("{start}Content-Length: +2\r\n\r\n{{}}{hidden}")),
        ("a negative length", format!("{start}Content-Length: -2\r\n\r\n{{}}{hidden}")),
        (
            "a length that overflows",
            format!("{start}Content-Length: 18446744073709551618\r\n\r\n{{}}{hidden}"),
        ),
        ("a length in hex", format!("{start}Content-Length: 0x2\r\n\r\n{{}}{hidden}")),
        (
            "chunked, but not last",
            format!("{start}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{hidden}"),
        ),
        (
            "chunked twice",
            format!(
                "{start}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"
            ),
        ),
        (
            "chunked in disguise",
            format!("{start}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}"),
        ),
        (
            "chunked with a tab",
            format!("{start}Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n{hidden}"),
        ),
        (
            "a chunk with a sign",
            format!("{start}Transfer-Encoding: chunked\r\n\r\n+2\r\n{{}}\r\n0\r\n\r\n{hidden}"),
        ),
        (
            "a chunk that overflows",
            format!(
                "{start}Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{{}}\r\n0\r\n\r\n{hidden}"
            ),
        ),
        (
            "a chunk with bare line feeds",
            format!("{start}Transfer-Encoding: chunked\r\n\r\n2\n{{}}\n0\n\n{hidden}"),
        ),
        (
            "HTTP/1.0 with chunks",
            format!(
                "{}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
                start.replace("HTTP/1.1", "HTTP/1.0")
            ),
        ),
        (
            "bare line feeds",
            format!("{}Content-Length: 2\n\n{{}}{hidden}", start.replace("\r\n", "\n")),
        ),
        (
            "no host",
            format!("{}Content-Length: 2\r\n\r\n{{}}", start.replace("Host: here\r\n", "")),
        ),
        ("HTTP/9.9", "GET / HTTP/9.9\r\nHost: here\r\n\r\n".to_owned()),
        ("HTTP/2 without having asked", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
        ("TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0".to_owned()),
        ("nothing", "\r\n\r\n\r\n".to_owned()),
        ("noise", "\u{1}\u{2}\u{3}".repeat(1_000)),
    ] {
        let answer = sent(&served, &request);
        let statuses: Vec<u16> =
            answer.match_indices("HTTP/1.1 ").map(|(at, _)| status(&answer[at..])).collect();
        assert!(statuses.iter().all(|status| *status < 500), "{what}: {answer}");
        // The hidden request is nobody's: where it is taken for a second one, it says so itself and
        // is answered like any other; it never has the token of the first.
        assert!(!answer.contains("\"items\""), "{what}: {answer}");
        assert!(!answer.contains("HTTP/1.1 201"), "{what}: {answer}");
    }
    // Length and chunks together are refused, or the connection ends: a proxy that reads the other of
    // the two is not led astray.
    let both =
        format!("{start}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}");
    let answer = sent(&served, &both);
    assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{answer}");
    unharmed(&served, at);
}

// ---------------------------------------------------------------------------------------------
// Files and sizes

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("it is compressed");
    encoder.finish().expect("it is compressed")
}

/// So many MiB of spaces, compressed, so many times over.
fn bomb(mebibytes: usize, levels: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..mebibytes {
        encoder.write_all(&[b' '; 1 << 20]).expect("it is compressed");
    }
    let packed = encoder.finish().expect("it is compressed");
    (1..levels).fold(packed, |packed, _| gzip(&packed))
}

/// Blocks of one byte each that stands for 128 KiB (RFC 8878, 3.1.1.2.2), with a frame that claims to be small.
fn zstandard_bomb(blocks: u32) -> Vec<u8> {
    // Magic number; a frame of unknown size with a window of 128 KiB.
    let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    for block in 1..=blocks {
        let header = ((128_u32 << 10) << 3) | (1 << 1) | u32::from(block == blocks);
        bytes.extend_from_slice(&header.to_le_bytes()[..3]);
        bytes.push(b' ');
    }
    bytes
}

/// A workbook of which one part grows.
fn workbook_bomb(mebibytes: usize) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for name in ["[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"] {
        archive.start_file(name, options).expect("a part");
        for _ in 0..mebibytes {
            archive.write_all(&[b' '; 1 << 20]).expect("it is compressed");
        }
    }
    archive.finish().expect("an archive").into_inner()
}

fn files_that_grow(database: &Database) {
    // A machine may be busy with other things: what is expected here is no time-out.
    let patient =
        |settings| etalon::config::Server { request_time: Duration::from_secs(600), ..settings };
    let served = Served::with(database, patient, None);
    let operator = served.operator();
    let at = head(&served);
    let entity = |levels: usize| {
        let mut text = String::from("<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY l0 \"lol\">");
        for level in 1..levels {
            let below = level - 1;
            text.push_str(&format!("<!ENTITY l{level} \"{}\">", format!("&l{below};").repeat(10)));
        }
        text + &format!("]><a>&l{};</a>", levels - 1)
    };
    let external =
        "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>";
    let nested_xml = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    let nested_json = "[".repeat(1_000_000);
    let deep_lines = "{\"a\":".repeat(10_000);
    for (what, media, body) in [
        ("gzip of 65 MiB", "application/gzip", bomb(65, 1)),
        ("gzip of 200 MiB", "application/gzip", bomb(200, 1)),
        ("gzip in gzip", "application/gzip", bomb(100, 2)),
        ("gzip that is cut", "application/gzip", bomb(1, 1)[..200].to_vec()),
        ("gzip of 66 MiB by another name", "application/json", bomb(66, 1)),
        ("Zstandard of 128 MiB", "application/zstd", zstandard_bomb(1_024)),
        ("Zstandard of 8 GiB", "application/zstd", zstandard_bomb(65_536)),
        (
            "Zstandard that is noise",
            "application/zstd",
            [&[0x28, 0xb5, 0x2f, 0xfd][..], &[0xff; 4_096]].concat(),
        ),
        (
            "a workbook of 3 × 70 MiB",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            workbook_bomb(70),
        ),
        (
            "a workbook that is noise",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            [b"PK\x03\x04".as_slice(), &[0xff; 4_096]].concat(),
        ),
        ("a billion laughs", "application/xml", entity(12).into_bytes()),
        ("somebody else's file", "application/xml", external.as_bytes().to_vec()),
        ("XML within XML", "application/xml", nested_xml.into_bytes()),
        ("JSON within JSON", "application/json", nested_json.into_bytes()),
        ("lines within lines", "application/x-ndjson", deep_lines.into_bytes()),
        ("commas", "text/csv", vec![b','; 4 << 20]),
        ("quotes", "text/csv", vec![b'"'; 4 << 20]),
    ] {
        let answer = served
            .post("/api/v1/imports?dry_run=true")
            .token(&operator.token)
            .header("Content-Type", media)
            .body(body);
        let shown = &answer.text[..answer.text.floor_char_boundary(2_000)];
        assert_eq!(answer.status, 422, "{what}: {shown}");
        // What is too large is refused for that, and not for what is in it.
        let is_too_large = ["holds more than 64 MiB", "128 MiB when inflated"];
        let is_too_large = is_too_large.iter().any(|words| answer.text.contains(words));
        assert_eq!(is_too_large, what.contains(" of "), "{what}: {shown}");
        assert!(answer.text.len() < 1 << 20, "{what}: {} bytes", answer.text.len());
        assert!(!answer.text.contains("root:"), "{what}");
    }
    // A body that says that it is compressed is not read.
    let packed = served
        .post("/api/v1/organisations")
        .token(&operator.token)
        .header("Content-Type", "application/json")
        .header("Content-Encoding", "gzip")
        .body(bomb(64, 1));
    packed.is_problem(415, "unsupported_media_type");
    unharmed(&served, at);
}

fn sizes_on_both_sides_of_each_bound(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let post = |body: &Value| served.post("/api/v1/documents").token(&operator.token).json(body);
    let document = |text: String| json!({"designation": "TCVN 1", "titles": {"en": text}});
    // A text.
    let longest = post(&document("x".repeat(20_000)));
    assert_eq!(longest.status, 201, "{}", longest.text);
    let too_long = post(&document("x".repeat(20_001)));
    assert_eq!(too_long.errors(), [("text_too_long", "/titles/en")], "{}", too_long.text);
    // The same in an import: it is the record that is bounded, not the way that it comes.
    let bundle = |text: String| {
        json!({
            "format": "etalon-bundle/1",
            "records": {"documents": [with(document(text), json!({"id": "_:d"}))]},
        })
    };
    let import = |body: &Value| {
        served.post("/api/v1/imports?dry_run=true").token(&operator.token).json(body)
    };
    assert_eq!(import(&bundle("x".repeat(20_000))).status, 200);
    let refused = import(&bundle("x".repeat(20_001)));
    assert!(
        refused.errors().contains(&("text_too_long", "/records/documents/0/titles/en")),
        "{}",
        refused.text
    );
    // A list.
    let list = |length: usize| with(document("x".to_owned()), json!({"unknown": vec![0; length]}));
    let codes = |answer: &crate::support::served::Response| -> Vec<String> {
        answer.errors().iter().map(|(code, _)| (*code).to_owned()).collect()
    };
    assert_eq!(codes(&post(&list(10_000))), ["unknown_field"]);
    let too_long = codes(&post(&list(10_001)));
    assert!(too_long.contains(&"list_too_long".to_owned()), "{too_long:?}");
    // Nesting: a record's own, and that of any JSON.
    let nested = |levels: usize| with(document("x".to_owned()), json!({"unknown": deep(levels)}));
    assert_eq!(codes(&post(&nested(31))), ["unknown_field"]);
    assert!(codes(&post(&nested(32))).contains(&"too_deep".to_owned()));
    assert!(codes(&post(&nested(126))).contains(&"too_deep".to_owned()));
    post(&nested(127)).is_problem(400, "malformed_json");
    // The body as a whole.
    let bytes = |length: usize| {
        let text = json!({"designation": "TCVN 1", "filler": ""}).to_string();
        let filler = "x".repeat(length - text.len());
        json!({"designation": "TCVN 1", "filler": filler})
    };
    post(&bytes(1 << 20)).is_problem(422, "invalid_body");
    post(&bytes((1 << 20) + 1)).is_problem(413, "body_too_large");
}

fn faults_without_end_have_an_end(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let at = head(&served);
    // The answer to a wrong request is not much larger than the request, however much is wrong.
    let fields: serde_json::Map<String, Value> =
        (0..60_000).map(|number| (format!("u{number}"), json!(0))).collect();
    let refused =
        served.post("/api/v1/organisations").token(&operator.token).json(&Value::Object(fields));
    refused.is_problem(422, "invalid_body");
    assert!((500..=1_100).contains(&refused.errors().len()), "{}", refused.errors().len());
    let records: Vec<Value> =
        (0..20_000).map(|number| json!({"id": format!("_:d{number}")})).collect();
    let bundle = json!({"format": "etalon-bundle/1", "records": {"documents": records}});
    let refused = served.post("/api/v1/imports").token(&operator.token).json(&bundle);
    refused.is_problem(422, "invalid_body");
    assert!(refused.errors().len() <= 1_100, "{}", refused.errors().len());
    let query = (0..3_000).map(|number| format!("u{number}=1")).collect::<Vec<_>>().join("&");
    let refused = served.get(&format!("/api/v1/organisations?{query}")).send();
    refused.is_problem(400, "invalid_parameter");
    assert!(refused.errors().len() <= 100, "{}", refused.errors().len());
    unharmed(&served, at);
}
