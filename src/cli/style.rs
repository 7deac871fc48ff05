//! Styles of text. Colours are used for verdicts and outcomes only.

use anstyle::{AnsiColor, Style};

use crate::engine::finding::Outcome;
use crate::engine::report::Verdict;

/// Heads and codes.
pub const BOLD: Style = Style::new().bold();
/// What most readers skip.
pub const DIM: Style = Style::new().dimmed();
/// What holds.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// What is open or deserves attention.
pub const OPEN: Style = AnsiColor::Yellow.on_default().bold();
/// What fails.
pub const BAD: Style = AnsiColor::Red.on_default().bold();

/// The style of a verdict.
pub const fn verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Traceable => GOOD,
        Verdict::TraceableWithRemarks | Verdict::Undetermined => OPEN,
        Verdict::NotTraceable => BAD,
    }
}

/// The style of a rule's outcome.
pub const fn outcome(outcome: Outcome) -> Style {
    match outcome {
        Outcome::Pass => GOOD,
        Outcome::Fail => BAD,
        Outcome::Indeterminate | Outcome::Remark => OPEN,
    }
}

/// The sign of a rule's outcome.
pub const fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "✓",
        Outcome::Fail => "✗",
        Outcome::Indeterminate => "?",
        Outcome::Remark => "!",
    }
}
