//! What must hold of XML before a parser sees it.

/// The most attributes of one element: parsers compare each with each.
pub(super) const MOST_ATTRIBUTES: usize = 256;

/// The text before the first tag with too many attributes, found without parsing.
pub(super) fn crowded(xml: &str) -> Option<&str> {
    let mut start = 0;
    for piece in xml.split('<') {
        let mut quote = None;
        let mut count = 0;
        for byte in piece.bytes().take_while(|_| !piece.starts_with(['!', '?'])) {
            match (quote, byte) {
                (None, b'>') => break,
                (None, b'=') => count += 1,
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), _) if open == byte => quote = None,
                _ => {}
            }
        }
        if count > MOST_ATTRIBUTES {
            return xml.get(..start);
        }
        start += piece.len() + 1;
    }
    None
}
