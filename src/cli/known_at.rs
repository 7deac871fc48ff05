//! The option that names a state of knowledge, read the same for every command.

use deserr::deserialize;
use serde_json::Value;

use crate::app::registry::Registry;
use crate::clock;
use crate::domain::claim::KnownAt;
use crate::domain::fault::Faults;

use super::failure::{Failure, Places};

/// A state of knowledge.
#[derive(Debug, clap::Args)]
pub struct KnownAtOption {
    /// The state of knowledge: an instant such as 2026-11-20T00:00:00Z, or a log index; now when
    /// absent.
    #[arg(long, value_name = "INSTANT|INDEX")]
    known_at: Option<String>,
}

impl KnownAtOption {
    /// As a field of a claim.
    pub fn as_field(&self) -> Option<Value> {
        self.known_at.as_ref().map(|text| match text.parse::<u64>() {
            Ok(index) => index.into(),
            Err(_) => Value::from(text.as_str()),
        })
    }

    /// As it is meant.
    ///
    /// # Errors
    /// When it is neither an instant nor an index.
    pub fn read(&self, places: Places) -> Result<Option<KnownAt>, Failure> {
        let read = self.as_field().map(deserialize::<KnownAt, _, Faults>).transpose();
        read.map_err(|Faults(mut faults)| {
            faults.iter_mut().for_each(|fault| fault.pointer = "/known_at".to_owned());
            Failure::options(Faults(faults), places)
        })
    }

    /// Its log index in a registry.
    ///
    /// # Errors
    /// When it is neither an instant nor an index, lies in the future, or the database fails.
    pub fn index(&self, registry: &Registry, places: Places) -> Result<u64, Failure> {
        let known_at = self.read(places)?;
        let index = registry.index_at(known_at, clock::now());
        index.map_err(|refusal| Failure::of_options(refusal, places))
    }
}
