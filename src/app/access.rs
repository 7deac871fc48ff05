//! Who may do what: the one place that decides it (api.md, "Who may write what" and "Privacy").
//!
//! A token says who somebody is; what they may do is looked up here at every request: the roles
//! that their key or membership holds, and the part that their organisation has in the record. One
//! table says which role of which part may write which collection, and how well the record is
//! evidenced then. Which records a reader sees is a condition of the store
//! ([`crate::store::Reader`]); who gets which reader is said here, and what is left out of reports
//! and lists is in `privacy`.

use std::collections::{BTreeSet, HashMap};

use crate::domain::attestation::{Attestation, Statement};
use crate::domain::capability::Publisher;
use crate::domain::id::Id;
use crate::domain::identity::{Role, Scopes};
use crate::domain::organisation::OrganisationKind;
use crate::domain::recognition::EvidenceLevel;
use crate::domain::records::{AnyRecord, CollectionName};
use crate::domain::standard::LegalLevel;
use crate::domain::text::Text;
use crate::store::{FilterValue, ListQuery, StoreError, Stored, Writer, filters};

pub use crate::store::Reader;

use super::refusal::Refusal;

/// Somebody whose token was accepted, with what they may do at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Their organisation.
    pub organisation: Id,
    /// Its kind.
    pub kind: OrganisationKind,
    /// Its country, where it has one.
    pub country: Option<String>,
    /// The roles that they hold there.
    pub roles: BTreeSet<Role>,
    /// What their way in may be used for.
    pub scopes: Scopes,
    /// Their key or membership, as tokens and the record log name it.
    pub credential: String,
}

impl Principal {
    /// Who they are, as the record log names them. The log is public and the customers of a
    /// laboratory are not (ISO/IEC 17025, 4.2), so it is the key or membership and not the
    /// organisation; whoever manages these knows whose it is.
    pub fn actor(&self) -> String {
        self.credential.clone()
    }

    /// Whether they hold a role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whose records they read. The institute's verifiers follow a chain through every laboratory,
    /// and the operator keeps the registry: both see everything (api.md, "Privacy").
    pub fn reader(&self) -> Reader {
        match self.is(Role::Institute) || self.is(Role::Operator) {
            true => Reader::Everything,
            false => Reader::Organisation(self.organisation.clone()),
        }
    }

    /// Whether they may manage the keys and members of an organisation.
    pub fn manages(&self, organisation: &Id) -> bool {
        self.is(Role::Operator)
            || self.is(Role::Administrator) && self.organisation == *organisation
    }

    /// Whether they may write policies: the authority of legal metrology, and who keeps the registry.
    pub fn writes_policies(&self) -> bool {
        self.is(Role::Authority) || self.is(Role::Operator)
    }

    /// Whether they may give a role to somebody of an organisation of this kind: an operator every
    /// role that fits it, an administrator those that open nothing of others.
    pub fn may_give(&self, role: Role, kind: OrganisationKind) -> bool {
        let opens_everything = matches!(role, Role::Operator | Role::Institute);
        fits(role, kind) && (!opens_everything || self.is(Role::Operator))
    }
}

/// Who may write policies, in words for a refusal and for the documentation.
pub fn policy_writers() -> Text {
    let roles = format!("{}, {}", Role::Authority, Role::Operator);
    Text::new(roles.clone(), roles)
}

/// Whether a role can be held in an organisation of this kind: only an accreditation body has staff
/// of an accreditation body. An operator can sit anywhere.
pub fn fits(role: Role, kind: OrganisationKind) -> bool {
    match role {
        Role::Submitter | Role::Signatory | Role::Administrator | Role::Operator => true,
        Role::AccreditationBody => kind == OrganisationKind::AccreditationBody,
        Role::Authority => kind == OrganisationKind::Authority,
        Role::Institute => kind.is_institute(),
    }
}

/// What is done to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A new record.
    Create,
    /// A new version.
    Amend,
    /// A status or an event appended.
    Append,
}

/// The part that an organisation has in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// No part is needed: the role is enough.
    Any,
    /// The organisation that a record is about.
    Holder,
    /// The owner of a standard, of the item of a certificate, or of what a case is about.
    Owner,
    /// Who issued the certificate, or the certificate that a case is about.
    Issuer,
    /// The accreditation body that accredits.
    AccreditationBody,
    /// The authority that decided.
    Authority,
    /// An organisation of the country of a standard's owner.
    OfTheCountry,
    /// Who pilots a comparison.
    Pilot,
    /// Who took part in a comparison.
    Participant,
}

