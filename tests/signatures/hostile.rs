//! Documents that somebody made to deceive, and damaged ones.

use super::common::*;
use etalon::exchange::signature::{SignatureOutcome, SignatureStatus, SignatureStep, Trust, check};

const NAME: &str = "dcc_gp_temperature_typical_v12_v3.2.0_signed.xml";
const LONG_TERM: &str = "dcc_gp_temperature_typical_v12_v3.2.0_signed_lt_revoked.xml";

fn judged(xml: &str) -> SignatureOutcome {
    let outcome = check(
        xml,
        &pydcc(),
        Some(instant("2023-07-01T00:00:00Z")),
        instant("2026-11-28T00:00:00Z"),
    );
    assert!(outcome.explanation.en.len() < 600, "{}", outcome.explanation.en);
    outcome
}

fn verdict(xml: &str) -> (SignatureStatus, Option<SignatureStep>) {
    let outcome = judged(xml);
    (outcome.status, outcome.failed)
}

/// The document, and its signature cut out.
fn cut() -> (String, String) {
    let xml = sample(NAME);
    let start = xml.find("<ds:Signature ").unwrap();
    let end = xml.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    (format!("{}{}", &xml[..start], &xml[end..]), xml[start..end].to_owned())
}

fn signed_by(signature: &str) -> String {
    let (document, _) = cut();
    document.replace("</dcc:digitalCalibrationCertificate>", "")
        + signature
        + "</dcc:digitalCalibrationCertificate>"
}

fn body(document: &str) -> &str {
    &document[document.find("?>").unwrap() + 2..]
}

fn swapped(from: &str, to: &str) -> String {
    let (_, signature) = cut();
    let changed = signature.replace(from, to);
    assert_ne!(changed, signature, "{from}");
    signed_by(&changed)
}

#[test]
fn the_helpers_leave_it_valid() {
    if !here() {
        return;
    }
    let (_, signature) = cut();
    assert_eq!(verdict(&signed_by(&signature)), (SignatureStatus::Valid, None));
    // Line ends of another system and a byte order mark are no change.
    let plain = sample(NAME).replace('\r', "");
    assert_eq!(verdict(&plain), (SignatureStatus::Valid, None));
    assert_eq!(verdict(&plain.replace('\n', "\r\n")), (SignatureStatus::Valid, None));
    assert_eq!(verdict(&format!("\u{feff}{plain}")), (SignatureStatus::Valid, None));
}

#[test]
fn wrapping() {
    if !here() {
        return;
    }
    let (document, signature) = cut();
    let root = "</dcc:digitalCalibrationCertificate>";
    // The signed document within another: as root, beside, below, in an object of the signature.
    let evil = body(&document).replace("Kalibrierfirma", "Evil");
    let signed = format!("{}{signature}{root}", body(&document).replace(root, ""));
    let within = evil.replace(root, &format!("{signed}{root}"));
    assert_eq!(verdict(&within), (SignatureStatus::Invalid, Some(SignatureStep::Place)));
    let envelope = format!("<envelope>{signed}</envelope>");
    assert_eq!(verdict(&envelope), (SignatureStatus::Unsupported, Some(SignatureStep::Place)));
    let deeper = evil.replace(root, &format!("<dcc:comment>{signature}</dcc:comment>{root}"));
    assert_eq!(verdict(&deeper), (SignatureStatus::Invalid, Some(SignatureStep::Place)));
    let object = signature.replace(
        "</ds:Signature>",
        &format!("<ds:Object>{}</ds:Object></ds:Signature>", body(&document)),
    );
    let object = evil.replace(root, &format!("{object}{root}"));
    // Its identifiers are there twice, and its digest is another.
    assert_eq!(verdict(&object).0, SignatureStatus::Invalid);
    let first = evil.replacen('>', &format!(">{signature}"), 1);
    assert_eq!(verdict(&first), (SignatureStatus::Invalid, Some(SignatureStep::Digest)));
    // Whatever is put in an object does not count as the document.
    let object = signature.replace("</ds:Signature>", "<ds:Object><x/></ds:Object></ds:Signature>");
    assert_eq!(verdict(&signed_by(&object)), (SignatureStatus::Valid, None));
}

