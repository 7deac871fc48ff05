//! Fetches what a search of the KCDB finds: page by page into a directory, politely, and going on
//! where an earlier fetch was cut off.
//!
//! Each page is a file of its own, written whole or not at all; `manifest.json` says what was asked,
//! which pages are there, with their digests, and when each was taken. When all are there they are
//! put together as `snapshot.json`, which says of itself what was searched and when, for an import.
//!
//! What does not live here: how an answer is read (`exchange::kcdb`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::domain::fault::shortened;
use crate::domain::log::Digest;
use crate::domain::period::Instant;
use crate::domain::text::Text;
use crate::exchange::kcdb::answer::{Fetched, Page, joined};

/// The format of a manifest.
const FORMAT: &str = "etalon-kcdb-fetch/1";
/// The file that says what a directory holds.
const MANIFEST: &str = "manifest.json";
/// The file that all pages make together.
const SNAPSHOT: &str = "snapshot.json";

/// Tries of one page before the fetch is given up for now.
const TRIES: u32 = 5;
/// How long to wait before another try where the server does not say; doubled at each.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// Longest that a server may ask to wait: what is longer is better another day.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// After that a fetch does not go on: its first pages would be of another state than its last.
const LONGEST_FETCH: Duration = Duration::from_secs(24 * 3_600);
/// Most bytes of a page: ten thousand rows of the largest kind are some forty million.
const LARGEST_PAGE: u64 = 200_000_000;

/// The metrology areas of the KCDB and where each is searched.
const AREAS: &[(&str, &str)] = &[
    ("AUV", PHYSICS),
    ("EM", PHYSICS),
    ("L", PHYSICS),
    ("M", PHYSICS),
    ("PR", PHYSICS),
    ("T", PHYSICS),
    ("TF", PHYSICS),
    ("QM", CHEMISTRY),
    ("RI", RADIATION),
];

const PHYSICS: &str = "/cmc/searchData/physics";
const CHEMISTRY: &str = "/cmc/searchData/chemistryAndBiology";
const RADIATION: &str = "/cmc/searchData/radiation";

/// Conditions that only some searches take.
const CONDITIONS: &[(&str, &[&str])] = &[
    ("branchLabel", &[PHYSICS, RADIATION]),
    ("serviceLabel", &[PHYSICS]),
    ("subServiceLabel", &[PHYSICS]),
    ("individualServiceLabel", &[PHYSICS]),
    ("physicsCode", &[PHYSICS]),
    ("quantityLabel", &[RADIATION]),
    ("sourceLabel", &[RADIATION]),
    ("mediumLabel", &[RADIATION]),
    ("nuclideLabel", &[RADIATION]),
    ("categoryLabel", &[CHEMISTRY]),
    ("analyteLabel", &[CHEMISTRY]),
];

/// What is searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    path: &'static str,
    conditions: Map<String, Value>,
}

impl Search {
    /// A search of an area with these conditions, by the KCDB's keys. Uncertainty tables come with
    /// the answer.
    ///
    /// # Errors
    /// When there is no such area, or a condition is not one of its search.
    pub fn new(
        area: &str,
        conditions: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Result<Self, Text> {
        let Some((area, path)) = AREAS.iter().find(|(known, _)| *known == area) else {
            let (found, areas) = (shortened(area), AREAS.iter().map(|(area, _)| *area));
            let areas = areas.collect::<Vec<_>>().join(", ");
            return Err(Text::new(
                format!("“{found}” không phải lĩnh vực của KCDB; các lĩnh vực: {areas}"),
                format!("“{found}” is no area of the KCDB; the areas are {areas}"),
            ));
        };
        let mut all = Map::new();
        all.insert("metrologyAreaLabel".to_owned(), (*area).into());
        for (key, value) in conditions {
            let only_in = CONDITIONS.iter().find(|(known, _)| *known == key);
            if only_in.is_some_and(|(_, paths)| !paths.contains(path)) {
                return Err(Text::new(
                    format!("tìm trong lĩnh vực {area} không có điều kiện “{key}” của KCDB"),
                    format!("a search in area {area} has no condition “{key}” of the KCDB"),
                ));
            }
            all.insert(key.to_owned(), value);
        }
        all.insert("showTable".to_owned(), true.into());
        Ok(Self { path, conditions: all })
    }
}

/// How a fetch is made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The interface of the KCDB, without a slash at its end.
    pub url: String,
    /// What is searched.
    pub search: Search,
    /// Rows of a page.
    pub page_size: u32,
    /// Where the files go.
    pub directory: PathBuf,
    /// How long to wait between two requests.
    pub interval: Duration,
    /// How long one request may take.
    pub timeout: Duration,
    /// Throw away what an earlier fetch left.
    pub restart: bool,
}

