//! Lists of a collection: filters by name, words of texts, and cursors that go on with the same
//! state of knowledge, whatever is written meanwhile.

use serde::Serialize;
use serde_json::Value;

use crate::domain::claim::KnownAt;
use crate::domain::fault::{Fault, Faults};
use crate::domain::id::Id;
use crate::domain::log::Digest;
use crate::domain::period::{Day, Instant};
use crate::domain::records::CollectionName;
use crate::domain::search;
use crate::domain::text::{Language, Text};
use crate::exchange::sheet::rows::{self, Listing};
use crate::exchange::workbook::PrintError;
use crate::store::{FilterValue, ListQuery, Reader};

pub use crate::store::{Comparison, FilterName, filters};

use super::refusal::Refusal;
use super::registry::{Registry, shown};

/// Most records of a page.
pub const LONGEST_PAGE: u32 = 200;
/// Records of a page when nobody says how many.
pub const USUAL_PAGE: u32 = 50;
/// Most records of a table, which is made as a whole.
pub const MOST_IN_A_TABLE: usize = 10_000;
/// Most words of a search: each is a look into the index, and nobody types more.
const MOST_WORDS: usize = 8;

/// A page of a collection, as somebody asks for it.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// The collection.
    pub collection: CollectionName,
    /// Filters by name, all of which must hold.
    pub filters: Vec<(String, String)>,
    /// Words of texts in either language, with or without accents, whole or their beginnings.
    pub words: Option<String>,
    /// Records of a page, 1 to [`LONGEST_PAGE`].
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// The state of knowledge; that of the cursor, else now.
    pub known_at: Option<KnownAt>,
    /// Who reads.
    pub reader: Reader,
}

impl ListRequest {
    /// Everything of a collection, page by page.
    pub fn new(collection: CollectionName) -> Self {
        Self {
            collection,
            filters: Vec::new(),
            words: None,
            limit: USUAL_PAGE,
            cursor: None,
            known_at: None,
            reader: Reader::Everything,
        }
    }

    /// What a cursor is bound to: the list without its page.
    fn digest(&self) -> String {
        let list = serde_json::json!([self.collection, self.filters, self.words]);
        Digest::of(&[list.to_string().as_bytes()]).to_string()[..16].to_owned()
    }
}

/// A page of a collection.
#[derive(Debug, Clone, Serialize)]
pub struct ListPage {
    /// The records, in the order of their ids.
    pub items: Vec<Value>,
    /// What to ask with for the next page; none on the last.
    pub next_cursor: Option<String>,
    /// The state of knowledge.
    pub log_index: u64,
}

impl Registry {
    /// A page of a collection.
    ///
    /// # Errors
    /// When a filter, the limit, the cursor or the state of knowledge is wrong; pointers name them.
    pub fn list(&self, request: &ListRequest, now: Instant) -> Result<ListPage, Refusal> {
        let mut faults = Vec::new();
        let filters = filter_values(request, &mut faults);
        if !(1..=LONGEST_PAGE).contains(&request.limit) {
            let found = request.limit;
            let message = Text::new(
                format!("{found}: một trang có từ 1 đến {LONGEST_PAGE} bản ghi"),
                format!("{found}: a page has 1 to {LONGEST_PAGE} records"),
            );
            faults.push(Fault::error("/limit", "bad_limit", message));
        }
        let typed = request.words.as_deref().unwrap_or_default().trim();
        let words = search::query(typed);
        if words.is_empty() && !typed.is_empty() {
            let message = Text::new(
                format!("“{typed}”: không có chữ cái hay chữ số nào để tìm"),
                format!("“{typed}”: there is no letter or digit to search for"),
            );
            faults.push(Fault::error("/q", "no_words", message));
        }
        if words.len() > MOST_WORDS {
            let message = Text::new(
                format!("tìm nhiều nhất {MOST_WORDS} từ một lần"),
                format!("at most {MOST_WORDS} words are searched at once"),
            );
            faults.push(Fault::error("/q", "too_many_words", message));
        }
        let cursor = request.cursor.as_deref().map(|cursor| Cursor::parse(cursor, request));
        let cursor = cursor.transpose().unwrap_or_else(|fault| {
            faults.push(fault);
            None
        });
        if !faults.is_empty() {
            return Err(Refusal::Faults(Faults(faults)));
        }
        let known_at = match &cursor {
            Some(cursor) => Some(KnownAt::LogIndex(cursor.at)),
            None => request.known_at,
        };
        let at = self.index_at(known_at, now)?;
        let query = ListQuery {
            collection: request.collection,
            filters,
            words,
            after: cursor.map(|cursor| cursor.after.to_string()),
            // One more than the page, to see whether there is another.
            limit: request.limit + 1,
            at,
            reader: request.reader.clone(),
        };
        let mut found = self.store().list(&query)?;
        let more = found.len() > request.limit as usize;
        found.truncate(request.limit as usize);
        let last = found.last().filter(|_| more);
        let next_cursor =
            last.map(|last| Cursor { at, after: last.id.clone() }.to_text(&request.digest()));
        let items = found.iter().map(shown).collect::<Result<_, _>>()?;
        Ok(ListPage { items, next_cursor, log_index: at })
    }
}

impl Registry {
    /// Every record of a list, as known at one state; the limit and the cursor of the request count
    /// for nothing.
    pub fn every(
        &self,
        request: &ListRequest,
        now: Instant,
    ) -> impl Iterator<Item = Result<Value, Refusal>> {
        let mut request = ListRequest { limit: LONGEST_PAGE, cursor: None, ..request.clone() };
        let mut items = Vec::new().into_iter();
        let mut is_last = false;
        std::iter::from_fn(move || {
            loop {
                if let Some(item) = items.next() {
                    return Some(Ok(item));
                }
                if is_last {
                    return None;
                }
                match self.list(&request, now) {
                    Ok(page) => {
                        items = page.items.into_iter();
                        is_last = page.next_cursor.is_none();
                        request.cursor = page.next_cursor;
                    }
                    Err(refusal) => {
                        is_last = true;
                        return Some(Err(refusal));
                    }
                }
            }
        })
    }
}

