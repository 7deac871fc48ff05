//! Texts in the two languages of the registry. Vietnamese and English are equals: a message
//! exists in both, a name in at least one.

answer! {
    /// A message for people, in Vietnamese and English.
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    Text {
        /// Vietnamese.
        vi: String,
        /// English.
        en: String,
    }
}

impl Text {
    /// A message from its two wordings.
    pub fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }

    /// The wording in one language.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Vietnamese => &self.vi,
            Language::English => &self.en,
        }
    }
}

vocabulary! {
    /// The languages in which the registry speaks to people.
    Language {
        /// Tiếng Việt.
        Vietnamese = "vi",
        /// English.
        English = "en",
    }
}

object! {
    /// What something is called, in Vietnamese, in English or in both.
    Names {
        optional {
            /// Vietnamese name.
            vi: String,
            /// English name.
            en: String,
        }
    }
}

impl Names {
    /// The name in the given language, or in the other one where that is missing.
    pub fn in_language(&self, language: Language) -> &str {
        let (first, second) = match language {
            Language::Vietnamese => (&self.vi, &self.en),
            Language::English => (&self.en, &self.vi),
        };
        first.as_deref().or(second.as_deref()).unwrap_or_default()
    }
}
