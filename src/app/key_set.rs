//! Fetches the key set of another issuer of tokens: one small answer, in a short time. What its keys
//! are worth lives in `auth`, and when it is asked for in `http`.

use std::time::Duration;

use crate::domain::fault::shortened;
use crate::domain::text::Text;

/// Largest key set, in bytes: one key has a kilobyte or two, with a chain of certificates some ten.
const LARGEST: u64 = 256 * 1024;

/// How long one fetch may take, whatever hangs: a request may be waiting for it.
pub const LONGEST_FETCH: Duration = Duration::from_secs(5);

/// Fetches what is at an address. Nobody sends it elsewhere: a redirect is no key set.
///
/// # Errors
/// That nobody answers in time, or not with 200 and a text of this size.
pub fn fetch_key_set(url: &str) -> Result<String, Text> {
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(LONGEST_FETCH))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("etalon/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent();
    let failed = |error: &ureq::Error| {
        Text::new(
            format!("không lấy được bộ khoá ở {url}: {error}"),
            format!("the key set at {url} cannot be fetched: {error}"),
        )
    };
    let request = agent.get(url).header("accept", "application/jwk-set+json, application/json");
    let mut response = request.call().map_err(|error| failed(&error))?;
    let status = response.status().as_u16();
    let text = response.body_mut().with_config().limit(LARGEST).read_to_string();
    let text = text.map_err(|error| failed(&error))?;
    match status {
        200 => Ok(text),
        _ => {
            let said = shortened(text.trim()).into_owned();
            Err(Text::new(
                format!("{url} trả lời với mã HTTP {status}: {said}"),
                format!("{url} answers with HTTP status {status}: {said}"),
            ))
        }
    }
}
