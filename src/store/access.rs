//! Who may come in: keys of programs, members who come with a token, and the one key with which a
//! new registry is set up. Secrets are known by their digests only. What roles allow does not live
//! here (`app`), nor how a token is read (`auth`).

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};

use crate::domain::id::Id;
use crate::domain::identity::{Identity, Role, Scope, Scopes};
use crate::domain::log::Digest;
use crate::domain::period::Instant;

use super::Store;
use super::error::StoreError;
use super::statement::Statement;
use super::value;
use super::write::Writer;

/// A key with which a program of an organisation comes in. Its secret is shown once, when it is
/// made, and not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its identity.
    pub id: Id,
    /// The organisation in whose name it acts.
    pub organisation: Id,
    /// What it is called, for people.
    pub name: String,
    /// What it may do there.
    pub roles: BTreeSet<Role>,
    /// What it may be used for.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Instant,
    /// Who made it, as the record log names them.
    pub created_by: String,
    /// From when on it is good for nothing.
    pub expires_at: Option<Instant>,
    /// When it was taken back.
    pub revoked_at: Option<Instant>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<Instant>,
}

impl ApiKey {
    /// Whether it is good for anything at an instant.
    pub fn is_good(&self, now: Instant) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires| now < expires)
    }
}

/// Somebody who acts in the name of an organisation and comes in with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The identity of the membership.
    pub id: Id,
    /// The organisation in whose name they act.
    pub organisation: Id,
    /// Who they are, as the issuer of their token says.
    pub identity: Identity,
    /// What they are called, for people.
    pub name: String,
    /// What they may do there.
    pub roles: BTreeSet<Role>,
    /// When they became a member.
    pub created_at: Instant,
    /// Who made them one, as the record log names them.
    pub created_by: String,
    /// When the membership was taken back.
    pub revoked_at: Option<Instant>,
    /// When they came in last, to the minute.
    pub last_used_at: Option<Instant>,
}

const KEY: &str = "SELECT id, organisation, name, roles, scopes, created_at, created_by, \
     expires_at, revoked_at, last_used_at FROM api_keys";

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    organisation: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    roles: String,
    #[diesel(sql_type = Text)]
    scopes: String,
    #[diesel(sql_type = Timestamp)]
    created_at: time::PrimitiveDateTime,
    #[diesel(sql_type = Text)]
    created_by: String,
    #[diesel(sql_type = Nullable<Timestamp>)]
    expires_at: Option<time::PrimitiveDateTime>,
    #[diesel(sql_type = Nullable<Timestamp>)]
    revoked_at: Option<time::PrimitiveDateTime>,
    #[diesel(sql_type = Nullable<Timestamp>)]
    last_used_at: Option<time::PrimitiveDateTime>,
}

impl TryFrom<KeyRow> for ApiKey {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: value::id(&row.id)?,
            organisation: value::id(&row.organisation)?,
            name: row.name,
            roles: roles(&row.roles)?,
            scopes: scopes(&row.scopes)?,
            created_at: value::instant(row.created_at),
            created_by: row.created_by,
            expires_at: row.expires_at.map(value::instant),
            revoked_at: row.revoked_at.map(value::instant),
            last_used_at: row.last_used_at.map(value::instant),
        })
    }
}

const MEMBER: &str = "SELECT id, organisation, issuer, subject, name, roles, created_at, \
     created_by, revoked_at, last_used_at FROM members";

#[derive(QueryableByName)]
struct MemberRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    organisation: String,
    #[diesel(sql_type = Text)]
    issuer: String,
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    roles: String,
    #[diesel(sql_type = Timestamp)]
    created_at: time::PrimitiveDateTime,
    #[diesel(sql_type = Text)]
    created_by: String,
    #[diesel(sql_type = Nullable<Timestamp>)]
    revoked_at: Option<time::PrimitiveDateTime>,
    #[diesel(sql_type = Nullable<Timestamp>)]
    last_used_at: Option<time::PrimitiveDateTime>,
}

impl TryFrom<MemberRow> for Member {
    type Error = StoreError;

    fn try_from(row: MemberRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: value::id(&row.id)?,
            organisation: value::id(&row.organisation)?,
            identity: Identity { issuer: row.issuer, subject: row.subject },
            name: row.name,
            roles: roles(&row.roles)?,
            created_at: value::instant(row.created_at),
            created_by: row.created_by,
            revoked_at: row.revoked_at.map(value::instant),
            last_used_at: row.last_used_at.map(value::instant),
        })
    }
}

