//! Who has a way in: tokens for keys, the keys and members of organisations, and the set-up of an
//! empty registry.

use std::collections::BTreeMap;

use actix_web::http::{Method, StatusCode, header};
use base64ct::{Base64, Encoding as _};
use deserr::deserialize;
use serde_json::{Value, json};

use crate::app::attempts::RefusedAttempt;
use crate::app::keys::{
    ApiKey, First, KeyRequest, Member, MemberRequest, SetupRequest, subject_of_key,
};
use crate::app::list::{LONGEST_PAGE, USUAL_PAGE};
use crate::app::refusal::Refusal;
use crate::auth::key::Secret;
use crate::domain::fault::{Fault, Faults, shortened};
use crate::domain::form::{Described as _, Field, Form};
use crate::domain::id::Id;
use crate::domain::identity::{Role, Scope, Scopes};
use crate::domain::log::Digest;
use crate::domain::organisation::Organisation;
use crate::domain::period::Instant;
use crate::domain::text::Text;
use crate::ids;

use super::super::call::{Call, Reply};
use super::super::problem::{Code, Problem};
use super::super::routes::{Access, AnswerHeader, BASE, Body, Media, Operation, RECORD_BYTES};
use super::{id, if_none_match, integer, object, parameter};

const TAG: &str = "identity";
const FORM: &str = "application/x-www-form-urlencoded";

answer! {
    /// A token for a key.
    TokenAnswer {
        /// The token: a JWT, for the header `Authorization: Bearer …`.
        access_token: String,
        /// `Bearer`.
        token_type: &'static str,
        /// Seconds for which it can be used.
        expires_in: u64,
        /// What it may be used for: scopes, with spaces between.
        scope: String,
    }
}

answer! {
    /// A key of an organisation. The key itself is never shown again.
    KeyEntry {
        /// Its id.
        id: Id,
        /// The organisation.
        organisation: Id,
        /// What it is for.
        name: String,
        /// The roles that it gives.
        roles: Vec<Role>,
        /// What it may be used for.
        scopes: Vec<Scope>,
        /// When it was made.
        created_at: Instant,
        /// Who made it.
        created_by: String,
        /// Until when it can be used.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<Instant>,
        /// When it was revoked.
        #[serde(skip_serializing_if = "Option::is_none")]
        revoked_at: Option<Instant>,
        /// When it was used last, to the minute; a minute may pass until it is seen here.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_used_at: Option<Instant>,
    }
}

answer! {
    /// A member of an organisation: a person whom an issuer of tokens knows.
    MemberEntry {
        /// Its id.
        id: Id,
        /// The organisation.
        organisation: Id,
        /// Who they are, for people.
        name: String,
        /// The issuer of their tokens.
        issuer: String,
        /// What the issuer calls them.
        subject: String,
        /// The roles that they hold.
        roles: Vec<Role>,
        /// When they were added.
        created_at: Instant,
        /// Who added them.
        created_by: String,
        /// When the membership ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        revoked_at: Option<Instant>,
        /// When they came in last, to the minute; a minute may pass until it is seen here.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_used_at: Option<Instant>,
    }
}

answer! {
    /// A request that was refused for who sent it.
    RefusedAttemptEntry {
        /// Its id, in the order of time.
        id: Id,
        /// When.
        refused_at: Instant,
        /// The request, as its answer named it (`X-Request-Id`).
        request_id: String,
        /// The key or member whose token it had, where it had a good one.
        #[serde(skip_serializing_if = "Option::is_none")]
        actor: Option<String>,
        /// Their organisation.
        #[serde(skip_serializing_if = "Option::is_none")]
        organisation: Option<Id>,
        /// The network address that it came from.
        address: String,
        /// The method.
        method: String,
        /// The path, without its query.
        path: String,
        /// The code of the problem with which it was refused.
        code: String,
    }
}

impl From<RefusedAttempt> for RefusedAttemptEntry {
    fn from(attempt: RefusedAttempt) -> Self {
        let RefusedAttempt {
            id,
            refused_at,
            request_id,
            actor,
            organisation,
            address,
            method,
            path,
            code,
        } = attempt;
        Self { id, refused_at, request_id, actor, organisation, address, method, path, code }
    }
}

answer! {
    /// A new key. This is the only time that it is shown.
    NewKey {
        /// What is kept of it.
        key: KeyEntry,
        /// The key: for `client_secret` at `/api/v1/auth/token`.
        secret: String,
    }
}

