//! The command line as people and programs meet it: the built binary is run, its output, its
//! complaints and its exit status are looked at.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use cli_support::{
    CAPABILITIES, CERTIFICATE, COUNTRY, Run, directory, etalon, etalon_with, name, path_text,
    small, unbroken,
};

mod cli_support;

/// The day, the knowledge and the policy of its questions.
const WHEN: [&str; 6] =
    ["--used-on", "2026-11-01", "--known-at", "2026-11-20T00:00:00Z", "--policy", "vn-2026"];

/// A claim on the demonstration country.
fn ask(arguments: &[&str]) -> Run {
    etalon(&[&["verify", "--bundle", COUNTRY], &WHEN[..], arguments].concat())
}

/// The small bundle with one place changed.
fn small_with(pointer: &str, value: Value) -> String {
    let mut bundle = small();
    let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
    bundle.pointer_mut(parent).expect(parent)[field] = value;
    bundle.to_string()
}

// ---------------------------------------------------------------------------------------------
// Verdicts

#[test]
fn the_verdict_is_the_exit_status() {
    for (standard, status, verdict, headline, headline_vi) in [
        ("W-1KG-01", 0, "traceable", "\nTRACEABLE (R2)\n", "\nCÓ TÍNH LIÊN KẾT CHUẨN (R2)\n"),
        (
            "T-PRT-02",
            0,
            "traceable_with_remarks",
            "\nTRACEABLE WITH REMARKS (recognition fails)\n",
            "\nCÓ TÍNH LIÊN KẾT CHUẨN, KÈM LƯU Ý (sự thừa nhận không đạt)\n",
        ),
        ("W-500G-01", 1, "not_traceable", "\nNOT TRACEABLE\n", "\nKHÔNG CÓ TÍNH LIÊN KẾT CHUẨN\n"),
        ("TQ-100-01", 2, "undetermined", "\nUNDETERMINED\n", "\nCHƯA XÁC ĐỊNH ĐƯỢC\n"),
    ] {
        let english = ask(&["--standard", standard]);
        assert_eq!(english.status, Some(status), "{english:?}");
        assert!(english.out.contains(headline), "{}", english.out);
        assert_eq!(english.complaint, "");

        let vietnamese = ask(&["--standard", standard, "--lang", "vi"]);
        assert_eq!(vietnamese.status, Some(status));
        assert!(vietnamese.out.contains(headline_vi), "{}", vietnamese.out);

        let machine = ask(&["--standard", standard, "--json"]);
        assert_eq!(machine.status, Some(status));
        assert_eq!(machine.json()["verdict"], verdict);
    }
}

#[test]
fn what_a_bad_certificate_touched() {
    let ask = |arguments: &[&str]| {
        etalon(&[&["impact", "--bundle", COUNTRY, "ILL-VMI-25-0312"], arguments].concat())
    };
    for (language, totals, row) in [
        ("en", "significant 0, to be reviewed 0, insignificant 1; not decided 0", "insignificant"),
        ("vi", "đáng kể 0, cần xem xét 0, không đáng kể 1; chưa có quyết định 0", "không đáng kể"),
    ] {
        let run = ask(&["--lang", language]);
        assert_eq!(run.status, Some(0), "{run:?}");
        assert!(run.out.contains(totals), "{}", run.out);
        assert!(run.out.contains(&format!("✓ {row}  ILL-QT1-26-0061  W-200G-01")), "{}", run.out);
        assert!(run.out.lines().all(|line| line.chars().count() <= 100), "{}", run.out);
    }
    let machine = ask(&["--json", "--known-at", "2026-10-06T00:00:00Z", "--shift", "0.04 mg"]);
    let item = &machine.json()["items"][0];
    assert_eq!((&item["ratio"], &item["decided"]), (&json!("0.20"), &Value::Null));
    assert_eq!(item["significance"], "review");
    let table = ask(&["--csv"]);
    assert_eq!(table.out.lines().count(), 2, "{}", table.out);
    ask(&["--shift", "a lot"]).refused(64, &["--shift", "expected a number, a blank and a unit"]);
    ask(&["--to", "2020-01-01", "--from", "2021-01-01"]).refused(65, &["--to", "before it begins"]);
    let nobody = etalon(&["impact", "--bundle", COUNTRY, "NOBODY"]);
    nobody.refused(65, &["SUBJECT", "NOBODY"]);
}

