//! How far a command has come, on a terminal that a person watches. The answer itself does not live
//! here, and nothing is shown to programs.

use std::io::{self, IsTerminal};
use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::engine::finding::Phrase;

use super::Options;
use super::phrases::say;

/// Shown until it is dropped; then its line is gone.
pub struct Progress(ProgressBar);

impl Progress {
    /// Begins to count something, such as records.
    pub fn new(what: Phrase, options: Options) -> Self {
        Self::shown_if(true, what, options)
    }

    /// The same beside an output that is written meanwhile: to this file, or else to the standard
    /// output, where it would come between the lines of a terminal.
    pub fn beside(output: Option<&Path>, what: Phrase, options: Options) -> Self {
        Self::shown_if(output.is_some() || !io::stdout().is_terminal(), what, options)
    }

    fn shown_if(apart: bool, what: Phrase, options: Options) -> Self {
        let watched = apart && !options.json && io::stderr().is_terminal();
        let bar = match watched {
            true => ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()),
            false => ProgressBar::hidden(),
        };
        bar.set_style(style("{spinner} {human_pos} {msg}  {elapsed}"));
        bar.set_message(say(what, options.language));
        Self(bar)
    }

    /// The same, when it is known how many there are in all.
    #[must_use]
    pub fn of(self, all: u64) -> Self {
        self.expect(all);
        self
    }

    /// So many are done.
    pub fn at(&self, done: u64) {
        self.0.set_position(done);
    }

    /// So many are done, of so many.
    pub fn at_of(&self, done: u64, all: u64) {
        if self.0.length() != Some(all) {
            self.expect(all);
        }
        self.at(done);
    }

    /// So many are done of the first stage, of which nobody knows how many there are.
    pub fn at_first(&self, what: Phrase, done: u64, options: Options) {
        self.0.set_message(say(what, options.language));
        self.at(done);
    }

    /// So many are done of a later stage.
    pub fn then(&self, what: Phrase, done: u64, all: u64, options: Options) {
        self.0.set_message(say(what, options.language));
        self.at_of(done, all);
    }

    fn expect(&self, all: u64) {
        self.0.set_style(style("{bar:40} {human_pos} / {human_len} {msg}  {eta}"));
        self.0.set_length(all);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates stand above and are right; what cannot be shown keeps nothing from being done.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
