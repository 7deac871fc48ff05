//! What the service holds while it runs. How requests reach it lives in `server`.

use std::io;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::app::attempts::Attempts;
use crate::app::registry::Registry;
use crate::auth::token::{Issuer, KeyError, TokenError, TrustedIssuer, Verifier};
use crate::config::Server;
use crate::domain::identity::Proof;
use crate::domain::log::Digest;
use crate::domain::period::Instant;
use crate::telemetry::Metrics;
use crate::telemetry::traces::Traces;

use super::connections::Connections;
use super::gate::Gate;
use super::issuers::{KeySet, Pace, Source};
use super::openapi;
use super::problem::{Code, Problem};
use super::rates::Rates;
use super::routes::Operation;

/// Who proves who somebody is.
#[derive(Debug)]
pub struct Identities {
    /// Makes tokens of this registry.
    issuer: Issuer,
    /// Reads tokens of this registry and of those that it trusts.
    verifier: Verifier,
    /// Whose keys are at an address.
    sources: Vec<Source>,
    /// How often those are asked.
    pace: Pace,
    /// How long an API key may be good.
    longest_key: Option<Duration>,
}

impl Identities {
    /// This registry alone.
    pub fn of(issuer: Issuer) -> Self {
        let verifier = Verifier::new(&issuer);
        Self { issuer, verifier, sources: Vec::new(), pace: Pace::default(), longest_key: None }
    }

    /// The same with another issuer, whose keys are fetched where they have an address.
    ///
    /// # Errors
    /// When its name is taken, or its keys cannot be used.
    pub fn trusting(
        mut self,
        other: &TrustedIssuer,
        url: Option<String>,
    ) -> Result<Self, KeyError> {
        self.verifier = self.verifier.trusting(other)?;
        self.sources.extend(url.map(|url| Source { issuer: other.issuer.clone(), url }));
        Ok(self)
    }

    /// The same, asking other issuers so often.
    #[must_use]
    pub fn paced(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// The same, with API keys that are good for so long at most.
    #[must_use]
    pub fn limiting_keys(self, longest_key: Option<Duration>) -> Self {
        Self { longest_key, ..self }
    }
}

/// A registry that is served.
pub struct Service {
    /// The registry.
    pub registry: Registry,
    /// Makes tokens.
    pub issuer: Issuer,
    /// Reads tokens.
    pub verifier: Arc<Verifier>,
    /// Who asks for the keys of other issuers, once the service runs.
    key_sets: OnceLock<Vec<KeySet>>,
    /// Whose keys are at an address.
    sources: Vec<Source>,
    /// How often those are asked.
    pace: Pace,
    /// How long an API key may be good.
    pub longest_key: Option<Duration>,
    /// How it serves.
    pub settings: Server,
    /// What is counted.
    pub metrics: Metrics,
    /// How often somebody may ask.
    pub rates: Rates,
    /// How much is done at once.
    pub gate: Gate,
    /// The connections.
    pub connections: Arc<Connections>,
    /// Where requests are traced to, where that is set.
    pub traces: Option<Traces>,
    /// Every operation.
    pub operations: Vec<Arc<Operation>>,
    /// The OpenAPI document.
    pub document: String,
    /// Its tag.
    pub document_tag: String,
    /// Jobs that are being worked on here.
    pub jobs: AtomicUsize,
    /// Who came in, and who was refused, as far as it waits to be written.
    pub attempts: Attempts,
}

impl Service {
    /// A service on a registry.
    pub fn new(
        registry: Registry,
        identities: Identities,
        settings: Server,
        metrics: Metrics,
    ) -> Self {
        let document = openapi::document();
        let tag = Digest::of(&[document.as_bytes()]).to_string();
        let rates = Rates::new(&settings.rates);
        let gate = Gate::new(&settings.limits);
        let connections = Arc::new(Connections::new(&settings, metrics.clone()));
        Self {
            registry: registry.counted_by(metrics.clone()),
            issuer: identities.issuer,
            verifier: Arc::new(identities.verifier),
            key_sets: OnceLock::new(),
            sources: identities.sources,
            pace: identities.pace,
            longest_key: identities.longest_key,
            settings,
            metrics,
            rates,
            gate,
            connections,
            traces: None,
            operations: super::handlers::operations().into_iter().map(Arc::new).collect(),
            document,
            document_tag: format!("\"{}\"", &tag[..16]),
            jobs: AtomicUsize::new(0),
            attempts: Attempts::default(),
        }
    }

    /// Begins to ask other issuers for their keys.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn ask_issuers(&self) -> io::Result<()> {
        let sources = self.sources.iter().cloned();
        let sets = sources.map(|it| KeySet::of(it, Arc::clone(&self.verifier), self.pace));
        let sets = sets.collect::<io::Result<Vec<_>>>()?;
        // Who begins twice asks as before.
        let _ = self.key_sets.set(sets);
        Ok(())
    }

    /// Whom a token is about. One of another issuer that names a key which is not known waits until
    /// that issuer was asked, if it can be.
    ///
    /// # Errors
    /// Why the token is not good, or that its issuer's keys are not known for now.
    pub async fn proof(&self, token: &str, now: Instant) -> Result<Proof, Problem> {
        let refused = match self.verifier.verify(token, now) {
            Ok(proof) => return Ok(proof),
            Err(error) => error,
        };
        let sets = self.key_sets.get().map(Vec::as_slice).unwrap_or_default();
        // Another issuer's key of this id may be what the token was held against.
        let may_be = |error| matches!(error, TokenError::UnknownKey | TokenError::Issuer);
        let named = Verifier::named_issuer(token).filter(|_| may_be(refused));
        let Some(set) = sets.iter().find(|set| named.as_deref() == Some(set.issuer())) else {
            return Err(refused.into());
        };
        set.renewed().await;
        match self.verifier.verify(token, now) {
            // Neither yes nor no: it may be good.
            Err(error) if may_be(error) && !self.verifier.has_keys(set.issuer()) => {
                Err(Problem::of(Code::Unavailable))
            }
            other => Ok(other?),
        }
    }
}
