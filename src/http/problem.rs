//! What is said when something cannot be done: problem details (RFC 9457) for every error, the
//! framework's own included. One table says which status and title a code has, and what to do.
//!
//! What does not live here: why a use case refused (`app::refusal`) and what the log is told; both
//! are turned into a problem here, and a client never reads what only the operator should.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};

use crate::app::refusal::Refusal;
use crate::auth::token::TokenError;
use crate::domain::fault::{Fault, Faults, Gravity};
use crate::domain::identity::Scope;
use crate::domain::text::{Language, Text};

/// Declares the codes once: name, status, titles, and what it means and what to do.
macro_rules! codes {
    ($( $variant:ident = $code:literal $status:ident
        $vi:literal $en:literal
        $help_vi:literal $help_en:literal, )+) => {
        /// What kind of problem it is: a stable word in snake case, with its status and titles.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $( #[doc = $en] $variant, )+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )+];

            /// The word that clients test for.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $code, )+ }
            }

            /// The status of the answer.
            pub const fn status(self) -> StatusCode {
                match self { $( Self::$variant => StatusCode::$status, )+ }
            }

            /// What it is called, in both languages.
            pub fn title(self) -> Text {
                match self { $( Self::$variant => Text::new($vi, $en), )+ }
            }

            /// What it means and what to do, in both languages.
            pub fn help(self) -> Text {
                match self { $( Self::$variant => Text::new($help_vi, $help_en), )+ }
            }

            /// The code of this name.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == word)
            }
        }
    };
}

