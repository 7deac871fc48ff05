//! Certificates that are cited by number and SHA-256, found: among files that are read together, or
//! in the registry.
//!
//! A certificate is the one cited when its document has the SHA-256 that was cited; or, where no
//! such document is here, when it has the number that was cited and its item is the standard used
//! (rule D-04). Then another document with that number is found, and rule S-03 says that it is not
//! the one that was used. Several that fit are none: nothing is guessed. What is not here stays
//! open, with its number and SHA-256, and is looked for again when a certificate comes in.

use std::collections::{BTreeMap, BTreeSet};

use deserr::ValuePointerRef;

use crate::domain::calibration::{Calibration, Endorsement, ItemIdentification, Reference};
use crate::domain::id::Id;
use crate::domain::links::Links as _;
use crate::domain::log::{self, Draft, Operation};
use crate::domain::records::{AnyRecord, CollectionName, Records};
use crate::domain::standard::MeasurementStandard;
use crate::domain::text::Text;
use crate::engine::compile::identity;
use crate::engine::evidence::IdentityMatch;
use crate::exchange::outcome::Unread;
use crate::ids;
use crate::store::{FilterValue, ListQuery, Reader, StoreError, Stored, Writer, filters};

use super::refusal::Refusal;
use super::registry::{Author, hidden};

/// Where a cited certificate is looked for, and the standards of those found.
pub(super) trait Certificates {
    /// Why it cannot be looked for.
    type Error;

    /// The certificates whose document has a SHA-256.
    fn with_document(&mut self, sha256: &str) -> Result<Vec<Calibration>, Self::Error>;

    /// The certificates with a number.
    fn with_number(&mut self, number: &str) -> Result<Vec<Calibration>, Self::Error>;

    /// Which of some records are not there.
    fn absent(&mut self, ids: BTreeSet<Id>) -> Result<BTreeSet<Id>, Self::Error>;

    /// A standard.
    fn standard(&mut self, id: &Id) -> Result<Option<MeasurementStandard>, Self::Error>;
}

/// Those of some records.
pub(super) struct Among<'r>(pub(super) &'r Records);

impl Certificates for Among<'_> {
    type Error = std::convert::Infallible;

    fn with_document(&mut self, sha256: &str) -> Result<Vec<Calibration>, Self::Error> {
        let has = |one: &&Calibration| digest(one) == Some(sha256);
        Ok(self.0.calibrations.iter().filter(has).cloned().collect())
    }

    fn with_number(&mut self, number: &str) -> Result<Vec<Calibration>, Self::Error> {
        Ok(self.0.calibrations.iter().filter(|one| one.number == number).cloned().collect())
    }

    fn absent(&mut self, mut ids: BTreeSet<Id>) -> Result<BTreeSet<Id>, Self::Error> {
        for (_, _, record) in self.0.iter() {
            ids.remove(record.id());
        }
        Ok(ids)
    }

    fn standard(&mut self, id: &Id) -> Result<Option<MeasurementStandard>, Self::Error> {
        Ok(self.0.measurement_standards.iter().find(|one| one.id == *id).cloned())
    }
}

/// Those of the registry that somebody may see.
pub(super) struct Registered<'w, 'c> {
    pub(super) writer: &'w mut Writer<'c>,
    pub(super) reader: Reader,
}

impl Registered<'_, '_> {
    fn calibrations(&mut self, field: &str, text: &str) -> Result<Vec<Calibration>, StoreError> {
        /// More than that are not told apart by number and item.
        const MOST: u32 = 100;
        let collection = CollectionName::Calibrations;
        let filter = filters(collection).iter().find(|filter| filter.name == field);
        let filter = filter.map(|filter| (*filter, FilterValue::Text(text.to_owned())));
        let found = self.writer.list(&ListQuery {
            collection,
            filters: filter.into_iter().collect(),
            words: Vec::new(),
            after: None,
            limit: MOST,
            at: self.writer.head().log_index,
            reader: self.reader.clone(),
        })?;
        let mut calibrations = Vec::new();
        for stored in found {
            if let AnyRecord::Calibrations(calibration) = stored.record()? {
                calibrations.push(*calibration);
            }
        }
        Ok(calibrations)
    }
}

impl Certificates for Registered<'_, '_> {
    type Error = StoreError;

