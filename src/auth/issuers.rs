//! The other issuers of tokens that a registry trusts (OpenID Connect), as an operator writes them
//! down. How their keys are read lives in `token`; that they are fetched, and when, in `http`.

use std::collections::BTreeSet;

use deserr::deserialize;

use crate::domain::fault::{Fault, Faults};
use crate::domain::json;
use crate::domain::text::Text;

/// Most issuers: each has a thread that asks for its keys, and a country has some few.
pub const MOST_ISSUERS: usize = 16;

object! {
    /// The issuers that are trusted.
    IssuersFile {
        many {
            /// Each issuer.
            issuers: IssuerEntry,
        }
    }
}

object! {
    /// An issuer that is trusted, with its keys in a file or at an address.
    IssuerEntry {
        required {
            /// What its tokens say as `iss`.
            issuer: String,
            /// What they must say as `aud`: this registry's name with that issuer.
            audience: String,
        }
        optional {
            /// A file with its JWK set, read once; beside the file that names it where the path is
            /// a relative one.
            jwks_file: String,
            /// Where its JWK set is fetched: `https`, or this very machine.
            jwks_url: String,
        }
    }
}

/// Reads the issuers that are trusted.
///
/// # Errors
/// Everything that is wrong with them, each with its place.
pub fn read(text: &str) -> Result<Vec<IssuerEntry>, Faults> {
    let IssuersFile { issuers } = deserialize(json::parse(text)?)?;
    let mut faults = Vec::new();
    let count = issuers.len();
    if !(1..=MOST_ISSUERS).contains(&count) {
        let message = Text::new(
            format!("cần 1 đến {MOST_ISSUERS} bên phát hành, có {count}"),
            format!("expected 1 to {MOST_ISSUERS} issuers, found {count}"),
        );
        faults.push(Fault::error("/issuers", "bad_count", message));
    }
    let mut names = BTreeSet::new();
    for (position, entry) in issuers.iter().enumerate() {
        let mut fault = |field: &str, code, vi: &str, en: &str| {
            let place = format!("/issuers/{position}{field}");
            faults.push(Fault::error(place, code, Text::new(vi, en)));
        };
        if !names.insert(&entry.issuer) {
            fault("/issuer", "repeated", "đã có ở trên", "it stands above already");
        }
        for (field, text) in [("/issuer", &entry.issuer), ("/audience", &entry.audience)] {
            if text.is_empty() {
                fault(field, "empty", "không được trống", "it cannot be empty");
            }
        }
        match (&entry.jwks_file, &entry.jwks_url) {
            (Some(_), None) => {}
            (None, Some(url)) if is_safe(url) => {}
            (None, Some(_)) => fault(
                "/jwks_url",
                "bad_address",
                "cần địa chỉ https:// (hoặc http:// của chính máy này: 127.0.0.1, [::1], localhost)",
                "expected an address https:// (or http:// of this very machine: 127.0.0.1, [::1], \
                 localhost)",
            ),
            _ => fault(
                "",
                "bad_keys",
                "cần “jwks_file” hoặc “jwks_url”, không phải cả hai",
                "expected “jwks_file” or “jwks_url”, not both",
            ),
        }
    }
    match faults.is_empty() {
        true => Ok(issuers),
        false => Err(Faults(faults)),
    }
}

/// Whether nobody on the way can put other keys in the place of those at an address.
fn is_safe(url: &str) -> bool {
    let authority = |rest: &str| rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned();
    // What stands before an @ looks like a host and is none.
    let host = |rest: &str| Some(authority(rest)).filter(|host| !host.contains('@'));
    let is_printable = url.bytes().all(|byte| byte.is_ascii_graphic());
    if let Some(rest) = url.strip_prefix("https://") {
        return is_printable && host(rest).is_some_and(|host| !host.is_empty());
    }
    let Some(host) = url.strip_prefix("http://").and_then(host) else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host.as_str(),
    };
    is_printable && ["127.0.0.1", "[::1]", "localhost"].contains(&name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn issuers_are_read_with_all_that_is_wrong() {
        let entry = |issuer: &str, keys: serde_json::Value| {
            let mut entry = json!({"issuer": issuer, "audience": "etalon"});
            if let (Some(entry), Some(keys)) = (entry.as_object_mut(), keys.as_object()) {
                entry.extend(keys.clone());
            }
            entry
        };
        let url = json!({"jwks_url": "https://a.example/jwks"});
        let good = [entry("a", url.clone()), entry("b", json!({"jwks_file": "b.json"}))];
        let issuers = read(&json!({"issuers": good}).to_string()).expect("issuers");
        assert_eq!(issuers.len(), 2);
        assert_eq!(issuers[0].jwks_url.as_deref(), Some("https://a.example/jwks"));
        let bad = [
            entry("a", json!({})),
            entry("a", json!({"jwks_url": "http://a.example/jwks"})),
            entry("", json!({"jwks_url": "https://a.example", "jwks_file": "a.json"})),
        ];
        let Faults(faults) = read(&json!({"issuers": bad}).to_string()).expect_err("faults");
        let found: Vec<_> = faults.iter().map(|one| (one.code, one.pointer.as_str())).collect();
        assert_eq!(
            found,
            [
                ("bad_keys", "/issuers/0"),
                ("repeated", "/issuers/1/issuer"),
                ("bad_address", "/issuers/1/jwks_url"),
                ("empty", "/issuers/2/issuer"),
                ("bad_keys", "/issuers/2"),
            ]
        );
        let many: Vec<_> = (0..17).map(|name| entry(&name.to_string(), url.clone())).collect();
        for text in [json!({"issuers": many}), json!({}), json!({"issuers": [], "more": 1})] {
            assert!(read(&text.to_string()).is_err(), "{text}");
        }
        assert!(read("[issuers]").is_err());
    }

    #[test]
    fn only_this_machine_is_asked_in_the_clear() {
        for good in [
            "https://login.example.vn/realms/a/protocol/openid-connect/certs",
            "https://[2001:db8::1]:8443/jwks",
            "http://127.0.0.1:8080/jwks",
            "http://localhost/jwks",
            "http://[::1]:1/",
        ] {
            assert!(is_safe(good), "{good}");
        }
        for bad in [
            "http://login.example.vn/jwks",
            "http://127.0.0.1.example.vn/jwks",
            "http://localhost@login.example.vn/jwks",
            "http://127.0.0.1:80@login.example.vn/",
            "https://user@login.example.vn/",
            "https://",
            "https://login example.vn",
            "file:///etc/passwd",
            "login.example.vn/jwks",
            "HTTPS://a.example",
        ] {
            assert!(!is_safe(bad), "{bad}");
        }
    }
}
