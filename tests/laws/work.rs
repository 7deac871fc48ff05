//! Work grows with the records and not with the ways through them.

use etalon::engine::limits::Limits;
use etalon::engine::report::RenderedReport;
use serde_json::{Value, json};

use super::{ask, ask_within, chain_of, evidence};

/// Layers of so many calibrations each, every one of them made with all of the layer below, and one
/// calibration on top of them: `width` to the power of `layers` ways up. With them the claim.
fn network(layers: usize, width: usize) -> (Value, Value) {
    let link = |to: usize| {
        json!({
            "standard": format!("_:chain-standard-{to}"),
            "calibration": format!("_:chain-calibration-{to}"),
            "result": "r1",
            "model": "mean",
        })
    };
    chain_of(layers * width + 1, |step| {
        let layer = step / width;
        match layer {
            0 => json!({"references": [{"realisation": "_:chain-root", "model": "identity"}]}),
            layer => {
                let below: Vec<Value> = ((layer - 1) * width..layer * width).map(link).collect();
                json!({"references": below})
            }
        }
    })
}

fn layers(layers: usize, width: usize) -> RenderedReport {
    let (records, claim) = network(layers, width);
    ask(&records, &claim)
}

/// Whether each step adds as much as the one before.
fn is_linear(counts: &[usize]) -> bool {
    let steps: Vec<usize> = counts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.windows(2).all(|pair| pair[0] == pair[1])
}

/// Law: work is linear in the depth of a network. Each row is a link once, though the ways through
/// stacked diamonds double with every one and those through wider layers multiply by their width,
/// and each further layer adds as many findings as the one before.
///
/// Limits: counted in links and findings; times are the benchmarks' matter. The depth stays within
/// its limit of 32.
#[test]
fn each_layer_adds_the_same_work() {
    for width in [1, 2, 3, 7] {
        let depths: Vec<usize> = if width == 2 { (2..=15).collect() } else { vec![2, 3, 4, 5] };
        let reports: Vec<RenderedReport> =
            depths.iter().map(|depth| layers(*depth, width)).collect();
        for (depth, report) in depths.iter().zip(&reports) {
            assert!(!report.partial, "{depth} layers of {width}");
            let rows_and_root = depth * width + 2;
            assert_eq!(report.chain.links.len(), rows_and_root, "{depth} layers of {width}");
        }
        let findings: Vec<usize> = reports.iter().map(|report| report.findings.len()).collect();
        assert!(is_linear(&findings), "layers of {width}: {findings:?}");
    }
}

/// Law: work is linear in the width of a fan: each further reference of one calibration adds one
/// link and as many findings as the one before.
#[test]
fn each_branch_of_a_fan_adds_the_same_work() {
    let widths = [10, 20, 30, 40, 50, 60];
    let reports: Vec<RenderedReport> = widths.iter().map(|width| layers(1, *width)).collect();
    for (width, report) in widths.iter().zip(&reports) {
        assert!(!report.partial, "a fan of {width}");
        assert_eq!(report.chain.links.len(), width + 2, "a fan of {width}");
    }
    let findings: Vec<usize> = reports.iter().map(|report| report.findings.len()).collect();
    assert!(is_linear(&findings), "{findings:?}");
}

/// The limit on calibrations counts each of them once, whatever the number of ways to it: as many as
/// the limit are looked at in full, and one more is too much.
#[test]
fn a_limit_counts_calibrations_and_not_ways() {
    let (records, claim) = network(3, 3);
    let evidence = evidence(&records);
    for (calibrations, partial) in [(9, true), (10, false), (11, false)] {
        let limits = Limits { calibrations, ..Limits::default() };
        let report = ask_within(&limits, &evidence, &claim);
        assert_eq!(report.partial, partial, "10 calibrations within a limit of {calibrations}");
    }
}