    fn with_document(&mut self, sha256: &str) -> Result<Vec<Calibration>, StoreError> {
        self.calibrations("document_sha256", sha256)
    }

    fn with_number(&mut self, number: &str) -> Result<Vec<Calibration>, StoreError> {
        self.calibrations("number", number)
    }

    fn absent(&mut self, mut ids: BTreeSet<Id>) -> Result<BTreeSet<Id>, StoreError> {
        let found = self.writer.stored_all(&ids)?;
        let records: Vec<AnyRecord> = found.iter().map(Stored::record).collect::<Result<_, _>>()?;
        let hidden = hidden(self.writer, &records, &self.reader)?;
        for record in &records {
            let id = record.record().id();
            if !hidden.contains(id) {
                ids.remove(id);
            }
        }
        Ok(ids)
    }

    fn standard(&mut self, id: &Id) -> Result<Option<MeasurementStandard>, StoreError> {
        Ok(match self.writer.stored(id)?.as_ref().map(Stored::record).transpose()? {
            Some(AnyRecord::MeasurementStandards(one)) => Some(*one),
            _ => None,
        })
    }
}

fn digest(calibration: &Calibration) -> Option<&str> {
    calibration.document.as_ref()?.sha256.as_deref()
}

/// Links the certificates of some records to those that they cite, and lists what stays open.
///
/// # Errors
/// When certificates cannot be looked for.
pub(super) fn link<C: Certificates>(
    records: &mut Records,
    others: &mut C,
) -> Result<Vec<Unread>, C::Error> {
    let mut open = Vec::new();
    let mut replaced: BTreeSet<Id> = BTreeSet::new();
    let own = records.clone();
    for (position, calibration) in records.calibrations.iter_mut().enumerate() {
        let place = format!("/records/calibrations/{position}");
        if drop_absent(calibration, &own, others)? {
            open.push(no_accreditation(format!("{place}/endorsement/accreditation")));
        }
        for (index, reference) in calibration.references.iter_mut().enumerate() {
            if reference.calibration.is_some() || !cites(reference) {
                continue;
            }
            match cited(reference, &own, others)? {
                Some((found, item)) => {
                    if let Some(before) = reference.standard.replace(item.clone())
                        && before != item
                    {
                        replaced.insert(before);
                    }
                    reference.calibration = Some(found.id);
                }
                None => open.push(not_here(
                    format!("{place}/references/{index}"),
                    reference.certificate_number.as_deref().unwrap_or_default(),
                )),
            }
        }
        if let (None, Some(number)) = (&calibration.amends, &calibration.amends_number) {
            match amended(calibration, number, &own, others)? {
                Some(found) => calibration.amends = Some(found),
                None => open.push(not_here(format!("{place}/amends"), number)),
            }
        }
    }
    forget(records, &replaced);
    Ok(open)
}

/// Whether a reference says by what to look for its certificate.
fn cites(reference: &Reference) -> bool {
    reference.document_sha256.is_some() || reference.certificate_number.is_some()
}

/// Forgets what a certificate names by an id of another registry that is not here; says whether the
/// accreditation is among it. A certificate that is forgotten is still cited by its number.
fn drop_absent<C: Certificates>(
    calibration: &mut Calibration,
    own: &Records,
    others: &mut C,
) -> Result<bool, C::Error> {
    let mut named = BTreeSet::new();
    calibration.each_link(ValuePointerRef::Origin, &mut |_, _, id| {
        named.insert(id.clone());
    });
    let Ok(named) = Among(own).absent(named);
    let absent = others.absent(named)?;
    if absent.is_empty() {
        return Ok(false);
    }
    let is_absent = |id: &Option<Id>| id.as_ref().is_some_and(|id| absent.contains(id));
    for reference in &mut calibration.references {
        if is_absent(&reference.calibration) {
            reference.calibration = None;
        }
    }
    if is_absent(&calibration.amends) {
        calibration.amends = None;
    }
    let endorsement = calibration.endorsement.take();
    let accreditation = endorsement.as_ref().and_then(|one| one.accreditation.as_ref());
    let forgets = accreditation.is_some_and(|id| absent.contains(id));
    calibration.endorsement = match endorsement {
        Some(one) if forgets && one.cipm_mra.is_none() => None,
        Some(one) if forgets => Some(Endorsement { accreditation: None, ..one }),
        kept => kept,
    };
    Ok(forgets)
}

