//! The engine's table of rules against the catalogue (specification, rules.md section 4): no rule is
//! forgotten, none is invented, each says itself in both languages, counts as much as the catalogue
//! says, and is pinned by vectors: one in which it is not met, one in which it holds near its limit.
//! The tables of `docs/vectors.md` name the vectors of every scenario, finding and shape.
//!
//! `docs/catalogue-ids.txt` is the committed list of the catalogue's ids. Where the specification
//! lies beside the checkout, the list itself is held against it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use etalon::engine::finding::Severity;
use etalon::engine::rules::TABLE;
use serde_json::Value;

/// Why the rules of governance have no severity in the catalogue, and no vector.
const GOVERNED: &str = "they are about how the registry is kept, not about a chain, and hold by \
     construction; their doc comments say by which, and which tests prove it";

/// Headings whose word is not the rule's severity, with the severity that the rule has and why.
const SEVERITY_EXCEPTIONS: &[(&str, &str, Severity, &str)] = &[
    ("G-01", "-", Severity::Info, GOVERNED),
    ("G-02", "-", Severity::Info, GOVERNED),
    ("G-03", "-", Severity::Info, GOVERNED),
    ("G-04", "-", Severity::Info, GOVERNED),
    ("G-05", "-", Severity::Info, GOVERNED),
    ("G-06", "-", Severity::Info, GOVERNED),
    (
        "A-10",
        "MINOR→MAJOR",
        Severity::Major,
        "one unsatisfactory result is a remark, two in a row are major: a rule counts as its worst, \
         and a finding may count less",
    ),
    (
        "N-07",
        "MINOR/IND",
        Severity::Major,
        "the catalogue wants indeterminate for an Associate; a minor doubt would only be a remark, \
         so it counts as major for recognition, and traceability is untouched",
    ),
    (
        "F-05",
        "–",
        Severity::Major,
        "the catalogue writes a dash: a statement of conformity that its own value, limits and rule \
         contradict fails fitness, and only critical or major findings do",
    ),
    (
        "T-10",
        "–",
        Severity::Info,
        "the catalogue writes a dash: the rule holds by construction and only says what was not \
         yet known",
    ),
    ("I-01", "-", Severity::Info, DOWNWARD),
    ("I-02", "-", Severity::Info, DOWNWARD),
    ("I-03", "-", Severity::Info, DOWNWARD),
    ("I-04", "-", Severity::Info, DOWNWARD),
    ("I-05", "-", Severity::Info, DOWNWARD),
    ("I-06", "-", Severity::Info, DOWNWARD),
    ("I-07", "-", Severity::Info, DOWNWARD),
];

/// Area I asks downward and has no severities: its rules inform, and what follows for a verdict is a
/// finding of T-05 or T-08.
const DOWNWARD: &str = "the catalogue gives the downward question no severity";

/// Why a JSON number has no finding.
const REFUSED_WHEN_READ: &str = "a JSON number is refused when a record is read, so no report ever \
     holds a finding of it; the tests of src/domain/decimal.rs and tests/vectors.rs pin the refusal";

