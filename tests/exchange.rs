//! The readers of foreign formats on the sample files in `../shared/data`, where those are.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use etalon::domain::calibration::{CalibrationResult, ConformityStatement, ValueIs};
use etalon::domain::check::check;
use etalon::domain::fault::Gravity;
use etalon::domain::quantity::QuantityKindId;
use etalon::exchange::bundle::{self, Bundle};
use etalon::exchange::dcc::{self, Mapping};
use etalon::exchange::kcdb::answer::Code;
use etalon::exchange::kcdb::services;
use etalon::exchange::outcome::{Converted, Format, ReadError, read, recognise};

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(path)
}

/// The text of a sample file; none, with a printed word, where the samples are not here.
fn sample(path: &str) -> Option<String> {
    let text = std::fs::read_to_string(data(path)).ok();
    if text.is_none() {
        println!("skipped: {path} is not here");
    }
    text
}

fn converted(path: &str) -> Option<Converted> {
    let text = sample(path)?;
    let converted = read(path, &text).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_sound(path, &converted);
    Some(converted)
}

/// The records pass the check as a whole and come back from JSON as they were; what was not read
/// is said in both languages.
fn assert_sound(path: &str, converted: &Converted) {
    let faults = check(&converted.records, &HashSet::new());
    let errors: Vec<_> = faults.iter().filter(|fault| fault.gravity == Gravity::Error).collect();
    assert!(errors.is_empty(), "{path}: {errors:?}");
    let bundle = Bundle { records: converted.records.clone(), ..Bundle::default() };
    let again = bundle::parse(&bundle::to_json(&bundle))
        .unwrap_or_else(|faults| panic!("{path}: {faults:?}"));
    assert_eq!(again.records, converted.records, "{path}");
    for unread in &converted.unread {
        assert!(!unread.reason.vi.is_empty() && !unread.reason.en.is_empty(), "{path}: {unread:?}");
        assert!(unread.count > 0, "{path}: {unread:?}");
    }
}

fn is_unread(converted: &Converted, place: &str, reason: &str) -> bool {
    converted
        .unread
        .iter()
        .any(|unread| unread.place.contains(place) && unread.reason.en.contains(reason))
}

/// A line of `expected.csv` by its heads; quoted commas are only in a column not used here.
fn table(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = csv.lines().map(fields);
    let heads = lines.next().unwrap_or_default();
    lines.map(|line| heads.iter().cloned().zip(line).collect()).collect()
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => fields.last_mut().expect("one").push(character),
        }
    }
    fields
}

/// Rows of results: point, value, uncertainty, each as written, with its unit.
fn shown(rows: &[CalibrationResult]) -> Vec<String> {
    let row = |row: &CalibrationResult| {
        let point = row.point.as_ref().map(|p| format!("{} {}", p.value, p.unit));
        let uncertainty = row.uncertainty.as_ref().map(|u| {
            let (k, p) = (&u.coverage_factor, &u.coverage_probability);
            let number = |n: &Option<_>| n.as_ref().map(ToString::to_string).unwrap_or_default();
            format!(
                "{} {} {} k={} p={}",
                u.kind.expect("a kind"),
                u.value,
                u.unit,
                number(k),
                number(p)
            )
        });
        let unit = row.unit.as_ref().map(ToString::to_string).unwrap_or_default();
        let value = row.value.as_ref().map(|value| format!("{value} {unit}"));
        let part = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
        format!("{} @ {}: {} ± {}", row.id, part(point), part(value), part(uncertainty))
    };
    rows.iter().map(row).collect()
}

