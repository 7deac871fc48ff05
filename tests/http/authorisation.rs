//! Who may do what: every operation of the document, asked by everybody. The table here is written
//! from api.md ("Who may write what", "Privacy") and not from the program's own: an operation
//! without a row fails the test, and so does a row without an operation.
//!
//! What an answer holds for whom does not live here (`privacy`).

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use etalon::app::keys::{ApiKey, subject_of_key};
use etalon::app::registry::shown;
use etalon::auth::key::Secret;
use etalon::auth::token::SigningKey;
use etalon::clock;
use etalon::domain::id::Id;
use etalon::domain::records::CollectionName;
use etalon::ids;
use etalon::store::StoreError;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::Database;
use crate::support::records::{bundle, certificate, instant, policy, standard, with};
use crate::support::served::{Party, Request, Response, SEED, Served, id_of};

crate::support::both!(
    every_operation_knows_who_may,
    received_certificates_are_their_owners_until_confirmed,
    national_standards_are_the_authoritys_too,
    realisations_are_institutes_alone,
    nobody_takes_a_part_by_writing_it,
);

/// Somebody who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Persona {
    /// Without a token.
    Nobody,
    // With a token that would be the operator's, if it were good.
    Expired,
    NotYetValid,
    OtherAudience,
    OtherIssuer,
    /// With `alg: none` and no signature.
    Unsigned,
    /// With HMAC, and the public key that everybody knows for a secret.
    PublicKeyAsSecret,
    /// Signed by another instance.
    Elsewhere,
    /// Changed after it was signed.
    Changed,
    /// For a key that was revoked.
    Revoked,
    /// For a key that has expired.
    KeyExpired,
    // With a good token of an operator that lacks the scope which the operation needs.
    /// Because the key lacks it.
    KeyWithout,
    /// Because the token does.
    TokenWithout,
    // The laboratory that the records are of, and another.
    Submitter,
    Signatory,
    Administrator,
    StrangerSubmitter,
    StrangerSignatory,
    StrangerAdministrator,
    /// With every role that one can have there.
    Stranger,
    /// The body that accredits the laboratory, one that does not, and its administrator.
    Accreditor,
    OtherAccreditor,
    AccreditorAdministrator,
    /// The authority that decided, and another.
    Authority,
    OtherAuthority,
    /// The verifiers of two institutes, and others of their staff.
    Institute,
    OtherInstitute,
    InstituteSubmitter,
    InstituteSignatory,
    OtherInstituteSubmitter,
    /// Who keeps the registry, and one of them who sits in the laboratory.
    Operator,
    OperatorInside,
}

use Persona::*;

const PERSONAS: [Persona; 32] = [
    Nobody,
    Expired,
    NotYetValid,
    OtherAudience,
    OtherIssuer,
    Unsigned,
    PublicKeyAsSecret,
    Elsewhere,
    Changed,
    Revoked,
    KeyExpired,
    KeyWithout,
    TokenWithout,
    Submitter,
    Signatory,
    Administrator,
    StrangerSubmitter,
    StrangerSignatory,
    StrangerAdministrator,
    Stranger,
    Accreditor,
    OtherAccreditor,
    AccreditorAdministrator,
    Authority,
    OtherAuthority,
    Institute,
    OtherInstitute,
    InstituteSubmitter,
    InstituteSignatory,
    OtherInstituteSubmitter,
    Operator,
    OperatorInside,
];

impl Persona {
    /// Whether their token is no good, whatever it is for.
    fn is_impostor(self) -> bool {
        matches!(
            self,
            Expired
                | NotYetValid
                | OtherAudience
                | OtherIssuer
                | Unsigned
                | PublicKeyAsSecret
                | Elsewhere
                | Changed
                | Revoked
                | KeyExpired
        )
    }
}

/// What an operation asks of whoever comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// Nothing: a token means nothing, also a bad one.
    Open,
    /// Nothing; but who shows a token is known by it, so it has to be good.
    Public,
    /// A good token with this scope.
    Token(&'static str),
}

use Door::*;

impl Door {
    /// The scope that a token needs; any where none is.
    fn scope(self) -> &'static str {
        match self {
            Open | Public => "read",
            Token(scope) => scope,
        }
    }
}

/// Who gets through, and what others are told.
struct Row {
    operation: &'static str,
    door: Door,
    /// Those who get through, of those who pass the door.
    through: &'static [Persona],
    /// Those who may know of the record: others are told that there is none.
    known_to: &'static [Persona],
}

const fn row(
    operation: &'static str,
    door: Door,
    through: &'static [Persona],
    known_to: &'static [Persona],
) -> Row {
    Row { operation, door, through, known_to }
}

/// The policy that an authority wrote.
const POLICY: &str = "mine";

const EVERYONE: &[Persona] = &PERSONAS;
const OPERATOR: &[Persona] = &[Operator, OperatorInside];
/// Who may read a confidential record of the laboratory: the laboratory, the institute's verifiers
/// and who keeps the registry.
const READERS: &[Persona] =
    &[Submitter, Signatory, Administrator, Institute, OtherInstitute, Operator, OperatorInside];
const WRITE: Door = Token("write");
const VERIFY: Door = Token("verify");
const READ: Door = Token("read");
const MANAGE: Door = Token("manage");