/// What a fetch needs of the world around it.
pub struct World<'w> {
    /// What time it is.
    pub now: &'w dyn Fn() -> Instant,
    /// Lets time pass.
    pub pause: &'w mut dyn FnMut(Duration),
    /// Hears how many pages are there, of how many.
    pub told: &'w mut dyn FnMut(u64, u64),
}

answer! {
    /// What came of a fetch.
    #[derive(PartialEq, Eq)]
    FetchReport {
        /// The whole answer, to be imported.
        snapshot: String,
        /// When its first page was taken.
        fetched_at: Instant,
        /// Rows: CMCs.
        rows: u64,
        /// Pages.
        pages: u64,
        /// Pages that an earlier fetch had left.
        kept: u64,
    }
}

/// Why a fetch did not come to its end. What was fetched stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failed {
    /// The server cannot be reached, or does not give the page.
    Unavailable(Text),
    /// What it gives, or what the directory holds, is not what is expected.
    Unexpected(Text),
    /// A file cannot be read or written.
    Files(Text),
}

/// What a directory holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Manifest {
    format: String,
    url: String,
    search: Value,
    page_size: u32,
    /// Rows of the whole search.
    total: Option<usize>,
    pages: Vec<Taken>,
    complete: bool,
}

/// A page that is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Taken {
    file: String,
    sha256: String,
    at: String,
}

/// Fetches what a plan says.
///
/// # Errors
/// When the server, its answers or the files are not as they should be; the same again goes on from
/// there.
pub fn fetch(plan: &Plan, world: &mut World<'_>) -> Result<FetchReport, Failed> {
    fs::create_dir_all(&plan.directory).map_err(|error| files(&plan.directory, &error))?;
    let mut manifest = plan.manifest(world)?;
    let mut client = Client::new(plan);
    let mut kept = 0;
    let mut texts = Vec::new();
    let mut expected = manifest.expected_pages();
    while texts.len() < expected.unwrap_or(1) {
        let number = texts.len();
        let text = match plan.kept_page(&manifest, number)? {
            Some(text) => {
                kept += 1;
                text
            }
            None => {
                manifest.pages.truncate(number);
                let text = client.page(number, world)?;
                plan.keep_page(&mut manifest, number, &text, (world.now)())?;
                text
            }
        };
        expected = manifest.expected_pages();
        texts.push(text);
        (world.told)(texts.len() as u64, expected.unwrap_or(1) as u64);
    }
    let fetched_at = manifest.first_taken().unwrap_or_else(|| (world.now)());
    let search = manifest.search.clone();
    let fetched = Fetched { at: fetched_at, url: plan.address(), search };
    let snapshot = joined(texts.iter().map(String::as_str), &fetched)
        .map_err(|number| Failed::Unexpected(no_answer(number)))?;
    let rows = Page::read(&snapshot).map_or(0, |page| page.total);
    if Some(rows) != manifest.total {
        return Err(Failed::Unexpected(changed(manifest.total.unwrap_or(0), rows)));
    }
    let path = plan.directory.join(SNAPSHOT);
    write(&path, &snapshot)?;
    manifest.complete = true;
    plan.write_manifest(&manifest)?;
    Ok(FetchReport {
        snapshot: path.display().to_string(),
        fetched_at,
        rows: rows as u64,
        pages: texts.len() as u64,
        kept,
    })
}

