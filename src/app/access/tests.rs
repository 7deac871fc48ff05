//! The table of who may write what, asked for every role, act, kind of organisation, sort of record
//! and part that the organisation has in it. What is expected is written from api.md ("Who may write
//! what") and records.md (attestations), sentence by sentence, and not from the table.

use std::io::Write as _;

use deserr::ValuePointerRef;
use serde_json::{Value, json};

use super::*;
use crate::app::registry::{Author, Registry};
use crate::domain::identity::Scopes;
use crate::domain::period::Instant;
use crate::store::DatabaseUrl;

/// What an organisation has to do with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tie {
    /// Nothing.
    Foreign,
    /// It is about the organisation, or about what it owns; of a comparison, it took part.
    About,
    /// It is the organisation's word: as issuer, accreditation body, authority, pilot.
    Source,
    /// Of a certificate: the organisation accredits who issued it.
    Accreditor,
}

use Tie::{About, Accreditor, Foreign, Source};

/// A sort of record that is distinguished somewhere in who may write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Organisation,
    Membership,
    Accreditation,
    LegalRecognition,
    /// A scope that its accreditation body has not approved.
    ProposedScope,
    ApprovedScope,
    LegalScope,
    KcdbEntry,
    Working,
    National,
    /// A national standard whose owner is of another country than everybody here.
    NationalAbroad,
    Realisation,
    /// A certificate that its issuer has not confirmed, and one that it has.
    Unconfirmed,
    Confirmed,
    Comparison,
    Document,
    CaseOfCertificate,
    CaseOfStandard,
    Programme,
    /// A statement of the organisation about a record of this collection.
    Said(CollectionName, Statement),
    /// The same in the name of somebody else.
    SaidFor(CollectionName, Statement),
}

/// Every sort, with the ties that there can be.
fn sorts() -> Vec<(Sort, &'static [Tie])> {
    let mut sorts: Vec<(Sort, &'static [Tie])> = vec![
        (Sort::Organisation, &[Foreign, About]),
        (Sort::Membership, &[Foreign, About]),
        (Sort::Accreditation, &[Foreign, About, Source]),
        (Sort::LegalRecognition, &[Foreign, About, Source]),
        (Sort::ProposedScope, &[Foreign, About, Source]),
        (Sort::ApprovedScope, &[Foreign, About, Source]),
        (Sort::LegalScope, &[Foreign, About]),
        (Sort::KcdbEntry, &[Foreign, About]),
        (Sort::Working, &[Foreign, About]),
        (Sort::National, &[Foreign, About]),
        (Sort::NationalAbroad, &[Foreign]),
        (Sort::Realisation, &[Foreign, About]),
        (Sort::Unconfirmed, &[Foreign, About, Source, Accreditor]),
        (Sort::Confirmed, &[Foreign, About, Source, Accreditor]),
        (Sort::Comparison, &[Foreign, About, Source]),
        (Sort::Document, &[Foreign]),
        (Sort::CaseOfCertificate, &[Foreign, About, Source]),
        (Sort::CaseOfStandard, &[Foreign, About]),
        (Sort::Programme, &[Foreign]),
    ];
    for statement in Statement::ALL {
        for (about, ties) in [
            (CollectionName::Calibrations, &[Foreign, About, Source][..]),
            (CollectionName::MeasurementStandards, &[Foreign, About]),
            (CollectionName::Capabilities, &[Foreign, About, Source]),
            (CollectionName::Comparisons, &[Foreign, About, Source]),
            (CollectionName::Organisations, &[Foreign, About]),
        ] {
            sorts.push((Sort::Said(about, *statement), ties));
            sorts.push((Sort::SaidFor(about, *statement), ties));
        }
    }
    sorts
}

