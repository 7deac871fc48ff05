//! A PostgreSQL of a test's own, which can be killed, stopped, filled and followed by a standby: made
//! with `initdb` and thrown away. It writes to the disk as one in use does (`fsync` is on).

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use etalon::store::{DatabaseUrl, Store};
use tempfile::TempDir;

use crate::support::Direct;

/// A cluster of databases, and the server of it, if it runs.
pub struct Cluster {
    directory: TempDir,
    data: PathBuf,
    pub port: u16,
    settings: String,
}

/// Where the programs of PostgreSQL are; none where they are not installed.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for version in fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        let number = version.file_name().to_str().and_then(|name| name.parse().ok());
        found.push((number.unwrap_or(0), version.path().join("bin")));
    }
    found.sort();
    found.into_iter().map(|(_, bin)| bin).rfind(|bin| bin.join("initdb").is_file())
}

/// Says that a test is skipped; where all of them have to run, that is a failure.
#[expect(
    clippy::disallowed_methods,
    reason = "whether all tests have to run is said by who runs them"
)]
pub fn skipped(what: &str, why: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{what}: {why}");
    // Past the test harness, which keeps what tests that pass print to itself.
    let _ = writeln!(std::io::stderr(), "skipped: {what}; {why}");
}

/// Whether this process may do everything: then PostgreSQL has to run as somebody else.
pub fn is_root(directory: &Path) -> bool {
    fs::metadata(directory).expect("a directory").uid() == 0
}

/// That a program ends well; what it prints is not looked at.
#[track_caller]
pub fn run(command: &mut Command) {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.expect("a program").success(), "{command:?}");
}

impl Cluster {
    /// A server that answers, with settings of its own (`-c name=value …`).
    pub fn start(settings: &str) -> Option<Self> {
        let cluster = Self::idle(settings)?;
        cluster.up();
        Some(cluster)
    }

    /// The same, whose server does not run yet.
    pub fn idle(settings: &str) -> Option<Self> {
        let cluster = Self::place(settings)?;
        let data = cluster.data.clone();
        cluster.init(&data, None);
        Some(cluster)
    }

    /// The same, with its tables in a directory that is there already and its log elsewhere.
    pub fn with_data_in(directory: &Path, settings: &str) -> Option<Self> {
        let mut cluster = Self::place(settings)?;
        let wal = cluster.directory.path().join("wal");
        cluster.data = directory.join("data");
        cluster.own(directory);
        cluster.init(&cluster.data, Some(&wal));
        cluster.up();
        Some(cluster)
    }

    fn place(settings: &str) -> Option<Self> {
        if programs().is_none() {
            skipped("tests that kill PostgreSQL", "its programs are not in /usr/lib/postgresql");
            return None;
        }
        let directory = tempfile::tempdir().expect("a directory");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        let data = directory.path().join("data");
        let cluster = Self { directory, data, port, settings: settings.to_owned() };
        cluster.own(cluster.directory.path());
        Some(cluster)
    }

    fn init(&self, data: &Path, wal: Option<&Path>) {
        let mut init = self.program("initdb");
        init.arg("--pgdata").arg(data).args(["--username", "postgres", "--auth", "trust"]);
        init.args(["--encoding", "UTF8", "--locale", "C", "--no-sync", "--wal-segsize", "1"]);
        if let Some(wal) = wal {
            init.arg("--waldir").arg(wal);
        }
        run(&mut init);
    }

    /// Gives a directory to whoever runs PostgreSQL.
    fn own(&self, directory: &Path) {
        if is_root(self.directory.path()) || is_root(directory) {
            run(Command::new("chown").arg("postgres").arg(directory));
        }
    }

