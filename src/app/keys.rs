//! Who has a way in: the keys and members of organisations, and the first of all. Keys are kept as
//! digests; what a key or a token looks like does not live here (`auth`), nor what its holder may
//! do (`access`).

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::domain::fault::{Fault, Faults};
use crate::domain::id::Id;
use crate::domain::identity::{Identity, Proof, Role, Scope, Scopes};
use crate::domain::log::Digest;
use crate::domain::organisation::{Organisation, OrganisationKind};
use crate::domain::period::Instant;
use crate::domain::records::{AnyRecord, CollectionName};
use crate::domain::text::Text;
use crate::ids;

pub use crate::store::{ApiKey, Member};

use super::access::{Principal, fits};
use super::refusal::Refusal;
use super::registry::{Author, Registry, created};

/// What the subject of a token of ours begins with when it is a key.
const KEY: &str = "key:";
/// And when it is a member.
const MEMBER: &str = "member:";

object! {
    /// A key to be made.
    KeyRequest {
        required {
            /// What it is for, so that somebody later knows which to revoke.
            name: String,
        }
        optional {
            /// The organisation; the caller's own when absent.
            organisation: Id,
            /// Until when it can be used; as long as this registry allows when absent.
            expires_at: Instant,
            /// What it may be used for; all that the caller's own way in may when absent.
            scopes: Vec<Scope>,
        }
        many {
            /// The roles that it gives.
            roles: Role,
        }
    }
}

object! {
    /// A member to be added: a person whom an issuer of tokens knows.
    MemberRequest {
        required {
            /// Who they are, for people.
            name: String,
            /// The issuer of their tokens.
            issuer: String,
            /// What the issuer calls them.
            subject: String,
        }
        optional {
            /// The organisation; the caller's own when absent.
            organisation: Id,
        }
        many {
            /// The roles that they hold.
            roles: Role,
        }
    }
}

object! {
    /// How an empty registry gets its first key.
    SetupRequest {
        required {
            /// The set-up key that the service printed or wrote when it started.
            setup_key: String,
        }
        optional {
            /// An organisation that is there already, where the registry was filled before.
            organisation_id: Id,
            /// What the first key is called.
            key_name: String,
        }
    }
}

/// The subject of tokens for a key.
pub fn subject_of_key(key: &ApiKey) -> String {
    format!("{KEY}{}", key.id)
}

/// The subject of tokens for a member.
pub fn subject_of_member(member: &Member) -> String {
    format!("{MEMBER}{}", member.id)
}

/// The key that tokens with this subject are for.
pub(super) fn key_of_subject(subject: &str) -> Option<Id> {
    Id::parse(subject.strip_prefix(KEY)?).ok()
}

/// The member that tokens with this subject are for.
pub(super) fn member_of_subject(subject: &str) -> Option<Id> {
    Id::parse(subject.strip_prefix(MEMBER)?).ok()
}

impl Registry {
    /// Who the subject of an accepted token is, and what they may do now; none when their key or
    /// membership does not hold any more.
    ///
    /// # Errors
    /// When the database fails.
    pub fn principal(
        &self,
        proof: &Proof,
        own_issuer: &str,
        now: Instant,
    ) -> Result<Option<Principal>, Refusal> {
        let store = self.store();
        let Proof { identity, scopes } = proof;
        let own = (identity.issuer == own_issuer).then_some(identity.subject.as_str());
        let found = match (own.and_then(key_of_subject), own.and_then(member_of_subject)) {
            (Some(key), _) => store.key(&key)?.filter(|key| key.is_good(now)).map(Found::of_key),
            (None, Some(member)) => store
                .member(&member)?
                .filter(|member| member.revoked_at.is_none())
                .map(Found::of_member),
            (None, None) => store.member_of(identity)?.map(Found::of_member),
        };
        let Some(Found { organisation, roles, scopes: most, credential }) = found else {
            return Ok(None);
        };
        let Some(record) = self.organisation(&organisation)? else { return Ok(None) };
        let (kind, country) = (record.kind, record.country);
        // An organisation that has become something else does not keep the roles of what it was.
        let roles = roles.into_iter().filter(|role| fits(*role, kind)).collect();
        let scopes = scopes.as_ref().map_or_else(|| most.clone(), |scopes| most.within(scopes));
        Ok(Some(Principal { organisation, kind, country, roles, scopes, credential }))
    }