static TABLE: &[Row] = &[
    // What is public, and who writes it.
    row("list_organisations", Public, EVERYONE, EVERYONE),
    row("create_organisation", WRITE, OPERATOR, EVERYONE),
    row("get_organisation", Public, EVERYONE, EVERYONE),
    row("amend_organisation", WRITE, &[Administrator, Operator, OperatorInside], EVERYONE),
    row("list_organisation_versions", Public, EVERYONE, EVERYONE),
    row("list_memberships", Public, EVERYONE, EVERYONE),
    row("create_membership", WRITE, OPERATOR, EVERYONE),
    row("get_membership", Public, EVERYONE, EVERYONE),
    row("amend_membership", WRITE, OPERATOR, EVERYONE),
    row("list_membership_versions", Public, EVERYONE, EVERYONE),
    row("list_accreditations", Public, EVERYONE, EVERYONE),
    row("create_accreditation", WRITE, &[Accreditor, Operator, OperatorInside], EVERYONE),
    row("get_accreditation", Public, EVERYONE, EVERYONE),
    row("amend_accreditation", WRITE, &[Accreditor, Operator, OperatorInside], EVERYONE),
    row("list_accreditation_versions", Public, EVERYONE, EVERYONE),
    row("append_accreditation_status", WRITE, &[Accreditor, Operator, OperatorInside], EVERYONE),
    row("list_legal_recognitions", Public, EVERYONE, EVERYONE),
    row("create_legal_recognition", WRITE, &[Authority, Operator, OperatorInside], EVERYONE),
    row("get_legal_recognition", Public, EVERYONE, EVERYONE),
    row("amend_legal_recognition", WRITE, &[Authority, Operator, OperatorInside], EVERYONE),
    row("list_legal_recognition_versions", Public, EVERYONE, EVERYONE),
    row("append_legal_recognition_status", WRITE, &[Authority, Operator, OperatorInside], EVERYONE),
    row("list_capabilities", Public, EVERYONE, EVERYONE),
    // The laboratory proposes, its accreditation body writes.
    row("create_capability", WRITE, &[Submitter, Accreditor, Operator, OperatorInside], EVERYONE),
    row("get_capability", Public, EVERYONE, EVERYONE),
    row("amend_capability", WRITE, &[Accreditor, Operator, OperatorInside], EVERYONE),
    row("list_capability_versions", Public, EVERYONE, EVERYONE),
    row("append_capability_status", WRITE, &[Accreditor, Operator, OperatorInside], EVERYONE),
    row("list_realisations", Public, EVERYONE, EVERYONE),
    row("create_realisation", WRITE, &[InstituteSubmitter, Operator, OperatorInside], EVERYONE),
    row("get_realisation", Public, EVERYONE, EVERYONE),
    row("amend_realisation", WRITE, &[InstituteSubmitter, Operator, OperatorInside], EVERYONE),
    row("list_realisation_versions", Public, EVERYONE, EVERYONE),
    row("list_comparisons", Public, EVERYONE, EVERYONE),
    row(
        "create_comparison",
        WRITE,
        &[Institute, OtherInstitute, Operator, OperatorInside],
        EVERYONE,
    ),
    row("get_comparison", Public, EVERYONE, EVERYONE),
    row(
        "amend_comparison",
        WRITE,
        &[Institute, OtherInstitute, Operator, OperatorInside],
        EVERYONE,
    ),
    row("list_comparison_versions", Public, EVERYONE, EVERYONE),
    row("list_documents", Public, EVERYONE, EVERYONE),
    row("create_document", WRITE, &[Authority, OtherAuthority, Operator, OperatorInside], EVERYONE),
    row("get_document", Public, EVERYONE, EVERYONE),
    row("amend_document", WRITE, &[Authority, OtherAuthority, Operator, OperatorInside], EVERYONE),
    row("list_document_versions", Public, EVERYONE, EVERYONE),
    row("list_programmes", Public, EVERYONE, EVERYONE),
    row(
        "create_programme",
        WRITE,
        &[Authority, OtherAuthority, Operator, OperatorInside],
        EVERYONE,
    ),
    row("get_programme", Public, EVERYONE, EVERYONE),
    row("amend_programme", WRITE, &[Authority, OtherAuthority, Operator, OperatorInside], EVERYONE),
    row("list_programme_versions", Public, EVERYONE, EVERYONE),
    // What is confidential: a standard, a certificate that the laboratory issued for it itself, and
    // a case about that.
    row("list_measurement_standards", Public, EVERYONE, READERS),
    row("create_measurement_standard", WRITE, &[Submitter, Operator, OperatorInside], EVERYONE),
    row("get_measurement_standard", Public, READERS, READERS),
    row("amend_measurement_standard", WRITE, &[Submitter, Operator, OperatorInside], READERS),
    row("list_measurement_standard_versions", Public, READERS, READERS),
    row(
        "append_measurement_standard_event",
        WRITE,
        &[Submitter, Operator, OperatorInside],
        READERS,
    ),
    row("list_calibrations", Public, EVERYONE, READERS),
    row("create_calibration", WRITE, &[Signatory, Operator, OperatorInside], EVERYONE),
    row("get_calibration", Public, READERS, READERS),
    row("amend_calibration", WRITE, &[Signatory, Operator, OperatorInside], READERS),
    row("list_calibration_versions", Public, READERS, READERS),
    // The accreditation body appends to what it can see: a certificate that is published. api.md
    // does not say how it would name one that it may not know of.
    row("append_calibration_status", WRITE, &[Signatory, Operator, OperatorInside], READERS),
    row("list_nonconformities", Public, EVERYONE, READERS),
    row(
        "create_nonconformity",
        WRITE,
        &[Submitter, Signatory, Institute, OtherInstitute, Operator, OperatorInside],
        EVERYONE,
    ),
    row("get_nonconformity", Public, READERS, READERS),
    row(
        "amend_nonconformity",
        WRITE,
        &[Submitter, Signatory, Institute, OtherInstitute, Operator, OperatorInside],
        READERS,
    ),
    row("list_nonconformity_versions", Public, READERS, READERS),
    // What is said of the certificate by its issuer.
    row("list_attestations", Public, EVERYONE, READERS),
    row("create_attestation", WRITE, &[Signatory], READERS),
    row("get_attestation", Public, READERS, READERS),
    // Claims. What they leave out for whom is a matter of privacy.
    row("create_verification", VERIFY, READERS, READERS),
    row("list_verifications", READ, EVERYONE, READERS),
    row("get_verification", READ, READERS, READERS),
    row("rerun_verification", VERIFY, READERS, READERS),
    row("create_verification_job", VERIFY, EVERYONE, EVERYONE),
    row("get_verification_job", VERIFY, READERS, READERS),
    row("list_verification_job_items", VERIFY, READERS, READERS),
    row("stop_verification_job", VERIFY, READERS, READERS),
    // A batch on the standards of the laboratory.
    row(
        "create_verification_batch",
        VERIFY,
        &[
            Submitter,
            Signatory,
            Administrator,
            Authority,
            OtherAuthority,
            Institute,
            OtherInstitute,
            Operator,
            OperatorInside,
        ],
        EVERYONE,
    ),
    row("get_measurement_standard_traceability", Public, EVERYONE, EVERYONE),
    row("get_measurement_standard_lineage", Public, EVERYONE, EVERYONE),
    row("get_measurement_standard_descendants", Public, EVERYONE, EVERYONE),
    row("check_certificate", Public, EVERYONE, EVERYONE),
    row("ask_impact", VERIFY, READERS, READERS),
    row("create_import", WRITE, &[Submitter, Operator, OperatorInside], EVERYONE),
    row("list_log_entries", Public, EVERYONE, EVERYONE),
    row("get_log_entry", Public, EVERYONE, EVERYONE),
    row("list_quantity_kinds", Public, EVERYONE, EVERYONE),
    row("list_units", Public, EVERYONE, EVERYONE),
    row("convert_units", Public, EVERYONE, EVERYONE),
    row("list_rules", Public, EVERYONE, EVERYONE),
    row("get_rule", Public, EVERYONE, EVERYONE),
    row("list_policies", Public, EVERYONE, EVERYONE),
    row("create_policy", WRITE, &[Authority, OtherAuthority, Operator, OperatorInside], EVERYONE),
    row("get_policy", Public, EVERYONE, EVERYONE),
    row("amend_policy", WRITE, &[Authority, OtherAuthority, Operator, OperatorInside], EVERYONE),
    row("list_policy_versions", Public, EVERYONE, EVERYONE),
    // Ways in. A set-up is for nobody any more.
    row("set_up", Open, &[], EVERYONE),
    row("create_token", Open, EVERYONE, EVERYONE),
    row("get_jwks", Open, EVERYONE, EVERYONE),
    row("list_api_keys", MANAGE, &[Administrator, Operator, OperatorInside], EVERYONE),
    row(
        "get_api_key",
        MANAGE,
        &[Administrator, Operator, OperatorInside],
        &[Administrator, Operator, OperatorInside],
    ),
    row("create_api_key", MANAGE, &[Administrator, Operator, OperatorInside], EVERYONE),
    row(
        "revoke_api_key",
        MANAGE,
        &[Administrator, Operator, OperatorInside],
        &[Administrator, Operator, OperatorInside],
    ),
    row("list_members", MANAGE, &[Administrator, Operator, OperatorInside], EVERYONE),
    row("create_member", MANAGE, &[Administrator, Operator, OperatorInside], EVERYONE),
    row(
        "revoke_member",
        MANAGE,
        &[Administrator, Operator, OperatorInside],
        &[Administrator, Operator, OperatorInside],
    ),
    row("list_refused_attempts", MANAGE, &[Administrator, Operator, OperatorInside], EVERYONE),
    row("get_health", Open, EVERYONE, EVERYONE),
    row("get_readiness", Open, EVERYONE, EVERYONE),
    row("get_version", Open, EVERYONE, EVERYONE),
    row("get_metrics", Open, EVERYONE, EVERYONE),
    row("get_openapi", Open, EVERYONE, EVERYONE),
    row("get_problem", Open, EVERYONE, EVERYONE),
];