impl Registry {
    /// All records of a list as a table, heads in this language, as known at the state of the
    /// request.
    ///
    /// # Errors
    /// The same as of a page, or that there are more than [`MOST_IN_A_TABLE`].
    pub fn table(
        &self,
        request: &ListRequest,
        now: Instant,
        language: Language,
    ) -> Result<Table, Refusal> {
        let mut listing = Listing::new(request.collection);
        let mut records = Vec::new();
        for record in self.every(request, now) {
            let record = record?;
            listing.see(&record);
            records.push(record);
            if records.len() > MOST_IN_A_TABLE {
                let message = Text::new(
                    format!(
                        "danh sách có hơn {MOST_IN_A_TABLE} bản ghi; hãy thu hẹp bằng bộ lọc, hoặc \
                         dùng application/x-ndjson"
                    ),
                    format!(
                        "the list has more than {MOST_IN_A_TABLE} records; narrow it by filters, \
                         or take application/x-ndjson"
                    ),
                );
                return Err(Refusal::fault("/limit", "too_many_records", message));
            }
        }
        Ok(Table { listing, records, language })
    }
}

/// All records of a list as a table.
#[derive(Debug)]
pub struct Table {
    listing: Listing,
    records: Vec<Value>,
    language: Language,
}

impl Table {
    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.records.iter().flat_map(|record| self.listing.rows(record))
    }

    /// As CSV.
    pub fn csv(&self) -> String {
        let all = std::iter::once(self.listing.heads(self.language)).chain(self.rows());
        let mut bytes = Vec::new();
        // Memory takes whatever is written.
        let written = rows::write_csv(&mut bytes, all.map(Ok::<_, csv::Error>));
        debug_assert!(written.is_ok(), "{written:?}");
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// As a workbook.
    pub fn xlsx(&self) -> Vec<u8> {
        let rows = self.rows().map(Ok::<_, PrintError>);
        // So few records have room in a sheet, and memory takes whatever is written.
        let written = self.listing.xlsx(self.language, rows);
        debug_assert!(written.is_ok(), "{written:?}");
        written.unwrap_or_default()
    }
}

/// Where a page ended, and in which state of knowledge.
struct Cursor {
    at: u64,
    after: Id,
}

impl Cursor {
    fn to_text(&self, list: &str) -> String {
        format!("{}.{list}.{}", self.at, self.after)
    }

    fn parse(text: &str, request: &ListRequest) -> Result<Self, Fault> {
        let wrong = |code, vi: &str, en: &str| Fault::error("/cursor", code, Text::new(vi, en));
        let mut parts = text.splitn(3, '.');
        let at = parts.next().and_then(|part| part.parse().ok());
        let list = parts.next();
        let after = parts.next().and_then(|part| Id::parse(part).ok());
        let (Some(at), Some(list), Some(after)) = (at, list, after) else {
            return Err(wrong(
                "bad_cursor",
                "đây không phải con trỏ trang; hãy dùng “next_cursor” của trang trước, hoặc bỏ đi để bắt đầu lại",
                "this is no cursor; use the “next_cursor” of the page before, or leave it out to begin anew",
            ));
        };
        if list != request.digest() {
            return Err(wrong(
                "cursor_of_another_list",
                "con trỏ này thuộc danh sách khác; hãy giữ nguyên các bộ lọc, hoặc bỏ con trỏ để bắt đầu lại",
                "this cursor is of another list; keep the filters as they were, or leave it out to begin anew",
            ));
        }
        Ok(Self { at, after })
    }
}

/// The filters of a list, read; what is wrong with them goes to the faults.
pub(super) fn filter_values(
    request: &ListRequest,
    faults: &mut Vec<Fault>,
) -> Vec<(FilterName, FilterValue)> {
    let known = filters(request.collection);
    let mut values = Vec::new();
    for (name, value) in &request.filters {
        let pointer = format!("/{name}");
        let Some(filter) = known.iter().find(|filter| filter.name == name) else {
            let names: Vec<&str> = known.iter().map(|filter| filter.name).collect();
            let (collection, names) = (request.collection, names.join(", "));
            let message = Text::new(
                format!("{collection} không có bộ lọc “{name}”; các bộ lọc: {names}"),
                format!("{collection} has no filter “{name}”; its filters are {names}"),
            );
            faults.push(Fault::error(pointer, "unknown_filter", message));
            continue;
        };
        let read = match filter.comparison {
            Comparison::Is | Comparison::Has => Some(FilterValue::Text(value.clone())),
            Comparison::OnOrBefore => Day::parse(value).ok().map(FilterValue::Day),
            Comparison::IsTrue => value.parse().ok().map(FilterValue::Truth),
        };
        match read {
            Some(read) => values.push((*filter, read)),
            None => {
                let message = match filter.comparison {
                    Comparison::OnOrBefore => Text::new(
                        format!("“{value}”: cần một ngày như 2026-02-10"),
                        format!("“{value}”: expected a date such as 2026-02-10"),
                    ),
                    _ => Text::new(
                        format!("“{value}”: cần true hoặc false"),
                        format!("“{value}”: expected true or false"),
                    ),
                };
                faults.push(Fault::error(pointer, "bad_filter", message));
            }
        }
    }
    values
}
