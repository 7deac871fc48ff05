//! `etalon kcdb` against a small server of the test's own that speaks as the KCDB does: paging,
//! interruption and going on, servers that are busy, answers that are none. No test asks anything of
//! the network.

mod cli_support;

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use cli_support::{Run, command, directory, etalon, run};
use etalon::app::fetch::{self, Failed, FetchReport, Plan, Search, World};
use etalon::domain::period::Instant;
use serde_json::{Value, json};
use tempfile::TempDir;

// The server

/// What it answers: a status, further headers, a body.
struct Answer(u16, &'static str, String);

/// Answers a page by its number, at the so-manieth request of all.
type Script = dyn Fn(&Value, usize) -> Answer + Send;

/// A server on a port of its own.
struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Value>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn new(script: impl Fn(&Value, usize) -> Answer + Send + 'static) -> Self {
        let script: Box<Script> = Box::new(script);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (asked, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (kept, stopped) = (Arc::clone(&asked), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                answer(stream.expect("a connection"), &kept, script.as_ref());
            }
        });
        Self { address, asked, stop, thread: Some(thread) }
    }

    fn url(&self) -> String {
        format!("http://{}/api/kcdb", self.address)
    }

    /// The pages asked for, in this order.
    fn pages(&self) -> Vec<u64> {
        let asked = self.asked.lock().expect("not poisoned");
        asked.iter().map(|body| body["page"].as_u64().expect("a page")).collect()
    }

    fn first(&self) -> Value {
        self.asked.lock().expect("not poisoned")[0].clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the server, so that it sees that it is to stop.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server does not panic");
        }
    }
}

/// One request and its answer; a status of 0 closes the connection without one.
fn answer(mut stream: TcpStream, asked: &Mutex<Vec<Value>>, script: &Script) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let (mut length, mut start) = (0, String::new());
    reader.read_line(&mut start).expect("a request");
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header");
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').expect("a header");
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let mut body: Value = serde_json::from_slice(&body).expect("JSON");
    body["path"] = start.split(' ').nth(1).expect("a path").into();
    let count = {
        let mut asked = asked.lock().expect("not poisoned");
        asked.push(body.clone());
        asked.len()
    };
    let Answer(status, headers, text) = script(&body, count);
    if status > 0 {
        let length = text.len();
        let _ = write!(
            stream,
            "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{text}"
        );
    }
}

/// So many CMCs of Viet Nam in electricity, as pages.
fn page_of(body: &Value, total: usize) -> Answer {
    let (page, size) = (number(&body["page"]), number(&body["pageSize"]));
    let rows: Vec<Value> = (0..total).skip(page * size).take(size).map(row).collect();
    let text = json!({
        "versionApiKcdb": "1.0.13", "pageNumber": page, "pageSize": size,
        "numberOfElements": rows.len(), "totalElements": total,
        "totalPages": total.div_ceil(size), "data": rows,
    });
    Answer(200, "", text.to_string())
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().expect("a number")).expect("a small one")
}

fn row(number: usize) -> Value {
    json!({
        "kcdbCode": format!("APMP-EM-VN-{number:08}-1"), "status": "Published",
        "statusDate": "2020-01-01", "publicationDate": "2020-01-01", "nmiIdentifier": 7,
        "nmiCode": "VMI", "nmiName": "Vietnam Metrology Institute", "countryValue": "Viet Nam",
        "kcdbServiceCategory": "EM/DC-1.1.2", "uncertaintyMode": "Absolute",
        "cmc": {"lowerLimit": 1, "upperLimit": 10, "unit": "V"},
        "cmcUncertainty": {"lowerLimit": 1, "upperLimit": 1, "unit": "µV"},
    })
}

// Two ways to ask it

fn by_command(server: &Server, directory: &Path, further: &[&str]) -> Run {
    let (url, output) = (server.url(), directory.display().to_string());
    let mut arguments = vec!["kcdb", "fetch", "--area", "EM", "--country", "VN", "--interval", "0"];
    arguments.extend(["--page-size", "2", "--url", &url, "--output", &output]);
    arguments.extend(further);
    run(&mut command(&arguments), b"")
}

fn plan(url: String, directory: &Path) -> Plan {
    Plan {
        url,
        search: Search::new("EM", [("countries", json!(["VN"]))]).expect("a search"),
        page_size: 2,
        directory: directory.to_owned(),
        interval: Duration::from_secs(1),
        timeout: Duration::from_secs(30),
        restart: false,
    }
}

