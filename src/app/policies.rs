//! The policies of the registry: those that come with the program, and those that the authority or
//! the operator wrote, every version kept for ever. What a policy says does not live here
//! (`engine::policy`), nor what follows from it for a claim (`verify`).

use std::borrow::Cow;

use serde_json::Value;

use crate::domain::fault::Faults;
use crate::domain::log;
use crate::domain::period::Instant;
use crate::domain::text::Text;
use crate::engine::policy::Policy;
use crate::store::{StoreError, StoredPolicy};

use super::access::{Principal, policy_writers};
use super::refusal::Refusal;
use super::registry::Registry;
use super::verify::{DEFAULT_POLICY, parted, shipped_named, unknown_policy};

answer! {
    /// A policy under which claims are judged, in one of its versions.
    PolicyEntry {
        /// Its id, by which a claim names its newest version; `id@version` names another.
        id: String,
        /// What its author calls this version.
        version: String,
        /// SHA-256 of its canonical JSON, as reports name it.
        sha256: String,
        /// Whether it comes with the program and cannot be changed.
        comes_with_the_program: bool,
        /// Which version it is, from 1, of a policy written for this registry.
        #[serde(skip_serializing_if = "Option::is_none")]
        number: Option<u32>,
        /// From which end of the record log claims know this version.
        #[serde(skip_serializing_if = "Option::is_none")]
        log_index: Option<u64>,
        /// When this version was written.
        #[serde(skip_serializing_if = "Option::is_none")]
        created_at: Option<Instant>,
        /// Who wrote this version, as the record log names them.
        #[serde(skip_serializing_if = "Option::is_none")]
        created_by: Option<String>,
        /// The policy itself.
        document: Value,
    }
}

impl PolicyEntry {
    /// One that comes with the program.
    fn shipped(id: &str) -> Option<Self> {
        let policy = Policy::shipped(id)?;
        Some(Self {
            id: policy.id.clone(),
            version: policy.version.clone(),
            sha256: policy.sha256.clone(),
            comes_with_the_program: true,
            number: None,
            log_index: None,
            created_at: None,
            created_by: None,
            document: serde_json::from_str(Policy::document(id)?).ok()?,
        })
    }

    fn stored(stored: StoredPolicy) -> Result<Self, Refusal> {
        let document =
            serde_json::from_str(&stored.body).map_err(|error| damaged(&stored, &error))?;
        Ok(Self {
            id: stored.id,
            version: stored.version,
            sha256: stored.sha256,
            comes_with_the_program: false,
            number: Some(stored.number),
            log_index: Some(stored.log_index),
            created_at: Some(stored.created_at),
            created_by: Some(stored.created_by),
            document,
        })
    }
}

fn damaged(stored: &StoredPolicy, what: &dyn std::fmt::Display) -> Refusal {
    let StoredPolicy { id, version, .. } = stored;
    Refusal::Store(StoreError::Database(format!("policy {id}@{version} cannot be read: {what}")))
}

fn parsed(stored: &StoredPolicy) -> Result<Policy, Refusal> {
    Policy::custom(&stored.body).map_err(|Faults(faults)| {
        let first = faults.first().map_or_else(String::new, |one| one.message.en.clone());
        damaged(stored, &first)
    })
}