impl Row {
    /// What somebody is answered: no code where they get through.
    fn expected(&self, persona: Persona) -> Expected {
        match (self.door, persona) {
            (Token(_), Nobody) => return Expected::Problem(401, "unauthenticated"),
            (Token(_) | Public, persona) if persona.is_impostor() => {
                return Expected::Problem(401, "invalid_token");
            }
            (Token(_) | Public, KeyWithout | TokenWithout) => {
                return Expected::Problem(403, "insufficient_scope");
            }
            _ => {}
        }
        if self.through.contains(&persona) {
            return Expected::Through;
        }
        match (self.operation, self.known_to.contains(&persona)) {
            ("set_up", _) => Expected::Problem(409, "already_set_up"),
            // What is named in a body is a fault of the body.
            ("create_verification", false) => Expected::Fault("unknown_standard", "/standard"),
            ("create_attestation", false) => Expected::Fault("unknown_id", "/record"),
            ("ask_impact", false) => Expected::Fault("unknown_subject", "/subject/id"),
            ("create_import", true) => {
                Expected::Fault("not_allowed", "/records/measurement_standards/0")
            }
            (_, true) => Expected::Problem(403, "not_allowed"),
            (_, false) => Expected::Problem(404, "unknown_record"),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Through,
    Problem(u16, &'static str),
    /// A body that is refused for this, at this place.
    Fault(&'static str, &'static str),
}

/// An operation of the document.
struct Operation {
    id: String,
    method: String,
    path: String,
    door: Door,
}

/// The operations of the document.
fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(&etalon::http::document()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("methods").iter();
        methods.filter(|(_, operation)| operation["operationId"].is_string()).map(
            |(method, operation)| Operation {
                id: operation["operationId"].as_str().expect("an id").to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                door: door(&operation["security"]),
            },
        )
    });
    operations.collect()
}

/// The scopes that there are.
const SCOPES: [&str; 4] = ["read", "write", "verify", "manage"];

/// What the document says of the token: needed, looked at, or of no meaning.
fn door(security: &Value) -> Door {
    let needs = |one: &Value| SCOPES.into_iter().find(|scope| *one == json!({"token": [scope]}));
    match security.as_array().map(Vec::as_slice) {
        Some([one]) if needs(one).is_some() => Token(needs(one).expect("a scope")),
        Some([none, one]) if *none == json!({}) && needs(one) == Some("read") => Public,
        Some([]) => Open,
        _ => panic!("{security}"),
    }
}

/// A registry with records of a laboratory, and everybody who asks about them.
struct Fixture<'d> {
    served: &'d Served,
    laboratory: Id,
    accreditor: Id,
    authority: Id,
    institute: Id,
    /// A token for everybody who has one.
    tokens: Vec<(Persona, String)>,
    /// Tokens of operators that lack a scope, because their key does or they do themselves.
    without: BTreeMap<&'static str, (String, String)>,
    /// A record of each collection, and what else is named in paths.
    records: BTreeMap<&'static str, Id>,
    /// The key for which `create_token` asks.
    key: String,
    /// Numbers that make every request another.
    count: Cell<u32>,
}