/// A line of the table: this role, in the organisation that has this part, may do this.
struct Grant {
    collection: CollectionName,
    acts: &'static [Act],
    role: Role,
    part: Part,
    /// What else must be so.
    condition: Condition,
    /// How well the record is evidenced when they write it.
    level: Level,
}

#[derive(Clone, Copy)]
enum Condition {
    None,
    /// Scope entries of an accreditation.
    Scope,
    /// Capabilities under national law.
    LegalScope,
    /// National standards.
    National,
    /// Scope entries of an accreditation that its body has not approved.
    Proposal,
    /// Statements about records of a collection.
    Of(CollectionName, &'static [Statement]),
    /// The writer's organisation is an institute.
    ByInstitute,
    /// A certificate of somebody else that its issuer has not confirmed: nobody writes another's
    /// facts.
    Unconfirmed,
    /// Nothing changes but whether it is published, which is its owner's to say.
    OnlyPublishing,
    /// Kind, identifiers and country stay as they are: they say what the organisation is.
    SameNature,
}

#[derive(Clone, Copy)]
enum Level {
    /// The writer is who the fact is from.
    Confirmed,
    /// The writer says so of itself.
    Own,
    /// Of a certificate received from somebody else: a document was uploaded, or not even that.
    Received,
    /// As it was.
    AsBefore,
}

use Act::{Amend, Append, Create};

/// What the source of a record says of what others wrote in its name.
const CONFIRM: &[Statement] = &[Statement::Confirmed, Statement::Disputed];
/// What a body or an authority says of what was put before it.
const APPROVE: &[Statement] = &[Statement::Approved, Statement::Refused];

const WRITE: &[Act] = &[Create, Amend];
const ALL: &[Act] = &[Create, Amend, Append];

const fn grant(
    collection: CollectionName,
    acts: &'static [Act],
    role: Role,
    part: Part,
    condition: Condition,
    level: Level,
) -> Grant {
    Grant { collection, acts, role, part, condition, level }
}

/// Who may write what.
static TABLE: &[Grant] = {
    use CollectionName as C;
    use Condition as If;
    use Level as As;
    &[
        grant(
            C::Organisations,
            &[Amend],
            Role::Administrator,
            Part::Holder,
            If::SameNature,
            As::Own,
        ),
        grant(
            C::Accreditations,
            ALL,
            Role::AccreditationBody,
            Part::AccreditationBody,
            If::None,
            As::Confirmed,
        ),
        grant(C::LegalRecognitions, ALL, Role::Authority, Part::Authority, If::None, As::Confirmed),
        grant(
            C::Capabilities,
            ALL,
            Role::AccreditationBody,
            Part::AccreditationBody,
            If::Scope,
            As::Confirmed,
        ),
        grant(C::Capabilities, ALL, Role::Authority, Part::Any, If::LegalScope, As::Confirmed),
        // A laboratory proposes its scope; no recognition rests on it until it is approved (D-07).
        grant(C::Capabilities, WRITE, Role::Submitter, Part::Holder, If::Proposal, As::Own),
        grant(C::MeasurementStandards, ALL, Role::Submitter, Part::Owner, If::None, As::Own),
        grant(
            C::MeasurementStandards,
            WRITE,
            Role::Authority,
            Part::OfTheCountry,
            If::National,
            As::Confirmed,
        ),
        grant(
            C::Realisations,
            WRITE,
            Role::Submitter,
            Part::Holder,
            If::ByInstitute,
            As::Confirmed,
        ),
        grant(C::Calibrations, ALL, Role::Signatory, Part::Issuer, If::None, As::Confirmed),
        grant(C::Calibrations, ALL, Role::Submitter, Part::Owner, If::Unconfirmed, As::Received),
        grant(
            C::Calibrations,
            &[Amend],
            Role::Submitter,
            Part::Owner,
            If::OnlyPublishing,
            As::AsBefore,
        ),
        // Open: api.md lets the body append to every certificate of a laboratory that it accredits,
        // but one that is confidential is not there for it (404), since the answer would show it
        // the figures. It reaches those that are published.
        grant(
            C::Calibrations,
            &[Append],
            Role::AccreditationBody,
            Part::AccreditationBody,
            If::None,
            As::Confirmed,
        ),
        grant(C::Comparisons, WRITE, Role::Institute, Part::Any, If::None, As::Own),
        grant(C::Documents, WRITE, Role::Authority, Part::Any, If::None, As::Confirmed),
        grant(C::Nonconformities, WRITE, Role::Institute, Part::Any, If::None, As::Confirmed),
        grant(C::Nonconformities, WRITE, Role::Submitter, Part::Owner, If::None, As::Own),
        grant(C::Nonconformities, WRITE, Role::Signatory, Part::Issuer, If::None, As::Own),
        grant(C::Programme, WRITE, Role::Authority, Part::Any, If::None, As::Confirmed),
        // Who says what of others' records (records.md, attestations).
        grant(
            C::Attestations,
            &[Create],
            Role::Signatory,
            Part::Issuer,
            If::Of(C::Calibrations, CONFIRM),
            As::Confirmed,
        ),
        grant(
            C::Attestations,
            &[Create],
            Role::Authority,
            Part::OfTheCountry,
            If::Of(C::MeasurementStandards, APPROVE),
            As::Confirmed,
        ),
        grant(
            C::Attestations,
            &[Create],
            Role::AccreditationBody,
            Part::AccreditationBody,
            If::Of(C::Capabilities, APPROVE),
            As::Confirmed,
        ),
        grant(
            C::Attestations,
            &[Create],
            Role::Institute,
            Part::Pilot,
            If::Of(C::Comparisons, CONFIRM),
            As::Confirmed,
        ),
        grant(
            C::Attestations,
            &[Create],
            Role::Institute,
            Part::Participant,
            If::Of(C::Comparisons, &[Statement::Disputed]),
            As::Confirmed,
        ),
    ]
};

/// Whether the operator of the registry may write a collection: all but attestations, which are
/// others' words.
const fn is_operators(collection: CollectionName) -> bool {
    !matches!(collection, CollectionName::Attestations)
}

/// Who may write a collection, in words for a refusal and for the documentation.
pub fn writers(collection: CollectionName, act: Act) -> Text {
    let mut vi: Vec<String> = Vec::new();
    let mut en: Vec<String> = Vec::new();
    for grant in TABLE.iter().filter(|one| one.collection == collection && one.acts.contains(&act))
    {
        let role = grant.role;
        let (part_vi, part_en) = match grant.part {
            Part::Any => ("", ""),
            Part::Holder => (" của chính tổ chức đó", " of the organisation itself"),
            Part::Owner => (" của chủ sở hữu", " of its owner"),
            Part::Issuer => (" của nơi cấp", " of its issuer"),
            Part::AccreditationBody => {
                (" của tổ chức công nhận liên quan", " of its accreditation body")
            }
            Part::Authority => (" của cơ quan quyết định", " of the authority that decided"),
            Part::OfTheCountry => (" của nước chủ sở hữu", " of the owner's country"),
            Part::Pilot => (" của viện chủ trì", " of the pilot institute"),
            Part::Participant => (" của viện tham gia", " of an institute that took part"),
        };
        if let Condition::Of(attested, statements) = grant.condition {
            let words: Vec<&str> = statements.iter().map(|word| word.as_str()).collect();
            let words = words.join(", ");
            vi.push(format!("{role}{part_vi} ({attested}: {words})"));
            en.push(format!("{role}{part_en} ({attested}: {words})"));
            continue;
        }
        let (if_vi, if_en) = match grant.condition {
            Condition::None | Condition::Of(..) => ("", ""),
            Condition::Scope => (" (phạm vi công nhận)", " (scopes)"),
            Condition::Proposal => {
                (" (phạm vi đề nghị, chưa được phê duyệt)", " (proposed scopes, not approved yet)")
            }
            Condition::LegalScope => (" (phạm vi pháp lý)", " (legal scopes)"),
            Condition::National => (" (chuẩn quốc gia)", " (national standards)"),
            Condition::ByInstitute => (" (viện đo lường)", " (institutes)"),
            Condition::Unconfirmed => (
                " (giấy chứng nhận nhận được, chưa được nơi cấp xác nhận)",
                " (certificates received and not confirmed by their issuer)",
            ),
            Condition::OnlyPublishing => {
                (" (chỉ để công bố hay thôi công bố)", " (only to publish it or not)")
            }
            Condition::SameNature => {
                (" (không đổi loại, nước, mã nhận diện)", " (not kind, country or identifiers)")
            }
        };
        vi.push(format!("{role}{part_vi}{if_vi}"));
        en.push(format!("{role}{part_en}{if_en}"));
    }
    if is_operators(collection) {
        vi.push("operator".to_owned());
        en.push("operator".to_owned());
    }
    Text::new(vi.join(", "), en.join(", "))
}

/// The version of a record that is about to be written, and the one before it.
pub(super) struct Written<'r> {
    /// What is done.
    pub(super) act: Act,
    /// The record as it will be.
    pub(super) record: &'r AnyRecord,
    /// The record as it was.
    pub(super) before: Option<&'r AnyRecord>,
}

