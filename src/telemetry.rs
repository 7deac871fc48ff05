//! What can be seen of the service from outside: its log on the standard error, its metrics, and the
//! traces of its requests (`traces`).
//!
//! What does not live here: what is worth a line or a count (whoever it happens to says so), and
//! how long something took (the caller is told by `clock`).

pub mod traces;

use std::io::{self, IsTerminal};
use std::time::Duration;

use prometheus::{
    CounterVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry, TextEncoder,
};
use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::config::{LogFormat, Logging};
use crate::domain::text::Text;

// ---------------------------------------------------------------------------------------------
// The log

/// Begins the log of this process, on the standard error; with colours where that is a terminal.
///
/// # Errors
/// When the filter cannot be read, or the process has a log already.
pub fn init(logging: &Logging) -> Result<(), Text> {
    subscriber(logging, io::stderr, io::stderr().is_terminal())?.try_init().map_err(|error| {
        Text::new(
            format!("không mở được nhật ký: {error}"),
            format!("the log cannot be begun: {error}"),
        )
    })
}

fn subscriber<W>(
    logging: &Logging,
    writer: W,
    colours: bool,
) -> Result<impl Subscriber + Send + Sync + use<W>, Text>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&logging.filter).map_err(|error| {
        Text::new(
            format!("không đọc được bộ lọc nhật ký “{}”: {error}", logging.filter),
            format!("the filter of the log “{}” cannot be read: {error}", logging.filter),
        )
    })?;
    let lines = fmt::layer().with_writer(writer);
    let lines = match logging.format {
        LogFormat::Text => lines.with_ansi(colours).boxed(),
        // The span that is under way says what the others do (its fields are the request's).
        LogFormat::Json => {
            lines.with_ansi(false).json().flatten_event(true).with_span_list(false).boxed()
        }
    };
    Ok(tracing_subscriber::registry().with(filter).with(lines))
}

// ---------------------------------------------------------------------------------------------
// Metrics

/// Upper ends of the classes of durations, in seconds: from an answer out of memory to the longest
/// that a request may take by default.
const DURATIONS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The methods that are counted by name; a client may write any word there, and each would be a
/// series of its own.
const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// What every other method is counted as.
const OTHER: &str = "other";

/// What a request that fits no route is counted as.
const UNMATCHED: &str = "unmatched";

/// Numbers on what the service does, for Prometheus. They hang together in a registry of their own;
/// a clone counts into the same.
///
/// A value of a label is kept for as long as the process lives, so it comes from a closed set: the
/// pattern of a route (`/api/v1/calibrations/{id}`), never the path of a request.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    in_flight: IntGauge,
    problems: IntCounterVec,
    verdicts: IntCounterVec,
    findings: IntCounterVec,
    results: IntCounter,
    links: IntCounter,
    steps: IntCounter,
    limits: IntCounterVec,
    panics: IntCounter,
}

/// What stands somewhere else and is looked up when somebody reads the metrics. What could not be
/// looked up is left out.
#[derive(Debug, Clone, Default)]
pub struct Sampled {
    /// The log index of the last entry of the record log.
    pub log_head: Option<u64>,
    /// Jobs that this instance is working on.
    pub jobs: u64,
    /// The pools of connections to the database.
    pub pools: Vec<Pool>,
}

/// A pool of connections to the database.
#[derive(Debug, Clone, Copy)]
pub struct Pool {
    /// Its name: one written in the source.
    pub name: &'static str,
    /// Connections that wait for work.
    pub idle: u32,
    /// Connections at work.
    pub in_use: u32,
    /// How often one was lent, since the start.
    pub lent: u64,
    /// How long those who got one waited for it, all together, since the start.
    pub waited: Duration,
    /// How often somebody gave up waiting, since the start.
    pub given_up: u64,
}