impl<'d> Fixture<'d> {
    fn new(served: &'d Served) -> Self {
        let operator = served.operator();
        let own = served.party(&operator, "calibration_laboratory", &["submitter"]);
        let accreditor = served.party(&operator, "accreditation_body", &["accreditation_body"]);
        let other = served.party(&operator, "accreditation_body", &["accreditation_body"]);
        let authority = served.party(&operator, "authority", &["authority"]);
        let institute = served.party(&operator, "nmi", &["institute"]);
        let every = ["submitter", "signatory", "administrator"];
        let stranger = served.party(&operator, "calibration_laboratory", &every);
        let other_authority = served.party(&operator, "authority", &["authority"]);
        let other_institute = served.party(&operator, "designated_institute", &["institute"]);
        let staff = |of: &Party, role| served.token(&served.key(&operator, &of.id, &[role]));
        let mut tokens = impostors(served, &operator);
        tokens.extend([
            (Submitter, own.token.clone()),
            (Signatory, staff(&own, "signatory")),
            (Administrator, staff(&own, "administrator")),
            (StrangerSubmitter, staff(&stranger, "submitter")),
            (StrangerSignatory, staff(&stranger, "signatory")),
            (StrangerAdministrator, staff(&stranger, "administrator")),
            (AccreditorAdministrator, staff(&accreditor, "administrator")),
            (OtherInstituteSubmitter, staff(&other_institute, "submitter")),
            (InstituteSubmitter, staff(&institute, "submitter")),
            (InstituteSignatory, staff(&institute, "signatory")),
            (OperatorInside, staff(&own, "operator")),
            (Stranger, stranger.token),
            (Accreditor, accreditor.token),
            (OtherAccreditor, other.token),
            (Authority, authority.token),
            (OtherAuthority, other_authority.token),
            (Institute, institute.token),
            (OtherInstitute, other_institute.token),
            (Operator, operator.token.clone()),
        ]);
        let without = SCOPES.map(|scope| (scope, narrowed(served, &operator, scope)));
        let mut fixture = Self {
            served,
            laboratory: own.id.clone(),
            accreditor: accreditor.id,
            authority: authority.id,
            institute: institute.id,
            tokens,
            without: without.into(),
            records: BTreeMap::from([("organisations", own.id)]),
            key: own.key,
            count: Cell::new(0),
        };
        // Each is made by who may make it, in an order in which none names a later one.
        for (operation, collection, persona) in [
            ("create_membership", "memberships", Operator),
            ("create_accreditation", "accreditations", Accreditor),
            ("create_legal_recognition", "legal_recognitions", Authority),
            ("create_capability", "capabilities", Accreditor),
            ("create_measurement_standard", "measurement_standards", Submitter),
            ("create_realisation", "realisations", Operator),
            ("create_calibration", "calibrations", Signatory),
            ("create_comparison", "comparisons", Institute),
            ("create_document", "documents", Authority),
            ("create_nonconformity", "nonconformities", Signatory),
            ("create_programme", "programme", Authority),
            ("create_attestation", "attestations", Signatory),
            ("create_verification", "verifications", Submitter),
            ("create_verification_job", "verification_jobs", Submitter),
            ("create_api_key", "api_keys", Administrator),
            ("create_member", "members", Administrator),
        ] {
            let made = served
                .post(&format!("/api/v1/{collection}"))
                .token(fixture.token(persona))
                .json(&fixture.body(operation));
            assert_eq!(made.status, 201, "{operation}: {}", made.text);
            let places = [&made.body["record"]["id"], &made.body["key"]["id"], &made.body["id"]];
            let id = places.into_iter().find(|id| id.is_string()).expect("an id");
            fixture.records.insert(collection, id_of(id));
        }
        let made = served.post("/api/v1/policies").token(fixture.token(Authority));
        assert_eq!(made.json(&policy(POLICY, "0")).status, 201);
        fixture
    }

    fn token(&self, persona: Persona) -> &str {
        let found = self.tokens.iter().find(|(other, _)| *other == persona);
        &found.unwrap_or_else(|| panic!("{persona:?} has no token")).1
    }

    /// A number that was not there before.
    fn number(&self) -> u32 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    fn record(&self, collection: &str) -> &Id {
        self.records.get(collection).unwrap_or_else(|| panic!("no record of {collection}"))
    }

