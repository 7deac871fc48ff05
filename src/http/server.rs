//! The server: operations become routes, requests become calls, answers become responses. Whatever
//! happens on the way, also inside the framework, a client is answered with a problem that it can
//! read.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::{Compress, Condition, Next, from_fn};
use actix_web::rt::time::timeout;
use actix_web::web::{self, Bytes, Payload};
use actix_web::{App, HttpMessage, HttpRequest, HttpResponse, HttpServer};
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendTimeoutError;
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

use super::call::{Call, LinesWork, Noted, REQUEST_ID, Reply, ReplyBody};
use super::client;
use super::connections::Connection;
use super::gate::{self, Place as Turn, Room};
use super::headers;
use super::negotiation;
use super::problem::{Code, Place, Problem};
use super::rates::Told;
use super::routes::{Access, BASE, Body, Load, Operation, Position};
use super::service::Service;

/// Time in which the head of a request has to come: some packets, from anywhere.
const HEAD_SECONDS: Duration = Duration::from_secs(10);
/// The methods that are answered at all, in the order in which they are named.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];
/// Most characters of a path that are kept of a request that was refused.
const LONGEST_PATH: usize = 300;
/// Lines of an answer that wait for a slow client; how long they do is set.
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
        self.service.ask_issuers()?;
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
        let idle = service.settings.limits.idle_time;
        let connections = Arc::clone(&service.connections);
        let make = move || {
            let inside = Arc::clone(&service);
            let outside = Arc::clone(&service);
            let cors = Condition::new(
                !service.settings.cors_origins.is_empty(),
                headers::cors(&service.settings.cors_origins),
            );
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
                .wrap(cors)
                .wrap(from_fn(move |request, next| observed(Arc::clone(&outside), request, next)))
        };
        let server = HttpServer::new(make)
            .client_request_timeout(HEAD_SECONDS)
            .keep_alive(idle)
            .on_connect(move |stream, data| {
                if let Some(stream) = stream.downcast_ref() {
                    data.insert(connections.accept(stream));
                }
            })
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
            address: IpAddr::from([0, 0, 0, 0]),
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
        address: client::address(&request, &service.settings.trusted_proxies),
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
                sign(response.headers_mut(), &noted, &place);
                let told = response.request().extensions().get::<Told>().cloned();
                for (name, value) in told.iter().flat_map(Told::headers) {
                    response.headers_mut().insert(name, value);
                }
                if !is_admitted(response.request()) {
                    response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
                }
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
            address = %self.noted.address,
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
    sign(response.headers_mut(), noted, place);
    InternalError::from_response(problem.code.as_str(), response).into()
}