    /// An organisation as it is now; none where it is not there.
    fn organisation(&self, id: &Id) -> Result<Option<Organisation>, Refusal> {
        let head = self.store().head()?.log_index;
        let Some(stored) = self.store().get(id, head)? else { return Ok(None) };
        Ok(match stored.record()? {
            AnyRecord::Organisations(organisation) => Some(*organisation),
            _ => None,
        })
    }

    /// The kind of an organisation; none where it is not there.
    fn kind_of(&self, organisation: &Id) -> Result<Option<OrganisationKind>, Refusal> {
        Ok(self.organisation(organisation)?.map(|organisation| organisation.kind))
    }

    /// The key of a secret, while it holds, and if it is the one that is named where one is named.
    ///
    /// # Errors
    /// The same for every secret that cannot be used, or when the database fails.
    pub fn key_of_secret(
        &self,
        secret: &Digest,
        named: Option<&str>,
        now: Instant,
    ) -> Result<ApiKey, Refusal> {
        // One question to the database, whatever is wrong with the key: how long the answer takes
        // says no more than the answer.
        let key = self.store().key_of_secret(secret)?;
        let key =
            key.filter(|key| key.is_good(now) & named.is_none_or(|named| named == key.id.as_str()));
        key.ok_or(Refusal::WrongKey)
    }

    /// A key, good or not.
    ///
    /// # Errors
    /// When there is none that the caller manages.
    pub fn key(&self, id: &Id, principal: &Principal) -> Result<ApiKey, Refusal> {
        let key = self.store().key(id)?.filter(|key| principal.manages(&key.organisation));
        key.ok_or_else(|| Refusal::NoSuch { id: id.clone() })
    }

    /// Makes a key for a secret that the caller is shown once.
    ///
    /// A key ends after `longest` at the latest, where that is said.
    ///
    /// # Errors
    /// Faults of the request, or that the caller may not give these roles, these scopes or this
    /// organisation.
    pub fn make_key(
        &self,
        request: KeyRequest,
        secret: &Digest,
        longest: Option<Duration>,
        principal: &Principal,
        now: Instant,
    ) -> Result<ApiKey, Refusal> {
        let KeyRequest { name, organisation, expires_at, scopes, roles } = request;
        let organisation = organisation.unwrap_or_else(|| principal.organisation.clone());
        let mut faults = self.faults_of(&name, &organisation, &roles, principal)?;
        let last = longest.and_then(|longest| now.after(longest));
        match (expires_at, last) {
            (Some(end), _) if end <= now => {
                let message = Text::new(
                    "thời điểm này đã qua",
                    "this lies in the past; the key could not be used",
                );
                faults.push(Fault::error("/expires_at", "in_the_past", message));
            }
            (Some(end), Some(last)) if end > last => {
                let message = Text::new(
                    format!("sổ đăng ký này không cho khoá dùng được sau {last}"),
                    format!("this registry lets no key of today be used after {last}"),
                );
                faults.push(Fault::error("/expires_at", "too_late", message));
            }
            _ => {}
        }
        let scopes: Vec<Scope> = scopes.unwrap_or_else(|| principal.scopes.iter().collect());
        if scopes.is_empty() {
            let message = Text::new("cần ít nhất một phạm vi", "at least one scope is needed");
            faults.push(Fault::error("/scopes", "empty", message));
        }
        for (position, scope) in scopes.iter().enumerate() {
            if !principal.scopes.has(*scope) {
                let place = format!("/scopes/{position}");
                faults.push(Fault::error(place, "scope_not_allowed", beyond(*scope)));
            }
        }
        if !faults.is_empty() {
            return Err(Refusal::Faults(Faults(faults)));
        }
        let key = ApiKey {
            id: ids::new_id(),
            organisation,
            name,
            roles: roles.into_iter().collect(),
            scopes: scopes.into_iter().collect(),
            created_at: now,
            created_by: principal.actor(),
            expires_at: expires_at.or(last),
            revoked_at: None,
            last_used_at: None,
        };
        self.store().write(|writer| writer.add_key(&key, secret))?;
        Ok(key)
    }

