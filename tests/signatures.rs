//! Electronic signatures of certificates: those that other programs made (`signatures/make.py` says
//! how), the signed samples of the shared data, and what an attacker would try.

#[path = "signatures/common.rs"]
mod common;
#[path = "signatures/hostile.rs"]
mod hostile;
#[path = "signatures/samples.rs"]
mod samples;

use common::*;
use etalon::exchange::signature::{
    SignatureOutcome, SignatureStatus, SignatureStep, TimeSource, Trust, check,
};

fn data(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/signatures/made/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn names(start: &str) -> Vec<String> {
    let folder =
        std::fs::read_dir(format!("{}/tests/signatures/made", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let names = folder.map(|one| one.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(start)).collect();
    names.sort();
    assert!(!names.is_empty());
    names
}

fn trust() -> Trust {
    Trust::nobody().with_anchors(&data("root.pem")).unwrap()
}

fn at(name: &str, trust: &Trust) -> SignatureOutcome {
    let xml = String::from_utf8(data(name)).unwrap();
    check(&xml, trust, None, instant("2026-06-01T00:00:00Z"))
}

#[test]
fn good() {
    for name in names("good_") {
        let outcome = at(&name, &trust());
        assert_eq!(outcome.status, SignatureStatus::Valid, "{name}: {outcome:#?}");
        assert!(outcome.signer.unwrap().common_name.unwrap().starts_with("Signer "));
    }
}

#[test]
fn good_and_then_changed() {
    for name in names("good_") {
        let xml = String::from_utf8(data(&name)).unwrap();
        let changed = xml.replacen("1.000000012", "1.000000013", 1);
        assert_ne!(changed, xml);
        let outcome = check(&changed, &trust(), None, instant("2026-06-01T00:00:00Z"));
        assert_eq!(
            (outcome.status, outcome.failed),
            (SignatureStatus::Invalid, Some(SignatureStep::Digest))
        );
        // Another digest, so another signature value.
        let start = xml.find("<ds:DigestValue>").unwrap() + "<ds:DigestValue>".len();
        let changed = format!("{}AA{}", &xml[..start], &xml[start + 2..]);
        let outcome = check(&changed, &trust(), None, instant("2026-06-01T00:00:00Z"));
        assert_eq!(outcome.status, SignatureStatus::Invalid);
    }
}

/// `xml:base` and `xml:id` above what is signed: right but for version 1.1, which is refused.
#[test]
fn base_and_id() {
    assert_eq!(at("base_0.xml", &trust()).status, SignatureStatus::Valid);
    assert_eq!(at("base_1.xml", &trust()).status, SignatureStatus::Unsupported);
    assert_eq!(at("base_2.xml", &trust()).status, SignatureStatus::Valid);
}

#[test]
fn untrusted() {
    for name in names("untrusted_") {
        let outcome = at(&name, &trust());
        let step =
            if name.contains("expired") { SignatureStep::Validity } else { SignatureStep::Chain };
        assert_eq!(outcome.status, SignatureStatus::ValidUntrusted, "{name}: {outcome:#?}");
        assert_eq!(outcome.failed, Some(step), "{name}: {outcome:#?}");
    }
}

#[test]
fn unsupported() {
    for name in names("unsupported_") {
        let outcome = at(&name, &trust());
        assert_eq!(outcome.status, SignatureStatus::Unsupported, "{name}: {outcome:#?}");
    }
}

#[test]
fn revocation_lists() {
    let name = "good_p256_ECDSA_SHA256.xml";
    for (lists, status, known) in [
        (vec![], SignatureStatus::Valid, false),
        (vec!["crl_empty.pem"], SignatureStatus::Valid, false),
        (vec!["crl_empty.pem", "crl_root_empty.pem"], SignatureStatus::Valid, true),
        (vec!["crl_delta_empty.pem", "crl_root_empty.pem"], SignatureStatus::Valid, false),
        (vec!["crl_sub_revoked.pem"], SignatureStatus::Revoked, false),
        (vec!["crl_root_empty.pem", "crl_p256_revoked.pem"], SignatureStatus::Revoked, false),
        (vec!["crl_forged.pem", "crl_root_empty.pem"], SignatureStatus::Valid, false),
    ] {
        let mut trust = trust();
        for list in &lists {
            trust = trust.with_revocation_lists(&data(list)).unwrap();
        }
        let outcome = at(name, &trust);
        assert_eq!(outcome.status, status, "{lists:?}: {outcome:#?}");
        assert_eq!(outcome.revocation_known, known, "{lists:?}: {outcome:#?}");
        if status == SignatureStatus::Revoked {
            // What the caller saw before the revocation still holds.
            let xml = String::from_utf8(data(name)).unwrap();
            let earlier = Some(instant("2026-03-31T00:00:00Z"));
            let outcome = check(&xml, &trust, earlier, instant("2026-06-01T00:00:00Z"));
            assert_eq!(outcome.status, SignatureStatus::Valid);
        }
    }
}

/// The time stamp proves that the signature is older than the end of the signer's certificate.
#[test]
fn time_stamp() {
    let xml = String::from_utf8(data("stamped_good.xml")).unwrap();
    let late = instant("2030-01-01T00:00:00Z");
    let outcome = check(&xml, &trust(), None, late);
    assert_eq!(outcome.status, SignatureStatus::Valid, "{outcome:#?}");
    assert_eq!(outcome.time_source, TimeSource::TimeStamp);
    assert_eq!(Some(outcome.verified_at), outcome.time_stamp);
    // The stamp of another signature value, a damaged one, or none: no proof.
    let start = xml.find("EncapsulatedTimeStamp>").unwrap() + 600;
    let damaged = format!("{}AAAA{}", &xml[..start], &xml[start + 4..]);
    for xml in [damaged, xml.replace("SignatureTimeStamp", "OtherTimeStamp")] {
        let outcome = check(&xml, &trust(), None, late);
        assert_eq!(outcome.failed, Some(SignatureStep::Validity), "{outcome:#?}");
        assert_eq!(outcome.time_source, TimeSource::Now);
        assert_eq!(outcome.time_stamp, None);
    }
}

/// A list made after the time still shows what was revoked by then.
#[test]
fn a_later_revocation_list() {
    let mut trust = trust();
    for list in ["crl_empty.pem", "crl_root_empty.pem"] {
        trust = trust.with_revocation_lists(&data(list)).unwrap();
    }
    let xml = String::from_utf8(data("good_p256_ECDSA_SHA256.xml")).unwrap();
    let now = instant("2026-11-28T00:00:00Z");
    let known = |at| check(&xml, &trust, Some(instant(at)), now).revocation_known;
    assert!(known("2025-06-01T00:00:00Z"));
    assert!(known("2026-06-30T23:59:59Z"));
    assert!(!known("2026-07-01T00:00:00Z"));
}

/// What the command line says of a file, under a directory of trust, and how it ends.
fn asked(directory: &std::path::Path, file: &str, further: &[&str]) -> (Option<i32>, String) {
    let file = format!("{}/tests/signatures/{file}", env!("CARGO_MANIFEST_DIR"));
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_etalon"))
        .args(["signature", &file, "--at", "2026-06-01T00:00:00Z", "--trust"])
        .arg(directory)
        .args(further)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn the_command_line_says_what_came_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    let put = |folder: &str, name: &str| {
        std::fs::create_dir_all(place(folder)).unwrap();
        std::fs::write(place(folder).join(name), data(name)).unwrap();
    };
    let (status, text) = asked(directory.path(), "made/good_c14n_4.xml", &[]);
    assert_eq!(status, Some(66), "{text}");
    assert!(text.contains("there is no certificate of a trusted authority"), "{text}");
    put("anchors", "root.pem");
    for (file, ends, says) in [
        ("made/good_c14n_4.xml", 0, "Signer rsa"),
        ("made/untrusted_self.xml", 2, "leads to no trusted authority"),
        ("made/unsupported_rsa1024.xml", 2, "of a form that is not supported"),
        ("certificate.xml", 2, "the document has no signature"),
    ] {
        let (status, text) = asked(directory.path(), file, &[]);
        assert_eq!(status, Some(ends), "{text}");
        assert!(text.contains(says), "{text}");
    }
    put("revocation", "crl_sub_revoked.pem");
    let (status, text) = asked(directory.path(), "made/good_c14n_4.xml", &["--json"]);
    assert_eq!(status, Some(1), "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json[0]["status"], "revoked");
    assert_eq!(json[0]["failed"], "revocation");
    let (status, text) = asked(directory.path(), "made/good_c14n_4.xml", &["--lang", "vi"]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("chứng thư số bị thu hồi"), "{text}");
    std::fs::write(place("anchors").join("bad.pem"), "no certificate").unwrap();
    let (status, text) = asked(directory.path(), "made/good_c14n_4.xml", &[]);
    assert_eq!(status, Some(65), "{text}");
    assert!(text.contains("bad.pem: certificate 1 cannot be read"), "{text}");
}
