//! The signed samples of the shared data, and what the table there says of them.

use super::common::*;
use etalon::exchange::signature::{
    SignatureOutcome, SignatureStatus, SignatureStep, TimeSource, Trust, check,
};

const A1: &str = "dcc_gp_temperature_typical_v12_v3.2.0_signed.xml";
const MANIPULATED: &str = "dcc_gp_temperature_typical_v12_v3.2.0_signed_manipulated.xml";
const REVOKED: &str = "dcc_gp_temperature_typical_v12_v3.2.0_signed_lt_revoked.xml";
const DCCLIB: &str = "valid_signature.xml";

fn at(name: &str, trust: &Trust, time: &str) -> SignatureOutcome {
    check(&sample(name), trust, Some(instant(time)), instant("2026-11-28T00:00:00Z"))
}

#[test]
fn enveloped_rsa() {
    if !here() {
        return;
    }
    let outcome = at(DCCLIB, &dcclib(), "2026-06-01T00:00:00Z");
    assert_eq!(outcome.status, SignatureStatus::Valid, "{outcome:#?}");
    let signer = outcome.signer.unwrap();
    assert_eq!(signer.common_name.as_deref(), Some("cert"));
    assert_eq!(signer.serial, "657B5CB6BF889D3A7DDCF881C005AEF857350510");
    assert_eq!(signer.valid_from, instant("2026-01-06T10:18:21Z"));
    assert_eq!(signer.valid_until, instant("2027-01-06T10:18:21Z"));
    assert_eq!(outcome.signing_time, None);
    assert_eq!(outcome.time_source, TimeSource::Caller);
    assert!(!outcome.revocation_known);
}

#[test]
fn enveloped_rsa_outside_validity() {
    if !here() {
        return;
    }
    for (time, status) in [
        ("2026-01-06T10:18:20Z", SignatureStatus::ValidUntrusted),
        ("2026-01-06T10:18:21Z", SignatureStatus::Valid),
        ("2027-01-06T10:18:21Z", SignatureStatus::Valid),
        ("2027-01-06T10:18:22Z", SignatureStatus::ValidUntrusted),
    ] {
        let outcome = at(DCCLIB, &dcclib(), time);
        assert_eq!(outcome.status, status, "{time}: {outcome:#?}");
        assert_eq!(
            outcome.failed,
            (status != SignatureStatus::Valid).then_some(SignatureStep::Validity)
        );
    }
}

#[test]
fn another_anchor() {
    if !here() {
        return;
    }
    for trust in [pydcc(), Trust::nobody()] {
        let outcome = at(DCCLIB, &trust, "2026-06-01T00:00:00Z");
        assert_eq!(outcome.status, SignatureStatus::ValidUntrusted, "{outcome:#?}");
        assert_eq!(outcome.failed, Some(SignatureStep::Chain));
        assert!(outcome.signer.is_some());
    }
    let outcome = at(A1, &dcclib(), "2023-07-01T00:00:00Z");
    assert_eq!(
        (outcome.status, outcome.failed),
        (SignatureStatus::ValidUntrusted, Some(SignatureStep::Chain))
    );
}

#[test]
fn xades_baseline() {
    if !here() {
        return;
    }
    let outcome = at(A1, &pydcc(), "2023-07-01T00:00:00Z");
    assert_eq!(outcome.status, SignatureStatus::Valid, "{outcome:#?}");
    let signer = outcome.signer.unwrap();
    assert_eq!(signer.common_name.as_deref(), Some("Calibration Lab A1"));
    assert_eq!(signer.serial, "4B6E137BE0DEBCEE");
    assert_eq!(outcome.signing_time, Some(instant("2023-03-27T15:14:30Z")));
    assert_eq!(outcome.time_stamp, None);
    let late = at(A1, &pydcc(), "2024-12-02T12:40:01Z");
    assert_eq!(
        (late.status, late.failed),
        (SignatureStatus::ValidUntrusted, Some(SignatureStep::Validity))
    );
    // Nothing proves when it was signed, so the signing time alone does not help.
    let now = check(&sample(A1), &pydcc(), None, instant("2026-11-28T00:00:00Z"));
    assert_eq!(
        (now.status, now.failed),
        (SignatureStatus::ValidUntrusted, Some(SignatureStep::Validity))
    );
    assert_eq!(now.time_source, TimeSource::Now);
}