/// The headers of every answer.
fn sign(headers: &mut HeaderMap, noted: &Noted, place: &Place<'_>) {
    if let Ok(id) = HeaderValue::from_str(&noted.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers::secure(headers, place.instance, place.base);
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
    let outcome = async {
        let mut room = service.gate.room();
        let call = call(&service, &operation, &request, &noted, payload, &mut room).await;
        let call = call.inspect_err(|problem| {
            let asked = (request.method().as_str(), request.path());
            note_refused(&service, &noted, asked, problem, None);
        })?;
        // A slow body has a time of its own, and so has a queue: what is said of them does not hang on
        // which clock is first.
        let turn = service.gate.enter(operation.load, &service.metrics).await?;
        let within = service.settings.request_time;
        let done = timeout(within, done(call, (turn, room))).await;
        done.unwrap_or_else(|_| Err(Problem::of(Code::TimedOut)))
    };
    let is_personal = request.headers().contains_key(header::AUTHORIZATION);
    match outcome.await.and_then(|reply| respond(reply, &service, is_personal)) {
        Ok(response) => response,
        Err(problem) => {
            log(&problem);
            problem.to_response(&noted.place(&service, request.path()))
        }
    }
}

/// Whether the connection that a request came by is within the bounds. One of a test is.
fn is_admitted(request: &HttpRequest) -> bool {
    request.conn_data::<Connection>().is_none_or(Connection::is_admitted)
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
        address: noted.address.to_string(),
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
    room: &mut Room,
) -> Result<Call, Problem> {
    let is_limited = matches!(operation.load, Load::Work(_) | Load::Check);
    if is_limited && !is_admitted(request) {
        return Err(gate::overloaded("CONNECTIONS", &service.metrics));
    }
    let now = clock::now();
    let proof = match (operation.access, request.headers().get(header::AUTHORIZATION)) {
        (Access::Open, _) | (_, None) => None,
        (_, Some(value)) => match value.to_str().ok().and_then(bearer) {
            None => Some(Err(Problem::of(Code::Unauthenticated))),
            Some(token) => {
                Some(service.proof(token, now).await.map_err(|problem| match problem.code {
                    Code::InvalidToken => {
                        service.rates.wrong_token(noted.address, problem, &service.metrics)
                    }
                    _ => problem,
                }))
            }
        },
    };
    let known = proof.as_ref().and_then(|proof| Some(&proof.as_ref().ok()?.identity));
    let told = service.rates.draw(known, noted.address, operation, &service.metrics)?;
    if let Some(told) = told {
        request.extensions_mut().insert(told);
    }
    let proof = match (operation.access, proof) {
        (Access::Token(_), None) => return Err(Problem::of(Code::Unauthenticated)),
        (_, proof) => proof.transpose()?,
    };
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
    let path = operation.parameters.iter().filter(|one| one.position == Position::Path);
    let path = path.map(|one| {
        let value = request.match_info().get(one.name).unwrap_or_default();
        (one.name.to_owned(), value.to_owned())
    });
    let path = path.collect();
    let query = query(operation, request.query_string())?;
    let body = match &operation.body {
        None => Vec::new(),
        Some(body) => read(body, request, payload, service, room).await?,
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
        proof,
        principal: None,
    })
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Faults of a query that are told: nobody mends more at a time, and a hostile query must not make an
/// answer that is a hundred times as long.
const MOST_FAULTS: usize = 100;

/// The query, of which every name is known and stands once.
fn query(operation: &Operation, text: &str) -> Result<Vec<(String, String)>, Problem> {
    let mut query: Vec<(String, String)> = Vec::new();
    let mut faults = Vec::new();
    let known = || operation.parameters.iter().filter(|one| one.position == Position::Query);
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        if faults.len() >= MOST_FAULTS {
            break;
        }
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
    service: &Service,
    room: &mut Room,
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
                true => {
                    room.grow(length, &service.metrics)?;
                    bytes.extend_from_slice(&piece);
                }
                // The rest of a body that is a little too large is read and thrown away: a client
                // that still sends would not read the answer.
                false if length <= 4 * body.most.min(8 << 20) => bytes.clear(),
                false => break,
            }
        }
        Ok::<(), Problem>(())
    };
    match timeout(service.settings.request_time, reading).await {
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

/// Does the work where it may block. The work holds its places until it ends, also where nobody waits
/// for it any more.
async fn done(mut call: Call, held: (Turn, Room)) -> Result<Reply, Problem> {
    let span = tracing::Span::current();
    let (service, load) = (Arc::clone(&call.service), call.operation.load);
    let entered = span.clone();
    let work = move |call: &mut Call| {
        if load != Load::Free {
            call.at_least()?;
            call.identify()?;
        }
        if let Some(principal) = &call.principal {
            span.record("actor", principal.actor());
            call.service.attempts.used(&principal.credential, call.moment.now);
        }
        let handler = Arc::clone(&call.operation.handler);
        let reply = handler(call)?;
        if let Some(log_index) = reply.log_index() {
            span.record("log_index", log_index);
        }
        Ok(reply)
    };
    let work = move || {
        let _held = held;
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
    let done = match load {
        // It blocks nowhere, and does not wait for a thread behind work that does.
        Load::Free => caught(),
        _ => match web::block(caught).await {
            Ok(done) => done,
            Err(error) => return Err(Problem::internal(error.to_string())),
        },
    };
    done.unwrap_or_else(|panic| {
        service.metrics.count_panic();
        Err(Problem::internal(said_by(panic.as_ref())))
    })
}

fn respond(
    reply: Reply,
    service: &Arc<Service>,
    is_personal: bool,
) -> Result<HttpResponse, Problem> {
    let mut response = HttpResponse::build(reply.status);
    headers::cache(&mut response, is_personal);
    for (name, value) in reply.headers {
        response.insert_header((name, value));
    }
    Ok(match reply.body {
        ReplyBody::Empty => response.finish(),
        ReplyBody::Text(media, text) => response.content_type(media).body(text),
        ReplyBody::File(media, bytes) => response.content_type(media).body(bytes),
        ReplyBody::Lines(work) => response.content_type(super::call::NDJSON).streaming(lines(
            work,
            service,
            service.gate.stream(&service.metrics)?,
        )),
    })
}

/// Lines while they are made, in a thread of their own that waits while the client reads. A client
/// that takes nothing for too long, or takes too long altogether, is cut off: what it holds does not
/// end as an answer ends, so it cannot be taken for the whole.
fn lines(
    work: LinesWork,
    service: &Arc<Service>,
    place: Turn,
) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let (sender, mut receiver) = mpsc::channel::<Bytes>(LINES_WAITING);
    let is_whole = Arc::new(AtomicBool::new(false));
    let (service, is_done) = (Arc::clone(service), Arc::clone(&is_whole));
    let (runtime, span) = (tokio::runtime::Handle::current(), tracing::Span::current());
    actix_web::rt::spawn(web::block(move || {
        let _entered = span.entered();
        let _place = place;
        let limits = &service.settings.limits;
        let stopwatch = Stopwatch::start();
        let mut goes_on = true;
        let mut send = |mut line: String| {
            line.push('\n');
            let left = limits.stream_time.saturating_sub(stopwatch.elapsed());
            let sent = sender.send_timeout(Bytes::from(line), left.min(limits.stall_time));
            goes_on = goes_on
                && match runtime.block_on(sent) {
                    Ok(()) => true,
                    Err(SendTimeoutError::Closed(_)) => false,
                    Err(SendTimeoutError::Timeout(_)) => {
                        service.metrics.count_limit("SLOW_READER");
                        false
                    }
                };
            goes_on
        };
        work(&mut send);
        is_done.store(goes_on, Ordering::Release);
    }));
    let mut is_over = false;
    stream::poll_fn(move |context| {
        if is_over {
            return Poll::Ready(None);
        }
        let line = std::task::ready!(receiver.poll_recv(context));
        is_over = line.is_none();
        Poll::Ready(match line {
            Some(line) => Some(Ok(line)),
            None if is_whole.load(Ordering::Acquire) => None,
            None => Some(Err(io::Error::other("the answer was not made to its end"))),
        })
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test as actix;

    use super::*;
    use crate::app::registry::Registry;
    use crate::auth::token::{Issuer, SigningKey};
    use crate::config;
    use crate::http::call::JSON;
    use crate::http::service::Identities;
    use crate::store::DatabaseUrl;
    use crate::telemetry::{Metrics, Sampled};

    /// A service with one operation more, which does this, with other settings.
    fn service(
        directory: &std::path::Path,
        change: impl FnOnce(&mut config::Server),
        handler: impl Fn(&Call) -> Result<Reply, Problem> + Send + Sync + 'static,
    ) -> Service {
        let url = DatabaseUrl::Sqlite(directory.join("registry.db"));
        let (key, _) = SigningKey::generate([1; 32]);
        let issuer = Issuer::new(key, "http://here".to_owned(), Duration::from_secs(60));
        let mut settings = config::Config::of_defaults().expect("defaults").server;
        settings.public_url = "http://here".to_owned();
        settings.shutdown_time = Duration::from_secs(1);
        change(&mut settings);
        let mut service = Service::new(
            Registry::open(&url).expect("a registry"),
            Identities::of(issuer),
            settings,
            Metrics::new().expect("metrics"),
        );
        let operation = Operation::new(Method::GET, "/odd", "odd", handler).for_whom(Access::Open);
        service.operations.push(Arc::new(operation));
        service
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
        let app = actix::init_service(app).await;
        let request = actix::TestRequest::get().uri(path).to_request();
        let response = match actix::try_call_service(&app, request).await {
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
        let service = Arc::new(service(directory.path(), |_| {}, |_| panic!("a secret")));
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
        let soon = |settings: &mut config::Server| {
            settings.request_time = Duration::from_millis(100);
        };
        let service = service(directory.path(), soon, move |_| {
            // Until the test ends.
            let _ = held.lock().map(|held| held.recv());
            Reply::json(StatusCode::OK, &"late")
        });
        let service = Arc::new(service);
        let (status, body) = answered(&service, "/odd").await;
        assert_eq!((status, body["code"].as_str()), (503, Some("timed_out")));
        drop(release);
    }

    #[actix_web::test]
    async fn beyond_its_places_it_says_so_and_those_who_look_after_it_are_answered() {
        let directory = tempfile::tempdir().expect("a directory");
        let (release, held) = std::sync::mpsc::channel::<()>();
        let held = std::sync::Mutex::new(held);
        let (began, mut begins) = mpsc::unbounded_channel();
        let narrow = |settings: &mut config::Server| {
            settings.limits.requests = 1;
            settings.limits.waiting = 0;
        };
        let service = service(directory.path(), narrow, move |_| {
            let _ = began.send(());
            let _ = held.lock().map(|held| held.recv());
            Reply::json(StatusCode::OK, &"done")
        });
        let service = Arc::new(service);
        let first = answered(&service, "/odd");
        let meanwhile = async {
            begins.recv().await.expect("it is worked on");
            for _ in 0..100 {
                let (status, body) = answered(&service, "/odd").await;
                assert_eq!((status, body["code"].as_str()), (503, Some("overloaded")));
            }
            for path in ["/healthz", "/version", "/readyz"] {
                assert_ne!(answered(&service, path).await.1["code"], "overloaded", "{path}");
            }
            assert_eq!(answered(&service, "/healthz").await.0, 200);
            drop(release);
        };
        let ((status, _), ()) = futures_util::future::join(first, meanwhile).await;
        assert_eq!(status, 200, "what was let in is done");
        assert!(service.metrics.render(&Sampled::default()).contains("limit=\"QUEUE\"} 100"));
        assert_eq!(answered(&service, "/odd").await.0, 200);
    }

    /// A server of its own, for as long as a test holds what ends it, that answers lines without end
    /// and says when it begins and ends to make them.
    fn endless(
        directory: &std::path::Path,
        change: impl FnOnce(&mut config::Limits),
    ) -> (SocketAddr, std::sync::mpsc::Receiver<bool>, tokio::sync::oneshot::Sender<()>) {
        let (says, said) = std::sync::mpsc::channel();
        let service = service(
            directory,
            |settings| change(&mut settings.limits),
            move |_| {
                let says = says.clone();
                Ok(Reply::lines(move |send| {
                    let _ = says.send(true);
                    while send("x".repeat(10_000)) {}
                    let _ = says.send(false);
                }))
            },
        );
        let listener = bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let address = listener.1;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let bound = Bound::new(service, listener);
        std::thread::spawn(move || bound.run(async move { drop(stopped.await) }));
        (address, said, stop)
    }

    fn asked(address: SocketAddr) -> std::net::TcpStream {
        use std::io::Write as _;

        let mut stream = std::net::TcpStream::connect(address).expect("a connection");
        write!(stream, "GET /odd HTTP/1.1\r\nHost: here\r\n\r\n").expect("sent");
        stream
    }

    /// Long for anything that has to happen; it only keeps a fault from hanging the tests.
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_client_that_reads_nothing_or_for_too_long_holds_no_thread() {
        use std::io::Read as _;

        for is_read in [false, true] {
            let directory = tempfile::tempdir().expect("a directory");
            let (address, said, _stop) = endless(directory.path(), |limits| match is_read {
                false => limits.stall_time = Duration::from_millis(200),
                true => limits.stream_time = Duration::from_millis(200),
            });
            let mut stream = asked(address);
            assert_eq!(said.recv_timeout(LONG), Ok(true));
            let mut answer = Vec::new();
            if is_read {
                // Its end may come as a reset.
                let _ = stream.read_to_end(&mut answer);
            }
            assert_eq!(said.recv_timeout(LONG), Ok(false), "the thread is free");
            let _ = stream.read_to_end(&mut answer);
            assert!(answer.starts_with(b"HTTP/1.1 200"), "it began");
            assert!(!answer.ends_with(b"0\r\n\r\n"), "it does not look whole");
        }
    }

    #[test]
    fn answers_that_go_on_have_so_many_places() {
        use std::io::Read as _;

        let directory = tempfile::tempdir().expect("a directory");
        let (address, said, _stop) = endless(directory.path(), |limits| limits.streams = 1);
        let first = asked(address);
        assert_eq!(said.recv_timeout(LONG), Ok(true));
        let mut head = [0; 12];
        asked(address).read_exact(&mut head).expect("an answer");
        assert_eq!(&head, b"HTTP/1.1 503");
        // The work ends when its client goes.
        drop(first);
        assert_eq!(said.recv_timeout(LONG), Ok(false));
        // Its place is free a moment after it said so.
        let admitted = (0..1_000).any(|_| {
            asked(address).read_exact(&mut head).expect("an answer");
            &head == b"HTTP/1.1 200"
        });
        assert!(admitted);
    }
}