/// The certificate that a reference cites, and which of its items was used.
fn cited<C: Certificates>(
    reference: &Reference,
    own: &Records,
    others: &mut C,
) -> Result<Option<(Calibration, Id)>, C::Error> {
    let used = match &reference.standard {
        Some(id) => standard(id, own, others)?,
        None => None,
    };
    if let Some(sha256) = &reference.document_sha256 {
        let Ok(mut found) = Among(own).with_document(sha256);
        found.extend(others.with_document(sha256)?);
        if let Some(one) = only(found) {
            // The document is the one that was used, and so is its item unless it is another's.
            return Ok(item(&one, used.as_ref(), own, others, true)?.map(|item| (one, item)));
        }
    }
    let Some(number) = &reference.certificate_number else { return Ok(None) };
    let Ok(mut found) = Among(own).with_number(number);
    found.extend(others.with_number(number)?);
    // One that is among the files and in the registry is the same.
    let mut fitting = BTreeMap::new();
    for one in found {
        if let Some(item) = item(&one, used.as_ref(), own, others, false)? {
            fitting.insert(one.id.clone(), (one, item));
        }
    }
    Ok(if fitting.len() == 1 { fitting.into_values().next() } else { None })
}

/// The one certificate of a list, which may be in it several times.
fn only(mut found: Vec<Calibration>) -> Option<Calibration> {
    found.sort_by(|one, other| one.id.cmp(&other.id));
    found.dedup_by(|one, other| one.id == other.id);
    if found.len() == 1 { found.pop() } else { None }
}

fn standard<C: Certificates>(
    id: &Id,
    own: &Records,
    others: &mut C,
) -> Result<Option<MeasurementStandard>, C::Error> {
    let Ok(found) = Among(own).standard(id);
    match found {
        Some(found) => Ok(Some(found)),
        None => others.standard(id),
    }
}

/// Which item of a certificate a standard is: itself, or one with the same marks. Where only one
/// item is there and nothing to tell it by, it is that one if the document is `sure`.
fn item<C: Certificates>(
    certificate: &Calibration,
    used: Option<&MeasurementStandard>,
    own: &Records,
    others: &mut C,
    sure: bool,
) -> Result<Option<Id>, C::Error> {
    let items: Vec<&Id> = match certificate.items.is_empty() {
        true => vec![&certificate.item],
        false => certificate.items.iter().collect(),
    };
    let Some(used) = used else {
        return Ok(items.first().filter(|_| sure && items.len() == 1).map(|id| (*id).clone()));
    };
    if let Some(same) = items.iter().find(|id| ***id == used.id) {
        return Ok(Some((*same).clone()));
    }
    let marks = marks(used);
    let mut undecided = Vec::new();
    for id in items {
        let Some(own) = standard(id, own, others)? else { continue };
        match identity(&marks, &own).0 {
            IdentityMatch::Match | IdentityMatch::OtherSpelling => return Ok(Some(id.clone())),
            IdentityMatch::NothingToCompare => undecided.push(id.clone()),
            IdentityMatch::Conflict => {}
        }
    }
    Ok(if sure && undecided.len() == 1 { undecided.pop() } else { None })
}

/// What a standard is told by.
fn marks(standard: &MeasurementStandard) -> ItemIdentification {
    ItemIdentification {
        manufacturer: standard.manufacturer.clone(),
        model: standard.model.clone(),
        serial_number: standard.serial_number.clone(),
        identifiers: standard.identifiers.clone(),
    }
}

/// The certificate that another amends: of the same item, with the number that it names.
fn amended<C: Certificates>(
    calibration: &Calibration,
    number: &str,
    own: &Records,
    others: &mut C,
) -> Result<Option<Id>, C::Error> {
    let used = standard(&calibration.item, own, others)?;
    let Ok(mut found) = Among(own).with_number(number);
    found.extend(others.with_number(number)?);
    let mut fitting = BTreeSet::new();
    for one in found.iter().filter(|one| one.id != calibration.id) {
        if item(one, used.as_ref(), own, others, false)?.is_some() {
            fitting.insert(one.id.clone());
        }
    }
    Ok(if fitting.len() == 1 { fitting.pop_first() } else { None })
}