impl Plan {
    fn address(&self) -> String {
        format!("{}{}", self.url, self.search.path)
    }

    /// The manifest of the directory, or a new one.
    fn manifest(&self, world: &World<'_>) -> Result<Manifest, Failed> {
        let path = self.directory.join(MANIFEST);
        let new = Manifest {
            format: FORMAT.to_owned(),
            url: self.address(),
            search: Value::Object(self.search.conditions.clone()),
            page_size: self.page_size,
            total: None,
            pages: Vec::new(),
            complete: false,
        };
        if self.restart {
            self.write_manifest(&new)?;
            return Ok(new);
        }
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(new),
            other => other.map_err(|error| files(&path, &error))?,
        };
        let found: Manifest = serde_json::from_str(&text).map_err(|error| {
            let path = path.display();
            Failed::Unexpected(Text::new(
                format!("{path}: không phải bản kê của lần tải ({error}); hãy chọn thư mục khác, hoặc tải lại từ đầu với --restart"),
                format!("{path}: this is no manifest of a fetch ({error}); name another directory, or begin anew with --restart"),
            ))
        })?;
        let asked = |one: &Manifest| (one.url.clone(), one.search.clone(), one.page_size);
        if found.format != FORMAT || asked(&found) != asked(&new) {
            let directory = self.directory.display();
            return Err(Failed::Unexpected(Text::new(
                format!(
                    "{directory}: thư mục chứa một lần tải khác ({} {}); hãy chọn thư mục khác, hoặc bỏ nó đi với --restart",
                    found.url, found.search
                ),
                format!(
                    "{directory}: the directory holds another fetch ({} {}); name another directory, or throw it away with --restart",
                    found.url, found.search
                ),
            )));
        }
        let now = (world.now)();
        let age = found.first_taken().map(|at| now.timestamp().duration_since(at.timestamp()));
        if !found.complete
            && let Some(age) = age
            && age.unsigned_abs() > LONGEST_FETCH
        {
            return Err(Failed::Unexpected(Text::new(
                "lần tải dở dang này đã quá một ngày; các trang của nó là của những thời điểm khác nhau: hãy tải lại từ đầu với --restart",
                "this unfinished fetch is more than a day old; its pages would show different states: begin anew with --restart",
            )));
        }
        Ok(found)
    }

    fn write_manifest(&self, manifest: &Manifest) -> Result<(), Failed> {
        let text = serde_json::to_string_pretty(manifest).unwrap_or_default() + "\n";
        write(&self.directory.join(MANIFEST), &text)
    }

    fn page_path(&self, number: usize) -> PathBuf {
        self.directory.join(page_file(number))
    }

    /// A page that an earlier fetch left, if it is as it was.
    fn kept_page(&self, manifest: &Manifest, number: usize) -> Result<Option<String>, Failed> {
        let Some(taken) = manifest.pages.get(number) else { return Ok(None) };
        let path = self.page_path(number);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text).filter(|text| digest(text) == taken.sha256)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
            Err(error) => Err(files(&path, &error)),
        }
    }

    /// Writes a page and notes it.
    fn keep_page(
        &self,
        manifest: &mut Manifest,
        number: usize,
        text: &str,
        at: Instant,
    ) -> Result<(), Failed> {
        let page = Page::read(text).ok_or_else(|| Failed::Unexpected(no_answer(number)))?;
        if page.number != number {
            let found = page.number;
            return Err(Failed::Unexpected(Text::new(
                format!("đã hỏi trang {number}, KCDB trả lời trang {found}"),
                format!("page {number} was asked for, the KCDB answered with page {found}"),
            )));
        }
        let total = *manifest.total.get_or_insert(page.total);
        if total != page.total {
            return Err(Failed::Unexpected(changed(total, page.total)));
        }
        write(&self.page_path(number), text)?;
        let (file, sha256) = (page_file(number), digest(text));
        manifest.pages.push(Taken { file, sha256, at: at.to_string() });
        self.write_manifest(manifest)
    }
}

