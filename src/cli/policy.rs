//! The policy that an option names: one that comes with the program, one of the registry, or one in
//! a file.

use std::borrow::Cow;
use std::path::Path;

use crate::app::verify::shipped_named;
use crate::engine::policy::Policy;

use super::database::Database;
use super::failure::{Failure, Places};
use super::input;

const OPTION: Places = &[("policy", "--policy")];

/// The policy of a file, where the option names one: it ends in `.json`, or holds a slash, which no
/// id does.
///
/// # Errors
/// When the file cannot be read, or is no policy.
pub fn of_file(name: &str) -> Result<Option<Policy>, Failure> {
    if !(name.ends_with(".json") || name.contains(['/', '\\'])) {
        return Ok(None);
    }
    let path = Path::new(name);
    let text = input::read(path)?;
    let policy = Policy::custom(&text);
    policy.map(Some).map_err(|faults| Failure::refused(&input::name(path), faults))
}

/// The policy that an option names. The registry is asked only for what does not come with the
/// program.
///
/// # Errors
/// When there is none of this name, or the file or the registry cannot be read.
pub fn named(name: &str, database: &Database) -> Result<Cow<'static, Policy>, Failure> {
    if let Some(policy) = of_file(name)? {
        return Ok(Cow::Owned(policy));
    }
    if let Some(policy) = shipped_named(name) {
        return Ok(Cow::Borrowed(policy));
    }
    let registry = database.registry()?;
    let found = registry.head().and_then(|head| registry.policy_for(Some(name), head.log_index));
    found.map_err(|refusal| Failure::of_options(refusal, OPTION))
}
