//! The dated entries of a record: the statuses of certificates, accreditations, capabilities and
//! legal recognitions, the events of standards. Entries are appended, never changed, and each says
//! when the registry learnt of it.

use serde_json::Value;

use crate::domain::calibration::CalibrationStatusEntry;
use crate::domain::capability::CapabilityStatusEntry;
use crate::domain::fault::Fault;
use crate::domain::form::{Described as _, Form};
use crate::domain::log::Operation;
use crate::domain::period::Instant;
use crate::domain::recognition::AccreditationStatusEntry;
use crate::domain::records::CollectionName;
use crate::domain::standard::StandardEvent;
use crate::domain::text::Text;

/// When the registry learnt of an entry.
const RECORDED_AT: &str = "recorded_at";

/// The field that holds the history of a collection's records, and what appending to it is called.
pub fn of(collection: CollectionName) -> Option<(&'static str, Operation)> {
    match collection {
        CollectionName::Accreditations
        | CollectionName::LegalRecognitions
        | CollectionName::Capabilities
        | CollectionName::Calibrations => Some(("status_history", Operation::Status)),
        CollectionName::MeasurementStandards => Some(("events", Operation::Event)),
        _ => None,
    }
}

/// The form of an entry of a collection's histories.
pub fn entry_form(collection: CollectionName) -> Option<Form> {
    match collection {
        CollectionName::Accreditations | CollectionName::LegalRecognitions => {
            Some(AccreditationStatusEntry::form())
        }
        CollectionName::Capabilities => Some(CapabilityStatusEntry::form()),
        CollectionName::Calibrations => Some(CalibrationStatusEntry::form()),
        CollectionName::MeasurementStandards => Some(StandardEvent::form()),
        _ => None,
    }
}

/// The entries of a body.
pub(super) fn entries(collection: CollectionName, body: &Value) -> &[Value] {
    let entries = of(collection).and_then(|(field, _)| body.get(field)).and_then(Value::as_array);
    entries.map_or(&[], Vec::as_slice)
}

/// The same, to be changed.
pub(super) fn entries_mut(collection: CollectionName, body: &mut Value) -> Option<&mut Vec<Value>> {
    let (field, _) = of(collection)?;
    body.get_mut(field)?.as_array_mut()
}

/// When an entry was recorded, where it says so.
pub(super) fn recorded_at(entry: &Value) -> Option<Instant> {
    Instant::parse(entry.get(RECORDED_AT)?.as_str()?).ok()
}

/// Brings the history of a new version in order: entries of the version before stand as they are,
/// new ones are recorded now. Returns what is wrong: an entry that was changed or left out, or a
/// new one that says itself when it was recorded.
pub(super) fn settle(
    collection: CollectionName,
    body: &mut Value,
    before: Option<&Value>,
    now: Instant,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let Some((field, _)) = of(collection) else { return faults };
    let before = before.map_or(&[] as &[Value], |before| entries(collection, before));
    let Some(Value::Array(found)) = body.get_mut(field) else {
        if !before.is_empty() {
            faults.push(changed(format!("/{field}")));
        }
        return faults;
    };
    for (position, kept) in before.iter().enumerate() {
        match found.get_mut(position) {
            Some(entry) if is_same(entry, kept) => *entry = kept.clone(),
            Some(_) => faults.push(changed(format!("/{field}/{position}"))),
            None => {
                faults.push(changed(format!("/{field}")));
                break;
            }
        }
    }
    for (position, entry) in found.iter_mut().enumerate().skip(before.len()) {
        if entry.get(RECORDED_AT).is_some() {
            let message = Text::new(
                "thời điểm ghi nhận do sổ đăng ký cấp; hãy bỏ trường này, hoặc nhập dữ liệu lịch sử vào \
                 một sổ đăng ký trống (--historical)",
                "the registry itself says when it learnt of something; leave this field out, or make \
                 a historical import into an empty registry (--historical)",
            );
            let pointer = format!("/{field}/{position}/{RECORDED_AT}");
            faults.push(Fault::error(pointer, "recorded_at_given", message));
        } else {
            stamp(entry, now);
        }
    }
    faults
}

/// Says when an entry was recorded, where it does not say so itself.
pub(super) fn stamp(entry: &mut Value, recorded_at: Instant) {
    if let Value::Object(fields) = entry {
        fields.entry(RECORDED_AT).or_insert_with(|| recorded_at.to_string().into());
    }
}

/// Whether an entry that came in is one that is kept; it need not say when it was recorded.
fn is_same(entry: &Value, kept: &Value) -> bool {
    let mut entry = entry.clone();
    if let (Value::Object(fields), Some(recorded_at)) = (&mut entry, kept.get(RECORDED_AT)) {
        fields.entry(RECORDED_AT).or_insert_with(|| recorded_at.clone());
    }
    entry == *kept
}

fn changed(pointer: String) -> Fault {
    let message = Text::new(
        "các mục lịch sử đã ghi không được đổi hay bỏ; hãy giữ nguyên và thêm mục mới vào cuối",
        "entries of the history are never changed or left out; keep them as they are and append a \
         new one",
    );
    Fault::error(pointer, "history_changed", message)
}