codes! {
    MalformedJson = "malformed_json" BAD_REQUEST
        "Nội dung không phải JSON" "The body is no JSON"
        "Nội dung gửi lên không đọc được như JSON (RFC 8259): sai cú pháp, bị cắt giữa chừng, không phải UTF-8, hoặc một trường xuất hiện hai lần. Hãy sửa chỗ được chỉ ra rồi gửi lại."
        "The body cannot be read as JSON (RFC 8259): its syntax is wrong, it was cut off, it is not UTF-8, or a member stands twice. Mend the place that is named and send it again.",
    EmptyBody = "empty_body" BAD_REQUEST
        "Thiếu nội dung" "The body is missing"
        "Thao tác này cần một nội dung, ở một trong các dạng mà nó nhận."
        "This operation needs a body, in one of the media types that it takes.",
    InvalidParameter = "invalid_parameter" BAD_REQUEST
        "Tham số sai" "A parameter is wrong"
        "Một tham số của đường dẫn, truy vấn hoặc tiêu đề không đọc được hoặc không được biết; từng lỗi được liệt kê trong “errors”."
        "A parameter of the path, the query or a header cannot be read or is not known; each is listed in “errors”.",
    InvalidTokenRequest = "invalid_token_request" BAD_REQUEST
        "Yêu cầu token sai" "The request for a token is wrong"
        "Cần grant_type=client_credentials cùng khoá, trong nội dung (client_secret) hoặc ở Authorization: Basic, và tuỳ chọn “scope” trong các phạm vi của khoá; từng lỗi ở “errors”, và “error” theo RFC 6749."
        "Send grant_type=client_credentials and the key, in the body (client_secret) or in Authorization: Basic, and perhaps a “scope” within those of the key; each fault is in “errors”, and “error” says it as RFC 6749 does.",
    Unauthenticated = "unauthenticated" UNAUTHORIZED
        "Cần đăng nhập" "A token is needed"
        "Hãy gửi tiêu đề Authorization: Bearer TOKEN; token lấy ở POST /api/v1/auth/token bằng khoá API."
        "Send the header Authorization: Bearer TOKEN; a token comes from POST /api/v1/auth/token for an API key.",
    InvalidToken = "invalid_token" UNAUTHORIZED
        "Token không dùng được" "The token cannot be used"
        "Token đã hết hạn, của sổ đăng ký khác, hoặc khoá của nó đã bị thu hồi. Hãy lấy token mới ở POST /api/v1/auth/token."
        "The token has expired, is another registry's, or its key was revoked. Get a new one from POST /api/v1/auth/token.",
    InvalidKey = "invalid_key" UNAUTHORIZED
        "Khoá không dùng được" "The key cannot be used"
        "Không có khoá như vậy, hoặc khoá đã hết hạn hay bị thu hồi; sổ đăng ký không nói rõ trường hợp nào."
        "There is no such key, or it has expired or was revoked; the registry does not say which.",
    NotAllowed = "not_allowed" FORBIDDEN
        "Không được phép" "Not allowed"
        "Vai trò của bạn không cho phép thao tác này. Phần “detail” nói vai trò nào được phép."
        "Your roles do not allow this. The detail says which roles do.",
    InsufficientScope = "insufficient_scope" FORBIDDEN
        "Token thiếu phạm vi" "The token lacks the scope"
        "Khoá hoặc token này không được dùng cho việc này; phần “detail” nêu phạm vi cần có. Hãy lấy token với phạm vi đó, hoặc tạo khoá có phạm vi đó; điều công khai đọc được không cần token."
        "This key or token is not for this use; the detail names the scope that is needed. Get a token with it, or make a key that has it; what is public is read without a token.",
    NotFound = "not_found" NOT_FOUND
        "Không có gì ở đường dẫn này" "There is nothing at this path"
        "Các đường dẫn được liệt kê trong /api/v1/openapi.json và /docs."
        "The paths are listed in /api/v1/openapi.json and at /docs.",
    UnknownRecord = "unknown_record" NOT_FOUND
        "Không có bản ghi này" "There is no such record"
        "Không có bản ghi với mã này trong bộ này ở thời điểm được hỏi, hoặc bạn không được xem nó."
        "There is no record with this id in this collection as known then, or it is not for you to see.",
    MethodNotAllowed = "method_not_allowed" METHOD_NOT_ALLOWED
        "Phương thức không dùng được ở đây" "The method is not known here"
        "Tiêu đề Allow liệt kê các phương thức của đường dẫn này."
        "The header Allow lists the methods of this path.",
    NotAcceptable = "not_acceptable" NOT_ACCEPTABLE
        "Không có dạng được yêu cầu" "There is no such form of the answer"
        "Tiêu đề Accept không cho phép dạng nào mà thao tác này có; phần “detail” liệt kê các dạng."
        "The header Accept allows none of the forms that this operation has; the detail lists them.",
    RequestTimeout = "request_timeout" REQUEST_TIMEOUT
        "Nội dung đến quá chậm" "The body came too slowly"
        "Nội dung không đến hết trong thời gian cho phép; không có gì được ghi. Hãy gửi lại."
        "The body did not arrive in time; nothing was written. Send it again.",
    Exists = "exists" CONFLICT
        "Đã có bản ghi này" "There is such a record already"
        "Hãy sửa đổi bản ghi đã có bằng PUT, hoặc bỏ “id” để được cấp mã mới."
        "Amend the record that is there with PUT, or leave “id” out to be given a new one.",
    AlreadySetUp = "already_set_up" CONFLICT
        "Sổ đăng ký đã được thiết lập" "The registry is set up already"
        "Việc thiết lập chỉ làm một lần. Người quản trị tạo thêm khoá ở POST /api/v1/api_keys."
        "It is set up once. Administrators make further keys at POST /api/v1/api_keys.",
    Stale = "stale" PRECONDITION_FAILED
        "Bản ghi đã thay đổi" "The record has changed"
        "If-Match không nêu phiên bản hiện tại. Hãy đọc lại bản ghi, làm lại sửa đổi và gửi với ETag mới."
        "If-Match does not name the current version. Read the record again, make the change on that, and send it with the new ETag.",
    LogIndexNotReached = "log_index_not_reached" PRECONDITION_FAILED
        "Chưa tới trạng thái này" "This state is not reached yet"
        "Nhật ký ở đây chưa tới chỉ số trong At-Least-Log-Index. Hãy thử lại sau ít lâu."
        "The log here has not reached the index of At-Least-Log-Index. Try again in a moment.",
    BodyTooLarge = "body_too_large" PAYLOAD_TOO_LARGE
        "Nội dung quá lớn" "The body is too large"
        "Một bản ghi có nhiều nhất 1 MiB, một lần nhập 64 MiB. Hãy chia nhỏ."
        "A record has at most 1 MiB, an import 64 MiB. Split it.",
    UnsupportedMediaType = "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE
        "Không đọc được loại nội dung này" "This kind of content is not read"
        "Tiêu đề Content-Type phải nêu một trong các loại ở phần “detail”; nội dung không được nén."
        "The header Content-Type has to name one of the types in the detail; a body is sent as it is, not compressed.",
    InvalidBody = "invalid_body" UNPROCESSABLE_ENTITY
        "Nội dung bị từ chối" "The body is refused"
        "Mọi lỗi của nội dung được liệt kê trong “errors”, mỗi lỗi có vị trí (JSON pointer). Không có gì được ghi."
        "All that is wrong with the body is listed in “errors”, each with its place (a JSON pointer). Nothing was written.",
    IdempotencyKeyReused = "idempotency_key_reused" UNPROCESSABLE_ENTITY
        "Khoá lặp lại được dùng cho nội dung khác" "The idempotency key was used for another body"
        "Hãy dùng một Idempotency-Key mới cho mỗi yêu cầu mới, và dùng lại khoá chỉ để gửi lại đúng yêu cầu cũ."
        "Use a new Idempotency-Key for each new request, and the same one only to send the same request again.",
    IfMatchRequired = "if_match_required" PRECONDITION_REQUIRED
        "Thiếu If-Match" "If-Match is missing"
        "Hãy đọc bản ghi và gửi ETag của nó trong If-Match, để không ghi đè sửa đổi của người khác."
        "Read the record and send its ETag in If-Match, so that nobody else's change is overwritten.",
    RateLimited = "rate_limited" TOO_MANY_REQUESTS
        "Quá nhiều yêu cầu" "Too many requests"
        "Bạn đã dùng hết số lần trong một phút. Hãy thử lại sau thời gian trong Retry-After; RateLimit và RateLimit-Policy nói còn bao nhiêu."
        "You have used up what a minute allows. Try again after the time in Retry-After; RateLimit and RateLimit-Policy say how much is left.",
    Internal = "internal" INTERNAL_SERVER_ERROR
        "Lỗi của sổ đăng ký" "A fault of the registry"
        "Đây không phải lỗi của yêu cầu. Hãy báo lại cùng “request_id”."
        "This is no fault of the request. Please report it with the “request_id”.",
    TimedOut = "timed_out" SERVICE_UNAVAILABLE
        "Xử lý quá lâu" "It took too long"
        "Yêu cầu không xong trong thời gian cho phép. Gửi lại với cùng Idempotency-Key thì không ghi hai lần."
        "The request was not done in time. Sent again with the same Idempotency-Key it is not written twice.",
    Overloaded = "overloaded" SERVICE_UNAVAILABLE
        "Đang quá tải" "There is too much to do"
        "Sổ đăng ký đang nhận nhiều việc hơn mức làm được; yêu cầu này chưa được làm. Hãy thử lại sau thời gian trong Retry-After."
        "The registry is asked for more than it can do at once; nothing was done for this request. Try again after the time in Retry-After.",
    Unavailable = "unavailable" SERVICE_UNAVAILABLE
        "Tạm thời không dùng được" "Not available at the moment"
        "Cơ sở dữ liệu không trả lời, đang bận hoặc đã đầy. Hãy thử lại sau thời gian trong Retry-After; gửi lại với cùng Idempotency-Key thì không ghi hai lần."
        "The database does not answer, is busy or is full. Try again after the time in Retry-After; sent again with the same Idempotency-Key nothing is written twice.",
    OtherSchema = "other_schema" SERVICE_UNAVAILABLE
        "Cơ sở dữ liệu thuộc phiên bản khác" "The database is that of another version"
        "Cơ sở dữ liệu đã được chuẩn bị cho một phiên bản khác của chương trình; tiến trình này không đọc cũng không ghi gì cho tới khi được thay thế. Tiến trình khác có thể trả lời; hãy thử lại sau thời gian trong Retry-After."
        "The database was made ready for another version of the program; this instance reads and writes nothing until it is replaced. Another may answer; try again after the time in Retry-After.",
}