#[test]
fn more_than_one_signature() {
    if !here() {
        return;
    }
    let (_, signature) = cut();
    let twice = signed_by(&format!("{signature}{signature}"));
    assert_eq!(verdict(&twice), (SignatureStatus::Unsupported, Some(SignatureStep::Place)));
    let inside = signature
        .replace("</ds:Signature>", "<ds:Object><ds:Signature/></ds:Object></ds:Signature>");
    assert_eq!(
        verdict(&signed_by(&inside)),
        (SignatureStatus::Unsupported, Some(SignatureStep::Place))
    );
}

#[test]
fn identifiers_twice() {
    if !here() {
        return;
    }
    let xml = sample(NAME);
    let id = "xades-id-9e37742ba6f554a6f09719b1894049da";
    for attribute in ["id", "Id", "ID", "xml:id"] {
        let twice = xml.replacen(
            "<dcc:administrativeData",
            &format!("<dcc:administrativeData {attribute}=\"{id}\""),
            1,
        );
        assert_eq!(
            verdict(&twice),
            (SignatureStatus::Invalid, Some(SignatureStep::Place)),
            "{attribute}"
        );
    }
}

#[test]
fn references() {
    if !here() {
        return;
    }
    let to = |uri: &str| swapped("URI=\"\"", uri);
    let xml = to("URI=\"#measured\"").replacen(
        "<dcc:administrativeData",
        "<dcc:administrativeData id=\"measured\"",
        1,
    );
    assert_eq!(verdict(&xml), (SignatureStatus::Unsupported, Some(SignatureStep::Form)));
    for uri in [
        "",
        "URI=\"#\"",
        "URI=\"#xpointer(/)\"",
        "URI=\"http://example.com/a.xml\"",
        "URI=\"file:///etc/passwd\"",
        "URI=\"other.xml\"",
        "URI=\" \"",
        "x:URI=\"\" xmlns:x=\"urn:x\"",
    ] {
        assert_eq!(
            verdict(&to(uri)),
            (SignatureStatus::Unsupported, Some(SignatureStep::Form)),
            "{uri}"
        );
    }
    // Twice the same, only the properties, none at all.
    let (_, signature) = cut();
    let start = signature.find("<ds:Reference Id").unwrap();
    let second = signature.find("<ds:Reference Type").unwrap();
    let end = signature.find("</ds:SignedInfo>").unwrap();
    let document = &signature[start..second];
    let properties = &signature[second..end];
    let with = |references: &str| {
        signed_by(&format!("{}{references}{}", &signature[..start], &signature[end..]))
    };
    let second = document.replace(" Id=\"", " Id=\"second-");
    for references in [
        "",
        properties,
        document,
        &format!("{document}{second}{properties}"),
        &format!("{document}{properties}{properties}"),
    ] {
        assert_eq!(
            verdict(&with(references)),
            (SignatureStatus::Invalid, Some(SignatureStep::Form))
        );
    }
    assert_eq!(
        verdict(&signed_by("<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>")),
        (SignatureStatus::Invalid, Some(SignatureStep::Form))
    );
    assert_eq!(
        verdict(&signed_by(
            "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo/></Signature>"
        )),
        (SignatureStatus::Invalid, Some(SignatureStep::Form))
    );
    // Properties of another signature.
    let foreign = swapped("Target=\"#id-", "Target=\"#other-");
    assert_eq!(verdict(&foreign), (SignatureStatus::Invalid, Some(SignatureStep::Form)));
    // A second set of properties, unsigned, before the signed ones.
    let more = signature.replace(
        "<xades:SignedProperties ",
        "<xades:SignedProperties Id=\"more\"/><xades:SignedProperties ",
    );
    assert_eq!(verdict(&signed_by(&more)), (SignatureStatus::Invalid, Some(SignatureStep::Form)));
}

