//! The service under more load than it can carry: the real binary with the demonstration country, and
//! clients on loopback that ask for twice what it was measured to answer.
//!
//! What is held: every answer is a success, 429 or 503, none is missing, and the memory of the process
//! is bounded. What is told, and held to nothing because a machine may be busy with other things: the
//! latency of requests that were let in, idle and under load. The lines that begin with "load:" are
//! printed and written to `load.txt` among cargo's temporary files.
//!
//! `ETALON_LOAD_SECONDS` says for how long (2 when absent; `.ci/run` says 30). Everything is bounded:
//! so many threads, each with one connection, for so long.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use etalon::clock::{Stopwatch, pause};
use serde_json::Value;

/// What the service is told it may do at once: little, so that a test machine can ask for more.
const PLACES: usize = 8;
const WAITING: usize = 16;

/// Clients that ask for twice the capacity: more than have a place or wait, so that some are refused.
const CLIENTS: usize = 96;

/// Requests that are asked one after the other, of a service that has nothing else to do.
const IDLE: usize = 200;

/// Most memory of the process, in KiB: some hundred for what it holds of SQLite's pages, claims and
/// connections; without bounds, the queue of such a test would take gigabytes.
const MOST_KIB: u64 = 512 << 10;

/// `etalon serve` on a registry of its own.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start(directory: &std::path::Path) -> Self {
        let etalon = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_etalon"));
            command.env_clear().current_dir(directory);
            command
        };
        let country = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/viet-nam.json");
        let imported = etalon().args(["import", "--historical", country]).output().expect("a run");
        assert!(imported.status.success(), "{imported:?}");
        let mut child = etalon()
            .args(["serve", "--listen", "127.0.0.1:0", "--json"])
            .env("ETALON_SETUP_KEY_FILE", directory.join("setup-key"))
            .env("ETALON_LOG", "warn")
            .env("ETALON_REQUESTS", PLACES.to_string())
            .env("ETALON_REQUESTS_WAITING", WAITING.to_string())
            .env("ETALON_CONNECTIONS_OF_ADDRESS", "1000")
            // Some of them are refused for how often, the others for how much at once.
            .env("ETALON_RATE_ADDRESS", "1000000")
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("a process");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let said: Value = serde_json::from_str(&line).expect("JSON");
        let address = said["listening"].as_str().expect("an address");
        let address = address.trim_start_matches("http://").to_owned();
        Self { child, address }
    }

    /// Most memory that it had so far, in KiB; none where the system does not say.
    fn most_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that keeps its connection.
struct Client {
    address: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Client {
    fn new(address: &str) -> Self {
        Self { address: address.to_owned(), stream: None }
    }

    /// Asks for something; the status and how long the answer took.
    fn get(&mut self, path: &str) -> (u16, Duration) {
        let stopwatch = Stopwatch::start();
        let stream = self.stream.get_or_insert_with(|| {
            let stream = TcpStream::connect(&self.address).expect("a connection");
            // Longer than the longest that a request may take: an answer that does not come is a
            // failure of this test, not its end.
            stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a bound");
            stream.set_nodelay(true).expect("an option");
            BufReader::new(stream)
        });
        let request = format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n");
        stream.get_mut().write_all(request.as_bytes()).expect("sent");
        let (mut status, mut length, mut closes) = (0, 0, false);
        let mut line = String::new();
        loop {
            line.clear();
            let read = stream.read_line(&mut line).expect("a line of the answer");
            assert!(read > 0, "the answer ends in its head");
            let lower = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = lower.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().expect("a status");
            } else if let Some(rest) = lower.strip_prefix("content-length: ") {
                length = rest.parse().expect("a length");
            } else if lower == "connection: close" {
                closes = true;
            } else if lower.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).expect("the body");
        if closes {
            self.stream = None;
        }
        (status, stopwatch.elapsed())
    }
}

/// What clients were answered.
#[derive(Debug, Default)]
struct Answers {
    admitted: Vec<Duration>,
    overloaded: usize,
    too_often: usize,
    other: Vec<u16>,
}

impl Answers {
    fn take(&mut self, (status, elapsed): (u16, Duration)) {
        match status {
            200 => self.admitted.push(elapsed),
            503 => self.overloaded += 1,
            429 => self.too_often += 1,
            other => self.other.push(other),
        }
    }

    fn add(mut self, other: Self) -> Self {
        self.admitted.extend(other.admitted);
        self.overloaded += other.overloaded;
        self.too_often += other.too_often;
        self.other.extend(other.other);
        self
    }

    fn all(&self) -> usize {
        self.admitted.len() + self.overloaded + self.too_often + self.other.len()
    }

    /// The latency below which so many per cent of those that were let in stayed, in milliseconds.
    fn percentile(&mut self, percent: usize) -> f64 {
        self.admitted.sort_unstable();
        let at = (self.admitted.len() * percent / 100).min(self.admitted.len().saturating_sub(1));
        self.admitted.get(at).map_or(f64::NAN, |one| one.as_secs_f64() * 1_000.0)
    }
}

