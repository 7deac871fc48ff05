//! What a command says when it cannot do what it was asked, and the exit statuses of all commands.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::json;

use crate::app::refusal::Refusal;
use crate::domain::fault::{Fault, Faults, Gravity};
use crate::domain::text::{Language, Text};
use crate::exchange::workbook::PrintError;
use crate::store::StoreError;

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
    /// Not traceable; or a case of a conformance run failed; or a log is not what it was.
    Bad,
    /// Undetermined.
    Undetermined,
    /// The command line is wrong.
    Usage,
    /// Input data is refused, or a claim cannot be asked of it.
    Refused,
    /// A file is not there, cannot be read or is no registry.
    Unreadable,
    /// The database cannot be used as it is.
    Unavailable,
    /// A fault of this program.
    Internal,
    /// An output or the database cannot be written.
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
            Status::Unavailable => 69,
            Status::Internal => 70,
            Status::Unwritable => 74,
        }
    }
}

/// What the places of faults are: fields that were given by options, or, where there is none, JSON
/// pointers into what was read.
pub type Places = &'static [(&'static str, &'static str)];

/// The options that make a claim.
pub const CLAIM: Places = &[
    ("standard", "--standard"),
    ("calibration", "--calibration"),
    ("quantity_kind", "--quantity"),
    ("point", "--point"),
    ("analyte", "--analyte"),
    ("matrix", "--matrix"),
    ("parameters", "--parameter"),
    ("used_on", "--used-on"),
    ("known_at", "--known-at"),
    ("value_used", "--value-used"),
    ("required_uncertainty", "--required-uncertainty"),
    ("policy", "--policy"),
];

/// Faults of input data stand at JSON pointers.
pub const POINTERS: Places = &[];

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    /// How the command ends.
    pub status: Status,
    /// What is wrong, where, what was expected and what to do.
    message: Text,
    /// Its faults, each with its place.
    faults: Vec<Fault>,
    places: Places,
}

impl Failure {
    /// A failure that its message says whole.
    pub fn new(status: Status, message: Text) -> Self {
        Self::with_faults(status, message, Faults::default())
    }

    /// A failure with faults, each with its place.
    pub fn with_faults(status: Status, message: Text, Faults(faults): Faults) -> Self {
        Self { status, message, faults, places: POINTERS }
    }

    /// Options that are wrong, each fault with the option that it came from.
    pub fn options(faults: Faults, places: Places) -> Self {
        let message =
            Text::new("các tuỳ chọn không dùng được", "the options cannot be used as they are");
        Self { places, ..Self::with_faults(Status::Usage, message, faults) }
    }

    /// What a use case says of options that it was given: places of faults are the options.
    pub fn of_options(refusal: Refusal, places: Places) -> Self {
        match refusal {
            Refusal::Faults(faults) => Self::options(faults, places).ending(Status::Refused),
            other => Self::from(other),
        }
    }

    /// The same, ending otherwise.
    pub fn ending(self, status: Status) -> Self {
        Self { status, ..self }
    }

    /// The same, said of something: a file, a variable of the environment.
    pub fn about(self, what: &str) -> Self {
        let Text { vi, en } = self.message;
        let message = Text::new(format!("{what}: {vi}"), format!("{what}: {en}"));
        Self { message, ..self }
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

    /// A claim that cannot be read from the options.
    pub fn claim_unread(faults: Faults) -> Self {
        let message =
            Text::new("không đọc được yêu cầu", "the claim cannot be read from the options");
        Self { places: CLAIM, ..Self::with_faults(Status::Usage, message, faults) }
    }

    /// A claim that cannot be asked of the records, whatever holds them.
    pub fn claim_refused(faults: Faults, message: Text) -> Self {
        Self { places: CLAIM, ..Self::with_faults(Status::Refused, message, faults) }
    }

    /// The failure for people.
    pub fn to_text(&self, language: Language) -> String {
        let mut page = Page::new();
        let head = Line::new().styled(style::BAD, say(phrases::ERROR, language)).plain(": ");
        // What a database says may have lines of its own.
        let words = self.message.in_language(language).split_whitespace();
        page.line(head.plain(&words.collect::<Vec<_>>().join(" ")));
        faults(&mut page, &self.faults, self.places, language);
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

/// What a use case says when it refuses. Faults then are those of what was given to it: the caller
/// says what their places are, and of a log which one it was.
impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let status = match &refusal {
            Refusal::Store(error) => return Self::from(error.clone()),
            Refusal::Broken(_) | Refusal::Mismatch(_) => Status::Bad,
            Refusal::NoRule { .. } => Status::Usage,
            Refusal::Faults(_)
            | Refusal::NoPolicy { .. }
            | Refusal::PolicyExists { .. }
            | Refusal::StalePolicy { .. }
            | Refusal::Unknown { .. }
            | Refusal::Exists { .. }
            | Refusal::Stale { .. }
            | Refusal::NoSuch { .. }
            | Refusal::NotAllowed { .. }
            | Refusal::NoSuchForm(_)
            | Refusal::KeyReused
            | Refusal::AlreadySetUp
            | Refusal::WrongKey
            | Refusal::NotEmpty { .. }
            | Refusal::OtherBackend { .. } => Status::Refused,
        };
        let message = refusal.text();
        match refusal {
            Refusal::Faults(faults) => Self::with_faults(status, message, faults),
            _ => Self::new(status, message),
        }
    }
}

impl From<csv::Error> for Failure {
    fn from(error: csv::Error) -> Self {
        Self::new(Status::Unwritable, no_table(&error))
    }
}

impl From<PrintError> for Failure {
    fn from(error: PrintError) -> Self {
        Self::new(Status::Unwritable, no_table(&error))
    }
}

fn no_table(error: &dyn std::fmt::Display) -> Text {
    Text::new(
        format!("không ghi được bảng: {error}"),
        format!("the table cannot be written: {error}"),
    )
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let status = match &error {
            StoreError::BadUrl(_) => Status::Usage,
            StoreError::NotADatabase(_) | StoreError::NoBackup(_) => Status::Unreadable,
            StoreError::Full | StoreError::ReadOnly(_) | StoreError::File { .. } => {
                Status::Unwritable
            }
            StoreError::Occupied(_) => Status::Refused,
            StoreError::Unreachable { .. }
            | StoreError::Locked
            | StoreError::NotMigrated { .. }
            | StoreError::NewerSchema(_)
            | StoreError::Damaged { .. }
            | StoreError::NoProgram { .. }
            | StoreError::Program { .. }
            | StoreError::Database(_) => Status::Unavailable,
        };
        Self::new(status, error.text())
    }
}

