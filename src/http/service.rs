//! What the service holds while it runs. How requests reach it lives in `server`.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::app::attempts::Attempts;
use crate::app::registry::Registry;
use crate::auth::token::{Issuer, Verifier};
use crate::config::Server;
use crate::domain::log::Digest;
use crate::telemetry::Metrics;
use crate::telemetry::traces::Traces;

use super::connections::Connections;
use super::gate::Gate;
use super::openapi;
use super::rates::Rates;
use super::routes::Operation;

/// Who proves who somebody is.
#[derive(Debug)]
pub struct Identities {
    /// Makes tokens of this registry.
    pub issuer: Issuer,
    /// Reads tokens of this registry and of those that it trusts.
    pub verifier: Verifier,
}

/// A registry that is served.
pub struct Service {
    /// The registry.
    pub registry: Registry,
    /// Makes tokens.
    pub issuer: Issuer,
    /// Reads tokens.
    pub verifier: Verifier,
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
            verifier: identities.verifier,
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
}