    /// Adds a member.
    ///
    /// # Errors
    /// Faults of the request, that the issuer is this registry, that the caller may not give these
    /// roles or this organisation, or that somebody is a member already.
    pub fn add_member(
        &self,
        request: MemberRequest,
        own_issuer: &str,
        principal: &Principal,
        now: Instant,
    ) -> Result<Member, Refusal> {
        let MemberRequest { name, issuer, subject, organisation, roles } = request;
        if issuer == own_issuer {
            // Those whom the registry itself knows are its keys and its own machine's members
            // (`local_member`): nobody else says who they are.
            let message = Text::new(
                "đây là chính sổ đăng ký này; hãy tạo khoá thay vì thành viên",
                "this is the registry itself; make a key instead of a member",
            );
            return Err(Refusal::fault("/issuer", "own_issuer", message));
        }
        let organisation = organisation.unwrap_or_else(|| principal.organisation.clone());
        let mut faults = self.faults_of(&name, &organisation, &roles, principal)?;
        // A member comes in with every scope, so nobody adds one who does not.
        if let Some(scope) = Scope::ALL.iter().find(|scope| !principal.scopes.has(**scope)) {
            faults.push(Fault::error("", "scope_not_allowed", beyond(*scope)));
        }
        if !faults.is_empty() {
            return Err(Refusal::Faults(Faults(faults)));
        }
        let roles = roles.into_iter().collect();
        let identity = Identity { issuer, subject };
        let member = new_member(organisation, identity, name, roles, principal.actor(), now);
        self.put_member(&member)?;
        Ok(member)
    }

    fn put_member(&self, member: &Member) -> Result<(), Refusal> {
        if !self.store().write(|writer| writer.add_member(member))? {
            let message = Text::new(
                "người này đã là thành viên; hãy thu hồi tư cách cũ trước",
                "this person is a member already; revoke that membership first",
            );
            return Err(Refusal::fault("/subject", "is_a_member", message));
        }
        Ok(())
    }

    /// What is wrong with giving somebody of this organisation these roles.
    fn faults_of(
        &self,
        name: &str,
        organisation: &Id,
        roles: &[Role],
        principal: &Principal,
    ) -> Result<Vec<Fault>, Refusal> {
        if !principal.manages(organisation) {
            return Err(Refusal::NotAllowed { writers: managers() });
        }
        let mut faults = Vec::new();
        if name.trim().is_empty() {
            let message = Text::new("cần một tên", "a name is needed");
            faults.push(Fault::error("/name", "empty", message));
        }
        if roles.is_empty() {
            let message = Text::new("cần ít nhất một vai trò", "at least one role is needed");
            faults.push(Fault::error("/roles", "empty", message));
        }
        match self.kind_of(organisation)? {
            None => {
                let message = Text::new("không có tổ chức này", "there is no such organisation");
                faults.push(Fault::error("/organisation", "unknown_id", message));
            }
            Some(kind) => {
                for (position, role) in roles.iter().enumerate() {
                    if !principal.may_give(*role, kind) {
                        let message = Text::new(
                            format!("bạn không trao được vai trò {role} trong một {kind}"),
                            format!(
                                "you cannot give the role {role} in an organisation of kind {kind}"
                            ),
                        );
                        let place = format!("/roles/{position}");
                        faults.push(Fault::error(place, "role_not_allowed", message));
                    }
                }
            }
        }
        Ok(faults)
    }