#[test]
fn algorithms() {
    if !here() {
        return;
    }
    for (from, to) in [
        ("2001/04/xmldsig-more#ecdsa-sha256", "2001/04/xmldsig-more#ecdsa-sha1"),
        ("2001/04/xmldsig-more#ecdsa-sha256", "2000/09/xmldsig#rsa-sha1"),
        ("2001/04/xmldsig-more#ecdsa-sha256", "2001/04/xmldsig-more#rsa-md5"),
        ("2001/04/xmldsig-more#ecdsa-sha256", "2000/09/xmldsig#hmac-sha1"),
        ("2001/04/xmldsig-more#ecdsa-sha256", "2001/04/xmldsig-more#hmac-sha256"),
        ("2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1"),
        ("2001/04/xmlenc#sha256", "2001/04/xmldsig-more#md5"),
        ("2006/12/xml-c14n11", "TR/1999/REC-xslt-19991116"),
        ("2006/12/xml-c14n11", "TR/1999/REC-xpath-19991116"),
        ("2006/12/xml-c14n11", "2002/06/xmldsig-filter2"),
        ("2006/12/xml-c14n11", "2000/09/xmldsig#base64"),
        ("2000/09/xmldsig#enveloped-signature", "TR/1999/REC-xpath-19991116"),
        ("2000/09/xmldsig#enveloped-signature", "2001/10/xml-exc-c14n#"),
    ] {
        let outcome = verdict(&swapped(
            &format!("http://www.w3.org/{from}"),
            &format!("http://www.w3.org/{to}"),
        ));
        assert_eq!(outcome, (SignatureStatus::Unsupported, Some(SignatureStep::Form)), "{to}");
    }
    // The digest of the certificate is part of what is signed.
    let weak = swapped(
        "http://www.w3.org/2001/04/xmlenc#sha512",
        "http://www.w3.org/2000/09/xmldsig#sha1",
    );
    assert_eq!(verdict(&weak), (SignatureStatus::Invalid, Some(SignatureStep::Digest)));
    // Another algorithm than the one that signed is no confusion.
    let other = swapped("ecdsa-sha256", "rsa-sha256");
    assert_eq!(verdict(&other), (SignatureStatus::Invalid, Some(SignatureStep::SignatureValue)));
}

#[test]
fn certificates() {
    if !here() {
        return;
    }
    // Another certificate of the same authority.
    let other = encoded(&sample(LONG_TERM), "ds:X509Certificate").remove(0);
    let other = <base64ct::Base64 as base64ct::Encoding>::encode_string(&other);
    let (_, signature) = cut();
    let start = signature.find("<ds:X509Certificate>").unwrap();
    let end = signature.find("</ds:X509Certificate>").unwrap();
    let with = |text: &str| {
        signed_by(&format!(
            "{}<ds:X509Certificate>{text}{}",
            &signature[..start],
            &signature[end..]
        ))
    };
    assert_eq!(
        verdict(&with(&other)),
        (SignatureStatus::Invalid, Some(SignatureStep::SigningCertificate))
    );
    assert_eq!(
        verdict(&with(&other[..200])),
        (SignatureStatus::Invalid, Some(SignatureStep::SigningCertificate))
    );
    assert_eq!(
        verdict(&with(&other[..201])),
        (SignatureStatus::Invalid, Some(SignatureStep::Form))
    );
    assert_eq!(verdict(&with("")), (SignatureStatus::Invalid, Some(SignatureStep::Form)));
    assert_eq!(verdict(&with("<a/>")), (SignatureStatus::Invalid, Some(SignatureStep::Form)));
    let none = swapped("ds:X509Certificate>", "ds:X509Other>");
    assert_eq!(
        verdict(&none),
        (SignatureStatus::Unsupported, Some(SignatureStep::SigningCertificate))
    );
}