/// What the records say that a record names: those of the same import first, then those stored.
pub(super) struct Facts<'w, 'c> {
    /// The transaction.
    pub(super) writer: &'w mut Writer<'c>,
    /// Records that come in together.
    arriving: Option<&'w HashMap<&'w Id, &'w AnyRecord>>,
}

impl<'w, 'c> Facts<'w, 'c> {
    /// Those that are stored.
    pub(super) fn stored(writer: &'w mut Writer<'c>) -> Self {
        Self { writer, arriving: None }
    }

    /// The same with those that come in together.
    pub(super) fn arriving(
        writer: &'w mut Writer<'c>,
        arriving: &'w HashMap<&'w Id, &'w AnyRecord>,
    ) -> Self {
        Self { writer, arriving: Some(arriving) }
    }

    fn named(&mut self, id: &Id) -> Result<Option<AnyRecord>, StoreError> {
        match self.arriving.and_then(|arriving| arriving.get(id)) {
            Some(record) => Ok(Some((*record).clone())),
            None => self.writer.stored(id)?.as_ref().map(Stored::record).transpose(),
        }
    }
}

impl Facts<'_, '_> {
    /// The owner of a standard.
    fn owner(&mut self, standard: &Id) -> Result<Option<Id>, StoreError> {
        Ok(match self.named(standard)? {
            Some(AnyRecord::MeasurementStandards(standard)) => Some(standard.owner),
            _ => None,
        })
    }
}

