//! Lines for a terminal: styled text, broken at blanks so that it stays readable, hanging below a
//! prefix. What the lines say does not live here.
//!
//! Texts of records come from strangers: control characters, which could drive the reader's
//! terminal, are shown as `�`.

use std::fmt::Write;

use anstyle::Style;

use super::style::DIM;

/// Columns of a page. Fixed, so that the same answer is the same text everywhere.
const WIDTH: usize = 100;

/// Fewest columns left to a text, however deep it stands.
const NARROWEST: usize = 40;

/// A blank at which no line is broken, as between a number and its unit.
pub const FIRM_BLANK: char = '\u{a0}';

/// A piece of text made of styled spans.
#[derive(Debug, Clone, Default)]
pub struct Line(Vec<(Style, char)>);

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds text without a style.
    pub fn plain(self, text: &str) -> Self {
        self.styled(Style::new(), text)
    }

    /// Adds text in a style.
    pub fn styled(mut self, style: Style, text: &str) -> Self {
        self.0.extend(text.chars().map(|one| (style, if is_harmful(one) { '�' } else { one })));
        self
    }

    /// Adds blanks until the line has this width.
    pub fn padded(mut self, width: usize) -> Self {
        while self.width() < width {
            self.0.push((Style::new(), FIRM_BLANK));
        }
        self
    }

    /// Columns of the line.
    pub fn width(&self) -> usize {
        self.0.iter().map(|(_, one)| columns(*one)).sum()
    }

    /// The line broken at blanks: the first piece of one width, all others of another. A longer word
    /// stands on its own.
    fn broken(&self, first: usize, others: usize) -> Vec<&[(Style, char)]> {
        let mut lines = Vec::new();
        let (mut start, mut column) = (0, 0);
        let mut last_blank = None;
        for (index, (_, one)) in self.0.iter().enumerate() {
            if *one == ' ' {
                last_blank = Some(index);
            }
            column += columns(*one);
            let width = if lines.is_empty() { first } else { others };
            if let Some(blank) = last_blank
                && column > width
            {
                lines.push(&self.0[start..blank]);
                start = blank + 1;
                column = self.0[start..=index].iter().map(|(_, one)| columns(*one)).sum();
                last_blank = None;
            }
        }
        lines.push(&self.0[start..]);
        lines
    }
}

/// Whether a character drives a terminal or turns the direction of what follows.
fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Columns of a character of the two languages; combining marks take none.
fn columns(character: char) -> usize {
    usize::from(!matches!(character, '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}'))
}

/// A page as it grows.
#[derive(Debug, Default)]
pub struct Page(String);

impl Page {
    /// An empty page.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty line.
    pub fn blank(&mut self) {
        self.0.push('\n');
    }

    /// A line at the margin.
    pub fn line(&mut self, line: Line) {
        self.hanging("", "", &line);
    }

    /// A line that hangs: its first piece behind one prefix, all others behind another.
    pub fn hanging(&mut self, first: &str, others: &str, line: &Line) {
        let behind = |prefix: &str| {
            let taken = prefix.chars().map(columns).sum();
            WIDTH.saturating_sub(taken).max(NARROWEST)
        };
        for (index, piece) in line.broken(behind(first), behind(others)).into_iter().enumerate() {
            self.prefix(if index == 0 { first } else { others }, piece.is_empty());
            self.spans(piece);
            self.0.push('\n');
        }
    }

    /// A line across the page.
    pub fn rule(&mut self) {
        self.line(Line::new().styled(DIM, &"─".repeat(WIDTH)));
    }

    /// The text of the page.
    pub fn into_text(self) -> String {
        self.0
    }

    fn prefix(&mut self, prefix: &str, alone: bool) {
        let prefix = if alone { prefix.trim_end() } else { prefix };
        match prefix.trim().is_empty() {
            true => self.0.push_str(prefix),
            false => self.styled(DIM, prefix),
        }
    }

    fn spans(&mut self, piece: &[(Style, char)]) {
        for span in piece.chunk_by(|(left, _), (right, _)| left == right) {
            let text: String =
                span.iter().map(|(_, one)| if *one == FIRM_BLANK { ' ' } else { *one }).collect();
            match span.first() {
                Some((style, _)) if !style.is_plain() => self.styled(*style, &text),
                _ => self.0.push_str(&text),
            }
        }
    }

    fn styled(&mut self, style: Style, text: &str) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{style}{text}{style:#}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::style::BOLD;

    fn shown(page: Page) -> String {
        anstream::adapter::strip_str(&page.into_text()).to_string()
    }

    #[test]
    fn no_line_is_wider_than_the_page_however_far_it_hangs() {
        let mut page = Page::new();
        page.hanging("  ", &" ".repeat(24), &Line::new().plain(&"word ".repeat(60)));
        let text = shown(page);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn long_lines_hang_below_their_prefix() {
        let mut page = Page::new();
        page.hanging("└─ ", "   ", &Line::new().styled(BOLD, "W-1").plain(&" word".repeat(30)));
        let text = shown(page);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("└─ W-1 word") && lines[1].starts_with("   word"));
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH));
    }

    #[test]
    fn a_long_word_stands_on_its_own() {
        let mut page = Page::new();
        let word = "x".repeat(3 * WIDTH);
        page.line(Line::new().plain("a ").plain(&word).plain(" b"));
        assert_eq!(shown(page), format!("a\n{word}\nb\n"));
    }

    #[test]
    fn firm_blanks_keep_a_number_with_its_unit() {
        let mut page = Page::new();
        page.line(Line::new().plain(&"y".repeat(WIDTH - 2)).plain(" 1\u{a0}kg"));
        assert!(shown(page).ends_with("\n1 kg\n"));
    }

    #[test]
    fn records_cannot_drive_the_terminal() {
        let mut page = Page::new();
        page.line(Line::new().plain("a\u{1b}[31mb\nc\u{202e}d"));
        assert_eq!(page.into_text(), "a�[31mb�c�d\n");
    }
}
