//! Benchmarks of the engine on one core: compiling records, deciding claims, rendering reports, on
//! the demo country and on a synthetic one. How to run them and what came out stands in
//! `benches/README.md`.
//!
//! The size of the synthetic country can be set: `ETALON_BENCH_STANDARDS` (20,000) and
//! `ETALON_BENCH_YEARS` (5).

use std::cell::Cell;
use std::sync::LazyLock;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

use etalon::app::bundle::Loaded;
use etalon::app::synth::Country;
use etalon::domain::claim::Claim;
use etalon::domain::interval::QuantityValue;
use etalon::domain::period::Instant;
use etalon::domain::quantity::QuantityKindId;
use etalon::domain::records::Records;
use etalon::domain::unit::Unit;
use etalon::engine::compile::compile;
use etalon::engine::evidence::Evidence;
use etalon::engine::limits::Limits;
use etalon::engine::policy::Policy;
use etalon::engine::report::{Renderer, Report, Verdict};
use etalon::engine::verify::{Question, Session, verify};
use etalon::exchange::bundle;

/// Claims in the sample, drawn at random, the same in every run; and how often one is timed alone,
/// so that a session meets each claim of the sample once.
const SAMPLE: usize = 10_000;
const SEED: u64 = 7;
const LIMITS: Limits = Limits { depth: 32, calibrations: 20_000, parts: 2_000 };

fn main() {
    describe(&COUNTRY);
    divan::main();
}

/// A country ready to be asked.
struct Scene {
    records: Records,
    evidence: Evidence,
    claims: Vec<Claim>,
    questions: Vec<Question>,
    policy: &'static Policy,
}

impl Scene {
    fn new(records: Records, claims: Vec<Claim>, policy: &str) -> Self {
        let evidence = compile(&records);
        let questions = claims.iter().map(|claim| question(&evidence, claim)).collect();
        let policy = Policy::shipped(policy).expect("a shipped policy");
        Self { records, evidence, claims, questions, policy }
    }

    fn report(&self, question: &Question) -> Report {
        verify(&self.evidence, question, self.policy, &LIMITS)
    }

    fn json(&self, claim: &Claim, report: &Report) -> Vec<u8> {
        let renderer = Renderer {
            evidence: &self.evidence,
            policy: self.policy,
            limits: &LIMITS,
            claim,
            computed_at: Instant::parse("2026-12-31T00:00:00Z").expect("an instant"),
        };
        serde_json::to_vec(&renderer.render(report)).expect("a report in JSON")
    }
}

fn question(evidence: &Evidence, claim: &Claim) -> Question {
    Question::new(evidence, claim).expect("a claim on the records")
}

static DEMO: LazyLock<Scene> = LazyLock::new(|| {
    let text = include_str!("../examples/viet-nam.json");
    let records = bundle::parse(text).expect("the demo country").records;
    let loaded = Loaded::parse(text).expect("the demo country");
    let standard = loaded.standard("W-1KG-01").expect("the demo's working standard");
    let point = QuantityValue {
        value: "1".parse().expect("a number"),
        unit: Unit::parse("kg").expect("a unit"),
    };
    let claim = Claim {
        standard: standard.id.clone(),
        calibration: None,
        quantity_kind: QuantityKindId::parse("conventional_mass"),
        point: Some(point),
        used_on: Some(etalon::domain::period::Day::parse("2026-11-01").expect("a day")),
        known_at: None,
        analyte: None,
        matrix: None,
        value_used: None,
        required_uncertainty: None,
        purpose: None,
        policy: None,
        parameters: Vec::new(),
    };
    Scene::new(records, vec![claim], "vn-2026")
});

static COUNTRY: LazyLock<Scene> = LazyLock::new(|| {
    let country = Country::new(setting("STANDARDS", 20_000), setting("YEARS", 5) as u32, SEED);
    Scene::new(country.records(), country.claims(SAMPLE).collect(), "ilac-p10")
});

/// A size of the synthetic country.
#[expect(clippy::disallowed_methods, reason = "a benchmark has no configuration of its own")]
fn setting(name: &str, usual: usize) -> usize {
    std::env::var(format!("ETALON_BENCH_{name}"))
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}

