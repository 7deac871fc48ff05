//! The program as a test runs it, and small files to give to it. Tests do not live here.

#![allow(dead_code, reason = "each test program uses its own part")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The demonstration country.
pub const COUNTRY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/viet-nam.json");

/// What a run of the program gave.
#[derive(Debug)]
pub struct Run {
    pub status: Option<i32>,
    pub out: String,
    pub complaint: String,
}

impl Run {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// That the program refused with this status, printed nothing on stdout and complained of all
    /// this.
    #[track_caller]
    pub fn refused(&self, status: i32, complaints: &[&str]) {
        assert_eq!(self.status, Some(status), "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
        let complaint = unbroken(&self.complaint);
        for part in complaints {
            assert!(complaint.contains(part), "{part} is not in: {}", self.complaint);
        }
    }
}

/// A text without the breaks of its lines.
pub fn unbroken(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs the program.
pub fn etalon(arguments: &[&str]) -> Run {
    etalon_with(arguments, b"")
}

/// The same with something on its standard input.
pub fn etalon_with(arguments: &[&str], input: &[u8]) -> Run {
    run(&mut command(arguments), input)
}

/// The program, told nothing by the environment of whoever runs the tests.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_etalon"));
    command.args(arguments);
    for variable in
        ["CLICOLOR_FORCE", "NO_COLOR", "DATABASE_URL", "ETALON_DATA_DIR", "ETALON_KCDB_URL"]
    {
        command.env_remove(variable);
    }
    command
}

/// Runs a command with something on its standard input.
pub fn run(command: &mut Command, input: &[u8]) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that does not read its input may be gone by now.
    let _ = child.stdin.take().expect("piped").write_all(input);
    let output = child.wait_with_output().expect("the program ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Run { status: output.status.code(), out: text(output.stdout), complaint: text(output.stderr) }
}

/// A small bundle: an institute, a laboratory, two weights of the same code, a certificate.
pub fn small() -> Value {
    json!({
        "format": "etalon-bundle/1",
        "records": {
            "organisations": [
                {"id": "_:institute", "kind": "nmi", "names": {"en": "Institute"}, "country": "XA"},
                {"id": "_:lab", "kind": "calibration_laboratory", "names": {"en": "Laboratory"}}
            ],
            "measurement_standards": [
                {"id": "_:weight", "owner": "_:lab", "code": "M-1", "nominal":
                    {"value": "1", "unit": "kg"}},
                {"id": "_:twin-a", "owner": "_:lab", "code": "TWIN"},
                {"id": "_:twin-b", "owner": "_:lab", "code": "TWIN"}
            ],
            "calibrations": [{
                "id": "_:certificate", "kind": "calibration", "issuer": "_:institute",
                "number": "C-1", "performed_from": "2026-02-10", "performed_to": "2026-02-10",
                "issued_on": "2026-02-12", "item": "_:weight",
                "results": [{
                    "id": "r1", "quantity_kind": "conventional_mass",
                    "point": {"value": "1", "unit": "kg"}, "value": "1.00000120", "unit": "kg",
                    "uncertainty": {"value": "0.50", "unit": "mg", "kind": "expanded",
                        "coverage_factor": "2"}
                }]
            }]
        }
    })
}

/// A directory that holds some files.
pub fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }
    directory
}

/// The path of a file of it, as an argument.
pub fn name(directory: &TempDir, file: &str) -> String {
    path_text(&directory.path().join(file))
}

/// A path as an argument.
pub fn path_text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

/// A digital calibration certificate with one result.
pub const CERTIFICATE: &str = r#"<?xml version="1.0"?>
<digitalCalibrationCertificate xmlns="https://ptb.de/dcc" xmlns:si="https://ptb.de/si"
 schemaVersion="3.3.0"><administrativeData><coreData>
<uniqueIdentifier>DCC-7</uniqueIdentifier>
<beginPerformanceDate>2026-01-02</beginPerformanceDate>
<endPerformanceDate>2026-01-02</endPerformanceDate></coreData>
<items><item/></items>
<calibrationLaboratory><contact><name><content lang="en">Laboratory</content></name></contact>
</calibrationLaboratory><customer><name><content>Customer</content></name>
<eMail>a@example.org</eMail></customer>
</administrativeData><measurementResults><measurementResult><results><result>
<data><list><quantity refType="basic_nominalValue">
<si:real><si:value>10</si:value><si:unit>\milli\metre</si:unit></si:real></quantity>
<quantity><si:real><si:quantityTypeQUDT>length</si:quantityTypeQUDT><si:value>10.0002</si:value>
<si:unit>\milli\metre</si:unit><si:measurementUncertaintyUnivariate><si:standardMU>
<si:valueStandardMU>0.0001</si:valueStandardMU></si:standardMU>
</si:measurementUncertaintyUnivariate></si:real></quantity></list></data>
</result></results></measurementResult></measurementResults>
</digitalCalibrationCertificate>"#;

/// An answer of the KCDB with one capability.
pub const CAPABILITIES: &str = r#"{"versionApiKcdb": "1.0.13", "data": [{
"kcdbCode": "APMP-EM-VN-00000ABC-1", "kcdbServiceCategory": "EM/DC-1.1.1",
"countryValue": "Viet Nam", "nmiCode": "VMI",
"cmc": {"lowerLimit": 1.00, "upperLimit": 1.018, "unit": "V"},
"cmcUncertainty": {"lowerLimit": 1, "upperLimit": 1, "unit": "µV"}}]}"#;