    /// A body that is right for whoever may send it, in JSON.
    fn body(&self, operation: &str) -> Value {
        let own = &self.laboratory;
        let number = self.number();
        let entry = |status| json!({"status": status, "effective_from": "2026-11-01"});
        match operation {
            "create_organisation" => json!({"kind": "enterprise", "names": {"en": "New"}}),
            "create_membership" => {
                json!({"arrangement": "ilac_mra", "organisation": self.accreditor})
            }
            "create_accreditation" => json!({
                "organisation": own, "accreditation_body": self.accreditor,
                "standard": "iso_iec_17025",
            }),
            "create_legal_recognition" => json!({
                "kind": "registration", "organisation": own, "authority": self.authority,
            }),
            "create_capability" => json!({
                "publisher": "accreditation_scope", "organisation": own,
                "accreditation": self.record("accreditations"),
                "quantity_kind": "conventional_mass",
            }),
            "create_measurement_standard" => standard(own, &format!("W-{number}")),
            "create_realisation" => json!({
                "kind": "nmi_primary_realisation", "organisation": self.institute,
                "quantity_kind": "conventional_mass",
            }),
            "create_calibration" => {
                certificate(own, self.record("measurement_standards"), &number.to_string())
            }
            "create_comparison" => json!({"kind": "supplementary"}),
            "create_document" => json!({"designation": format!("TCVN {number}")}),
            "create_nonconformity" => json!({"subject": self.record("calibrations")}),
            "create_programme" => json!({}),
            "create_attestation" => {
                let certificate = format!("/api/v1/calibrations/{}", self.record("calibrations"));
                let now = self.served.get(&certificate).token(self.token(Signatory)).send();
                json!({
                    "record": self.record("calibrations"), "version": now.body["version"],
                    "statement": "confirmed", "by": own,
                })
            }
            "create_verification_batch" | "create_verification_job" => {
                json!({"filter": {"owner": own}})
            }
            "create_verification" => json!({"standard": self.record("measurement_standards")}),
            "ask_impact" => {
                json!({"subject": {"kind": "calibration", "id": self.record("calibrations")}})
            }
            "append_accreditation_status" | "append_legal_recognition_status" => entry("active"),
            "append_capability_status" => entry("published"),
            "append_calibration_status" => entry("withdrawn"),
            "append_measurement_standard_event" => json!({"kind": "repair", "on": "2026-11-02"}),
            "create_api_key" => {
                json!({"name": "spare", "organisation": own, "roles": ["submitter"]})
            }
            "create_member" => json!({
                "name": "spare", "organisation": own, "roles": ["submitter"],
                "issuer": "https://people.example", "subject": number.to_string(),
            }),
            "create_policy" => policy(&format!("policy-{number}"), "1"),
            "amend_policy" => policy(POLICY, &number.to_string()),
            "set_up" => json!({
                "setup_key": Secret::set_up_key(ids::new_secret()).expose(),
                "organisation": {"kind": "nmi", "names": {"en": "Another"}},
            }),
            other => panic!("what does {other} take?"),
        }
    }

    /// A record as it is, to be sent again.
    fn current(&self, collection: CollectionName) -> (Value, u64) {
        let head = self.served.registry.head().expect("a head").log_index;
        let id = self.record(collection.as_str());
        let stored = self.served.registry.get(collection, id, head).expect("a record");
        (shown(&stored).expect("a body"), u64::from(stored.version))
    }

    /// Asks for an operation: right but for who asks.
    fn ask(&self, operation: &Operation, persona: Persona) -> Response {
        let collection = self.collection(operation);
        let mut path = operation.path.replace("{code}", "not_found").replace("{index}", "1");
        match collection {
            "policies" => path = path.replace("{id}", POLICY),
            "rules" => path = path.replace("{id}", "S-01"),
            _ => {}
        }
        if path.contains("{id}") {
            path = path.replace("{id}", self.record(collection).as_str());
        }
        path += &match operation.id.as_str() {
            "list_api_keys" | "list_members" | "list_refused_attempts" => {
                format!("?organisation={}", self.laboratory)
            }
            "check_certificate" => format!("?issuer={}&number=1", self.laboratory),
            "convert_units" => "?value=1&from=kg&to=g".to_owned(),
            _ => String::new(),
        };
        let mut request: Request = self.served.request(&operation.method, &path);
        request = match (persona, operation.door) {
            (Nobody, _) => request,
            (KeyWithout, door) => request.token(&self.without[door.scope()].0),
            (TokenWithout, door) => request.token(&self.without[door.scope()].1),
            _ => request.token(self.token(persona)),
        };
        match (operation.method.as_str(), operation.id.as_str()) {
            ("GET" | "DELETE", _) => request.send(),
            (_, "amend_policy") => {
                let current = self.served.get(&format!("/api/v1/policies/{POLICY}")).send();
                let request = request.header("If-Match", current.header("etag"));
                request.json(&self.body("amend_policy"))
            }
            ("PUT", _) => {
                let name = CollectionName::ALL.iter().find(|name| name.as_str() == collection);
                let (body, version) = self.current(*name.expect("a collection"));
                request.header("If-Match", &format!("\"{version}\"")).json(&body)
            }
            (_, "create_token") => request
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(format!("grant_type=client_credentials&client_secret={}", self.key)),
            (_, "create_import") => {
                let label = json!({"id": "_:one"});
                let record = with(standard(&self.laboratory, "W-1"), label);
                // A source of its own, so that the record is a new one for everybody.
                let source = format!("source {}", self.number());
                let text = bundle(&source, [(CollectionName::MeasurementStandards, record)]);
                request.header("Content-Type", "application/json").body(text)
            }
            (_, id) => request.json(&self.body(id)),
        }
    }

    /// The collection that a path is about.
    fn collection<'o>(&self, operation: &'o Operation) -> &'o str {
        let inside = operation.path.strip_prefix("/api/v1/").unwrap_or(&operation.path);
        inside.split('/').next().unwrap_or_default()
    }
}

