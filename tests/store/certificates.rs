//! Certificates out as DCCs and in again: the same files, the same records, in whatever order they
//! come; and what their signatures are worth.

use std::fs;
use std::path::PathBuf;

use crate::support::records::{at, author, bundle, import, import_with, instant, verified};
use crate::support::{Database, both};
use etalon::app::access::{Principal, Reader};
use etalon::app::import::{Options, Report};
use etalon::app::registry::{Author, Registry};
use etalon::app::verify::Moment;
use etalon::domain::calibration::Calibration;
use etalon::domain::id::Id;
use etalon::domain::identity::{Role, Scopes};
use etalon::domain::organisation::OrganisationKind;
use etalon::domain::period::Day;
use etalon::domain::recognition::EvidenceLevel;
use etalon::domain::records::{AnyRecord, CollectionName};
use etalon::domain::signature::SignatureStatus;
use etalon::engine::report::{RenderedReport, Traceability, Verdict};
use etalon::exchange::signature::Trust;
use serde_json::json;

both!(
    the_samples_come_in_once,
    a_registry_prints_the_chain_of_the_examples,
    what_it_printed_is_nothing_new_to_it,
    a_chain_comes_in_from_its_files,
    a_chain_comes_in_backwards,
    a_certificate_cites_by_number_until_the_document_comes,
    another_document_with_the_number_is_not_the_one_used,
    what_is_recorded_later_changes_no_document,
    a_circle_is_no_document,
    signatures_count_in_the_evidence,
    a_signer_is_compared_with_what_the_registry_calls_the_issuer,
    an_amendment_does_not_mend_a_changed_document,
    an_accreditation_that_is_not_here_is_listed,
    nobody_says_what_a_signature_is_worth,
);

const NUMBERS: [&str; 3] = ["ILL-BIPM-24-0117", "ILL-VNI-25-0311", "ILL-CC-26-0087"];
/// The working weight at the end of the chain.
const LAST: &str = "01980000-0000-7000-8000-000000000014";

fn example(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/dcc-chain").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files() -> [String; 3] {
    NUMBERS.map(|number| example(&format!("{number}.xml")))
}

/// A registry with the chain, as its laboratories recorded it.
fn recorded(database: &Database) -> Registry {
    let registry = database.registry();
    import(&registry, &example("records.json"));
    registry
}

fn calibration(registry: &Registry, number: &str) -> (Calibration, u32) {
    let at = registry.head().expect("a head").log_index;
    let id = registry.calibration_named(number, at).expect("a certificate");
    let stored = registry.get(CollectionName::Calibrations, &id, at).expect("a certificate");
    match stored.record().expect("a record") {
        AnyRecord::Calibrations(calibration) => (*calibration, stored.version),
        other => panic!("{other:?}"),
    }
}

fn printed(registry: &Registry, number: &str) -> String {
    let at = registry.head().expect("a head").log_index;
    let id = registry.calibration_named(number, at).expect("a certificate");
    registry.certificate_as_dcc(&id, &Reader::Everything, at).expect("a DCC")
}

fn asked(registry: &Registry, standard: &str) -> RenderedReport {
    let claim = json!({
        "standard": standard, "quantity_kind": "conventional_mass",
        "point": {"value": "1", "unit": "kg"}, "used_on": "2026-11-01", "policy": "ilac-p10",
    });
    let claim: Result<_, etalon::domain::fault::Faults> = deserr::deserialize(claim);
    let moment = Moment {
        now: instant("2026-11-20T08:30:00Z"),
        today: Day::parse("2026-11-20").expect("a day"),
    };
    registry.answer(&claim.expect("a claim"), moment).expect("a report")
}

fn file(registry: &Registry, text: &str) -> Report {
    import_with(registry, text, &Options::default())
}

fn a_registry_prints_the_chain_of_the_examples(database: &Database) {
    let registry = recorded(database);
    for (number, file) in NUMBERS.into_iter().zip(files()) {
        assert_eq!(printed(&registry, number), file, "{number}: see examples/README.md");
    }
}

fn what_it_printed_is_nothing_new_to_it(database: &Database) {
    let registry = recorded(database);
    let before = registry.head().expect("a head").log_index;
    for text in files() {
        let report = file(&registry, &text);
        assert_eq!((report.created, report.amended), (0, 0), "{report:?}");
        assert!(report.unread.is_empty(), "{report:?}");
    }
    assert_eq!(registry.head().expect("a head").log_index, before);
}