/// Rules that no vector shows as not met, and why.
const NEVER_NOT_MET: &[(&str, &str)] = &[
    (
        "S-01",
        "a claim without a result is refused before the engine is asked; a whole standard is asked \
         by its results (structure::claim_for_a_whole_standard)",
    ),
    (
        "Q-03",
        "holds by construction: every number is converted once. What a wrong factor or offset would \
         change is pinned: quantity::kgf_per_cm2_below_the_floor and \
         quantity::degree_celsius_uncertainty_below_parent",
    ),
    ("Q-07", REFUSED_WHEN_READ),
    (
        "U-12",
        "it says how a BIPM figure is read; what is below that figure fails U-04 \
         (uncertainty::bipm_figure_above_an_expanded_one)",
    ),
    ("N-14", "it asks for nothing: it says which evidence is asked of an Associate's institute"),
    ("T-04", "it says that the whole due date counts; the day after fails T-02 or T-03"),
    ("T-07", "holds by construction: recognitions are given the days of performance, no others"),
    ("T-10", "holds by construction: every look-up passes the state of knowledge"),
    ("G-01", GOVERNED),
    ("G-02", GOVERNED),
    ("G-03", GOVERNED),
    ("G-04", GOVERNED),
    ("G-05", GOVERNED),
    ("G-06", GOVERNED),
    ("I-01", TRIGGER),
    ("I-02", WINDOW),
    ("I-03", AFFECTED),
    ("I-05", DUTIES),
    (
        "I-06",
        "it says that a verdict is under review; the doubt itself is a finding of T-05 or T-08",
    ),
    ("I-07", COMPARISONS_STAY),
];

/// Rules of which no vector pins that they hold, and why.
const NEVER_HOLDS: &[(&str, &str)] = &[
    (
        "S-11",
        "within the limits it says nothing, and beyond them it is information: `partial` of \
         chains::thirty_two_links and chains::thirty_three_links pins the limit",
    ),
    ("Q-07", REFUSED_WHEN_READ),
    (
        "U-11",
        "what it accepts it accepts on condition, as a remark \
         (uncertainty::conformity_only_accepted)",
    ),
    ("G-01", GOVERNED),
    ("G-02", GOVERNED),
    ("G-03", GOVERNED),
    ("G-04", GOVERNED),
    ("G-05", GOVERNED),
    ("G-06", GOVERNED),
    ("I-01", TRIGGER),
    ("I-02", WINDOW),
    ("I-03", AFFECTED),
    ("I-05", DUTIES),
    ("I-07", COMPARISONS_STAY),
];

const TRIGGER: &str = "no claim asks downward: tests/impact.rs pins each kind of subject";
const WINDOW: &str = "no claim asks downward: tests/impact.rs pins the window";
const AFFECTED: &str =
    "no claim asks downward: tests/impact.rs pins the affected set, and its laws";
const DUTIES: &str =
    "a case that is not as it must be is refused: tests/http/impact.rs pins the refusals";
const COMPARISONS_STAY: &str = "holds by construction: no comparison is ever followed or written";

/// The scenarios of the catalogue, section 5.
const SCENARIOS: &[u8] = &[
    1, 2, 3, 4, 5, 7, 9, 11, 12, 13, 15, 18, 20, 22, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40,
    43, 44, 45, 48, 51, 53, 55, 56, 57, 59, 61, 63, 64, 67, 69, 70,
];

/// How many findings of assessors the catalogue lists, section 5.1.
const FINDINGS: u8 = 30;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The committed list: ids with the severity in their heading.
fn committed() -> BTreeMap<String, String> {
    let path = root().join("docs/catalogue-ids.txt");
    let text = fs::read_to_string(&path).expect("docs/catalogue-ids.txt");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut list = BTreeMap::new();
    for line in lines {
        let (id, severity) = line.split_once(' ').expect("an id and a severity");
        assert!(is_id(id), "{id} is no rule id");
        assert!(list.insert(id.to_owned(), severity.to_owned()).is_none(), "{id} twice");
    }
    list
}

fn is_id(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 4
        && bytes[0].is_ascii_uppercase()
        && bytes[1] == b'-'
        && bytes[2..].iter().all(u8::is_ascii_digit)
}

