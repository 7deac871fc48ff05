//! The server: operations become routes, requests become calls, answers become responses. Whatever
//! happens on the way, also inside the framework, a client is answered with a problem that it can
//! read.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Compress, Next, from_fn};
use actix_web::rt::time::timeout;
use actix_web::web::{self, Bytes, Payload};
use actix_web::{App, HttpMessage, HttpRequest, HttpResponse, HttpServer};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::sync::mpsc;
use tracing::Instrument as _;
use tracing::field::Empty;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::app::access::Principal;
use crate::app::attempts::RefusedAttempt;
use crate::app::verify::Moment;
use crate::clock::{self, Stopwatch};
use crate::domain::fault::Fault;
use crate::domain::text::{Language, Text};
use crate::ids;
use crate::telemetry::traces::Traced;

use super::call::{Call, Noted, REQUEST_ID, Reply, ReplyBody};
use super::negotiation;
use super::problem::{Code, Place, Problem};
use super::routes::{Access, BASE, Body, Operation, Position};
use super::service::Service;

/// Time in which the head of a request has to come.
const HEAD_SECONDS: Duration = Duration::from_secs(10);
/// How long a connection may wait for its next request.
const IDLE_SECONDS: Duration = Duration::from_secs(75);
/// The methods that are answered at all, in the order in which they are named.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];
/// Most characters of a path that are kept of a request that was refused.
const LONGEST_PATH: usize = 300;
/// Lines of an answer that wait for a slow client.
const LINES_WAITING: usize = 64;

/// A server that listens and does not answer yet.
pub struct Bound {
    /// Where it listens.
    pub address: SocketAddr,
    service: Arc<Service>,
    listener: std::net::TcpListener,
}

/// Listens at the address of the settings; port 0 is any that is free.
///
/// # Errors
/// When the address cannot be used.
pub fn bind(address: SocketAddr) -> io::Result<(std::net::TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

impl Bound {
    /// A service behind a listener.
    pub fn new(service: Service, (listener, address): (std::net::TcpListener, SocketAddr)) -> Self {
        Self { address, service: Arc::new(service), listener }
    }

    /// Answers requests until `stop` is ready, then lets those under way end.
    ///
    /// # Errors
    /// When the server cannot run.
    pub fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let service = Arc::clone(&self.service);
        std::thread::scope(|threads| {
            threads.spawn(|| service.attempts.keep(&service.registry, clock::now));
            let ran =
                actix_web::rt::System::new().block_on(async move { self.server(stop)?.await });
            service.attempts.end();
            ran
        })
    }

    fn server(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<Server> {
        let Self { service, listener, .. } = self;
        let seconds = service.settings.shutdown_time.as_secs();
        let make = move || {
            let inside = Arc::clone(&service);
            let outside = Arc::clone(&service);
            let pages = Config::new([format!("{BASE}/openapi.json")]).validator_url("none");
            App::new()
                .configure(|routes| configure(routes, &inside))
                .service(web::redirect("/", "/docs/"))
                .service(web::redirect("/docs", "/docs/"))
                .service(SwaggerUi::new("/docs/{_:.*}").config(pages))
                .default_service(web::route().to({
                    let service = Arc::clone(&inside);
                    move || nothing_there(Arc::clone(&service))
                }))
                .wrap(Compress::default())
                .wrap(from_fn(move |request, next| observed(Arc::clone(&outside), request, next)))
        };
        let server = HttpServer::new(make)
            .client_request_timeout(HEAD_SECONDS)
            .keep_alive(IDLE_SECONDS)
            .shutdown_timeout(seconds)
            .shutdown_signal(stop)
            .listen(listener)?;
        Ok(server.run())
    }
}

/// Ready when the process is told to end: by SIGTERM, or by SIGINT as Ctrl-C sends it.
pub async fn stop_signal() {
    use actix_web::rt::signal::unix::{SignalKind, signal};
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    match (terminate, interrupt) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            futures_util::future::select(pin!(terminate.recv()), pin!(interrupt.recv())).await;
        }
        // Without them the process can only be killed, and nothing is lost then either.
        _ => std::future::pending().await,
    }
}