#[test]
fn certificates_convert_as_expected() {
    let Some(csv) = sample("dcc/expected.csv") else { return };
    let mut converted_files = 0;
    for line in table(&csv) {
        let file = format!("dcc/{}", line["file"]);
        let Some(text) = sample(&file) else { continue };
        if line["unique_id"].is_empty() {
            read(&file, &text).expect_err(&file);
            continue;
        }
        assert_eq!(recognise(&text), Some(Format::Dcc), "{file}");
        let found = converted(&file).expect("read before");
        converted_files += 1;
        let records = &found.records;
        let [calibration] = &records.calibrations[..] else { panic!("{file}: one calibration") };
        let issuer = records.organisations.iter().find(|record| record.id == calibration.issuer);
        let issuer = issuer.expect("an issuer");
        assert_eq!(issuer.names.en.as_deref(), Some(line["laboratory"].as_str()), "{file}");
        assert_eq!(issuer.country.as_deref(), Some(line["country"].as_str()), "{file}");
        assert_eq!(calibration.number, line["unique_id"], "{file}");
        assert_eq!(calibration.performed_from.to_string(), line["begin"], "{file}");
        assert_eq!(calibration.performed_to.to_string(), line["end"], "{file}");
        let count = |column: &str| line[column].parse::<usize>().expect(column);
        let equipment = calibration.references.len();
        assert_eq!(equipment, count("measuring_equipment"), "{file}");
        assert_eq!(records.measurement_standards.len() - equipment, count("items"), "{file}");
        let several = count("items") > 1;
        assert_eq!(calibration.items.len(), if several { count("items") } else { 0 }, "{file}");
        let nothing_taken = is_unread(&found, "measurementResults", "no result could be taken");
        assert_eq!(nothing_taken, calibration.results.is_empty(), "{file}");
        for unread in &found.unread {
            assert!(unread.place.starts_with("/dcc:digitalCalibrationCertificate"), "{unread:?}");
            assert!(unread.line.is_some_and(|line| line > 1), "{unread:?}");
        }
    }
    assert!(converted_files >= 18, "{converted_files}");
}

#[test]
fn temperature_errors_with_their_points() {
    let Some(found) = converted("dcc/valid/dcc_gp_temperature_typical_v12.xml") else { return };
    let calibration = &found.records.calibrations[0];
    assert_eq!(
        shown(&calibration.results),
        [
            "r1 @ 306.248 K: 0.072 K ± expanded 0.061 K k=2 p=0.95",
            "r2 @ 373.121 K: 0.089 K ± expanded 0.061 K k=2 p=0.95",
            "r3 @ 448.253 K: 0.107 K ± expanded 0.061 K k=2 p=0.95",
            "r4 @ 523.319 K: -0.009 K ± expanded 0.061 K k=2 p=0.95",
            "r5 @ 593.154 K: -0.084 K ± expanded 0.061 K k=2 p=0.95",
        ]
    );
    for row in &calibration.results {
        assert_eq!(row.quantity_kind.id(), "temperature");
        assert_eq!(row.value_is, Some(ValueIs::Error));
        let conformity = row.conformity.as_ref().expect("a statement");
        assert_eq!(conformity.statement, Some(ConformityStatement::Pass));
    }
    let limit = |index: usize| {
        let conformity = calibration.results[index].conformity.as_ref();
        conformity.and_then(|c| c.acceptance_upper.as_ref()).map(ToString::to_string)
    };
    assert_eq!((limit(0), limit(4)), (Some("0.23".to_owned()), Some("0.30".to_owned())));

    let item = &found.records.measurement_standards[0];
    assert_eq!(item.serial_number.as_deref(), Some("string-manufacturer-item"));
    assert_eq!(item.identifiers.len(), 2);
    assert_eq!(calibration.signatory.as_deref(), Some("Michaela Musterfrau"));
    assert_eq!(calibration.due_on.map(|day| day.to_string()).as_deref(), Some("1959-10-22"));
    assert!(calibration.endorsement.is_none());
    assert_eq!(calibration.conditions.len(), 2);
    let [reference] = &calibration.references[..] else { panic!("one reference") };
    assert!(reference.standard.is_some() && reference.calibration.is_none());
    let methods: Vec<_> = calibration.methods.iter().filter_map(|m| m.text.as_deref()).collect();
    assert!(
        methods.contains(&"Calibration of temperature sensors (DKD-R 5-1:2018)"),
        "{methods:?}"
    );
    assert!(is_unread(&found, "dcc:quantity[2]", "another way"));
    assert!(is_unread(&found, "si:realListXMLList[2]", "in another unit"));
    assert!(is_unread(&found, "dcc:respPerson[2]", "main signer"));
}

#[test]
fn references_belong_to_the_rows_the_file_says() {
    let Some(found) = converted("dcc/valid/dcc_gp_temperature_extensive_v12.xml") else { return };
    let references = &found.records.calibrations[0].references;
    let rows: Vec<_> = references.iter().map(|reference| reference.for_results.join(" ")).collect();
    assert_eq!(rows, ["r1", "r2 r3", "r4 r5"]);
    assert!(is_unread(&found, "dcc:influenceCondition[4]", "before an adjustment"));
}