/// The rules of the catalogue's text: every id in bold in section 4, with the word that follows
/// its title (`-` where none does).
fn catalogue(text: &str) -> Result<BTreeMap<String, String>, String> {
    let start = text.find("\n## 4.").ok_or("no section 4")?;
    let section = &text[start + 1..];
    let section = section.find("\n## ").map_or(section, |end| &section[..end]);
    let mut rules = BTreeMap::new();
    for line in section.lines() {
        // Bold texts are the odd pieces between `**`; what follows one is the next even piece.
        let pieces: Vec<&str> = line.split("**").collect();
        for position in (1..pieces.len()).step_by(2) {
            let Some(id) = pieces[position].get(..4).filter(|id| is_id(id)) else { continue };
            if pieces[position].as_bytes().get(4).is_some_and(u8::is_ascii_digit) {
                return Err(format!("{id} is the beginning of a longer id"));
            }
            let after = pieces.get(position + 1).copied().unwrap_or_default();
            let severity = after
                .trim_start()
                .strip_prefix('·')
                .and_then(|after| after.split(['·', '—', '.']).next())
                .map_or("-", str::trim);
            if rules.insert(id.to_owned(), severity.to_owned()).is_some() {
                return Err(format!("{id} stands twice in section 4"));
            }
        }
    }
    Ok(rules)
}

/// Everything in which the table differs from the catalogue.
fn differences(catalogue: &BTreeMap<String, String>, built: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for id in catalogue.keys() {
        match built.iter().filter(|one| *one == id).count() {
            1 => {}
            0 => found.push(format!("{id} is not in TABLE")),
            times => found.push(format!("{id} stands {times} times in TABLE")),
        }
    }
    for id in built {
        if !catalogue.contains_key(*id) {
            found.push(format!("{id} is not in the catalogue"));
        }
    }
    found
}

fn built() -> Vec<&'static str> {
    TABLE.iter().map(|rule| rule.id).collect()
}

#[test]
fn the_committed_list_is_the_catalogue() {
    let path = root().join("../shared/spec/rules.md");
    let Ok(text) = fs::read_to_string(&path) else {
        println!("skipped: {} is not here", path.display());
        return;
    };
    let rules = catalogue(&text).expect("the catalogue");
    assert_eq!(committed(), rules, "docs/catalogue-ids.txt differs from rules.md section 4");
}

#[test]
fn every_rule_of_the_catalogue_is_built() {
    let committed = committed();
    assert!(committed.len() >= 131, "{} ids: the catalogue only grows", committed.len());
    assert_eq!(differences(&committed, &built()), Vec::<String>::new());
}

#[test]
fn a_forgotten_repeated_or_invented_rule_is_found() {
    let catalogue = catalogue(
        "## 3. Other\n**X-01 no**\n\n## 4. Rules\n**S-01 First** · CRITICAL · A — text **bold**.\n\
         **S-02 Second** · INFO — text\n**G-01** one. **G-02** two, as **S-01** has not.\n",
    );
    assert_eq!(catalogue, Err("S-01 stands twice in section 4".to_owned()));
    let catalogue = rules_of(&[("S-01", "MAJOR"), ("S-02", "INFO"), ("G-01", "-")]);
    let found = |built: &[&str]| differences(&catalogue, built);
    assert_eq!(found(&["S-01", "S-02", "G-01"]), Vec::<String>::new());
    assert_eq!(found(&["S-01", "G-01"]), ["S-02 is not in TABLE"]);
    assert_eq!(found(&["S-01", "S-02", "S-02", "G-01"]), ["S-02 stands 2 times in TABLE"]);
    assert_eq!(found(&["S-01", "S-02", "G-01", "Z-09"]), ["Z-09 is not in the catalogue"]);
}

fn rules_of(rules: &[(&str, &str)]) -> BTreeMap<String, String> {
    rules.iter().map(|(id, severity)| ((*id).to_owned(), (*severity).to_owned())).collect()
}

