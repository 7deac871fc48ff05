//! What an answer of the KCDB is as a whole: which part of the search it holds and, where
//! `etalon kcdb fetch` put it together, what was searched and when.
//!
//! Its capabilities are read beside this file (`kcdb`); what an absent one means is for `app` to
//! say.

use std::collections::HashSet;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::{Object, VERSION_KEY};
use crate::domain::fault::shortened;
use crate::domain::period::Instant;
use crate::domain::text::Text;

/// The key under which a fetched answer says where it comes from. The KCDB has no such key.
pub const FETCHED_KEY: &str = "etalonFetched";

/// Keys of a search that do not narrow what it finds.
const PAGING_KEYS: &[&str] = &["page", "pageSize", "showTable"];

/// What an answer is as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Whether it is a list of heads, without ranges and statuses.
    pub is_heads: bool,
    /// Whether everything that the search found is in the file: a single page, of all elements.
    pub is_whole: bool,
    /// When it was taken from the KCDB, where the file says so.
    pub fetched_at: Option<Instant>,
    /// What was searched, where the file says so and no other condition narrowed the search.
    pub scope: Option<Scope>,
}

impl Answer {
    /// What a text says of itself; nothing of one that is no answer of the KCDB.
    pub fn of(json: &str) -> Self {
        let json = json.trim_start_matches('\u{feff}');
        if json.trim_start().starts_with('[') {
            return Self { is_heads: true, ..Self::default() };
        }
        let Ok(object) = serde_json::from_str::<Object<'_>>(json) else { return Self::default() };
        if object.get(VERSION_KEY).is_none() {
            return Self::default();
        }
        let fetched = object.get(FETCHED_KEY).and_then(Fetched::of);
        Self {
            is_heads: false,
            is_whole: is_whole(&object),
            fetched_at: fetched.as_ref().map(|fetched| fetched.at),
            scope: fetched.and_then(|fetched| Scope::of_search(&fetched.search)),
        }
    }
}

/// Whether the only page of a search is here with all its rows.
fn is_whole(answer: &Object<'_>) -> bool {
    let number = |key| answer.get(key).and_then(|raw| raw.get().parse::<usize>().ok());
    let rows = answer.get("data").and_then(|raw| serde_json::from_str(raw.get()).ok());
    let rows = rows.map(|rows: Vec<&RawValue>| rows.len());
    rows.is_some()
        && number("pageNumber") == Some(0)
        && number("totalElements") == rows
        && number("numberOfElements") == rows
}

/// What `etalon kcdb fetch` says of an answer that it put together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fetched {
    /// When its first page was taken.
    #[serde(deserialize_with = "instant")]
    pub at: Instant,
    /// Where from.
    pub url: String,
    /// What was asked.
    pub search: serde_json::Value,
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
    let text = String::deserialize(deserializer)?;
    Instant::parse(&text).map_err(|error| D::Error::custom(error.to_string()))
}

impl Fetched {
    fn of(raw: &RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok()
    }
}

/// The part of the KCDB that a search covered: an area, or all, of some countries, or all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    area: Option<String>,
    countries: Vec<String>,
}

impl Scope {
    /// The scope of a search by its conditions; none where others than area and country narrow it.
    pub fn of_search(search: &serde_json::Value) -> Option<Self> {
        let mut scope = Self::default();
        for (key, value) in search.as_object()? {
            match key.as_str() {
                "metrologyAreaLabel" => scope.area = Some(value.as_str()?.to_owned()),
                "countries" => {
                    let countries = value.as_array()?.iter();
                    let countries = countries.map(|country| Some(country.as_str()?.to_owned()));
                    scope.countries = countries.collect::<Option<_>>()?;
                }
                key if PAGING_KEYS.contains(&key) => {}
                _ => return None,
            }
        }
        Some(scope)
    }

