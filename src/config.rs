//! Settings from the environment, read once. Options of the command line go before them.
//!
//! What does not live here: what a setting means to whoever uses it, such as how the address of a
//! database is read (`store`).

use std::ffi::OsString;
use std::path::PathBuf;

use crate::domain::fault::{Fault, Faults};
use crate::domain::text::Text;

/// Where a registry's data is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `DATABASE_URL`: the address of the database; the embedded one in `data_dir` when absent.
    pub database_url: Option<String>,
    /// `ETALON_DATA_DIR`: the folder of the embedded database; `etalon-data` when absent.
    pub data_dir: PathBuf,
}

impl Config {
    /// Reads the settings of this process.
    ///
    /// # Errors
    /// Everything that is wrong with them, each with the name of its variable.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads settings")]
    pub fn from_environment() -> Result<Self, Faults> {
        Self::read(|name| std::env::var_os(name))
    }

    fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let database_url = set("DATABASE_URL").and_then(|value| {
            let text = value.into_string();
            text.map_err(|_| faults.push(not_text("DATABASE_URL"))).ok()
        });
        let data_dir = set("ETALON_DATA_DIR").map_or_else(|| "etalon-data".into(), PathBuf::from);
        match faults.is_empty() {
            true => Ok(Self { database_url, data_dir }),
            false => Err(Faults(faults)),
        }
    }
}

fn not_text(name: &str) -> Fault {
    let message = Text::new(
        format!("biến môi trường {name} không phải văn bản UTF-8"),
        format!("the environment variable {name} is no UTF-8 text"),
    );
    Fault::error(name, "bad_setting", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_has_its_default() {
        let none = Config::read(|_| None).expect("no setting is wrong");
        assert_eq!(none.database_url, None);
        assert_eq!(none.data_dir, PathBuf::from("etalon-data"));
        let empty = Config::read(|_| Some(OsString::new())).expect("no setting is wrong");
        assert_eq!(empty, none);
        let set = Config::read(|name| Some(format!("value of {name}").into()));
        let set = set.expect("no setting is wrong");
        assert_eq!(set.database_url.as_deref(), Some("value of DATABASE_URL"));
        assert_eq!(set.data_dir, PathBuf::from("value of ETALON_DATA_DIR"));
    }
}