#[test]
fn humidity_errors_stand_with_the_first_item() {
    let Some(found) = converted("dcc/valid/dcc_gp_humidity_v1.0.xml") else { return };
    let calibration = &found.records.calibrations[0];
    let rows = shown(&calibration.results);
    assert_eq!(rows.len(), 7);
    assert_eq!(rows[2], "r3 @ 0.800 1: 0.003 1 ± expanded 0.010 1 k=2 p=0.95");
    assert_eq!(calibration.results[0].quantity_kind.id(), "relative_humidity");
    assert!(calibration.results.iter().all(|row| row.item.is_none()));
    assert!(is_unread(&found, "measurementResults", "several items"));
}

#[test]
fn quantities_that_no_identifier_names_are_not_guessed() {
    for file in [
        "Uncertainty1_PyDCC",
        "Uncertainty3_PyDCC",
        "Uncertainty5_PyDCC",
        "v3.0.0-example",
        "v3.0.0-dcc-vacuumlab-SRG",
        "v3.1.0-dcc-vacuumlab-CDG",
        "v3.1.1-dcc-vacuumlab-SRG",
    ] {
        let Some(found) = converted(&format!("dcc/valid/{file}.xml")) else { return };
        assert!(found.records.calibrations[0].results.is_empty(), "{file}");
        assert!(is_unread(&found, "dcc:result", "not said by an identifier"), "{file}");
    }
    let Some(found) = converted("dcc/valid/Uncertainty5_PyDCC.xml") else { return };
    let bare = found
        .unread
        .iter()
        .find(|unread| unread.place.ends_with("dcc:result[1]/dcc:data/dcc:quantity"));
    let written = r"1 \metre 0.11111 2.0 0.95 someDist";
    assert_eq!(bare.and_then(|unread| unread.found.as_deref()), Some(written));
    let Some(found) = converted("dcc/edge/valid_formula.xml") else { return };
    assert!(found.records.calibrations[0].results.is_empty(), "ohms are no temperature");
}

#[test]
fn the_claim_to_the_cipm_mra_is_kept() {
    let Some(found) = converted("dcc/valid/v3.0.0-example.xml") else { return };
    let calibration = &found.records.calibrations[0];
    let endorsement = calibration.endorsement.as_ref().expect("an endorsement");
    assert_eq!((endorsement.cipm_mra, &endorsement.accreditation), (Some(true), &None));
    assert_eq!(calibration.traceability_statement.as_deref(), Some("The measurement is traceable"));
}

#[test]
fn certificates_that_cannot_be_read_are_refused_with_a_reason() {
    let refused = |path: &str| -> Option<ReadError> {
        let text = sample(path)?;
        Some(read(path, &text).expect_err(path))
    };
    for file in [
        "core_data_identifications_1",
        "core_data_identifications_3",
        "core_data_identifications_5",
        "item_identifications_1",
        "item_identifications_4",
    ] {
        let Some(error) = refused(&format!("dcc/invalid/DCC_3_{file}.xml")) else { return };
        assert!(error.message.en.contains("dcc_3_0_0.xsd"), "{error}");
        assert!(error.message.vi.contains("dcc_3_0_0.xsd"), "{error}");
    }
    let Some(error) = refused("dcc/malformed/invalid_syntax.xml") else { return };
    assert_eq!((error.line, error.column.is_some()), (Some(7), true), "{error}");
    let Some(error) = refused("dcc/invalid/invalid_schema.xml") else { return };
    assert_eq!(error.line, Some(17), "{error}");
    assert!(error.message.en.contains("uniqueIdentifier"), "{error}");
}

#[test]
fn cut_certificates_are_refused_with_a_position() {
    let Some(text) = sample("dcc/valid/dcc_gp_temperature_typical_v12.xml") else { return };
    for end in (0..text.len()).step_by(997).filter(|end| text.is_char_boundary(*end)) {
        let error = read("cut.xml", &text[..end]).expect_err("cut");
        assert!(!error.message.vi.is_empty(), "{end}");
    }
}