impl From<ApiKey> for KeyEntry {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            organisation: key.organisation,
            name: key.name,
            roles: key.roles.into_iter().collect(),
            scopes: key.scopes.iter().collect(),
            created_at: key.created_at,
            created_by: key.created_by,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            last_used_at: key.last_used_at,
        }
    }
}

impl From<Member> for MemberEntry {
    fn from(member: Member) -> Self {
        Self {
            id: member.id,
            organisation: member.organisation,
            name: member.name,
            issuer: member.identity.issuer,
            subject: member.identity.subject,
            roles: member.roles.into_iter().collect(),
            created_at: member.created_at,
            created_by: member.created_by,
            revoked_at: member.revoked_at,
            last_used_at: member.last_used_at,
        }
    }
}

/// The operations.
pub fn operations() -> Vec<Operation> {
    let keys = format!("{BASE}/api_keys");
    let members = format!("{BASE}/members");
    let manages = "For administrators of the organisation and operators.";
    let page = |what: &str, of: Form| {
        object([
            ("items", what, Form::list_of(of)),
            (
                "next_cursor",
                "What to ask with for the next page; null on the last.",
                Option::<String>::form(),
            ),
        ])
    };
    let paging = || {
        let limit = format!("Entries of a page, 1 to {LONGEST_PAGE}; {USUAL_PAGE} when absent.");
        [
            parameter("limit", limit, integer(1, u64::from(LONGEST_PAGE))),
            parameter("cursor", "`next_cursor` of the page before.", Id::form()),
            parameter(
                "organisation",
                "The organisation; the caller's own when absent, for an operator every one.",
                Id::form(),
            ),
        ]
    };
    let token_request = Form::closed(vec![
        Field::required("grant_type", &["`client_credentials`."], String::form()),
        Field::optional(
            "client_secret",
            &["The key, where it is not in `Authorization: Basic`."],
            String::form(),
        ),
        Field::optional("client_id", &["The id of the key; it need not be said."], String::form()),
        Field::optional(
            "scope",
            &["What the token is for: scopes of the key, with spaces between; all when absent."],
            String::form(),
        ),
    ]);
    let mut token =
        Operation::new(Method::POST, format!("{BASE}/auth/token"), "create_token", token)
            .says(
                TAG,
                "Get a token for a key",
                "Client credentials (RFC 6749, 4.4): an API key becomes a token of at most 15 \
                 minutes. The key stands in the body, or with its id in `Authorization: Basic` \
                 (2.3.1). What a token may do is looked up at each request, so a revoked key ends \
                 its tokens at once. Problems also say `error` as RFC 6749 does; a key that is \
                 unknown, expired or revoked is answered alike.",
            )
            .for_whom(Access::Open)
            .gives(StatusCode::OK, "The token.", TokenAnswer::form(), &[])
            .fails(&[Code::InvalidTokenRequest, Code::InvalidKey]);
    token.body = Some(Body {
        description: "What is asked for, as a form.",
        media: vec![Media { name: FORM, form: Some(token_request) }],
        most: RECORD_BYTES,
    });
    vec![
        Operation::new(Method::POST, format!("{BASE}/setup"), "set_up", set_up)
            .says(
                TAG,
                "Set an empty registry up",
                "Once: with the set-up key that `etalon serve` printed, makes the first \
                 organisation (`organisation`, a record; or `organisation_id` of one that is there) \
                 and its first key, for an operator who administrates.",
            )
            .for_whom(Access::Open)
            .takes("The set-up key and the organisation.", setup_form())
            .gives(StatusCode::CREATED, "The first key.", NewKey::form(), &[])
            .fails(&[Code::InvalidKey, Code::AlreadySetUp, Code::UnknownRecord, Code::Exists]),
        token,
        Operation::new(Method::GET, "/.well-known/jwks.json", "get_jwks", jwks)
            .says(
                TAG,
                "Read the public keys",
                "The keys with which tokens of this registry can be checked (RFC 7517): the one that \
                 signs first, then those that will and did. It may be kept for five minutes.",
            )
            .for_whom(Access::Open)
            .with([if_none_match()])
            .gives(
                StatusCode::OK,
                "The keys.",
                object([("keys", "The keys.", Form::list_of(Form::Map(Box::new(Form::Any))))]),
                &[AnswerHeader::ETag],
            ),
        Operation::new(Method::GET, &keys, "list_api_keys", list_keys)
            .says(TAG, "List keys", format!("The keys of an organisation, oldest first. {manages}"))
            .for_whom(Access::Token(Scope::Manage))
            .with(paging())
            .gives(StatusCode::OK, "A page of keys.", page("The keys.", KeyEntry::form()), &[])
            .fails(&[Code::NotAllowed]),
        Operation::new(Method::POST, &keys, "create_api_key", make_key)
            .says(
                TAG,
                "Make a key",
                format!(
                    "The key is in the answer, this one time; a digest of it is kept. It cannot have \
                     a scope that the caller's own key or token has not. {manages}"
                ),
            )
            .for_whom(Access::Token(Scope::Manage))
            .takes("What the key is for.", KeyRequest::form())
            .gives(StatusCode::CREATED, "The key.", NewKey::form(), &[])
            .fails(&[Code::NotAllowed]),
        Operation::new(Method::GET, format!("{keys}/{{id}}"), "get_api_key", get_key)
            .says(TAG, "Read a key", format!("What it may do, and when it was used last. {manages}"))
            .for_whom(Access::Token(Scope::Manage))
            .with([id()])
            .gives(StatusCode::OK, "The key.", KeyEntry::form(), &[])
            .fails(&[Code::UnknownRecord]),
        Operation::new(Method::DELETE, format!("{keys}/{{id}}"), "revoke_api_key", revoke_key)
            .says(
                TAG,
                "Revoke a key",
                format!("The key and every token for it are refused from now on. {manages}"),
            )
            .for_whom(Access::Token(Scope::Manage))
            .with([id()])
            .gives(StatusCode::OK, "The key, revoked.", KeyEntry::form(), &[])
            .fails(&[Code::UnknownRecord]),
        Operation::new(Method::GET, &members, "list_members", list_members)
            .says(
                TAG,
                "List members",
                format!("The members of an organisation, oldest first. {manages}"),
            )
            .for_whom(Access::Token(Scope::Manage))
            .with(paging())
            .gives(
                StatusCode::OK,
                "A page of members.",
                page("The members.", MemberEntry::form()),
                &[],
            )
            .fails(&[Code::NotAllowed]),
        Operation::new(Method::POST, &members, "create_member", add_member)
            .says(
                TAG,
                "Add a member",
                format!(
                    "Somebody whose tokens come from a trusted issuer (OpenID Connect) holds these \
                     roles from now on. {manages}"
                ),
            )
            .for_whom(Access::Token(Scope::Manage))
            .takes("Who they are.", MemberRequest::form())
            .gives(
                StatusCode::CREATED,
                "The member.",
                MemberEntry::form(),
                &[],
            )
            .fails(&[Code::NotAllowed]),
        Operation::new(Method::DELETE, format!("{members}/{{id}}"), "revoke_member", revoke_member)
            .says(TAG, "End a membership", format!("Their tokens are refused from now on. {manages}"))
            .for_whom(Access::Token(Scope::Manage))
            .with([id()])
            .gives(StatusCode::OK, "The member, revoked.", MemberEntry::form(), &[])
            .fails(&[Code::UnknownRecord]),
        Operation::new(
            Method::GET,
            format!("{BASE}/refused_attempts"),
            "list_refused_attempts",
            list_refused_attempts,
        )
        .says(
            TAG,
            "List refused attempts",
            format!(
                "Requests of an organisation's keys and members that were refused for who sent \
                 them, newest first; for an operator who names no organisation those of everybody, \
                 also of nobody with a good token. They are kept for 90 days; those of other \
                 instances come a second later. {manages}"
            ),
        )
        .for_whom(Access::Token(Scope::Manage))
        .with(paging())
        .gives(
            StatusCode::OK,
            "A page of attempts.",
            page("The attempts.", RefusedAttemptEntry::form()),
            &[],
        )
        .fails(&[Code::NotAllowed]),
    ]
}