/// Whether somebody may, as api.md says it.
fn expected(role: Role, kind: OrganisationKind, act: Act, sort: Sort, tie: Tie) -> bool {
    use OrganisationKind as Kind;
    use Sort::*;
    // "institute": those that take part in the CIPM MRA.
    let is_institute =
        matches!(kind, Kind::Nmi | Kind::DesignatedInstitute | Kind::Intergovernmental);
    let writes = matches!(act, Act::Create | Act::Amend);
    let creates = act == Act::Create;
    match role {
        // "by kind of organisation": nobody else holds the role.
        Role::AccreditationBody if kind != Kind::AccreditationBody => false,
        Role::Authority if kind != Kind::Authority => false,
        Role::Institute if !is_institute => false,
        // "registry operator"; an attestation is the word of who says it.
        Role::Operator => !matches!(sort, Said(..) | SaidFor(..)),
        // "writes the organisation's records": "its standards", "received certificates as owner
        // (then self_declared or document_uploaded)"; a confirmed one is its issuer's. "Realisations
        // are written by institutes and the operator only." Issue 7: "a laboratory's proposed scope".
        Role::Submitter => match (sort, tie) {
            (Working | National, About) => true,
            (Unconfirmed, About) => true,
            (Confirmed, About) => creates,
            (Realisation, About) => is_institute && writes,
            (ProposedScope, About) => writes,
            (ApprovedScope, About) => creates,
            (CaseOfCertificate | CaseOfStandard, About) => writes,
            _ => false,
        },
        // "issues and withdraws its calibrations"; "an issuer confirms or disputes what is said in
        // its name".
        Role::Signatory => match (sort, tie) {
            (Unconfirmed | Confirmed, Source) => true,
            (CaseOfCertificate, Source) => writes,
            (Said(CollectionName::Calibrations, statement), Source) => {
                creates && matches!(statement, Statement::Confirmed | Statement::Disputed)
            }
            _ => false,
        },
        // "members and keys": of the records its own organisation's.
        Role::Administrator => (sort, tie, act) == (Organisation, About, Act::Amend),
        // "accreditations, scope capabilities and their status, for laboratories it accredits";
        // "/calibrations/{id}/status: issuer, its accreditation body"; "an accreditation body
        // [approves] a proposed scope".
        Role::AccreditationBody => match (sort, tie) {
            (Accreditation | ProposedScope | ApprovedScope, Source) => true,
            (Unconfirmed | Confirmed, Accreditor) => act == Act::Append,
            (Said(CollectionName::Capabilities, statement), Source) => {
                creates && matches!(statement, Statement::Approved | Statement::Refused)
            }
            _ => false,
        },
        // "legal recognitions, national standards, programme"; "an authority approves a national
        // standard", of its own country.
        Role::Authority => match (sort, tie) {
            (LegalRecognition, Source) => true,
            (LegalScope, _) => true,
            (National | Document | Programme, _) => writes,
            (Said(CollectionName::MeasurementStandards, statement), _) => {
                creates && matches!(statement, Statement::Approved | Statement::Refused)
            }
            _ => false,
        },
        // "comparisons, nonconformities anywhere in the country"; "an institute [confirms] a
        // comparison": its pilot, while whoever took part may dispute it.
        Role::Institute => match (sort, tie) {
            (Comparison | CaseOfCertificate | CaseOfStandard, _) => writes,
            (Said(CollectionName::Comparisons, statement), Source) => {
                creates && matches!(statement, Statement::Confirmed | Statement::Disputed)
            }
            (Said(CollectionName::Comparisons, Statement::Disputed), About) => creates,
            _ => false,
        },
    }
}

/// A registry with what records name, and one organisation of each kind that asks.
struct World {
    registry: Registry,
    /// Organisations that are not the one that asks: a laboratory, one that the asking one
    /// accredits, an institute, an accreditation body, an authority, and a laboratory abroad.
    laboratory: Id,
    accredited: Id,
    institute: Id,
    body: Id,
    authority: Id,
    abroad: Id,
}

impl World {
    fn new(directory: &std::path::Path) -> Self {
        let url = DatabaseUrl::Sqlite(directory.join("registry.db"));
        let registry = Registry::open(&url).expect("a registry");
        let organisation = |kind: &str, country: &str| {
            let body = json!({"kind": kind, "names": {"en": kind}, "country": country});
            created(&registry, CollectionName::Organisations, body)
        };
        let laboratory = organisation("calibration_laboratory", "VN");
        let accredited = organisation("calibration_laboratory", "VN");
        let institute = organisation("nmi", "VN");
        let body = organisation("accreditation_body", "VN");
        let authority = organisation("authority", "VN");
        let abroad = organisation("calibration_laboratory", "FR");
        Self { registry, laboratory, accredited, institute, body, authority, abroad }
    }

    fn make(&self, collection: CollectionName, body: Value) -> Id {
        created(&self.registry, collection, body)
    }

    /// A standard of an organisation.
    fn standard(&self, owner: &Id, level: &str) -> Id {
        let body = json!({"owner": owner, "code": "W", "legal_level": level});
        self.make(CollectionName::MeasurementStandards, body)
    }