answer! {
    /// What could not be done, and why (RFC 9457).
    ProblemDetails {
        /// The page that says what it means and what to do.
        type_ as "type": String,
        /// What it is called.
        title: String,
        /// The status of the answer.
        status: u16,
        /// What is wrong in this case.
        detail: String,
        /// The path of the request.
        instance: String,
        /// What kind of problem: a stable word.
        code: &'static str,
        /// The request, for whoever asks about it.
        request_id: String,
        /// The same for clients of OAuth (RFC 6749, 5.2), where a token was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'static str>,
        /// Each thing that is wrong, with its place.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        errors: Vec<ProblemError>,
    }
}

answer! {
    /// One thing that is wrong.
    ProblemError {
        /// Where: a JSON pointer into the body, or the name of a parameter after a slash.
        pointer: String,
        /// What kind of fault: a stable word.
        code: &'static str,
        /// What is wrong, what was expected and what to do.
        detail: String,
    }
}

/// Why a request was not done, for whoever sent it.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What kind of problem.
    pub code: Code,
    /// What is wrong in this case.
    pub detail: Text,
    /// The same in the words of RFC 6749, 5.2, where a token was asked for.
    pub oauth: Option<&'static str>,
    /// Each thing that is wrong, with its place.
    pub errors: Vec<Fault>,
    /// Headers beside those of every problem.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What only the log is told.
    pub internal: Option<String>,
}

