//! What differs from run to run (ids, keys, tokens, digests, times, the port) in the form in which
//! documents show it, and back: examples and guides hold real answers and stay comparable.

use std::collections::BTreeMap;

/// The values met so far, each with what is shown for it.
#[derive(Debug, Default)]
pub struct Shown {
    /// Texts that are replaced wherever they stand, also within a word.
    texts: Vec<(String, String)>,
    /// Words that were recognised.
    words: BTreeMap<String, String>,
    /// What each that is shown really is.
    real: BTreeMap<String, String>,
    counts: BTreeMap<&'static str, u64>,
}

/// The time that every moment of a run is shown as.
const MOMENT: &str = "2026-11-28T08:00:00Z";

impl Shown {
    /// A text, such as an address, that is shown as something else wherever it stands.
    pub fn is(&mut self, real: &str, shown: &str) {
        self.texts.push((real.to_owned(), shown.to_owned()));
        self.real.insert(shown.to_owned(), real.to_owned());
    }

    /// A text as it is shown.
    pub fn hide(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for (real, shown) in &self.texts {
            text = text.replace(real.as_str(), shown);
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let length = word_length(rest);
            let (word, after) = rest.split_at(length);
            out.push_str(&self.word(word));
            let next = after.chars().next().map_or(0, char::len_utf8);
            out.push_str(&after[..next]);
            rest = &after[next..];
        }
        out
    }

    /// A shown text as it really is.
    pub fn restore(&self, text: &str) -> String {
        let mut text = text.to_owned();
        // The longest first: some stand within others.
        let mut pairs: Vec<_> = self.real.iter().collect();
        pairs.sort_by_key(|(shown, _)| std::cmp::Reverse(shown.len()));
        for (shown, real) in pairs {
            text = text.replace(shown.as_str(), real);
        }
        text
    }

    fn word(&mut self, word: &str) -> String {
        if let Some(shown) = self.words.get(word) {
            return shown.clone();
        }
        let Some(kind) = KINDS.iter().find(|kind| (kind.is)(word)) else { return word.to_owned() };
        let count = self.counts.entry(kind.name).or_default();
        *count += 1;
        let shown = (kind.shown)(word, *count);
        self.words.insert(word.to_owned(), shown.clone());
        self.real.insert(shown.clone(), word.to_owned());
        shown
    }
}

/// A kind of words that differ from run to run.
struct Kind {
    name: &'static str,
    is: fn(&str) -> bool,
    /// How the word is shown that is the nth of its kind.
    shown: fn(&str, u64) -> String,
}

static KINDS: [Kind; 10] = [
    Kind { name: "id", is: is_id, shown: |_, nth| format!("0190a000-0000-7000-8000-{nth:012x}") },
    Kind {
        name: "set-up key",
        is: |word| word.strip_prefix("etalon_setup_").is_some_and(|rest| is_hex(rest, 64)),
        shown: |_, nth| format!("etalon_setup_{nth:064x}"),
    },
    Kind {
        name: "key",
        is: |word| word.strip_prefix("etalon_").is_some_and(|rest| is_hex(rest, 64)),
        shown: |_, nth| format!("etalon_{nth:064x}"),
    },
    Kind { name: "digest", is: |word| is_hex(word, 64), shown: |_, nth| format!("{nth:064x}") },
    Kind { name: "salt", is: |word| is_hex(word, 32), shown: |_, nth| format!("{nth:032x}") },
    Kind {
        name: "token",
        is: |word| word.starts_with("eyJ") && word.matches('.').count() == 2,
        shown: |_, nth| format!("eyJhbGciOiJFZERTQSJ9.token-{nth}.signature"),
    },
    Kind { name: "code", is: is_code, shown: |_, nth| format!("ET-0000-0000-{nth:04}") },
    // The tag of a list says from which log index it is, and that stays as it is.
    Kind {
        name: "tag",
        is: |word| tag(word).is_some(),
        shown: |word, nth| format!("{}-{nth:016x}", tag(word).unwrap_or_default()),
    },
    Kind {
        name: "cursor",
        is: |word| word.splitn(3, '.').nth(2).is_some_and(is_id),
        shown: |_, nth| format!("cursor-{nth}"),
    },
    Kind { name: "moment", is: is_moment, shown: |_, _| MOMENT.to_owned() },
];

/// How long the word is that a text begins with: what a value of ours can be made of.
fn word_length(text: &str) -> usize {
    let is_inside = |one: char| one.is_ascii_alphanumeric() || "-_.".contains(one);
    let plain = text.find(|one: char| !is_inside(one)).unwrap_or(text.len());
    // A time has colons.
    let timely = text.find(|one: char| !is_inside(one) && one != ':').unwrap_or(text.len());
    if is_moment(&text[..timely]) { timely } else { plain }
}

fn is_hex(word: &str, length: usize) -> bool {
    word.len() == length && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The log index within the tag of an answer that follows from one.
fn tag(word: &str) -> Option<u64> {
    let (index, digest) = word.split_once('-')?;
    index.parse().ok().filter(|_| is_hex(digest, 16))
}

fn is_id(word: &str) -> bool {
    word.len() == 36 && etalon::domain::id::Id::parse(word).is_ok()
}

/// A time that the service noted: it has a fraction, which nobody types.
fn is_moment(word: &str) -> bool {
    word.len() > 21
        && word.ends_with('Z')
        && word.as_bytes()[19] == b'.'
        && word.as_bytes()[10] == b'T'
}

fn is_code(word: &str) -> bool {
    word.len() == 17 && word.starts_with("ET-") && word.split('-').count() == 4
}