    /// Reads `all`, or `area=EM`, `country=VN` or both with a comma; `country` may stand several
    /// times.
    ///
    /// # Errors
    /// What is wrong with it and how it is written.
    pub fn parse(text: &str) -> Result<Self, Text> {
        let wrong = |part: &str| {
            let part = shortened(part);
            Text::new(
                format!("“{part}” không phải phạm vi; hãy viết như area=EM,country=VN, hoặc all"),
                format!("“{part}” is no scope; write it as area=EM,country=VN, or all"),
            )
        };
        let mut scope = Self::default();
        if text.trim() == "all" {
            return Ok(scope);
        }
        for part in text.split(',') {
            let capitals = |value: &str| {
                let is_word = !value.is_empty() && value.bytes().all(|b| b.is_ascii_uppercase());
                is_word.then(|| value.to_owned())
            };
            match part.trim().split_once('=') {
                Some(("area", area)) if scope.area.is_none() => {
                    scope.area = Some(capitals(area).ok_or_else(|| wrong(part))?);
                }
                Some(("country", country)) if country.len() == 2 => {
                    scope.countries.push(capitals(country).ok_or_else(|| wrong(part))?);
                }
                _ => return Err(wrong(part)),
            }
        }
        Ok(scope)
    }

    /// Whether a capability belongs to it, by its code.
    pub fn has(&self, code: &Code<'_>) -> bool {
        self.area.as_deref().is_none_or(|area| area == code.area)
            && (self.countries.is_empty() || self.countries.iter().any(|one| one == code.country))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let area = self.area.iter().map(|area| format!("area={area}"));
        let parts = area.chain(self.countries.iter().map(|country| format!("country={country}")));
        let parts: Vec<String> = parts.collect();
        formatter.write_str(if parts.is_empty() { "all" } else { "" })?;
        formatter.write_str(&parts.join(","))
    }
}

/// The code of a CMC taken apart: `APMP-PR-NZ-00000624-1` is version 1 of `APMP-PR-NZ-00000624`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code<'c> {
    /// The code without its version: what stays when the CMC is revised.
    pub base: &'c str,
    /// The metrology area.
    pub area: &'c str,
    /// The country.
    pub country: &'c str,
    /// The version, which grows at each revision.
    pub version: u32,
}

impl<'c> Code<'c> {
    /// Takes a code apart; none where it does not have the form of the KCDB's codes.
    pub fn parse(code: &'c str) -> Option<Self> {
        let (base, version) = code.rsplit_once('-')?;
        let mut parts = base.split('-');
        let (_rmo, area, country, _number) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let version = version.parse().ok()?;
        parts.next().is_none().then_some(Self { base, area, country, version })
    }
}

/// Puts the pages of a search together as one answer: their rows as they are, each once, under the
/// head of the first page. The KCDB may show a row on two pages when it changes meanwhile.
///
/// # Errors
/// Which page, from 0, is no answer of the KCDB.
pub fn joined<'p>(
    pages: impl IntoIterator<Item = &'p str>,
    fetched: &Fetched,
) -> Result<String, usize> {
    let mut rows: Vec<String> = Vec::new();
    let mut version = None;
    for (number, page) in pages.into_iter().enumerate() {
        let page = Page::read(page).ok_or(number)?;
        version.get_or_insert(page.version);
        rows.extend(page.rows.into_iter().filter(|row| !row.is_empty()).map(str::to_owned));
    }
    let mut seen = HashSet::new();
    rows.retain(|row| seen.insert(row.clone()));
    let fetched = serde_json::to_string(fetched).unwrap_or_default();
    let (count, version) = (rows.len(), version.unwrap_or("null"));
    let rows = rows.join(",\n");
    Ok(format!(
        "{{\"{VERSION_KEY}\": {version},\n\"{FETCHED_KEY}\": {fetched},\n\"pageNumber\": 0, \
         \"pageSize\": {count}, \"numberOfElements\": {count}, \"totalElements\": {count}, \
         \"totalPages\": 1,\n\"data\": [\n{rows}\n]}}\n"
    ))
}

/// One page of a search, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<'j> {
    /// Version of the interface, as JSON.
    pub version: &'j str,
    /// Rows of the whole search.
    pub total: usize,
    /// Pages of the whole search.
    pub pages: usize,
    /// Number of this page, from 0.
    pub number: usize,
    /// Rows of this page, as JSON.
    pub rows: Vec<&'j str>,
}