#[test]
fn without_the_intermediate_there_is_no_path() {
    if !here() {
        return;
    }
    let trust = Trust::nobody().with_anchors(&certificate("pydcc/root.crt")).unwrap();
    let outcome = at(A1, &trust, "2023-07-01T00:00:00Z");
    assert_eq!(
        (outcome.status, outcome.failed),
        (SignatureStatus::ValidUntrusted, Some(SignatureStep::Chain))
    );
    // The other document brings it along.
    assert_eq!(at(REVOKED, &trust, "2023-06-15T13:48:00Z").status, SignatureStatus::Revoked);
}

#[test]
fn the_signer_as_anchor() {
    if !here() {
        return;
    }
    let trust = Trust::nobody().with_anchors(&certificate("pydcc/signer.crt")).unwrap();
    assert_eq!(at(A1, &trust, "2023-07-01T00:00:00Z").status, SignatureStatus::Valid);
    assert_eq!(at(A1, &trust, "2021-07-01T00:00:00Z").status, SignatureStatus::ValidUntrusted);
}

#[test]
fn manipulated() {
    if !here() {
        return;
    }
    let outcome = at(MANIPULATED, &pydcc(), "2023-07-01T00:00:00Z");
    assert_eq!(
        (outcome.status, outcome.failed),
        (SignatureStatus::Invalid, Some(SignatureStep::Digest))
    );
    assert!(outcome.explanation.en.contains("changed after it was signed"));
}

#[test]
fn revoked_by_the_embedded_list() {
    if !here() {
        return;
    }
    let outcome = at(REVOKED, &pydcc(), "2023-06-15T13:48:00Z");
    assert_eq!(outcome.status, SignatureStatus::Revoked, "{outcome:#?}");
    assert_eq!(outcome.failed, Some(SignatureStep::Revocation));
    let signer = outcome.signer.unwrap();
    assert_eq!(signer.common_name.as_deref(), Some("Calibration Lab B1"));
    assert_eq!(signer.serial, "7FF2B9E5BC8639E4");
    assert_eq!(outcome.time_stamp, Some(instant("2023-06-15T13:47:30Z")));
    assert!(outcome.explanation.en.contains("2023-06-15T10:58:20Z (reason: key compromise)"));
    // Before the revocation nothing was known against it.
    let before = at(REVOKED, &pydcc(), "2023-06-15T10:58:19Z");
    assert_eq!(before.status, SignatureStatus::Valid, "{before:#?}");
    assert!(before.revocation_known);
    let now = check(&sample(REVOKED), &pydcc(), None, instant("2026-11-28T00:00:00Z"));
    assert_eq!(now.status, SignatureStatus::Revoked);
    assert_eq!(now.time_source, TimeSource::Now);
}

/// The trap: without the lists nothing is known, with those of the operator it is.
#[test]
fn revoked_by_a_configured_list() {
    if !here() {
        return;
    }
    let xml = sample(REVOKED);
    let lists: Vec<Vec<u8>> = encoded(&xml, "xades:EncapsulatedCRLValue");
    let start = xml.find("<xades:RevocationValues>").unwrap();
    let end = xml.find("</xades:RevocationValues>").unwrap() + "</xades:RevocationValues>".len();
    let stripped = format!("{}{}", &xml[..start], &xml[end..]);
    let time = Some(instant("2023-06-15T13:48:00Z"));
    let now = instant("2026-11-28T00:00:00Z");
    let unknown = check(&stripped, &pydcc(), time, now);
    assert_eq!(unknown.status, SignatureStatus::Valid);
    assert!(!unknown.revocation_known);
    let mut trust = pydcc();
    for list in &lists {
        trust = trust.with_revocation_lists(list).unwrap();
    }
    assert_eq!(check(&stripped, &trust, time, now).status, SignatureStatus::Revoked);
    // For the other signer the same lists are an acquittal, while they are the newest.
    let good = check(&sample(A1), &trust, time, now);
    assert_eq!(good.status, SignatureStatus::Valid);
    assert!(good.revocation_known);
    let stale = check(&sample(A1), &trust, Some(instant("2023-06-15T13:50:00Z")), now);
    assert_eq!(stale.status, SignatureStatus::Valid);
    assert!(!stale.revocation_known);
    // A list that somebody changed counts for nothing.
    let mut forged = lists.last().unwrap().clone();
    let serial = [0x7F, 0xF2, 0xB9, 0xE5, 0xBC, 0x86, 0x39, 0xE4];
    let place = forged.windows(8).position(|window| window == serial).unwrap();
    forged[place + 7] ^= 1;
    let trust = pydcc().with_revocation_lists(&forged).unwrap();
    let outcome = check(&stripped, &trust, time, now);
    assert_eq!(outcome.status, SignatureStatus::Valid);
    assert!(!outcome.revocation_known);
}

