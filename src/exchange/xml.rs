//! XML as the readers of its formats want it: parsed within bounds, elements with their places, and
//! which of them were read. What the elements mean is theirs (`dcc`, `ccri`).

use std::collections::HashMap;

use roxmltree::{Document, ExpandedName, Node, ParsingOptions};

use super::outcome::ReadError;
use super::{ccri, dcc};
use crate::domain::decimal::Decimal;
use crate::domain::fault::shortened;

/// Namespace of the D-SI.
pub(super) const SI: &str = "https://ptb.de/si";
/// Most nodes of a document: the largest certificates have some ten thousand, and a node costs
/// about a hundred bytes.
const MOST_NODES: u32 = 1_000_000;
/// Deepest nesting: certificates nest some twenty deep.
const DEEPEST: u16 = 200;
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

/// Parses a document.
///
/// # Errors
/// When it is no well-formed XML, has a DTD, or is beyond the bounds.
pub(super) fn parse(xml: &str) -> Result<Document<'_>, ReadError> {
    if let Some(before) = crowded(xml) {
        return Err(too_crowded(before));
    }
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(xml, options).map_err(|error| not_xml(&error))
}

fn too_crowded(before: &str) -> ReadError {
    let line = before.matches('\n').count() + 1;
    ReadError::new(
        format!("một phần tử có hơn {MOST_ATTRIBUTES} thuộc tính"),
        format!("an element has more than {MOST_ATTRIBUTES} attributes"),
    )
    .at_line(u32::try_from(line).unwrap_or(u32::MAX))
}

fn not_xml(error: &roxmltree::Error) -> ReadError {
    use roxmltree::Error;
    match error {
        Error::DtdDetected => ReadError::new(
            "tệp có khai báo DTD (<!DOCTYPE …>); loại tệp này không cần DTD và vì an toàn nó không \
             được đọc",
            "the file has a DTD (<!DOCTYPE …>); a file of this kind needs none, and for safety it is \
             not read",
        ),
        Error::NodesLimitReached => ReadError::new(
            format!("tệp có hơn {MOST_NODES} phần tử XML, quá lớn đối với loại tệp này"),
            format!("the file has more than {MOST_NODES} XML nodes, too many for one of its kind"),
        ),
        _ => {
            let position = error.pos();
            let vi = match error {
                Error::UnexpectedCloseTag(expected, found, _) => {
                    format!("cần thẻ đóng “{expected}”, gặp “{found}”")
                }
                _ => "tệp không phải XML đúng cú pháp từ vị trí này trở đi".to_owned(),
            };
            ReadError::new(vi, format!("the file is no well-formed XML ({error})"))
                .at(position.row, position.col)
        }
    }
}

pub(super) type Element<'d> = Node<'d, 'd>;

/// The text of an element, blanks collapsed, or what it refers to; only the beginning where it is
/// long.
pub(super) fn beginning(element: Element<'_>) -> Option<String> {
    const ENOUGH: usize = 400;
    let mut text = String::new();
    for word in element
        .descendants()
        .filter(Node::is_text)
        .filter_map(|node| node.text())
        .flat_map(str::split_whitespace)
    {
        if text.len() > ENOUGH {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    if text.is_empty() {
        text.push_str(element.attribute("refId").unwrap_or_default());
    }
    (!text.is_empty()).then(|| shortened(&text).into_owned())
}

/// The own text of an element, blanks collapsed.
pub(super) fn own_text(element: Element<'_>) -> Option<String> {
    let texts = element.children().filter(Node::is_text).filter_map(|node| node.text());
    let words: Vec<&str> = texts.flat_map(str::split_whitespace).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// A number as XML Schema writes it: a plus sign, a point without digits before or after it.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    let (sign, unsigned) = match text.strip_prefix('+') {
        Some(unsigned) => ("", unsigned),
        None => text.strip_prefix('-').map_or(("", text), |unsigned| ("-", unsigned)),
    };
    if unsigned.starts_with('-') {
        return None;
    }
    let (mantissa, exponent) =
        unsigned.split_at(unsigned.find(['e', 'E']).unwrap_or(unsigned.len()));
    let zero = if mantissa.starts_with('.') { "0" } else { "" };
    let mantissa = mantissa.strip_suffix('.').filter(|rest| !rest.is_empty()).unwrap_or(mantissa);
    format!("{sign}{zero}{mantissa}{exponent}").parse().ok()
}

/// Where elements stand.
pub(super) struct Places<'d> {
    /// The offsets at which lines begin.
    lines: Vec<usize>,
    /// By node: its number among its siblings of the same name.
    ordinals: Vec<u32>,
    /// How many siblings of one name there are, by parent.
    totals: HashMap<(usize, Option<&'d str>, &'d str), u32>,
}

