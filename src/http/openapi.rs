//! The OpenAPI document, made from the operations and the forms of what they take and give. It is
//! committed as `openapi/openapi.json`; a test compares. What an operation is lives in `routes`, the
//! forms beside their types.
//!
//! The examples are real: `openapi/examples.json` holds requests that a test sends, in this order,
//! to a new registry, and the answers that it got.

use std::collections::BTreeMap;

use actix_web::http::Method;
use serde_json::Value;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, Header, InfoBuilder, LicenseBuilder, OpenApiBuilder, Paths,
    Required, Response, ResponseBuilder, ServerBuilder,
};

use crate::domain::form::Described as _;
use crate::domain::identity::Scope;

use super::problem::{Code, ProblemDetails};
use super::routes::{Access, AnswerHeader, Media, Operation, Parameter, Position};
use super::schema::Components;

/// The name of the bearer token among the security schemes.
const TOKEN: &str = "token";

/// The examples, by operation.
static EXAMPLES: &str = include_str!("../../openapi/examples.json");

/// What the document says before all operations.
const ABOUT: &str = "\
A registry of measurement standards. It keeps national measurement standards, calibration \
certificates, capabilities (CMCs), laboratories and their recognitions, and answers whether the \
value of a working standard is traceable to the SI, by which recognised route, and through whom it \
is linked to the BIPM.

**Errors** are problem details (RFC 9457) with a stable `code`; a body that is refused lists all \
that is wrong with it, each with a JSON pointer. **Time travel**: every read takes `known_at`; every \
answer says in `Log-Index` which state of the record log it is from. **Writes** name the version \
that they were made from (`If-Match`) and may be sent twice (`Idempotency-Key`). **Tokens** come \
from `POST /api/v1/auth/token` for an API key. What is confidential (ISO/IEC 17025, 4.2) is left \
out for those who may not see it; without a token, everyone sees what is public.";

/// The tags, with what is listed under them.
const TAGS: [(&str, &str); 20] = [
    ("verifications", "Claims and their reports: is this value traceable?"),
    ("impact", "What is affected by something that turned out to be bad (ISO/IEC 17025, 7.10)."),
    ("measurement_standards", "Standards, instruments and batches of reference materials."),
    ("calibrations", "Calibration certificates."),
    ("organisations", "Institutes, laboratories, authorities and other organisations."),
    ("memberships", "Who belongs to which arrangement."),
    ("accreditations", "Accreditations of organisations."),
    ("legal_recognitions", "Recognitions under national law."),
    ("capabilities", "Calibration and measurement capabilities (CMCs)."),
    ("realisations", "Roots: realisations of units."),
    ("comparisons", "Comparisons of institutes and laboratories."),
    ("documents", "Normative documents."),
    ("nonconformities", "Cases of nonconforming work (ISO/IEC 17025, 7.10)."),
    ("attestations", "What others say of a record: confirmed, approved, refused, disputed."),
    ("programme", "Targets and plans of a national programme."),
    ("imports", "Many records at once."),
    ("log", "The record log: audit trail and change feed."),
    ("reference", "Quantity kinds, units and rules."),
    ("policies", "Policies under which claims are judged."),
    ("identity", "Tokens, keys and members."),
];

/// The OpenAPI document as JSON.
pub fn document() -> String {
    let examples: BTreeMap<String, Value> = serde_json::from_str(EXAMPLES).unwrap_or_default();
    let mut writer = Writer { components: Components::default(), examples };
    let mut paths = PathsBuilder::new().build();
    for operation in super::handlers::operations() {
        writer.add(&mut paths, &operation);
    }
    let mut components = ComponentsBuilder::new().security_scheme(
        TOKEN,
        SecurityScheme::Http({
            let mut scheme = Http::new(HttpAuthScheme::Bearer);
            scheme.bearer_format = Some("JWT".to_owned());
            let scopes = Scope::ALL.iter().map(|scope| format!("`{scope}`"));
            let scopes = scopes.collect::<Vec<_>>().join(", ");
            scheme.description = Some(format!(
                "A token of at most 15 minutes, with the scope that the operation names: one of \
                 {scopes}. Where a token is not needed, one that is sent needs `read` all the same."
            ));
            scheme
        }),
    );
    for (name, schema) in writer.components.into_schemas() {
        components = components.schema(name, schema);
    }
    let mut license = LicenseBuilder::new().name("MIT OR Apache-2.0").build();
    license.identifier = Some("MIT OR Apache-2.0".to_owned());
    let info = InfoBuilder::new()
        .title("Etalon")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(license))
        .build();
    let tag = |(name, description): &(&str, &str)| {
        TagBuilder::new().name(*name).description(Some(*description)).build()
    };
    let mut tags: Vec<_> = TAGS.iter().map(tag).collect();
    tags.push(tag(&("operations", "For those who run the service.")));
    let document = OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new().url("/").description(Some("This registry.")).build()]))
        .tags(Some(tags))
        .paths(paths)
        .components(Some(components.build()))
        .build();
    let value = serde_json::to_value(&document).unwrap_or_default();
    serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
}