/// A request that is under way, until it is dropped.
#[derive(Debug)]
#[must_use = "a request is under way until this is dropped"]
pub struct InFlight(IntGauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// Metrics on which nothing has happened yet.
    ///
    /// # Errors
    /// When the library refuses a name; it does not refuse these.
    pub fn new() -> prometheus::Result<Self> {
        let metrics = Self {
            registry: Registry::new(),
            requests: IntCounterVec::new(
                Opts::new("etalon_http_requests_total", "Requests that were answered."),
                &["method", "route", "status"],
            )?,
            durations: HistogramVec::new(
                HistogramOpts::new(
                    "etalon_http_request_duration_seconds",
                    "From the first byte of a request to its answer.",
                )
                .buckets(DURATIONS.to_vec()),
                &["method", "route"],
            )?,
            in_flight: IntGauge::new("etalon_http_requests_in_flight", "Requests under way.")?,
            problems: IntCounterVec::new(
                Opts::new(
                    "etalon_problems_total",
                    "Requests that were refused or failed, by code.",
                ),
                &["code"],
            )?,
            verdicts: IntCounterVec::new(
                Opts::new("etalon_verdicts_total", "Claims that were decided."),
                &["verdict"],
            )?,
            findings: IntCounterVec::new(
                Opts::new(
                    "etalon_findings_total",
                    "Claims that did not meet a rule: each rule once a claim, with its worst outcome.",
                ),
                &["rule", "outcome"],
            )?,
            results: IntCounter::new(
                "etalon_engine_results_total",
                "Results of standards that were decided.",
            )?,
            links: IntCounter::new(
                "etalon_engine_links_total",
                "Links of the chains of decided results: rows of certificates, and roots.",
            )?,
            steps: IntCounter::new(
                "etalon_engine_steps_total",
                "Steps from one link of a chain to another that it was made with.",
            )?,
            limits: IntCounterVec::new(
                Opts::new(
                    "etalon_limits_hit_total",
                    "Times that work ran into a limit, by its name.",
                ),
                &["limit"],
            )?,
            panics: IntCounter::new("etalon_panics_total", "Panics that were caught.")?,
        };
        let Self {
            registry,
            requests,
            durations,
            in_flight,
            problems,
            verdicts,
            findings,
            results,
            links,
            steps,
            limits,
            panics,
        } = &metrics;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(durations.clone()))?;
        registry.register(Box::new(in_flight.clone()))?;
        registry.register(Box::new(problems.clone()))?;
        registry.register(Box::new(verdicts.clone()))?;
        registry.register(Box::new(findings.clone()))?;
        registry.register(Box::new(results.clone()))?;
        registry.register(Box::new(links.clone()))?;
        registry.register(Box::new(steps.clone()))?;
        registry.register(Box::new(limits.clone()))?;
        registry.register(Box::new(panics.clone()))?;
        Ok(metrics)
    }

    /// A request begins; it is under way until what is returned is dropped, however it ends.
    pub fn request_begins(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// A request was answered. `route` is the pattern that it fits, if any; never its path.
    pub fn observe_request(
        &self,
        method: &str,
        route: Option<&str>,
        status: u16,
        duration: Duration,
    ) {
        let method = known_method(method);
        let route = route.unwrap_or(UNMATCHED);
        self.requests.with_label_values(&[method, route, &status.to_string()]).inc();
        self.durations.with_label_values(&[method, route]).observe(duration.as_secs_f64());
    }

    /// A request was refused, or could not be answered: the problem's code.
    pub fn count_problem(&self, code: &'static str) {
        self.problems.with_label_values(&[code]).inc();
    }

    /// A claim was decided: the verdict's word.
    pub fn count_verdict(&self, verdict: &'static str) {
        self.verdicts.with_label_values(&[verdict]).inc();
    }

    /// A claim that was decided does not meet a rule: the rule's id, and what came out.
    pub fn count_finding(&self, rule: &'static str, outcome: &'static str) {
        self.findings.with_label_values(&[rule, outcome]).inc();
    }

    /// What it took to decide a claim: results, links of their chains, and steps between them.
    pub fn count_work(&self, results: u64, links: u64, steps: u64) {
        self.results.inc_by(results);
        self.links.inc_by(links);
        self.steps.inc_by(steps);
    }

    /// Work ran into a limit, of this name: one written in the source, never anything of a request.
    pub fn count_limit(&self, limit: &'static str) {
        self.limits.with_label_values(&[limit]).inc();
    }

    /// Work ended in a panic that was caught.
    pub fn count_panic(&self) {
        self.panics.inc();
    }

    /// All of it in the text format of Prometheus, version 0.0.4.
    pub fn render(&self, sampled: &Sampled) -> String {
        // It cannot fail for what is registered here; a comment is what the format has for words.
        let text = |registry: prometheus::Result<Registry>| {
            registry.and_then(|one| TextEncoder::new().encode_to_string(&one.gather()))
        };
        let (counted, looked_up) = (text(Ok(self.registry.clone())), text(sampled.registry()));
        let commented = |error: prometheus::Error| format!("# {error}\n");
        counted.unwrap_or_else(commented) + &looked_up.unwrap_or_else(commented)
    }
}