impl<'d> Places<'d> {
    pub(super) fn new(xml: &str, document: &'d Document<'d>) -> Result<Self, ReadError> {
        let breaks = xml.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        let mut places = Self { lines, ordinals: Vec::new(), totals: HashMap::new() };
        let mut depths: Vec<u16> = Vec::new();
        for node in document.descendants() {
            let depth = node.parent().and_then(|parent| depths.get(parent.id().get_usize()));
            let depth = depth.map_or(0, |depth| depth + 1);
            if depth > DEEPEST {
                let error = ReadError::new(
                    format!("các phần tử XML lồng nhau sâu hơn {DEEPEST} cấp"),
                    format!("XML elements nest deeper than {DEEPEST}"),
                );
                return Err(places.locate(error, node));
            }
            depths.push(depth);
            let ordinal = match Self::key(node) {
                Some(key) => {
                    let total = places.totals.entry(key).or_default();
                    *total += 1;
                    *total
                }
                None => 0,
            };
            places.ordinals.push(ordinal);
        }
        Ok(places)
    }

    fn key(node: Element<'d>) -> Option<(usize, Option<&'d str>, &'d str)> {
        let parent = node.parent().filter(|_| node.is_element())?;
        let name = node.tag_name();
        Some((parent.id().get_usize(), name.namespace(), name.name()))
    }

    pub(super) fn position(&self, node: Element<'_>) -> (u32, u32) {
        let offset = node.range().start;
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let before = node.document().input_text().get(start..offset).unwrap_or_default();
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        (number(line), number(before.chars().count() + 1))
    }

    pub(super) fn locate(&self, error: ReadError, node: Element<'_>) -> ReadError {
        let (line, column) = self.position(node);
        error.at(line, column)
    }

    /// The XPath of an element, with the usual prefixes.
    pub(super) fn path(&self, element: Element<'d>) -> String {
        let mut steps: Vec<String> = Vec::new();
        for ancestor in element.ancestors().filter(Node::is_element) {
            let mut step = qualified(ancestor.tag_name());
            let several = Self::key(ancestor).and_then(|key| self.totals.get(&key)) > Some(&1);
            if several && let Some(ordinal) = self.ordinals.get(ancestor.id().get_usize()) {
                step = format!("{step}[{ordinal}]");
            }
            steps.push(step);
        }
        steps.iter().rev().fold(String::new(), |path, step| path + "/" + step)
    }
}

/// A name with the prefix usual for its namespace.
fn qualified(name: ExpandedName<'_, '_>) -> String {
    let prefix = match name.namespace() {
        None => "",
        Some(dcc::NAMESPACE) => "dcc:",
        Some(SI) => "si:",
        Some(ccri::NAMESPACE) => "kc:",
        Some("http://www.w3.org/2000/09/xmldsig#") => "ds:",
        Some("http://www.w3.org/1998/Math/MathML") => "ml:",
        Some(_) => "*:",
    };
    format!("{prefix}{}", name.name())
}

/// Which elements were read, were listed, or lead to such ones, by node.
pub(super) struct Settled(Vec<bool>);

impl Settled {
    /// None of a document.
    pub(super) fn new(document: &Document<'_>) -> Self {
        Self(vec![false; document.descendants().count()])
    }

    /// Whether an element is.
    pub(super) fn has(&self, element: Element<'_>) -> bool {
        self.0.get(element.id().get_usize()).copied().unwrap_or_default()
    }

    /// An element is, and what leads to it.
    pub(super) fn settle(&mut self, element: Element<'_>) {
        for ancestor in element.ancestors() {
            match self.0.get_mut(ancestor.id().get_usize()) {
                Some(settled) if !*settled => *settled = true,
                _ => break,
            }
        }
    }

    /// An element is, with all it contains.
    pub(super) fn settle_all(&mut self, element: Element<'_>) {
        for descendant in element.descendants() {
            self.settle(descendant);
        }
    }
}