/// The form of the body of a set-up: the organisation is a record without an id.
fn setup_form() -> Form {
    let says = "The first organisation, where it is not there already.";
    match SetupRequest::form() {
        Form::Named(named) => {
            let definition = (named.definition)();
            match definition.form {
                Form::Object { mut fields, .. } => {
                    fields.push(Field::optional("organisation", &[says], Organisation::form()));
                    Form::closed(fields)
                }
                other => other,
            }
        }
        other => other,
    }
}

fn body<T: deserr::Deserr<Faults>>(value: Value) -> Result<T, Problem> {
    let read: Result<T, Faults> = deserialize(value);
    Ok(read.map_err(Refusal::from)?)
}

fn set_up(call: &Call) -> Result<Reply, Problem> {
    let mut value = call.json()?;
    let organisation = value.as_object_mut().and_then(|fields| fields.remove("organisation"));
    let request: SetupRequest = body(value)?;
    let first = match (organisation, request.organisation_id) {
        (Some(body), None) => First::New(body),
        (None, Some(id)) => First::Known(id),
        _ => {
            let message = Text::new(
                "cần “organisation” hoặc “organisation_id”, không phải cả hai",
                "expected “organisation” or “organisation_id”, not both",
            );
            return Err(Refusal::fault("/organisation", "missing_field", message).into());
        }
    };
    let secret = Secret::api_key(ids::new_secret());
    let name = request.key_name.as_deref().unwrap_or("first key");
    let now = call.moment.now;
    let (key, organisation) = tried(call, None, || {
        let shown = Secret::shown(&request.setup_key).digest();
        Ok(call.registry().set_up(&shown, first, name, &secret.digest(), now)?)
    })?;
    tracing::info!(%organisation, key = %key.id, "the registry is set up");
    let answer = NewKey { key: key.into(), secret: secret.expose().to_owned() };
    Ok(Reply::json(StatusCode::CREATED, &answer)?.with(header::CACHE_CONTROL, "no-store"))
}