impl Sampled {
    /// A registry of its own for each look: what was counted elsewhere is told as it stands there,
    /// and nobody has to remember what was told before.
    fn registry(&self) -> prometheus::Result<Registry> {
        let registry = Registry::new();
        let jobs = IntGauge::new("etalon_jobs_under_way", "Jobs that are worked on here.")?;
        let pools = |name, help| IntCounterVec::new(Opts::new(name, help), &["pool"]);
        let connections = IntGaugeVec::new(
            Opts::new("etalon_database_connections", "Connections to the database."),
            &["pool", "state"],
        )?;
        let lent = pools("etalon_database_lent_total", "Times that a connection was lent.")?;
        let waited = CounterVec::new(
            Opts::new(
                "etalon_database_wait_seconds_total",
                "Time that was waited for connections that were lent.",
            ),
            &["pool"],
        )?;
        let given_up = pools(
            "etalon_database_wait_timeouts_total",
            "Times that no connection came free in time.",
        )?;
        if let Some(index) = self.log_head {
            let head = IntGauge::new("etalon_log_head", "Log index of the last entry.")?;
            head.set(i64::try_from(index).unwrap_or(i64::MAX));
            registry.register(Box::new(head))?;
        }
        jobs.set(i64::try_from(self.jobs).unwrap_or(i64::MAX));
        for pool in &self.pools {
            let name = pool.name;
            connections.with_label_values(&[name, "idle"]).set(pool.idle.into());
            connections.with_label_values(&[name, "in_use"]).set(pool.in_use.into());
            lent.with_label_values(&[name]).inc_by(pool.lent);
            waited.with_label_values(&[name]).inc_by(pool.waited.as_secs_f64());
            given_up.with_label_values(&[name]).inc_by(pool.given_up);
        }
        registry.register(Box::new(jobs))?;
        registry.register(Box::new(connections))?;
        registry.register(Box::new(lent))?;
        registry.register(Box::new(waited))?;
        registry.register(Box::new(given_up))?;
        Ok(registry)
    }
}