    /// The keys of an organisation, oldest first; of every one for an operator who names none.
    ///
    /// # Errors
    /// When the caller does not manage them.
    pub fn keys(
        &self,
        organisation: Option<&Id>,
        after: Option<&Id>,
        limit: u32,
        principal: &Principal,
    ) -> Result<Vec<ApiKey>, Refusal> {
        let organisation = managed(organisation, principal)?;
        Ok(self.store().keys(organisation, after, limit)?)
    }

    /// The members of an organisation, in the same way.
    ///
    /// # Errors
    /// When the caller does not manage them.
    pub fn members(
        &self,
        organisation: Option<&Id>,
        after: Option<&Id>,
        limit: u32,
        principal: &Principal,
    ) -> Result<Vec<Member>, Refusal> {
        let organisation = managed(organisation, principal)?;
        Ok(self.store().members(organisation, after, limit)?)
    }

    /// Revokes a key at once: tokens made for it are refused from now on.
    ///
    /// # Errors
    /// When there is none that the caller manages.
    pub fn revoke_key(
        &self,
        id: &Id,
        principal: &Principal,
        now: Instant,
    ) -> Result<ApiKey, Refusal> {
        let mut key = self.key(id, principal)?;
        self.store().write(|writer| writer.revoke_key(id, now))?;
        key.revoked_at.get_or_insert(now);
        Ok(key)
    }

    /// Ends a membership at once.
    ///
    /// # Errors
    /// When there is none that the caller manages.
    pub fn revoke_member(
        &self,
        id: &Id,
        principal: &Principal,
        now: Instant,
    ) -> Result<Member, Refusal> {
        let member =
            self.store().member(id)?.filter(|member| principal.manages(&member.organisation));
        let mut member = member.ok_or_else(|| Refusal::NoSuch { id: id.clone() })?;
        self.store().write(|writer| writer.revoke_member(id, now))?;
        member.revoked_at.get_or_insert(now);
        Ok(member)
    }

    /// Whether anybody was ever given a way in.
    ///
    /// # Errors
    /// When the database fails.
    pub fn is_set_up(&self) -> Result<bool, Refusal> {
        Ok(self.store().is_set_up()?)
    }

    /// Sets the key with which the registry can be set up, in the place of one not used. False
    /// where it was set up with another meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_setup_key(&self, secret: &Digest, now: Instant) -> Result<bool, Refusal> {
        Ok(self.store().write(|writer| writer.set_setup_key(secret, now))?)
    }

    /// Sets the registry up, once: the first organisation, unless it is there already, and its
    /// first key, for an operator who administrates.
    ///
    /// # Errors
    /// That it is set up already, that the set-up key is another, or faults of the organisation.
    pub fn set_up(
        &self,
        setup_key: &Digest,
        organisation: First,
        key_name: &str,
        secret: &Digest,
        now: Instant,
    ) -> Result<(ApiKey, Id), Refusal> {
        if self.is_set_up()? {
            return Err(Refusal::AlreadySetUp);
        }
        self.store().write(|writer| {
            if !writer.use_setup_key(setup_key, now)? {
                return Err(Refusal::WrongKey);
            }
            let organisation = match organisation {
                First::Known(id) => {
                    let known = writer.stored(&id)?;
                    let is_one = |collection| collection == CollectionName::Organisations;
                    if !known.is_some_and(|stored| is_one(stored.collection)) {
                        let collection = CollectionName::Organisations;
                        return Err(Refusal::Unknown { collection, id });
                    }
                    id
                }
                First::New(body) => {
                    let author = Author::operator("setup", now);
                    let accepted = created(writer, CollectionName::Organisations, body, &author);
                    accepted.map_err(|refusal| below("/organisation", refusal))?.written.id
                }
            };
            let key = ApiKey {
                id: ids::new_id(),
                organisation: organisation.clone(),
                name: key_name.to_owned(),
                roles: BTreeSet::from([Role::Operator, Role::Administrator]),
                scopes: Scopes::all(),
                created_at: now,
                created_by: "setup".to_owned(),
                expires_at: None,
                revoked_at: None,
                last_used_at: None,
            };
            writer.add_key(&key, secret)?;
            Ok((key, organisation))
        })
    }

    /// The member of an organisation who works at the machine of the registry itself: made where
    /// there is none with these roles.
    ///
    /// # Errors
    /// When the organisation is not there, or a role does not fit it.
    pub fn local_member(
        &self,
        organisation: &Id,
        roles: &BTreeSet<Role>,
        own_issuer: &str,
        now: Instant,
    ) -> Result<Member, Refusal> {
        let collection = CollectionName::Organisations;
        let kind = self
            .kind_of(organisation)?
            .ok_or_else(|| Refusal::Unknown { collection, id: organisation.clone() })?;
        if let Some(role) = roles.iter().find(|role| !fits(**role, kind)) {
            let message = Text::new(
                format!("không có vai trò {role} trong một {kind}"),
                format!("there is no role {role} in an organisation of kind {kind}"),
            );
            return Err(Refusal::fault("--role", "role_not_allowed", message));
        }
        let words: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        let subject = format!("local:{organisation}:{}", words.join("+"));
        let identity = Identity { issuer: own_issuer.to_owned(), subject };
        if let Some(member) = self.store().member_of(&identity)? {
            return Ok(member);
        }
        let name = "local".to_owned();
        let roles = roles.clone();
        let by = "operator".to_owned();
        let member = new_member(organisation.clone(), identity, name, roles, by, now);
        self.put_member(&member)?;
        Ok(member)
    }
}