    /// The issuer of a certificate, and the owner of its item.
    fn parties<'w>(&'w self, me: &'w Id, tie: Tie) -> (&'w Id, &'w Id) {
        match tie {
            Foreign => (&self.institute, &self.laboratory),
            About => (&self.laboratory, me),
            Source => (me, &self.laboratory),
            Accreditor => (&self.accredited, &self.laboratory),
        }
    }

    fn certificate(&self, me: &Id, tie: Tie) -> Value {
        let (issuer, owner) = self.parties(me, tie);
        json!({
            "kind": "calibration", "issuer": issuer, "item": self.standard(owner, "working"),
            "number": "1", "performed_from": "2026-02-10", "performed_to": "2026-02-10",
        })
    }

    /// A record of a sort, tied to an organisation; what it names is made.
    fn record(&self, sort: Sort, me: &Id, tie: Tie) -> AnyRecord {
        use CollectionName as C;
        let about = if tie == About { me } else { &self.laboratory };
        let scope = |level: &str| {
            let (holder, body) = match tie {
                Source => (&self.accredited, me),
                _ => (about, &self.body),
            };
            let accreditation = self.make(C::Accreditations, accreditation(holder, body));
            json!({
                "publisher": "accreditation_scope", "organisation": holder,
                "accreditation": accreditation, "quantity_kind": "mass", "evidence_level": level,
            })
        };
        let of = |publisher: &str| json!({"publisher": publisher, "organisation": about, "quantity_kind": "mass"});
        let standard =
            |owner: &Id, level: &str| json!({"owner": owner, "code": "W", "legal_level": level});
        let certificate = |level: &str| {
            let mut body = self.certificate(me, tie);
            body["evidence_level"] = level.into();
            body
        };
        let said = |about: C, statement: Statement, by: &Id| {
            let record = self.public(about, me, tie);
            (C::Attestations, json!({"record": record, "statement": statement, "by": by}))
        };
        let (collection, mut body) = match sort {
            Sort::Organisation => {
                let body = json!({"id": about, "kind": "enterprise", "names": {"en": "x"}});
                (C::Organisations, body)
            }
            Sort::Membership => {
                (C::Memberships, json!({"arrangement": "ilac_mra", "organisation": about}))
            }
            Sort::Accreditation => match tie {
                Source => (C::Accreditations, accreditation(&self.laboratory, me)),
                _ => (C::Accreditations, accreditation(about, &self.body)),
            },
            Sort::LegalRecognition => {
                let authority = if tie == Source { me } else { &self.authority };
                let body =
                    json!({"kind": "registration", "organisation": about, "authority": authority});
                (C::LegalRecognitions, body)
            }
            Sort::ProposedScope => (C::Capabilities, scope("self_declared")),
            Sort::ApprovedScope => (C::Capabilities, scope("issuer_confirmed")),
            Sort::LegalScope => (C::Capabilities, of("legal_scope")),
            Sort::KcdbEntry => (C::Capabilities, of("kcdb")),
            Sort::Working => (C::MeasurementStandards, standard(about, "working")),
            Sort::National => (C::MeasurementStandards, standard(about, "national")),
            Sort::NationalAbroad => (C::MeasurementStandards, standard(&self.abroad, "national")),
            Sort::Realisation => {
                let organisation = if tie == About { me } else { &self.institute };
                let body = json!({
                    "kind": "nmi_primary_realisation", "organisation": organisation,
                    "quantity_kind": "mass",
                });
                (C::Realisations, body)
            }
            Sort::Unconfirmed => (C::Calibrations, certificate("self_declared")),
            Sort::Confirmed => (C::Calibrations, certificate("issuer_confirmed")),
            Sort::Comparison => (C::Comparisons, self.comparison(me, tie)),
            Sort::Document => (C::Documents, json!({"designation": "TCVN 1"})),
            Sort::CaseOfCertificate => {
                let subject = self.make(C::Calibrations, self.certificate(me, tie));
                (C::Nonconformities, json!({"subject": subject}))
            }
            Sort::CaseOfStandard => {
                (C::Nonconformities, json!({"subject": self.standard(about, "working")}))
            }
            Sort::Programme => (C::Programme, json!({})),
            Sort::Said(about, statement) => said(about, statement, me),
            Sort::SaidFor(about, statement) => said(about, statement, &self.institute),
        };
        if body["id"].is_null() {
            body["id"] = json!(crate::ids::new_id());
        }
        AnyRecord::read(collection, body, ValuePointerRef::Origin).expect("a record")
    }

    fn comparison(&self, me: &Id, tie: Tie) -> Value {
        let pilot = if tie == Source { me } else { &self.institute };
        let participant = if tie == About { me } else { &self.laboratory };
        json!({
            "kind": "supplementary", "pilot": pilot, "results": [{"organisation": participant}],
        })
    }

    /// A stored record that everybody may see, tied to an organisation.
    fn public(&self, collection: CollectionName, me: &Id, tie: Tie) -> Id {
        let sort = match collection {
            CollectionName::Calibrations => {
                let mut body = self.certificate(me, tie);
                body["published"] = true.into();
                return self.make(collection, body);
            }
            CollectionName::Organisations if tie == About => return me.clone(),
            CollectionName::Organisations => return self.laboratory.clone(),
            CollectionName::MeasurementStandards => Sort::National,
            CollectionName::Capabilities => Sort::ProposedScope,
            _ => Sort::Comparison,
        };
        self.make(collection, self.record(sort, me, tie).body())
    }
}