/// The chain is in, from whatever files: linked, traceable, and printed as it came.
fn assert_chain(registry: &Registry) {
    let report = asked(registry, LAST);
    assert_eq!(report.verdict, Verdict::TraceableWithRemarks, "{report:#?}");
    for (number, file) in NUMBERS.into_iter().zip(files()) {
        assert_eq!(printed(registry, number), file, "{number}");
    }
    verified(registry.store());
}

fn a_chain_comes_in_from_its_files(database: &Database) {
    let registry = database.registry();
    let mut created = 0;
    for text in files() {
        let report = file(&registry, &text);
        assert!(report.unread.is_empty(), "{report:?}");
        created += report.created;
    }
    // Each certificate brings what the ones before it did not: the same records as they were
    // recorded.
    assert_eq!(created, 11);
    assert_chain(&registry);
    let before = registry.head().expect("a head").log_index;
    for text in files() {
        let report = file(&registry, &text);
        assert_eq!((report.created, report.amended), (0, 0), "{report:?}");
    }
    assert_eq!(registry.head().expect("a head").log_index, before);
}

fn a_chain_comes_in_backwards(database: &Database) {
    let registry = database.registry();
    let mut files = files();
    files.reverse();
    for (index, text) in files.iter().enumerate() {
        let report = file(&registry, text);
        let open = report.unread.iter().filter(|one| one.reason.en.contains("stays open")).count();
        // The last one, of the BIPM, cites nothing.
        assert_eq!(open, usize::from(index < 2), "{report:?}");
        if index == 0 {
            assert_eq!(asked(&registry, LAST).verdict, Verdict::Undetermined);
        }
    }
    // The registry found the two that were cited when they came.
    for number in &NUMBERS[1..] {
        let (found, version) = calibration(&registry, number);
        assert_eq!(version, 2, "{number}");
        assert!(found.references[0].calibration.is_some(), "{number}");
    }
    assert_chain(&registry);
}

/// The certificate of the laboratory, citing by number and by SHA-256 what is said here.
fn cites(number: Option<&str>, sha256: Option<&str>) -> String {
    let mut records: serde_json::Value =
        serde_json::from_str(&example("records.json")).expect("a bundle");
    let calibrations = records["records"]["calibrations"].as_array_mut().expect("a list");
    calibrations.retain(|one| one["number"] == NUMBERS[2]);
    let reference = &mut calibrations[0]["references"][0];
    reference.as_object_mut().expect("a reference").remove("calibration");
    reference["certificate_number"] = json!(number);
    reference["document_sha256"] = json!(sha256);
    records.to_string()
}

fn digest(text: &str) -> String {
    etalon::domain::log::Digest::of(&[text.as_bytes()]).to_string()
}

fn a_certificate_cites_by_number_until_the_document_comes(database: &Database) {
    let registry = database.registry();
    let [top, middle, _] = files();
    import(&registry, &cites(Some(NUMBERS[1]), Some(&digest(&middle))));
    assert_eq!(calibration(&registry, NUMBERS[2]).0.references[0].calibration, None);
    file(&registry, &top);
    assert_eq!(calibration(&registry, NUMBERS[2]).1, 1);
    file(&registry, &middle);
    let (found, version) = calibration(&registry, NUMBERS[2]);
    assert_eq!(version, 2);
    let cited = calibration(&registry, NUMBERS[1]).0.id;
    assert_eq!(found.references[0].calibration.as_ref(), Some(&cited));
    assert_eq!(asked(&registry, LAST).traceability, Traceability::PassWithRemarks);
}

fn another_document_with_the_number_is_not_the_one_used(database: &Database) {
    let registry = database.registry();
    let [top, middle, last] = files();
    file(&registry, &top);
    let changed = middle.replacen("1.00000034", "1.00000035", 1);
    assert_ne!(changed, middle);
    file(&registry, &changed);
    let report = file(&registry, &last);
    let (found, _) = calibration(&registry, NUMBERS[2]);
    assert!(found.references[0].calibration.is_some(), "{report:?}");
    let report = asked(&registry, LAST);
    assert_eq!(report.verdict, Verdict::NotTraceable, "{report:#?}");
    let failed = report.findings.iter().find(|one| one.rule == "S-03").expect("S-03");
    assert!(failed.message.en.contains("not the document that was used"), "{failed:?}");
}