/// So many clients ask for so long, each once every so often or, without a pace, one request after the
/// other.
fn asked(
    process: &Process,
    path: &str,
    clients: usize,
    seconds: f64,
    pace: Option<Duration>,
) -> Answers {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..clients)
            .map(|number| {
                let stop = &stop;
                scope.spawn(move || {
                    let (mut client, mut answers) =
                        (Client::new(&process.address), Answers::default());
                    let stopwatch = Stopwatch::start();
                    // They do not all begin at the same moment.
                    let mut next = pace.map(|pace| pace.mul_f64(number as f64 / clients as f64));
                    while !stop.load(Ordering::Relaxed) {
                        if let (Some(at), Some(pace)) = (&mut next, pace) {
                            pause(at.saturating_sub(stopwatch.elapsed()));
                            *at += pace;
                        }
                        answers.take(client.get(path));
                    }
                    answers
                })
            })
            .collect();
        pause(Duration::from_secs_f64(seconds));
        stop.store(true, Ordering::Relaxed);
        let answers = clients.into_iter().map(|client| client.join().expect("a client"));
        answers.fold(Answers::default(), Answers::add)
    })
}

#[test]
fn twice_the_load_is_answered_or_refused_and_memory_is_bounded() {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a test runs is no setting of the program"
    )]
    let seconds = std::env::var("ETALON_LOAD_SECONDS").ok();
    let seconds: f64 = seconds.map_or(2.0, |text| text.parse().expect("seconds"));
    let directory = tempfile::tempdir().expect("a directory");
    let process = Process::start(directory.path());
    let mut client = Client::new(&process.address);
    // Something that takes work: the report on a standard of a laboratory, with everything above it.
    let path = busiest(&mut client, &process);

    let mut idle = Answers::default();
    for _ in 0..IDLE {
        idle.take(client.get(&path));
    }
    assert_eq!(idle.admitted.len(), IDLE, "{idle:?}");
    // As many as have a place, one request after the other: what it can carry.
    let measured = asked(&process, &path, PLACES / 2, (seconds / 4.0).max(1.0), None);
    assert_eq!(measured.all(), measured.admitted.len(), "{measured:?}");
    let capacity = measured.admitted.len() as f64 / (seconds / 4.0).max(1.0);
    let before = process.most_memory();
    let pace = Duration::from_secs_f64(CLIENTS as f64 / (2.0 * capacity));
    let stopwatch = Stopwatch::start();
    let mut loaded = asked(&process, &path, CLIENTS, seconds, Some(pace));
    let took = stopwatch.elapsed().as_secs_f64();
    let most = process.most_memory();

    let milliseconds = |answers: &mut Answers| (answers.percentile(50), answers.percentile(99));
    let ((idle_50, idle_99), (loaded_50, loaded_99)) =
        (milliseconds(&mut idle), milliseconds(&mut loaded));
    let mut told = String::new();
    let offered = loaded.all() as f64 / took;
    let mebibytes = |kib: Option<u64>| kib.map_or("?".to_owned(), |kib| (kib >> 10).to_string());
    let _ = write!(
        told,
        "load: {capacity:.0} answers a second measured; {offered:.0} a second asked for {seconds} s by \
         {CLIENTS} clients, {PLACES} places, {WAITING} waiting\n\
         load: {} answered, {} × 503, {} × 429, {} others\n\
         load: latency of what was let in, p50/p99: {loaded_50:.1}/{loaded_99:.1} ms; idle \
         {idle_50:.1}/{idle_99:.1} ms; ratio {:.1}/{:.1}\n\
         load: memory at most {} MiB, before the load {} MiB\n",
        loaded.admitted.len(),
        loaded.overloaded,
        loaded.too_often,
        loaded.other.len(),
        loaded_50 / idle_50,
        loaded_99 / idle_99,
        mebibytes(most),
        mebibytes(before),
    );
    print!("{told}");
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("load.txt");
    std::fs::write(file, &told).expect("the directory for temporary files can be written");
    assert!(loaded.other.is_empty(), "{:?}", loaded.other);
    assert!(!loaded.admitted.is_empty(), "nobody was let in");
    assert!(most.is_none_or(|most| most < MOST_KIB), "{most:?} KiB");
    // It is as it was, and answers those who look after it.
    for path in ["/healthz", "/readyz", &path] {
        assert_eq!(client.get(path).0, 200, "{path}");
    }
}

/// The report on the standard, among some, that takes longest.
fn busiest(client: &mut Client, process: &Process) -> String {
    let list =
        ureq::get(format!("http://{}/api/v1/measurement_standards?limit=50", process.address));
    let text = list.call().expect("an answer").body_mut().read_to_string().expect("a text");
    let list: Value = serde_json::from_str(&text).expect("JSON");
    let paths = list["items"].as_array().expect("a list").iter().map(|one| {
        let id = one["id"].as_str().or(one["record"]["id"].as_str()).expect("an id");
        format!("/api/v1/measurement_standards/{id}/traceability")
    });
    let timed = paths.map(|path| {
        client.get(&path);
        let (status, elapsed) = client.get(&path);
        assert_eq!(status, 200, "{path}");
        (elapsed, path)
    });
    timed.max().expect("a standard").1
}
