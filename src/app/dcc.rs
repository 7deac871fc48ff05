//! Certificates out of the registry as digital calibration certificates (DCC), each citing those
//! that it was made with by number and SHA-256.
//!
//! A certificate is frozen when it is issued, and so is its DCC: it is printed from what was known
//! when the certificate was written last, so that it stays the same, byte for byte, whatever is
//! recorded later, and the SHA-256 by which others cite it goes on holding. A correction is another
//! document.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::domain::calibration::Calibration;
use crate::domain::id::Id;
use crate::domain::links::Links as _;
use crate::domain::log::Digest;
use crate::domain::records::{AnyRecord, CollectionName, Records};
use crate::domain::text::Text;
use crate::engine::limits::Limits;
use crate::exchange::dcc;
pub use crate::exchange::dcc::MEDIA_TYPE;
use crate::store::{Reader, Stored};

use super::refusal::Refusal;
use super::registry::{Registry, parsed};

/// What of a standard goes into a certificate: whose it is and how it is told from others. What its
/// owner does with it is not the issuer's to say.
const IDENTITY: &[&str] = &[
    "id",
    "owner",
    "code",
    "names",
    "quantity_kinds",
    "manufacturer",
    "model",
    "serial_number",
    "type",
    "identifiers",
    "parent_kit",
    "nominal",
    "range",
    "accuracy_class",
];

/// A certificate as another cites it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// Its number.
    pub number: String,
    /// SHA-256 of its document, in lower-case hexadecimal.
    pub sha256: String,
}

/// The records that a certificate is printed from: the calibration, citing what it was made with,
/// and the organisations, standards, roots and documents that it names. Other certificates,
/// accreditations and capabilities are not an issuer's to hand on.
///
/// # Errors
/// Those of `find`, which looks up a record, and of `cite`, which says how a certificate is cited.
pub fn gather<E>(
    mut calibration: Calibration,
    find: &mut dyn FnMut(&Id) -> Result<Option<AnyRecord>, E>,
    cite: &mut dyn FnMut(&Id) -> Result<Option<Citation>, E>,
) -> Result<Records, E> {
    for reference in &mut calibration.references {
        let Some(used) = &reference.calibration else { continue };
        if let Some(Citation { number, sha256 }) = cite(used)? {
            reference.certificate_number.get_or_insert(number);
            reference.document_sha256.get_or_insert(sha256);
        }
    }
    if let (Some(amended), None) = (&calibration.amends, &calibration.amends_number) {
        calibration.amends_number = find(amended)?.and_then(|record| match record {
            AnyRecord::Calibrations(amended) => Some(amended.number),
            _ => None,
        });
    }
    let mut records = Records::default();
    let mut known = BTreeSet::from([calibration.id.clone()]);
    let mut next: Vec<AnyRecord> = vec![calibration.into()];
    let mut position = 0;
    while let Some(record) = next.pop() {
        let mut named = BTreeSet::new();
        record.each_link(deserr::ValuePointerRef::Origin, &mut |_, _, id| {
            if !known.contains(id) {
                named.insert(id.clone());
            }
        });
        for id in named {
            if let Some(found) = find(&id)?.and_then(handed_on) {
                known.insert(id);
                next.push(found);
            }
        }
        records.push_any(position, record);
        position += 1;
    }
    Ok(records)
}

/// A record as it goes into a certificate that names it, if it does.
fn handed_on(record: AnyRecord) -> Option<AnyRecord> {
    let collection = record.collection();
    match collection {
        CollectionName::Organisations
        | CollectionName::Realisations
        | CollectionName::Documents => Some(record),
        CollectionName::MeasurementStandards => {
            let Value::Object(mut fields) = record.body() else { return None };
            fields.retain(|field, _| IDENTITY.contains(&field.as_str()));
            let origin = deserr::ValuePointerRef::Origin;
            AnyRecord::read(collection, Value::Object(fields), origin).ok()
        }
        _ => None,
    }
}

impl Registry {
    /// Certificates as DCCs, one after the other, with their numbers: each goes to `take`.
    ///
    /// # Errors
    /// Those of [`Self::certificate_as_dcc`], or of `take`.
    pub fn certificates_as_dcc<E: From<Refusal>>(
        &self,
        ids: &[Id],
        at: u64,
        take: &mut dyn FnMut(&str, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        let reader = &Reader::Everything;
        let mut printer =
            Printer { registry: self, reader, path: Vec::new(), cited: HashMap::new() };
        for id in ids {
            let stored = self.get(CollectionName::Calibrations, id, at)?;
            let number = parsed(&stored).map_err(Refusal::from)?;
            let number = number.get("number").and_then(Value::as_str).unwrap_or_default();
            take(number, &printer.print(&stored)?)?;
        }
        Ok(())
    }

    /// A certificate as a DCC, for a reader who sees all that it names; its items, which may be a
    /// customer's, for whoever sees the certificate.
    ///
    /// # Errors
    /// When it is not there or not theirs to see, when it names what they may not see, when it
    /// cannot be said in a DCC, or when its chain goes in a circle or beyond the limits.
    pub fn certificate_as_dcc(&self, id: &Id, reader: &Reader, at: u64) -> Result<String, Refusal> {
        let calibration = self.get_for(CollectionName::Calibrations, id, reader, at)?;
        let mut printer =
            Printer { registry: self, reader, path: Vec::new(), cited: HashMap::new() };
        printer.print(&calibration)
    }
}

struct Printer<'r> {
    registry: &'r Registry,
    reader: &'r Reader,
    /// The certificates that are being printed, each cited by the one before.
    path: Vec<Id>,
    /// How certificates are cited, by their id and the log index of their version.
    cited: HashMap<(Id, u64), Citation>,
}