/// Adds a resource for each path, with a route for each of its operations.
fn configure(routes: &mut web::ServiceConfig, service: &Arc<Service>) {
    let mut paths: BTreeMap<&str, Vec<Arc<Operation>>> = BTreeMap::new();
    for operation in &service.operations {
        paths.entry(&operation.path).or_default().push(Arc::clone(operation));
    }
    for (path, operations) in paths {
        let mut resource = web::resource(path);
        let mut methods: Vec<&str> = Vec::new();
        for operation in &operations {
            methods.push(operation.method.as_str());
            let mut answered = vec![operation.method.clone()];
            if operation.method == Method::GET {
                methods.push("HEAD");
                answered.push(Method::HEAD);
            }
            for method in answered {
                let (service, operation) = (Arc::clone(service), Arc::clone(operation));
                resource = resource.route(web::method(method).to(
                    move |request: HttpRequest, payload: Payload| {
                        answer(Arc::clone(&service), Arc::clone(&operation), request, payload)
                    },
                ));
            }
        }
        methods.push("OPTIONS");
        let allowed: Vec<&str> =
            METHODS.into_iter().filter(|method| methods.contains(method)).collect();
        let allowed = allowed.join(", ");
        resource =
            resource.route(web::method(Method::OPTIONS).to({
                let allowed = allowed.clone();
                move || {
                    let allowed = allowed.clone();
                    async move {
                        HttpResponse::NoContent().insert_header((header::ALLOW, allowed)).finish()
                    }
                }
            }));
        resource = resource.default_service(web::route().to({
            let service = Arc::clone(service);
            move |request: HttpRequest| other_method(Arc::clone(&service), request, allowed.clone())
        }));
        routes.service(resource);
    }
}

impl Noted {
    fn place<'p>(&'p self, service: &'p Service, path: &'p str) -> Place<'p> {
        Place {
            base: &service.settings.public_url,
            request_id: &self.request_id,
            instance: path,
            language: self.language,
        }
    }

    fn of(request: &HttpRequest) -> Self {
        let noted = request.extensions().get::<Self>().cloned();
        noted.unwrap_or_else(|| Self {
            request_id: String::new(),
            language: Language::English,
            address: String::new(),
        })
    }
}

/// Everything that is the same for every request: its id, its time, its end, and what is counted
/// and logged about it.
async fn observed(
    service: Arc<Service>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let stopwatch = Stopwatch::start();
    let noted = Noted {
        request_id: request_id(&request),
        language: language(&request),
        address: address(&request),
    };
    request.extensions_mut().insert(noted.clone());
    let traced = service.traces.as_ref().map(|traces| {
        traces.begin(|name| request.headers().get(name).and_then(|value| value.to_str().ok()))
    });
    // Every line of the log within a request carries these. The highest level, so that a filter
    // which lets a line through does not take away whose it is.
    let span = tracing::error_span!(
        "request",
        request_id = noted.request_id,
        trace_id = Empty,
        actor = Empty,
        log_index = Empty,
    );
    if let Some(traced) = &traced {
        span.record("trace_id", traced.trace_id());
    }
    let observed = Observed { service, noted, method: request.method().clone(), stopwatch, traced };
    observed.answered(request, next).instrument(span).await
}

/// A request under way, and what is told of it once it is answered.
struct Observed {
    service: Arc<Service>,
    noted: Noted,
    method: Method,
    stopwatch: Stopwatch,
    traced: Option<Traced>,
}

impl Observed {
    async fn answered(
        self,
        request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
        let (service, noted) = (Arc::clone(&self.service), self.noted.clone());
        let path = request.path().to_owned();
        let _under_way = service.metrics.request_begins();
        let done = AssertUnwindSafe(next.call(request)).catch_unwind().await;
        let place = noted.place(&service, &path);
        let problem = match done {
            Ok(Ok(response)) => {
                let mut response = readable(response.map_into_boxed_body(), &place);
                sign(response.headers_mut(), &noted);
                let pattern = response.request().match_pattern();
                let code = response.response().extensions().get::<Code>().copied();
                self.tell(pattern.as_deref(), response.status(), code);
                return Ok(response);
            }
            // An error of the framework, outside of every operation.
            Ok(Err(error)) => of_status(error.as_response_error().status_code()),
            Err(panic) => {
                service.metrics.count_panic();
                Problem::internal(said_by(panic.as_ref()))
            }
        };
        let code = problem.code;
        let error = outside(problem, &noted, &place);
        self.tell(None, code.status(), Some(code));
        Err(error)
    }