/// Has a secret tried, unless too many were wrong of late: from the address that it comes from, or for
/// the key that is named beside it.
fn tried<T>(
    call: &Call,
    key: Option<&str>,
    attempt: impl FnOnce() -> Result<T, Problem>,
) -> Result<T, Problem> {
    let (rates, address) = (&call.service.rates, call.noted.address);
    rates.may_try(address, key, &call.service.metrics)?;
    let tried = attempt();
    match (&tried, key) {
        (Err(problem), _) if problem.code == Code::InvalidKey => rates.was_wrong(address, key),
        (Ok(_), Some(key)) => rates.was_right(address, key),
        _ => {}
    }
    tried
}

/// A request for a token, as RFC 6749 writes it.
struct TokenRequest {
    /// The key's id, where it is said.
    client: Option<String>,
    secret: String,
    /// What the token is for; all that the key is for, where it is not said.
    scopes: Option<Scopes>,
    /// Whether the key came in `Authorization: Basic`.
    is_basic: bool,
}

impl TokenRequest {
    fn read(call: &Call) -> Result<Self, Problem> {
        let text = call.text().map_err(|problem| problem.for_oauth(INVALID_REQUEST))?;
        let mut given: BTreeMap<&str, String> = BTreeMap::new();
        let mut faults = Faulty::default();
        for (name, value) in form_urlencoded::parse(text.trim().as_bytes()) {
            let Some(known) = FIELDS.iter().find(|known| **known == name) else {
                let message = Text::new(
                    format!("không có trường “{name}” ở đây"),
                    format!("there is no field “{name}” here"),
                );
                faults.add(INVALID_REQUEST, &name, "unknown_field", message);
                continue;
            };
            // What has no value is as if it were not there (RFC 6749, 3.2).
            if !value.is_empty() && given.insert(known, value.into_owned()).is_some() {
                let message = Text::new("xuất hiện hai lần", "it stands twice");
                faults.add(INVALID_REQUEST, known, "repeated_field", message);
            }
        }
        match given.get("grant_type").map(String::as_str) {
            Some("client_credentials") => {}
            other => {
                let error =
                    if other.is_some() { "unsupported_grant_type" } else { INVALID_REQUEST };
                let message = Text::new("cần client_credentials", "expected client_credentials");
                faults.add(error, "grant_type", "unknown_value", message);
            }
        }
        let scopes = given.get("scope").map(|text| Scopes::parse(text)).transpose();
        let scopes = scopes.unwrap_or_else(|word| {
            let words: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
            let (word, words) = (shortened(&word), words.join(", "));
            let message = Text::new(
                format!("không có phạm vi “{word}”; các phạm vi: {words}"),
                format!("there is no scope “{word}”; scopes: {words}"),
            );
            faults.add(INVALID_SCOPE, "scope", "unknown_value", message);
            None
        });
        let basic = call.header(&header::AUTHORIZATION).and_then(basic);
        match (&basic, given.contains_key("client_secret")) {
            (None, false) => {
                let message = Text::new(
                    "thiếu khoá: ở đây hoặc ở Authorization: Basic",
                    "the key is missing: here or in Authorization: Basic",
                );
                faults.add(INVALID_REQUEST, "client_secret", "missing_field", message);
            }
            (Some(_), true) => {
                let message = Text::new(
                    "khoá ở cả đây và Authorization: Basic; chỉ một nơi",
                    "the key is here and in Authorization: Basic; one place only",
                );
                faults.add(INVALID_REQUEST, "client_secret", "repeated_field", message);
            }
            _ => {}
        }
        faults.none()?;
        let (client, is_basic) = (given.remove("client_id"), basic.is_some());
        let (named, secret) = basic.unwrap_or_default();
        let client = client.or_else(|| Some(named).filter(|named| !named.is_empty()));
        let secret = given.remove("client_secret").unwrap_or(secret);
        Ok(Self { client, secret, scopes, is_basic })
    }
}

