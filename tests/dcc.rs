//! Certificates printed as DCCs: valid against the schema of the PTB, and read again as they were.

#[path = "support/vectors.rs"]
mod folder;

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::LazyLock;

use etalon::app::bundle::Loaded;
use etalon::app::conformance::cases;
use etalon::app::convert::Conversion;
use etalon::app::dcc::{Citation, gather};
use etalon::app::verify::Moment;
use etalon::domain::claim::Claim;
use etalon::domain::dsi;
use etalon::domain::fault::Faults;
use etalon::domain::id::Id;
use etalon::domain::log::Digest;
use etalon::domain::period::{Day, Instant};
use etalon::domain::records::{AnyRecord, Records};
use etalon::domain::unit::Unit;
use etalon::engine::report::{RenderedReport, Verdict};
use etalon::exchange::bundle;
use etalon::exchange::dcc;
use etalon::exchange::outcome;
use etalon::exchange::signature::Trust;
use uppsala::XsdValidator;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn data() -> PathBuf {
    root().join("../shared/data/dcc")
}

/// The schema of a version of the DCC; none, with a printed word, where it is not here.
fn schema(version: &str) -> Option<XsdValidator> {
    let folder = data().join("schemas");
    if !folder.is_dir() {
        println!("skipped: {} is not here", folder.display());
        return None;
    }
    // The validator follows no import that leads out of the schema's own folder.
    let flat = tempfile::tempdir().expect("a folder");
    let parts = [
        format!("v{version}/dcc.xsd"),
        "dsi/v2.0.0.xsd".to_owned(),
        "dsi/v2.1.0.xsd".to_owned(),
        "dsi/v2.2.1.xsd".to_owned(),
        "qudt/v2.2.1.xsd".to_owned(),
        "xmldsig-core-schema.xsd".to_owned(),
    ];
    for part in &parts {
        let text = std::fs::read_to_string(folder.join(part)).expect(part);
        let text = text
            .replace("../dsi/", "dsi-")
            .replace("../qudt/", "qudt-")
            .replace("../xmldsig-core-schema.xsd", "xmldsig-core-schema.xsd");
        std::fs::write(flat.path().join(part.replace('/', "-")), text).expect(part);
    }
    let text = std::fs::read_to_string(flat.path().join(parts[0].replace('/', "-"))).expect("one");
    let schema = uppsala::parse(&text).expect("a schema");
    let validator = XsdValidator::from_schema_with_base_path(&schema, Some(flat.path()));
    Some(validator.expect("a schema that can be used"))
}

/// The rows of `expected.csv`, each by its heads; none, with a printed word, where it is not here.
fn expected() -> Vec<BTreeMap<String, String>> {
    let path = data().join("expected.csv");
    let Ok(mut csv) = csv::Reader::from_path(&path) else {
        println!("skipped: {} is not here", path.display());
        return Vec::new();
    };
    csv.deserialize().map(|row| row.expect("a row")).collect()
}

#[test]
fn samples_are_to_the_schemas_what_the_table_says() {
    let mut schemas = BTreeMap::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in expected() {
        let (file, version) = (&row["file"], &row["dcc_version"]);
        let xml = std::fs::read_to_string(data().join(file)).expect(file);
        let Ok(document) = uppsala::parse(&xml) else {
            assert_eq!(row["wellformed"], "no", "{file}");
            continue;
        };
        assert_eq!(row["wellformed"], "yes", "{file}");
        let schema = schemas
            .entry(version.clone())
            .or_insert_with(|| schema(version).expect("the schemas are where the table is"));
        let found = schema.validate(&document);
        assert_eq!(found.is_empty(), row["schema"] == "valid", "{file}: {found:?}");
        *counts
            .entry(format!("{}, {}", file.split('/').next().unwrap_or_default(), row["schema"]))
            .or_default() += 1;
        for unit in row["units"].split_whitespace() {
            match dsi::to_ucum(unit) {
                Ok(code) => assert!(Unit::parse(&code).is_ok(), "{file}: {unit}"),
                // Such as `\Kelvin`.
                Err(error) => assert!(error.suggestion.is_some(), "{file}: {unit}: {error}"),
            }
        }
    }
    println!("{counts:?}");
}