#[test]
fn headings_are_read() {
    let text = "\n## 4. Rules\n### 4.S\n**S-11 Guards** · INFO — depth\n\n**A-10 PT** · MINOR→MAJOR · B — x\n\
                **T-10 as_of** · – — y\n**M-07 Matrix** · MINOR · D.\n**I-01 Trigger** — void\n**G-01** a. **G-02** b.\n\
                | S-06 | **and** |\n\n## 5. Scenarios\n**S-99 not here** · INFO\n";
    let expected = rules_of(&[
        ("S-11", "INFO"),
        ("A-10", "MINOR→MAJOR"),
        ("T-10", "–"),
        ("M-07", "MINOR"),
        ("I-01", "-"),
        ("G-01", "-"),
        ("G-02", "-"),
    ]);
    assert_eq!(catalogue(text), Ok(expected));
}

#[test]
fn every_rule_says_itself_in_both_languages() {
    for rule in TABLE {
        for (language, text) in [("vi", rule.statement.vi), ("en", rule.statement.en)] {
            assert!(text.trim().len() >= 10, "{} says nothing in {language}: {text:?}", rule.id);
        }
        assert_ne!(rule.statement.vi, rule.statement.en, "{} says the same twice", rule.id);
        assert!(!rule.source.document.is_empty(), "{} has no source", rule.id);
    }
}

#[test]
fn every_rule_counts_as_the_catalogue_says() {
    let committed = committed();
    let mut differing = Vec::new();
    for rule in TABLE {
        let heading = committed.get(rule.id).map_or("", String::as_str);
        let expected = match heading {
            "CRITICAL" => Some(Severity::Critical),
            "MAJOR" => Some(Severity::Major),
            "MINOR" => Some(Severity::Minor),
            "INFO" => Some(Severity::Info),
            _ => SEVERITY_EXCEPTIONS
                .iter()
                .find(|(id, word, ..)| *id == rule.id && *word == heading)
                .map(|(_, _, severity, _)| *severity),
        };
        if expected != Some(rule.severity) {
            differing
                .push(format!("{} is {}, the catalogue says {heading}", rule.id, rule.severity));
        }
    }
    for (id, word, ..) in SEVERITY_EXCEPTIONS {
        if committed.get(*id).map(String::as_str) != Some(word) {
            differing.push(format!("the exception for {id} no longer fits the catalogue"));
        }
    }
    assert_eq!(differing, Vec::<String>::new());
}

#[test]
fn the_documentation_counts_right() {
    let said = format!("All {} rules of the catalogue are built", committed().len());
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    assert!(readme.contains(&said), "README.md, “Status”, ought to say: {said}");
}

/// Every JSON file below a folder, parsed.
fn vectors(below: &Path, out: &mut Vec<Value>) {
    let entries = fs::read_dir(below).expect("a readable folder");
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            vectors(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read_to_string(&path).expect("a readable file");
            out.push(serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path:?}: {e}")));
        }
    }
}

/// Our cases by id.
fn cases() -> BTreeMap<String, Value> {
    let mut found = Vec::new();
    vectors(&root().join("tests/vectors"), &mut found);
    let id = |case: &Value| case["id"].as_str().expect("an id").to_owned();
    found.into_iter().map(|case| (id(&case), case)).collect()
}

/// What a case expects of each of its claims; where it does not say, what its base expects.
fn expectations<'c>(cases: &'c BTreeMap<String, Value>, case: &'c Value) -> Vec<&'c Value> {
    let mut case = case;
    loop {
        if let Some(claims) = case["claims"].as_array() {
            return claims.iter().map(|claim| &claim["expect"]).collect();
        }
        if case["expect"].is_object() {
            return vec![&case["expect"]];
        }
        match case["base"].as_str().and_then(|base| cases.get(base)) {
            Some(base) => case = base,
            None => return Vec::new(),
        }
    }
}

fn findings(expect: &Value) -> impl Iterator<Item = &Value> {
    expect["findings"].as_array().into_iter().flatten()
}

fn rule(finding: &Value) -> &str {
    finding["rule"].as_str().expect("the rule of a finding")
}

/// Whether an expectation allows no finding beside the ones it lists.
fn is_exact(expect: &Value) -> bool {
    expect["exact"] == true || expect["findings"].as_array().is_some_and(Vec::is_empty)
}