/// The fields of a request for a token.
const FIELDS: [&str; 4] = ["grant_type", "client_id", "client_secret", "scope"];
/// Errors of RFC 6749, 5.2.
const INVALID_REQUEST: &str = "invalid_request";
const INVALID_SCOPE: &str = "invalid_scope";

/// What is wrong with a request for a token.
#[derive(Default)]
struct Faulty {
    /// The first error in the words of RFC 6749.
    error: Option<&'static str>,
    faults: Vec<Fault>,
}

impl Faulty {
    fn add(&mut self, error: &'static str, field: &str, code: &'static str, message: Text) {
        self.error.get_or_insert(error);
        self.faults.push(Fault::error(format!("/{field}"), code, message));
    }

    fn none(self) -> Result<(), Problem> {
        let Some(error) = self.error else { return Ok(()) };
        let problem = Problem { errors: self.faults, ..Problem::of(Code::InvalidTokenRequest) };
        Err(problem.for_oauth(error))
    }
}

/// Id and key of `Authorization: Basic`; empty where they cannot be read, which is nobody's key.
/// None where the header says something else.
fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Base64::decode_vec(encoded.trim()).unwrap_or_default();
    let pair = String::from_utf8(decoded).unwrap_or_default();
    let (client, secret) = pair.split_once(':').unwrap_or_default();
    // Each is encoded as in a form (RFC 6749, 2.3.1), where it is a name without a value.
    let plain = |text: &str| {
        let mut names = form_urlencoded::parse(text.as_bytes()).map(|(name, _)| name.into_owned());
        names.next().unwrap_or_default()
    };
    Some((plain(client), plain(secret)))
}

fn token(call: &Call) -> Result<Reply, Problem> {
    let TokenRequest { client, secret, scopes, is_basic } = TokenRequest::read(call)?;
    let now = call.moment.now;
    let secret = Secret::shown(&secret).digest();
    let key = tried(call, client.as_deref(), || {
        Ok(call.registry().key_of_secret(&secret, client.as_deref(), now)?)
    });
    let key = key.map_err(|problem| match (problem.code, is_basic) {
        (Code::InvalidKey, true) => problem
            .for_oauth("invalid_client")
            .with(header::WWW_AUTHENTICATE, "Basic realm=\"etalon\", charset=\"UTF-8\""),
        (Code::InvalidKey, false) => problem.for_oauth("invalid_client"),
        _ => problem,
    })?;
    let scopes = scopes.unwrap_or_else(|| key.scopes.clone());
    if !key.scopes.holds(&scopes) {
        let (has, mut faults) = (&key.scopes, Faulty::default());
        let message = Text::new(
            format!("khoá này chỉ có phạm vi: {has}"),
            format!("the scopes of this key are: {has}"),
        );
        faults.add(INVALID_SCOPE, "scope", "scope_not_allowed", message);
        faults.none()?;
    }
    let subject = subject_of_key(&key);
    call.service.attempts.used(&subject, now);
    let issued = call.service.issuer.issue(&subject, &scopes, &ids::new_id(), now);
    let answer = TokenAnswer {
        access_token: issued.token,
        token_type: "Bearer",
        expires_in: issued.expires_in,
        scope: scopes.to_string(),
    };
    Ok(Reply::json(StatusCode::OK, &answer)?.with(header::CACHE_CONTROL, "no-store"))
}

/// How long others may keep the public keys: a key is published for longer before it signs
/// (docs/identity.md).
const KEEP_KEYS: &str = "public, max-age=300";

