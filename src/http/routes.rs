//! Every operation of the service, once: its method and path, who may call it, what it takes and
//! gives, and the function that does it. The routes of the server and the OpenAPI document are made
//! from this table, so neither can say what the other does not.
//!
//! What the operations do lives in `handlers`.

use std::sync::Arc;

use actix_web::http::{Method, StatusCode};

use crate::domain::form::Form;
use crate::domain::identity::Scope;

use super::call::{Call, JSON, Reply};
use super::problem::{Code, Problem};

/// Where the operations of the registry live.
pub const BASE: &str = "/api/v1";

/// Largest body of a record.
pub const RECORD_BYTES: usize = 1 << 20;
/// Largest body of an import.
pub const IMPORT_BYTES: usize = 64 << 20;

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone; who sends a token sees more, and the token needs the scope `read`: a program that
    /// was answered as the public is would take what it does not see for what is not there.
    Public,
    /// Anyone whose token is accepted and has this scope; what they may do is decided by
    /// `app::access`.
    Token(Scope),
    /// Anyone, and a token means nothing here.
    Open,
}

impl Access {
    /// The scope that a token needs where one is shown.
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::Public => Some(Scope::Read),
            Self::Token(scope) => Some(scope),
            Self::Open => None,
        }
    }
}

/// What an operation asks of the service: how it counts against the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// It answers out of memory, whatever else goes on: never limited.
    Free,
    /// Those who look after the service ask it: it does not count against how often somebody may
    /// ask, and has places of its own.
    Probe,
    /// It lets numbers of certificates be tried: counted apart where nobody is named.
    Check,
    /// Work of this cost, where reading a record costs 1.
    Work(u32),
}

/// What a claim or an answer that walks the graph of references costs.
pub const GRAPH_COST: u32 = 2;
/// What many claims at once, or a file of records, cost: a hundred and more of the others, but whoever
/// may ask it is known and comes seldom.
pub const BATCH_COST: u32 = 8;

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
}

/// A parameter of an operation.
#[derive(Clone)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub position: Position,
    /// Whether it has to be there.
    pub required: bool,
    /// What it means.
    pub description: String,
    /// Its form.
    pub form: Form,
}

/// A body in one media type.
#[derive(Clone)]
pub struct Media {
    /// The media type.
    pub name: &'static str,
    /// The form of a JSON body; any text when absent.
    pub form: Option<Form>,
}

/// What an operation takes.
#[derive(Clone)]
pub struct Body {
    /// What it is.
    pub description: &'static str,
    /// The media types that are read.
    pub media: Vec<Media>,
    /// Most bytes.
    pub most: usize,
}

/// What an operation gives.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// What it is.
    pub description: String,
    /// The media types that are written; none without a body.
    pub media: Vec<Media>,
    /// The headers that it carries.
    pub headers: &'static [AnswerHeader],
}

/// A header of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerHeader {
    /// The version of a record, or what an answer follows from.
    ETag,
    /// Where what was made can be read.
    Location,
    /// The position in the record log.
    LogIndex,
    /// That the answer is the one given before.
    IdempotentReplayed,
}

/// What does the work of an operation.
pub type Handler = Arc<dyn Fn(&Call) -> Result<Reply, Problem> + Send + Sync>;

/// An operation of the service.
pub struct Operation {
    /// Its name, for documents and clients.
    pub id: String,
    /// The method.
    pub method: Method,
    /// The path, its variables in braces.
    pub path: String,
    /// Under what it is listed.
    pub tag: &'static str,
    /// What it does, in a line.
    pub summary: String,
    /// What it does.
    pub description: String,
    /// Who may call it.
    pub access: Access,
    /// How it counts against the limits.
    pub load: Load,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// What it takes.
    pub body: Option<Body>,
    /// What it gives.
    pub answer: Answer,
    /// What can go wrong beside what can always go wrong.
    pub problems: Vec<Code>,
    /// What does the work.
    pub handler: Handler,
}