    /// A program of PostgreSQL: as user postgres where this process is root, which it refuses.
    fn program(&self, name: &str) -> Command {
        let program = programs().expect("it was there").join(name);
        // The test's own directory belongs to postgres by now.
        let mut command = match is_root(Path::new("/proc/self")) {
            true => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(program);
                command
            }
            false => Command::new(program),
        };
        command.current_dir("/");
        command
    }

    fn control(&self, arguments: &[&str]) -> Command {
        let mut control = self.program("pg_ctl");
        control.arg("--pgdata").arg(&self.data).args(["--wait", "--silent"]).args(arguments);
        control
    }

    /// Starts the server, and waits until it answers.
    pub fn up(&self) {
        // No socket in a directory: a server that was killed would leave its lock there.
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories= {}",
            self.port, self.settings
        );
        let log = self.directory.path().join("log");
        let name = log.to_str().expect("UTF-8");
        let mut start = self.control(&["--log", name, "--options", &options, "start"]);
        start.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = start.status().expect("pg_ctl");
        assert!(started.success(), "{}", fs::read_to_string(log).unwrap_or_default());
    }

    /// Restarts the server: those who are connected are cut off.
    pub fn restart(&self) {
        run(&mut self.control(&["--mode", "fast", "stop"]));
        self.up();
    }

    /// Makes a standby the one that takes writes.
    pub fn promote(&self) {
        run(&mut self.control(&["promote"]));
    }

    /// Kills the server and all its processes with SIGKILL; ready when they are gone.
    pub fn kill(&self) {
        let ids = self.held();
        signal("KILL", &ids);
        while ids.iter().any(|id| is_alive(*id)) {
            std::thread::yield_now();
        }
        // The next server looks whether its id is still in use, and it may be until somebody has
        // asked how it ended; on a machine with a real init that is at once. Where the server does
        // not run, there is no such file.
        let _ = fs::remove_file(self.data.join("postmaster.pid"));
    }

    /// Holds the server and all its processes still, and gives their ids: it says nothing more, and
    /// does not go away either.
    pub fn held(&self) -> Vec<u32> {
        let noted = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        let Some(Ok(server)) = noted.lines().next().map(str::parse::<u32>) else {
            return Vec::new();
        };
        // Held still, it makes no further ones, which nobody would know of.
        signal("STOP", &[server]);
        let mut ids = vec![server];
        ids.extend(children(server));
        signal("STOP", &ids);
        ids
    }

    /// A standby that follows this server.
    pub fn standby(&self, settings: &str) -> Self {
        let standby = Self::place(settings).expect("it was there");
        let source = format!("host=127.0.0.1 port={} user=postgres", self.port);
        let mut copy = self.program("pg_basebackup");
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--dbname", &source]);
        run(copy.arg("--pgdata").arg(&standby.data));
        standby.up();
        standby
    }

    /// The address of a database of it.
    pub fn url(&self, name: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    /// SQL as its superuser.
    pub fn direct(&self, name: &str) -> Direct {
        Direct::Postgres(PgConnection::establish(&self.url(name)).expect("it answers"))
    }

    /// The same, where it may be that nobody is let in any more.
    pub fn try_direct(&self, name: &str) -> Option<Direct> {
        PgConnection::establish(&self.url(name)).ok().map(Direct::Postgres)
    }

    /// A registry in a database of its own, called `etalon`, with nothing in it; its address.
    pub fn registry(&self) -> DatabaseUrl {
        self.direct("postgres").run("CREATE DATABASE etalon");
        let url = DatabaseUrl::Postgres(self.url("etalon"));
        Store::open(&url).expect("it answers").migrate().expect("migrated");
        url
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends a signal to processes; one may have ended by itself.
pub fn signal(name: &str, ids: &[u32]) {
    if ids.is_empty() {
        return;
    }
    let mut kill = Command::new("kill");
    kill.args(["-s", name]).args(ids.iter().map(u32::to_string)).stderr(Stdio::null());
    let _ = kill.status();
}

/// The fields of a process after its name: state, parent, …
fn status(id: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

/// Whether a process can still do something: one that ended may be there until it is asked about.
fn is_alive(id: u32) -> bool {
    status(id).is_some_and(|fields| !["Z", "X"].contains(&fields[0].as_str()))
}

fn children(parent: u32) -> Vec<u32> {
    let parent = parent.to_string();
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id| status(*id).is_some_and(|fields| fields[1] == parent)).collect()
}