/// Decides whether somebody may write a version, and how well it is evidenced then; none where it
/// stays as the record says.
///
/// # Errors
/// That they may not: as if the record were not there where they may not even see it.
pub(super) fn permit(
    facts: &mut Facts<'_, '_>,
    principal: &Principal,
    written: &Written<'_>,
) -> Result<Option<EvidenceLevel>, Refusal> {
    let Written { act, record, before } = *written;
    let collection = record.collection();
    if principal.is(Role::Operator) && is_operators(collection) {
        return Ok(None);
    }
    let attested = match record {
        AnyRecord::Attestations(attestation) => Some(attested(facts, principal, attestation)?),
        _ => None,
    };
    let mut own_parts = parts(facts, principal, record)?;
    if let Some(before) = before {
        // Who had no part in it cannot take one by amending it.
        let had = parts(facts, principal, before)?;
        own_parts.retain(|part| had.contains(part));
    }
    let granted = TABLE.iter().find(|grant| {
        grant.collection == collection
            && grant.acts.contains(&act)
            && principal.is(grant.role)
            && own_parts.contains(&grant.part)
            && holds(grant.condition, principal, written, attested.as_ref())
    });
    match granted {
        Some(grant) if act == Append => Ok(Some(evidence(before.unwrap_or(record), grant.level))),
        // Whether it is published is for the owner of the item to say, whoever issued it.
        Some(_) if publishes(written) && !own_parts.contains(&Part::Owner) => {
            let who = Text::new(
                "chủ sở hữu của chuẩn (trường “published”), operator",
                "the owner of the item (the field “published”), operator",
            );
            Err(Refusal::NotAllowed { writers: who })
        }
        Some(grant) => Ok(match (grant.level, before) {
            (Level::AsBefore, Some(before)) => before.record().evidence_level(),
            _ => Some(level(grant.level, principal, record)),
        }),
        None => {
            let id = record.record().id().clone();
            if before.is_some() && !facts.writer.is_visible(collection, &id, &principal.reader())? {
                return Err(Refusal::Unknown { collection, id });
            }
            Err(Refusal::NotAllowed { writers: writers(collection, act) })
        }
    }
}

/// An appended entry leaves the record's level as it is.
fn evidence(before: &AnyRecord, otherwise: Level) -> EvidenceLevel {
    before.record().evidence_level().unwrap_or(match otherwise {
        Level::Confirmed => EvidenceLevel::IssuerConfirmed,
        Level::Own | Level::Received | Level::AsBefore => EvidenceLevel::SelfDeclared,
    })
}