#[test]
fn comments_and_instructions() {
    if !here() {
        return;
    }
    let xml = sample(NAME);
    // Between elements they are no harm; a signature does not cover comments.
    let between = xml.replacen("<dcc:administrativeData", "<!-- x --><dcc:administrativeData", 1);
    assert_eq!(verdict(&between), (SignatureStatus::Valid, None));
    let instruction = xml.replacen("<dcc:administrativeData", "<?x y?><dcc:administrativeData", 1);
    assert_eq!(verdict(&instruction), (SignatureStatus::Invalid, Some(SignatureStep::Digest)));
    let within = xml.replacen("Kalibrierfirma", "Kalibrier<!-- -->firma", 1);
    assert_eq!(verdict(&within), (SignatureStatus::Unsupported, Some(SignatureStep::Reading)));
}

#[test]
fn document_types() {
    if !here() {
        return;
    }
    let xml = sample(NAME);
    for declaration in [
        "<!DOCTYPE x [<!ENTITY a \"b\">]>",
        "<!DOCTYPE x SYSTEM \"http://example.com/x.dtd\">",
        "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>",
    ] {
        let typed = xml.replacen("?>", &format!("?>{declaration}"), 1);
        assert_eq!(verdict(&typed), (SignatureStatus::Unsupported, Some(SignatureStep::Reading)));
    }
    assert_eq!(
        verdict(&xml.replacen("Kalibrierfirma", "&a;", 1)),
        (SignatureStatus::Invalid, Some(SignatureStep::Reading))
    );
}

/// Documents that make a check look at everything many times over.
#[test]
fn large() {
    if !here() {
        return;
    }
    let xml = sample(NAME);
    let root = "</dcc:digitalCalibrationCertificate>";
    let many = |text: &str, count: usize| text.repeat(count);
    let count = 20_000;
    let cases = [
        (
            "nested",
            xml.replace(root, &format!("{}{}{root}", many("<a>", count), many("</a>", count))),
        ),
        ("open", format!("{}>{}", body(&xml).split('>').next().unwrap(), many("<a>", count))),
        (
            "nested just enough",
            xml.replace(root, &format!("{}{}{root}", many("<a>", 126), many("</a>", 126))),
        ),
        ("siblings", xml.replace(root, &format!("{}{root}", many("<a/>", count)))),
        (
            "attributes",
            xml.replace(
                root,
                &format!(
                    "<a {}/>{root}",
                    (0..count / 2).map(|n| format!("a{n}=\"\" ")).collect::<String>()
                ),
            ),
        ),
        (
            "identifiers",
            xml.replace(
                root,
                &format!(
                    "{}{root}",
                    (0..count / 2).map(|n| format!("<a id=\"a{n}\"/>")).collect::<String>()
                ),
            ),
        ),
        (
            "namespaces",
            xml.replace(
                root,
                &format!(
                    "<a {}/>{root}",
                    (0..count / 2).map(|n| format!("xmlns:a{n}=\"urn:{n}\" ")).collect::<String>()
                ),
            ),
        ),
        (
            "namespaces of many",
            xml.replace(
                root,
                &format!(
                    "<a {}>{}</a>{root}",
                    (0..27).map(|n| format!("xmlns:a{n}=\"urn:{n}\" ")).collect::<String>(),
                    many("<b/>", count / 4)
                ),
            ),
        ),
        ("beside", format!("{}{}", xml, many("<?a?>", count))),
        (
            "signatures",
            xml.replace(
                root,
                &format!(
                    "{}{root}",
                    many(
                        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>",
                        count / 4
                    )
                ),
            ),
        ),
        (
            "references",
            xml.replace(
                "</ds:SignedInfo>",
                &format!("{}</ds:SignedInfo>", many("<ds:Reference URI=\"\"/>", count / 4)),
            ),
        ),
        (
            "prefixes",
            swapped(
                "CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>",
                &format!(
                    "CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"><c:InclusiveNamespaces xmlns:c=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"{}\"/></ds:CanonicalizationMethod>",
                    many("a ", count)
                ),
            ),
        ),
        (
            "objects",
            xml.replace(
                "</ds:Signature>",
                &format!("{}</ds:Signature>", many("<ds:Object/>", count / 4)),
            ),
        ),
        ("certificates", {
            let one = xml
                .split("<ds:X509Data>")
                .nth(1)
                .unwrap()
                .split("</ds:X509Data>")
                .next()
                .unwrap()
                .to_owned();
            xml.replace("</ds:X509Data>", &format!("{}</ds:X509Data>", many(&one, 2_000)))
        }),
        ("text", xml.replace(root, &format!("{}{root}", many("a&amp;", count)))),
        ("characters", xml.replace(root, &format!("{}{root}", many("<![CDATA[a]]>", count / 4)))),
    ];
    for (name, xml) in cases {
        let outcome = judged(&xml);
        assert_eq!(
            outcome.status == SignatureStatus::Valid,
            matches!(name, "certificates" | "objects"),
            "{name}"
        );
    }
}