/// Tokens that would be those of the most powerful key there is, and are no good.
fn impostors(served: &Served, operator: &Party) -> Vec<(Persona, String)> {
    let now = clock::now();
    let key = |secret: &str| {
        let digest = Secret::shown(secret).digest();
        served.registry.key_of_secret(&digest, None, now).expect("a key")
    };
    let subject = subject_of_key(&key(&operator.key));
    let (own, id) = (served.issuer.url(), served.issuer.jwks()["keys"][0]["kid"].clone());
    let (_, pem) = SigningKey::generate(SEED);
    let (_, other_pem) = SigningKey::generate([8; 32]);
    let good = |pem: &str, change: Value| {
        let at = now.timestamp().as_second();
        let claims = json!({
            "iss": own, "aud": own, "sub": subject, "iat": at, "nbf": at, "exp": at + 600,
            "scope": SCOPES.join(" "),
        });
        let (_, der) = pem_rfc7468::decode_vec(pem.trim().as_bytes()).expect("a PEM");
        let private = EncodingKey::from_ed_der(&der);
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = id.as_str().map(str::to_owned);
        jsonwebtoken::encode(&header, &with(claims, change), &private).expect("a token")
    };
    let right = good(&pem, json!({}));
    let answer = served.get("/api/v1/api_keys").token(&right).send();
    assert_eq!(answer.status, 200, "what is changed below is good: {}", answer.text);
    let payload = right.split('.').nth(1).expect("a payload");
    let encoded = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    let unsigned = encoded(&json!({"typ": "JWT", "alg": "none", "kid": id}).to_string());
    let mut hmac = Header::new(Algorithm::HS256);
    hmac.kid = id.as_str().map(str::to_owned);
    let public = served.issuer.jwks()["keys"][0]["x"].clone();
    let public = Base64UrlUnpadded::decode_vec(public.as_str().expect("a key")).expect("32 bytes");
    let claims: Value = jsonwebtoken::dangerous::insecure_decode_claims(&right).expect("claims");
    let confused = jsonwebtoken::encode(&hmac, &claims, &EncodingKey::from_secret(&public));
    let more = encoded(&with(claims, json!({"jti": "x"})).to_string());
    let signature = right.rsplit('.').next().expect("a signature");
    let header = right.split('.').next().expect("a header");
    // Keys that were good when their tokens were made.
    let ended = |end: &dyn Fn(&ApiKey)| {
        let secret = served.key(operator, &operator.id, &["operator", "administrator"]);
        let token = served.token(&secret);
        end(&key(&secret));
        token
    };
    let revoked = ended(&|key| {
        let path = format!("/api/v1/api_keys/{}", key.id);
        let revoked = served.request("DELETE", &path).token(&operator.token).send();
        assert_eq!(revoked.status, 200, "{}", revoked.text);
    });
    let gone = ApiKey {
        id: ids::new_id(),
        expires_at: Some(instant("2026-02-01T00:00:00Z")),
        ..key(&operator.key)
    };
    let digest = Secret::api_key(ids::new_secret()).digest();
    let kept = served.registry.store().write(|writer| writer.add_key(&gone, &digest));
    kept.unwrap_or_else(|error: StoreError| panic!("{error}"));
    let past = now.timestamp().as_second() - 1;
    vec![
        (Expired, good(&pem, json!({"exp": past}))),
        (NotYetValid, good(&pem, json!({"nbf": past + 600}))),
        (OtherAudience, good(&pem, json!({"aud": "https://other.example"}))),
        (OtherIssuer, good(&pem, json!({"iss": "https://other.example"}))),
        (Unsigned, format!("{unsigned}.{payload}.")),
        (PublicKeyAsSecret, confused.expect("a token")),
        (Elsewhere, good(&other_pem, json!({}))),
        (Changed, format!("{header}.{more}.{signature}")),
        (Revoked, revoked),
        (KeyExpired, good(&pem, json!({"sub": subject_of_key(&gone)}))),
    ]
}

/// Tokens of operators without a scope: of a key that lacks it, and one that does by itself.
fn narrowed(served: &Served, operator: &Party, scope: &str) -> (String, String) {
    let others: Vec<&str> = SCOPES.into_iter().filter(|other| *other != scope).collect();
    let made = served.post("/api/v1/api_keys").token(&operator.token).json(&json!({
        "name": "narrow", "roles": ["operator", "administrator"], "scopes": others,
    }));
    let of_key = served.token(made.body["secret"].as_str().expect("a key"));
    let form = format!(
        "grant_type=client_credentials&client_secret={}&scope={}",
        operator.key,
        others.join("+")
    );
    let request = served.post("/api/v1/auth/token");
    let of_token = request.header("Content-Type", "application/x-www-form-urlencoded").body(form);
    (of_key, of_token.body["access_token"].as_str().expect("a token").to_owned())
}

/// What is wrong with an answer, if anything.
fn difference(expected: &Expected, answer: &Response) -> Option<String> {
    let code = answer.body["code"].as_str();
    let right = match expected {
        Expected::Through => (200..300).contains(&answer.status),
        Expected::Problem(status, wanted) => (answer.status, code) == (*status, Some(*wanted)),
        Expected::Fault(wanted, place) => {
            (answer.status, code) == (422, Some("invalid_body"))
                && answer.errors() == [(*wanted, *place)]
        }
    };
    (!right).then(|| format!("expected {expected:?}, found {} {}", answer.status, answer.text))
}

