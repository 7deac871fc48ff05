//! What a command says when it cannot do what it was asked, and the exit statuses of all commands.

use serde::Serialize;
use serde_json::json;

use crate::domain::fault::{Fault, Faults, Gravity};
use crate::domain::text::{Language, Text};

use super::page::{Line, Page};
use super::phrases::{self, say};
use super::style::{self, BOLD};

/// How a command ends: 0 to 2 are answers, from 64 on (sysexits.h) something kept it from
/// answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "u8")]
pub enum Status {
    /// Traceable, with or without remarks; or nothing is wrong.
    Good,
    /// Not traceable; or a case of a conformance run failed.
    Bad,
    /// Undetermined.
    Undetermined,
    /// The command line is wrong.
    Usage,
    /// Input data is refused, or a claim cannot be asked of it.
    Refused,
    /// A file is not there or cannot be read.
    Unreadable,
    /// A fault of this program.
    Internal,
    /// An output cannot be written.
    Unwritable,
}

impl From<Status> for u8 {
    fn from(status: Status) -> Self {
        match status {
            Status::Good => 0,
            Status::Bad => 1,
            Status::Undetermined => 2,
            Status::Usage => 64,
            Status::Refused => 65,
            Status::Unreadable => 66,
            Status::Internal => 70,
            Status::Unwritable => 74,
        }
    }
}

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    /// How the command ends.
    pub status: Status,
    /// What is wrong, where, what was expected and what to do.
    message: Text,
    /// Its faults, each with its place.
    faults: Vec<Fault>,
}

impl Failure {
    /// A failure that its message says whole.
    pub fn new(status: Status, message: Text) -> Self {
        Self::with_faults(status, message, Faults::default())
    }

    /// A failure with faults, each with its place.
    pub fn with_faults(status: Status, message: Text, Faults(faults): Faults) -> Self {
        Self { status, message, faults }
    }

    /// Input data that is refused, with all its faults; warnings are left out.
    pub fn refused(input: &str, Faults(mut faults): Faults) -> Self {
        faults.retain(|fault| fault.gravity == Gravity::Error);
        let count = faults.len();
        let message = Text::new(
            format!("{input} bị từ chối vì {count} lỗi; vị trí là con trỏ JSON"),
            format!(
                "{input} is refused for {count} {}; places are JSON pointers",
                if count == 1 { "fault" } else { "faults" }
            ),
        );
        Self::with_faults(Status::Refused, message, Faults(faults))
    }

    /// A claim that cannot be read from the command line (`Usage`) or not be asked of the records
    /// (`Refused`).
    pub fn claim(status: Status, faults: Faults) -> Self {
        let message = match status {
            Status::Usage => {
                Text::new("không đọc được yêu cầu", "the claim cannot be read from the options")
            }
            _ => Text::new(
                "không thể đặt yêu cầu này với gói dữ liệu này",
                "this claim cannot be asked of this bundle",
            ),
        };
        Self::with_faults(status, message, faults)
    }

    /// The failure for people.
    pub fn to_text(&self, language: Language) -> String {
        let mut page = Page::new();
        let head = Line::new().styled(style::BAD, say(phrases::ERROR, language)).plain(": ");
        page.line(head.plain(self.message.in_language(language)));
        faults(&mut page, &self.faults, language);
        page.into_text()
    }

    /// The failure for machines.
    pub fn to_json(&self) -> serde_json::Value {
        json!({ "error": {
            "status": self.status,
            "message": self.message,
            "faults": self.faults,
        }})
    }
}

/// Faults one by one, each below its place; the place of a claim's fault is the option it came
/// from.
pub fn faults(page: &mut Page, faults: &[Fault], language: Language) {
    for fault in faults {
        let place = match option_of(&fault.pointer) {
            Some(option) => option,
            None if fault.pointer.is_empty() => "/",
            None => &fault.pointer,
        };
        let mut line = Line::new().styled(BOLD, place);
        if fault.gravity == Gravity::Warning {
            line = line.plain("  ").styled(style::OPEN, say(phrases::WARNING, language));
        }
        page.hanging("  ", "  ", &line);
        page.hanging("    ", "    ", &Line::new().plain(fault.message.in_language(language)));
    }
}

/// The option that gives a field of the claim.
fn option_of(pointer: &str) -> Option<&'static str> {
    let field = pointer.strip_prefix('/')?.split('/').next()?;
    Some(match field {
        "standard" => "--standard",
        "calibration" => "--calibration",
        "quantity_kind" => "--quantity",
        "point" => "--point",
        "parameters" => "--parameter",
        "used_on" => "--used-on",
        "known_at" => "--known-at",
        "value_used" => "--value-used",
        "required_uncertainty" => "--required-uncertainty",
        "policy" => "--policy",
        _ => return None,
    })
}
