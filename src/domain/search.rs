//! Words by which records are found: the same for what is kept and for what somebody types.
//!
//! What lives here: which texts of a record are searched, and how a text becomes words. What does
//! not: the index itself (`store`).
//!
//! People type Vietnamese without its marks, in any case, and codes without their hyphens; so all
//! of these are folded away. What somebody types is the beginning of each word.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::records::AnyRecord;
use super::standard::ItemIdentifier;
use super::text::Names;

/// Longest word kept, in characters: longer than any word of either language and than serial
/// numbers in use, short enough that a hostile text makes no large index keys. What is typed is
/// cut alike, so a longer word is still found, by its first 40 characters.
pub const LONGEST_WORD: usize = 40;

/// The words of a text, for the index. A chunk with punctuation inside, such as `W-1KG-01`, gives
/// its parts (`w`, `1kg`, `01`) and what is typed without the punctuation, from each part on
/// (`w1kg01`, `1kg01`).
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for chunk in text.split_whitespace() {
        let parts = parts(chunk);
        let joins = parts.len().saturating_sub(1);
        words.extend((0..joins).map(|first| joined(&parts[first..])));
        words.extend(parts.into_iter().map(cut));
    }
    words
}

/// The words of what somebody types: a record is meant when each is the beginning of one of its
/// words. A chunk with a digit in it is a code and stays together (`W-1KG` is `w1kg`, as if typed
/// so); any other is taken apart (`Đo-lường` is `do` and `luong`).
pub fn query(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for chunk in text.split_whitespace() {
        let parts = parts(chunk);
        if parts.iter().any(|part| part.contains(char::is_numeric)) {
            words.push(joined(&parts));
        } else {
            words.extend(parts.into_iter().map(cut));
        }
    }
    let mut seen = BTreeSet::new();
    words.retain(|word| seen.insert(word.clone()));
    words
}

/// The texts of a record that are searched.
pub fn texts(record: &AnyRecord) -> Vec<&str> {
    let mut texts = Texts(Vec::new());
    match record {
        AnyRecord::Organisations(organisation) => {
            texts.names(Some(&organisation.names));
            texts.all(organisation.identifiers.iter().map(|identifier| &identifier.value));
            for former in &organisation.name_history {
                texts.names(Some(&former.names));
            }
        }
        AnyRecord::Memberships(membership) => texts.all(&membership.body),
        AnyRecord::Accreditations(accreditation) => texts.all(&accreditation.number),
        AnyRecord::LegalRecognitions(recognition) => texts.all(&recognition.decision_number),
        AnyRecord::Capabilities(capability) => {
            texts.all(&capability.code);
            texts.all(&capability.instrument);
            texts.all(&capability.method);
            texts.all(&capability.analyte);
            texts.all(&capability.matrix);
            texts.all(&capability.service_category);
        }
        AnyRecord::MeasurementStandards(standard) => {
            texts.all(&standard.code);
            texts.names(standard.names.as_ref());
            texts.all(&standard.manufacturer);
            texts.all(&standard.model);
            texts.all(&standard.serial_number);
            texts.identifiers(&standard.identifiers);
            texts.all(standard.material.iter().flat_map(|material| &material.batch));
        }
        AnyRecord::Realisations(realisation) => texts.all(&realisation.method),
        AnyRecord::Calibrations(calibration) => {
            texts.all([&calibration.number]);
            texts.all(&calibration.version_label);
            // Manufacturer and model are found at the standard; here they would make half of the index.
            if let Some(item) = &calibration.item_identification {
                texts.all(&item.serial_number);
                texts.identifiers(&item.identifiers);
            }
        }
        AnyRecord::Comparisons(comparison) => texts.all(&comparison.code),
        AnyRecord::Documents(document) => {
            texts.all([&document.designation]);
            texts.names(document.titles.as_ref());
        }
        AnyRecord::Nonconformities(_) | AnyRecord::Attestations(_) | AnyRecord::Programme(_) => {}
    }
    texts.0
}

/// The words under which a record is found.
pub fn words_of(record: &AnyRecord) -> BTreeSet<String> {
    texts(record).into_iter().flat_map(words).collect()
}

struct Texts<'r>(Vec<&'r str>);

impl<'r> Texts<'r> {
    fn all(&mut self, texts: impl IntoIterator<Item = &'r String>) {
        self.0.extend(texts.into_iter().map(String::as_str));
    }

    fn names(&mut self, names: Option<&'r Names>) {
        if let Some(names) = names {
            self.all(&names.vi);
            self.all(&names.en);
        }
    }

    fn identifiers(&mut self, identifiers: &'r [ItemIdentifier]) {
        self.all(identifiers.iter().map(|identifier| &identifier.value));
    }
}