    /// Counts, logs and traces what came of it: never its path, its query or its body.
    fn tell(self, pattern: Option<&str>, status: StatusCode, code: Option<Code>) {
        let (method, elapsed) = (self.method.as_str(), self.stopwatch.elapsed());
        let (status, code) = (status.as_u16(), code.map(Code::as_str));
        let metrics = &self.service.metrics;
        metrics.observe_request(method, pattern, status, elapsed);
        if let Some(code) = code {
            metrics.count_problem(code);
        }
        tracing::info!(
            method,
            route = pattern.unwrap_or("none"),
            status,
            code,
            milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            "request"
        );
        if let Some(traced) = self.traced {
            traced.answered(method, pattern, status, code, &self.noted.request_id);
        }
    }
}

/// A problem that arose where there is no response yet.
fn outside(problem: Problem, noted: &Noted, place: &Place<'_>) -> actix_web::Error {
    log(&problem);
    let mut response = problem.to_response(place);
    sign(response.headers_mut(), noted);
    InternalError::from_response(problem.code.as_str(), response).into()
}

/// The headers of every answer.
fn sign(headers: &mut HeaderMap, noted: &Noted) {
    if let Ok(id) = HeaderValue::from_str(&noted.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// The id that the client gave, if it is one that can be written into a log, or a new one.
fn request_id(request: &ServiceRequest) -> String {
    const LONGEST: usize = 100;
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let given = given.filter(|id| {
        (1..=LONGEST).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
    });
    given.map_or_else(|| ids::new_id().to_string(), str::to_owned)
}

fn language(request: &ServiceRequest) -> Language {
    let accepted = request.headers().get(header::ACCEPT_LANGUAGE);
    negotiation::language(accepted.and_then(|value| value.to_str().ok()).unwrap_or_default())
}

/// A response that is an error and no problem comes from the framework.
fn readable(response: ServiceResponse<BoxBody>, place: &Place<'_>) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/problem+json"));
    if !(status.is_client_error() || status.is_server_error()) || is_problem {
        return response;
    }
    response.into_response(of_status(status).to_response(place))
}

fn of_status(status: StatusCode) -> Problem {
    let code = Code::ALL.iter().copied().find(|code| code.status() == status);
    Problem::of(code.unwrap_or(match status.is_client_error() {
        true => Code::InvalidParameter,
        false => Code::Internal,
    }))
}

fn said_by(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without words".to_owned())
}

fn log(problem: &Problem) {
    if let Some(internal) = &problem.internal {
        tracing::error!(code = problem.code.as_str(), "{internal}");
    }
}

async fn nothing_there(service: Arc<Service>) -> ServedProblem {
    ServedProblem { service, problem: Problem::of(Code::NotFound) }
}

async fn other_method(
    service: Arc<Service>,
    request: HttpRequest,
    allowed: String,
) -> ServedProblem {
    let method = request.method();
    let message = Text::new(
        format!("{method} không dùng được ở đây; dùng được: {allowed}"),
        format!("{method} is not known here; these are: {allowed}"),
    );
    let problem = Problem::new(Code::MethodNotAllowed, message).with(header::ALLOW, &allowed);
    ServedProblem { service, problem }
}

/// A problem on its way out.
struct ServedProblem {
    service: Arc<Service>,
    problem: Problem,
}

impl actix_web::Responder for ServedProblem {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let noted = Noted::of(request);
        log(&self.problem);
        self.problem.to_response(&noted.place(&self.service, request.path()))
    }
}

/// Answers a request for an operation.
async fn answer(
    service: Arc<Service>,
    operation: Arc<Operation>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let noted = Noted::of(&request);
    let within = service.settings.request_time;
    let served = Arc::clone(&service);
    // A slow body has a time of its own: what is said of it does not hang on which clock is first.
    let outcome = match call(&service, &operation, &request, &noted, payload).await {
        Ok(call) => match timeout(within, done(call)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Problem::of(Code::TimedOut)),
        },
        Err(problem) => {
            let asked = (request.method().as_str(), request.path());
            note_refused(&served, &noted, asked, &problem, None);
            Err(problem)
        }
    };
    match outcome {
        Ok(reply) => respond(reply),
        Err(problem) => {
            log(&problem);
            problem.to_response(&noted.place(&served, request.path()))
        }
    }
}