#[test]
fn nothing_is_wider_than_a_page() {
    for language in ["en", "vi"] {
        let run = ask(&["--standard", "PB-10M-02", "--lang", language]);
        for line in run.out.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}

#[test]
fn a_claim_at_a_point_takes_conditions() {
    let at_10_volt = ["--standard", "AC-10V-01", "--quantity", "ac_voltage", "--point", "10 V"];
    for (frequency, status) in [
        (&["--parameter", "frequency=1 kHz"][..], 0),
        (&["--parameter", "frequency=100 kHz"][..], 1),
        (&[][..], 2),
    ] {
        let run = ask(&[&at_10_volt[..], frequency].concat());
        assert_eq!(run.status, Some(status), "{run:?}");
    }
}

#[test]
fn a_claim_of_an_amount_names_analyte_and_matrix() {
    let text = include_str!("vectors/chains/ethanol_water_crm.json");
    let case: Value = serde_json::from_str(text).expect("JSON");
    let bundle = json!({"format": "etalon-bundle/1", "records": case["records"]}).to_string();
    let amount = ["verify", "--bundle", "-", "--standard", "D-ETH-1", "--quantity"];
    let rest = ["mass_concentration", "--point", "1 g/L", "--used-on", "2026-11-01"];
    for (named, status, shown) in [
        (&["--analyte", "ethanol", "--matrix", "water", "--purpose", "calibration"][..], 0, "RM1"),
        (&["--analyte", "ethanol", "--matrix", "beer"][..], 0, "M-07"),
        (&["--analyte", "methanol"][..], 2, "S-02"),
    ] {
        let run = etalon_with(&[&amount[..], &rest, named].concat(), bundle.as_bytes());
        assert_eq!(run.status, Some(status), "{run:?}");
        assert!(run.out.contains(shown), "{run:?}");
    }
}

#[test]
fn units_are_shown_and_converted() {
    let shown = etalon(&["units", "kgf/cm²", r"\milli\gram"]);
    for text in ["kgf/cm2", "98066.5 m-1.kg.s-2", r"\milli\gram", "SI/units/gram"] {
        assert!(shown.out.contains(text), "{text}: {shown:?}");
    }
    let converted = etalon(&["units", "5 kgf/cm2", "0.80 kgf/cm2", "--to", "kPa"]);
    assert_eq!(converted.status, Some(0));
    for text in ["5 kgf/cm2 = 490.3325 kPa", "0.80 kgf/cm2 = 78.4532 kPa", "factor 98.0665"] {
        assert!(converted.out.contains(text), "{text}: {converted:?}");
    }
    let temperature = |further: &[&str]| {
        let run = etalon(&[&["units", "20 °C", "--to", "K", "--json"], further].concat());
        run.json()[0]["result"].clone()
    };
    assert_eq!(temperature(&[]), "293.15");
    assert_eq!(temperature(&["--difference"]), "20");
    etalon(&["units", "kilo"]).refused(64, &["UNIT", "“kilo” is no UCUM unit"]);
    etalon(&["units", "5 kg", "--to", "N"]).refused(64, &["--to", "of different dimensions"]);
    etalon(&["units", "kg", "--to", "g"]).refused(64, &["expected a number, a blank and a unit"]);
    etalon(&["units", "5 kg", "--to", "g", "--quantity", "weight"])
        .refused(64, &["--quantity", "there is no quantity kind “weight”"]);
    etalon(&["units", "5 kg", "--to", "g", "--quantity", "length"])
        .refused(64, &["UNIT", "kg is of dimension kg, length is of m"]);
}

#[test]
fn a_requirement_is_judged() {
    let fitness = |required: &str| {
        let run = ask(&["--standard", "W-1KG-01", "--json", "--required-uncertainty", required]);
        run.json()["fitness"].clone()
    };
    assert_eq!(fitness("1.0 mg"), "pass");
    assert_eq!(fitness("0.2 mg"), "fail");
}

#[test]
fn what_was_known_then_decides() {
    for (known_at, status) in
        [("2026-09-01T00:00:00Z", 0), ("2026-10-06T00:00:00Z", 2), ("2026-11-20T00:00:00Z", 0)]
    {
        let run = etalon(&[
            "verify",
            "--bundle",
            COUNTRY,
            "--standard",
            "W-200G-01",
            "--used-on",
            "2026-11-01",
            "--known-at",
            known_at,
            "--policy",
            "vn-2026",
        ]);
        assert_eq!(run.status, Some(status), "{known_at}: {run:?}");
    }
}

#[test]
fn without_a_point_every_result_is_answered() {
    let run = ask(&["--standard", "F-50KN-01"]);
    insta::assert_snapshot!(run.out);
    assert_eq!(
        ask(&["--standard", "F-50KN-01", "--json"]).json()["parts"][2]["verdict"],
        "traceable_with_remarks"
    );
}

#[test]
fn a_certificate_is_named_by_number_or_id() {
    let by = |certificate: &str| {
        ask(&["--standard", "W-1KG-01", "--calibration", certificate, "--json"])
    };
    assert_eq!(by("ILL-QT1-26-0045").json()["verdict"], "traceable");
    assert_eq!(by("_:cal-qt1-26-0045").json()["verdict"], "traceable");
    by("ILL-QT1-26-0054").refused(65, &["/calibration", "did you mean “ILL-QT1-26-0045”?"]);
}

/// A bundle of certificates, each made with some of the others.
fn network(certificates: &[(&str, &str, &[&str])]) -> TempDir {
    let mut bundle = small();
    let calibration = |(id, day, made_with): &(&str, &str, &[&str])| {
        let reference = |above: &&str| {
            json!({"standard": format!("_:{above}"), "calibration": format!("_:c-{above}"),
                "result": "r1", "model": "mean"})
        };
        json!({
            "id": format!("_:c-{id}"), "kind": "calibration", "issuer": "_:lab",
            "number": format!("N-{id}"), "performed_from": day, "performed_to": day,
            "item": format!("_:{id}"),
            "references": made_with.iter().map(reference).collect::<Vec<_>>(),
            "results": [{"id": "r1", "quantity_kind": "mass", "point": {"value": "1", "unit": "kg"},
                "value": "1.0", "unit": "kg"}]
        })
    };
    let standard =
        |(id, ..): &(&str, &str, &[&str])| json!({"id": format!("_:{id}"), "owner": "_:lab"});
    bundle["records"]["calibrations"] = certificates.iter().map(calibration).collect();
    bundle["records"]["measurement_standards"] = certificates.iter().map(standard).collect();
    directory(&[("bundle.json", &bundle.to_string())])
}

/// The tree of the chain of a standard.
fn tree(network: &TempDir, standard: &str, status: i32) -> String {
    let bundle = name(network, "bundle.json");
    let when = ["--used-on", "2022-06-01", "--known-at", "2026-11-20T00:00:00Z"];
    let run =
        etalon(&[&["verify", "--bundle", &bundle, "--standard", standard], &when[..]].concat());
    assert_eq!(run.status, Some(status), "{run:?}");
    let chain = run.out.split("Traceability chain\n").nth(1).expect("a chain");
    chain.split("\n\n").next().expect("a tree").to_owned()
}

#[test]
fn shared_ancestors_are_printed_once() {
    let network = network(&[
        ("top", "2020-01-01", &[]),
        ("a", "2021-01-01", &["top"]),
        ("b", "2021-01-01", &["top"]),
        ("low", "2022-01-01", &["a", "b"]),
    ]);
    insta::assert_snapshot!(tree(&network, "_:low", 1));
}

#[test]
fn loops_end() {
    let network = network(&[("a", "2021-01-01", &["b"]), ("b", "2021-01-01", &["a"])]);
    insta::assert_snapshot!(tree(&network, "_:a", 1));
}

// ---------------------------------------------------------------------------------------------
// What cannot be answered

#[test]
fn a_wrong_command_line_is_64() {
    etalon(&[]).refused(64, &["Usage: etalon"]);
    etalon(&["guess"]).refused(64, &["unrecognized subcommand 'guess'"]);
    etalon(&["verify", "--bundle", COUNTRY]).refused(64, &["--standard"]);
    etalon(&["demo", "--port", "1"]).refused(64, &["--port"]);
    etalon(&["demo", "--lang", "fr"]).refused(64, &["fr", "vi"]);
    ask(&["--standard", "W-1KG-01", "--value-used", "guessed"]).refused(64, &["certified"]);
    ask(&["--standard", "W-1KG-01", "--point", "1 kg"]).refused(64, &["--quantity"]);
    etalon(&["verify", "--bundle", COUNTRY, "--standard", "W-1KG-01", "--policy", "xx-1999"])
        .refused(64, &["xx-1999", "ilac-p10, vn-2026"]);
}

#[test]
fn all_that_is_wrong_with_a_claim_comes_at_once() {
    let wrong = [
        "verify",
        "--bundle",
        COUNTRY,
        "--standard",
        "W-1KG-01",
        "--quantity",
        "masss",
        "--point",
        "1 kgg",
        "--used-on",
        "2026-02-30",
        "--known-at",
        "yesterday",
        "--required-uncertainty",
        "little",
        "--parameter",
        "1 kHz",
    ];
    let run = etalon(&wrong);
    run.refused(
        64,
        &[
            "--quantity “masss” is not in the list of quantity kinds; did you mean “mass”?",
            "--point",
            "kgg",
            "--used-on “2026-02-30”: a date is written as 2026-02-10",
            "--known-at “yesterday”: expected an instant such as 2026-11-20T00:00:00Z",
            "--required-uncertainty “little”: expected a number, a blank and a unit",
            "--parameter “1 kHz”: expected name=value",
        ],
    );
    let run = etalon(&[&wrong[..], &["--lang", "vi"]].concat());
    run.refused(
        64,
        &["--quantity “masss” không có trong danh mục loại đại lượng; có phải là “mass”?"],
    );
}

#[test]
fn a_claim_that_does_not_fit_the_bundle_is_65() {
    let refused = |arguments: &[&str], complaints: &[&str]| ask(arguments).refused(65, complaints);
    refused(&["--standard", "W-1KG-1"], &["--standard", "“W-1KG-1”", "did you mean “W-1KG-01”?"]);
    refused(&["--standard", "???"], &["there are, for example: ILL-NS-LASER-633"]);
    refused(&["--standard", "_:org-lab-1"], &["--standard"]);
    refused(
        &["--standard", "W-1KG-01", "--quantity", "conventional_mass", "--point", "1 V"],
        &["--point", "“V” is no unit of conventional mass", "kg"],
    );
    refused(
        &[
            "--standard",
            "W-1KG-01",
            "--quantity",
            "mass",
            "--point",
            "1 kg",
            "--required-uncertainty",
            "1 mm",
        ],
        &["--required-uncertainty", "“mm”"],
    );
    refused(
        &["--standard", "W-1KG-01", "--calibration", "_:cal-qt1-26-0046"],
        &["--calibration", "is not that of"],
    );
    let directory = directory(&[("bundle.json", &small().to_string())]);
    let bundle = name(&directory, "bundle.json");
    etalon(&["verify", "--bundle", &bundle, "--standard", "TWIN"])
        .refused(65, &["“TWIN” is shared by 2 records: _:twin-a, _:twin-b; name one by its id"]);
    assert_eq!(etalon(&["verify", "--bundle", &bundle, "--standard", "_:twin-a"]).status, Some(2));
}

#[test]
fn a_file_that_cannot_be_read_is_66() {
    let missing = "no/such/bundle.json";
    for arguments in [
        &["verify", "--bundle", missing, "--standard", "W-1KG-01"][..],
        &["check", missing],
        &["conformance", missing],
    ] {
        etalon(arguments).refused(66, &[missing, "there is no such file or directory"]);
    }
    let directory = directory(&[]);
    let path = path_text(directory.path());
    etalon(&["check", &path]).refused(66, &[&path, "this is a directory; name a file"]);
    etalon(&["check", missing, "--lang", "vi"]).refused(66, &["lỗi: ", "không có tệp hay thư mục"]);
}

#[test]
fn bad_bundles_are_refused_with_the_place() {
    let cases: Vec<(String, &[&str])> = vec![
        ("{\"format\": \"etalon-bundle/1\",\n \"records\": {]}".into(), &["line 2 column 14"]),
        (String::new(), &["line 1 column 0"]),
        ("{".into(), &["line 1 column 1"]),
        ("[]".into(), &["found a list, expected an object"]),
        (small_with("/format", json!("etalon-bundle/9")), &["/format", "etalon-bundle/1"]),
        (
            small_with("/records/calibrations/0/colour", json!("red")),
            &["/records/calibrations/0", "there is no field “colour” here"],
        ),
        (
            small_with("/records/calibrations/0/results/0/value", json!(1.0)),
            &["/results/0/value", "a measured number is a decimal string"],
        ),
        (
            small_with("/records/calibrations/0/issued_on", json!("2026-02-30")),
            &["/records/calibrations/0/issued_on", "“2026-02-30”"],
        ),
        (
            small_with("/records/calibrations/0/results/0/unit", json!("kgg")),
            &["/results/0/unit", "kgg"],
        ),
        (
            small_with("/records/calibrations/0/results/0/unit", json!("m3")),
            &["/results/0/unit", "“m3” is no unit of conventional mass"],
        ),
        (
            small_with("/records/measurement_standards/1/id", json!("_:weight")),
            &["/records/measurement_standards/1", "_:weight"],
        ),
        (
            small_with("/records/calibrations/0/issuer", json!("_:nobody")),
            &["/records/calibrations/0/issuer", "_:nobody"],
        ),
        (
            small_with("/records/calibrations/0/results/0/quantity_kind", json!("masse")),
            &["/results/0/quantity_kind", "did you mean “mass”?"],
        ),
    ];
    for (text, complaints) in &cases {
        let directory = directory(&[("bundle.json", text)]);
        let bundle = name(&directory, "bundle.json");
        let run = etalon(&["verify", "--bundle", &bundle, "--standard", "M-1"]);
        run.refused(65, &[&["bundle.json is refused"], *complaints].concat());

        let run = etalon(&["check", &bundle]);
        assert_eq!(run.status, Some(65), "{text}");
        for part in *complaints {
            assert!(unbroken(&run.out).contains(part), "{part} is not in {}", run.out);
        }
        assert!(run.out.ends_with("bundle.json: refused, errors: 1, warnings: 0\n"), "{}", run.out);
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    etalon_with(&["check", "-"], b"{\n\xff").refused(65, &["stdin, line 2", "UTF-8"]);
}

#[test]
fn errors_are_json_for_machines() {
    for (arguments, status, pointer) in [
        (&["verify", "--json", "--bundle", COUNTRY, "--standard", "W-9"][..], 65, "/standard"),
        (
            &["verify", "--json", "--bundle", COUNTRY, "--standard", "x", "--used-on", "x"],
            64,
            "/used_on",
        ),
    ] {
        let run = etalon(arguments);
        assert_eq!((run.status, run.out.as_str()), (Some(status), ""));
        let complaint: Value = serde_json::from_str(&run.complaint).expect("JSON");
        assert_eq!(complaint["error"]["status"], status);
        assert_eq!(complaint["error"]["faults"][0]["pointer"], pointer);
        assert!(complaint["error"]["faults"][0]["message"]["vi"].is_string());
    }
}

// ---------------------------------------------------------------------------------------------
// check

#[test]
fn check_counts_and_ends_well() {
    let run = etalon(&["check", COUNTRY]);
    assert_eq!(run.status, Some(0));
    assert!(run.out.ends_with("viet-nam.json: records: 223, errors: 0, warnings: 1\n"));
    let warned = etalon(&["check", COUNTRY, "--json"]).json();
    assert_eq!(warned["faults"][0]["gravity"], "warning");
    assert_eq!(warned["accepted"], true);

    let run = etalon_with(&["check", "-"], small().to_string().as_bytes());
    assert_eq!(
        (run.status, run.out.as_str()),
        (Some(0), "stdin: records: 6, errors: 0, warnings: 0\n")
    );

    let bad = small_with("/records/calibrations/0/colour", json!("red"));
    let refused = etalon_with(&["check", "-", "--json"], bad.as_bytes());
    assert_eq!(refused.status, Some(65));
    assert_eq!(refused.json()["errors"], 1);
    assert_eq!(refused.json()["faults"][0]["pointer"], "/records/calibrations/0");
}

// ---------------------------------------------------------------------------------------------
// conformance

fn vector(id: &str, expected: &str) -> String {
    json!({
        "id": id, "records": small()["records"],
        "claim": {"standard": "_:weight", "quantity_kind": "conventional_mass",
            "point": {"value": "1", "unit": "kg"}, "used_on": "2026-11-01", "policy": "ilac-p10"},
        "expect": {"verdict": expected}
    })
    .to_string()
}

#[test]
fn conformance_counts_and_says_what_differs() {
    let directory = directory(&[
        ("good/a.json", &vector("a::open", "undetermined")),
        ("good/deep/b.json", &vector("a::open_too", "undetermined")),
        ("good/README.md", "no vector"),
        ("bad/c.json", &vector("b::wrong", "traceable")),
        ("bad/d.json", "{"),
        ("none/README.md", "no vector"),
    ]);
    let (good, bad, none) =
        (name(&directory, "good"), name(&directory, "bad"), name(&directory, "none"));

    let run = etalon(&["conformance", &good]);
    assert_eq!((run.status, run.out.as_str()), (Some(0), "2 passed, 0 failed\n"));

    let run = etalon(&["conformance", &good, &bad]);
    assert_eq!(run.status, Some(1));
    assert!(run.out.contains("FAIL b::wrong ("), "{}", run.out);
    assert!(
        run.out
            .contains("  verdict\n    expected  \"traceable\"\n    got       \"undetermined\"\n")
    );
    assert!(run.out.contains("FAIL ? ("), "a file that is no vector fails: {}", run.out);
    assert!(run.out.ends_with("\n2 passed, 2 failed\n"));

    let counts = etalon(&["conformance", "--json", &good, &bad]).json();
    assert_eq!((&counts["passed"], &counts["failed"]), (&json!(2), &json!(2)));
    assert_eq!(counts["failures"][1]["differences"][0]["what"], "verdict");

    let run = etalon(&["conformance", &none]);
    assert_eq!(run.status, Some(1), "no case is no success");
    assert!(run.out.starts_with("there is no case (*.json) below"));
    assert!(run.out.ends_with("\n0 passed, 0 failed\n"));
}

// ---------------------------------------------------------------------------------------------
// convert

#[test]
fn a_certificate_is_converted_and_answered() {
    let directory = directory(&[("certificate.xml", CERTIFICATE)]);
    let (file, bundle) = (name(&directory, "certificate.xml"), name(&directory, "bundle.json"));
    let run = etalon(&["convert", &file, "--output", &bundle]);
    assert_eq!((run.status, run.out.as_str()), (Some(0), ""), "{run:?}");
    let notes = unbroken(&run.complaint);
    for part in ["certificate.xml:10", "eMail", "“a@example.org”", "files: 1, records: 4"] {
        assert!(notes.contains(part), "{part} is not in {notes}");
    }
    let (_, command) =
        notes.split_once("certificate DCC-7, to be verified by: ").expect("a command");
    let command: Vec<&str> = command.split_whitespace().skip(1).collect();
    let run = etalon(&[&command[..], &["--used-on", "2026-06-01"]].concat());
    assert_eq!(run.status, Some(2), "{run:?}");
    assert!(run.out.contains("length at 10 mm: 10.0002 mm, u = 0.0001 mm"), "{}", run.out);
    assert!(run.out.contains("S-03"), "{}", run.out);

    let piped = etalon(&["convert", &file]);
    assert_eq!(piped.out, std::fs::read_to_string(&bundle).expect("the bundle"));
}

#[test]
fn files_become_one_bundle() {
    let directory = directory(&[("certificate.xml", CERTIFICATE), ("cmcs.json", CAPABILITIES)]);
    let (certificate, cmcs) = (name(&directory, "certificate.xml"), name(&directory, "cmcs.json"));
    let run = etalon(&["convert", "--json", &certificate, &cmcs]);
    assert_eq!(run.status, Some(0), "{run:?}");
    let outcome: Value = serde_json::from_str(&run.complaint).expect("JSON");
    assert_eq!(outcome["files"].as_array().map(Vec::len), Some(2));
    assert_eq!(outcome["calibrations"][0]["number"], "DCC-7");
    assert!(outcome["files"][0]["unread"][0]["reason"]["vi"].is_string());
    let checked = etalon_with(&["check", "--json", "-"], run.out.as_bytes()).json();
    assert_eq!((&checked["accepted"], &checked["records"]), (&json!(true), &outcome["records"]));
}

#[test]
fn what_is_no_known_format_is_refused_with_its_place() {
    let directory = directory(&[
        ("certificate.xml", CERTIFICATE),
        ("broken.xml", &CERTIFICATE.replace("</items>", "")),
        ("other.json", "{\"a\": 1}"),
    ]);
    let file = |file: &str| name(&directory, file);
    let output = file("bundle.json");
    let run = etalon(&[
        "convert",
        &file("certificate.xml"),
        &file("broken.xml"),
        &file("other.json"),
        "--output",
        &output,
    ]);
    run.refused(65, &["broken.xml:11:", "no well-formed XML", "other.json", "KCDB"]);
    assert!(!Path::new(&output).exists());

    // The same file twice would give every record twice.
    etalon(&["convert", &file("certificate.xml"), &file("certificate.xml")])
        .refused(65, &["/records/organisations/2"]);
    etalon(&["convert", "no.xml"]).refused(66, &["no.xml", "there is no such file"]);
    etalon(&["convert", &file("certificate.xml"), "-o", &file("no/such/bundle.json")])
        .refused(74, &["no/such/bundle.json", "check the directory"]);
}

// ---------------------------------------------------------------------------------------------
// demo

#[test]
fn the_demonstration_is_always_the_same() {
    let english = etalon(&["demo", "--no-serve"]);
    assert_eq!((english.status, english.complaint.as_str()), (Some(0), ""));
    insta::assert_snapshot!("demo_en", english.out);
    let vietnamese = etalon(&["demo", "--no-serve", "--lang", "vi"]);
    assert_eq!(vietnamese.status, Some(0));
    insta::assert_snapshot!("demo_vi", vietnamese.out);
}

#[test]
fn the_commands_of_the_demonstration_answer_the_same() {
    let demo = etalon(&["demo", "--no-serve"]).out;
    let commands: Vec<&str> = demo.split("To ask the same:\n").skip(1).collect();
    assert_eq!(commands.len(), 3);
    for (command, status) in commands.iter().zip([0, 1, 2]) {
        let command = command.split("\n\n").next().expect("a command").replace("\\\n", " ");
        // Only points are quoted, and only they hold a blank.
        let (before, rest) = command.split_once('"').expect("a point");
        let (point, after) = rest.split_once('"').expect("a point");
        let mut arguments: Vec<&str> = before.split_whitespace().skip(1).collect();
        arguments.push(point);
        arguments.extend(after.split_whitespace());
        for argument in &mut arguments {
            if *argument == "examples/viet-nam.json" {
                *argument = COUNTRY;
            }
        }
        let run = etalon(&arguments);
        assert_eq!(run.status, Some(status), "{run:?}");
        assert!(demo.contains(run.out.trim_end()), "{}", run.out);
    }
}

// ---------------------------------------------------------------------------------------------
// The terminal

#[test]
fn colours_are_for_terminals_or_on_demand() {
    assert!(!etalon(&["demo", "--no-serve"]).out.contains('\u{1b}'));
    assert!(!etalon(&["demo", "--no-serve", "--color", "never"]).out.contains('\u{1b}'));
    let coloured = etalon(&["demo", "--no-serve", "--color", "always"]).out;
    assert!(coloured.contains("\u{1b}[1m\u{1b}[32mTRACEABLE\u{1b}[0m"), "{coloured}");
}

#[test]
fn records_cannot_drive_the_terminal() {
    let name_of_weight = "/records/measurement_standards/0/names";
    let bundle = small_with(name_of_weight, json!({"en": "red\u{1b}[31m\u{202e}"}));
    let arguments = ["verify", "--bundle", "-", "--standard", "M-1", "--color", "never"];
    let run = etalon_with(&arguments, bundle.as_bytes());
    run.refused(65, &["/records/measurement_standards/0/names/en", "U+001B"]);
    // Nor can what is refused: an unknown field is named.
    let bundle = small_with("/records/measurement_standards/0/re\u{1b}[31md\u{202e}", json!("x"));
    let run = etalon_with(&arguments, bundle.as_bytes());
    run.refused(65, &["re�[31md�"]);
    assert!(!run.complaint.contains(['\u{1b}', '\u{202e}']), "{run:?}");
}

#[test]
fn a_reader_who_leaves_is_no_fault() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_etalon"))
        .args(["demo", "--no-serve", "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn help_says_how_commands_end() {
    let run = etalon(&["--help"]);
    assert_eq!(run.status, Some(0));
    for status in ["  0  ", "  1  ", "  2  ", " 64  ", " 65  ", " 66  ", " 69  ", " 70  ", " 74  "]
    {
        assert!(run.out.contains(status), "{status}: {}", run.out);
    }
    assert_eq!(etalon(&["--version"]).out, concat!("etalon ", env!("CARGO_PKG_VERSION"), "\n"));
}

// ---------------------------------------------------------------------------------------------
// The catalogue, and policies in files

/// A policy that says what `vn-2026` says, with the due date of a reference (T-02) switched.
fn policy(severity: &str) -> String {
    let document = etalon::engine::policy::Policy::document("vn-2026").expect("shipped");
    let mut policy: Value = serde_json::from_str(document).expect("JSON");
    policy["id"] = "lenient".into();
    policy["rules"] = json!({
        "T-02": {"severity": severity, "reason": {"vi": "giai đoạn chuyển tiếp", "en": "in transition"}},
    });
    policy.to_string()
}

#[test]
fn a_policy_in_a_file_judges_a_bundle() {
    let files = directory(&[("lenient.json", &policy("minor")), ("wrong.json", &policy("none"))]);
    let (lenient, wrong) = (name(&files, "lenient.json"), name(&files, "wrong.json"));
    let ask = |policy: &str, more: &[&str]| {
        let claim = ["verify", "--bundle", COUNTRY, "--standard", "W-500G-01"];
        etalon(&[&claim[..], &WHEN[..4], &["--policy", policy], more].concat())
    };
    assert_eq!(ask("vn-2026", &[]).status, Some(1));
    let run = ask(&lenient, &[]);
    assert_eq!(run.status, Some(0), "{run:?}");
    let said = "the policy switches rule T-02 from critical to minor: in transition";
    let text = unbroken(&run.out);
    assert!(text.contains("TRACEABLE WITH REMARKS") && text.contains(said), "{}", run.out);
    assert!(text.contains("policy lenient@1"), "{}", run.out);
    let run = ask(&lenient, &["--lang", "vi"]);
    let said = "chính sách đổi quy tắc T-02 từ nghiêm trọng thành nhỏ: giai đoạn chuyển tiếp";
    assert!(unbroken(&run.out).contains(said), "{}", run.out);
    let report = ask(&lenient, &["--json"]).json();
    assert_eq!(report["ruleset"]["policy"], "lenient");
    assert_eq!(report["ruleset"]["switched"][0]["severity"], "minor");
    ask(&wrong, &[]).refused(65, &["/rules/T-02/severity", "critical, major, minor, info, off"]);
    ask("nowhere.json", &[]).refused(66, &["nowhere.json"]);
}

#[test]
fn the_rules_are_listed_under_a_policy() {
    let run = etalon(&["rules"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(run.out.contains("\nS-04  critical "), "{}", run.out);
    let count = etalon::engine::rules::TABLE.len();
    assert!(run.out.ends_with(&format!("\n{count} rules, under policy ilac-p10\n")), "{}", run.out);
    let files = directory(&[("lenient.json", &policy("off"))]);
    let lenient = name(&files, "lenient.json");
    let run = etalon(&["rules", "--policy", &lenient, "--lang", "vi"]);
    assert!(run.out.contains("\nT-02  tắt "), "{}", run.out);
    assert!(run.out.contains("(danh mục: nghiêm trọng) giai đoạn chuyển tiếp"), "{}", run.out);
    let rules = etalon(&["rules", "--policy", &lenient, "--json"]).json();
    let rules = rules.as_array().expect("a list");
    assert_eq!(rules.len(), count);
    let rule = rules.iter().find(|rule| rule["id"] == "T-02").expect("T-02");
    assert_eq!(rule["severity_under"], json!({"lenient": "off"}));
}

#[test]
fn a_rule_is_explained() {
    let run = etalon(&["explain", "s04"]);
    assert_eq!(
        run.out,
        "S-04  the chain of calibrations has no cycle\n  \
         counts                     critical\n  \
         belongs to                 A, traceability\n  \
         source                     VIM 2.40 (official text seen)\n  \
         where its input is absent  it is indeterminate\n  \
         under policies             ilac-p10: critical; vn-2026: critical\n  \
         cannot be switched         it is part of what metrological traceability is (VIM 2.41): \
         without it\n                             no verdict means anything\n"
    );
    let rule = etalon(&["explain", "T-02", "--json"]).json();
    assert_eq!((&rule["id"], &rule["severity"]), (&json!("T-02"), &json!("critical")));
    etalon(&["explain", "T-99"]).refused(64, &["T-99", "did you mean T-"]);
    etalon(&["explain", "T-99", "--lang", "vi"]).refused(64, &["không có quy tắc"]);
}

/// The audit of the demonstration country on the day of its claims.
fn audit(more: &[&str]) -> Run {
    let usual = ["audit", "--bundle", COUNTRY, "--used-on", "2026-11-01", "--policy", "vn-2026"];
    etalon(&[&usual[..], more].concat())
}

#[test]
fn an_audit_is_the_same_in_both_languages() {
    for (language, snapshot) in [("en", "audit_en"), ("vi", "audit_vi")] {
        let run = audit(&["--lang", language]);
        assert_eq!(run.status, Some(1), "{run:?}");
        insta::assert_snapshot!(snapshot, run.out);
    }
}

#[test]
fn an_audit_counts_what_each_claim_gives() {
    let audit = audit(&["--json"]).json();
    let items = audit["items"].as_array().expect("items");
    assert_eq!(audit["totals"]["answers"], items.len());
    for item in items.iter().step_by(9) {
        let standard = item["standard"].as_str().expect("an id");
        let usual = ["verify", "--bundle", COUNTRY, "--json", "--used-on", "2026-11-01"];
        let run = etalon(&[&usual[..], &["--policy", "vn-2026", "--standard", standard]].concat());
        assert_eq!(item["summary"]["verdict"], run.json()["verdict"], "{standard}");
    }
}

#[test]
fn an_audit_lists_every_standard_when_asked_to() {
    let (some, all) = (audit(&[]), audit(&["--all"]));
    assert!(!some.out.contains("W-1KG-01") && all.out.contains("W-1KG-01"), "{}", all.out);
}

#[test]
fn what_an_audit_cannot_do_is_refused() {
    audit(&["--used-on", "yesterday"]).refused(64, &["--used-on"]);
    let usual = ["audit", "--bundle", COUNTRY];
    let with = |more: &[&str]| etalon(&[&usual[..], more].concat());
    with(&["--used-on", "2026-02-30"]).refused(64, &["--used-on", "2026-02-30"]);
    with(&["--policy", "none-such"]).refused(64, &["none-such", "ilac-p10"]);
    with(&["--purpose", "fun"]).refused(64, &["--purpose"]);
    with(&["--filter", "owner=x"]).refused(64, &["--filter"]);
}

// ---------------------------------------------------------------------------------------------
// Chains of certificates

/// The chain of the examples, in a directory of its own.
fn chain() -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().expect("a directory");
    let names = ["ILL-BIPM-24-0117.xml", "ILL-VNI-25-0311.xml", "ILL-CC-26-0087.xml"];
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/dcc-chain");
    let files = names.map(|name| {
        let path = folder.path().join(name);
        std::fs::copy(from.join(name), &path).expect(name);
        path.display().to_string()
    });
    (folder, files.into())
}

fn verified(files: &[String], more: &[&str]) -> Run {
    let files = files.iter().map(String::as_str);
    let arguments = ["verify", "--used-on", "2026-11-01", "--dcc"].into_iter().chain(files);
    etalon(&arguments.chain(more.iter().copied()).collect::<Vec<_>>())
}

#[test]
fn a_chain_of_certificates_is_verified_from_its_files() {
    let (_folder, mut files) = chain();
    let run = verified(&files, &["--json"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert_eq!(run.json()["verdict"], "traceable_with_remarks");
    assert_eq!(verified(&files, &["--standard", "DW-1K-03", "--json"]).status, Some(0));
    // One byte in the middle.
    let text = std::fs::read_to_string(&files[1]).expect("a certificate");
    std::fs::write(&files[1], text.replacen("1.00000034", "1.00000035", 1)).expect("written");
    let run = verified(&files, &[]);
    assert_eq!(run.status, Some(1), "{run:?}");
    let out = cli_support::unbroken(&run.out);
    for part in ["NOT TRACEABLE", "S-03", "not the document that was used", "dcc:comment"] {
        assert!(out.contains(part), "{part} is not in {out}");
    }
    // Without it.
    files.remove(1);
    verified(&files, &[]).refused(65, &["do not end in one standard", "name the one"]);
    let run = verified(&files, &["--standard", "DW-1K-03"]);
    assert_eq!(run.status, Some(2), "{run:?}");
    assert!(cli_support::unbroken(&run.out).contains("the link stays open"), "{run:?}");
    std::fs::write(&files[0], "<register/>").expect("written");
    verified(&files, &[]).refused(65, &["the chain is not checked", "register"]);
}