/// The organisation that a registry is set up with.
#[derive(Debug)]
pub enum First {
    /// One that is there.
    Known(Id),
    /// A new one.
    New(Value),
}

fn new_member(
    organisation: Id,
    identity: Identity,
    name: String,
    roles: BTreeSet<Role>,
    created_by: String,
    now: Instant,
) -> Member {
    let id = ids::new_id();
    Member {
        id,
        organisation,
        identity,
        name,
        roles,
        created_at: now,
        created_by,
        revoked_at: None,
        last_used_at: None,
    }
}

/// What somebody comes in with, as far as it matters who they are then.
struct Found {
    organisation: Id,
    roles: BTreeSet<Role>,
    scopes: Scopes,
    credential: String,
}

impl Found {
    fn of_key(key: ApiKey) -> Self {
        let credential = subject_of_key(&key);
        let ApiKey { organisation, roles, scopes, .. } = key;
        Self { organisation, roles, scopes, credential }
    }

    /// A member may do whatever their roles allow: their issuer's scopes are not ours.
    fn of_member(member: Member) -> Self {
        let credential = subject_of_member(&member);
        let Member { organisation, roles, .. } = member;
        Self { organisation, roles, scopes: Scopes::all(), credential }
    }
}

/// That somebody would give more than they have.
fn beyond(scope: Scope) -> Text {
    Text::new(
        format!("khoá hoặc token bạn đang dùng không có phạm vi “{scope}”, nên không trao được"),
        format!("your own key or token does not have the scope “{scope}”, so it cannot give it"),
    )
}

/// The organisation whose ways in are asked about, where the caller manages them; every one for an
/// operator who names none.
pub(super) fn managed<'i>(
    organisation: Option<&'i Id>,
    principal: &'i Principal,
) -> Result<Option<&'i Id>, Refusal> {
    let organisation = match organisation {
        None if principal.is(Role::Operator) => return Ok(None),
        None => &principal.organisation,
        Some(named) => named,
    };
    match principal.manages(organisation) {
        true => Ok(Some(organisation)),
        false => Err(Refusal::NotAllowed { writers: managers() }),
    }
}

fn managers() -> Text {
    Text::new("administrator của tổ chức, operator", "administrator of the organisation, operator")
}

fn below(place: &str, refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Faults(Faults(mut faults)) => {
            for fault in &mut faults {
                fault.pointer.insert_str(0, place);
            }
            Refusal::Faults(Faults(faults))
        }
        other => other,
    }
}