impl Code {
    /// Whether it is who asks, and not what is asked for, for which a request is refused.
    pub fn is_of_who_asks(self) -> bool {
        matches!(
            self,
            Self::Unauthenticated
                | Self::InvalidToken
                | Self::InvalidKey
                | Self::InsufficientScope
                | Self::NotAllowed
        )
    }
}

impl Problem {
    /// A problem with what is wrong in this case.
    pub fn new(code: Code, detail: Text) -> Self {
        Self { code, detail, oauth: None, errors: Vec::new(), headers: Vec::new(), internal: None }
    }

    /// A problem of which the code says everything.
    pub fn of(code: Code) -> Self {
        Self::new(code, code.help())
    }

    /// One wrong parameter; its pointer names it.
    pub fn parameter(name: &str, code: &'static str, message: Text) -> Self {
        Self::parameters(vec![Fault::error(format!("/{name}"), code, message)])
    }

    /// Wrong parameters.
    pub fn parameters(errors: Vec<Fault>) -> Self {
        let detail = counted(&errors);
        Self { errors, ..Self::new(Code::InvalidParameter, detail) }
    }

    /// A token that lacks the scope (RFC 6750, 3.1).
    pub fn lacking(scope: Scope) -> Self {
        let message = Text::new(
            format!("cần phạm vi “{scope}”; khoá hoặc token này không có"),
            format!("the scope “{scope}” is needed; this key or token does not have it"),
        );
        let challenge =
            format!("Bearer realm=\"etalon\", error=\"insufficient_scope\", scope=\"{scope}\"");
        Self::new(Code::InsufficientScope, message).with(header::WWW_AUTHENTICATE, &challenge)
    }

    /// Something that the client has no part in; the log is told what.
    pub fn internal(what: impl Into<String>) -> Self {
        Self { internal: Some(what.into()), ..Self::of(Code::Internal) }
    }