fn faults(validator: &XsdValidator, xml: &str) -> Vec<String> {
    let document = uppsala::parse(xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    validator.validate(&document).iter().map(ToString::to_string).collect()
}

/// Every certificate of some records, as it is printed.
fn printed(records: &Records) -> Vec<(Records, String)> {
    let all: HashMap<Id, AnyRecord> = records
        .clone()
        .into_any()
        .into_iter()
        .map(|(_, record)| (record.record().id().clone(), record))
        .collect();
    let mut find = |id: &Id| Ok::<_, Infallible>(all.get(id).cloned());
    let mut cite = |id: &Id| {
        let Some(AnyRecord::Calibrations(cited)) = all.get(id) else { return Ok(None) };
        let sha256 = Digest::of(&[id.as_str().as_bytes()]).to_string();
        Ok(Some(Citation { number: cited.number.clone(), sha256 }))
    };
    records
        .calibrations
        .iter()
        .map(|calibration| {
            let Ok(gathered) = gather(calibration.clone(), &mut find, &mut cite);
            let xml = dcc::print(&gathered).expect("a certificate");
            (gathered, xml)
        })
        .collect()
}

/// The records of all vectors.
fn everything() -> BTreeMap<String, Records> {
    let mut vectors = Vec::new();
    folder::collect(&root().join("tests/vectors"), &mut vectors);
    let mut all = BTreeMap::new();
    for case in cases(&vectors) {
        let (records, _) = bundle::records(case.records, "");
        all.insert(case.id, records);
    }
    all
}

/// The certificates of all vectors, each once, with the records that they were printed from.
static CERTIFICATES: LazyLock<BTreeMap<String, Records>> = LazyLock::new(|| {
    let mut certificates = BTreeMap::new();
    for (_, records) in everything() {
        for (gathered, xml) in printed(&records) {
            certificates.entry(xml).or_insert(gathered);
        }
    }
    assert!(certificates.len() > 100, "{}", certificates.len());
    certificates
});

#[test]
fn every_certificate_of_the_vectors_is_a_valid_dcc() {
    let Some(validator) = schema("3.3.0") else { return };
    for xml in CERTIFICATES.keys() {
        let faults = faults(&validator, xml);
        assert!(faults.is_empty(), "{faults:#?}\n{xml}");
    }
    println!("{} certificates are valid", CERTIFICATES.len());
    let one = CERTIFICATES.keys().next().expect("one");
    for (part, other) in [
        ("<dcc:issuer>other</dcc:issuer>", ""),
        ("<dcc:endPerformanceDate>", "<dcc:endPerformanceDate>x"),
        ("</si:unit>", "</si:unit><si:unit/>"),
    ] {
        let broken = one.replacen(part, other, 1);
        assert_ne!(faults(&validator, &broken).len(), 0, "{part}: {broken}");
    }
}

#[test]
fn xmllint_finds_printed_certificates_valid() {
    let schema = root().join("../shared/data/dcc/schemas/v3.3.0/dcc.xsd");
    if !schema.is_file() {
        println!("skipped: {} is not here", schema.display());
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = std::process::Command::new("xmllint");
    command.args(["--nonet", "--noout", "--schema"]).arg(schema);
    for (index, xml) in CERTIFICATES.keys().enumerate() {
        let path = folder.path().join(format!("{index}.xml"));
        std::fs::write(&path, xml).expect("a file");
        command.arg(path);
    }
    let Ok(output) = command.output() else {
        println!("skipped: there is no xmllint");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    let faults: Vec<&str> = said.lines().filter(|line| !line.ends_with(" validates")).collect();
    assert!(output.status.success(), "{}", faults.join("\n"));
}

#[test]
fn a_printed_certificate_reads_as_the_records_it_was_printed_from() {
    for (xml, gathered) in &*CERTIFICATES {
        let read = outcome::read("file.xml", xml).unwrap_or_else(|e| panic!("{e}\n{xml}"));
        assert!(read.unread.is_empty(), "{:?}\n{xml}", read.unread);
        let again = dcc::print(&read.records).expect("a certificate");
        assert_eq!(again, *xml);
        let (one, other) = (&gathered.calibrations[0], &read.records.calibrations[0]);
        assert_eq!((&one.id, &one.results), (&other.id, &other.results));
        assert_eq!(one.references, other.references);
        let digest = Digest::of(&[xml.as_bytes()]).to_string();
        let document = other.document.as_ref().expect("a document");
        assert_eq!(document.sha256.as_ref(), Some(&digest));
    }
}

/// The chain of the examples, each file with its name.
fn chain() -> Vec<(String, String)> {
    let folder = root().join("examples/dcc-chain");
    let names = ["ILL-BIPM-24-0117.xml", "ILL-VNI-25-0311.xml", "ILL-CC-26-0087.xml"];
    names
        .map(|name| (name.to_owned(), std::fs::read_to_string(folder.join(name)).expect(name)))
        .into()
}

/// What files say of the item that they end in; none where they are refused.
fn verdict(files: &[(String, String)]) -> Option<RenderedReport> {
    let now = Instant::parse("2026-11-20T00:00:00Z").expect("an instant");
    let mut conversion = Conversion::default();
    for (name, xml) in files {
        conversion.add_certificate(name, xml, &Trust::nobody(), now).ok()?;
    }
    conversion.link();
    let loaded = Loaded::from(conversion.into_bundle().ok()?.records);
    // Where the files end in several: the working weight.
    let last = Id::parse("01980000-0000-7000-8000-000000000014").expect("an id");
    let standard = loaded.only_last_item().unwrap_or(last);
    let claim = serde_json::json!({
        "standard": standard, "quantity_kind": "conventional_mass",
        "point": {"value": "1", "unit": "kg"}, "used_on": "2026-11-01", "policy": "ilac-p10",
    });
    let claim: Result<Claim, Faults> = deserr::deserialize(claim);
    let moment = Moment { now, today: Day::parse("2026-11-20").expect("a day") };
    loaded.answer(&claim.expect("a claim"), moment).ok()
}

fn holds(report: Option<&RenderedReport>) -> bool {
    report.is_some_and(|report| {
        matches!(report.verdict, Verdict::Traceable | Verdict::TraceableWithRemarks)
    })
}

#[test]
fn the_chain_of_the_examples_verifies_from_its_files_alone() {
    let mut files = chain();
    let report = verdict(&files).expect("a report");
    assert_eq!(report.verdict, Verdict::TraceableWithRemarks, "{report:#?}");
    let standards = report.chain.links.iter().filter(|link| link.standard.is_some()).count();
    assert_eq!(standards, 3, "{:#?}", report.chain);
    files.reverse();
    let again = verdict(&files).expect("a report");
    assert_eq!(serde_json::to_value(again).ok(), serde_json::to_value(report).ok());
    // Without one of them it does not hold, and the rule about links says why.
    for missing in 0..files.len() {
        let mut fewer = files.clone();
        let (name, _) = fewer.remove(missing);
        let report = verdict(&fewer);
        if name != "ILL-CC-26-0087.xml" {
            let report = report.expect("a report");
            assert_eq!(report.verdict, Verdict::Undetermined, "{name}");
            assert!(report.findings.iter().any(|one| one.rule == "S-03"), "{name}: {report:#?}");
        }
    }
}

#[test]
fn one_byte_of_one_certificate_breaks_the_chain() {
    let files = chain();
    let mut tried = 0;
    for (index, (name, xml)) in files.iter().enumerate() {
        // Every place would take minutes; a step that is prime to the lines meets them all over.
        for at in (0..xml.len()).step_by(41).filter(|at| xml.is_char_boundary(*at)) {
            let Some(character) = xml[at..].chars().next().filter(char::is_ascii) else { continue };
            let other = if character == '7' { "8" } else { "7" };
            let mut changed = files.clone();
            changed[index].1.replace_range(at..=at, other);
            let report = verdict(&changed);
            assert!(!holds(report.as_ref()), "{name} at {at}: {}", &xml[at.saturating_sub(40)..]);
            tried += 1;
        }
    }
    println!("{tried} changes");
    assert!(tried > 500, "{tried}");
}