/// Fetches without waiting; says how long it would have waited.
fn by_plan(plan: &Plan, now: &str) -> (Result<FetchReport, Failed>, Vec<u64>) {
    let now = Instant::parse(now).expect("an instant");
    let waited = RefCell::new(Vec::new());
    let mut pause = |duration: Duration| waited.borrow_mut().push(duration.as_secs());
    let mut world = World { now: &|| now, pause: &mut pause, told: &mut |_, _| {} };
    let report = fetch::fetch(plan, &mut world);
    (report, waited.into_inner())
}

const NOW: &str = "2026-11-20T01:00:00Z";

#[track_caller]
fn complains(failed: Result<FetchReport, Failed>, part: &str) {
    let text = match failed {
        Err(Failed::Unavailable(text) | Failed::Unexpected(text) | Failed::Files(text)) => text,
        Ok(report) => panic!("{report:?}"),
    };
    assert!(text.en.contains(part) && !text.vi.is_empty(), "{text:?}");
}

// Tests

#[test]
fn pages_become_a_snapshot_that_can_be_imported() {
    let server = Server::new(|body, _| page_of(body, 5));
    let home = directory(&[]);
    let place = home.path().join("em");
    let fetched = by_command(&server, &place, &[]);
    assert_eq!(fetched.status, Some(0), "{fetched:?}");
    assert!(fetched.out.contains("CMCs: 5, pages: 3, of them there before: 0"), "{fetched:?}");
    assert!(fetched.out.contains("snapshot.json --source kcdb"), "{fetched:?}");
    assert_eq!(server.pages(), [0, 1, 2]);
    assert_eq!(
        server.first(),
        json!({"path": "/api/kcdb/cmc/searchData/physics", "metrologyAreaLabel": "EM",
            "countries": ["VN"], "showTable": true, "page": 0, "pageSize": 2})
    );
    let mut files: Vec<_> = fs::read_dir(&place)
        .expect("a directory")
        .map(|file| file.expect("a file").file_name().into_string().expect("a name"))
        .collect();
    files.sort();
    let pages = ["page-00000.json", "page-00001.json", "page-00002.json", "snapshot.json"];
    assert_eq!(files, [&["manifest.json"][..], &pages[..]].concat());

    let data = home.path().join("data").display().to_string();
    let snapshot = place.join("snapshot.json").display().to_string();
    let import = ["import", &snapshot, "--source", "kcdb", "--data-dir", &data];
    let imported = etalon(&import);
    assert_eq!(imported.status, Some(0), "{imported:?}");
    assert!(imported.out.contains("created: 6"), "{imported:?}");
    assert!(!imported.out.contains("synced_at"), "{imported:?}");
    let listed = etalon(&["list", "capabilities", "--data-dir", &data, "--json"]).json();
    assert!(listed.to_string().contains("synced_at"), "{listed}");

    // A later fetch that finds fewer shows which are gone.
    let server = Server::new(|body, _| page_of(body, 4));
    let later = home.path().join("later");
    assert_eq!(by_command(&server, &later, &[]).status, Some(0));
    let snapshot = later.join("snapshot.json").display().to_string();
    let imported = etalon(&["import", &snapshot, "--source", "kcdb", "--data-dir", &data]);
    assert!(imported.out.contains("APMP-EM-VN-00000004-1"), "{imported:?}");
    assert!(imported.out.contains("deleted from"), "{imported:?}");
}