    /// With a further header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The same, for clients of OAuth too.
    #[must_use]
    pub fn for_oauth(self, error: &'static str) -> Self {
        Self { oauth: Some(error), ..self }
    }

    /// The body.
    pub fn details(&self, place: &Place<'_>) -> ProblemDetails {
        let Place { base, request_id, instance, language } = *place;
        let code = self.code;
        let errors = self.errors.iter().map(|fault| ProblemError {
            pointer: fault.pointer.clone(),
            code: fault.code,
            detail: fault.message.in_language(language).to_owned(),
        });
        ProblemDetails {
            type_: format!("{base}/problems/{}", code.as_str()),
            title: code.title().in_language(language).to_owned(),
            status: code.status().as_u16(),
            detail: self.detail.in_language(language).to_owned(),
            instance: instance.to_owned(),
            code: code.as_str(),
            request_id: request_id.to_owned(),
            error: self.oauth,
            errors: errors.collect(),
        }
    }

    /// The answer.
    pub fn to_response(&self, place: &Place<'_>) -> HttpResponse {
        let mut response = HttpResponse::build(self.code.status());
        response.content_type("application/problem+json");
        response.insert_header((header::CONTENT_LANGUAGE, place.language.as_str()));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        match self.code.status() {
            StatusCode::UNAUTHORIZED => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"etalon\""));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                response.insert_header((header::RETRY_AFTER, "1"));
            }
            _ => {}
        }
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        let mut response =
            response.body(serde_json::to_string(&self.details(place)).unwrap_or_default());
        // For whoever counts it on its way out.
        response.extensions_mut().insert(self.code);
        response
    }
}

/// Where a problem arose, for its body.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    /// The address that clients see the registry at.
    pub base: &'p str,
    /// The request.
    pub request_id: &'p str,
    /// Its path.
    pub instance: &'p str,
    /// The language that the client reads.
    pub language: Language,
}

fn counted(errors: &[Fault]) -> Text {
    match errors {
        [one] => one.message.clone(),
        several => {
            let count = several.len();
            Text::new(format!("có {count} lỗi"), format!("{count} things are wrong"))
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let text = refusal.text();
        match refusal {
            Refusal::Faults(Faults(mut errors)) => {
                errors.retain(|fault| fault.gravity == Gravity::Error);
                Self { errors, ..Self::new(Code::InvalidBody, text) }
            }
            Refusal::Unknown { .. }
            | Refusal::NoSuch { .. }
            | Refusal::NoPolicy { .. }
            | Refusal::NoRule { .. } => Self::new(Code::UnknownRecord, text),
            Refusal::Exists { .. } | Refusal::PolicyExists { .. } => Self::new(Code::Exists, text),
            Refusal::Stale { .. } | Refusal::StalePolicy { .. } => Self::new(Code::Stale, text),
            Refusal::NotAllowed { .. } => Self::new(Code::NotAllowed, text),
            Refusal::NoSuchForm(_) => Self::new(Code::NotAcceptable, text),
            Refusal::KeyReused => Self::of(Code::IdempotencyKeyReused),
            Refusal::AlreadySetUp => Self::of(Code::AlreadySetUp),
            Refusal::WrongKey => Self::of(Code::InvalidKey),
            other if other.is_other_schema() => {
                Self { internal: Some(other.to_string()), ..Self::of(Code::OtherSchema) }
            }
            passing if passing.is_passing() => {
                Self { internal: Some(passing.to_string()), ..Self::of(Code::Unavailable) }
            }
            other => Self::internal(other.to_string()),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let challenge = "Bearer realm=\"etalon\", error=\"invalid_token\"";
        let mut problem = Self::new(Code::InvalidToken, error.text());
        problem.errors.push(Fault::error("/Authorization", error.code(), error.text()));
        problem.with(header::WWW_AUTHENTICATE, challenge)
    }
}