/// Forgets standards that stood for the items of certificates which were found, unless something
/// else names them.
fn forget(records: &mut Records, replaced: &BTreeSet<Id>) {
    let mut named = BTreeSet::new();
    for (_, _, record) in records.iter() {
        record.each_link(ValuePointerRef::Origin, &mut |_, _, id| {
            if replaced.contains(id) {
                named.insert(id.clone());
            }
        });
    }
    let standards = std::mem::take(&mut records.measurement_standards);
    let is_kept =
        |one: &&MeasurementStandard| !replaced.contains(&one.id) || named.contains(&one.id);
    records.measurement_standards = standards.iter().filter(is_kept).cloned().collect();
}

/// An accreditation that a certificate names by an id which means nothing here.
fn no_accreditation(place: String) -> Unread {
    Unread {
        place,
        line: None,
        count: 1,
        found: None,
        reason: Text::new(
            "giấy chứng nhận được cấp theo một công nhận chưa có ở đây nên không được nối; hãy nhập công \
             nhận đó rồi nối lại",
            "the certificate was issued under an accreditation that is not here, so it is not linked; \
             bring the accreditation in and link it",
        ),
    }
}

/// A certificate that is cited and not here.
fn not_here(place: String, number: &str) -> Unread {
    Unread {
        place,
        line: None,
        count: 1,
        found: Some(number.to_owned()),
        reason: Text::new(
            "giấy chứng nhận được trích dẫn chưa có ở đây; liên kết để ngỏ và được tìm lại khi có giấy \
             chứng nhận mới",
            "the certificate that is cited is not here; the link stays open and is looked for again \
             when certificates come in",
        ),
    }
}

/// The registry itself, as the record log names it.
const REGISTRY: &str = "registry";

/// Looks again for what certificates cite by SHA-256, now that these records are written: the
/// certificates that cite one of them, and they themselves. A link that is found is a new version,
/// written by the registry in the request of whoever wrote them.
///
/// Whoever cites a document by its SHA-256 has it in hand or was told by whom it was issued for, so
/// that it may be found whoever sees it; by a number, which can be guessed, nothing is found here.
///
/// # Errors
/// When the database fails.
pub(super) fn look_again<'r>(
    writer: &mut Writer<'_>,
    written: impl IntoIterator<Item = &'r AnyRecord>,
    author: &Author,
) -> Result<(), Refusal> {
    for record in written {
        let AnyRecord::Calibrations(calibration) = record else { continue };
        let mut open = match digest(calibration) {
            Some(sha256) => writer.citing(sha256)?,
            None => Vec::new(),
        };
        if calibration.references.iter().any(is_open) {
            open.extend(writer.written(&calibration.id)?);
        }
        for stored in open {
            look_for(writer, &stored, author)?;
        }
    }
    Ok(())
}

fn is_open(reference: &Reference) -> bool {
    reference.calibration.is_none() && reference.document_sha256.is_some()
}

/// Links a certificate as it stands to what it cites by SHA-256.
fn look_for(writer: &mut Writer<'_>, stored: &Stored, author: &Author) -> Result<(), Refusal> {
    let AnyRecord::Calibrations(before) = stored.record()? else { return Ok(()) };
    let mut calibration = (*before).clone();
    let own = Records::default();
    let mut others = Registered { writer, reader: Reader::Everything };
    for reference in calibration.references.iter_mut().filter(|reference| is_open(reference)) {
        let by_document = Reference { certificate_number: None, ..reference.clone() };
        if let Some((found, item)) = cited(&by_document, &own, &mut others)? {
            reference.standard = Some(item);
            reference.calibration = Some(found.id);
        }
    }
    if calibration == *before {
        return Ok(());
    }
    let record = AnyRecord::from(calibration);
    let draft = Draft {
        actor: REGISTRY.to_owned(),
        request_id: author.request_id.clone(),
        operation: Operation::Amend,
        kind: CollectionName::Calibrations,
        record_id: stored.id.clone(),
        version: stored.version + 1,
        body: log::canonical(&record.body()),
        salt: ids::new_salt(),
    };
    writer.append(&record, draft, author.now)?;
    Ok(())
}