#[test]
fn a_fetch_that_was_cut_off_goes_on() {
    let server = Server::new(|body, count| match count {
        3 => Answer(403, "", "come back later".to_owned()),
        _ => page_of(body, 7),
    });
    let home = directory(&[]);
    by_command(&server, home.path(), &[]).refused(69, &["HTTP status 403", "come back later"]);
    assert!(!home.path().join("snapshot.json").exists());
    let kept = fs::read_to_string(home.path().join("page-00001.json")).expect("a page");
    let again = by_command(&server, home.path(), &["--json"]);
    let report = again.json();
    assert_eq!(
        (&report["rows"], &report["pages"], &report["kept"]),
        (&7.into(), &4.into(), &2.into())
    );
    assert_eq!(server.pages(), [0, 1, 2, 2, 3]);
    assert_eq!(fs::read_to_string(home.path().join("page-00001.json")).expect("a page"), kept);
    // Once more there is nothing to do; a page that was damaged is fetched again, with all after.
    assert_eq!(by_command(&server, home.path(), &["--json"]).json()["kept"], 4);
    assert_eq!(server.pages().len(), 5);
    fs::write(home.path().join("page-00002.json"), "half").expect("written");
    assert_eq!(by_command(&server, home.path(), &["--json"]).json()["kept"], 2);
    assert_eq!(server.pages(), [0, 1, 2, 2, 3, 2, 3]);
    // Another search does not go into the same directory, unless it begins anew.
    let other = ["--branch", "EM/DC"];
    by_command(&server, home.path(), &other).refused(65, &["another fetch", "--restart"]);
    let anew = by_command(&server, home.path(), &[&other[..], &["--restart", "--json"]].concat());
    assert_eq!(anew.json()["kept"], 0);
}

#[test]
fn busy_servers_are_asked_again_when_they_say() {
    let server = Server::new(|body, count| match count {
        2 => Answer(429, "retry-after: 7\r\n", "too many".to_owned()),
        3 => Answer(503, "retry-after: 0\r\n", String::new()),
        4 => Answer(503, "", String::new()),
        5 => Answer(0, "", String::new()),
        _ => page_of(body, 3),
    });
    let home = directory(&[]);
    let (report, waited) = by_plan(&plan(server.url(), home.path()), NOW);
    let report = report.expect("a report");
    assert_eq!((report.rows, report.pages, report.kept), (3, 2, 0));
    // One second before each further request, and what the server asked for, else 8 and 16 after
    // the third and fourth try of a page.
    assert_eq!(waited, [1, 7, 1, 0, 1, 8, 1, 16, 1]);
    assert_eq!(server.pages(), [0, 1, 1, 1, 1, 1]);
    assert_eq!(report.fetched_at.to_string(), NOW);
}

#[test]
fn servers_that_do_not_give_the_page() {
    let home = directory(&[]);
    let place = |name: &str| home.path().join(name);
    let busy = Server::new(|_, _| Answer(503, "retry-after: 1\r\n", "down".to_owned()));
    let (failed, waited) = by_plan(&plan(busy.url(), &place("busy")), NOW);
    complains(failed, "HTTP status 503: down; tried 5 times");
    assert_eq!(waited, [1; 8]);
    let tired = Server::new(|_, _| Answer(429, "retry-after: 86400\r\n", String::new()));
    complains(by_plan(&plan(tired.url(), &place("tired")), NOW).0, "to wait for 86400 seconds");
    assert_eq!(tired.pages().len(), 1);
    let moved = Server::new(|_, _| Answer(301, "location: http://127.0.0.1:1/\r\n", String::new()));
    complains(by_plan(&plan(moved.url(), &place("moved")), NOW).0, "HTTP status 301");
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("one");
    let nobody = plan(format!("http://{nobody}"), &place("nobody"));
    complains(by_plan(&nobody, NOW).0, "cannot be reached");
    complains(by_plan(&plan("no address".to_owned(), &place("none")), NOW).0, "cannot be reached");
}

#[test]
fn answers_that_are_none() {
    let home = directory(&[]);
    let failed = |name: &str, script: fn(&Value, usize) -> Answer| {
        let server = Server::new(script);
        by_plan(&plan(server.url(), &home.path().join(name)), NOW).0
    };
    complains(failed("html", |_, _| Answer(200, "", "<html>".to_owned())), "no answer of the KCDB");
    complains(failed("json", |_, _| Answer(200, "", "{}".to_owned())), "no answer of the KCDB");
    complains(
        failed("total", |body, count| page_of(body, if count < 3 { 6 } else { 7 })),
        "had 6 rows before, and 7 now",
    );
    // The same total, but a row moved to the next page meanwhile.
    complains(
        failed("moved", |body, count| {
            let mut answer = page_of(body, 4);
            if count == 2 {
                answer.2 = answer.2.replace("00000002-1", "00000001-1");
            }
            answer
        }),
        "had 4 rows before, and 3 now",
    );
    complains(
        failed("page", |body, _| {
            let body = json!({"page": 1, "pageSize": body["pageSize"]});
            page_of(&body, 4)
        }),
        "page 0 was asked for",
    );
    for name in ["html", "json", "total", "moved", "page"] {
        assert!(!home.path().join(name).join("snapshot.json").exists(), "{name}");
    }
}