/// Roles as they stand in a column. A word that is no role is refused and not passed over: somebody
/// tampered with it, and what is left would be a guess.
fn roles(column: &str) -> Result<BTreeSet<Role>, StoreError> {
    let words: Option<Vec<String>> = serde_json::from_str(column).ok();
    let roles = words.and_then(|words| words.iter().map(|word| Role::from_word(word)).collect());
    roles.ok_or_else(|| StoreError::Database(format!("“{column}” is no list of roles")))
}

/// Scopes as they stand in a column, in the same way.
fn scopes(column: &str) -> Result<Scopes, StoreError> {
    let words: Option<Vec<String>> = serde_json::from_str(column).ok();
    let scopes = words.and_then(|words| words.iter().map(|word| Scope::from_word(word)).collect());
    scopes.ok_or_else(|| StoreError::Database(format!("“{column}” is no list of scopes")))
}

fn scopes_column(scopes: &Scopes) -> String {
    let words: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    serde_json::json!(words).to_string()
}

fn roles_column(roles: &BTreeSet<Role>) -> String {
    let words: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    serde_json::json!(words).to_string()
}

/// What of an organisation, or of all, comes after an id.
fn page(of: &'static str, organisation: Option<&Id>, after: Option<&Id>, limit: u32) -> Statement {
    let mut statement = Statement::new(of);
    statement.push(" WHERE TRUE");
    if let Some(organisation) = organisation {
        statement.push(" AND organisation = ?");
        statement.push_value(organisation.as_str());
    }
    if let Some(after) = after {
        statement.push(" AND id > ?");
        statement.push_value(after.as_str());
    }
    statement.push(" ORDER BY id LIMIT ?");
    statement.push_value(limit);
    statement
}

impl Writer<'_> {
    /// Adds a key, known by the digest of its secret.
    ///
    /// # Errors
    /// When there is one with its id or secret, or the database fails.
    pub fn add_key(&mut self, key: &ApiKey, secret_sha256: &Digest) -> Result<(), StoreError> {
        Statement::new(
            "INSERT INTO api_keys (id, organisation, name, roles, scopes, secret_sha256, \
             created_at, created_by, expires_at, revoked_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(key.id.as_str())
        .bind(key.organisation.as_str())
        .bind(key.name.as_str())
        .bind(roles_column(&key.roles))
        .bind(scopes_column(&key.scopes))
        .bind(secret_sha256.to_string())
        .bind(key.created_at)
        .bind(key.created_by.as_str())
        .bind(key.expires_at)
        .bind(key.revoked_at)
        .execute(self.connection())?;
        Ok(())
    }

    /// Takes a key back; `false` where there is none, or it was taken back before.
    ///
    /// # Errors
    /// When the database fails.
    pub fn revoke_key(&mut self, id: &Id, now: Instant) -> Result<bool, StoreError> {
        let query = "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL";
        self.revoke(query, id, now)
    }

    /// Adds a member; `false`, and nothing is added, where the identity is one of somebody who is
    /// a member already.
    ///
    /// # Errors
    /// When there is a membership with its id, or the database fails.
    pub fn add_member(&mut self, member: &Member) -> Result<bool, StoreError> {
        let added = Statement::new(
            "INSERT INTO members (id, organisation, issuer, subject, name, roles, created_at, \
             created_by, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (issuer, subject) WHERE revoked_at IS NULL DO NOTHING",
        )
        .bind(member.id.as_str())
        .bind(member.organisation.as_str())
        .bind(member.identity.issuer.as_str())
        .bind(member.identity.subject.as_str())
        .bind(member.name.as_str())
        .bind(roles_column(&member.roles))
        .bind(member.created_at)
        .bind(member.created_by.as_str())
        .bind(member.revoked_at)
        .execute(self.connection())?;
        Ok(added == 1)
    }

    /// Takes a membership back; `false` where there is none, or it was taken back before.
    ///
    /// # Errors
    /// When the database fails.
    pub fn revoke_member(&mut self, id: &Id, now: Instant) -> Result<bool, StoreError> {
        let query = "UPDATE members SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL";
        self.revoke(query, id, now)
    }

    fn revoke(&mut self, query: &'static str, id: &Id, now: Instant) -> Result<bool, StoreError> {
        let query = Statement::new(query).bind(now).bind(id.as_str());
        Ok(query.execute(self.connection())? == 1)
    }

    /// Sets the key with which the registry is set up, in the place of one that was not used;
    /// `false`, and nothing changes, where one was used.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_setup_key(
        &mut self,
        secret_sha256: &Digest,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let set = Statement::new(
            "INSERT INTO setup_key (one, secret_sha256, made_at) VALUES (1, ?, ?) \
             ON CONFLICT (one) DO UPDATE SET secret_sha256 = excluded.secret_sha256, \
             made_at = excluded.made_at WHERE setup_key.used_at IS NULL",
        )
        .bind(secret_sha256.to_string())
        .bind(now)
        .execute(self.connection())?;
        Ok(set == 1)
    }

    /// Uses the key with which the registry is set up: `true` for the right one, and once only.
    ///
    /// # Errors
    /// When the database fails.
    pub fn use_setup_key(
        &mut self,
        secret_sha256: &Digest,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let used = Statement::new(
            "UPDATE setup_key SET used_at = ? WHERE secret_sha256 = ? AND used_at IS NULL",
        )
        .bind(now)
        .bind(secret_sha256.to_string())
        .execute(self.connection())?;
        Ok(used == 1)
    }
}