impl Printer<'_> {
    fn print(&mut self, stored: &Stored) -> Result<String, Refusal> {
        let id = &stored.id;
        let limits = Limits::default();
        if self.path.contains(id) {
            return Err(cannot(
                format!("chuỗi giấy chứng nhận của {id} khép thành vòng (quy tắc S-04)"),
                format!("the certificates that {id} rests on go in a circle (rule S-04)"),
            ));
        }
        if self.path.len() as u64 >= u64::from(limits.depth)
            || self.cited.len() as u64 >= u64::from(limits.calibrations)
        {
            return Err(cannot(
                "chuỗi giấy chứng nhận quá dài (quy tắc S-11)",
                "the chain of certificates is too long (rule S-11)",
            ));
        }
        self.path.push(id.clone());
        let at = self.written_last(stored)?;
        let registry = self.registry;
        // Of certificates further up only the digest shows.
        let reader = if self.path.len() == 1 { self.reader } else { &Reader::Everything };
        let calibration = match stored.record()? {
            AnyRecord::Calibrations(calibration) => *calibration,
            _ => return Err(Refusal::Unknown { collection: stored.collection, id: id.clone() }),
        };
        let items = dcc::items_of(&calibration).into_iter().cloned().collect::<BTreeSet<_>>();
        let mut find = |id: &Id| -> Result<Option<AnyRecord>, Refusal> {
            let Some(found) = registry.store().get(id, at)? else { return Ok(None) };
            // Who calibrated an item knows it.
            match items.contains(id) || registry.is_visible(found.collection, id, reader, at)? {
                true => Ok(Some(found.record()?)),
                false => Err(not_whole()),
            }
        };
        let mut cite = |id: &Id| self.citation(id, at);
        let records = gather(calibration, &mut find, &mut cite)?;
        self.path.pop();
        dcc::print(&records).ok_or_else(|| {
            cannot(
                "thiếu bản ghi của bên cấp, của vật được hiệu chuẩn hoặc của chủ sở hữu",
                "the record of its issuer, of its item or of the item's owner is missing",
            )
        })
    }

    /// How a certificate is cited, as known at a log index: by the DCC that it came as, or else by
    /// the one that it is printed as.
    fn citation(&mut self, id: &Id, at: u64) -> Result<Option<Citation>, Refusal> {
        let Some(stored) = self.registry.store().get(id, at)? else { return Ok(None) };
        let AnyRecord::Calibrations(calibration) = stored.record()? else { return Ok(None) };
        if self.path.len() == 1
            && !self.registry.is_visible(stored.collection, id, self.reader, at)?
        {
            return Err(not_whole());
        }
        let key = (id.clone(), stored.log_index);
        if let Some(citation) = self.cited.get(&key) {
            return Ok(Some(citation.clone()));
        }
        let came_as = calibration
            .document
            .as_ref()
            .filter(|document| document.media_type.as_deref() == Some(dcc::MEDIA_TYPE));
        let sha256 = match came_as.and_then(|document| document.sha256.clone()) {
            Some(sha256) => sha256,
            None => Digest::of(&[self.print(&stored)?.as_bytes()]).to_string(),
        };
        let citation = Citation { number: calibration.number.clone(), sha256 };
        self.cited.insert(key, citation.clone());
        Ok(Some(citation))
    }

    /// The log index of the oldest version that says the same as this one of the certificate
    /// itself.
    fn written_last(&self, stored: &Stored) -> Result<u64, Refusal> {
        let versions = self.registry.store().versions(&stored.id, stored.log_index)?;
        let content = frozen(parsed(stored)?);
        let mut at = stored.log_index;
        for version in versions.iter().rev() {
            if frozen(parsed(version)?) != content {
                break;
            }
            at = version.log_index;
        }
        Ok(at)
    }
}

/// What of a calibration is its certificate.
fn frozen(mut body: Value) -> Value {
    if let Value::Object(fields) = &mut body {
        fields.retain(|field, _| {
            field != "evidence_level"
                && field != "synced_at"
                && !dcc::OF_CERTIFICATE.contains(&field.as_str())
        });
    }
    body
}

fn not_whole() -> Refusal {
    cannot(
        "giấy chứng nhận này dẫn đến bản ghi mà bạn không được xem; tệp DCC chỉ được cấp nguyên vẹn",
        "the certificate names records that are not yours to see; a DCC is given whole or not at all",
    )
}

fn cannot(vi: impl Into<String>, en: impl Into<String>) -> Refusal {
    Refusal::NoSuchForm(Text::new(vi, en))
}