/// The authority of the time stamp is embedded; once it is trusted, the time is proved.
#[test]
fn time_stamp() {
    if !here() {
        return;
    }
    let xml = sample(REVOKED);
    let mut trust = pydcc();
    for authority in encoded(&xml, "xades:EncapsulatedX509Certificate") {
        let tried = trust.clone().with_anchors(&authority).unwrap();
        let outcome = check(&xml, &tried, None, instant("2026-11-28T00:00:00Z"));
        if outcome.time_source == TimeSource::TimeStamp {
            trust = tried;
            break;
        }
    }
    let outcome = check(&xml, &trust, None, instant("2026-11-28T00:00:00Z"));
    assert_eq!(outcome.time_source, TimeSource::TimeStamp, "{outcome:#?}");
    assert_eq!(outcome.verified_at, instant("2023-06-15T13:47:30Z"));
    assert_eq!(outcome.status, SignatureStatus::Revoked);
    // A stamp from the future of the check proves nothing.
    let early = check(&xml, &trust, None, instant("2023-06-15T13:47:29Z"));
    assert_eq!(early.time_source, TimeSource::Now);
}

#[test]
fn unsigned() {
    if !here() {
        return;
    }
    let xml = std::fs::read_to_string(format!("{DATA}/dcc/valid/valid.xml")).unwrap();
    let outcome = check(&xml, &Trust::nobody(), None, instant("2026-11-28T00:00:00Z"));
    assert_eq!((outcome.status, outcome.failed), (SignatureStatus::Unsigned, None));
    let outcome = check("", &Trust::nobody(), None, instant("2026-11-28T00:00:00Z"));
    assert_eq!(
        (outcome.status, outcome.failed),
        (SignatureStatus::Invalid, Some(SignatureStep::Reading))
    );
}

/// Every well-formed sample is unsigned unless the table names a signature.
#[test]
fn all_samples() {
    if !here() {
        return;
    }
    let table = std::fs::read_to_string(format!("{DATA}/dcc/expected.csv")).unwrap();
    let mut seen = 0;
    for line in table.lines().skip(1) {
        let name = line.split(',').next().unwrap();
        let Ok(xml) = std::fs::read_to_string(format!("{DATA}/dcc/{name}")) else { continue };
        let outcome = check(&xml, &Trust::nobody(), None, instant("2026-11-28T00:00:00Z"));
        let expected = if name.starts_with("signed/") {
            if name.contains("manipulated") {
                SignatureStatus::Invalid
            } else {
                SignatureStatus::ValidUntrusted
            }
        } else if name.starts_with("malformed/") {
            SignatureStatus::Invalid
        } else {
            SignatureStatus::Unsigned
        };
        assert_eq!(outcome.status, expected, "{name}: {outcome:#?}");
        seen += 1;
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn unreadable_trust() {
    if !here() {
        return;
    }
    for bytes in [
        b"".as_slice(),
        b"no certificate",
        &certificate("dcclib/invalid_cert.pem"),
        b"-----BEGIN CERTIFICATE-----\nMIIB\n",
        b"-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n",
        b"-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n",
    ] {
        Trust::nobody().with_anchors(bytes).unwrap_err();
        Trust::nobody().with_revocation_lists(bytes).unwrap_err();
    }
    let both = [certificate("pydcc/root.crt"), certificate("pydcc/sub.crt")].concat();
    Trust::nobody().with_anchors(&both).unwrap();
    let root = certificate("pydcc/root.crt");
    let der: String =
        std::str::from_utf8(&root).unwrap().lines().filter(|l| !l.starts_with('-')).collect();
    let der = <base64ct::Base64 as base64ct::Encoding>::decode_vec(&der).unwrap();
    Trust::nobody().with_anchors(&der).unwrap();
    // Windows line ends, and text before the block.
    let text = String::from_utf8(root).unwrap().replace('\n', "\r\n");
    Trust::nobody().with_anchors(format!("subject=CN\r\n{text}").as_bytes()).unwrap();
}