/// Faults one by one, each below its place.
pub fn faults(page: &mut Page, faults: &[Fault], places: Places, language: Language) {
    for fault in faults {
        let place = place(fault, places);
        let mut line = Line::new().styled(BOLD, &place);
        if fault.gravity == Gravity::Warning {
            line = line.plain("  ").styled(style::OPEN, say(phrases::WARNING, language));
        }
        page.hanging("  ", "  ", &line);
        page.hanging("    ", "    ", &Line::new().plain(fault.message.in_language(language)));
    }
}

/// The place of a fault as it is shown: the option that gave the field, else its pointer.
fn place(fault: &Fault, places: Places) -> Cow<'_, str> {
    let field = fault.pointer.strip_prefix('/').and_then(|below| below.split('/').next());
    let option = places.iter().find(|(name, _)| Some(*name) == field);
    match (field, option) {
        // A filter may have the name of another part of the request.
        (Some(name), _) if matches!(fault.code, "unknown_filter" | "bad_filter") => {
            format!("--filter {name}").into()
        }
        (_, Some((_, option))) => (*option).into(),
        (None, None) if fault.pointer.is_empty() => "/".into(),
        _ => fault.pointer.as_str().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_database_says_ends_as_it_should() {
        let reason = || "because".to_owned();
        for (error, status) in [
            (StoreError::BadUrl(reason()), 64),
            (StoreError::NotADatabase(reason()), 66),
            (StoreError::Unreachable { url: reason(), reason: reason() }, 69),
            (StoreError::Locked, 69),
            (StoreError::NotMigrated { pending: 1 }, 69),
            (StoreError::NewerSchema(reason()), 69),
            (StoreError::Damaged { log_index: 1, reason: reason() }, 69),
            (StoreError::Database(reason()), 69),
            (StoreError::NoBackup(reason()), 66),
            (StoreError::Occupied(reason()), 65),
            (StoreError::NoProgram { name: "pg_dump" }, 69),
            (StoreError::Program { name: "pg_dump", reason: reason() }, 69),
            (StoreError::File { file: reason(), reason: reason() }, 74),
            (StoreError::Full, 74),
            (StoreError::ReadOnly(reason()), 74),
        ] {
            let text = error.text();
            let failure = Failure::from(Refusal::Store(error));
            assert_eq!(u8::from(failure.status), status, "{failure:?}");
            assert_eq!(failure.message, text);
        }
        let failure = Failure::from(Refusal::NotEmpty { entries: 3 });
        assert_eq!(u8::from(failure.status), 65);
    }

    #[test]
    fn places_are_options_where_options_gave_the_field() {
        let fault = |pointer, code| Fault::error(pointer, code, Text::new("", ""));
        for (pointer, code, places, shown) in [
            ("/standard", "unknown_standard", CLAIM, "--standard"),
            ("/parameters/1/unit", "bad_unit", CLAIM, "--parameter"),
            ("/standard", "unknown_filter", POINTERS, "--filter standard"),
            ("/known_at", "bad_filter", CLAIM, "--filter known_at"),
            ("/records/calibrations/0", "unknown_field", POINTERS, "/records/calibrations/0"),
            ("/standard", "unknown_record", POINTERS, "/standard"),
            ("", "wrong_type", POINTERS, "/"),
            ("line 3/body", "wrong_type", POINTERS, "line 3/body"),
        ] {
            assert_eq!(place(&fault(pointer, code), places), shown);
        }
    }
}
