//! A client that takes part in what goes wrong: it is told what it was answered, and when it was not.

use std::time::Duration;

use serde_json::Value;

/// A client of one instance, with connections that it keeps.
#[derive(Clone)]
pub struct Client {
    address: String,
    agent: ureq::Agent,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    /// The body as JSON; null where it is none.
    pub body: Value,
}

/// How long a client waits: longer than a request may take (30 s) and than a stop lets it end. What
/// is not answered by then hangs.
const PATIENCE: Duration = Duration::from_secs(90);

impl Client {
    pub fn new(address: String) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .into();
        Self { address, agent }
    }

    /// Where it asks: `127.0.0.1:8080`.
    pub fn authority(&self) -> &str {
        self.address.trim_start_matches("http://")
    }

    /// Sends a request; an error where no whole answer came.
    ///
    /// # Panics
    /// When nothing came for so long that it hangs.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, ureq::Error> {
        let uri = format!("{}{path}", self.address);
        let mut request = ureq::http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).expect("a request");
        let answered = self.agent.run(request).and_then(|mut response| {
            let text = response.body_mut().with_config().limit(1 << 26).read_to_string()?;
            Ok(Answer {
                status: response.status().as_u16(),
                headers: response.headers().clone(),
                body: serde_json::from_str(&text).unwrap_or_default(),
            })
        });
        if let Err(ureq::Error::Timeout(what)) = &answered {
            panic!("{method} {path} hangs: {what}");
        }
        answered
    }

    pub fn get(
        &self,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
    ) -> Result<Answer, ureq::Error> {
        self.with_token("GET", path, token, headers, Vec::new())
    }

    pub fn post(
        &self,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Answer, ureq::Error> {
        self.with_token("POST", path, token, headers, body.to_string().into())
    }

    pub fn put(
        &self,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Answer, ureq::Error> {
        self.with_token("PUT", path, token, headers, body.to_string().into())
    }

    fn with_token(
        &self,
        method: &str,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, ureq::Error> {
        let authorization = format!("Bearer {token}");
        let mut all = vec![("Content-Type", "application/json")];
        if !token.is_empty() {
            all.push(("Authorization", authorization.as_str()));
        }
        all.extend_from_slice(headers);
        self.send(method, path, &all, body)
    }
}

impl Answer {
    pub fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The record's id.
    #[track_caller]
    pub fn id(&self) -> String {
        self.body["record"]["id"].as_str().unwrap_or_else(|| panic!("{self:?}")).to_owned()
    }

    /// Where the log ended when this was answered.
    #[track_caller]
    pub fn log_index(&self) -> u64 {
        let index = self.header("log-index").and_then(|text| text.parse().ok());
        index.unwrap_or_else(|| panic!("{self:?}"))
    }

    /// That something passing kept it from being done, and that it says when to ask again.
    #[track_caller]
    pub fn is_refused_for_now(&self, code: &str) -> &Self {
        assert_eq!((self.status, self.body["code"].as_str()), (503, Some(code)), "{self:?}");
        let seconds = self.header("retry-after").and_then(|text| text.parse::<u64>().ok());
        assert!(seconds.is_some_and(|seconds| seconds >= 1), "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        self
    }
}