/// Notes a request that was refused for who sent it.
fn note_refused(
    service: &Service,
    noted: &Noted,
    (method, path): (&str, &str),
    problem: &Problem,
    by: Option<&Principal>,
) {
    if !problem.code.is_of_who_asks() {
        return;
    }
    service.attempts.refused(RefusedAttempt {
        id: ids::new_id(),
        refused_at: clock::now(),
        request_id: noted.request_id.clone(),
        actor: by.map(Principal::actor),
        organisation: by.map(|one| one.organisation.clone()),
        address: noted.address.clone(),
        method: method.to_owned(),
        path: path.chars().take(LONGEST_PATH).collect(),
        code: problem.code.as_str().to_owned(),
    });
}

/// Reads a request.
async fn call(
    service: &Arc<Service>,
    operation: &Arc<Operation>,
    request: &HttpRequest,
    noted: &Noted,
    payload: Payload,
) -> Result<Call, Problem> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let accept = header(header::ACCEPT).unwrap_or_default();
    let media = &operation.answer.media;
    if !media.is_empty() && media.iter().all(|one| negotiation::quality(accept, one.name) == 0) {
        let offered: Vec<&str> = media.iter().map(|one| one.name).collect();
        let offered = offered.join(", ");
        let message = Text::new(
            format!("các dạng có ở đây: {offered}"),
            format!("the forms that there are here: {offered}"),
        );
        return Err(Problem::new(Code::NotAcceptable, message));
    }
    let now = clock::now();
    let identity = match (operation.access, request.headers().get(header::AUTHORIZATION)) {
        (Access::Open, _) | (Access::Public, None) => None,
        (Access::Token, None) => return Err(Problem::of(Code::Unauthenticated)),
        (_, Some(value)) => {
            let token = value.to_str().ok().and_then(bearer);
            let token = token.ok_or_else(|| Problem::of(Code::Unauthenticated))?;
            Some(service.verifier.verify(token, now)?)
        }
    };
    let path = operation.parameters.iter().filter(|one| one.position == Position::Path);
    let path = path.map(|one| {
        let value = request.match_info().get(one.name).unwrap_or_default();
        (one.name.to_owned(), value.to_owned())
    });
    let path = path.collect();
    let query = query(operation, request.query_string())?;
    let body = match &operation.body {
        None => Vec::new(),
        Some(body) => read(body, request, payload, service.settings.request_time).await?,
    };
    Ok(Call {
        service: Arc::clone(service),
        operation: Arc::clone(operation),
        noted: noted.clone(),
        moment: Moment { now, today: clock::day_of(now) },
        target: request.uri().to_string(),
        path,
        query,
        headers: request.headers().clone(),
        body,
        identity,
        principal: None,
    })
}

/// Where a request comes from.
fn address(request: &ServiceRequest) -> String {
    request.peer_addr().map_or_else(|| "unknown".to_owned(), |peer| peer.ip().to_string())
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The query, of which every name is known and stands once.
fn query(operation: &Operation, text: &str) -> Result<Vec<(String, String)>, Problem> {
    let mut query: Vec<(String, String)> = Vec::new();
    let mut faults = Vec::new();
    let known = || operation.parameters.iter().filter(|one| one.position == Position::Query);
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let pointer = format!("/{name}");
        if !known().any(|one| one.name == name) {
            let names: Vec<&str> = known().map(|one| one.name).collect();
            let names = if names.is_empty() { "—".to_owned() } else { names.join(", ") };
            let message = Text::new(
                format!("không có tham số “{name}” ở đây; các tham số: {names}"),
                format!("there is no parameter “{name}” here; parameters: {names}"),
            );
            faults.push(Fault::error(pointer, "unknown_parameter", message));
        } else if query.iter().any(|(key, _)| *key == name) {
            let message = Text::new(
                format!("tham số “{name}” xuất hiện hai lần"),
                format!("the parameter “{name}” stands twice"),
            );
            faults.push(Fault::error(pointer, "repeated_parameter", message));
        } else if value.contains('\0') {
            let message = Text::new("không được có U+0000", "U+0000 cannot stand here");
            faults.push(Fault::error(pointer, "bad_character", message));
        } else {
            query.push((name.into_owned(), value.into_owned()));
        }
    }
    for missing in known().filter(|one| one.required) {
        if !query.iter().any(|(name, _)| name == missing.name) {
            let name = missing.name;
            let message = Text::new(
                format!("thiếu tham số “{name}”"),
                format!("the parameter “{name}” is missing"),
            );
            faults.push(Fault::error(format!("/{name}"), "missing_parameter", message));
        }
    }
    match faults.is_empty() {
        true => Ok(query),
        false => Err(Problem::parameters(faults)),
    }
}

