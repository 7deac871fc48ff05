//! Every sample in `../shared/data`, where those are: read, or refused in words; and what the table
//! there says of the files that no reader of ours is for. What readers make of theirs is tested with
//! them (`exchange`, `dcc`, `signatures`, `kcdb`, units in `domain`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use etalon::domain::log::Digest;
use etalon::exchange::compressed;
use etalon::exchange::outcome::{ReadError, read};
use oxttl::TurtleParser;
use roxmltree::Document;
use serde_json::Value;

/// The samples; none, with a printed word, where they are not here.
fn samples() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if !folder.is_dir() {
        println!("skipped: {} is not here", folder.display());
        return None;
    }
    Some(folder)
}

fn collect(below: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(below).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_sample_is_read_or_refused_in_words() {
    let Some(folder) = samples() else { return };
    let mut files = Vec::new();
    collect(&folder, &mut files);
    files.sort();
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for path in files {
        let name = path.strip_prefix(&folder).expect("below").display().to_string();
        let bytes = fs::read(&path).expect("a file");
        let done = compressed::text(bytes).and_then(|text| read(&name, &text));
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let (taken, refused) = counts.entry(folder).or_default();
        match done {
            Ok(converted) => {
                *taken += 1;
                let words = |one: &etalon::exchange::outcome::Unread| {
                    !one.reason.vi.is_empty() && !one.reason.en.is_empty()
                };
                assert!(converted.unread.iter().all(words), "{name}");
                let nothing = converted.records.is_empty() && converted.unread.is_empty();
                assert!(!nothing, "{name}: nothing of it was read, and nothing is listed");
            }
            Err(ReadError { message, .. }) => {
                *refused += 1;
                assert!(!message.vi.is_empty() && !message.en.is_empty(), "{name}");
            }
        }
    }
    for (folder, (taken, refused)) in &counts {
        println!("{folder}: {taken} read, {refused} refused");
    }
    let of = |folder: &str| counts.get(folder).copied().unwrap_or_default();
    assert_eq!(of("dcc/valid"), (13, 0));
    assert_eq!(of("dcc/malformed"), (0, 1));
    assert_eq!(of("dcc/edge"), (2, 0));
    assert_eq!(of("kcdb/responses"), (3, 0));
    assert_eq!(of("comparisons").0, 11);
    // Registers and certificates in other forms are told apart from ours, and so are schemas.
    assert_eq!(of("equipment/msl").0 + of("equipment/iea43").0 + of("dcc/schemas/v3.3.0").0, 0);
}

#[test]
fn linked_data_parse_as_turtle() {
    let Some(folder) = samples() else { return };
    let mut files = Vec::new();
    for part in ["si/reference_point", "si/qudt", "kcdb/service_categories"] {
        collect(&folder.join(part), &mut files);
    }
    let turtle = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ttl"))
    };
    files.retain(turtle);
    assert!(files.len() >= 18, "{files:?}");
    for path in files {
        let file = fs::File::open(&path).expect("a file");
        let mut triples = 0;
        for triple in TurtleParser::new().for_reader(std::io::BufReader::new(file)) {
            triple.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            triples += 1;
        }
        assert!(triples > 10, "{}: {triples}", path.display());
    }
}

#[test]
fn lists_and_registers_are_what_the_table_says() {
    let Some(folder) = samples() else { return };
    for (file, count) in [("aspects", 172), ("scales", 1_341), ("units", 1_255)] {
        let list: Vec<Value> =
            serde_json::from_str(&text(&folder.join(format!("si/m-layer/{file}.json"))))
                .expect("a list");
        assert_eq!(list.len(), count, "{file}");
    }
    let mut taxonomy = Vec::new();
    collect(&folder.join("si/measurand-taxonomy"), &mut taxonomy);
    for path in taxonomy {
        assert!(Document::parse(&text(&path)).is_ok(), "{}", path.display());
    }
    let msl = |file: &str| text(&folder.join("equipment/msl").join(file));
    let ids = |file: &str| -> Vec<String> {
        let xml = msl(file);
        let document = Document::parse(&xml).expect(file);
        let equipment = document.descendants().filter(|node| node.tag_name().name() == "equipment");
        let id = |node: roxmltree::Node<'_, '_>| {
            let id = node.children().find(|child| child.tag_name().name() == "id");
            id.and_then(|id| id.text().map(str::to_owned))
        };
        equipment.filter_map(id).collect()
    };
    for (file, count) in
        [("register-mass.xml", 2), ("register-mass-2.xml", 1), ("register-light.xml", 4)]
    {
        assert_eq!(ids(file).len(), count, "{file}");
    }
    let twice = [ids("duplicate_id_a.xml"), ids("duplicate_id_b.xml")].concat();
    let once: BTreeSet<&String> = twice.iter().collect();
    assert!(once.len() < twice.len() && once.iter().any(|id| *id == "MSLE.M.002"), "{twice:?}");
    let other = msl("not-a-register.xml");
    let other = Document::parse(&other).expect("well-formed");
    assert_ne!(other.root_element().tag_name().name(), "register");
    assert!(Document::parse(&msl("bad.xml")).is_err());
}

