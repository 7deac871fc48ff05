//! What a type looks like in JSON: its form, told in the words of its doc comments, so that a
//! document of the API can be made of it.
//!
//! What lives here: [`Form`], [`Described`] and the forms of the types that come with the language.
//! What does not: the forms of our own types (each stands beside its type, most of them made by
//! the macros of `schema`), and any document made of forms (`http`).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

/// A type that tells its form in JSON: what it is written as, and what it is read from.
pub trait Described {
    /// Its form.
    fn form() -> Form;
}

/// The form of a JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// A form that has a name and is defined once.
    Named(Named),
    /// A text.
    Text(TextForm),
    /// A text that is one of a closed list.
    Words(Vec<Word>),
    /// An integer.
    Integer {
        /// The smallest there can be.
        minimum: u64,
        /// The largest there can be.
        maximum: u64,
    },
    /// A number, whole or not. Measured values are no such numbers but texts, which keep their digits.
    Number {
        /// The smallest there can be.
        minimum: f64,
        /// The largest there can be.
        maximum: f64,
    },
    /// True or false.
    Boolean,
    /// A list.
    List {
        /// The form of its elements.
        of: Box<Form>,
        /// How many elements it has, where that is fixed.
        length: Option<usize>,
    },
    /// An object with these fields.
    Object {
        /// Its fields.
        fields: Vec<Field>,
        /// Whether it is refused with any other field. What only goes out may get more fields in
        /// time, so it is not closed.
        closed: bool,
    },
    /// An object of any keys, with values of one form.
    Map(Box<Form>),
    /// One of these forms.
    OneOf(Vec<Form>),
    /// This form, or null.
    Nullable(Box<Form>),
    /// Any JSON value.
    Any,
}

/// A form that has a name. It may hold itself: its definition is made when it is asked for.
#[derive(Clone)]
pub struct Named {
    /// The name; no two definitions share one.
    pub name: Cow<'static, str>,
    /// Makes its definition.
    pub definition: fn() -> Definition,
}

/// Two forms of one name are the same form.
impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for Named {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// What it is, in Markdown.
    pub description: String,
    /// Its form.
    pub form: Form,
}

/// What a text must look like.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TextForm {
    /// A format of JSON Schema, such as `date`.
    pub format: Option<&'static str>,
    /// A regular expression (ECMA-262) that matches all such texts.
    pub pattern: Option<&'static str>,
    /// The fewest characters.
    pub shortest: Option<usize>,
    /// The most characters.
    pub longest: Option<usize>,
    /// Such texts.
    pub examples: &'static [&'static str],
}

/// A word of a closed list.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// As it is written.
    pub word: &'static str,
    /// What it means, in Markdown.
    pub description: String,
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its key.
    pub name: &'static str,
    /// What it says, in Markdown.
    pub description: String,
    /// The form of its value.
    pub form: Form,
    /// Whether it is always there; one that is not is left out, never null.
    pub required: bool,
    /// Whether the service gives it and ignores it in what is sent.
    pub read_only: bool,
}

impl Form {
    /// A form that is defined once, under this name.
    pub fn named(name: impl Into<Cow<'static, str>>, definition: fn() -> Definition) -> Self {
        Self::Named(Named { name: name.into(), definition })
    }

    /// An object that comes in, so that no other field than these is accepted.
    pub fn closed(fields: Vec<Field>) -> Self {
        Self::Object { fields, closed: true }
    }

    /// An object that only goes out.
    pub fn open(fields: Vec<Field>) -> Self {
        Self::Object { fields, closed: false }
    }

    /// A list of this form.
    pub fn list_of(of: Self) -> Self {
        Self::List { of: Box::new(of), length: None }
    }

    /// The forms that it is made of. What a name stands for is not among them.
    pub fn parts(&self) -> Vec<&Self> {
        match self {
            Self::List { of, .. } | Self::Map(of) | Self::Nullable(of) => vec![of],
            Self::Object { fields, .. } => fields.iter().map(|field| &field.form).collect(),
            Self::OneOf(forms) => forms.iter().collect(),
            Self::Named(_)
            | Self::Text(_)
            | Self::Words(_)
            | Self::Integer { .. }
            | Self::Number { .. }
            | Self::Boolean
            | Self::Any => Vec::new(),
        }
    }
}

impl Definition {
    /// What this doc comment describes.
    pub fn new(doc: &[&str], form: Form) -> Self {
        Self { description: prose(doc), form }
    }
}

impl Word {
    /// A word and the doc comment of what it stands for.
    pub fn new(word: &'static str, doc: &[&str]) -> Self {
        Self { word, description: prose(doc) }
    }
}

impl Field {
    /// A field that is always there.
    pub fn required(name: &'static str, doc: &[&str], form: Form) -> Self {
        Self { name, description: prose(doc), form, required: true, read_only: false }
    }

    /// A field that is left out where it says nothing.
    pub fn optional(name: &'static str, doc: &[&str], form: Form) -> Self {
        let form = match form {
            Form::Nullable(form) => *form,
            form => form,
        };
        Self { required: false, ..Self::required(name, doc, form) }
    }
}