impl Registry {
    /// The policy of a claim from what is known at a log index: by its id the newest version that
    /// was known then, by `id@version` that version; the international one when none is named.
    ///
    /// # Errors
    /// When there is none of this name, with those that there are.
    pub fn policy_for(&self, name: Option<&str>, at: u64) -> Result<Cow<'static, Policy>, Refusal> {
        let name = name.unwrap_or(DEFAULT_POLICY);
        if let Some(policy) = shipped_named(name) {
            return Ok(Cow::Borrowed(policy));
        }
        let (id, version) = parted(name);
        let versions = self.store().policy_versions(id)?;
        let found = versions.iter().rev().find(|one| match version {
            Some(version) => one.version == version,
            None => one.log_index <= at,
        });
        if let Some(stored) = found {
            return Ok(Cow::Owned(parsed(stored)?));
        }
        let known: Vec<String> = match (versions.is_empty(), Policy::shipped(id)) {
            (false, _) => versions.iter().map(|one| format!("{id}@{}", one.version)).collect(),
            (true, Some(policy)) => vec![format!("{id}@{}", policy.version)],
            (true, None) => {
                let own = self.store().policies()?.into_iter().map(|one| one.id);
                Policy::SHIPPED.iter().map(|id| (*id).to_owned()).chain(own).collect()
            }
        };
        Err(unknown_policy(name, &known).into())
    }

    /// The newest version of every policy: those that come with the program first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn policies(&self) -> Result<Vec<PolicyEntry>, Refusal> {
        let shipped = Policy::SHIPPED.iter().filter_map(|id| PolicyEntry::shipped(id)).map(Ok);
        let stored = self.store().policies()?.into_iter().map(PolicyEntry::stored);
        shipped.chain(stored).collect()
    }

    /// The newest version of every policy, read.
    ///
    /// # Errors
    /// When the database fails.
    pub fn policies_read(&self) -> Result<Vec<Cow<'static, Policy>>, Refusal> {
        let shipped = Policy::SHIPPED.iter().filter_map(|id| Policy::shipped(id));
        let mut all: Vec<Cow<'static, Policy>> = shipped.map(Cow::Borrowed).collect();
        for stored in self.store().policies()? {
            all.push(Cow::Owned(parsed(&stored)?));
        }
        Ok(all)
    }

    /// A version of a policy; the newest when none is named.
    ///
    /// # Errors
    /// When there is none.
    pub fn policy(&self, id: &str, version: Option<&str>) -> Result<PolicyEntry, Refusal> {
        let mut versions = self.policy_versions(id)?;
        let found = match version {
            None => versions.pop(),
            Some(version) => versions.into_iter().find(|one| one.version == version),
        };
        let name = || version.map_or_else(|| id.to_owned(), |version| format!("{id}@{version}"));
        found.ok_or_else(|| Refusal::NoPolicy { name: name() })
    }

    /// Every version of a policy, oldest first.
    ///
    /// # Errors
    /// When there is none.
    pub fn policy_versions(&self, id: &str) -> Result<Vec<PolicyEntry>, Refusal> {
        if let Some(shipped) = PolicyEntry::shipped(id) {
            return Ok(vec![shipped]);
        }
        let versions = self.store().policy_versions(id)?;
        match versions.is_empty() {
            true => Err(Refusal::NoPolicy { name: id.to_owned() }),
            false => versions.into_iter().map(PolicyEntry::stored).collect(),
        }
    }

    /// Writes a new policy.
    ///
    /// # Errors
    /// That the caller may not, all faults of the policy, or that there is one of its id.
    pub fn create_policy(
        &self,
        document: Value,
        principal: &Principal,
        now: Instant,
    ) -> Result<PolicyEntry, Refusal> {
        permit(principal)?;
        let (policy, body) = read(document)?;
        self.store().write(|writer| {
            if !writer.policy_versions(&policy.id)?.is_empty() {
                return Err(Refusal::PolicyExists { id: policy.id.clone() });
            }
            let log_index = writer.head().log_index;
            let stored = written(&policy, body, 1, log_index, principal, now);
            writer.add_policy(&stored)?;
            PolicyEntry::stored(stored)
        })
    }

    /// Writes a new version of a policy in the place of the version `base`, which stays.
    ///
    /// # Errors
    /// That the caller may not, all faults of the policy, that it is not there, that `base` is not
    /// its newest version any more, or that the version is there already.
    pub fn amend_policy(
        &self,
        id: &str,
        mut document: Value,
        base: u32,
        principal: &Principal,
        now: Instant,
    ) -> Result<PolicyEntry, Refusal> {
        permit(principal)?;
        if let Value::Object(fields) = &mut document {
            fields.entry("id").or_insert_with(|| Value::from(id));
        }
        let (policy, body) = read(document)?;
        if policy.id != id {
            let found = &policy.id;
            let message = Text::new(
                format!("“{found}” không phải mã của chính sách này, “{id}”; mã không bao giờ đổi"),
                format!("“{found}” is not the id of this policy, “{id}”; an id never changes"),
            );
            return Err(Refusal::fault("/id", "other_id", message));
        }
        self.store().write(|writer| {
            let versions = writer.policy_versions(id)?;
            let Some(newest) = versions.last() else {
                return Err(Refusal::NoPolicy { name: id.to_owned() });
            };
            if newest.number != base {
                let current = newest.number;
                return Err(Refusal::StalePolicy { id: id.to_owned(), base, current });
            }
            if versions.iter().any(|one| one.version == policy.version) {
                let version = &policy.version;
                let message = Text::new(
                    format!("đã có phiên bản “{version}”; một phiên bản không bao giờ đổi, hãy đặt tên khác"),
                    format!("there is a version “{version}” already; versions never change, so name this one otherwise"),
                );
                return Err(Refusal::fault("/version", "repeated_version", message));
            }
            let log_index = writer.head().log_index;
            let stored = written(&policy, body, base + 1, log_index, principal, now);
            writer.add_policy(&stored)?;
            PolicyEntry::stored(stored)
        })
    }
}

fn permit(principal: &Principal) -> Result<(), Refusal> {
    match principal.writes_policies() {
        true => Ok(()),
        false => Err(Refusal::NotAllowed { writers: policy_writers() }),
    }
}

/// The policy of a document, and the document as it is kept.
fn read(document: Value) -> Result<(Policy, String), Refusal> {
    let body = log::canonical(&document);
    let policy = Policy::from_value(document)?;
    Ok((policy, body))
}

fn written(
    policy: &Policy,
    body: String,
    number: u32,
    log_index: u64,
    principal: &Principal,
    now: Instant,
) -> StoredPolicy {
    StoredPolicy {
        id: policy.id.clone(),
        number,
        version: policy.version.clone(),
        log_index,
        sha256: policy.sha256.clone(),
        body,
        created_at: now,
        created_by: principal.actor(),
    }
}