#[test]
fn the_anemometer_certificate_is_valid_against_its_schema() {
    let Some(folder) = samples() else { return };
    let folder = folder.join("equipment/iea43");
    let schema = folder.join("iea43_digital_calibration_certificate.schema.json");
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    let schema: Value = serde_json::from_str(&text(&schema)).expect("a schema");
    compiler.add_resource("iea43.json", schema).expect("a schema");
    let index = compiler.compile("iea43.json", &mut schemas).expect("a schema that can be used");
    let file = folder.join("anemometer_calibration_certificate.json");
    let certificate: Value = serde_json::from_str(&text(&file)).expect("a certificate");
    if let Err(error) = schemas.validate(&certificate, index) {
        panic!("{error}");
    }
}

#[test]
fn comparisons_are_to_their_schema_and_checksums_what_the_table_says() {
    let Some(folder) = samples() else { return };
    let folder = folder.join("comparisons");
    // The catalogue's way: what is at ptb.de stands beside.
    let flat = tempfile::tempdir().expect("a folder");
    let away = "https://www.ptb.de/si/v2.2.0/SI_Format.xsd";
    for (from, to) in [
        ("KC_model_RI_II.xsd", "KC_model_RI_II.xsd"),
        ("SI_Format.xsd", "SI_Format.xsd"),
        ("qudt/quantityKind.xsd", "quantityKind.xsd"),
    ] {
        let schema = text(&folder.join("schema").join(from)).replace(away, "SI_Format.xsd");
        let schema = schema.replace("qudt/quantityKind.xsd", "quantityKind.xsd");
        fs::write(flat.path().join(to), schema).expect(to);
    }
    let schema = text(&flat.path().join("KC_model_RI_II.xsd"));
    let schema = uppsala::parse(&schema).expect("a schema");
    let validator = uppsala::XsdValidator::from_schema_with_base_path(&schema, Some(flat.path()))
        .expect("a schema that can be used");
    let checksums = text(&folder.join("Checksum.csv"));
    let mut valid = Vec::new();
    let mut fitting = 0;
    let mut files = Vec::new();
    collect(&folder, &mut files);
    files.retain(|path| path.extension().is_some_and(|extension| extension == "xml"));
    files.retain(|path| path.parent() == Some(&folder));
    for path in &files {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let xml = text(path);
        let faults = validator.validate(&uppsala::parse(&xml).expect("well-formed"));
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        match said.is_empty() {
            true => valid.push(name.split('_').next().unwrap_or_default().to_owned()),
            // One thing is wrong, which this validator says in three ways: `pilot` stands in its place.
            false => {
                assert!(said.len() <= 3, "{name}: {said:?}");
                assert!(said.iter().any(|one| one.contains("'pilot'")), "{name}: {said:?}");
                let missing = |one: &String| one.contains("siDigitalFrameworkRadionuclide");
                assert!(said.iter().any(missing), "{name}: {said:?}");
            }
        }
        let with_crlf = xml.replace("\r\n", "\n").replace('\n', "\r\n");
        let digest = Digest::of(&[with_crlf.as_bytes()]).to_string();
        fitting += usize::from(checksums.contains(&digest));
    }
    assert_eq!(files.len(), 11);
    valid.sort();
    assert_eq!(valid, ["Cs-137", "Lu-177", "Sm-153"]);
    assert_eq!(fitting, 9);
}
