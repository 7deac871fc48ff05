//! The commands that work on a registry, as people and programs meet them: the built binary is run
//! in an empty directory, mostly on the embedded database. What the store does underneath is tested
//! elsewhere, on both backends.

use std::path::PathBuf;
use std::process::Command;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use etalon::store::DatabaseUrl;
use serde_json::{Value, json};
use tempfile::TempDir;

use cli_support::{COUNTRY, Run, command, name, run, small, unbroken};
use support::{Backend, Database};

mod cli_support;
#[allow(unused_imports, unused_macros, reason = "each test program uses its own part")]
mod support;

/// A directory in which the program is run: its registry lies in the usual place below.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    /// A home whose registry has the small bundle.
    fn with_small() -> Self {
        let home = Self::new();
        home.write("small.json", &small().to_string());
        let run = home.etalon(&["import", "small.json", "--source", "lab"]);
        assert_eq!((run.status, run.complaint.as_str()), (Some(0), ""), "{run:?}");
        home
    }

    /// A home whose registry has the demonstration country.
    fn with_country() -> Self {
        let home = Self::new();
        let run = home.etalon(&["import", COUNTRY, "--historical", "--source", "viet-nam"]);
        assert_eq!((run.status, run.complaint.as_str()), (Some(0), ""), "{run:?}");
        home
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(arguments);
        command.current_dir(self.0.path());
        command
    }

    fn etalon(&self, arguments: &[&str]) -> Run {
        run(&mut self.command(arguments), b"")
    }

    fn etalon_with(&self, arguments: &[&str], input: &str) -> Run {
        run(&mut self.command(arguments), input.as_bytes())
    }

    /// That the command does what it should, and its output.
    #[track_caller]
    fn good(&self, arguments: &[&str]) -> String {
        let run = self.etalon(arguments);
        assert_eq!(run.status, Some(0), "{run:?}");
        run.out
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        self.etalon(&[arguments, &["--json"]].concat()).json()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a file");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file")
    }

    /// What lies in it.
    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).expect("a directory");
        let name = |entry: std::fs::DirEntry| entry.file_name().into_string().expect("UTF-8");
        let mut names: Vec<String> = entries.map(|entry| name(entry.expect("an entry"))).collect();
        names.sort();
        names
    }

    /// Changes the database past the program, triggers and all.
    fn tamper(&self, sql: &str) {
        let path = name(&self.0, "etalon-data/registry.db");
        let mut connection = SqliteConnection::establish(&path).expect("the file opens");
        let triggers = "DROP TRIGGER IF EXISTS record_log_is_not_updated; \
                        DROP TRIGGER IF EXISTS record_log_is_not_deleted;";
        connection.batch_execute(triggers).expect("the triggers go");
        connection.batch_execute(&format!("PRAGMA foreign_keys = OFF; {sql}")).expect(sql);
    }
}

/// Whether a character stands in the place of one of a form.
type Fits = fn(char, char) -> bool;

/// What differs from run to run: digests, ids and instants, as they are shown settled.
const FORMS: [(&str, Fits); 3] = [
    ("0000000000000000000000000000000000000000000000000000000000000000", is_digit_of_form),
    ("00000000-0000-7000-8000-000000000000", is_digit_of_form),
    ("2026-01-01T00:00:00Z", |form, found| match form {
        // A fraction of the second comes before it.
        'Z' => matches!(found, 'Z' | '.'),
        _ => is_digit_of_form(form, found),
    }),
];

fn is_digit_of_form(form: char, found: char) -> bool {
    match form.is_ascii_digit() {
        true => found.is_ascii_digit() || ('a'..='f').contains(&found),
        false => found == form,
    }
}

/// An output in which what differs from run to run has its settled form, as wide as it was; of an
/// instant without the fraction of its second.
fn settled(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut settled = String::new();
    let mut at = 0;
    while let Some(one) = characters.get(at) {
        let rest = &characters[at..];
        let here = FORMS.iter().find(|(form, fits)| {
            rest.len() >= form.len() && form.chars().zip(rest).all(|(form, one)| fits(form, *one))
        });
        match here {
            Some((form, _)) => {
                settled.push_str(form);
                at += form.len();
                if rest[form.len() - 1] == '.' {
                    at += 1 + characters[at..].iter().take_while(|one| **one != 'Z').count();
                }
            }
            None => {
                settled.push(*one);
                at += 1;
            }
        }
    }
    settled
}

/// A claim on the demonstration country.
const CLAIM: [&str; 8] = [
    "--standard",
    "W-1KG-01",
    "--used-on",
    "2026-11-01",
    "--known-at",
    "2026-11-20T00:00:00Z",
    "--policy",
    "vn-2026",
];

// ---------------------------------------------------------------------------------------------
// What people see

#[test]
fn a_registry_from_its_first_file_on() {
    for (language, snapshot) in [("en", "registry_en"), ("vi", "registry_vi")] {
        let home = Home::new();
        home.write("small.json", &small().to_string());
        let mut shown = String::new();
        for arguments in [
            &["import", "small.json", "--dry-run"][..],
            &["import", "small.json", "--source", "lab", "--records"],
            &["import", "small.json", "--source", "lab"],
            &["list", "measurement_standards", "--limit", "2"],
            &["list", "calibrations", "--filter", "number=C-1"],
            &["list", "documents"],
            &["verify", "--standard", "M-1", "--used-on", "2026-06-01", "--known-at", "6"],
            &["export", "--output", "export.json"],
            &["export", "--chain", "M-1", "--output", "chain.json"],
            &["log", "verify"],
            &["log", "export", "--output", "log.ndjson"],
            &["log", "import", "log.ndjson", "--data-dir", "other"],
            &["migrate", "--rebuild"],
        ] {
            let run = home.etalon(&[arguments, &["--lang", language]].concat());
            shown += &format!("$ etalon {}\n{}", arguments.join(" "), settled(&run.out));
            for line in settled(&run.complaint).lines() {
                shown += &format!("stderr: {line}\n");
            }
            shown += &format!("status {}\n\n", run.status.expect("a status"));
        }
        insta::assert_snapshot!(snapshot, shown);
    }
}