fn every_operation_knows_who_may(database: &Database) {
    let operations = operations();
    let named: BTreeSet<&str> = operations.iter().map(|one| one.id.as_str()).collect();
    let rows: BTreeSet<&str> = TABLE.iter().map(|row| row.operation).collect();
    assert_eq!(rows.len(), TABLE.len(), "an operation has two rows");
    let without: Vec<&&str> = named.difference(&rows).collect();
    assert!(without.is_empty(), "operations without a row; say who may: {without:?}");
    let gone: Vec<&&str> = rows.difference(&named).collect();
    assert!(gone.is_empty(), "rows of operations that are not there: {gone:?}");

    let served = Served::new(database);
    let fixture = Fixture::new(&served);
    let mut wrong = Vec::new();
    let mut count = 0;
    for row in TABLE {
        let operation = operations.iter().find(|one| one.id == row.operation).expect("a row");
        if operation.door != row.door {
            wrong.push(format!("{}: the document says {:?}", row.operation, operation.door));
        }
        for persona in PERSONAS {
            let answer = fixture.ask(operation, persona);
            count += 1;
            let expected = row.expected(persona);
            if let Some(difference) = difference(&expected, &answer) {
                wrong.push(format!("{} by {persona:?}: {difference}", row.operation));
                continue;
            }
            // A list holds the record for those, and only those, who may know of it.
            let collection = fixture.collection(operation);
            if expected == Expected::Through
                && row.operation.starts_with("list_")
                && operation.path == format!("/api/v1/{collection}")
                && let Some(id) = fixture.records.get(collection)
                && answer.text.contains(id.as_str()) != row.known_to.contains(&persona)
            {
                wrong.push(format!("{} by {persona:?}: {}", row.operation, answer.text));
            }
        }
    }
    println!(
        "authorisation: {count} combinations, {} operations by {} who ask",
        TABLE.len(),
        PERSONAS.len()
    );
    assert!(wrong.is_empty(), "{} of the answers:\n{}", wrong.len(), wrong.join("\n"));
}

/// What a request for a new record, or a version of one, came to.
fn put(served: &Served, token: &str, place: &str, body: &Value) -> Response {
    let version = body["version"].as_u64().expect("a version");
    served.put(place).token(token).header("If-Match", &format!("\"{version}\"")).json(body)
}

fn received_certificates_are_their_owners_until_confirmed(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let issuer = served.party(&operator, "calibration_laboratory", &["signatory"]);
    let owner = served.party(&operator, "calibration_laboratory", &["submitter"]);
    let stranger = served.party(&operator, "calibration_laboratory", &["submitter", "signatory"]);
    let body = accreditor_of(&served, &operator, &issuer);
    let item = served
        .post("/api/v1/measurement_standards")
        .token(&owner.token)
        .json(&standard(&owner.id, "W-1"));
    let item = id_of(&item.body["record"]["id"]);
    let received = with(certificate(&issuer.id, &item, "1"), json!({"published": true}));
    // Neither who has no part in it nor who would say that its own is somebody else's.
    let refused = served.post("/api/v1/calibrations").token(&stranger.token).json(&received);
    refused.is_problem(403, "not_allowed");
    let made = served.post("/api/v1/calibrations").token(&owner.token).json(&received);
    assert_eq!(made.status, 201, "{}", made.text);
    let place = made.header("location").to_owned();
    let status = format!("{place}/status");
    let entry = json!({"status": "under_review", "effective_from": "2026-11-01"});
    let mended = with(made.body["record"].clone(), json!({"signatory": "N. V. A."}));
    let amended = put(&served, &owner.token, &place, &mended);
    assert_eq!(amended.status, 200, "{}", amended.text);
    assert_eq!(amended.body["record"]["evidence_level"], "self_declared");
    assert_eq!(served.post(&status).token(&owner.token).json(&entry).status, 201);
    // It is public: a stranger is told so, and no more.
    served.post(&status).token(&stranger.token).json(&entry).is_problem(403, "not_allowed");
    let known = served.get(&place).token(&stranger.token).send();
    put(&served, &stranger.token, &place, &known.body).is_problem(403, "not_allowed");
    // The issuer confirms it, and from then on it is the issuer's.
    let confirmed = put(&served, &issuer.token, &place, &known.body);
    assert_eq!(confirmed.status, 200, "{}", confirmed.text);
    assert_eq!(confirmed.body["record"]["evidence_level"], "issuer_confirmed");
    put(&served, &owner.token, &place, &confirmed.body["record"]).is_problem(403, "not_allowed");
    let published = confirmed.body["record"]["published"] == true;
    let only = with(confirmed.body["record"].clone(), json!({"published": !published}));
    let more = with(only.clone(), json!({"signatory": "N. V. B."}));
    put(&served, &owner.token, &place, &more).is_problem(403, "not_allowed");
    put(&served, &issuer.token, &place, &only).is_problem(403, "not_allowed");
    let turned = put(&served, &owner.token, &place, &only);
    assert_eq!(turned.status, 200, "{}", turned.text);
    assert_eq!(turned.body["record"]["evidence_level"], "issuer_confirmed");
    let back = with(turned.body["record"].clone(), json!({"published": published}));
    assert_eq!(put(&served, &owner.token, &place, &back).status, 200);
    // The body that accredits the issuer says what became of it, and leaves its evidence alone.
    let (accreditor, other) = body;
    let appended = served.post(&status).token(&accreditor.token).json(&entry);
    assert_eq!(appended.status, 201, "{}", appended.text);
    assert_eq!(appended.body["record"]["evidence_level"], "issuer_confirmed");
    served.post(&status).token(&other.token).json(&entry).is_problem(403, "not_allowed");
    let latest = &appended.body["record"];
    put(&served, &accreditor.token, &place, latest).is_problem(403, "not_allowed");
}

/// A body that accredits a laboratory, and one that does not.
fn accreditor_of(served: &Served, operator: &Party, laboratory: &Party) -> (Party, Party) {
    let party = || served.party(operator, "accreditation_body", &["accreditation_body"]);
    let (body, other) = (party(), party());
    let accreditation = json!({
        "organisation": laboratory.id, "accreditation_body": body.id, "standard": "iso_iec_17025",
    });
    let made = served.post("/api/v1/accreditations").token(&body.token).json(&accreditation);
    assert_eq!(made.status, 201, "{}", made.text);
    (body, other)
}

