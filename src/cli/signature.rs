//! `etalon signature`: whether the electronic signatures of certificates hold.

use std::path::PathBuf;

use serde::Serialize;

use crate::clock;
use crate::domain::period::Instant;
use crate::domain::text::{Language, Text};
use crate::exchange::signature::{SignatureOutcome, SignatureStatus, Trust, check};

use super::failure::Status;
use super::page::{Line, Page};
use super::phrases::{self, say};
use super::style::{BOLD, DIM};
use super::{Answer, Failure, Options, input, trust};

/// Checks the electronic signatures of digital calibration certificates.
///
/// A signature covers the document. That its signer is the laboratory which the document names is for
/// you to say. Ends with 1 when a document was changed or its signer's certificate revoked, with 2
/// when nothing is proven: no signature, no way to a trusted authority, or a form that is not
/// supported.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Digital calibration certificates.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The trusted authorities: a directory with anchors/ (their certificates), and where needed
    /// intermediates/ (certificates on the way to them) and revocation/ (revocation lists), each
    /// with PEM or DER files. Without it nobody is trusted.
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,
    /// An instant at which you know the signatures to have existed, such as when the certificates
    /// came; otherwise a time stamp of a trusted authority says when, else it is now.
    #[arg(long, value_name = "INSTANT")]
    at: Option<String>,
}

/// What came of a file.
#[derive(Serialize)]
struct Checked {
    file: String,
    #[serde(flatten)]
    outcome: SignatureOutcome,
}

/// Runs the command.
pub fn run(arguments: &Arguments, options: Options) -> Result<Answer, Failure> {
    let trust = match &arguments.trust {
        Some(directory) => trust::of_directory(directory)?,
        None => Trust::nobody(),
    };
    let at = arguments.at.as_deref().map(|at| instant("--at", at)).transpose()?;
    let now = clock::now();
    let mut checked = Vec::new();
    for file in &arguments.files {
        let text = input::read(file)?;
        checked.push(Checked { file: input::name(file), outcome: check(&text, &trust, at, now) });
    }
    let worst = checked.iter().map(|one| severity(one.outcome.status)).max().unwrap_or(0);
    let status = [Status::Good, Status::Undetermined, Status::Bad][worst];
    if options.json {
        return Answer::json(&checked, status);
    }
    let mut page = Page::new();
    for one in &checked {
        print(&mut page, &one.file, &one.outcome, options.language);
    }
    Ok(Answer::new(page, status))
}

/// How bad an outcome is: nothing wrong, nothing proven, proven wrong.
fn severity(status: SignatureStatus) -> usize {
    match status {
        SignatureStatus::Valid => 0,
        SignatureStatus::ValidUntrusted
        | SignatureStatus::Unsigned
        | SignatureStatus::Unsupported => 1,
        SignatureStatus::Invalid | SignatureStatus::Revoked => 2,
    }
}

/// The instant of an option.
pub(super) fn instant(option: &str, text: &str) -> Result<Instant, Failure> {
    Instant::parse(text).map_err(|_| {
        let message = Text::new(
            format!("{option} “{text}”: cần thời điểm như 2026-11-20T00:00:00Z"),
            format!("{option} “{text}”: expected an instant such as 2026-11-20T00:00:00Z"),
        );
        Failure::new(Status::Usage, message)
    })
}

/// What came of a signature, under the name of its file.
pub(super) fn print(page: &mut Page, file: &str, outcome: &SignatureOutcome, language: Language) {
    page.line(Line::new().styled(BOLD, file));
    let status = say(phrases::signature(outcome.status), language).to_owned();
    let mut rows = vec![
        (phrases::SIGNATURE, status),
        (phrases::SIGNATURE_FOUND, outcome.explanation.in_language(language).to_owned()),
    ];
    if let Some(signer) = &outcome.signer {
        rows.push((phrases::SIGNATURE_SIGNER, signer.subject.clone()));
        rows.push((phrases::SIGNATURE_ISSUER, signer.issuer.clone()));
        rows.push((phrases::SIGNATURE_SERIAL, signer.serial.clone()));
        let period = format!("{} – {}", signer.valid_from, signer.valid_until);
        rows.push((phrases::SIGNATURE_VALIDITY, period));
    }
    if let Some(time) = outcome.signing_time {
        rows.push((phrases::SIGNATURE_SIGNED, time.to_string()));
    }
    if let Some(time) = outcome.time_stamp {
        rows.push((phrases::SIGNATURE_STAMPED, time.to_string()));
    }
    rows.push((phrases::SIGNATURE_JUDGED, outcome.verified_at.to_string()));
    let label = |phrase| Line::new().plain(say(phrase, language));
    let width = rows.iter().map(|(phrase, _)| label(*phrase).width()).max().unwrap_or(0);
    for (phrase, text) in rows {
        let line = Line::new().styled(DIM, say(phrase, language)).padded(width + 2).plain(&text);
        page.hanging("  ", &" ".repeat(width + 4), &line);
    }
}