#[test]
fn complaints_in_both_languages() {
    for (language, snapshot) in [("en", "complaints_en"), ("vi", "complaints_vi")] {
        let home = Home::with_small();
        home.write("note.txt", "no database\n");
        let mut shown = String::new();
        for arguments in [
            &["list", "organisations", "--data-dir", "nowhere"][..],
            &["list", "organisations", "--database", "mysql://user:secret@host/etalon"],
            &["list", "organisations", "--database", "note.txt"],
            &["list", "organisations", "--database", "etalon-data"],
            &[
                "list",
                "organisations",
                "--filter",
                "standard=x",
                "--filter",
                "kind",
                "--limit",
                "0",
            ],
            &["list", "organisations", "--filter", "standard=x", "--limit", "0", "--words", "?!"],
            &["list", "organisations", "--known-at", "7"],
            &["export", "--laboratory", "LAB-1"],
            &["export", "--laboratory", "01a21f67-0893-71cf-baf1-5c5912e76f23"],
            &["export", "--chain", "M-2"],
            &["verify", "--standard", "M-2"],
            &["log", "verify", "--checkpoint", "6"],
            &["log", "import", "small.json"],
            &["import", "small.json", "--data-dir", "note.txt/below"],
        ] {
            let run = home.etalon(&[arguments, &["--lang", language]].concat());
            assert_eq!(run.out, "", "{run:?}");
            let status = run.status.expect("a status");
            let complaint = settled(&run.complaint);
            assert!(!complaint.contains("secret"), "{complaint}");
            shown += &format!("$ etalon {}\n{complaint}status {status}\n\n", arguments.join(" "));
        }
        insta::assert_snapshot!(snapshot, shown);
    }
}

#[test]
fn tables_are_filled_in_listed_and_taken_back() {
    let home = Home::new();
    let file = |name: &str| name.to_owned();
    for language in ["vi", "en"] {
        for form in ["csv", "xlsx"] {
            let name = file(&format!("standards-{language}.{form}"));
            let form = format!("--{form}");
            let template = ["template", "measurement_standards", &form, "--lang", language];
            home.good(&[&template[..], &["-o", &name]].concat());
            let all = if (language, form.as_str()) == ("vi", "--csv") {
                "created: 3"
            } else {
                "unchanged: 3"
            };
            let said = home.good(&["import", &name, "--source", "lab"]);
            assert!(said.contains(all), "{name}: {said}");
        }
    }
    for form in ["csv", "xlsx"] {
        let name = format!("list.{form}");
        home.good(&["list", "measurement_standards", &format!("--{form}"), "--output", &name]);
        let said = home.good(&["import", &name]);
        assert!(said.contains("unchanged: 2"), "{name}: {said}");
    }
    let listed = home.good(&["list", "measurement_standards", "--csv", "--filter", "code=QC-01"]);
    assert!(listed.starts_with("Measurement standards,Code,"), "{listed}");
    assert_eq!(listed.lines().count(), 2, "{listed}");
    home.etalon(&["list", "documents", "--output", "x.csv"]).refused(64, &["--csv or --xlsx"]);
    home.etalon(&["list", "documents", "--xlsx"]).refused(64, &["--output"]);
    home.etalon(&["template", "measurement_standards", "--xlsx"]).refused(64, &["--output"]);
    home.etalon(&["template", "documents", "--csv"]).refused(64, &["possible values"]);
}

#[test]
fn faults_of_a_table_name_its_cells() {
    let home = Home::new();
    home.write(
        "table.csv",
        "Chuẩn đo lường,Mã quản lý,Đơn vị sở hữu,nominal.value,nominal.unit\n\
         ,A,_:lab,\"1,5\",kgs\n,B,_:lab,1.5,kg\n",
    );
    for command in ["import", "convert"] {
        let run = home.etalon(&[command, "table.csv", "--lang", "vi"]);
        run.refused(65, &["table.csv:E2", "table.csv:D3", "dấu thập phân"]);
    }
    home.write("table.csv", "Chuẩn đo lường,Mã quản lý,Đơn vị sở hữu\n,A,_:lab\n");
    home.etalon(&["import", "table.csv"]).refused(65, &["C2", "_:lab"]);
    home.write("table.csv", "code;owner\nA;_:lab\n");
    home.etalon(&["import", "table.csv"]).refused(65, &["etalon template"]);
}

#[test]
fn the_help_of_a_list_tells_its_filters() {
    let home = Home::new();
    let help = home.good(&["list", "--help"]);
    for part in ["Collections and their filters", "quantity_kind", "due_before", "--cursor"] {
        assert!(help.contains(part), "{part}: {help}");
    }
    for command in ["import", "export", "verify", "migrate", "list"] {
        let help = home.good(&[command, "--help"]);
        assert!(help.contains("--database <URL>") && help.contains("--data-dir <DIR>"), "{help}");
    }
}

// ---------------------------------------------------------------------------------------------
// Which database

#[test]
fn reading_makes_nothing() {
    let home = Home::new();
    for arguments in [
        &["list", "organisations"][..],
        &["verify", "--standard", "M-1"],
        &["export"],
        &["log", "verify"],
        &["log", "export"],
        &["log", "export", "--output", "log.ndjson"],
        &["list", "organisations", "--database", "sqlite:other.db"],
        &["list", "organisations", "--data-dir", "other"],
    ] {
        home.etalon(arguments)
            .refused(66, &["there is no registry at", "etalon import", "--database"]);
    }
    assert_eq!(home.files(), [""; 0]);
}

#[test]
fn the_database_of_another_program_is_no_registry() {
    let home = Home::new();
    let path = name(&home.0, "other.db");
    let mut other = SqliteConnection::establish(&path).expect("a file");
    other.batch_execute("CREATE TABLE notes (text TEXT)").expect("a table");
    home.etalon(&["list", "organisations", "--database", "other.db"])
        .refused(66, &["sqlite:other.db is no database of Etalon"]);
    let made = other.batch_execute("SELECT * FROM record_log");
    assert!(made.is_err(), "nothing is put into it");
}