fn what_is_recorded_later_changes_no_document(database: &Database) {
    let registry = recorded(database);
    let (middle, _) = calibration(&registry, NUMBERS[1]);
    let status = json!({"status": "superseded", "effective_from": "2026-10-01"});
    let item = middle.item.clone();
    let event = json!({"kind": "cleaning", "on": "2026-09-01"});
    for (collection, id, entry) in [
        (CollectionName::Calibrations, &middle.id, status),
        (CollectionName::MeasurementStandards, &item, event),
    ] {
        registry.append(collection, id, entry, &author()).expect("accepted");
    }
    // The issuer has another name, and after that its certificate another status.
    let organisations = CollectionName::Organisations;
    let at = registry.head().expect("a head").log_index;
    let issuer = registry.get(organisations, &middle.issuer, at).expect("an issuer");
    let mut renamed = issuer.record().expect("a record").body();
    renamed["names"]["en"] = json!("Renamed Institute");
    registry
        .amend(organisations, &middle.issuer, renamed, issuer.version, &author())
        .expect("accepted");
    let status = json!({"status": "under_review", "effective_from": "2026-10-02"});
    registry.append(CollectionName::Calibrations, &middle.id, status, &author()).expect("accepted");
    for (number, file) in NUMBERS.into_iter().zip(files()) {
        assert_eq!(printed(&registry, number), file, "{number}");
    }
    // A correction is another document, and so is what cites it.
    let (_, version) = calibration(&registry, NUMBERS[1]);
    let mut body = AnyRecord::from(calibration(&registry, NUMBERS[1]).0).body();
    body["results"][0]["uncertainty"]["value"] = json!("0.12");
    let id = middle.id.clone();
    registry.amend(CollectionName::Calibrations, &id, body, version, &author()).expect("accepted");
    assert_ne!(printed(&registry, NUMBERS[1]), files()[1]);
}

fn a_circle_is_no_document(database: &Database) {
    let registry = recorded(database);
    let (top, version) = calibration(&registry, NUMBERS[0]);
    let last = calibration(&registry, NUMBERS[2]).0;
    let mut body = AnyRecord::from(top.clone()).body();
    body["references"] = json!([{"standard": last.item, "calibration": last.id, "result": "r1"}]);
    registry
        .amend(CollectionName::Calibrations, &top.id, body, version, &author())
        .expect("accepted");
    let at = registry.head().expect("a head").log_index;
    let refused = registry.certificate_as_dcc(&top.id, &Reader::Everything, at);
    let refused = refused.expect_err("a circle").text();
    assert!(refused.en.contains("S-04") && refused.vi.contains("S-04"), "{refused:?}");
}

// Signatures

fn fixture(path: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/signatures/made").join(path);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn trusting(database: &Database) -> Registry {
    let trust = Trust::nobody().with_anchors(&fixture("issuer_root.pem")).expect("a certificate");
    database.registry().trusting(trust)
}

/// The certificate of the laboratory, signed by itself.
fn signed() -> String {
    String::from_utf8(fixture("issuer_signed.xml")).expect("UTF-8")
}