/// Whether a case's features name a rule (`u04` for U-04).
fn is_about(case: &Value, rule: &str) -> bool {
    let tag = rule.replace('-', "").to_ascii_lowercase();
    case["features"].as_array().into_iter().flatten().any(|feature| *feature == *tag)
}

/// Holds a set of rules that vectors show against the built ones and their exceptions.
#[track_caller]
fn covers(shown: &BTreeSet<&str>, exceptions: &[(&str, &str)], how: &str) {
    let excepted: BTreeSet<&str> = exceptions.iter().map(|(id, _)| *id).collect();
    let built: BTreeSet<&str> = built().into_iter().collect();
    let open: Vec<&&str> =
        built.iter().filter(|id| !shown.contains(**id) && !excepted.contains(**id)).collect();
    assert!(open.is_empty(), "no vector in tests/vectors shows {open:?} {how}");
    let stale: Vec<&&str> =
        excepted.iter().filter(|id| shown.contains(**id) || !built.contains(**id)).collect();
    assert!(stale.is_empty(), "no longer an exception: {stale:?}");
    let unknown: Vec<&&str> = shown.iter().filter(|id| !built.contains(**id)).collect();
    assert!(unknown.is_empty(), "vectors name rules that are not built: {unknown:?}");
}

#[test]
fn every_rule_is_not_met_in_a_vector() {
    let cases = cases();
    let mut shown: BTreeSet<&str> = BTreeSet::new();
    for case in cases.values() {
        for expect in expectations(&cases, case) {
            shown.extend(findings(expect).filter(|one| one["outcome"] != "pass").map(rule));
        }
    }
    covers(&shown, NEVER_NOT_MET, "as not met");
}

/// A rule holds in a vector that pins its pass, or that is about it by its features, expects it
/// nowhere as not met, and would break by any other finding.
#[test]
fn every_rule_holds_in_a_vector() {
    let cases = cases();
    let mut shown: BTreeSet<&str> = BTreeSet::new();
    for case in cases.values() {
        for expect in expectations(&cases, case) {
            shown.extend(findings(expect).filter(|one| one["outcome"] == "pass").map(rule));
            let silent = |id: &&str| {
                is_about(case, id)
                    && findings(expect).all(|one| rule(one) != *id || one["outcome"] == "pass")
            };
            if is_exact(expect) {
                shown.extend(built().into_iter().filter(silent));
            }
        }
    }
    covers(&shown, NEVER_HOLDS, "as holding near its limit");
}

/// The tags that the tables of `docs/vectors.md` keep.
fn is_listed(tag: &str) -> bool {
    ["scenario_", "finding_", "shape_"].iter().any(|kind| tag.starts_with(kind))
}

/// A row of the tables of `docs/vectors.md`.
#[derive(Debug)]
struct Listed {
    /// The verdicts A, B, C, D of a scenario, once for each claim on it.
    verdicts: Vec<String>,
    /// The vectors.
    ids: BTreeSet<String>,
}