#[test]
fn an_option_goes_before_the_environment() {
    let home = Home::new();
    home.write("small.json", &small().to_string());
    let at = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = home.command(&[&["import", "small.json", "--json"], arguments].concat());
        command.envs(variables.iter().copied());
        run(&mut command, b"").json()["database"].as_str().expect("a database").to_owned()
    };
    assert_eq!(at(&[], &[]), "sqlite:etalon-data/registry.db");
    let directory = [("ETALON_DATA_DIR", "a/b")];
    assert_eq!(at(&directory, &[]), "sqlite:a/b/registry.db");
    assert_eq!(at(&directory, &["--data-dir", "c"]), "sqlite:c/registry.db");
    let both = [("ETALON_DATA_DIR", "a"), ("DATABASE_URL", "sqlite:d/e.db")];
    assert_eq!(at(&both, &[]), "sqlite:d/e.db");
    assert_eq!(at(&both, &["--data-dir", "f"]), "sqlite:f/registry.db");
    assert_eq!(at(&both, &["--database", "g.db"]), "sqlite:g.db");
    for file in ["etalon-data/registry.db", "a/b/registry.db", "d/e.db", "f/registry.db", "g.db"] {
        assert!(home.path(file).exists(), "{file}");
    }

    let mut wrong = home.command(&["list", "organisations"]);
    run(wrong.env("DATABASE_URL", "mysql://me:secret@host/x"), b"")
        .refused(64, &["DATABASE_URL: “mysql://me@host/x” is no address of a database"]);
    home.etalon(&["list", "organisations", "--database", "g.db", "--data-dir", "f"])
        .refused(64, &["cannot be used with"]);
    home.etalon(&["verify", "--standard", "M-1", "--database", "g.db", "--bundle", "small.json"])
        .refused(64, &["cannot be used with"]);
}

#[test]
fn a_server_that_does_not_answer_is_69() {
    let home = Home::new();
    // Nothing listens on the port of tcpmux.
    let server = "postgres://somebody:secret@127.0.0.1:1/etalon?password=hidden";
    for arguments in
        [&["list", "organisations"][..], &["migrate"], &["import", COUNTRY], &["log", "verify"]]
    {
        let run = home.etalon(&[arguments, &["--database", server]].concat());
        run.refused(69, &["postgres://somebody@127.0.0.1:1/etalon?password=… cannot be reached"]);
        assert!(!run.complaint.contains("secret") && !run.complaint.contains("hidden"));
        assert!(!run.complaint.contains('�'), "{}", run.complaint);
    }
    let run = home.etalon(&["list", "organisations", "--database", server, "--json"]);
    let complaint: Value = serde_json::from_str(&run.complaint).expect("JSON");
    assert_eq!(complaint["error"]["status"], 69);
}

#[test]
fn a_newer_schema_is_69() {
    let home = Home::with_small();
    home.tamper("INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')");
    for arguments in [&["list", "organisations"][..], &["migrate"], &["import", "small.json"]] {
        home.etalon(arguments).refused(69, &["29990101000000", "use a newer Etalon"]);
    }
}

// ---------------------------------------------------------------------------------------------
// import

#[test]
fn a_file_twice_changes_nothing() {
    let home = Home::with_small();
    let again = home.json(&["import", "small.json", "--source", "lab", "--records"]);
    let file = &again["files"][0];
    assert_eq!((&file["created"], &file["unchanged"]), (&json!(0), &json!(6)));
    assert_eq!((&again["log_index"], &again["dry_run"]), (&json!(6), &json!(false)));
    assert_eq!(file["file"], "small.json");
    assert_eq!(file["outcomes"][0]["label"], "_:institute");
    assert_eq!(file["outcomes"][0]["action"], "unchanged");

    // Another source has records of its own.
    let other = home.json(&["import", "small.json"]);
    assert_eq!(other["files"][0]["created"], 6);
    assert!(other["files"][0]["source"].as_str().expect("a source").starts_with("sha256:"));
}

#[test]
fn a_dry_run_says_what_would_be_and_leaves_nothing() {
    let home = Home::new();
    home.write("small.json", &small().to_string());
    let dry = home.json(&["import", "small.json", "--source", "lab", "--dry-run"]);
    assert_eq!((&dry["dry_run"], &dry["files"][0]["created"]), (&json!(true), &json!(6)));
    assert_eq!(dry["database"], "sqlite:etalon-data/registry.db");
    assert_eq!(home.files(), ["small.json"]);

    home.good(&["import", "small.json", "--source", "lab"]);
    home.write("edited.json", &small().to_string().replace("M-1", "M-2"));
    let dry = home.json(&["import", "edited.json", "--source", "lab", "--dry-run"]);
    assert_eq!(
        (&dry["files"][0]["amended"], &dry["files"][0]["unchanged"]),
        (&json!(1), &json!(5))
    );
    assert_eq!(home.json(&["log", "verify"])["log_index"], 6);
}

#[test]
fn a_later_edition_amends_unless_somebody_was_faster() {
    let home = Home::with_small();
    home.good(&["export", "--output", "export.json"]);
    let edition = |code: &str| home.read("export.json").replace("M-1", code);
    let amended = home.etalon_with(&["import", "-", "--json"], &edition("M-2")).json();
    assert_eq!(amended["files"][0]["amended"], 1);
    assert_eq!(amended["files"][0]["file"], "stdin");
    home.etalon_with(&["import", "-"], &edition("M-3")).refused(
        65,
        &["stdin is refused", "/version", "in version 2 now, this file was made from version 1"],
    );
    assert_eq!(home.json(&["log", "verify"])["log_index"], 7);
    let listed = home.json(&["list", "measurement_standards", "--filter", "code=M-2"]);
    assert_eq!(listed["items"][0]["version"], 2);
    assert_eq!(listed["items"][0]["recorded_by"], "operator");
}

#[test]
fn one_bad_file_keeps_no_other_out() {
    let home = Home::new();
    home.write("small.json", &small().to_string());
    home.write("bad.json", &small().to_string().replace("\"1.00000120\"", "1.0"));
    home.write("certificate.json", "{\"a\": 1}");
    let files = ["import", "bad.json", "small.json", "no.json", "certificate.json"];
    let run = home.etalon(&files);
    assert_eq!(run.status, Some(65), "{run:?}");
    assert!(run.out.contains("small.json: records: 6; created: 6"), "{}", run.out);
    let complaint = unbroken(&run.complaint);
    for part in [
        "bad.json is refused for 1 fault",
        "/records/calibrations/0/results/0/value",
        "no.json: there is no such file",
        "certificate.json is refused",
    ] {
        assert!(complaint.contains(part), "{part} is not in {complaint}");
    }

    let run = home.etalon(&[&files[..], &["--json"]].concat());
    let answer = run.json();
    assert_eq!(answer["files"][0]["file"], "small.json");
    let failed: Vec<_> = answer["failed"].as_array().expect("a list").iter().collect();
    assert_eq!(failed.len(), 3);
    assert_eq!(
        (&failed[0]["file"], &failed[0]["error"]["status"]),
        (&json!("bad.json"), &json!(65))
    );
    assert_eq!(failed[1]["error"]["status"], 66);
    let complaint: Value = serde_json::from_str(&run.complaint).expect("JSON");
    assert_eq!(complaint["error"]["message"]["en"], "3 of 4 files could not be imported");

    // One file alone complains as every command does.
    home.etalon(&["import", "bad.json"]).refused(65, &["bad.json is refused for 1 fault"]);
    home.etalon(&["import", "certificate.json"]).refused(65, &["certificate.json"]);
    home.etalon(&["import", "no.json"]).refused(66, &["no.json", "no such file"]);
    home.etalon(&["import"]).refused(64, &["<FILE>"]);
}