fn signatures_count_in_the_evidence(database: &Database) {
    for (trusted, changed, expected, level) in [
        (true, false, SignatureStatus::Valid, EvidenceLevel::IssuerConfirmed),
        (false, false, SignatureStatus::ValidUntrusted, EvidenceLevel::DocumentUploaded),
        (true, true, SignatureStatus::Invalid, EvidenceLevel::SelfDeclared),
    ] {
        let Some(database) = Database::on(database.backend()) else { return };
        let registry = if trusted { trusting(&database) } else { database.registry() };
        let text = match changed {
            false => signed(),
            true => signed().replacen("2026-03-05", "2026-03-06", 1),
        };
        let report = file(&registry, &text);
        assert_eq!(report.signature.map(|outcome| outcome.status), Some(expected));
        let (found, _) = calibration(&registry, NUMBERS[2]);
        assert_eq!(found.evidence_level, Some(level), "{expected}");
        let document = found.document.expect("a document");
        let kept = document.signature.expect("a signature");
        assert_eq!((kept.status, kept.names_issuer), (expected, (!changed).then_some(true)));
        assert_eq!(document.sha256, Some(digest(&text)));
        // What was signed as it was printed still brings its records.
        assert!(!found.id.is_label());
        assert_eq!(found.references[0].result.is_some(), !changed, "{expected}");
    }
    // It comes again when the signer's certificate has ended: judged as of when it came first.
    let Some(again) = Database::on(database.backend()) else { return };
    let registry = trusting(&again);
    file(&registry, &signed());
    let later = at("2036-01-01T00:00:00Z");
    let report = registry.import("x", &signed(), &Options::default(), &later, &mut |_, _| {});
    let report = report.unwrap_or_else(|failed| panic!("{failed:?}"));
    assert_eq!(report.signature.map(|outcome| outcome.status), Some(SignatureStatus::Valid));
    assert_eq!((report.created, report.amended), (0, 0));
    // The rule that reads the level: an issuer who signed has confirmed (D-07).
    let registry = trusting(database);
    let [top, middle, _] = files();
    file(&registry, &top);
    file(&registry, &middle);
    file(&registry, &signed());
    let remarks: Vec<String> = asked(&registry, LAST)
        .findings
        .into_iter()
        .filter(|one| one.rule == "D-07")
        .map(|one| one.message.en)
        .collect();
    assert!(!remarks.iter().any(|one| one.contains(NUMBERS[2])), "{remarks:?}");
    assert!(remarks.iter().any(|one| one.contains(NUMBERS[1])), "{remarks:?}");
}

fn nobody_says_what_a_signature_is_worth(database: &Database) {
    let registry = trusting(database);
    file(&registry, &signed());
    let (found, version) = calibration(&registry, NUMBERS[2]);
    let issuer = found.issuer.clone();
    let principal = etalon::app::access::Principal {
        organisation: issuer,
        kind: etalon::domain::organisation::OrganisationKind::CalibrationLaboratory,
        country: None,
        roles: [etalon::domain::identity::Role::Signatory].into(),
        scopes: etalon::domain::identity::Scopes::all(),
        credential: "key".to_owned(),
    };
    let somebody = etalon::app::registry::Author::of(principal, author().now);
    // Nor in a bundle: what somebody says there raises no evidence.
    let mut forged = AnyRecord::from(found.clone()).body();
    forged["id"] = json!("_:forged");
    forged["number"] = json!("ILL-CC-26-0088");
    forged["references"] = json!([]);
    forged["document"] = json!({
        "media_type": "application/dcc+xml", "sha256": digest("forged"),
        "signature": {"status": "valid", "names_issuer": true},
    });
    let holder = of("04");
    let text = bundle("x", [(CollectionName::Calibrations, forged)]);
    let report = registry.import("x", &text, &Options::default(), &holder, &mut |_, _| {});
    report.unwrap_or_else(|failed| panic!("{failed:?}"));
    let (kept, _) = calibration(&registry, "ILL-CC-26-0088");
    assert_eq!(kept.evidence_level, Some(EvidenceLevel::DocumentUploaded));
    assert_eq!(kept.document.expect("a document").signature, None);

    let mut body = AnyRecord::from(found.clone()).body();
    body["document"]["signature"]["status"] = json!("revoked");
    body["signatory"] = json!("Somebody else");
    registry
        .amend(CollectionName::Calibrations, &found.id, body, version, &somebody)
        .expect("accepted");
    let (after, _) = calibration(&registry, NUMBERS[2]);
    assert_eq!(after.signatory.as_deref(), Some("Somebody else"));
    assert_eq!(after.document, found.document);
}

fn the_samples_come_in_once(database: &Database) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/dcc");
    let mut files: Vec<PathBuf> = ["valid", "signed"]
        .iter()
        .filter_map(|part| fs::read_dir(folder.join(part)).ok())
        .flatten()
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
        .collect();
    files.sort();
    if files.is_empty() {
        println!("skipped: {} is not here", folder.display());
        return;
    }
    files.push(folder.join("edge/valid_formula.xml"));
    let registry = database.registry();
    let mut counts = (0, 0);
    for path in &files {
        let text = fs::read_to_string(path).expect("a sample");
        let first = file(&registry, &text);
        assert!(first.created > 2, "{}: {first:?}", path.display());
        assert!(first.signature.is_some(), "{}", path.display());
        counts = (counts.0 + 1, counts.1 + first.created);
        // Years later, when the certificates of signers have ended, the same file says the same.
        let later = at("2036-01-01T00:00:00Z");
        let again = registry.import("x", &text, &Options::default(), &later, &mut |_, _| {});
        let again = again.unwrap_or_else(|failed| panic!("{}: {failed:?}", path.display()));
        assert_eq!((again.created, again.amended), (0, 0), "{}: {again:?}", path.display());
    }
    println!("{} certificates, {} records", counts.0, counts.1);
    verified(registry.store());
}