/// A method by its name, or the word for every other.
fn known_method(method: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == method).unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no writer panicked").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged of one request.
    fn logged(filter: &str, format: LogFormat, colours: bool) -> String {
        let memory = Memory::default();
        let writer = memory.clone();
        let logging = Logging { filter: filter.into(), format };
        let subscriber = subscriber(&logging, move || writer.clone(), colours).expect("a filter");
        tracing::subscriber::with_default(subscriber, || {
            let _request = tracing::info_span!("request", request_id = "r-1").entered();
            tracing::info!(status = 200, "answered\u{1b}[31m");
            tracing::debug!("looked into");
        });
        let bytes = memory.0.lock().expect("no writer panicked").clone();
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn a_line_of_text_is_plain_where_nobody_watches() {
        let text = logged("info", LogFormat::Text, false);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("INFO request{request_id=\"r-1\"}: etalon::telemetry"), "{text}");
        assert!(text.contains("answered") && text.contains("status=200"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
        assert!(logged("info", LogFormat::Text, true).contains('\u{1b}'));
    }

    #[test]
    fn a_line_of_json_is_one_object() {
        let text = logged("info", LogFormat::Json, true);
        let line: serde_json::Value = serde_json::from_str(&text).expect("one JSON value");
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["message"], "answered\u{1b}[31m");
        assert_eq!(line["status"], 200);
        assert_eq!(line["span"]["request_id"], "r-1");
    }

    #[test]
    fn the_filter_says_what_is_logged() {
        assert_eq!(logged("off", LogFormat::Text, false), "");
        let both = logged("warn,etalon::telemetry=debug", LogFormat::Text, false);
        assert_eq!(both.lines().count(), 2, "{both}");
        let logging = Logging { filter: "a=b=c".into(), format: LogFormat::Text };
        let error = subscriber(&logging, io::stderr, false).err().expect("no filter");
        assert!(error.en.contains("a=b=c"), "{error:?}");
    }

    #[test]
    fn what_happened_is_rendered() {
        let metrics = Metrics::new().expect("the names are good");
        let route = Some("/api/v1/calibrations/{id}");
        metrics.observe_request("GET", route, 200, Duration::from_millis(3));
        metrics.observe_request("GET", route, 200, Duration::from_millis(30));
        metrics.observe_request("GET", route, 404, Duration::from_secs(60));
        metrics.observe_request("POST", None, 404, Duration::ZERO);
        metrics.count_problem("not_found");
        metrics.count_finding("D-01", "fail");
        metrics.count_work(1, 3, 2);
        metrics.count_work(2, 4, 1);
        metrics.count_verdict("traceable");
        metrics.count_verdict("traceable");
        metrics.count_limit("DEPTH_LIMIT");
        metrics.count_panic();
        let first = metrics.request_begins();
        let second = metrics.request_begins();
        drop(first);

        let pool = Pool {
            name: "readers",
            idle: 3,
            in_use: 1,
            lent: 9,
            waited: Duration::from_millis(1_500),
            given_up: 2,
        };
        let sampled = Sampled { log_head: Some(42), jobs: 5, pools: vec![pool] };
        let text = metrics.render(&sampled);
        // A second look tells the same.
        assert_eq!(metrics.render(&sampled), text);
        let calibration = "method=\"GET\",route=\"/api/v1/calibrations/{id}\"";
        for line in [
            format!("etalon_http_requests_total{{{calibration},status=\"200\"}} 2"),
            format!("etalon_http_requests_total{{{calibration},status=\"404\"}} 1"),
            "etalon_http_requests_total{method=\"POST\",route=\"unmatched\",status=\"404\"} 1"
                .into(),
            format!("etalon_http_request_duration_seconds_bucket{{{calibration},le=\"0.0025\"}} 0"),
            format!("etalon_http_request_duration_seconds_bucket{{{calibration},le=\"0.005\"}} 1"),
            format!("etalon_http_request_duration_seconds_bucket{{{calibration},le=\"30\"}} 2"),
            format!("etalon_http_request_duration_seconds_bucket{{{calibration},le=\"+Inf\"}} 3"),
            format!("etalon_http_request_duration_seconds_count{{{calibration}}} 3"),
            "etalon_http_requests_in_flight 1".into(),
            "etalon_problems_total{code=\"not_found\"} 1".into(),
            "etalon_findings_total{outcome=\"fail\",rule=\"D-01\"} 1".into(),
            "etalon_engine_results_total 3".into(),
            "etalon_engine_links_total 7".into(),
            "etalon_engine_steps_total 3".into(),
            "etalon_log_head 42".into(),
            "etalon_jobs_under_way 5".into(),
            "etalon_database_lent_total{pool=\"readers\"} 9".into(),
            "etalon_database_wait_seconds_total{pool=\"readers\"} 1.5".into(),
            "etalon_database_wait_timeouts_total{pool=\"readers\"} 2".into(),
            "etalon_database_connections{pool=\"readers\",state=\"idle\"} 3".into(),
            "etalon_database_connections{pool=\"readers\",state=\"in_use\"} 1".into(),
            "etalon_verdicts_total{verdict=\"traceable\"} 2".into(),
            "etalon_limits_hit_total{limit=\"DEPTH_LIMIT\"} 1".into(),
            "etalon_panics_total 1".into(),
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        drop(second);
        let text = metrics.render(&Sampled::default());
        assert!(text.contains("\netalon_http_requests_in_flight 0\n"));
        // What could not be looked up is not told as zero.
        assert!(!text.contains("etalon_log_head"), "{text}");
    }

    #[test]
    fn a_client_cannot_make_series() {
        let metrics = Metrics::new().expect("the names are good");
        for method in ["BREW", "get", "", "GET\"} 1\n"] {
            metrics.observe_request(method, None, 405, Duration::ZERO);
        }
        let line =
            "\netalon_http_requests_total{method=\"other\",route=\"unmatched\",status=\"405\"} 4\n";
        let text = metrics.render(&Sampled::default());
        assert!(text.contains(line), "{text}");
        assert_eq!(text.matches("\netalon_http_requests_total{").count(), 1, "{text}");
    }

    #[test]
    fn a_clone_counts_into_the_same_and_others_do_not() {
        let (metrics, other) = (Metrics::new().expect("good"), Metrics::new().expect("good"));
        metrics.clone().count_panic();
        let render = |metrics: &Metrics| metrics.render(&Sampled::default());
        assert!(render(&metrics).contains("\netalon_panics_total 1\n"));
        assert!(render(&other).contains("\netalon_panics_total 0\n"));
    }
}