#[test]
fn history_goes_into_an_empty_registry_only() {
    let home = Home::with_small();
    home.etalon(&["import", COUNTRY, "--historical"])
        .refused(65, &["viet-nam.json: the registry has 6 log entries already"]);
    home.etalon(&["import", COUNTRY]).refused(65, &["/recorded_at", "--historical"]);
    assert_eq!(home.json(&["log", "verify"])["log_index"], 6);
}

#[test]
fn what_is_not_read_of_a_foreign_file_is_listed() {
    let home = Home::new();
    home.write("certificate.xml", cli_support::CERTIFICATE);
    home.write("cmcs.json", cli_support::CAPABILITIES);
    let run = home.etalon(&["import", "certificate.xml", "cmcs.json"]);
    assert_eq!((run.status, run.complaint.as_str()), (Some(0), ""), "{run:?}");
    let out = unbroken(&run.out);
    for part in ["certificate.xml:10", "eMail", "certificate.xml: records: 4; created: 4"] {
        assert!(out.contains(part), "{part} is not in {out}");
    }
    assert!(home.good(&["list", "calibrations"]).contains("DCC-7"));
    assert!(home.good(&["list", "capabilities"]).contains("APMP-EM-VN-00000ABC-1"));
    let again = home.json(&["import", "certificate.xml"]);
    assert_eq!(again["files"][0]["unchanged"], 4);
    assert!(again["files"][0]["unread"][0]["reason"]["vi"].is_string());
}

// ---------------------------------------------------------------------------------------------
// list