/// What the synthetic country weighs in memory, and what came of its claims.
fn describe(scene: &Scene) {
    let evidence = &scene.evidence;
    let calibrations = evidence.calibrations.len() as f64;
    let each = |count: usize| count as f64 / calibrations;
    println!("{calibrations} calibrations of {} standards", evidence.standards.len());
    println!("{:.2} results a calibration", each(evidence.results.items().len()));
    println!("{:.2} references a calibration", each(evidence.references.items().len()));
    println!("{:.1} bytes a calibration", each(evidence.bytes_of_calibrations()));
    let reports: Vec<Report> = scene.questions.iter().map(|one| scene.report(one)).collect();
    for verdict in Verdict::ALL {
        let count = reports.iter().filter(|report| report.verdict == *verdict).count();
        println!("{count} of {} claims {verdict}", reports.len());
    }
    let mean = |count: fn(&Report) -> usize| {
        reports.iter().map(count).sum::<usize>() as f64 / reports.len() as f64
    };
    println!(
        "{:.1} links and {:.1} findings a report",
        mean(|r| r.links.len()),
        mean(|r| r.findings.len())
    );
}

/// Goes through the sample again and again.
fn cycle<T>(sample: &'static [T]) -> impl FnMut() -> &'static T {
    let position = Cell::new(0);
    move || {
        let here = position.get();
        position.set((here + 1) % sample.len());
        &sample[here]
    }
}

#[divan::bench_group(sample_count = 5, sample_size = 1)]
mod compiling {
    use super::*;

    #[divan::bench(sample_count = 100)]
    fn demo(bencher: Bencher<'_, '_>) {
        let scene = &*DEMO;
        let count = ItemsCount::new(scene.records.calibrations.len());
        bencher.counter(count).bench(|| compile(black_box(&scene.records)));
    }

    #[divan::bench]
    fn country(bencher: Bencher<'_, '_>) {
        let scene = &*COUNTRY;
        let count = ItemsCount::new(scene.records.calibrations.len());
        bencher.counter(count).bench(|| compile(black_box(&scene.records)));
    }
}

/// One claim, the question given and the evidence resident.
#[divan::bench_group(sample_count = SAMPLE as u32, sample_size = 1)]
mod claim {
    use super::*;

    #[divan::bench]
    fn demo_report(bencher: Bencher<'_, '_>) {
        let scene = &*DEMO;
        bencher.with_inputs(cycle(&scene.questions)).bench_local_values(|one| scene.report(one));
    }

    #[divan::bench]
    fn demo_report_and_json(bencher: Bencher<'_, '_>) {
        let scene = &*DEMO;
        bencher
            .with_inputs(cycle(&scene.questions))
            .bench_local_values(|one| scene.json(&scene.claims[0], &scene.report(one)));
    }

    #[divan::bench]
    fn country_question(bencher: Bencher<'_, '_>) {
        let scene = &*COUNTRY;
        bencher
            .with_inputs(cycle(&scene.claims))
            .bench_local_values(|claim| question(&scene.evidence, claim));
    }

    #[divan::bench]
    fn country_report(bencher: Bencher<'_, '_>) {
        let scene = &*COUNTRY;
        bencher.with_inputs(cycle(&scene.questions)).bench_local_values(|one| scene.report(one));
    }

    /// As a service with resident evidence and an audit ask: the verdicts of rows are kept from the
    /// claims before, none of which was this one.
    #[divan::bench]
    fn country_report_in_a_session(bencher: Bencher<'_, '_>) {
        let scene = &*COUNTRY;
        let mut session = Session::new(&scene.evidence, scene.policy, &LIMITS);
        bencher.with_inputs(cycle(&scene.questions)).bench_local_values(|one| session.verify(one));
    }

    #[divan::bench]
    fn country_report_and_json(bencher: Bencher<'_, '_>) {
        let scene = &*COUNTRY;
        let positions: &'static [usize] = Vec::leak((0..scene.claims.len()).collect());
        bencher.with_inputs(cycle(positions)).bench_local_values(|position| {
            let report = scene.report(&scene.questions[*position]);
            scene.json(&scene.claims[*position], &report)
        });
    }
}

/// The whole sample in one session: how many claims a second on one core.
#[divan::bench_group(sample_count = 20, sample_size = 1)]
mod audit {
    use super::*;

    #[divan::bench]
    fn country(bencher: Bencher<'_, '_>) {
        let scene = &*COUNTRY;
        bencher.counter(ItemsCount::new(scene.questions.len())).bench(|| {
            let mut session = Session::new(&scene.evidence, scene.policy, &LIMITS);
            let reports = scene.questions.iter().map(|one| session.verify(one));
            reports.filter(|report| report.verdict <= Verdict::TraceableWithRemarks).count()
        });
    }
}