/// A chunk without its case and marks, split at whatever is neither letter nor digit. `đ` is a
/// letter of its own in Unicode, not a `d` with a mark.
fn parts(chunk: &str) -> Vec<String> {
    let folded: String = chunk
        .nfkd()
        .flat_map(char::to_lowercase)
        .filter(|c| !is_combining_mark(*c))
        .map(|c| if c == 'đ' { 'd' } else { c })
        .collect();
    folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

fn joined(parts: &[String]) -> String {
    parts.iter().flat_map(|part| part.chars()).take(LONGEST_WORD).collect()
}

fn cut(mut word: String) -> String {
    if let Some((end, _)) = word.char_indices().nth(LONGEST_WORD) {
        word.truncate(end);
    }
    word
}

#[cfg(test)]
mod tests {
    use deserr::ValuePointerRef;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::records::CollectionName;

    fn record(collection: CollectionName, value: Value) -> AnyRecord {
        AnyRecord::read(collection, value, ValuePointerRef::Origin).expect("a record")
    }

    fn finds(typed: &str, text: &str) -> bool {
        let words = words(text);
        query(typed).iter().all(|typed| words.iter().any(|word| word.starts_with(typed)))
    }

    #[test]
    fn vietnamese_loses_its_marks() {
        assert_eq!(words("Đo lường Việt Nam"), ["do", "luong", "viet", "nam"]);
        // The same text with its marks as characters of their own.
        assert_eq!(words("Vie\u{302}\u{323}t"), ["viet"]);
        assert_eq!(
            words("QUẢ CÂN (hạng E₂), ổn định: ưỡn"),
            ["qua", "can", "hang", "e2", "on", "dinh", "uon"]
        );
        assert_eq!(words("  – … "), [""; 0]);
        assert!(finds("do luong", "Viện Đo lường Việt Nam"));
        assert!(finds("ĐO LƯỜ viẹt", "Viện Đo lường Việt Nam"));
        assert!(finds("Đo-lường", "Viện Đo lường Việt Nam"));
        assert!(!finds("do luong lao", "Viện Đo lường Việt Nam"));
        assert!(finds("", "Viện Đo lường Việt Nam"));
    }

    #[test]
    fn codes_are_found_without_their_hyphens() {
        assert_eq!(words("W-1KG-01"), ["w1kg01", "1kg01", "w", "1kg", "01"]);
        assert_eq!(query("w-1kg W1KG w1kg"), ["w1kg"]);
        for typed in ["w1kg", "W-1KG", "W-1KG-01", "W1KG01", "1kg", "1KG-01", "01", "w"] {
            assert!(finds(typed, "W-1KG-01"), "{typed}");
        }
        assert!(finds("W-1KG", "W1KG01"));
        assert!(!finds("W-2KG", "W-1KG-01"));
        assert!(finds("1234/qd-tdc", "1234/QĐ-TĐC"));
        assert!(finds("qd-tdc 1234", "1234/QĐ-TĐC"));
        assert!(finds("iso/iec 17025", "ISO/IEC 17025:2017"));
        assert!(finds("ISO IEC 17025:2017", "ISO/IEC 17025:2017"));
        assert!(finds("vilas 216", "VILAS 216"));
    }

    #[test]
    fn long_words_are_found_by_their_beginning() {
        let long = "Đ".repeat(100);
        assert_eq!(words(&long), ["d".repeat(LONGEST_WORD)]);
        assert!(finds(&long, &long));
        let long = "1-".repeat(100);
        assert!(words(&long).iter().all(|word| word.len() <= LONGEST_WORD));
        assert!(finds(&long, &long));
    }

    #[test]
    fn texts_of_records() {
        let organisation = record(
            CollectionName::Organisations,
            json!({
                "id": "_:o", "kind": "nmi", "names": {"vi": "Viện Đo lường", "en": "Institute"},
                "identifiers": [{"scheme": "kcdb_nmi_code", "value": "VMI"}],
                "name_history": [{"names": {"vi": "Trung tâm"}}],
            }),
        );
        assert_eq!(texts(&organisation), ["Viện Đo lường", "Institute", "VMI", "Trung tâm"]);
        let words: Vec<String> = words_of(&organisation).into_iter().collect();
        assert_eq!(words, ["do", "institute", "luong", "tam", "trung", "vien", "vmi"]);

        let standard = record(
            CollectionName::MeasurementStandards,
            json!({
                "id": "_:s", "owner": "_:o", "code": "W-12", "names": {"vi": "Quả cân"},
                "manufacturer": "Maker", "model": "M", "serial_number": "77",
                "identifiers": [{"kind": "marking", "value": "*"}], "material": {"batch": "B7"},
            }),
        );
        assert_eq!(texts(&standard), ["W-12", "Quả cân", "Maker", "M", "77", "*", "B7"]);

        let calibration = record(
            CollectionName::Calibrations,
            json!({
                "id": "_:c", "kind": "calibration", "issuer": "_:o", "number": "V-1/2026",
                "version_label": "2", "performed_from": "2026-01-02",
                "performed_to": "2026-01-02", "item": "_:s",
                "item_identification": {
                    "manufacturer": "Maker", "model": "M", "serial_number": "78",
                    "identifiers": [{"kind": "asset", "value": "A"}],
                },
            }),
        );
        assert_eq!(texts(&calibration), ["V-1/2026", "2", "78", "A"]);
    }
}
