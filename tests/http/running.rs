//! The process: what it says of itself, how it ends, and what it does when the database is gone.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::served::Served;
use crate::support::{Backend, Database};

crate::support::both!(
    the_documentation_fetches_nothing_from_elsewhere,
    health_and_version,
    metrics_name_routes_and_never_paths
);

fn the_documentation_fetches_nothing_from_elsewhere(database: &Database) {
    let served = Served::new(database);
    for path in ["/", "/docs"] {
        let moved = served.get(path).send();
        assert_eq!((moved.status, moved.header("location")), (307, "/docs/"), "{path}");
    }
    let page = served.get("/docs/").send();
    assert_eq!(page.status, 200);
    let mut pieces = 0;
    for part in page.text.split(['"', '\'']) {
        assert!(!part.contains("//") || part.starts_with('<') || part.contains('\n'), "{part}");
        if part.ends_with(".js") || part.ends_with(".css") {
            let place = format!("/docs/{}", part.trim_start_matches("./"));
            assert_eq!(served.get(&place).send().status, 200, "{place}");
            pieces += 1;
        }
    }
    assert!(pieces >= 4, "{}", page.text);
    let start = served.get("/docs/swagger-initializer.js").send();
    assert!(start.text.contains("\"validatorUrl\": \"none\""), "{}", start.text);
    assert!(start.text.contains("\"/api/v1/openapi.json\""), "{}", start.text);
}

fn health_and_version(database: &Database) {
    let served = Served::new(database);
    assert_eq!(served.get("/healthz").send().body["status"], "alive");
    let ready = served.get("/readyz").send();
    assert_eq!((ready.status, &ready.body["log_index"]), (200, &Value::from(0)));
    let version = served.get("/version").send();
    assert_eq!(version.body["version"], env!("CARGO_PKG_VERSION"));
    // A database without its schema is not ready, and says so to those who run it only.
    database.direct().run("DELETE FROM __diesel_schema_migrations");
    let refused = served.get("/readyz").send();
    assert!(refused.status >= 500, "{}", refused.text);
    assert!(!refused.text.contains("migrat"), "{}", refused.text);
    assert_eq!(served.get("/healthz").send().status, 200);
}

fn metrics_name_routes_and_never_paths(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let path = format!("/api/v1/organisations/{}", operator.id);
    served.get(&path).send();
    served.get("/api/v1/never-heard-of").send();
    let metrics = served.get("/metrics").send();
    assert!(metrics.header("content-type").starts_with("text/plain"));
    assert!(metrics.text.contains("/api/v1/organisations/{id}"), "{}", metrics.text);
    assert!(!metrics.text.contains(operator.id.as_str()), "{}", metrics.text);
    assert!(!metrics.text.contains("never-heard-of"), "{}", metrics.text);
}

/// `etalon serve` in a directory of its own, once it listens.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start(directory: &std::path::Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_etalon"))
            .args(["serve", "--listen", "127.0.0.1:0", "--json", "--data-dir"])
            .arg(directory)
            .arg("--setup-key-file")
            .arg(directory.join("setup-key"))
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let said: Value = serde_json::from_str(&line).expect("JSON");
        let address = said["listening"].as_str().expect("an address").to_owned();
        Self { child, address }
    }

    fn ends(mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status().expect("kill");
        assert!(sent.success());
        let status = self.child.wait().expect("an end");
        let mut log = String::new();
        let stderr = self.child.stderr.as_mut().expect("its log");
        stderr.read_to_string(&mut log).expect("a text");
        (status.code(), log)
    }
}

#[test]
fn it_ends_well_when_it_is_told_to() {
    for signal in ["TERM", "INT"] {
        let directory = tempfile::tempdir().expect("a directory");
        let process = Process::start(directory.path());
        let health = ureq::get(format!("{}/healthz", process.address)).call();
        assert_eq!(health.expect("an answer").status(), 200);
        let key = std::fs::read_to_string(directory.path().join("setup-key")).expect("a key");
        assert!(key.starts_with("etalon_setup_"), "{key}");
        let (code, log) = process.ends(signal);
        assert_eq!(code, Some(0), "{signal}: {log}");
        assert!(!log.contains(&key), "the key is not in the log");
        // The signing key is for its owner alone.
        use std::os::unix::fs::PermissionsExt as _;
        let file = std::fs::metadata(directory.path().join("signing-key.pem")).expect("a key");
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_database_that_goes_is_a_problem_and_comes_back() {
    let Some(database) = Database::on(Backend::Postgres) else { return };
    let served = Served::new(&database);
    let operator = served.operator();
    assert_eq!(served.get("/readyz").send().status, 200);
    // Every connection of the service is cut: the next requests find others.
    database.direct().run(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    let path = format!("/api/v1/organisations/{}", operator.id);
    let first = served.get(&path).send();
    assert!([200, 503].contains(&first.status), "{}", first.text);
    assert_eq!(served.get(&path).send().status, 200);
}

#[test]
fn the_demonstration_serves_what_it_says_to_try() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_etalon"))
        .args(["demo", "--listen", "127.0.0.1:0"])
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut shown = Vec::new();
    for line in lines.by_ref().map_while(Result::ok) {
        let serves = line.starts_with("Serving at ");
        shown.push(line);
        if serves {
            break;
        }
    }
    let at = shown.iter().find_map(|line| line.strip_prefix("  at=")).expect("a place");
    let command = shown.iter().find_map(|line| line.strip_prefix("  curl -s ")).expect("a command");
    let address = command.trim_matches('"').replace("$at", at);
    let mut answer = ureq::get(address).call().expect("an answer");
    let text = answer.body_mut().read_to_string().expect("a text");
    let report: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report["verdict"], "traceable", "{text}");
    child.kill().expect("an end");
    child.wait().expect("an end");
}

#[test]
fn it_waits_for_its_database_and_says_so() {
    let Some(database) = Database::on(Backend::Postgres) else { return };
    let (key, directory) =
        (etalon::auth::token::SigningKey::generate([9; 32]).1, tempfile::tempdir());
    let directory = directory.expect("a directory");
    let file = directory.path().join("key.pem");
    std::fs::write(&file, key).expect("a key");
    let serve = |wait: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_etalon"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--json"])
            .env_clear()
            .env("DATABASE_URL", database.url().connection_string())
            .env("ETALON_SIGNING_KEY_FILE", &file)
            .env("ETALON_DATABASE_WAIT_SECONDS", wait)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().expect("a process")
    };
    // The database is elsewhere for now.
    let away = database.renamed();
    let ended = serve("1").wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(69), "{said}");
    assert!(said.contains("waiting for it, up to 1 s more"), "{said}");
    // And comes back while it is waited for.
    let mut child = serve("60");
    let mut log = BufReader::new(child.stderr.take().expect("its log")).lines();
    let waiting = log.find(|line| line.as_ref().is_ok_and(|line| line.contains("waiting for it")));
    assert!(waiting.is_some());
    drop(away);
    let mut line = String::new();
    let stdout = child.stdout.take().expect("its output");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    assert!(line.contains("listening"), "{line}");
    child.kill().expect("an end");
    child.wait().expect("an end");
}