struct Writer {
    components: Components,
    examples: BTreeMap<String, Value>,
}

impl Writer {
    fn add(&mut self, paths: &mut Paths, operation: &Operation) {
        let mut built = OperationBuilder::new()
            .operation_id(Some(&operation.id))
            .tag(operation.tag)
            .summary(Some(&operation.summary))
            .description(Some(&operation.description));
        let scope = operation.access.scope().map(|scope| scope.as_str());
        let token = || SecurityRequirement::new(TOKEN, scope);
        // An empty requirement says that a token is not needed.
        built = match operation.access {
            Access::Token(_) => built.security(token()),
            Access::Public => built.security(SecurityRequirement::default()).security(token()),
            // Nothing at all says that a token means nothing: generators take even an empty
            // requirement for one.
            Access::Open => built.securities(Some([])),
        };
        for parameter in &operation.parameters {
            built = built.parameter(self.parameter(parameter));
        }
        let example = self.examples.get(&operation.id).cloned().unwrap_or_default();
        if let Some(body) = &operation.body {
            let mut request = RequestBodyBuilder::new()
                .description(Some(body.description))
                .required(Some(Required::True));
            for media in &body.media {
                request = request.content(media.name, self.content(media, &example["request"]));
            }
            built = built.request_body(Some(request.build()));
        }
        let answer = &operation.answer;
        let mut response = ResponseBuilder::new().description(&answer.description);
        for media in &answer.media {
            response = response.content(media.name, self.content(media, &example["response"]));
        }
        for header in answer.headers {
            let (name, header) = self.header(*header);
            response = response.header(name, header);
        }
        built = built.response(answer.status.as_str(), response.build());
        if operation.parameters.iter().any(|one| one.name == "If-None-Match") {
            let unchanged = Response::new("What the client has still holds.");
            built = built.response("304", unchanged);
        }
        let mut problems: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
        for code in operation.all_problems() {
            problems.entry(code.status().as_u16()).or_default().push(code);
        }
        for (status, codes) in problems {
            built = built.response(status.to_string(), self.problem(&codes));
        }
        let method = match operation.method {
            Method::POST => HttpMethod::Post,
            Method::PUT => HttpMethod::Put,
            Method::DELETE => HttpMethod::Delete,
            _ => HttpMethod::Get,
        };
        paths.add_path_operation(&operation.path, vec![method], built.build());
    }

    fn parameter(&mut self, parameter: &Parameter) -> utoipa::openapi::path::Parameter {
        let place = match parameter.position {
            Position::Path => ParameterIn::Path,
            Position::Query => ParameterIn::Query,
            Position::Header => ParameterIn::Header,
        };
        ParameterBuilder::new()
            .name(parameter.name)
            .parameter_in(place)
            .required(if parameter.required { Required::True } else { Required::False })
            .description(Some(&parameter.description))
            .schema(Some(self.components.schema(&parameter.form)))
            .build()
    }

    fn content(&mut self, media: &Media, example: &Value) -> utoipa::openapi::Content {
        let form = media.form.clone().unwrap_or_else(String::form);
        let mut content = ContentBuilder::new().schema(Some(self.components.schema(&form)));
        let is_shown = media.name == super::call::JSON && !example.is_null();
        if is_shown {
            content = content.example(Some(example.clone()));
        }
        content.build()
    }

    fn header(&mut self, header: AnswerHeader) -> (&'static str, Header) {
        let (name, description, form) = match header {
            AnswerHeader::ETag => {
                ("ETag", "The version, for If-Match and If-None-Match.", String::form())
            }
            AnswerHeader::Location => ("Location", "Where it can be read.", String::form()),
            AnswerHeader::LogIndex => (
                "Log-Index",
                "The position in the record log that the answer is from; of a write, its own.",
                u64::form(),
            ),
            AnswerHeader::IdempotentReplayed => (
                "Idempotent-Replayed",
                "`true` when the same request came before and this is what it was answered.",
                String::form(),
            ),
        };
        let schema = self.components.schema(&form);
        (name, HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build())
    }

    /// The answer for the problems of one status.
    fn problem(&mut self, codes: &[Code]) -> Response {
        let says = codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.title().en));
        let description = says.collect::<Vec<_>>().join("; ") + ".";
        let schema = self.components.reference::<ProblemDetails>();
        let content = ContentBuilder::new().schema(Some(schema)).build();
        ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", content)
            .build()
    }
}
