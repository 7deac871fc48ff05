//! Benchmarks of the store on both backends: import, single writes, claims from the database
//! against the recursive query that somebody would write instead. How to run it and what came out
//! stands in `benches/README.md`.
//!
//! Not divan: each figure is one long run on data that an earlier one made.
//!
//! Settings: `ETALON_BENCH_STANDARDS` (20,000), `ETALON_BENCH_YEARS` (5), and
//! `ETALON_TEST_DATABASE_URL` for PostgreSQL, where a database `etalon_bench` is made anew.

use std::collections::BTreeSet;
use std::time::{Duration, Instant as Clock};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use etalon::app::import::Options;
use etalon::app::registry::{Author, Registry};
use etalon::app::synth::Country;
use etalon::app::verify::Moment;
use etalon::domain::claim::Claim;
use etalon::domain::period::Instant;
use etalon::domain::records::CollectionName;
use etalon::exchange::bundle::printer::Form;
use etalon::store::{DatabaseUrl, Store};
use serde_json::json;

/// The certificates above a standard with their bodies: found by one recursive query, and level by
/// level with the references read from the bodies, as the store does it. A macro, since the two
/// backends share no type of connection here.
macro_rules! walks {
    ($connection:ident, $among:literal, $claims:ident) => {
        let bodies = concat!(
            "SELECT v.id, l.body FROM calibrations v JOIN record_log l ON l.log_index = v.log_from \
             WHERE v.log_to IS NULL AND v.id ",
            $among
        );
        let first = "SELECT v.id FROM calibrations v WHERE v.item = $1 AND v.log_to IS NULL";
        let recursive = format!(
            "WITH RECURSIVE up (id) AS ({first} UNION SELECT r.calibration FROM up \
             JOIN calibrations v ON v.id = up.id AND v.log_to IS NULL \
             JOIN calibration_references r ON r.log_from = v.log_from \
             WHERE r.calibration IS NOT NULL AND (r.role IS NULL OR r.role <> 'check')) \
             SELECT id FROM up"
        );
        let mut load = |sql: &str, bind: String| -> Vec<Certificate> {
            diesel::sql_query(sql).bind::<Text, _>(bind).load(&mut $connection).expect("bodies")
        };
        let ids = |ids: &BTreeSet<String>| json!(ids).to_string();
        let (mut once, mut levels, mut found) = (Vec::new(), Vec::new(), 0);
        let start = format!("SELECT id, '' AS body FROM ({first}) f");
        let recursive = format!("SELECT id, '' AS body FROM ({recursive}) f");
        for claim in &$claims {
            let (all, took) = timed(|| {
                let all = load(&recursive, claim.standard.to_string());
                load(bodies, ids(&all.into_iter().map(|one| one.id).collect())).len()
            });
            once.push(took);
            let (met, took) = timed(|| {
                let level = load(&start, claim.standard.to_string());
                let mut level: BTreeSet<String> = level.into_iter().map(|one| one.id).collect();
                let mut met = level.clone();
                while !level.is_empty() {
                    let above = load(bodies, ids(&level)).iter().flat_map(Certificate::above).collect();
                    level = &above - &met;
                    met.extend(above);
                }
                met.len()
            });
            levels.push(took);
            assert_eq!(all, met, "both ways find the same");
            found += met;
        }
        println!(
            "{:.0} certificates above a standard: one recursive query {:.2} ms, level by level {:.2} ms",
            found as f64 / $claims.len() as f64,
            median(once),
            median(levels)
        );
    };
}

const SEED: u64 = 7;
/// Claims in the sample, drawn at random, the same in every run.
const SAMPLE: usize = 500;
const SINGLE_WRITES: usize = 300;
const DATABASE: &str = "etalon_bench";

fn main() {
    let standards = setting("ETALON_BENCH_STANDARDS", "20000").parse().expect("a number");
    let years = setting("ETALON_BENCH_YEARS", "5").parse().expect("a number");
    let country = Country::new(standards, years, SEED);
    println!("{} standards, {} calibrations", country.standards(), country.calibrations());
    let mut text = Vec::new();
    country.write(&mut text, Form::Document, |_| {}).expect("memory takes everything");
    let text = String::from_utf8(text).expect("JSON is UTF-8");
    println!("bundle: {:.0} MB", text.len() as f64 / 1e6);
    let claims: Vec<Claim> = country.claims(SAMPLE).collect();

    let directory = tempfile::tempdir().expect("a directory");
    let sqlite = DatabaseUrl::Sqlite(directory.path().join("registry.db"));
    let server = setting("ETALON_TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres");
    let postgres = made_anew(&server, DATABASE);

    for (name, url) in [("SQLite", &sqlite), ("PostgreSQL", &postgres)] {
        println!("\n{name}");
        Store::open(url).expect("the database").migrate().expect("the schema");
        let registry = Registry::open(url).expect("the registry");
        import(&registry, &text, &country);
        single_writes(&registry);
        ask(&registry, &claims);
        match url {
            DatabaseUrl::Postgres(address) => {
                let mut connection = PgConnection::establish(address).expect("PostgreSQL");
                walks!(
                    connection,
                    "= ANY (ARRAY(SELECT jsonb_array_elements_text($1::jsonb) COLLATE \"C\"))",
                    claims
                );
            }
            DatabaseUrl::Sqlite(path) => {
                let path = path.display().to_string();
                let mut connection = SqliteConnection::establish(&path).expect("SQLite");
                walks!(connection, "IN (SELECT value FROM json_each($1))", claims);
            }
        }
    }
    println!("\nPostgreSQL without Etalon, on the same data");
    plain_copy(&server, &postgres.connection_string());
    recursive_query(&postgres.connection_string(), &claims);
}