/// The rows of those tables by their tag: the tag in the first cell, for a scenario the verdicts in
/// the last but one, the ids in the last, each in backquotes.
fn listed() -> BTreeMap<String, Listed> {
    let text = fs::read_to_string(root().join("docs/vectors.md")).expect("docs/vectors.md");
    let quoted = |cell: &str| -> Vec<String> {
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let mut rows = BTreeMap::new();
    for line in text.lines() {
        let Some(row) = line.strip_prefix("| `").and_then(|row| row.strip_suffix(" |")) else {
            continue;
        };
        let Some((tag, rest)) = row.split_once("` | ").filter(|(tag, _)| is_listed(tag)) else {
            continue;
        };
        let (before, ids) = rest.rsplit_once(" | ").expect("a last cell");
        let verdicts = before.rsplit_once(" | ").map_or_else(Vec::new, |(_, cell)| quoted(cell));
        let row = Listed { verdicts, ids: quoted(ids).into_iter().collect() };
        assert!(rows.insert(tag.to_owned(), row).is_none(), "{tag} stands twice");
    }
    rows
}

#[test]
fn the_tables_of_the_documentation_name_the_tagged_vectors() {
    let mut tagged: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, case) in cases() {
        let features = case["features"].as_array().into_iter().flatten();
        for tag in features.filter_map(Value::as_str).filter(|tag| is_listed(tag)) {
            tagged.entry(tag.to_owned()).or_default().insert(id.clone());
        }
    }
    let listed = listed();
    for (tag, row) in &listed {
        let found = tagged.get(tag).cloned().unwrap_or_default();
        assert_eq!(row.ids, found, "{tag}: docs/vectors.md, and the vectors that bear it");
    }
    for tag in tagged.keys() {
        assert!(listed.contains_key(tag), "docs/vectors.md has no row for {tag}");
    }
}

#[test]
fn every_scenario_and_finding_of_the_catalogue_has_a_vector() {
    let listed = listed();
    let numbers = |kind: &str| -> Vec<u8> {
        let ending = |tag: &String| tag.strip_prefix(kind).map(str::to_owned);
        listed.keys().filter_map(ending).map(|number| number.parse().expect("a number")).collect()
    };
    assert_eq!(numbers("scenario_"), SCENARIOS);
    assert_eq!(numbers("finding_"), (1..=FINDINGS).collect::<Vec<u8>>());
    assert!(listed.values().all(|row| !row.ids.is_empty()), "a row that names no vector");
}

/// The verdicts that the table gives are expected of a claim of the scenario's vectors.
#[test]
fn every_scenario_comes_out_as_listed() {
    let cases = cases();
    let mut differing = Vec::new();
    for (tag, row) in listed() {
        assert!(row.verdicts.is_empty() != tag.starts_with("scenario_"), "{tag} and its verdicts");
        let expected: Vec<&Value> =
            row.ids.iter().flat_map(|id| expectations(&cases, &cases[id])).collect();
        for verdicts in &row.verdicts {
            let words: Vec<&str> = verdicts.split(' ').collect();
            let names = ["traceability", "recognition", "legal", "fitness"];
            assert_eq!(words.len(), names.len(), "{tag}: {verdicts}");
            let pinned = |expect: &&Value| {
                names.iter().zip(&words).all(|(name, word)| *word == "–" || expect[*name] == **word)
            };
            if !expected.iter().any(pinned) {
                differing.push(format!("{tag}: no claim expects {verdicts}"));
            }
        }
    }
    assert_eq!(differing, Vec::<String>::new());
}

/// The numbers of section 5's table and of section 5.1's list.
fn scenarios_and_findings(text: &str) -> (Vec<u8>, Vec<u8>) {
    let after = |heading: &str| text.split_once(heading).map_or("", |(_, rest)| rest);
    let table = after("\n## 5.").lines().take_while(|line| !line.starts_with("## "));
    let first = |line: &str| line.strip_prefix("| ")?.split(" | ").next()?.parse().ok();
    let list = after("\n### 5.1").lines().find(|line| line.starts_with("1 ")).unwrap_or_default();
    let number = |item: &str| item.split_whitespace().next()?.parse().ok();
    (table.filter_map(first).collect(), list.split(" · ").filter_map(number).collect())
}

#[test]
fn the_committed_numbers_are_those_of_the_catalogue() {
    let path = root().join("../shared/spec/rules.md");
    let Ok(text) = fs::read_to_string(&path) else {
        println!("skipped: {} is not here", path.display());
        return;
    };
    let (scenarios, findings) = scenarios_and_findings(&text);
    assert_eq!(scenarios, SCENARIOS);
    assert_eq!(findings, (1..=FINDINGS).collect::<Vec<u8>>());
}
