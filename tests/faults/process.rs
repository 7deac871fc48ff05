//! The real binary, served from a process of its own.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use etalon::store::DatabaseUrl;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{Answer, Client};

/// What all instances of a service share, and what they leave behind.
pub struct Home {
    directory: TempDir,
    /// The address of the database.
    pub database: String,
}

/// An instance that answers.
pub struct Instance {
    child: Child,
    pub client: Client,
}

/// The address that clients are told: the same for every instance, so that a token of one is good
/// for all.
const PUBLIC: &str = "http://etalon.test";

impl Home {
    pub fn new(database: &DatabaseUrl) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let key = etalon::auth::token::SigningKey::generate([9; 32]).1;
        fs::write(directory.path().join("key.pem"), key).expect("a key");
        Self { directory, database: database.connection_string() }
    }

    /// The same on another address of the database.
    pub fn on(self, database: String) -> Self {
        Self { database, ..self }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The command that serves, told what all instances are told.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_etalon"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--json"])
            .env_clear()
            .env("DATABASE_URL", &self.database)
            .env("ETALON_SIGNING_KEY_FILE", self.path("key.pem"))
            .env("ETALON_SETUP_KEY_FILE", self.path("setup-key"))
            .env("ETALON_PUBLIC_URL", PUBLIC)
            // The crowd of these tests is one principal at one address, and in a hurry.
            .env("ETALON_RATE_PRINCIPAL", "100000")
            .env("ETALON_RATE_ADDRESS", "100000")
            .stdout(Stdio::piped())
            .stderr(Stdio::from(
                File::options().append(true).create(true).open(self.path("log")).expect("a log"),
            ));
        command
    }

    /// What the instances said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// An instance, once it listens.
    pub fn serve(&self) -> Instance {
        self.serve_as(&mut self.command())
    }

    /// The same with a command that was told more.
    pub fn serve_as(&self, command: &mut Command) -> Instance {
        let mut child = command.spawn().expect("a process");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let said: Value = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("{error}: {line}{}", self.log()));
        let address = said["bound"].as_str().expect("an address").to_owned();
        Instance { child, client: Client::new(address) }
    }

    /// Sets the registry up, and gives a token of its operator.
    pub fn operator(&self, instance: &Instance) -> String {
        let key = fs::read_to_string(self.path("setup-key")).expect("a set-up key");
        let body = json!({
            "setup_key": key.trim(),
            "organisation": {"kind": "nmi", "names": {"en": "Institute"}, "country": "VN"},
        });
        let answer = instance.client.post("/api/v1/setup", "", &[], &body).expect("an answer");
        assert_eq!(answer.status, 201, "{}", answer.body);
        let secret = answer.body["secret"].as_str().expect("a key").to_owned();
        fs::write(self.path("api-key"), &secret).expect("a file");
        self.token(instance)
    }

    /// A token of the operator.
    pub fn token(&self, instance: &Instance) -> String {
        let answer = self.asked_for_token(instance);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["access_token"].as_str().expect("a token").to_owned()
    }

    /// What is answered to who asks for one.
    pub fn asked_for_token(&self, instance: &Instance) -> Answer {
        let key = fs::read_to_string(self.path("api-key")).expect("a key");
        let form = format!("grant_type=client_credentials&client_secret={key}");
        let media = [("Content-Type", "application/x-www-form-urlencoded")];
        let answer = instance.client.send("POST", "/api/v1/auth/token", &media, form.into());
        answer.expect("an answer")
    }
}

impl Instance {
    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: nothing of it runs after that.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().expect("kill");
        assert!(sent.success());
    }

    /// Waits for its end, and gives its exit status.
    pub fn ended(mut self) -> Option<i32> {
        self.child.wait().expect("an end").code()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // It may be gone by now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