#[expect(clippy::disallowed_methods, reason = "a benchmark has no configuration of its own")]
fn setting(name: &str, usual: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| usual.to_owned())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Clock::now();
    let done = work();
    (done, began.elapsed())
}

fn now() -> Instant {
    // After everything that the synthetic country records.
    Instant::parse("2028-01-01T00:00:00Z").expect("an instant")
}

fn author() -> Author {
    Author::operator("benchmark", now())
}

/// A database of its own on the server, empty.
fn made_anew(server: &str, name: &str) -> DatabaseUrl {
    let mut connection = PgConnection::establish(server).expect("PostgreSQL");
    let anew =
        [format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"), format!("CREATE DATABASE {name}")];
    anew.iter().for_each(|sql| connection.batch_execute(sql).expect("a database"));
    let (address, _) = server.rsplit_once('/').expect("an address with a database");
    DatabaseUrl::Postgres(format!("{address}/{name}"))
}

fn import(registry: &Registry, text: &str, country: &Country) {
    let options = Options { historical: true, ..Options::default() };
    let (report, took) =
        timed(|| registry.import("bench", text, &options, &author(), &mut |_, _| {}));
    let report = report.expect("the country is accepted");
    let rate = country.calibrations() as f64 / took.as_secs_f64();
    println!(
        "import: {} records, {} log entries in {:.1} s; {rate:.0} calibrations/s",
        report.records,
        report.log_index,
        took.as_secs_f64()
    );
    let head = registry.verify_log(None, &mut |_| {});
    let (_, took) = timed(|| registry.verify_log(None, &mut |_| {}).expect("a sound log"));
    println!(
        "log verify: {:.1} s for {} entries",
        took.as_secs_f64(),
        head.expect("sound").log_index
    );
}

/// The tables of a registry, those that others refer to first.
const TABLES: &str = "record_log records organisations memberships accreditations \
    legal_recognitions capabilities measurement_standards realisations calibrations comparisons \
    documents nonconformities attestations programme standard_quantities standard_sources \
    calibration_items calibration_results calibration_references comparison_results \
    nonconformity_decisions search_words import_records";

/// COPY of the same rows into the same tables, with the same indices and foreign keys. The files
/// are the server's: it must run on this machine and let this user read and write them.
fn plain_copy(server: &str, url: &str) {
    let files = "/tmp/etalon-bench-copy";
    let mut from = PgConnection::establish(url).expect("PostgreSQL");
    for table in TABLES.split_whitespace() {
        let copy = format!("COPY {table} TO '{files}.{table}'");
        from.batch_execute(&copy).expect("rows in a file");
    }
    let copy = made_anew(server, "etalon_bench_copy");
    Store::open(&copy).expect("the database").migrate().expect("the schema");
    let mut to = PgConnection::establish(&copy.connection_string()).expect("PostgreSQL");
    let ((), took) = timed(|| {
        to.batch_execute("BEGIN").expect("a transaction");
        for table in TABLES.split_whitespace() {
            let copy = format!("COPY {table} FROM '{files}.{table}'");
            to.batch_execute(&copy).expect("rows in the table");
        }
        to.batch_execute("COMMIT").expect("a commit");
    });
    let count = diesel::sql_query("SELECT COUNT(*) AS count FROM calibrations");
    let count = count.get_result::<Count>(&mut to).expect("a count").count;
    println!(
        "plain COPY of the same rows: {:.1} s; {:.0} calibrations/s",
        took.as_secs_f64(),
        count as f64 / took.as_secs_f64()
    );
    drop(to);
    let mut server = PgConnection::establish(server).expect("PostgreSQL");
    server.batch_execute("DROP DATABASE etalon_bench_copy WITH (FORCE)").expect("it goes");
}

fn single_writes(registry: &Registry) {
    let organisation = |number: usize| json!({"kind": "enterprise", "names": {"en": format!("Enterprise {number}")}});
    let ((), took) = timed(|| {
        for number in 0..SINGLE_WRITES {
            registry
                .create(CollectionName::Organisations, organisation(number), &author())
                .expect("a record");
        }
    });
    println!("single writes: {:.0} a second", SINGLE_WRITES as f64 / took.as_secs_f64());
}

fn ask(registry: &Registry, claims: &[Claim]) {
    let moment = Moment { now: now(), today: now().day() };
    let at = registry.store().head().expect("the head").log_index;
    let load = |claim: &Claim| {
        let standard = BTreeSet::from([claim.standard.clone()]);
        let certificate = claim.calibration.iter().cloned().collect();
        timed(|| registry.store().closure(&standard, &certificate, at))
    };
    let whole = |claim: &Claim| timed(|| registry.answer(claim, moment));
    claims.iter().take(50).for_each(|claim| drop(whole(claim).0.expect("an answer")));
    let mut records = 0;
    let loading: Vec<Duration> = claims
        .iter()
        .map(|claim| {
            let (closure, took) = load(claim);
            records += closure.expect("the evidence").records.len();
            took
        })
        .collect();
    let answering: Vec<Duration> = claims.iter().map(|claim| whole(claim).1).collect();
    println!(
        "evidence of a claim: median {:.2} ms, {:.0} records",
        median(loading),
        records as f64 / claims.len() as f64
    );
    println!("claim answered from the database: median {:.2} ms", median(answering));
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}

#[derive(QueryableByName)]
struct Certificate {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    body: String,
}

impl Certificate {
    fn above(&self) -> Vec<String> {
        let body: serde_json::Value = serde_json::from_str(&self.body).expect("JSON");
        let references = body["references"].as_array().into_iter().flatten();
        let calibrations = references.filter_map(|one| one["calibration"].as_str());
        calibrations.map(str::to_owned).collect()
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// What somebody would write instead (performance.md): three narrow tables with number keys, well
/// indexed, and a prepared recursive query from a standard upward.
fn recursive_query(url: &str, claims: &[Claim]) {
    let mut connection = PgConnection::establish(url).expect("PostgreSQL");
    connection
        .batch_execute(
            "CREATE TABLE plain_standard AS SELECT row_number() OVER (ORDER BY id) AS id, id AS uuid \
             FROM measurement_standards WHERE log_to IS NULL;
             CREATE TABLE plain_calibration AS SELECT row_number() OVER (ORDER BY c.id) AS id, \
             c.id AS uuid, s.id AS standard, c.performed_to, c.due_on FROM calibrations c \
             JOIN plain_standard s ON s.uuid = c.item WHERE c.log_to IS NULL;
             CREATE UNIQUE INDEX ON plain_calibration (uuid);
             CREATE TABLE plain_reference AS SELECT child.id AS calibration, parent.id AS parent \
             FROM calibration_references r JOIN calibrations c ON c.log_from = r.log_from \
             AND c.log_to IS NULL JOIN plain_calibration child ON child.uuid = c.id \
             JOIN plain_calibration parent ON parent.uuid = r.calibration;
             ALTER TABLE plain_standard ADD PRIMARY KEY (id);
             CREATE UNIQUE INDEX ON plain_standard (uuid);
             ALTER TABLE plain_calibration ADD PRIMARY KEY (id);
             CREATE INDEX ON plain_calibration (standard, performed_to);
             CREATE INDEX ON plain_reference (calibration, parent);
             ANALYZE;
             PREPARE chain (text) AS WITH RECURSIVE up (id, depth) AS (
                SELECT c.id, 1 FROM (SELECT c.id FROM plain_standard s JOIN plain_calibration c \
                ON c.standard = s.id WHERE s.uuid = $1 ORDER BY c.performed_to DESC LIMIT 1) c
                UNION
                SELECT r.parent, up.depth + 1 FROM up JOIN plain_reference r \
                ON r.calibration = up.id WHERE up.depth < 32
             ) SELECT count(*) AS count FROM up JOIN plain_calibration c ON c.id = up.id \
             JOIN plain_standard s ON s.id = c.standard;",
        )
        .expect("plain tables");
    let mut links = 0;
    let times: Vec<Duration> = claims
        .iter()
        .map(|claim| {
            let sql = format!("EXECUTE chain('{}')", claim.standard);
            let (found, took) =
                timed(|| diesel::sql_query(sql).get_result::<Count>(&mut connection));
            links += found.expect("a chain").count;
            took
        })
        .collect();
    println!(
        "one chain: median {:.2} ms, {:.1} links",
        median(times),
        links as f64 / claims.len() as f64
    );
}