/// Somebody of an organisation of the chain, by the last two digits of its id.
fn of(organisation: &str) -> Author {
    let id = format!("01980000-0000-7000-8000-0000000000{organisation}");
    Author::of(
        Principal {
            organisation: Id::parse(&id).expect("an id"),
            kind: OrganisationKind::CalibrationLaboratory,
            country: None,
            roles: [Role::Submitter].into(),
            scopes: Scopes::all(),
            credential: "key".to_owned(),
        },
        author().now,
    )
}

fn a_signer_is_compared_with_what_the_registry_calls_the_issuer(database: &Database) {
    let registry = trusting(database);
    // The issuer's id is that of another laboratory: what the file calls it is its own word.
    let other = json!({
        "id": "01980000-0000-7000-8000-000000000003", "kind": "calibration_laboratory",
        "names": {"en": "Another Laboratory"},
    });
    import(&registry, &bundle("x", [(CollectionName::Organisations, other)]));
    let report = file(&registry, &signed());
    assert_eq!(report.signature.map(|outcome| outcome.status), Some(SignatureStatus::Valid));
    let (found, _) = calibration(&registry, NUMBERS[2]);
    assert_eq!(found.evidence_level, Some(EvidenceLevel::DocumentUploaded));
    let signature = found.document.expect("a document").signature.expect("a signature");
    assert_eq!(signature.names_issuer, Some(false));
}

fn an_amendment_does_not_mend_a_changed_document(database: &Database) {
    let registry = recorded(database).trusting(
        Trust::nobody().with_anchors(&fixture("issuer_root.pem")).expect("a certificate"),
    );
    // As if it had come with a signature that does not hold, of the owner's certificate.
    let (found, version) = calibration(&registry, NUMBERS[2]);
    let mut body = AnyRecord::from(found.clone()).body();
    body["evidence_level"] = json!("self_declared");
    body["document"] = json!({
        "media_type": "application/dcc+xml", "sha256": digest("x"),
        "signature": {"status": "invalid", "failed": "digest"},
    });
    let collection = CollectionName::Calibrations;
    registry.amend(collection, &found.id, body.clone(), version, &author()).expect("accepted");
    body["signatory"] = json!("Somebody else");
    registry.amend(collection, &found.id, body, version + 1, &of("04")).expect("accepted");
    let (after, _) = calibration(&registry, NUMBERS[2]);
    assert_eq!(after.signatory.as_deref(), Some("Somebody else"));
    assert_eq!(after.evidence_level, Some(EvidenceLevel::SelfDeclared));
}

fn an_accreditation_that_is_not_here_is_listed(database: &Database) {
    let records: serde_json::Value =
        serde_json::from_str(&example("records.json")).expect("a bundle");
    let registry = database.registry();
    import(&registry, &records.to_string());
    let accreditation = json!({
        "id": "_:a", "organisation": "01980000-0000-7000-8000-000000000003",
        "accreditation_body": "01980000-0000-7000-8000-000000000002",
        "standard": "iso_iec_17025", "number": "A-1",
    });
    let text = bundle("x", [(CollectionName::Accreditations, accreditation)]);
    let id = import(&registry, &text).outcomes[0].id.clone();
    let (found, version) = calibration(&registry, NUMBERS[2]);
    let mut body = AnyRecord::from(found.clone()).body();
    body["endorsement"] = json!({"accreditation": id});
    let collection = CollectionName::Calibrations;
    registry.amend(collection, &found.id, body, version, &author()).expect("accepted");
    let xml = printed(&registry, NUMBERS[2]);
    let Some(other) = Database::on(database.backend()) else { return };
    let other = other.registry();
    let report = file(&other, &xml);
    let listed = report.unread.iter().filter(|one| one.place.ends_with("/accreditation")).count();
    assert_eq!(listed, 1, "{report:?}");
    assert_eq!(calibration(&other, NUMBERS[2]).0.endorsement, None);
}
