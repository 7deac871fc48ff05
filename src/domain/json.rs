//! Reading JSON that came in: one text, one value, the same to every reader. What the value means
//! does not live here.

use serde_json::Value;

use super::fault::{Fault, Faults};
use super::text::Text;

/// Reads a JSON text.
///
/// Readers differ in which of two members of one name they take, so a text in which a name stands
/// twice in an object does not say the same to everybody and is refused (RFC 7493, 2.3). Nesting is
/// bounded at 128, far beyond every record.
///
/// # Errors
/// That it is no JSON, with line and column, or that a name stands twice.
///
/// ```
/// use etalon::domain::json;
/// assert!(json::parse(r#"{"a": 1}"#).is_ok());
/// assert!(json::parse(r#"{"a": 1, "a": 2}"#).is_err());
/// assert!(json::parse("{").is_err());
/// ```
pub fn parse(text: &str) -> Result<Value, Faults> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = Text::new(
            format!("JSON sai cú pháp ở dòng {line}, cột {column}: {error}"),
            format!("this is no JSON: {error}"),
        );
        Faults(vec![Fault::error("", "bad_json", message)])
    })?;
    match members_written(text) > members(&value) {
        false => Ok(value),
        true => {
            let message = Text::new(
                "có trường xuất hiện hai lần trong cùng một đối tượng; mỗi trường chỉ được có một lần",
                "a field stands twice in its object; each may stand once",
            );
            Err(Faults(vec![Fault::error("", "duplicate_key", message)]))
        }
    }
}

/// How many members the objects of a JSON text are written with: a colon outside a string stands
/// for each, and for nothing else.
fn members_written(json: &str) -> usize {
    let (mut count, mut in_string, mut escaped) = (0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b':' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

/// How many members the objects of a value have, in which each key stands once.
fn members(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.len() + object.values().map(members).sum::<usize>(),
        Value::Array(elements) => elements.iter().map(members).sum(),
        _ => 0,
    }
}
