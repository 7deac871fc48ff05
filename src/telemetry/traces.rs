//! Traces of requests, sent to a collector of OpenTelemetry where the settings name one: a span a
//! request, within the trace that the client names (W3C Trace Context), as OTLP over HTTP in JSON.
//!
//! What does not live here: when a request begins and what came of it (`http` says so). What is sent
//! names nobody: no actor, no path with ids, no body.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{Span as _, SpanKind, Status, Tracer as _, TracerProvider as _};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    Sampler, SdkTracer, SdkTracerProvider, Span, SpanData, SpanExporter,
};
use serde_json::json;

/// How long the collector may take to answer, and how long a stop waits for what is still to be
/// sent: it is near, or it is not there.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where traces go. Spans are sent in batches by a thread of its own; while that cannot keep up or
/// the collector is not there, up to 2,048 of them wait and further ones are dropped, so a request
/// never waits. A clone sends to the same.
#[derive(Debug, Clone)]
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// A request that is traced; when it is dropped, its span ends.
#[derive(Debug)]
pub struct Traced(Span);

impl Traces {
    /// Traces that are sent to the collector at an address, such as `http://127.0.0.1:4318`, which
    /// has no slash at its end. Whether it answers, now or later, is not asked.
    pub fn to(endpoint: &str) -> Self {
        let resource = Resource::builder()
            .with_service_name("etalon")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(Collector::at(endpoint))
            // Not by the word of the client: who asks not to be traced would not be seen.
            .with_sampler(Sampler::AlwaysOn)
            .with_resource(resource)
            .build();
        let tracer = provider.tracer("etalon");
        Self { provider, tracer }
    }

    /// A request begins, in the trace that its headers name, else in one of its own.
    pub fn begin<'h>(&self, header: impl Fn(&str) -> Option<&'h str>) -> Traced {
        let parent = TraceContextPropagator::new().extract(&Headers(header, PhantomData));
        let request = self.tracer.span_builder("request").with_kind(SpanKind::Server);
        Traced(request.start_with_context(&self.tracer, &parent))
    }

    /// Sends what is left, for a few seconds at most; nothing is sent from then on.
    pub fn end(&self) {
        if let Err(error) = self.provider.shutdown_with_timeout(PATIENCE) {
            tracing::warn!("the last traces were not sent: {error}");
        }
    }
}

impl Traced {
    /// The trace that the request belongs to: 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        self.0.span_context().trace_id().to_string()
    }

    /// The request was answered. `route` is the pattern that it fits, if any; never its path. `code`
    /// is that of the problem, where it is one.
    pub fn answered(
        mut self,
        method: &str,
        route: Option<&str>,
        status: u16,
        code: Option<&'static str>,
        request_id: &str,
    ) {
        let method = super::known_method(method);
        let span = &mut self.0;
        span.update_name(match route {
            Some(route) => format!("{method} {route}"),
            None => method.to_owned(),
        });
        span.set_attribute(KeyValue::new("http.request.method", method));
        if let Some(route) = route {
            span.set_attribute(KeyValue::new("http.route", route.to_owned()));
        }
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
        span.set_attribute(KeyValue::new("etalon.request_id", request_id.to_owned()));
        if let Some(code) = code {
            span.set_attribute(KeyValue::new("error.type", code));
        }
        // What a client did wrong is no error of the server.
        if status >= 500 {
            span.set_status(Status::error(code.unwrap_or_default()));
        }
    }
}

/// The headers of a request, by name.
struct Headers<'h, F>(F, PhantomData<&'h str>);

impl<'h, F: Fn(&str) -> Option<&'h str>> Extractor for Headers<'h, F> {
    fn get(&self, key: &str) -> Option<&str> {
        (self.0)(key)
    }

    fn keys(&self) -> Vec<&str> {
        // The propagator asks for what it knows; nobody needs to hear of the others.
        Vec::new()
    }
}

/// The collector that spans are sent to, from the SDK's thread, which may wait for it.
#[derive(Debug)]
struct Collector {
    agent: ureq::Agent,
    place: String,
    resource: Vec<serde_json::Value>,
    /// Whether it did not take the last batch: told once, not at every batch.
    is_away: AtomicBool,
}

impl Collector {
    fn at(endpoint: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("etalon/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: config.new_agent(),
            // Where OTLP says that traces go behind an address that is for all signals.
            place: format!("{endpoint}/v1/traces"),
            resource: Vec::new(),
            is_away: AtomicBool::new(false),
        }
    }

    fn send(&self, batch: &[SpanData]) -> Result<(), String> {
        let spans: Vec<serde_json::Value> = batch.iter().map(span).collect();
        let body = json!({"resourceSpans": [{
            "resource": {"attributes": self.resource},
            "scopeSpans": [{"scope": {"name": "etalon"}, "spans": spans}],
        }]});
        let request = self.agent.post(&self.place).content_type("application/json");
        let answer = request.send(body.to_string()).map_err(|error| error.to_string())?;
        match answer.status().is_success() {
            true => Ok(()),
            false => Err(answer.status().to_string()),
        }
    }
}

impl SpanExporter for Collector {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let sent = self.send(&batch);
        let (place, was_away) = (&self.place, self.is_away.load(Ordering::Relaxed));
        match &sent {
            Err(error) if !was_away => {
                tracing::warn!("{place} does not take traces: {error}; they are dropped meanwhile");
            }
            Ok(()) if was_away => tracing::info!("{place} takes traces again"),
            _ => {}
        }
        self.is_away.store(sent.is_err(), Ordering::Relaxed);
        sent.map_err(OTelSdkError::InternalFailure)
    }

    fn set_resource(&mut self, resource: &Resource) {
        let attributes = resource.iter().map(|(key, value)| attribute(key.as_str(), value));
        self.resource = attributes.collect();
    }
}

/// A span as OTLP writes it in JSON: ids in hexadecimal, 64-bit numbers as texts, words as numbers.
fn span(span: &SpanData) -> serde_json::Value {
    let nanoseconds = |time: SystemTime| {
        time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos().to_string()
    };
    let attributes = span.attributes.iter().map(|one| attribute(one.key.as_str(), &one.value));
    let status = match &span.status {
        Status::Unset => json!({}),
        Status::Ok => json!({"code": 1}),
        Status::Error { description } => json!({"code": 2, "message": description}),
    };
    let kind = match span.span_kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    };
    let mut object = json!({
        "traceId": span.span_context.trace_id().to_string(),
        "spanId": span.span_context.span_id().to_string(),
        "flags": span.span_context.trace_flags().to_u8(),
        "name": span.name,
        "kind": kind,
        "startTimeUnixNano": nanoseconds(span.start_time),
        "endTimeUnixNano": nanoseconds(span.end_time),
        "attributes": attributes.collect::<Vec<_>>(),
        "status": status,
    });
    if span.parent_span_id != opentelemetry::SpanId::INVALID {
        object["parentSpanId"] = json!(span.parent_span_id.to_string());
    }
    object
}

/// An attribute as OTLP writes it in JSON.
fn attribute(key: &str, value: &Value) -> serde_json::Value {
    let value = match value {
        Value::Bool(truth) => json!({"boolValue": truth}),
        Value::I64(number) => json!({"intValue": number.to_string()}),
        Value::F64(number) => json!({"doubleValue": number}),
        // Lists are none of ours; what the environment says of the resource is text.
        other => json!({"stringValue": other.as_str()}),
    };
    json!({"key": key, "value": value})
}