#[test]
fn pages_go_on_to_the_end_with_what_was_known_at_the_first() {
    let home = Home::with_country();
    let all = home.json(&["list", "calibrations", "--limit", "200"]);
    let id = |item: &Value| item["id"].as_str().expect("an id").to_owned();
    let all: Vec<String> = all["items"].as_array().expect("items").iter().map(id).collect();
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut arguments = vec!["list", "calibrations", "--limit", "7"];
        arguments.extend(cursor.iter().flat_map(|cursor| ["--cursor", cursor.as_str()]));
        let page = home.json(&arguments);
        found.extend(page["items"].as_array().expect("items").iter().map(id));
        if cursor.is_none() {
            // What is written meanwhile is on no later page.
            home.write("small.json", &small().to_string());
            home.good(&["import", "small.json"]);
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(found, all);
    let cursor = cursor.expect("several pages");
    home.etalon(&["list", "organisations", "--cursor", &cursor])
        .refused(64, &["--cursor", "of another list"]);
}

#[test]
fn words_are_found_without_their_accents() {
    let home = Home::with_country();
    let found = home.good(&["list", "organisations", "--words", "vien do luong viet nam"]);
    assert!(found.contains("Viet Nam Metrology Institute (VMI)"), "{found}");
    let found =
        home.good(&["list", "organisations", "--words", "vien do luong viet nam", "--lang", "vi"]);
    assert!(found.contains("Viện Đo lường Việt Nam (VMI)"), "{found}");
    let due = home.json(&["list", "calibrations", "--filter", "due_before=2026-01-31"]);
    let due = due["items"].as_array().expect("items");
    assert!(!due.is_empty());
    assert!(due.iter().all(|item| item["due_on"].as_str().expect("a day") <= "2026-01-31"));
    home.etalon(&["list", "calibration"]).refused(64, &["calibrations"]);
    home.etalon(&["list", "calibrations", "--filter", "published=perhaps"])
        .refused(64, &["--filter published", "expected true or false"]);
}

// ---------------------------------------------------------------------------------------------
// verify and export

#[test]
fn a_registry_answers_as_its_bundle_does() {
    let home = Home::with_country();
    // Everything taken out, and put in elsewhere.
    home.good(&["export", "--output", "all.json"]);
    home.good(&["import", "all.json", "--historical", "--data-dir", "all"]);
    for standard in ["W-1KG-01", "W-500G-01", "TQ-100-01", "F-50KN-01", "PB-10M-02"] {
        let ask = |place: &[&str], language: &str| {
            let when = ["verify", "--lang", language, "--standard", standard];
            home.etalon(&[&when[..], &CLAIM[2..], place].concat())
        };
        // The evidence alone, likewise.
        let chain = format!("{standard}.json");
        home.good(&["export", "--chain", standard, "--output", &chain]);
        home.good(&["import", &chain, "--historical", "--data-dir", standard]);
        let bundle = ask(&["--bundle", COUNTRY], "en");
        for place in [
            &[][..],
            &["--bundle", "all.json"],
            &["--data-dir", "all"],
            &["--bundle", &chain],
            &["--data-dir", standard],
        ] {
            let found = ask(place, "en");
            assert_eq!((&found.out, found.status), (&bundle.out, bundle.status), "{place:?}");
        }
        assert_eq!(ask(&[], "vi").out, ask(&["--bundle", COUNTRY], "vi").out);
    }
}

#[test]
fn standards_and_certificates_are_named_as_in_a_bundle() {
    let home = Home::with_country();
    let by = |standard: &str, certificate: &str| {
        home.etalon(&["verify", "--standard", standard, "--calibration", certificate, "--json"])
    };
    let report = by("W-1KG-01", "ILL-QT1-26-0045").json();
    let id = |field: &str| report["claim"][field].as_str().expect("an id").to_owned();
    let again = by(&id("standard"), &id("calibration")).json();
    assert_eq!(again["claim"]["calibration"], report["claim"]["calibration"]);
    let refused = |arguments: &[&str], complaints: &[&str]| {
        home.etalon(&[&["verify"], arguments].concat()).refused(65, complaints);
    };
    refused(
        &["--standard", "W-1KG-1"],
        &["asked of this registry", "--standard", "did you mean “W-1KG-01”?"],
    );
    refused(&["--standard", &id("calibration")], &["--standard", "the registry has no standard"]);
    refused(
        &["--standard", "W-1KG-01", "--calibration", "ILL-QT1-26-0054"],
        &["--calibration", "the registry has no certificate", "did you mean “ILL-QT1-26-0045”?"],
    );
    refused(
        &["--standard", "W-1KG-01", "--known-at", "9999"],
        &["--known-at", "ends with entry 224"],
    );
    home.etalon(&["verify", "--standard", "W-1KG-01", "--known-at", "later"])
        .refused(64, &["--known-at", "expected an instant"]);
    // Before the first entry nothing is known.
    refused(&["--standard", "W-1KG-01", "--known-at", "0"], &["the registry has no standard"]);
}

#[test]
fn what_was_known_then_decides() {
    let home = Home::with_country();
    for (known_at, status) in
        [("2026-09-01T00:00:00Z", 0), ("2026-10-06T00:00:00Z", 2), ("2026-11-20T00:00:00Z", 0)]
    {
        let claim = ["--standard", "W-200G-01", "--used-on", "2026-11-01", "--policy", "vn-2026"];
        let run = home.etalon(&[&["verify", "--known-at", known_at], &claim[..]].concat());
        assert_eq!(run.status, Some(status), "{known_at}: {run:?}");
    }
}

#[test]
fn a_laboratory_is_exported_with_what_it_stands_on() {
    let home = Home::with_country();
    let found = home.json(&["list", "organisations", "--words", "LAB-1"]);
    let laboratory = found["items"][0]["id"].as_str().expect("an id");
    let run = home.etalon(&["export", "--laboratory", laboratory, "--output", "lab.json"]);
    assert_eq!((run.status, run.out.as_str()), (Some(0), ""), "{run:?}");
    let bundle: Value = serde_json::from_str(&home.read("lab.json")).expect("JSON");
    let standards = bundle["records"]["measurement_standards"].as_array().expect("standards");
    assert!(standards.iter().any(|standard| standard["code"] == "W-1KG-01"));
    assert!(standards.iter().all(|standard| standard["code"] != "TQ-100-01"));
    assert_eq!(home.etalon(&["check", "lab.json"]).status, Some(0));
    let claim = [&["verify", "--bundle", "lab.json"], &CLAIM[..]].concat();
    assert_eq!(home.etalon(&claim).status, Some(0));
}

#[test]
fn what_is_exported_a_record_a_line_comes_in_again() {
    let home = Home::with_country();
    home.good(&["export", "--output", "all.json"]);
    home.good(&["export", "--output", "all.ndjson"]);
    home.good(&["export", "--output", "all.NDJSON.gz"]);
    home.good(&["export", "--output", "all.json.gz"]);
    let lines = home.read("all.ndjson");
    assert_eq!(home.etalon(&["export", "--ndjson"]).out, lines);
    let (head, rest) = lines.split_once('\n').expect("lines");
    let count = rest.lines().count();
    let head: Value = serde_json::from_str(head).expect("JSON");
    assert_eq!(head, json!({"format": "etalon-bundle-lines/1", "count": count}));
    for file in ["all.ndjson", "all.NDJSON.gz", "all.json.gz"] {
        let checked = home.json(&["check", file]);
        assert_eq!((&checked["accepted"], &checked["records"]), (&json!(true), &json!(count)));
        home.good(&["import", file, "--historical", "--data-dir", file.trim_start_matches("all.")]);
        let claim = [&["verify", "--bundle", file], &CLAIM[..]].concat();
        assert_eq!(home.etalon(&claim).status, Some(0), "{file}");
    }
    for directory in ["ndjson", "NDJSON.gz", "json.gz"] {
        home.good(&["export", "--data-dir", directory, "--output", "again.ndjson"]);
        assert_eq!(home.read("again.ndjson"), lines, "{directory}");
    }
}

/// More than is held: the records are read where they lie, also in a pipe and inflated.
#[test]
fn a_large_file_with_a_record_a_line_is_not_held() {
    let home = Home::new();
    let blanks = " ".repeat(6 << 20);
    let line = |label: &str, next: &str| {
        let document = json!({"id": label, "designation": label, "replaced_by": next});
        format!("{{\"documents\":{blanks}{document}}}\n")
    };
    let head = "{\"format\": \"etalon-bundle-lines/1\", \"source\": \"large\"}\n";
    let last = "{\"documents\": {\"id\": \"_:d\", \"designation\": \"D\"}}\n";
    let text = [head, &line("_:a", "_:b"), &line("_:b", "_:c"), &line("_:c", "_:d"), last].concat();
    home.write("large.ndjson", &text);
    let dry = home.json(&["import", "large.ndjson", "--dry-run"]);
    assert_eq!(dry["files"][0]["created"], 4, "{dry}");
    home.good(&["import", "large.ndjson"]);
    let listed = home.etalon(&["import", "large.ndjson", "--records"]);
    assert!(listed.out.contains("_:c") && listed.out.contains("records: 4"), "{listed:?}");
    // What is inflated and what comes through a pipe is the same file.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, text.as_bytes()).expect("memory");
    let packed = packed.finish().expect("memory");
    std::fs::write(home.path("large.gz"), &packed).expect("written");
    assert_eq!(home.json(&["import", "large.gz"])["files"][0]["unchanged"], 4);
    let piped = home.etalon_with(&["import", "-", "--json"], &text);
    assert_eq!(piped.json()["files"][0]["unchanged"], 4, "{piped:?}");
    // In one document it is not held either.
    let rest = [&line("_:a", "_:b"), &line("_:b", "_:c"), &line("_:c", "_:d"), last].concat();
    let records: Vec<&str> =
        rest.lines().map(|line| &line["{\"documents\":".len()..line.len() - 1]).collect();
    let document = format!(
        "{{\"format\": \"etalon-bundle/1\", \"source\": \"large\",\n \"records\": {{\"documents\": [{}]}}}}",
        records.join(",")
    );
    home.write("large.json", &document);
    assert_eq!(home.json(&["import", "large.json"])["files"][0]["unchanged"], 4);
    home.write("wrong.json", &document.replace("\"_:d\",", "\"_:e\","));
    home.etalon(&["import", "wrong.json", "--source", "other"])
        .refused(65, &["/records/documents/2/replaced_by", "no record has the id “_:d”"]);
    // What is wrong stands on its line.
    home.write("wrong.ndjson", &text.replace("\"_:d\",", "\"_:e\","));
    home.etalon(&["import", "wrong.ndjson", "--source", "other"])
        .refused(65, &["line 4/documents/replaced_by", "no record has the id “_:d”"]);
    std::fs::write(home.path("cut.gz"), &packed[..packed.len() - 9]).expect("written");
    home.etalon(&["import", "cut.gz"]).refused(65, &["cut.gz", "damaged or cut"]);
}

#[test]
fn an_output_is_whole_or_not_there() {
    let home = Home::with_small();
    let piped = home.etalon(&["export"]);
    home.good(&["export", "--output", "export.json"]);
    assert_eq!(home.read("export.json"), piped.out);
    assert!(piped.complaint.contains("records: 6, as known at log index 6"));
    for command in [&["export"][..], &["log", "export"]] {
        for output in ["no/such/file", "etalon-data"] {
            home.etalon(&[command, &["--output", output]].concat())
                .refused(74, &[output, "cannot be written", "check the directory"]);
        }
    }
    // What was there stays when the log cannot be read to its end.
    home.write("log.ndjson", "before\n");
    home.tamper(
        "UPDATE record_log SET salt = replace(salt, substr(salt, 1, 2), 'zz') WHERE log_index = 4",
    );
    let run = home.etalon(&["log", "export", "--output", "log.ndjson"]);
    assert_eq!(run.status, Some(69), "{run:?}");
    assert_eq!(home.read("log.ndjson"), "before\n");
    assert_eq!(home.files(), ["etalon-data", "export.json", "log.ndjson", "small.json"]);
}

// ---------------------------------------------------------------------------------------------
// log

#[test]
fn a_log_goes_elsewhere_hash_for_hash() {
    let home = Home::with_country();
    home.good(&["log", "export", "--output", "log.ndjson"]);
    let log = home.read("log.ndjson");
    let sound = home.json(&["log", "verify"]);
    assert_eq!(log.lines().count(), 224);

    home.good(&["log", "import", "log.ndjson", "--data-dir", "file"]);
    let piped = home.etalon_with(&["log", "import", "-", "--data-dir", "pipe", "--json"], &log);
    assert_eq!(piped.json()["chain_sha256"], sound["chain_sha256"]);
    for directory in ["file", "pipe"] {
        assert_eq!(home.good(&["log", "export", "--data-dir", directory]), log);
        assert_eq!(home.json(&["log", "verify", "--data-dir", directory]), sound);
        let claim = |place: &[&str]| home.etalon(&[&["verify"], place, &CLAIM[..]].concat());
        assert_eq!(claim(&["--data-dir", directory]).out, claim(&[]).out);
    }
    home.etalon(&["log", "import", "log.ndjson"]).refused(65, &["has 224 log entries already"]);
}

#[test]
fn a_log_that_is_wrong_is_not_imported() {
    let home = Home::with_small();
    let log = home.good(&["log", "export"]);
    let changed = |from: &str, to: &str| log.replacen(from, to, 1);
    let lines: Vec<&str> = log.lines().collect();
    let without_third = [&lines[..2], &lines[3..]].concat().join("\n");
    for (text, complaints) in [
        (changed("M-1", "M-9"), &["stdin: the log is wrong from entry"][..]),
        (without_third, &["wrong from entry 3 on"]),
        (log[..log.len() - 40].to_owned(), &["stdin", "line 6"]),
        ("{}\n".to_owned(), &["line 1", "“body_sha256” is missing"]),
    ] {
        let run = home.etalon_with(&["log", "import", "-", "--data-dir", "other"], &text);
        run.refused(65, complaints);
        assert_eq!(home.json(&["log", "verify", "--data-dir", "other"])["log_index"], 0);
    }
    home.etalon(&["log", "import", "no.ndjson"]).refused(66, &["no.ndjson"]);
    home.etalon(&["log", "import", "etalon-data"]).refused(66, &["a directory"]);
}

#[test]
fn a_changed_log_is_found_and_named() {
    for (sql, complaints) in [
        (
            "UPDATE record_log SET body = replace(body, 'M-1', 'M-9') WHERE body LIKE '%M-1%'",
            &["the log is wrong from entry"][..],
        ),
        ("UPDATE record_log SET body = 'none' WHERE log_index = 2", &["wrong from entry 2 on"]),
        ("DELETE FROM record_log WHERE log_index = 3", &["wrong from entry 3 on"]),
        ("DELETE FROM record_log WHERE log_index = 6", &["its entries end at 5"]),
        ("UPDATE log_head SET log_index = 5", &["the head of the log says 5"]),
        (
            "UPDATE record_log SET actor = 'somebody' WHERE log_index = 4",
            &["wrong from entry 4 on", "chain_sha256"],
        ),
        (
            "UPDATE record_log SET salt = 'zz' || substr(salt, 3) WHERE log_index = 4",
            &["entry 4 of the log cannot be read"],
        ),
    ] {
        let home = Home::with_small();
        assert_eq!(home.etalon(&["log", "verify"]).status, Some(0));
        home.tamper(sql);
        home.etalon(&["log", "verify"]).refused(1, complaints);
    }
}

#[test]
fn an_exported_log_is_verified_without_a_registry() {
    let home = Home::with_small();
    let sound = home.json(&["log", "verify"]);
    home.good(&["log", "export", "--output", "log.ndjson"]);
    let whole = home.json(&["log", "verify", "--file", "log.ndjson"]);
    assert_eq!(whole["chain_sha256"], sound["chain_sha256"]);
    assert_eq!((&whole["log_index"], &whole["withheld"]), (&json!(6), &json!(0)));
    // As somebody is given it who may not see every record.
    let log = home.read("log.ndjson");
    let withheld = |line: &str| {
        let mut entry: Value = serde_json::from_str(line).expect("JSON");
        let fields = entry.as_object_mut().expect("an entry");
        fields.remove("body");
        fields.remove("salt");
        entry.to_string()
    };
    let lines: Vec<String> = log
        .lines()
        .enumerate()
        .map(|(position, line)| if position % 2 == 1 { withheld(line) } else { line.to_owned() })
        .collect();
    let public = lines.join("\n");
    let verify = &["log", "verify", "--file", "-"];
    let run = home.etalon_with(verify, &public);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(run.out.contains("bodies are withheld: 3"), "{run:?}");
    let chain = sound["chain_sha256"].as_str().expect("a chain");
    assert!(run.out.contains(&format!("6:{chain}")), "{run:?}");
    // What is left is held to the chain, withheld or not.
    let actor = public.replacen("\"actor\":\"operator\"", "\"actor\":\"somebody\"", 1);
    let second = lines[1].replacen("\"actor\":\"operator\"", "\"actor\":\"somebody\"", 1);
    let behind = [&lines[..1], &[second][..], &lines[2..]].concat().join("\n");
    for (text, status, complaint) in [
        (actor, 1, "wrong from entry 1 on"),
        (behind, 1, "wrong from entry 2 on"),
        (public.replacen("M-1", "M-9", 1), 1, "wrong from entry"),
        (lines[1..].join("\n"), 1, "wrong from entry 1 on"),
        (public.replacen("\"salt\"", "\"sult\"", 1), 65, "sult"),
    ] {
        assert_ne!(text, public);
        home.etalon_with(verify, &text).refused(status, &["stdin", complaint]);
    }
    let other = format!("6:{}", "0".repeat(64));
    let noted = &["log", "verify", "--file", "log.ndjson", "--checkpoint", &other];
    home.etalon(noted).refused(1, &["at entry 6"]);
}

#[test]
fn a_damaged_record_is_no_verdict() {
    let home = Home::with_small();
    home.tamper("UPDATE record_log SET body = 'none' WHERE kind = 'calibrations'");
    home.etalon(&["verify", "--standard", "M-1"]).refused(69, &["is damaged", "etalon log verify"]);
}

#[test]
fn a_checkpoint_shows_what_was_rewritten() {
    let home = Home::with_small();
    let sound = home.good(&["log", "verify"]);
    let checkpoint = sound.split("--checkpoint ").nth(1).expect("a checkpoint").trim().to_owned();
    home.write("edited.json", &small().to_string().replace("M-1", "M-2"));
    home.good(&["import", "edited.json", "--source", "lab"]);
    let later = home.good(&["log", "verify", "--checkpoint", &checkpoint]);
    assert!(
        later.contains("entries: 7") && later.contains("agrees with the checkpoint"),
        "{later}"
    );

    let other = Home::with_small();
    other
        .etalon(&["log", "verify", "--checkpoint", &checkpoint])
        .refused(1, &["at entry 6 the chain is", "the log was rewritten"]);
    let beyond = checkpoint.replacen("6:", "8:", 1);
    home.etalon(&["log", "verify", "--checkpoint", &beyond]).refused(1, &["at entry 8"]);
    home.etalon(&["log", "verify", "--checkpoint", "6:abc"])
        .refused(64, &["--checkpoint", "INDEX:CHAIN"]);
}

#[test]
fn projections_edited_by_hand_are_made_anew() {
    let home = Home::with_small();
    let listed = home.good(&["list", "measurement_standards", "--filter", "code=M-1"]);
    home.tamper("UPDATE measurement_standards SET code = 'M-9' WHERE code = 'M-1'");
    assert_eq!(
        home.json(&["list", "measurement_standards", "--filter", "code=M-1"])["items"],
        json!([])
    );
    let rebuilt = home.json(&["migrate", "--rebuild"]);
    assert_eq!((&rebuilt["applied"], &rebuilt["rebuilt"]), (&json!([]), &json!(6)));
    assert_eq!(home.good(&["list", "measurement_standards", "--filter", "code=M-1"]), listed);

    let made = Home::new();
    let made = made.json(&["migrate"]);
    assert_eq!(made["applied"].as_array().map(Vec::len), Some(7));
    assert_eq!(made["rebuilt"], Value::Null);
}

// ---------------------------------------------------------------------------------------------
// demo

#[test]
fn the_demonstration_is_kept_where_somebody_says() {
    let home = Home::new();
    let first = home.good(&["demo", "--no-serve", "--data-dir", "data"]);
    assert!(first.contains("The records now are in sqlite:data/registry.db"), "{first}");
    let log = home.good(&["log", "export", "--data-dir", "data"]);
    let second = home.good(&["demo", "--no-serve", "--data-dir", "data"]);
    assert!(unbroken(&second).contains("were in sqlite:data/registry.db already"), "{second}");
    assert_eq!(home.good(&["log", "export", "--data-dir", "data"]), log);

    // The commands that it shows answer the same, and those at the end do something.
    let commands: Vec<&str> = first.split("To ask the same:\n").skip(1).collect();
    assert_eq!(commands.len(), 3);
    for (command, status) in commands.iter().zip([0, 1, 2]) {
        let command = command.split("\n\n").next().expect("a command").replace("\\\n", " ");
        let run = home.etalon(&arguments(&command));
        assert_eq!(run.status, Some(status), "{run:?}");
        assert!(first.contains(run.out.trim_end()), "{}", run.out);
    }
    let (_, next) = first.split_once("To go on with them:\n").expect("commands");
    for (command, status) in next.lines().zip([0, 1, 0]) {
        let run = home.etalon(&arguments(command));
        assert_eq!((run.status, run.complaint.as_str()), (Some(status), ""), "{run:?}");
    }

    let answers = home.json(&["demo", "--no-serve", "--data-dir", "data"]);
    assert_eq!((&answers["created"], &answers["unchanged"]), (&json!(0), &json!(223)));
    assert_eq!(
        (&answers["served"], &answers["database"]),
        (&Value::Null, &json!("sqlite:data/registry.db"))
    );
    let verdicts: Vec<&Value> =
        answers["reports"].as_array().expect("reports").iter().map(|one| &one["verdict"]).collect();
    assert_eq!(verdicts, ["traceable", "not_traceable", "undetermined"]);
}

/// The arguments of a command as a shell takes them apart: quotes hold blanks.
fn arguments(command: &str) -> Vec<&str> {
    let parts = command.split('"').enumerate();
    let words = parts.flat_map(|(position, part)| match position % 2 {
        0 => part.split_whitespace().collect(),
        _ => vec![part],
    });
    words.skip(1).collect()
}

#[test]
fn the_demonstration_leaves_nothing_and_touches_no_other_registry() {
    let home = Home::new();
    let mut command = home.command(&["demo", "--no-serve", "--json"]);
    let answers =
        run(command.env("ETALON_DATA_DIR", "mine").env("DATABASE_URL", "x.db"), b"").json();
    assert_eq!((&answers["created"], &answers["database"]), (&json!(223), &Value::Null));
    assert_eq!(home.files(), [""; 0]);

    let home = Home::with_small();
    home.etalon(&["demo", "--no-serve", "--data-dir", "etalon-data"])
        .refused(65, &["sqlite:etalon-data/registry.db is another registry", "--data-dir"]);
    assert_eq!(home.json(&["log", "verify"])["log_index"], 6);
    home.write("note", "no directory");
    home.etalon(&["demo", "--no-serve", "--data-dir", "note"]).refused(74, &["note"]);
}

// ---------------------------------------------------------------------------------------------
// PostgreSQL

#[test]
fn the_same_on_postgresql() {
    let Some(database) = Database::unmigrated(Backend::Postgres) else { return };
    let DatabaseUrl::Postgres(url) = database.url() else { panic!("{database:?}") };
    let home = Home::with_country();
    let there = |arguments: &[&str]| home.etalon(&[arguments, &["--database", url]].concat());

    there(&["log", "verify"])
        .refused(69, &["migrations of the database are pending: 7", "etalon migrate"]);
    there(&["import", COUNTRY]).refused(69, &["etalon migrate"]);
    let run = there(&["migrate"]);
    assert!(run.out.contains("applied migrations"), "{run:?}");
    let run = there(&["import", COUNTRY, "--historical", "--source", "viet-nam"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(run.out.contains("records: 223; created: 223"), "{run:?}");
    let claim = [&["verify"], &CLAIM[..]].concat();
    assert_eq!(there(&claim).out, home.etalon(&claim).out);
    let run = there(&["log", "verify"]);
    assert!(run.out.contains("the log is sound") && run.out.contains("entries: 224"), "{run:?}");
    let rebuilt = there(&["migrate", "--rebuild", "--json"]).json();
    assert_eq!(rebuilt["rebuilt"], 224);
    // Hash for hash into the other backend.
    let log = there(&["log", "export"]).out;
    let taken = home.etalon_with(&["log", "import", "-", "--data-dir", "taken"], &log);
    assert_eq!(taken.status, Some(0), "{taken:?}");
    assert_eq!(home.good(&["log", "export", "--data-dir", "taken"]), log);
}

#[test]
fn a_registry_is_audited_like_its_bundle() {
    let home = Home::new();
    let imported = home.etalon(&["import", COUNTRY, "--historical"]);
    assert_eq!(imported.status, Some(0), "{imported:?}");
    let usual = ["--used-on", "2026-11-01", "--policy", "vn-2026", "--json"];
    let audit = |more: &[&str]| home.etalon(&[&["audit"][..], &usual, more].concat());
    let of_bundle = audit(&["--bundle", COUNTRY]).json();
    let of_registry = audit(&[]);
    assert_eq!(of_registry.status, Some(1));
    let of_registry = of_registry.json();
    for counted in ["answers", "results", "verdicts", "rules", "missing"] {
        assert_eq!(of_registry["totals"][counted], of_bundle["totals"][counted], "{counted}");
    }
    let national = audit(&["--filter", "legal_level=national"]).json();
    let (national, all) = (&national["totals"]["answers"], &of_bundle["totals"]["answers"]);
    assert!(national.as_u64() > Some(0) && national.as_u64() < all.as_u64(), "{national}");
    audit(&["--filter", "colour=red"]).refused(65, &["colour", "legal_level"]);
    // Before anything was recorded there is nothing to audit.
    assert_eq!(audit(&["--known-at", "0"]).json()["totals"]["answers"], 0);
}

// ---------------------------------------------------------------------------------------------
// Certificates as DCCs

const CHAIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/dcc-chain");

#[test]
fn certificates_go_out_as_files_and_one_alone() {
    let home = Home::new();
    home.good(&["import", &format!("{CHAIN}/records.json")]);
    let run = home.etalon(&["export", "--dcc", "--chain", "DW-1K-03", "--output", "files"]);
    assert_eq!((run.status, run.out.as_str()), (Some(0), ""), "{run:?}");
    assert!(run.complaint.contains("3 digital certificates in files"), "{run:?}");
    for number in ["ILL-BIPM-24-0117", "ILL-VNI-25-0311", "ILL-CC-26-0087"] {
        let expected =
            std::fs::read_to_string(format!("{CHAIN}/{number}.xml")).expect("an example");
        assert_eq!(home.read(&format!("files/{number}.xml")), expected);
        assert_eq!(home.good(&["export", "--dcc", "--calibration", number]), expected);
    }
    home.etalon(&["export", "--dcc"]).refused(64, &["--output", "--calibration"]);
    home.etalon(&["export", "--dcc", "--calibration", "X-1"])
        .refused(65, &["no certificate with the id or number “X-1”"]);
    let bundle = home.json(&["export", "--calibration", "ILL-BIPM-24-0117"]);
    assert_eq!(bundle["records"]["calibrations"].as_array().map(Vec::len), Some(1));
}

#[test]
fn signatures_are_checked_with_an_import() {
    let home = Home::new();
    let signed = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/signatures/made/issuer_signed.xml");
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/signatures/made/issuer_root.pem");
    std::fs::create_dir_all(home.path("trust/anchors")).expect("a directory");
    home.write("trust/anchors/root.pem", &std::fs::read_to_string(root).expect("a certificate"));
    let run = home.etalon(&["import", signed]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(unbroken(&run.out).contains("intact, of nobody trusted"), "{run:?}");
    let again = home.json(&["import", signed, "--trust", "trust"]);
    let report = &again["files"][0];
    assert_eq!((&report["signature"]["status"], &report["amended"]), (&json!("valid"), &json!(1)));
    home.etalon(&["import", signed, "--trust", "nowhere"]).refused(66, &["nowhere"]);
    home.etalon(&["import", signed, "--signatures-at", "soon"])
        .refused(64, &["--signatures-at “soon”", "2026-11-20T00:00:00Z"]);
}