fn level(level: Level, principal: &Principal, record: &AnyRecord) -> EvidenceLevel {
    match (level, record) {
        // A comparison is its pilot's to report.
        (Level::Own, AnyRecord::Comparisons(comparison))
            if comparison.pilot.as_ref() == Some(&principal.organisation) =>
        {
            EvidenceLevel::IssuerConfirmed
        }
        (Level::Received, AnyRecord::Calibrations(calibration))
            if calibration.document.is_some() =>
        {
            EvidenceLevel::DocumentUploaded
        }
        (Level::Confirmed, _) => EvidenceLevel::IssuerConfirmed,
        (Level::Own | Level::Received | Level::AsBefore, _) => EvidenceLevel::SelfDeclared,
    }
}

/// The record that a statement is about: one that who says it may know of.
fn attested(
    facts: &mut Facts<'_, '_>,
    principal: &Principal,
    attestation: &Attestation,
) -> Result<AnyRecord, Refusal> {
    if let Some(record) = facts.named(&attestation.record)? {
        let id = record.record().id();
        if facts.writer.is_visible(record.collection(), id, &principal.reader())? {
            return Ok(record);
        }
    }
    let id = &attestation.record;
    let message =
        Text::new(format!("không có bản ghi “{id}”"), format!("there is no record “{id}”"));
    Err(Refusal::fault("/record", "unknown_id", message))
}

fn holds(
    condition: Condition,
    principal: &Principal,
    written: &Written<'_>,
    attested: Option<&AnyRecord>,
) -> bool {
    let both =
        |is: &dyn Fn(&AnyRecord) -> bool| is(written.record) && written.before.is_none_or(is);
    match condition {
        Condition::None => true,
        Condition::Scope => both(&|record| has_publisher(record, Publisher::AccreditationScope)),
        Condition::Proposal => both(&|record| {
            has_publisher(record, Publisher::AccreditationScope)
                && (written.act == Create || !record.record().is_confirmed())
        }),
        Condition::Of(collection, statements) => match (written.record, attested) {
            (AnyRecord::Attestations(said), Some(attested)) => {
                attested.collection() == collection
                    && statements.contains(&said.statement)
                    && is_for_approval(attested)
            }
            _ => false,
        },
        Condition::LegalScope => both(&|record| has_publisher(record, Publisher::LegalScope)),
        Condition::National => both(&is_national),
        Condition::ByInstitute => principal.kind.is_institute(),
        Condition::Unconfirmed => {
            let is_confirmed = |record: &AnyRecord| {
                record.record().evidence_level() >= Some(EvidenceLevel::IssuerConfirmed)
            };
            let by_another = match written.record {
                AnyRecord::Calibrations(calibration) => {
                    calibration.issuer != principal.organisation
                }
                _ => false,
            };
            by_another && !written.before.is_some_and(is_confirmed)
        }
        Condition::OnlyPublishing if !publishes(written) => false,
        Condition::OnlyPublishing => match (written.record, written.before) {
            (AnyRecord::Calibrations(now), Some(AnyRecord::Calibrations(before))) => {
                let mut before = before.clone();
                before.published = now.published;
                before.evidence_level = now.evidence_level;
                before.synced_at = now.synced_at;
                AnyRecord::Calibrations(before).body() == written.record.body()
            }
            _ => false,
        },
        Condition::SameNature => match (written.record, written.before) {
            (AnyRecord::Organisations(now), Some(AnyRecord::Organisations(before))) => {
                now.kind == before.kind
                    && now.country == before.country
                    && now.identifiers == before.identifiers
            }
            _ => false,
        },
    }
}

fn is_national(record: &AnyRecord) -> bool {
    match record {
        AnyRecord::MeasurementStandards(standard) => {
            standard.legal_level == Some(LegalLevel::National)
        }
        _ => false,
    }
}

/// Whether there is anything about a record that needs a second pair of eyes: standards that are
/// not national ones are their owners' own, and what the KCDB publishes is approved there.
fn is_for_approval(record: &AnyRecord) -> bool {
    match record {
        AnyRecord::MeasurementStandards(_) => is_national(record),
        AnyRecord::Capabilities(_) => has_publisher(record, Publisher::AccreditationScope),
        _ => true,
    }
}