/// Cuts, flips and repeats bytes at many places: never a panic, and never a changed document that
/// comes out as valid.
#[test]
fn damaged() {
    if !here() {
        return;
    }
    for (name, good, step) in [
        (NAME, SignatureStatus::Valid, 401),
        ("valid_signature.xml", SignatureStatus::ValidUntrusted, 379),
        (LONG_TERM, SignatureStatus::Revoked, 2003),
    ] {
        let xml = sample(name);
        let bytes = xml.as_bytes();
        let signature = xml.find("<ds:Signature").unwrap();
        let plain = roxmltree::Document::parse(&xml).unwrap();
        let plain = texts(&plain);
        let mut tried = 0;
        for place in (0..bytes.len()).step_by(step) {
            let mut variants: Vec<Vec<u8>> = vec![bytes[..place].to_vec()];
            for flip in [0x01, 0x02, 0x04, 0x10, 0x20, 0x40] {
                let mut flipped = bytes.to_vec();
                flipped[place] ^= flip;
                variants.push(flipped);
            }
            for length in [1, 4, 64] {
                let mut without = bytes.to_vec();
                without.drain(place..(place + length).min(bytes.len()));
                variants.push(without);
                let mut twice = bytes[..(place + length).min(bytes.len())].to_vec();
                twice.extend_from_slice(&bytes[place..]);
                variants.push(twice);
            }
            for variant in variants {
                let Ok(variant) = String::from_utf8(variant) else { continue };
                tried += 1;
                let outcome = judged(&variant);
                if outcome.status == good {
                    // Blanks within tags, or parts of the signature that nobody signed.
                    let read = roxmltree::Document::parse(&variant).unwrap();
                    if place < signature {
                        assert_eq!(texts(&read), plain, "byte {place}");
                    }
                } else if outcome.status == SignatureStatus::Valid {
                    // A damaged revocation list is none: the outcome says that nothing is known.
                    assert!(name == LONG_TERM && place > signature, "byte {place}");
                    assert!(!outcome.revocation_known);
                }
            }
        }
        assert!(tried > 200, "{name}: {tried}");
    }
}

/// All names, attributes and texts of a document outside its signature.
fn texts(document: &roxmltree::Document<'_>) -> Vec<String> {
    document
        .descendants()
        .filter(|node| node.ancestors().all(|one| one.tag_name().name() != "Signature"))
        .filter(|node| !node.is_comment())
        .map(|node| {
            let mut attributes: Vec<_> =
                node.attributes().map(|one| (one.namespace(), one.name(), one.value())).collect();
            attributes.sort_unstable();
            format!(
                "{:?} {attributes:?} {:?}",
                node.tag_name(),
                node.is_text().then(|| node.text())
            )
        })
        .collect()
}

#[test]
fn nobody_is_trusted_by_default() {
    if !here() {
        return;
    }
    let time = Some(instant("2023-07-01T00:00:00Z"));
    let outcome = check(&sample(NAME), &Trust::nobody(), time, instant("2026-11-28T00:00:00Z"));
    assert_eq!(outcome.status, SignatureStatus::ValidUntrusted);
}