fn jwks(call: &Call) -> Result<Reply, Problem> {
    let keys = call.service.issuer.jwks();
    let tag = format!("\"{}\"", &Digest::of(&[keys.to_string().as_bytes()]).to_string()[..16]);
    let reply = match call.unchanged(&tag) {
        Some(unchanged) => unchanged,
        None => Reply::json(StatusCode::OK, &keys)?.with(header::ETAG, &tag),
    };
    Ok(reply.with(header::CACHE_CONTROL, KEEP_KEYS))
}

/// The page that is asked for: organisation, where it goes on, and how many.
struct Page {
    organisation: Option<Id>,
    after: Option<Id>,
    limit: u32,
}

impl Page {
    fn of(call: &Call) -> Result<Self, Problem> {
        let limit = call.number("limit", 1, u64::from(LONGEST_PAGE))?;
        Ok(Self {
            organisation: call.id_parameter("organisation")?,
            after: call.id_parameter("cursor")?,
            limit: limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(USUAL_PAGE),
        })
    }

    fn reply<T: serde::Serialize>(
        &self,
        mut items: Vec<T>,
        id: impl Fn(&T) -> Id,
    ) -> Result<Reply, Problem> {
        let more = items.len() > self.limit as usize;
        items.truncate(self.limit as usize);
        let next_cursor = items.last().filter(|_| more).map(id);
        Reply::json(StatusCode::OK, &json!({"items": items, "next_cursor": next_cursor}))
    }
}

fn list_keys(call: &Call) -> Result<Reply, Problem> {
    let page = Page::of(call)?;
    let (organisation, after) = (page.organisation.as_ref(), page.after.as_ref());
    let keys = call.registry().keys(organisation, after, page.limit + 1, call.principal()?)?;
    page.reply(keys.into_iter().map(KeyEntry::from).collect(), |key| key.id.clone())
}

fn make_key(call: &Call) -> Result<Reply, Problem> {
    let request: KeyRequest = body(call.json()?)?;
    let secret = Secret::api_key(ids::new_secret());
    let (principal, now) = (call.principal()?, call.moment.now);
    let longest = call.service.longest_key;
    let key = call.registry().make_key(request, &secret.digest(), longest, principal, now)?;
    let answer = NewKey { key: key.into(), secret: secret.expose().to_owned() };
    Ok(Reply::json(StatusCode::CREATED, &answer)?.with(header::CACHE_CONTROL, "no-store"))
}

fn get_key(call: &Call) -> Result<Reply, Problem> {
    let key = call.registry().key(&call.id()?, call.principal()?)?;
    Reply::json(StatusCode::OK, &KeyEntry::from(key))
}

fn revoke_key(call: &Call) -> Result<Reply, Problem> {
    let key = call.registry().revoke_key(&call.id()?, call.principal()?, call.moment.now)?;
    Reply::json(StatusCode::OK, &KeyEntry::from(key))
}

fn list_members(call: &Call) -> Result<Reply, Problem> {
    let page = Page::of(call)?;
    let (organisation, after) = (page.organisation.as_ref(), page.after.as_ref());
    let members =
        call.registry().members(organisation, after, page.limit + 1, call.principal()?)?;
    page.reply(members.into_iter().map(MemberEntry::from).collect(), |member| member.id.clone())
}

fn list_refused_attempts(call: &Call) -> Result<Reply, Problem> {
    let page = Page::of(call)?;
    let (organisation, before) = (page.organisation.as_ref(), page.after.as_ref());
    // Whoever asks is told of what just happened here, too.
    call.service.attempts.write(call.registry(), call.moment.now)?;
    let attempts = call.registry().refused_attempts(
        organisation,
        before,
        page.limit + 1,
        call.principal()?,
    )?;
    page.reply(attempts.into_iter().map(RefusedAttemptEntry::from).collect(), |one| one.id.clone())
}

fn add_member(call: &Call) -> Result<Reply, Problem> {
    let request: MemberRequest = body(call.json()?)?;
    let own = call.service.issuer.url();
    let member = call.registry().add_member(request, own, call.principal()?, call.moment.now)?;
    Reply::json(StatusCode::CREATED, &MemberEntry::from(member))
}

fn revoke_member(call: &Call) -> Result<Reply, Problem> {
    let member = call.registry().revoke_member(&call.id()?, call.principal()?, call.moment.now)?;
    Reply::json(StatusCode::OK, &MemberEntry::from(member))
}