impl<'j> Page<'j> {
    /// Reads a page; none where the text is no answer of the KCDB, or its numbers do not fit its
    /// rows.
    pub fn read(json: &'j str) -> Option<Self> {
        let object: Object<'j> = serde_json::from_str(json).ok()?;
        let version = object.get(VERSION_KEY)?;
        let rows: Vec<&'j RawValue> = serde_json::from_str(object.get("data")?.get()).ok()?;
        let number = |key| object.get(key)?.get().parse::<usize>().ok();
        (number("numberOfElements")? == rows.len()).then_some(())?;
        Some(Self {
            version: version.get(),
            total: number("totalElements")?,
            pages: number("totalPages")?,
            number: number("pageNumber")?,
            rows: rows.into_iter().map(RawValue::get).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_taken_apart() {
        let code = Code::parse("APMP-PR-NZ-00000624-12").expect("a code");
        assert_eq!((code.base, code.version), ("APMP-PR-NZ-00000624", 12));
        assert_eq!((code.area, code.country), ("PR", "NZ"));
        for other in ["", "APMP-PR-NZ-00000624", "APMP-PR-NZ-00000624-x", "a-b-c-d-e-1", "-1"] {
            assert_eq!(Code::parse(other), None, "{other}");
        }
    }

    #[test]
    fn scopes_have_the_codes_of_their_area_and_countries() {
        let code = Code::parse("APMP-EM-VN-00000ABC-1").expect("a code");
        for (text, has) in [
            ("all", true),
            ("area=EM", true),
            ("country=VN", true),
            ("area=EM,country=LA,country=VN", true),
            ("area=T,country=VN", false),
            ("area=EM, country=LA", false),
        ] {
            let scope = Scope::parse(text).expect(text);
            assert_eq!(scope.has(&code), has, "{text}");
            assert_eq!(Scope::parse(&scope.to_string()), Ok(scope), "{text}");
        }
        for wrong in ["", "EM", "area=", "area=em", "area=EM,area=T", "country=VNM", "branch=EM/DC"]
        {
            assert!(Scope::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_search_is_a_scope_if_nothing_else_narrows_it() {
        let of = |json: serde_json::Value| Scope::of_search(&json).map(|scope| scope.to_string());
        let search = serde_json::json!({"metrologyAreaLabel": "EM", "countries": ["VN", "LA"],
            "page": 0, "pageSize": 100, "showTable": true});
        assert_eq!(of(search).as_deref(), Some("area=EM,country=VN,country=LA"));
        assert_eq!(of(serde_json::json!({})).as_deref(), Some("all"));
        for narrow in ["branchLabel", "status", "keywords", "publicDateFrom"] {
            assert_eq!(of(serde_json::json!({narrow: "x"})), None, "{narrow}");
        }
    }

    fn page(number: usize, total: usize, rows: &str) -> String {
        let count = rows.split(',').filter(|row| !row.is_empty()).count();
        format!(
            r#"{{"versionApiKcdb": "1.0.13", "pageNumber": {number}, "pageSize": 2, "totalPages": 2,
            "numberOfElements": {count}, "totalElements": {total}, "data": [{rows}]}}"#
        )
    }

    #[test]
    fn pages_are_joined_to_a_whole() {
        let pages = [page(0, 3, r#"{"a":1.00},{"b":2}"#), page(1, 3, r#"{"b":2},{"c":3}"#)];
        assert!(pages.iter().all(|page| !Answer::of(page).is_whole));
        let at = Instant::parse("2026-11-01T00:00:00Z").expect("an instant");
        let search = serde_json::json!({"metrologyAreaLabel": "EM"});
        let fetched = Fetched { at, url: "https://example.org".to_owned(), search };
        let whole = joined(pages.iter().map(String::as_str), &fetched).expect("pages");
        let answer = Answer::of(&whole);
        assert!(answer.is_whole && !answer.is_heads);
        assert_eq!(answer.fetched_at, Some(at));
        assert_eq!(answer.scope, Some(Scope::parse("area=EM").expect("a scope")));
        assert!(whole.contains("1.00"), "digits stay as they are");
        assert_eq!(joined(["{}"], &fetched), Err(0));
        assert_eq!(Answer::of("{"), Answer::default());
        assert!(Answer::of("[]").is_heads);
    }
}
