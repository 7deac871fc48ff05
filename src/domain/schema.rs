//! Macros in which JSON types are written, so that each field is said once: `object!` for objects
//! that come in, `record!` for records, `vocabulary!` for closed enumerations and `answer!` for
//! objects that only go out. Each gives its type a form (`form`) in the words of its doc comments,
//! and takes no other attributes than it says. Nothing else lives here.

/// The key of a field: its own name, or the word that it is written `as`.
macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $word:literal) => {
        $word
    };
}

/// A JSON object: its required fields, its optional ones (`Option<T>`) and its lists (`Vec<T>`,
/// empty when absent). Unknown fields are refused, all faults are collected, and what was read
/// is written back without loss. A field may have another key than its name: `kind as "type": …`.
///
/// `Name as function` puts the definition of its form through a function.
macro_rules! object {
    ( $(#[doc = $doc:expr])* $name:ident { $($fields:tt)* } ) => {
        object! { $(#[doc = $doc])* $name as std::convert::identity { $($fields)* } }
    };
    (
        $(#[doc = $doc:expr])*
        $name:ident as $refined:path {
            $(required { $( $(#[doc = $rdoc:expr])* $required:ident $(as $rkey:literal)? : $rty:ty, )* })?
            $(optional { $( $(#[doc = $odoc:expr])* $optional:ident $(as $okey:literal)? : $oty:ty, )* })?
            $(many { $( $(#[doc = $mdoc:expr])* $many:ident $(as $mkey:literal)? : $mty:ty, )* })?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, deserr::Deserr)]
        #[deserr(error = crate::domain::fault::Faults, deny_unknown_fields)]
        pub struct $name {
            $($(
                $(#[doc = $rdoc])*
                $(#[serde(rename = $rkey)] #[deserr(rename = $rkey)])?
                pub $required: $rty,
            )*)?
            $($(
                $(#[doc = $odoc])*
                $(#[serde(rename = $okey)] #[deserr(rename = $okey)])?
                #[serde(skip_serializing_if = "Option::is_none")]
                #[deserr(default)]
                pub $optional: Option<$oty>,
            )*)?
            $($(
                $(#[doc = $mdoc])*
                $(#[serde(rename = $mkey)] #[deserr(rename = $mkey)])?
                #[serde(skip_serializing_if = "Vec::is_empty")]
                #[deserr(default)]
                pub $many: Vec<$mty>,
            )*)?
        }

        impl crate::domain::form::Described for $name {
            fn form() -> crate::domain::form::Form {
                use crate::domain::form::{Definition, Described, Field, Form};
                Form::named(stringify!($name), || {
                    let fields = vec![
                        $($( Field::required(
                            key!($required $($rkey)?),
                            &[$($rdoc),*],
                            <$rty as Described>::form(),
                        ), )*)?
                        $($( Field::optional(
                            key!($optional $($okey)?),
                            &[$($odoc),*],
                            <$oty as Described>::form(),
                        ), )*)?
                        $($( Field::optional(
                            key!($many $($mkey)?),
                            &[$($mdoc),*],
                            <Vec<$mty> as Described>::form(),
                        ), )*)?
                    ];
                    $refined(Definition::new(&[$($doc),*], Form::closed(fields)))
                })
            }
        }
    };
}

/// A record of a collection: an object that also carries what every record carries (identity,
/// version and knowledge, evidence level).
macro_rules! record {
    ( $(#[doc = $doc:expr])* $name:ident { $($fields:tt)* } ) => {
        record! {
            $(#[doc = $doc])*
            $name as crate::domain::records::given_by_the_service { $($fields)* }
        }
    };
    (
        $(#[doc = $doc:expr])*
        $name:ident as $refined:path {
            $(required { $( $(#[doc = $rdoc:expr])* $required:ident $(as $rkey:literal)? : $rty:ty, )* })?
            $(optional { $( $(#[doc = $odoc:expr])* $optional:ident $(as $okey:literal)? : $oty:ty, )* })?
            $(many { $( $(#[doc = $mdoc:expr])* $many:ident $(as $mkey:literal)? : $mty:ty, )* })?
        }
    ) => {
        object! {
            $(#[doc = $doc])*
            $name as $refined {
                required {
                    /// Identity of the record: a UUIDv7, which the service gives where there is
                    /// none; within a bundle a label.
                    id: crate::domain::id::Id,
                    $($( $(#[doc = $rdoc])* $required $(as $rkey)? : $rty, )*)?
                }
                optional {
                    $($( $(#[doc = $odoc])* $optional $(as $okey)? : $oty, )*)?
                    /// Number of this version, given by the service.
                    version: u32,
                    /// When the registry learnt of this version (transaction time).
                    recorded_at: crate::domain::period::Instant,
                    /// Who wrote this version.
                    recorded_by: String,
                    /// Position of this version in the record log.
                    log_index: u64,
                    /// How well the record is evidenced (rule D-07).
                    evidence_level: crate::domain::recognition::EvidenceLevel,
                    /// When the record was last taken from an outside register.
                    synced_at: crate::domain::period::Instant,
                }
                many { $($( $(#[doc = $mdoc])* $many $(as $mkey)? : $mty, )*)? }
            }
        }

        impl crate::domain::records::Record for $name {
            fn id(&self) -> &crate::domain::id::Id { &self.id }
            fn recorded_at(&self) -> Option<crate::domain::period::Instant> { self.recorded_at }
            fn version(&self) -> Option<u32> { self.version }
            fn evidence_level(&self) -> Option<crate::domain::recognition::EvidenceLevel> {
                self.evidence_level
            }
            fn synced_at(&self) -> Option<crate::domain::period::Instant> {
                self.synced_at
            }
            fn set_evidence(
                &mut self,
                level: Option<crate::domain::recognition::EvidenceLevel>,
                synced_at: Option<crate::domain::period::Instant>,
            ) {
                self.evidence_level = level;
                self.synced_at = synced_at;
            }
            fn set_recorded_at(&mut self, instant: Option<crate::domain::period::Instant>) {
                self.recorded_at = instant;
            }
        }
    };
}

/// A closed enumeration, written in JSON as one of its words.
macro_rules! vocabulary {
    (
        $(#[doc = $doc:expr])*
        $name:ident { $( $(#[doc = $vdoc:expr])* $variant:ident = $word:expr, )+ }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[doc = $vdoc])* #[doc = concat!("`", $word, "`")] $variant, )+ }

        impl $name {
            /// Every word of the enumeration, in its declared order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word that stands for this value in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// The value that a word stands for, if it is one of the enumeration.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl deserr::Deserr<crate::domain::fault::Faults> for $name {
            fn deserialize_from_value<V: deserr::IntoValue>(
                value: deserr::Value<V>,
                location: deserr::ValuePointerRef<'_>,
            ) -> Result<Self, crate::domain::fault::Faults> {
                let word = crate::domain::fault::string(value, location)?;
                Self::from_word(&word).ok_or_else(|| {
                    let words: Vec<&str> = Self::ALL.iter().map(|value| value.as_str()).collect();
                    crate::domain::fault::Faults::unknown_word(location, &word, &words)
                })
            }
        }

        impl crate::domain::form::Described for $name {
            fn form() -> crate::domain::form::Form {
                use crate::domain::form::{Definition, Form, Word};
                Form::named(stringify!($name), || {
                    let words = vec![$( Word::new($word, &[$($vdoc),*]), )+];
                    Definition::new(&[$($doc),*], Form::Words(words))
                })
            }
        }
    };
}

/// A JSON object that only goes out, in every room. It derives Debug, Clone, Serialize and what is
/// named after `derive`. Every field is there, null where an option says nothing, save those that
/// serde is told to skip.
macro_rules! answer {
    (
        $(#[doc = $doc:expr])*
        $(#[derive($($derived:ident),+)])?
        $name:ident {
            $(
                $(#[doc = $fdoc:expr])*
                $(#[serde(skip_serializing_if = $skipped:literal)])?
                $field:ident $(as $key:literal)? : $ty:ty,
            )+
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, serde::Serialize)]
        $(#[derive($($derived),+)])?
        pub struct $name {
            $(
                $(#[doc = $fdoc])*
                $(#[serde(skip_serializing_if = $skipped)])?
                $(#[serde(rename = $key)])?
                pub $field: $ty,
            )+
        }

        impl crate::domain::form::Described for $name {
            fn form() -> crate::domain::form::Form {
                use crate::domain::form::{Definition, Described, Form};
                Form::named(stringify!($name), || {
                    let fields = vec![$(
                        field!($($skipped)?)(
                            key!($field $($key)?),
                            &[$($fdoc),*],
                            <$ty as Described>::form(),
                        ),
                    )+];
                    Definition::new(&[$($doc),*], Form::open(fields))
                })
            }
        }
    };
}

/// What makes a field of an answer: one that serde skips may be absent.
macro_rules! field {
    () => {
        crate::domain::form::Field::required
    };
    ($skipped:literal) => {
        crate::domain::form::Field::optional
    };
}
