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

/// Keys, tokens, passwords and what is like them are in no line of the log, whatever is logged, and in
/// no answer to somebody who should not have them.
#[test]
fn no_secret_is_in_the_log_of_a_running_server() {
    let (key, pem) = etalon::auth::token::SigningKey::generate([9; 32]);
    drop(key);
    let directory = tempfile::tempdir().expect("a directory");
    let signing = directory.path().join("key.pem");
    std::fs::write(&signing, &pem).expect("a key");
    // With a password where there is a database that takes one (any, from this machine).
    const PASSWORD: &str = "hunter2-of-the-database";
    let database = Database::on(Backend::Postgres);
    let url = match database.as_ref().map(|database| database.url().connection_string()) {
        Some(url) => with_password(&url, PASSWORD),
        None => directory.path().join("registry.db").display().to_string(),
    };
    let setup_key = directory.path().join("setup-key");
    let mut child = Command::new(env!("CARGO_BIN_EXE_etalon"))
        .args(["serve", "--listen", "127.0.0.1:0", "--json"])
        .env_clear()
        .env("DATABASE_URL", &url)
        .env("ETALON_SIGNING_KEY_FILE", &signing)
        .env("ETALON_SETUP_KEY_FILE", &setup_key)
        // Everything that this program and its server say; the libraries below them may dump bytes.
        .env("ETALON_LOG", "debug,etalon=trace,actix_http=trace,actix_web=trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process");
    // Its log is read while it writes: a full pipe would stop it.
    let stderr = child.stderr.take().expect("its log");
    let log = std::thread::spawn(move || {
        let mut log = Vec::new();
        BufReader::new(stderr).read_to_end(&mut log).expect("its log");
        String::from_utf8_lossy(&log).into_owned()
    });
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    let said: Value = serde_json::from_str(&line).expect("JSON");
    let address = said["listening"].as_str().expect("an address").to_owned();
    let setup_key = std::fs::read_to_string(setup_key).expect("a key");
    let post = |path: &str, media: &str, body: String, token: Option<&str>| {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent.post(format!("{address}{path}")).header("Content-Type", media);
        let request = match token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        };
        let mut answer = request.send(body).expect("an answer");
        answer.body_mut().read_to_string().expect("a text")
    };
    let form = "application/x-www-form-urlencoded";
    let json = "application/json";
    let body = serde_json::json!({
        "setup_key": setup_key.trim(),
        "organisation": {"kind": "nmi", "names": {"en": "Institute"}},
    });
    let made = post("/api/v1/setup", json, body.to_string(), None);
    let made: Value = serde_json::from_str(&made).expect("JSON");
    let api_key = made["secret"].as_str().expect("a key").to_owned();
    let asked = format!("grant_type=client_credentials&client_secret={api_key}");
    let token = post("/api/v1/auth/token", form, asked, None);
    let token: Value = serde_json::from_str(&token).expect("JSON");
    let token = token["access_token"].as_str().expect("a token").to_owned();
    // What is wrong is told without what was sent.
    let wrong_key = format!("{}x", &api_key[..api_key.len() - 1]);
    let wrong_token = format!("{}x", &token[..token.len() - 1]);
    let answers = [
        post(
            "/api/v1/auth/token",
            form,
            format!("grant_type=client_credentials&client_secret={wrong_key}"),
            None,
        ),
        post(
            "/api/v1/auth/token",
            form,
            format!("grant_type=x&client_secret={api_key}&more={api_key}"),
            None,
        ),
        post("/api/v1/setup", json, body.to_string(), None),
        post("/api/v1/setup", json, format!("{{\"setup_key\": \"{}\" ", setup_key.trim()), None),
        post("/api/v1/organisations", json, "{}".to_owned(), Some(&wrong_token)),
        post("/api/v1/organisations", json, "{}".to_owned(), Some(&token)),
        post("/api/v1/documents", json, "{\"designation\": \"TCVN 1\"}".to_owned(), Some(&token)),
    ];
    let process = Process { child, address: address.clone() };
    let id = process.child.id().to_string();
    let sent = Command::new("kill").args(["-s", "TERM", &id]).status().expect("kill");
    assert!(sent.success());
    let mut child = process.child;
    assert_eq!(child.wait().expect("an end").code(), Some(0));
    let log = log.join().expect("its log");
    assert!(log.contains("the registry is set up"), "it logs: {log}");
    let private: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    for (what, secret) in [
        ("the set-up key", setup_key.trim()),
        ("a key", api_key.as_str()),
        ("a wrong key", wrong_key.as_str()),
        ("a token", token.as_str()),
        ("a wrong token", wrong_token.as_str()),
        ("the signature of a token", token.rsplit('.').next().expect("a signature")),
        ("the signing key", private.as_str()),
        ("the password of the database", PASSWORD),
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{what} is in the log: {line:?}");
        for answer in &answers {
            assert!(!answer.contains(secret), "{what} is in an answer: {answer}");
        }
    }
}

/// The address of a database with a password put into it.
fn with_password(url: &str, password: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("an address");
    match rest.split_once('@') {
        Some((user, place)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:{password}@{place}")
        }
        None => format!("{scheme}://postgres:{password}@{rest}"),
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