/// The text of a doc comment from its lines: each paragraph on one line, and without the
/// backslashes that keep rustdoc from taking a bracket for a link.
fn prose(doc: &[&str]) -> String {
    let mut text = String::new();
    let mut begins = true;
    for line in doc.iter().map(|line| line.trim()) {
        if line.is_empty() {
            begins = true;
            continue;
        }
        if !text.is_empty() {
            text.push_str(if begins { "\n\n" } else { " " });
        }
        text.push_str(&line.replace("\\[", "[").replace("\\]", "]"));
        begins = false;
    }
    text
}

impl Described for String {
    fn form() -> Form {
        Form::Text(TextForm::default())
    }
}

impl Described for &str {
    fn form() -> Form {
        String::form()
    }
}

impl Described for bool {
    fn form() -> Form {
        Form::Boolean
    }
}

impl Described for u16 {
    fn form() -> Form {
        Form::Integer { minimum: 0, maximum: u64::from(Self::MAX) }
    }
}

impl Described for u32 {
    fn form() -> Form {
        Form::Integer { minimum: 0, maximum: u64::from(Self::MAX) }
    }
}

/// The integers that every reader of JSON takes exactly end at 2^53 - 1 (RFC 7493), and nothing is
/// counted beyond.
impl Described for u64 {
    fn form() -> Form {
        Form::Integer { minimum: 0, maximum: (1 << 53) - 1 }
    }
}

impl Described for usize {
    fn form() -> Form {
        u64::form()
    }
}

impl<T: Described> Described for Vec<T> {
    fn form() -> Form {
        Form::list_of(T::form())
    }
}

/// A pair, written as a list.
impl<T: Described> Described for (T, T) {
    fn form() -> Form {
        Form::List { of: Box::new(T::form()), length: Some(2) }
    }
}

impl<T: Described> Described for Option<T> {
    fn form() -> Form {
        Form::Nullable(Box::new(T::form()))
    }
}

impl<T: Described> Described for Box<T> {
    fn form() -> Form {
        T::form()
    }
}

impl<T: Described> Described for BTreeMap<String, T> {
    fn form() -> Form {
        Form::Map(Box::new(T::form()))
    }
}

impl Described for Map<String, Value> {
    fn form() -> Form {
        Form::Map(Box::new(Form::Any))
    }
}

impl Described for Value {
    fn form() -> Form {
        Form::Any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    vocabulary! {
        /// A colour.
        Colour {
            /// As blood.
            Red = "red",
            /// As the sky, on a day
            /// without clouds \[S\].
            Blue = "blue",
        }
    }

    object! {
        /// A thing that comes in.
        ///
        /// It is only
        /// a test.
        Incoming {
            required {
                /// Its colour.
                colour: Colour,
            }
            optional {
                /// Its type.
                kind as "type": String,
            }
            many {
                /// Pairs.
                pairs: (u32, u32),
            }
        }
    }

    answer! {
        /// A thing that goes out.
        #[derive(PartialEq)]
        Outgoing {
            /// Left out when there is none.
            #[serde(skip_serializing_if = "Option::is_none")]
            rare: Option<String>,
            /// Null when there is none.
            known as "is_known": Option<bool>,
            /// Things in it.
            parts: Vec<Outgoing>,
        }
    }

    fn definition<T: Described>() -> (Cow<'static, str>, Definition) {
        match T::form() {
            Form::Named(named) => (named.name, (named.definition)()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn words_are_described_by_their_doc_comments() {
        let (name, definition) = definition::<Colour>();
        assert_eq!(name, "Colour");
        assert_eq!(definition.description, "A colour.");
        let words = [
            ("red", "As blood.".to_owned()),
            ("blue", "As the sky, on a day without clouds [S].".to_owned()),
        ];
        let words = words.map(|(word, description)| Word { word, description });
        assert_eq!(definition.form, Form::Words(words.into()));
    }

    #[test]
    fn objects_that_come_in() {
        let (name, definition) = definition::<Incoming>();
        assert_eq!(name, "Incoming");
        assert_eq!(definition.description, "A thing that comes in.\n\nIt is only a test.");
        let pairs = Form::List { of: Box::new(u32::form()), length: Some(2) };
        let fields = vec![
            Field::required("colour", &[" Its colour."], Colour::form()),
            Field::optional("type", &[" Its type."], String::form()),
            Field::optional("pairs", &[" Pairs."], Form::list_of(pairs)),
        ];
        assert_eq!(definition.form, Form::closed(fields));
        let read: Incoming = deserr::deserialize::<_, _, crate::domain::fault::Faults>(
            serde_json::json!({"colour": "red", "type": "t", "pairs": [[1, 2]]}),
        )
        .expect("its own form");
        assert_eq!(read.kind.as_deref(), Some("t"));
    }

    #[test]
    fn objects_that_go_out() {
        let (_, definition) = definition::<Outgoing>();
        let fields = vec![
            Field::optional("rare", &[" Left out when there is none."], String::form()),
            Field::required("is_known", &[" Null when there is none."], Option::<bool>::form()),
            Field::required("parts", &[" Things in it."], Form::list_of(Outgoing::form())),
        ];
        assert_eq!(definition.form, Form::open(fields));
        let sent = Outgoing { rare: None, known: None, parts: Vec::new() };
        let json = serde_json::to_string(&sent).expect("json");
        assert_eq!(json, r#"{"is_known":null,"parts":[]}"#);
    }
}
