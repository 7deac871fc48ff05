//! What every answer says beside what was asked for: to browsers, what a page of ours may do and who
//! may read an answer; to caches, what they may keep.
//!
//! What does not live here: headers that belong to one answer, such as its tag.

use actix_cors::Cors;
use actix_web::HttpResponseBuilder;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::call;
use super::rates::{RATE_LIMIT, RATE_LIMIT_POLICY};

/// An answer is data: as a page it may load nothing, and stand in no other page.
const DATA: &str =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The interactive documentation: its own scripts, styles and requests, no others. Swagger UI writes
/// styles into its page, and pictures into its styles.
const PAGES: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; \
                     frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// A year, which browsers count as for good. Only this host: what else runs beside it is not ours.
const HSTS: &str = "max-age=31536000";

/// How long a browser may go on without asking again, in seconds: the most that any takes (Firefox).
const PREFLIGHT_SECONDS: usize = 86_400;

/// Adds the headers of every answer.
pub fn secure(headers: &mut HeaderMap, path: &str, public_url: &str) {
    let policy = if path.starts_with("/docs/") { PAGES } else { DATA };
    let mut say = |name, value| headers.insert(name, HeaderValue::from_static(value));
    say(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    say(header::CONTENT_SECURITY_POLICY, policy);
    // For browsers that do not know frame-ancestors.
    say(header::X_FRAME_OPTIONS, "DENY");
    // Paths name records, some of them confidential.
    say(header::REFERRER_POLICY, "no-referrer");
    if public_url.starts_with("https://") {
        say(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
}

/// What a cache may do with an answer that is no problem: keep it and ask whether it still holds;
/// only the client's own where the answer depends on who asks.
pub fn cache(response: &mut HttpResponseBuilder, is_personal: bool) {
    let value = if is_personal { "private, no-cache" } else { "no-cache" };
    response.insert_header((header::CACHE_CONTROL, value));
    response.insert_header((header::VARY, "Accept, Accept-Language, Authorization"));
}

/// What browsers are told of pages of other origins. Cookies mean nothing here, so none are asked for:
/// a page that calls the service has a token of its own.
pub fn cors(origins: &[String]) -> Cors {
    let expose: [HeaderName; 9] = [
        header::ETAG,
        header::LOCATION,
        header::RETRY_AFTER,
        call::LOG_INDEX,
        call::IDEMPOTENT_REPLAYED,
        call::REQUEST_ID,
        header::CONTENT_LANGUAGE,
        RATE_LIMIT,
        RATE_LIMIT_POLICY,
    ];
    let allow: [HeaderName; 9] = [
        header::ACCEPT,
        header::ACCEPT_LANGUAGE,
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        call::AT_LEAST_LOG_INDEX,
        call::IDEMPOTENCY_KEY,
        call::REQUEST_ID,
    ];
    let methods = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE];
    let cors = origins.iter().fold(Cors::default(), |cors, origin| cors.allowed_origin(origin));
    cors.allowed_methods(methods)
        .allowed_headers(allow)
        .expose_headers(expose)
        .max_age(PREFLIGHT_SECONDS)
}