/// Whether a certificate becomes public, or ceases to be.
fn publishes(written: &Written<'_>) -> bool {
    let published = |record: &AnyRecord| match record {
        AnyRecord::Calibrations(calibration) => calibration.published == Some(true),
        _ => false,
    };
    published(written.record) != written.before.is_some_and(published)
}

fn has_publisher(record: &AnyRecord, publisher: Publisher) -> bool {
    match record {
        AnyRecord::Capabilities(capability) => capability.publisher == publisher,
        _ => false,
    }
}

/// The parts that somebody's organisation has in a record.
fn parts(
    facts: &mut Facts<'_, '_>,
    principal: &Principal,
    record: &AnyRecord,
) -> Result<BTreeSet<Part>, Refusal> {
    let own = &principal.organisation;
    let mut parts = BTreeSet::from([Part::Any]);
    let mut add = |part: Part, organisation: Option<&Id>| {
        if organisation == Some(own) {
            parts.insert(part);
        }
    };
    match record {
        AnyRecord::Organisations(record) => add(Part::Holder, Some(&record.id)),
        AnyRecord::Accreditations(record) => {
            add(Part::Holder, Some(&record.organisation));
            add(Part::AccreditationBody, Some(&record.accreditation_body));
        }
        AnyRecord::LegalRecognitions(record) => add(Part::Authority, record.authority.as_ref()),
        AnyRecord::Capabilities(record) => {
            add(Part::Holder, Some(&record.organisation));
            if let Some(accreditation) = &record.accreditation {
                // The scope of one laboratory does not hang on another's accreditation.
                if let Some(AnyRecord::Accreditations(found)) = facts.named(accreditation)?
                    && found.organisation == record.organisation
                {
                    add(Part::AccreditationBody, Some(&found.accreditation_body));
                }
            }
        }
        AnyRecord::MeasurementStandards(record) => {
            add(Part::Owner, Some(&record.owner));
            if principal.is(Role::Authority)
                && let Some(AnyRecord::Organisations(owner)) = facts.named(&record.owner)?
                && owner.country.is_some()
                && owner.country == principal.country
            {
                add(Part::OfTheCountry, Some(own));
            }
        }
        AnyRecord::Realisations(record) => add(Part::Holder, Some(&record.organisation)),
        AnyRecord::Calibrations(record) => {
            add(Part::Issuer, Some(&record.issuer));
            add(Part::Owner, facts.owner(&record.item)?.as_ref());
            if principal.is(Role::AccreditationBody)
                && accredits(facts.writer, own, &record.issuer)?
            {
                add(Part::AccreditationBody, Some(own));
            }
        }
        AnyRecord::Nonconformities(record) => match facts.named(&record.subject)? {
            Some(AnyRecord::MeasurementStandards(subject)) => {
                add(Part::Owner, Some(&subject.owner));
            }
            Some(AnyRecord::Calibrations(subject)) => {
                add(Part::Issuer, Some(&subject.issuer));
                add(Part::Owner, facts.owner(&subject.item)?.as_ref());
            }
            _ => {}
        },
        AnyRecord::Comparisons(record) => {
            add(Part::Pilot, record.pilot.as_ref());
            for result in &record.results {
                add(Part::Participant, Some(&result.organisation));
            }
        }
        // Said in another's name, it is nobody's.
        AnyRecord::Attestations(record) if record.by == *own => {
            if let Some(attested) = facts.named(&record.record)? {
                return self::parts(facts, principal, &attested);
            }
        }
        AnyRecord::Attestations(_)
        | AnyRecord::Memberships(_)
        | AnyRecord::Documents(_)
        | AnyRecord::Programme(_) => {}
    }
    Ok(parts)
}

/// Whether an accreditation body accredits, or has accredited, an organisation: who withdrew an
/// accreditation still has to say so of its certificates.
fn accredits(writer: &mut Writer<'_>, body: &Id, organisation: &Id) -> Result<bool, StoreError> {
    let collection = CollectionName::Accreditations;
    let wanted = [("accreditation_body", body), ("organisation", organisation)];
    let filters = wanted.iter().filter_map(|(name, id)| {
        let filter = filters(collection).iter().find(|filter| filter.name == *name)?;
        Some((*filter, FilterValue::Text(id.to_string())))
    });
    let query = ListQuery {
        collection,
        filters: filters.collect(),
        words: Vec::new(),
        after: None,
        limit: 1,
        at: writer.head().log_index,
        reader: Reader::Everything,
    };
    Ok(!writer.list(&query)?.is_empty())
}

#[cfg(test)]
mod tests;