/// Reads a body of a known kind, of a bounded length, in a bounded time.
async fn read(
    body: &Body,
    request: &HttpRequest,
    mut payload: Payload,
    within: Duration,
) -> Result<Vec<u8>, Problem> {
    let names: Vec<&str> = body.media.iter().map(|media| media.name).collect();
    let is_known = names.contains(&request.content_type().to_ascii_lowercase().as_str());
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    if !is_known || encoding.is_some_and(|encoding| encoding.as_bytes() != b"identity") {
        let names = names.join(", ");
        let message = Text::new(
            format!("cần Content-Type: {names}, không nén"),
            format!("expected Content-Type: {names}, not compressed"),
        );
        return Err(Problem::new(Code::UnsupportedMediaType, message));
    }
    let mut bytes = Vec::new();
    let mut length = 0;
    let reading = async {
        while let Some(piece) = payload.next().await {
            let piece: Bytes = piece.map_err(|_| cut_off())?;
            length += piece.len();
            match length <= body.most {
                true => bytes.extend_from_slice(&piece),
                // The rest of a body that is a little too large is read and thrown away: a client
                // that still sends would not read the answer.
                false if length <= 4 * body.most.min(8 << 20) => bytes.clear(),
                false => break,
            }
        }
        Ok::<(), Problem>(())
    };
    match timeout(within, reading).await {
        Ok(done) => done?,
        Err(_) => return Err(Problem::of(Code::RequestTimeout)),
    }
    match length <= body.most {
        true => Ok(bytes),
        false => {
            let most = body.most;
            let message = Text::new(
                format!("nội dung có hơn {most} byte"),
                format!("the body has more than {most} bytes"),
            );
            Err(Problem::new(Code::BodyTooLarge, message))
        }
    }
}

fn cut_off() -> Problem {
    let message = Text::new("nội dung bị cắt giữa chừng", "the body was cut off");
    let fault = Fault::error("", "cut_off", message.clone());
    Problem { errors: vec![fault], ..Problem::new(Code::MalformedJson, message) }
}

/// Does the work where it may block.
async fn done(mut call: Call) -> Result<Reply, Problem> {
    let span = tracing::Span::current();
    let service = Arc::clone(&call.service);
    let entered = span.clone();
    let work = move |call: &mut Call| {
        call.at_least()?;
        call.identify()?;
        if let Some(principal) = &call.principal {
            span.record("actor", principal.actor());
            call.service.attempts.used(principal, call.moment.now);
        }
        let handler = Arc::clone(&call.operation.handler);
        let reply = handler(call)?;
        if let Some(log_index) = reply.log_index() {
            span.record("log_index", log_index);
        }
        Ok(reply)
    };
    let work = move || {
        let _entered = entered.entered();
        let outcome = work(&mut call);
        if let Err(problem) = &outcome {
            let path = call.target.split('?').next().unwrap_or_default();
            let asked = (call.operation.method.as_str(), path);
            note_refused(&call.service, &call.noted, asked, problem, call.principal.as_ref());
        }
        outcome
    };
    let caught = move || std::panic::catch_unwind(AssertUnwindSafe(work));
    match web::block(caught).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => {
            service.metrics.count_panic();
            Err(Problem::internal(said_by(panic.as_ref())))
        }
        Err(error) => Err(Problem::internal(error.to_string())),
    }
}