impl Store {
    fn key_by(&self, column: &str, text: &str) -> Result<Option<ApiKey>, StoreError> {
        let row = Statement::new(format!("{KEY} WHERE {column} = ?"))
            .bind(text)
            .get_result::<KeyRow>(&mut *self.reader()?)
            .optional()?;
        row.map(ApiKey::try_from).transpose()
    }

    /// A key, good or not ([`ApiKey::is_good`]).
    ///
    /// # Errors
    /// When the database fails.
    pub fn key(&self, id: &Id) -> Result<Option<ApiKey>, StoreError> {
        self.key_by("id", id.as_str())
    }

    /// The key of a secret, good or not ([`ApiKey::is_good`]).
    ///
    /// # Errors
    /// When the database fails.
    pub fn key_of_secret(&self, secret_sha256: &Digest) -> Result<Option<ApiKey>, StoreError> {
        self.key_by("secret_sha256", &secret_sha256.to_string())
    }

    /// The keys of an organisation, or of all, good or not, in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub fn keys(
        &self,
        organisation: Option<&Id>,
        after: Option<&Id>,
        limit: u32,
    ) -> Result<Vec<ApiKey>, StoreError> {
        let rows = page(KEY, organisation, after, limit).load::<KeyRow>(&mut *self.reader()?)?;
        rows.into_iter().map(ApiKey::try_from).collect()
    }

    /// A member, perhaps of former times.
    ///
    /// # Errors
    /// When the database fails.
    pub fn member(&self, id: &Id) -> Result<Option<Member>, StoreError> {
        let row = Statement::new(format!("{MEMBER} WHERE id = ?"))
            .bind(id.as_str())
            .get_result::<MemberRow>(&mut *self.reader()?)
            .optional()?;
        row.map(Member::try_from).transpose()
    }

    /// The member, not one of former times, whom an identity is.
    ///
    /// # Errors
    /// When the database fails.
    pub fn member_of(&self, identity: &Identity) -> Result<Option<Member>, StoreError> {
        let row = Statement::new(format!(
            "{MEMBER} WHERE issuer = ? AND subject = ? AND revoked_at IS NULL"
        ))
        .bind(identity.issuer.as_str())
        .bind(identity.subject.as_str())
        .get_result::<MemberRow>(&mut *self.reader()?)
        .optional()?;
        row.map(Member::try_from).transpose()
    }

    /// The members of an organisation, or of all, those of former times included, in the order of
    /// their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub fn members(
        &self,
        organisation: Option<&Id>,
        after: Option<&Id>,
        limit: u32,
    ) -> Result<Vec<Member>, StoreError> {
        let rows =
            page(MEMBER, organisation, after, limit).load::<MemberRow>(&mut *self.reader()?)?;
        rows.into_iter().map(Member::try_from).collect()
    }

    /// Whether anybody was ever let in: whether a key or member was ever made.
    ///
    /// # Errors
    /// When the database fails.
    pub fn is_set_up(&self) -> Result<bool, StoreError> {
        #[derive(QueryableByName)]
        struct MadeRow {
            #[diesel(sql_type = BigInt)]
            made: i64,
        }
        let row = Statement::new(
            "SELECT COUNT(*) AS made FROM (SELECT * FROM (SELECT id FROM api_keys LIMIT 1) k \
             UNION ALL SELECT * FROM (SELECT id FROM members LIMIT 1) m) a",
        )
        .get_result::<MadeRow>(&mut *self.reader()?)?;
        Ok(row.made > 0)
    }
}