fn national_standards_are_the_authoritys_too(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let authority = served.party(&operator, "authority", &["authority"]);
    let owner = served.party(&operator, "calibration_laboratory", &["submitter"]);
    let create = |party: &Party, body: &Value| {
        served.post("/api/v1/measurement_standards").token(&party.token).json(body)
    };
    let national = with(standard(&owner.id, "N-1"), json!({"legal_level": "national"}));
    let made = create(&authority, &national);
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.body["record"]["evidence_level"], "issuer_confirmed");
    create(&authority, &standard(&owner.id, "W-1")).is_problem(403, "not_allowed");
    // A standard does not become national by the authority's word alone: it is its owner's, and
    // the authority does not even know of it.
    let own = create(&owner, &standard(&owner.id, "W-2"));
    let place = own.header("location").to_owned();
    let raised = with(own.body["record"].clone(), json!({"legal_level": "national"}));
    put(&served, &authority.token, &place, &raised).is_problem(404, "unknown_record");
    // Nor does the authority take one out of the public's sight.
    let place = made.header("location").to_owned();
    let lowered = with(made.body["record"].clone(), json!({"legal_level": "working"}));
    put(&served, &authority.token, &place, &lowered).is_problem(403, "not_allowed");
}

fn realisations_are_institutes_alone(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let body = |of: &Party| {
        json!({
            "kind": "nmi_primary_realisation", "organisation": of.id,
            "quantity_kind": "conventional_mass",
        })
    };
    for (kind, status) in
        [("calibration_laboratory", 403), ("nmi", 201), ("designated_institute", 201)]
    {
        let party = served.party(&operator, kind, &["submitter", "administrator"]);
        let made = served.post("/api/v1/realisations").token(&party.token).json(&body(&party));
        assert_eq!(made.status, status, "{kind}: {}", made.text);
    }
}

fn nobody_takes_a_part_by_writing_it(database: &Database) {
    let served = Served::new(database);
    let operator = served.operator();
    let roles = ["submitter", "signatory", "administrator"];
    let laboratory = served.party(&operator, "calibration_laboratory", &roles);
    let stranger = served.party(&operator, "calibration_laboratory", &roles);
    let (accreditor, other) = accreditor_of(&served, &operator, &laboratory);
    let (theirs, _) = accreditor_of(&served, &operator, &stranger);
    let item = served
        .post("/api/v1/measurement_standards")
        .token(&laboratory.token)
        .json(&with(standard(&laboratory.id, "N-1"), json!({"legal_level": "national"})));
    let owned = with(item.body["record"].clone(), json!({"owner": stranger.id}));
    put(&served, &stranger.token, item.header("location"), &owned).is_problem(403, "not_allowed");
    let item = id_of(&item.body["record"]["id"]);
    let public = with(certificate(&laboratory.id, &item, "1"), json!({"published": true}));
    let made = served.post("/api/v1/calibrations").token(&laboratory.token).json(&public);
    assert_eq!(made.status, 201, "{}", made.text);
    let place = made.header("location").to_owned();
    let taken = with(made.body["record"].clone(), json!({"issuer": stranger.id}));
    put(&served, &stranger.token, &place, &taken).is_problem(403, "not_allowed");
    // Nor is anything written in the name of somebody else.
    let forged = certificate(&laboratory.id, &item, "2");
    let refused = served.post("/api/v1/calibrations").token(&stranger.token).json(&forged);
    refused.is_problem(403, "not_allowed");
    // An accreditation and what hangs on it are its body's.
    let page = served.get("/api/v1/accreditations").send();
    let of = |party: &Party| {
        let items = page.body["items"].as_array().expect("a list").iter();
        items.clone().find(|one| one["organisation"] == json!(party.id)).expect("one").clone()
    };
    let accreditation = of(&laboratory);
    let place = format!("/api/v1/accreditations/{}", accreditation["id"].as_str().expect("an id"));
    let taken = with(accreditation.clone(), json!({"accreditation_body": other.id}));
    put(&served, &other.token, &place, &taken).is_problem(403, "not_allowed");
    let scope = |of: &Party, accreditation: &Value| {
        json!({
            "publisher": "accreditation_scope", "organisation": of.id,
            "accreditation": accreditation["id"], "quantity_kind": "conventional_mass",
        })
    };
    for (who, body) in [
        (&other, scope(&laboratory, &accreditation)),
        (&theirs, scope(&laboratory, &accreditation)),
        (&accreditor, with(scope(&laboratory, &accreditation), json!({"publisher": "kcdb"}))),
    ] {
        let refused = served.post("/api/v1/capabilities").token(&who.token).json(&body);
        refused.is_problem(403, "not_allowed");
    }
    // The scope of one laboratory does not hang on another's accreditation.
    let crossed = scope(&stranger, &accreditation);
    let refused = served.post("/api/v1/capabilities").token(&accreditor.token).json(&crossed);
    assert!((400..500).contains(&refused.status), "{}", refused.text);
    // What an organisation is, it does not say itself.
    let place = format!("/api/v1/organisations/{}", stranger.id);
    let own = served.get(&place).send();
    let renamed = with(own.body.clone(), json!({"names": {"en": "Other name"}}));
    let amended = put(&served, &stranger.token, &place, &renamed);
    assert_eq!(amended.status, 200, "{}", amended.text);
    for change in [
        json!({"kind": "nmi"}),
        json!({"country": "FR"}),
        json!({"identifiers": [{"scheme": "ror", "value": "https://ror.org/05xyz"}]}),
    ] {
        let changed = with(amended.body["record"].clone(), change);
        put(&served, &stranger.token, &place, &changed).is_problem(403, "not_allowed");
    }
}
