//! What a client takes: media types (RFC 9110, 12.5.1) and languages (12.5.4).

use crate::domain::text::Language;

/// How much a client wants a media type, from 0 (not at all) to 1000, by its header `Accept`. The
/// most specific range decides; a header that says nothing takes everything.
pub fn quality(accept: &str, media: &str) -> u16 {
    if accept.trim().is_empty() {
        return 1_000;
    }
    let kind = media.split('/').next().unwrap_or_default();
    let ranges = accept.split(',').filter_map(|range| {
        let (name, weight) = weighted(range);
        let specificity = match name.to_ascii_lowercase() {
            name if name == media => 3,
            name if name.strip_suffix("/*") == Some(kind) => 2,
            name if name == "*/*" => 1,
            _ => return None,
        };
        Some((specificity, weight))
    });
    ranges.max_by_key(|(specificity, _)| *specificity).map_or(0, |(_, weight)| weight)
}

/// The language that a client reads best, by its header `Accept-Language`; English when it says
/// nothing that is spoken here.
pub fn language(accept: &str) -> Language {
    let wanted = accept.split(',').filter_map(|range| {
        let (name, weight) = weighted(range);
        let primary = name.split('-').next().unwrap_or_default().to_ascii_lowercase();
        Some((Language::from_word(&primary)?, weight)).filter(|(_, weight)| *weight > 0)
    });
    // The first of equals.
    let best = wanted.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map_or(Language::English, |(language, _)| language)
}

/// A range and its weight in thousandths; one that cannot be read is not wanted.
fn weighted(range: &str) -> (&str, u16) {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    let weight = weight.map_or(1_000, |value| {
        let digits = value.parse::<f64>().ok().filter(|value| (0.0..=1.0).contains(value));
        // A weight has at most three decimals: nothing is cut.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
        digits.map_or(0, |value| (value * 1_000.0).round() as u16)
    });
    (name, weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_range_decides() {
        for (accept, media, expected) in [
            ("", "application/json", 1_000),
            ("*/*", "application/json", 1_000),
            ("application/*;q=0.5, text/html", "application/json", 500),
            ("application/json;q=0.2, */*;q=0.9", "application/json", 200),
            ("application/json; q=0", "application/json", 0),
            ("Application/JSON", "application/json", 1_000),
            ("text/html", "application/json", 0),
            ("application/json;q=x", "application/json", 0),
        ] {
            assert_eq!(quality(accept, media), expected, "{accept}");
        }
    }

    #[test]
    fn a_language_is_chosen_by_weight() {
        for (accept, expected) in [
            ("", Language::English),
            ("vi", Language::Vietnamese),
            ("vi-VN,vi;q=0.9,en;q=0.8", Language::Vietnamese),
            ("en;q=0.5, vi;q=0.7", Language::Vietnamese),
            ("fr, en;q=0.1", Language::English),
            ("fr", Language::English),
            ("vi;q=0", Language::English),
        ] {
            assert_eq!(language(accept), expected, "{accept}");
        }
    }
}