impl Manifest {
    /// Pages of the whole search; not known before the first.
    fn expected_pages(&self) -> Option<usize> {
        let size = usize::try_from(self.page_size).unwrap_or(usize::MAX).max(1);
        self.total.map(|total| total.div_ceil(size).max(1))
    }

    /// When the first page was taken.
    fn first_taken(&self) -> Option<Instant> {
        self.pages.iter().filter_map(|page| Instant::parse(&page.at).ok()).min()
    }
}

fn page_file(number: usize) -> String {
    format!("page-{number:05}.json")
}

fn digest(text: &str) -> String {
    Digest::of(&[text.as_bytes()]).to_string()
}

/// Writes a file whole, or not at all.
fn write(path: &Path, text: &str) -> Result<(), Failed> {
    let part = path.with_extension("part");
    let written = fs::write(&part, text).and_then(|()| fs::rename(&part, path));
    written.map_err(|error| files(path, &error))
}

fn files(path: &Path, error: &io::Error) -> Failed {
    let path = path.display();
    Failed::Files(Text::new(
        format!("{path}: không đọc hoặc ghi được: {error}; hãy kiểm tra thư mục và quyền"),
        format!(
            "{path}: it cannot be read or written: {error}; check the directory and its permissions"
        ),
    ))
}

fn no_answer(number: usize) -> Text {
    Text::new(
        format!(
            "trang {number} không phải câu trả lời của KCDB (JSON có “versionApiKcdb”, “data” và số trang); hãy kiểm tra địa chỉ (--url)"
        ),
        format!(
            "page {number} is no answer of the KCDB (JSON with “versionApiKcdb”, “data” and the numbers of pages); check the address (--url)"
        ),
    )
}

fn changed(before: usize, now: usize) -> Text {
    Text::new(
        format!(
            "KCDB đã thay đổi trong lúc tải: trước có {before} dòng, nay {now}; hãy tải lại từ đầu với --restart"
        ),
        format!(
            "the KCDB changed during the fetch: it had {before} rows before, and {now} now; begin anew with --restart"
        ),
    )
}

/// Asks the KCDB.
struct Client<'p> {
    plan: &'p Plan,
    agent: ureq::Agent,
    /// Whether it was asked already, so that the next request waits its turn.
    was_asked: bool,
}

/// What one request gave.
enum Got {
    Page(String),
    /// Not now: why, and after how long it may be asked again, where the server says so.
    NotNow(Text, Option<Duration>),
}

impl<'p> Client<'p> {
    fn new(plan: &'p Plan) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(plan.timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("etalon/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { plan, agent: config.new_agent(), was_asked: false }
    }

    /// One page, however often it has to be asked for.
    fn page(&mut self, number: usize, world: &mut World<'_>) -> Result<String, Failed> {
        let mut wait = FIRST_WAIT;
        let mut tries = 0;
        loop {
            if std::mem::replace(&mut self.was_asked, true) && !self.plan.interval.is_zero() {
                (world.pause)(self.plan.interval);
            }
            let (Text { vi, en }, after) = match self.ask(number)? {
                Got::Page(text) => return Ok(text),
                Got::NotNow(reason, after) => (reason, after.unwrap_or(wait)),
            };
            tries += 1;
            let seconds = after.as_secs();
            if after > LONGEST_WAIT {
                return Err(Failed::Unavailable(Text::new(
                    format!(
                        "trang {number}: {vi}; máy chủ yêu cầu chờ {seconds} giây: hãy chạy lại sau, các trang đã tải được giữ"
                    ),
                    format!(
                        "page {number}: {en}; the server asks to wait for {seconds} seconds: run this again later, the pages fetched are kept"
                    ),
                )));
            }
            if tries == TRIES {
                return Err(Failed::Unavailable(Text::new(
                    format!(
                        "trang {number}: {vi}; đã thử {TRIES} lần: hãy chạy lại sau, các trang đã tải được giữ"
                    ),
                    format!(
                        "page {number}: {en}; tried {TRIES} times: run this again later, the pages fetched are kept"
                    ),
                )));
            }
            (world.pause)(after);
            wait *= 2;
        }
    }