fn accreditation(organisation: &Id, body: &Id) -> Value {
    json!({"organisation": organisation, "accreditation_body": body, "standard": "iso_iec_17025"})
}

fn created(registry: &Registry, collection: CollectionName, body: Value) -> Id {
    let author =
        Author::operator("test", Instant::parse("2026-11-28T08:00:00Z").expect("an instant"));
    let accepted = registry.create(collection, body, &author);
    accepted.unwrap_or_else(|refusal| panic!("{collection}: {refusal:?}")).written.id
}

/// Whether a refusal says no, or that there is nothing for who asks, and not that something failed.
fn is_a_no(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::NotAllowed { .. } | Refusal::Unknown { .. } => true,
        Refusal::Faults(faults) => faults.0.iter().all(|fault| fault.code == "unknown_id"),
        _ => false,
    }
}

#[test]
fn the_table_is_what_the_specification_says() {
    let directory = tempfile::tempdir().expect("a directory");
    let world = World::new(directory.path());
    let (mut count, mut allowed, mut wrong) = (0, 0, Vec::new());
    for kind in OrganisationKind::ALL.iter().copied() {
        let body = json!({"kind": kind, "names": {"en": "Asking"}, "country": "VN"});
        let me = world.make(CollectionName::Organisations, body);
        world.make(CollectionName::Accreditations, accreditation(&world.accredited, &me));
        let records: Vec<(Sort, Tie, AnyRecord)> = sorts()
            .into_iter()
            .flat_map(|(sort, ties)| ties.iter().map(move |tie| (sort, *tie)))
            .map(|(sort, tie)| (sort, tie, world.record(sort, &me, tie)))
            .collect();
        let asked = world.registry.store().write(|writer| {
            for role in Role::ALL.iter().copied() {
                let asks = Principal {
                    organisation: me.clone(),
                    kind,
                    country: Some("VN".to_owned()),
                    roles: [role].into_iter().filter(|role| fits(*role, kind)).collect(),
                    scopes: Scopes::all(),
                    credential: "key:test".to_owned(),
                };
                for (sort, tie, record) in &records {
                    for act in [Act::Create, Act::Amend, Act::Append] {
                        let before = (act != Act::Create).then_some(record);
                        let written = Written { act, record, before };
                        let answer = permit(&mut Facts::stored(writer), &asks, &written);
                        let is_allowed = answer.is_ok();
                        count += 1;
                        allowed += usize::from(is_allowed);
                        if let Err(refusal) = answer
                            && !is_a_no(&refusal)
                        {
                            wrong.push(format!("{sort:?} {tie:?}: {refusal:?}"));
                        }
                        if is_allowed != expected(role, kind, act, *sort, *tie) {
                            wrong.push(format!(
                                "{role} of {kind}, {act:?} {sort:?}, {tie:?}: allowed {is_allowed}"
                            ));
                        }
                    }
                }
            }
            Ok::<(), StoreError>(())
        });
        asked.expect("an answer");
    }
    let told = format!("access: {count} combinations, {allowed} of them allowed\n");
    // Past the capture of the test: how much was tried is worth a line in every run.
    std::io::stderr().write_all(told.as_bytes()).expect("written");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}