#[test]
fn any_element_may_be_missing_or_empty() {
    for file in ["dcc_gp_temperature_simplified_v12", "v3.1.1-dcc-vacuumlab-SRG"] {
        let path = format!("dcc/valid/{file}.xml");
        let Some(text) = sample(&path) else { return };
        let document = roxmltree::Document::parse(&text).expect("XML");
        let elements =
            document.root_element().descendants().skip(1).filter(|node| node.is_element());
        let mut refused = 0;
        for element in elements {
            let range = element.range();
            let start = text[range.clone()].find('>').expect("a tag") + range.start;
            let empty = match text[..start].ends_with('/') {
                true => String::new(),
                false => format!("{}/>", &text[range.start..start]),
            };
            for instead in ["", empty.as_str()] {
                let changed = format!("{}{instead}{}", &text[..range.start], &text[range.end..]);
                match read(&path, &changed) {
                    Ok(found) => {
                        let faults = check(&found.records, &HashSet::new());
                        let errors = faults.iter().filter(|fault| fault.gravity == Gravity::Error);
                        assert_eq!(errors.count(), 0, "{changed}");
                    }
                    Err(_) => refused += 1,
                }
            }
        }
        assert!((10..60).contains(&refused), "{file}: {refused} refusals");
    }
}

#[test]
fn other_versions_and_roots_are_refused_by_name() {
    let refusal = |text: &str| read("x.xml", text).expect_err(text).message.en;
    let root = |version: &str| {
        format!(
            r#"<d:digitalCalibrationCertificate xmlns:d="https://ptb.de/dcc" schemaVersion="{version}"/>"#
        )
    };
    // Of version 2 what has the same names is read.
    assert!(refusal(&root("2.4.0")).contains("administrativeData"));
    assert!(refusal(&root("1.0.0")).contains("1.0.0"));
    assert!(refusal(&root("4.0.0")).contains("4.0.0"));
    assert!(refusal(&root("3.3.0")).contains("administrativeData"));
    assert!(refusal("<register/>").contains("register"));
    for root in ["digitalCalibrationExchange", "digitalCalibrationCertificate"] {
        let dcx = format!(r#"<x:{root} xmlns:x="https://dfm.dk" schemaVersion="1.2.0"/>"#);
        let refusal = refusal(&dcx);
        assert!(refusal.contains("DCX") && refusal.contains("DFM"), "{refusal}");
    }
    assert!(refusal(r#"{"format": "x"}"#).contains("KCDB"));
    assert!(refusal(r#"{"format": "#).contains("no JSON"));
    assert!(refusal("x\u{9c}").contains("not known"));
}

#[test]
fn hostile_documents_neither_overflow_nor_hang() {
    let start =
        r#"<digitalCalibrationCertificate xmlns="https://ptb.de/dcc" schemaVersion="3.3.0">"#;
    for depth in [10_000, 300_000] {
        let deep = format!(
            "{start}{}{}</digitalCalibrationCertificate>",
            "<a>".repeat(depth),
            "</a>".repeat(depth)
        );
        let error = read("deep.xml", &deep).expect_err("deep");
        assert!(error.message.en.contains("deeper"), "{error}");
        let unclosed = format!("{start}{}", "<a>".repeat(depth));
        read("unclosed.xml", &unclosed).expect_err("unclosed");
    }
    let attributes: String = (0..300_000).map(|number| format!(" a{number}=\"\"")).collect();
    for crowded in [
        format!("{start}<a{attributes}/></digitalCalibrationCertificate>"),
        start.replace(" schemaVersion", &format!("{attributes} schemaVersion")),
    ] {
        let error = read("crowded.xml", &crowded).expect_err("crowded");
        assert!(error.message.en.contains("attributes"), "{error}");
    }
    let mut laughs = r#"<!DOCTYPE a [<!ENTITY l0 "ha">"#.to_owned();
    for level in 1..30 {
        let inner = format!("&l{};", level - 1).repeat(10);
        laughs.push_str(&format!(r#"<!ENTITY l{level} "{inner}">"#));
    }
    let laughs = format!("{laughs}]>{start}&l29;</digitalCalibrationCertificate>");
    let error = read("laughs.xml", &laughs).expect_err("laughs");
    assert!(error.message.en.contains("DTD"), "{error}");

    let deep_json = format!(
        r#"{{"versionApiKcdb": "1", "data": {}{}}}"#,
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    let found = read("deep.json", &deep_json).expect("an answer without capabilities");
    assert!(found.records.is_empty() && !found.unread.is_empty());
}

/// A certificate that says in words what it is about.
const IN_WORDS: &str = r#"<digitalCalibrationCertificate xmlns="https://ptb.de/dcc"
    xmlns:si="https://ptb.de/si" schemaVersion="3.2.1"><administrativeData><coreData>
    <uniqueIdentifier>T-1</uniqueIdentifier><beginPerformanceDate>2026-01-02</beginPerformanceDate>
    <endPerformanceDate>2026-01-02</endPerformanceDate></coreData><items><item/></items>
    <calibrationLaboratory><contact><name><content lang="de">Labor A</content></name></contact>
    </calibrationLaboratory><customer><name><content>Kunde</content></name></customer>
    </administrativeData><measurementResults><measurementResult><results><result><data><list>
    <quantity><name><content lang="de">Sollwert</content></name>
    <si:real><si:value>20.0</si:value><si:unit>\degreecelsius</si:unit></si:real></quantity>
    <quantity><name><content lang="de">Abweichung</content><content lang="en">Deviation</content></name>
    <si:real><si:value>0.12</si:value><si:unit>\kelvin</si:unit></si:real></quantity>
    </list></data></result></results></measurementResult></measurementResults>
    </digitalCalibrationCertificate>"#;

#[test]
fn names_mean_what_a_mapping_says_and_nothing_without() {
    let mapping = |laboratory: &str, kind: &str| {
        let organisation = "01980000-0000-7000-8000-000000000001";
        let text = format!(
            r#"{{"format": "etalon-dcc-mapping/1", "laboratory": "{laboratory}", "quantities": [
            {{"name": "Sollwert", "quantity_kind": "temperature", "means": "reference"}},
            {{"name": "Deviation", "quantity_kind": "{kind}", "means": "error"}}],
            "organisations": [{{"name": "Kunde", "organisation": "{organisation}"}}]}}"#
        );
        Mapping::parse(&text).expect("a mapping")
    };
    let rows = |mappings: &[Mapping]| {
        let read = dcc::read_with("x.xml", IN_WORDS, mappings).expect("a certificate");
        let owner = read.records.measurement_standards[0].owner.to_string();
        (shown(&read.records.calibrations[0].results), owner)
    };
    let (found, owner) =
        rows(&[mapping("Labor B", "temperature"), mapping("Labor A", "temperature")]);
    assert_eq!(found, ["r1 @ 20.0 Cel: 0.12 K ± -"]);
    assert_eq!(owner, "01980000-0000-7000-8000-000000000001");
    // For another laboratory, of another dimension, or without one: nothing is guessed.
    for mappings in [&[mapping("Labor B", "temperature")][..], &[mapping("Labor A", "mass")], &[]] {
        assert!(rows(mappings).0.is_empty(), "{mappings:?}");
    }
    for (wrong, expected) in [
        (r#"{"format": "x"}"#, "etalon-dcc-mapping/1"),
        (r#"{"format": "etalon-dcc-mapping/1", "quantites": []}"#, "quantities"),
        ("{", "no JSON"),
    ] {
        let error = Mapping::parse(wrong).expect_err(wrong);
        assert!(format!("{error:?}").contains(expected), "{error:?}");
    }
}

#[test]
fn version_two_is_read_by_the_names_in_common() {
    let found = read("x.xml", &IN_WORDS.replace("3.2.1", "2.4.0")).expect("a certificate");
    assert_eq!(found.records.calibrations[0].number, "T-1");
    assert!(is_unread(&found, "/dcc:digitalCalibrationCertificate", "DCC version 2"), "{found:?}");
}

#[test]
fn many_unread_parts_are_counted_not_listed() {
    let Some(text) = sample("dcc/valid/dcc_gp_temperature_typical_v12.xml") else { return };
    let extra = "<dcc:unknown/>".repeat(50_000);
    let text = text.replace("<dcc:statements>", &format!("<dcc:statements>{extra}"));
    let found = read("many.xml", &text).expect("readable");
    assert!(found.unread.len() < 3_000);
    assert!(found.unread.iter().map(|unread| unread.count).sum::<usize>() > 50_000);
}

#[test]
fn files_can_be_put_together() {
    let mut ids = HashSet::new();
    for directory in ["dcc/valid", "dcc/signed", "kcdb/responses", "comparisons"] {
        let Ok(files) = std::fs::read_dir(data(directory)) else { return };
        for file in files.map(|file| file.expect("a file").path()) {
            if !file.is_file() || file.extension().is_some_and(|extension| extension == "csv") {
                continue;
            }
            let name = file.display().to_string();
            let text = std::fs::read_to_string(&file).expect("text");
            let records =
                read(&name, &text).unwrap_or_else(|error| panic!("{name}: {error}")).records;
            for (_, _, record) in records.iter() {
                assert!(ids.insert(record.id().clone()), "{name}: {}", record.id());
            }
        }
    }
}

#[test]
fn the_kcdb_in_chemistry() {
    let Some(found) = converted("kcdb/responses/searchData_chemistryAndBiology.json") else {
        return;
    };
    let [capability] = &found.records.capabilities[..] else { panic!("one") };
    let json = serde_json::to_value(capability).expect("JSON");
    assert_eq!(json["quantity_kind"], "mass_fraction");
    assert_eq!(json["code"], "APMP-QM-JP-000001GZ-2");
    assert_eq!(json["service_category"], "QM-5.1");
    assert_eq!(
        json["range"],
        serde_json::json!({"lower": "0.001", "upper": "10.0", "unit": "ug/kg"})
    );
    assert_eq!(
        json["uncertainty"],
        serde_json::json!({
            "expression": "interval", "mode": "relative", "lower": "10.0", "upper": "1.0",
            "unit": "%", "convention": "two"
        })
    );
    assert_eq!(
        (&json["coverage_factor"], &json["coverage_probability"]),
        (&"2".into(), &"0.95".into())
    );
    assert_eq!(json["crm"]["range"]["lower"], "0.0103");
    assert_eq!(json["analyte"], "antimony");
    assert_eq!(
        json["status_history"],
        serde_json::json!([{"status": "published", "effective_from": "2021-01-12"}])
    );
    let institute = serde_json::to_value(&found.records.organisations[0]).expect("JSON");
    assert_eq!((&institute["kind"], &institute["country"]), (&"nmi".into(), &"JP".into()));
    assert_eq!(institute["identifiers"][1]["value"], "01703db54");
    assert!(is_unread(&found, "/data/0/cmcBaseUnit", "floating point"));
    assert!(is_unread(&found, "/data/0/mechanism", "no field"));
}

#[test]
fn the_kcdb_in_radiation() {
    let Some(found) = converted("kcdb/responses/searchData_radiation.json") else { return };
    let json = serde_json::to_value(&found.records.capabilities[0]).expect("JSON");
    assert_eq!(json["quantity_kind"], "activity");
    assert_eq!(
        json["range"],
        serde_json::json!({"lower": "2000.0", "upper": "200000.0", "unit": "Bq"})
    );
    assert_eq!(json["uncertainty"]["expression"], "constant");
    assert_eq!(json["uncertainty"]["lower"], "4.0");
    assert_eq!(json["parameters"][0], serde_json::json!({"name": "nuclide", "text": "Co-60"}));
}

#[test]
fn the_kcdb_in_physics() {
    let Some(found) = converted("kcdb/responses/searchData_physics.json") else { return };
    let capability = &found.records.capabilities[0];
    assert_eq!(capability.quantity_kind, None);
    assert_eq!(capability.range, None);
    assert_eq!(
        capability.coverage_factor.as_ref().map(ToString::to_string).as_deref(),
        Some("2.3")
    );
    assert_eq!(capability.parameters[1].name, "correlated_colour_temperature");
    assert!(is_unread(&found, "/data/0/cmc/unit", "several units"));
    assert!(is_unread(&found, "/data/0/kcdbServiceCategory", "not said for sure"));
}

#[test]
fn the_heads_of_canada() {
    let Some(found) = converted("kcdb/kcdb_cmc_canada-part.json") else { return };
    let capabilities = &found.records.capabilities;
    assert_eq!(capabilities.len(), 161);
    assert_eq!(found.records.organisations.len(), 1);
    for capability in capabilities.iter() {
        let category = capability.service_category.as_deref().expect("a category");
        assert!(category.contains('/') && category.contains('-'), "{category}");
        let code = capability.code.as_deref().and_then(Code::parse).expect("a code");
        assert!(code.country == "CA" && category.starts_with(code.area), "{code:?}");
        assert!(capability.range.is_none() && capability.uncertainty.is_none());
        assert!(capability.status_history.is_empty());
    }
    let of_kind = |id: &str| {
        let kind = QuantityKindId::parse(id).expect(id);
        capabilities.iter().filter(|capability| capability.quantity_kind == Some(kind)).count()
    };
    assert_eq!((of_kind("temperature"), of_kind("dc_resistance"), of_kind("mass")), (36, 4, 0));
    assert!(is_unread(&found, "", "no ranges, uncertainties and statuses"));
    assert!(found.unread.len() < 100, "{}", found.unread.len());
}

/// What is said of every list in the table of `../shared/data/kcdb/README.md`.
#[test]
fn the_classification_of_the_kcdb() {
    let services = |path: &str| {
        sample(path)
            .map(|text| services::read(&text).unwrap_or_else(|error| panic!("{path}: {error}")))
    };
    let lists = [
        ("area", 7),
        ("branch", 32),
        ("service", 67),
        ("subservice", 261),
        ("individualservice", 611),
        ("quantity", 1_768),
    ];
    for (list, count) in lists {
        let Some(found) = services(&format!("kcdb/kcdb_{list}.json")) else { return };
        let of = |part: fn(&services::Service) -> String| -> usize {
            found.services.iter().map(part).collect::<HashSet<_>>().len()
        };
        assert_eq!(found.services.len(), count, "{list}");
        assert_eq!(of(|one| format!("{:?}", one.id)), count, "{list}: numbers do not repeat");
        let repeats = of(|one| one.code.clone()) < count;
        assert_eq!(repeats, !matches!(list, "area" | "branch"), "{list}: labels repeat");
    }
    let Some(table) = services("kcdb/kcdb_service_classifications.csv") else { return };
    assert_eq!(table.services.len(), 611);
    let audiometers = &table.services.iter().find(|one| one.code == "AUV/A-6.1.1").expect("there");
    assert_eq!(audiometers.names[0], "Sound in air");
    assert!(table.services.iter().any(|one| one.names[3].contains("(Surveyor, engineer, pi)")));
    let mut triples = Vec::new();
    for area in ["AUV", "EM", "L", "M", "PR", "RI", "T", "TF"] {
        let found = services(&format!("kcdb/service_categories/{area}.ttl")).expect(area);
        assert!(found.services.iter().all(|one| one.assigned.is_some()), "{area}");
        assert!(found.services.iter().all(|one| !one.names.is_empty()), "{area}");
        triples.push(found.triples);
    }
    triples.push(services("kcdb/service_categories/KCDB-SC.TTL").expect("there").triples);
    assert_eq!((triples.iter().min(), triples.iter().max()), (Some(&341), Some(&3_403)));
    // The linked data have all categories of the table, with the same codes.
    let linked: HashSet<String> = ["AUV", "EM", "L", "M", "PR", "T", "TF"]
        .into_iter()
        .flat_map(|area| {
            services(&format!("kcdb/service_categories/{area}.ttl")).expect(area).services
        })
        .map(|one| one.code)
        .collect();
    let missing: Vec<_> = table.services.iter().filter(|one| !linked.contains(&one.code)).collect();
    assert_eq!(missing.len(), 0, "{missing:?}");
}

/// The key comparisons of `../shared/data/comparisons`: institutes, degrees of equivalence of the
/// comparison and of those linked to it, and the reference value in the unit of the degrees.
#[test]
fn the_comparisons_of_the_ccri() {
    type Expected<'e> = (&'e str, usize, usize, &'e [(&'e str, usize)], Option<&'e str>);
    let files: [Expected<'_>; 11] = [
        ("Ac-225", 3, 0, &[], None),
        ("Ba-133", 29, 9, &[("APMP.RI(II)-K2.Ba-133(2006)", 7)], None),
        ("Ce-139", 23, 5, &[("APMP.RI(II)-K2.Ce-139(2004)", 4)], Some("132.77")),
        ("Co-60", 29, 0, &[], None),
        ("Cs-137", 27, 7, &[("COOMET.RI(II)-K2.Cs-137(2007)", 2)], Some("27.613")),
        ("Gd-153", 4, 0, &[], None),
        ("Lu-177", 14, 6, &[("CCRI(II)-K2.Lu-177(2009)", 7)], Some("559.9")),
        ("Na-22", 14, 0, &[], None),
        ("Sm-153", 7, 2, &[], Some("572.700")),
        ("Sr-85", 10, 4, &[], Some("29.983")),
        ("Tl-201", 9, 4, &[], Some("311.16")),
    ];
    for (nuclide, institutes, degrees, linked, reference) in files {
        let Some(found) = converted(&format!("comparisons/{nuclide}_database_FAIR.xml")) else {
            return;
        };
        let comparisons = &found.records.comparisons;
        let main = &comparisons[0];
        assert_eq!(main.code, Some(format!("BIPM.RI(II)-K1.{nuclide}")));
        assert_eq!(main.quantity_kind.map(QuantityKindId::id), Some("activity"), "{nuclide}");
        assert_eq!(found.records.organisations.len(), institutes, "{nuclide}");
        assert_eq!(main.results.len(), degrees, "{nuclide}");
        let others: Vec<(&str, usize)> = comparisons[1..]
            .iter()
            .map(|one| (one.code.as_deref().expect("a code"), one.results.len()))
            .collect();
        assert_eq!(others, linked, "{nuclide}");
        for result in comparisons.iter().flat_map(|one| one.results.iter()) {
            let text = |number: &Option<etalon::domain::decimal::Decimal>| {
                number.as_ref().map(ToString::to_string)
            };
            assert_eq!(text(&result.reference_value).as_deref(), reference, "{nuclide}");
            assert!(result.doe_expanded_uncertainty.is_some(), "{nuclide}");
            assert_eq!(result.unit.as_ref().map(|unit| unit.code()), Some("MBq"), "{nuclide}");
        }
        let is_empty = is_unread(&found, "release", "no degrees of equivalence");
        assert_eq!(is_empty, degrees == 0, "{nuclide}");
        assert!(
            is_unread(&found, "kc:submission", "took part") || nuclide == "Lu-177",
            "{nuclide}"
        );
        assert!(found.unread.len() < 100, "{nuclide}: {}", found.unread.len());
    }
    // k = 1 in `expandedUnc` is a standard uncertainty, and so is `standardMU`.
    let expanded = |nuclide: &str| {
        let found = converted(&format!("comparisons/{nuclide}_database_FAIR.xml")).expect("there");
        let first = &found.records.comparisons[0].results[0];
        first.reference_expanded_uncertainty.as_ref().expect("an uncertainty").to_string()
    };
    assert_eq!((expanded("Ce-139").as_str(), expanded("Lu-177").as_str()), ("0.28", "3.6"));
    // INST (Viet Nam) took part in 2006 without a valid degree of equivalence.
    let found = converted("comparisons/Ba-133_database_FAIR.xml").expect("there");
    let records = &found.records;
    let inst = records.organisations.iter().find(|one| one.names.en.as_deref() == Some("INST"));
    let inst = inst.expect("an institute");
    assert!(
        records
            .comparisons
            .iter()
            .all(|one| { one.results.iter().all(|result| result.organisation != inst.id) })
    );
    let former = records.organisations.iter().find(|one| one.names.en.as_deref() == Some("KRISS"));
    let former = former.expect("an institute").name_history.first().expect("a former name");
    assert_eq!(former.names.en.as_deref(), Some("KSRI"));
    assert!(is_unread(&found, "kcrv", "no unit"));
}

/// What each file gives, for people: `cargo test --test exchange -- --nocapture overview`.
#[test]
fn overview() {
    for directory in [
        "dcc/valid",
        "dcc/invalid",
        "dcc/malformed",
        "dcc/edge",
        "dcc/signed",
        "kcdb",
        "kcdb/responses",
        "comparisons",
    ] {
        let Ok(files) = std::fs::read_dir(data(directory)) else { return };
        let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
        files.sort();
        for file in files {
            let Ok(text) = std::fs::read_to_string(&file) else { continue };
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            match read(&name, &text) {
                Ok(found) => {
                    let records = &found.records;
                    let results: usize = records.calibrations.iter().map(|c| c.results.len()).sum();
                    println!(
                        "{directory}/{name}: {} organisations, {} standards, {} calibrations, {results} results, {} capabilities, {} comparisons; {} unread",
                        records.organisations.len(),
                        records.measurement_standards.len(),
                        records.calibrations.len(),
                        records.capabilities.len(),
                        records.comparisons.len(),
                        found.unread.len(),
                    );
                }
                Err(error) => println!("{directory}/{name}: refused: {error}"),
            }
        }
    }
}