    fn ask(&self, number: usize) -> Result<Got, Failed> {
        let Plan { search, page_size, .. } = self.plan;
        let address = self.plan.address();
        let mut body = search.conditions.clone();
        body.insert("page".to_owned(), json!(number));
        body.insert("pageSize".to_owned(), json!(page_size));
        let request = self
            .agent
            .post(&address)
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .send(Value::Object(body).to_string());
        let mut response = match request {
            Ok(response) => response,
            Err(error) => return self.not_reached(&address, &error),
        };
        let status = response.status().as_u16();
        let after = response.headers().get("retry-after");
        let after = after.and_then(|after| after.to_str().ok()?.trim().parse().ok());
        let text = response.body_mut().with_config().limit(LARGEST_PAGE).read_to_string();
        let text = match text {
            Ok(text) => text,
            Err(ureq::Error::BodyExceedsLimit(limit)) => {
                return Err(Failed::Unexpected(Text::new(
                    format!("{address}: trang {number} lớn hơn {limit} byte; hãy giảm --page-size"),
                    format!(
                        "{address}: page {number} has more than {limit} bytes; use a smaller --page-size"
                    ),
                )));
            }
            Err(error) => return self.not_reached(&address, &error),
        };
        let said = shortened(text.trim()).into_owned();
        let reason = Text::new(
            format!("{address} trả lời với mã HTTP {status}: {said}"),
            format!("{address} answers with HTTP status {status}: {said}"),
        );
        match status {
            200 => Ok(Got::Page(text)),
            429 | 503 => Ok(Got::NotNow(reason, after.map(Duration::from_secs))),
            500 | 502 | 504 => Ok(Got::NotNow(reason, None)),
            _ => Err(Failed::Unavailable(reason)),
        }
    }

    /// A server that was not reached, or did not end its answer: worth another try, save where the
    /// address itself is wrong.
    fn not_reached(&self, address: &str, error: &ureq::Error) -> Result<Got, Failed> {
        let seconds = self.plan.timeout.as_secs();
        let reason = match error {
            ureq::Error::Timeout(_) => Text::new(
                format!("{address} không trả lời trong {seconds} giây (--timeout)"),
                format!("{address} did not answer within {seconds} seconds (--timeout)"),
            ),
            other => Text::new(
                format!("không kết nối được với {address}: {other}"),
                format!("{address} cannot be reached: {other}"),
            ),
        };
        match error {
            ureq::Error::BadUri(_)
            | ureq::Error::Http(_)
            | ureq::Error::HostNotFound
            | ureq::Error::Tls(_)
            | ureq::Error::Rustls(_) => Err(Failed::Unavailable(reason)),
            // So says the library of a certificate that is not trusted.
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(Failed::Unavailable(reason))
            }
            _ => Ok(Got::NotNow(reason, None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_say_which_search_and_its_conditions() {
        let search = |area, key| Search::new(area, [(key, Value::from("x"))]);
        assert_eq!(search("EM", "branchLabel").map(|one| one.path), Ok(PHYSICS));
        assert_eq!(search("RI", "nuclideLabel").map(|one| one.path), Ok(RADIATION));
        assert_eq!(search("QM", "analyteLabel").map(|one| one.path), Ok(CHEMISTRY));
        assert_eq!(search("T", "keywords").map(|one| one.path), Ok(PHYSICS));
        for (area, key) in [("EM", "nuclideLabel"), ("QM", "branchLabel"), ("X", "keywords")] {
            assert!(search(area, key).is_err(), "{area} {key}");
        }
        let search = search("EM", "keywords").expect("a search");
        assert_eq!(search.conditions["showTable"], true);
        assert_eq!(search.conditions["metrologyAreaLabel"], "EM");
    }
}