fn respond(reply: Reply) -> HttpResponse {
    let mut response = HttpResponse::build(reply.status);
    response.insert_header((header::CACHE_CONTROL, "no-cache"));
    response.insert_header((header::VARY, "Accept, Accept-Language, Authorization"));
    for (name, value) in reply.headers {
        response.insert_header((name, value));
    }
    match reply.body {
        ReplyBody::Empty => response.finish(),
        ReplyBody::Text(media, text) => response.content_type(media).body(text),
        ReplyBody::File(media, bytes) => response.content_type(media).body(bytes),
        ReplyBody::Lines(work) => {
            let (sender, mut receiver) = mpsc::channel::<Bytes>(LINES_WAITING);
            let span = tracing::Span::current();
            actix_web::rt::spawn(web::block(move || {
                let _entered = span.entered();
                work(&mut |mut line| {
                    line.push('\n');
                    sender.blocking_send(Bytes::from(line)).is_ok()
                });
            }));
            let lines = stream::poll_fn(move |context| receiver.poll_recv(context));
            let lines = lines.map(Ok::<Bytes, actix_web::Error>);
            response.content_type(super::call::NDJSON).streaming(lines)
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test;

    use super::*;
    use crate::app::registry::Registry;
    use crate::auth::token::{Issuer, SigningKey, Verifier};
    use crate::config;
    use crate::http::call::JSON;
    use crate::http::service::Identities;
    use crate::store::DatabaseUrl;
    use crate::telemetry::{Metrics, Sampled};

    /// A service with one operation more, which does this within this time.
    fn service(
        directory: &std::path::Path,
        request_time: Duration,
        handler: impl Fn(&Call) -> Result<Reply, Problem> + Send + Sync + 'static,
    ) -> Arc<Service> {
        let url = DatabaseUrl::Sqlite(directory.join("registry.db"));
        let (key, _) = SigningKey::generate([1; 32]);
        let issuer = Issuer::new(key, "http://here".to_owned(), Duration::from_secs(60));
        let verifier = Verifier::new(&issuer, None).expect("keys");
        let settings = config::Server {
            listen: "127.0.0.1:0".parse().expect("an address"),
            public_url: "http://here".to_owned(),
            request_time,
            shutdown_time: Duration::from_secs(1),
            metrics: true,
        };
        let mut service = Service::new(
            Registry::open(&url).expect("a registry"),
            Identities { issuer, verifier },
            settings,
            Metrics::new().expect("metrics"),
        );
        let operation = Operation::new(Method::GET, "/odd", "odd", handler).for_whom(Access::Open);
        service.operations.push(Arc::new(operation));
        Arc::new(service)
    }

    async fn odd() -> HttpResponse {
        panic!("outside of every operation, a secret")
    }

    /// What the service answers at a path, wrapped as in the server.
    async fn answered(service: &Arc<Service>, path: &str) -> (u16, serde_json::Value) {
        let outside = Arc::clone(service);
        let app = App::new()
            .configure(|routes| configure(routes, service))
            .route("/panic", web::get().to(odd))
            .wrap(from_fn(move |request, next| observed(Arc::clone(&outside), request, next)));
        let app = test::init_service(app).await;
        let request = test::TestRequest::get().uri(path).to_request();
        let response = match test::try_call_service(&app, request).await {
            Ok(response) => response.into_parts().1.map_into_boxed_body(),
            Err(error) => error.error_response(),
        };
        let status = response.status().as_u16();
        assert!(response.headers().contains_key(REQUEST_ID));
        let media = response.headers().get(header::CONTENT_TYPE).cloned();
        let media = media.expect("a type");
        assert!([JSON, "application/problem+json"].contains(&media.to_str().expect("a text")));
        let body = actix_web::body::to_bytes(response.into_body()).await;
        (status, serde_json::from_slice(&body.expect("a body")).expect("JSON"))
    }

    #[actix_web::test]
    async fn a_panic_is_a_problem_and_the_service_goes_on() {
        let directory = tempfile::tempdir().expect("a directory");
        let service = service(directory.path(), Duration::from_secs(60), |_| panic!("a secret"));
        for path in ["/odd", "/panic"] {
            let (status, body) = answered(&service, path).await;
            assert_eq!((status, body["code"].as_str()), (500, Some("internal")), "{path}");
            assert!(!body.to_string().contains("secret"), "{body}");
        }
        assert_eq!(answered(&service, "/healthz").await.0, 200);
        let counted = service.metrics.render(&Sampled::default());
        assert!(counted.contains("\netalon_panics_total 2\n"), "{counted}");
        assert!(counted.contains("\netalon_problems_total{code=\"internal\"} 2\n"), "{counted}");
        let outside = "{method=\"GET\",route=\"unmatched\",status=\"500\"} 1\n";
        assert!(counted.contains(outside), "{counted}");
    }

    #[actix_web::test]
    async fn work_that_takes_too_long_is_a_problem() {
        let directory = tempfile::tempdir().expect("a directory");
        let (release, held) = std::sync::mpsc::channel::<()>();
        let held = std::sync::Mutex::new(held);
        let service = service(directory.path(), Duration::from_millis(100), move |_| {
            // Until the test ends.
            let _ = held.lock().map(|held| held.recv());
            Reply::json(StatusCode::OK, &"late")
        });
        let (status, body) = answered(&service, "/odd").await;
        assert_eq!((status, body["code"].as_str()), (503, Some("timed_out")));
        drop(release);
    }
}