#[test]
fn an_unfinished_fetch_of_yesterday_begins_anew() {
    let server = Server::new(|body, count| match count {
        2 => Answer(403, "", String::new()),
        _ => page_of(body, 4),
    });
    let home = directory(&[]);
    let mut plan = plan(server.url(), home.path());
    complains(by_plan(&plan, NOW).0, "403");
    complains(by_plan(&plan, "2026-11-22T01:00:00Z").0, "more than a day old");
    plan.restart = true;
    let (report, _) = by_plan(&plan, "2026-11-22T01:00:00Z");
    assert_eq!(report.expect("a report").fetched_at.to_string(), "2026-11-22T01:00:00Z");
    assert_eq!(server.pages(), [0, 1, 0, 1]);
}

#[test]
fn an_area_without_a_cmc_is_a_snapshot_too() {
    let server = Server::new(|body, _| page_of(body, 0));
    let home = directory(&[]);
    let (report, waited) = by_plan(&plan(server.url(), home.path()), NOW);
    assert_eq!(report.map(|report| (report.rows, report.pages)), Ok((0, 1)));
    assert_eq!(waited, [0; 0]);
}

#[test]
fn options_that_do_not_go_together() {
    let home: TempDir = directory(&[]);
    let place = home.path().display().to_string();
    let fetch = |further: &[&str]| {
        let start = ["kcdb", "fetch", "--url", "http://127.0.0.1:1", "--output", &place];
        etalon(&[&start[..], further].concat())
    };
    fetch(&["--area", "XX"]).refused(64, &["“XX” is no area of the KCDB", "AUV, EM"]);
    fetch(&["--area", "EM", "--nuclide", "Co-60"]).refused(64, &["nuclideLabel"]);
    fetch(&["--area", "EM", "--page-size", "10001"]).refused(64, &["--page-size"]);
    let mut wrong = command(&["kcdb", "fetch", "--area", "EM", "--output", &place]);
    run(wrong.env("ETALON_KCDB_URL", "ftp://x"), b"").refused(64, &["ETALON_KCDB_URL"]);
    let server = Server::new(|body, _| page_of(body, 1));
    let mut right = command(&["kcdb", "fetch", "--area", "EM", "--output", &place, "--json"]);
    let fetched = run(right.env("ETALON_KCDB_URL", server.url()), b"");
    assert_eq!(fetched.json()["rows"], 1);
}

const TABLE: &str = "Id,Branch,Service,Subservice,IndividualService\n\
    EM.EM/DC.1.1.2,DC voltage and current,DC voltage,Single values,Low value\n\
    EM.EM/DC.2.1.1,DC resistance,Resistance,Standards,Low values\n";

#[test]
fn service_categories_are_found_and_checked() {
    let rows = [row(1), row(2)];
    let answer = json!({"versionApiKcdb": "1", "data": rows}).to_string();
    let odd = answer.replace("EM/DC-1.1.2", "EM/DC-9.9");
    let files =
        [("table.csv", TABLE), ("good.json", &answer), ("odd.json", &odd), ("x.csv", "Id,\n")];
    let home = directory(&files);
    let path = |name: &str| home.path().join(name).display().to_string();
    let (table, good, odd) = (path("table.csv"), path("good.json"), path("odd.json"));
    let found = etalon(&["kcdb", "services", &table, "--find", "dc voltage low"]);
    assert!(found.out.contains("EM/DC-1.1.2  DC voltage and current › DC voltage"), "{found:?}");
    assert!(found.out.contains("1 of 2 service categories"), "{found:?}");
    let found = etalon(&["kcdb", "services", &table, "--json"]).json();
    assert_eq!(found[1]["code"], "EM/DC-2.1.1");
    let checked = etalon(&["kcdb", "services", &table, "--check", &good, "--lang", "vi"]);
    assert_eq!(checked.status, Some(0), "{checked:?}");
    let checked = etalon(&["kcdb", "services", &table, "--check", &odd]);
    assert_eq!(checked.status, Some(1), "{checked:?}");
    assert!(checked.out.contains("EM/DC-9.9  not in the classification  ×2"), "{checked:?}");
    etalon(&["kcdb", "services", &path("x.csv")]).refused(65, &["no column “Branch”"]);
}
