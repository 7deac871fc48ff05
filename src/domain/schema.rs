//! Two macros in which the record types are written, so that each field is said once: `object!`
//! for JSON objects and `vocabulary!` for closed enumerations. Nothing else lives here.

/// A JSON object: its required fields, its optional ones (`Option<T>`) and its lists (`Vec<T>`,
/// empty when absent). Unknown fields are refused, all faults are collected, and what was read
/// is written back without loss.
macro_rules! object {
    (
        $(#[$meta:meta])*
        $name:ident {
            $(required { $( $(#[$rmeta:meta])* $required:ident : $rty:ty, )* })?
            $(optional { $( $(#[$ometa:meta])* $optional:ident : $oty:ty, )* })?
            $(many { $( $(#[$mmeta:meta])* $many:ident : $mty:ty, )* })?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, deserr::Deserr)]
        #[deserr(error = crate::domain::fault::Faults, deny_unknown_fields)]
        pub struct $name {
            $($( $(#[$rmeta])* pub $required: $rty, )*)?
            $($(
                $(#[$ometa])*
                #[serde(skip_serializing_if = "Option::is_none")]
                #[deserr(default)]
                pub $optional: Option<$oty>,
            )*)?
            $($(
                $(#[$mmeta])*
                #[serde(skip_serializing_if = "Vec::is_empty")]
                #[deserr(default)]
                pub $many: Vec<$mty>,
            )*)?
        }
    };
}

/// A record of a collection: an object that also carries what every record carries (identity,
/// version and knowledge, evidence level).
macro_rules! record {
    (
        $(#[$meta:meta])*
        $name:ident {
            $(required { $( $(#[$rmeta:meta])* $required:ident : $rty:ty, )* })?
            $(optional { $( $(#[$ometa:meta])* $optional:ident : $oty:ty, )* })?
            $(many { $( $(#[$mmeta:meta])* $many:ident : $mty:ty, )* })?
        }
    ) => {
        object! {
            $(#[$meta])*
            $name {
                required {
                    /// Identity of the record: UUIDv7, or a label within a bundle.
                    id: crate::domain::id::Id,
                    $($( $(#[$rmeta])* $required: $rty, )*)?
                }
                optional {
                    $($( $(#[$ometa])* $optional: $oty, )*)?
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
                many { $($( $(#[$mmeta])* $many: $mty, )*)? }
            }
        }

        impl crate::domain::records::Record for $name {
            fn id(&self) -> &crate::domain::id::Id { &self.id }
            fn recorded_at(&self) -> Option<crate::domain::period::Instant> { self.recorded_at }
            fn version(&self) -> Option<u32> { self.version }
            fn evidence_level(&self) -> Option<crate::domain::recognition::EvidenceLevel> {
                self.evidence_level
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
        $(#[$meta:meta])*
        $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $word:expr, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$vmeta])* #[doc = concat!("`", $word, "`")] $variant, )+ }

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
    };
}