impl Operation {
    /// An operation without parameters and body that answers in JSON.
    pub fn new(
        method: Method,
        path: impl Into<String>,
        id: impl Into<String>,
        handler: impl Fn(&Call) -> Result<Reply, Problem> + Send + Sync + 'static,
    ) -> Self {
        Self {
            id: id.into(),
            method,
            path: path.into(),
            tag: "",
            summary: String::new(),
            description: String::new(),
            access: Access::Public,
            load: Load::Work(1),
            parameters: Vec::new(),
            body: None,
            answer: Answer {
                status: StatusCode::OK,
                description: String::new(),
                media: Vec::new(),
                headers: &[],
            },
            problems: Vec::new(),
            handler: Arc::new(handler),
        }
    }

    /// Under what it is listed, and what it does.
    #[must_use]
    pub fn says(
        mut self,
        tag: &'static str,
        summary: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        self.tag = tag;
        self.summary = summary.into();
        self.description = description.into();
        self
    }

    /// Who may call it.
    #[must_use]
    pub fn for_whom(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// How it counts against the limits.
    #[must_use]
    pub fn loads(mut self, load: Load) -> Self {
        self.load = load;
        self
    }

    /// With further parameters.
    #[must_use]
    pub fn with(mut self, parameters: impl IntoIterator<Item = Parameter>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// What it takes, in JSON.
    #[must_use]
    pub fn takes(mut self, description: &'static str, form: Form) -> Self {
        let media = vec![Media { name: JSON, form: Some(form) }];
        self.body = Some(Body { description, media, most: RECORD_BYTES });
        self
    }

    /// What it gives, in JSON.
    #[must_use]
    pub fn gives(
        mut self,
        status: StatusCode,
        description: impl Into<String>,
        form: Form,
        headers: &'static [AnswerHeader],
    ) -> Self {
        let media = vec![Media { name: JSON, form: Some(form) }];
        self.answer = Answer { status, description: description.into(), media, headers };
        self
    }

    /// It also gives one value of this form a line.
    #[must_use]
    pub fn or_lines(mut self, form: Form) -> Self {
        self.answer.media.push(Media { name: super::call::NDJSON, form: Some(form) });
        self
    }

    /// It also gives a digital calibration certificate.
    #[must_use]
    pub fn or_dcc(mut self) -> Self {
        self.answer.media.push(Media { name: crate::app::dcc::MEDIA_TYPE, form: None });
        self
    }

    /// It also gives a table as CSV.
    #[must_use]
    pub fn or_csv(mut self) -> Self {
        self.answer.media.push(Media { name: super::call::CSV, form: None });
        self
    }

    /// It also gives a workbook.
    #[must_use]
    pub fn or_xlsx(mut self) -> Self {
        self.answer.media.push(Media { name: super::call::XLSX, form: None });
        self
    }

    /// What can go wrong.
    #[must_use]
    pub fn fails(mut self, problems: &[Code]) -> Self {
        self.problems.extend_from_slice(problems);
        self
    }

    /// Everything that can go wrong: also what follows from what the operation takes and gives.
    pub fn all_problems(&self) -> Vec<Code> {
        let mut all = self.problems.clone();
        all.extend([Code::Internal, Code::TimedOut, Code::Unavailable, Code::OtherSchema]);
        match self.load {
            Load::Free => {}
            Load::Probe => all.push(Code::Overloaded),
            Load::Check | Load::Work(_) => all.extend([Code::RateLimited, Code::Overloaded]),
        }
        all.push(Code::InvalidParameter);
        if !self.answer.media.is_empty() {
            all.push(Code::NotAcceptable);
        }
        match self.access {
            Access::Public => all.extend([Code::InvalidToken, Code::InsufficientScope]),
            Access::Token(_) => {
                all.extend([Code::Unauthenticated, Code::InvalidToken, Code::InsufficientScope]);
            }
            Access::Open => {}
        }
        if self.parameters.iter().any(|one| one.name == "At-Least-Log-Index") {
            all.push(Code::LogIndexNotReached);
        }
        if let Some(body) = &self.body {
            all.extend([
                Code::EmptyBody,
                Code::BodyTooLarge,
                Code::UnsupportedMediaType,
                Code::RequestTimeout,
                Code::InvalidBody,
            ]);
            if body.media.iter().any(|media| media.form.is_some()) {
                all.push(Code::MalformedJson);
            }
        }
        if self.parameters.iter().any(|one| one.name == "Idempotency-Key") {
            all.push(Code::IdempotencyKeyReused);
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}
