//! Which database a command works on: its options, the environment, and what is so when neither
//! says. What is done with the registry in it does not live here.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::app::registry::{Author, Registry};
use crate::clock;
use crate::config::{self, Config};
use crate::domain::text::Text;
use crate::store::{DatabaseUrl, Store, StoreError};

use super::failure::{Failure, Status};

/// The file of the embedded database in its directory.
const FILE: &str = "registry.db";

/// Who writes, in the record log: there is no login on the command line, whoever may open the
/// database is its operator.
const ACTOR: &str = "operator";

/// Where the registry is.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Database {
    /// The database of the registry: postgres://USER@HOST/NAME, or a file of SQLite; DATABASE_URL
    /// of the environment when absent.
    #[arg(long, value_name = "URL", display_order = 90, conflicts_with = "data_dir")]
    database: Option<String>,
    /// The directory of the embedded database; ETALON_DATA_DIR of the environment when absent, else
    /// etalon-data.
    #[arg(long, value_name = "DIR", display_order = 91)]
    data_dir: Option<PathBuf>,
}

impl Database {
    /// The embedded database in a directory.
    pub fn in_directory(directory: &Path) -> Self {
        Self { database: None, data_dir: Some(directory.to_owned()) }
    }

    /// Its address: that of the options, else of the environment, else the embedded database in its
    /// usual place.
    ///
    /// # Errors
    /// When it is no address, or the environment cannot be read.
    pub fn url(&self) -> Result<DatabaseUrl, Failure> {
        match self.of_options() {
            Some(url) => url,
            None => of_settings(&settings()?.database),
        }
    }

    /// The same with settings that were read already.
    ///
    /// # Errors
    /// When it is no address.
    pub fn url_in(&self, settings: &config::Database) -> Result<DatabaseUrl, Failure> {
        self.of_options().unwrap_or_else(|| of_settings(settings))
    }

    fn of_options(&self) -> Option<Result<DatabaseUrl, Failure>> {
        match (&self.database, &self.data_dir) {
            (Some(url), _) => Some(parsed(url, "--database")),
            (None, Some(directory)) => Some(Ok(DatabaseUrl::Sqlite(directory.join(FILE)))),
            (None, None) => None,
        }
    }

    /// The registry, for reading: nothing is made that is not there.
    ///
    /// # Errors
    /// When there is none, or the database cannot be used.
    pub fn registry(&self) -> Result<Registry, Failure> {
        let url = self.url()?;
        if !is_there(&url)? {
            return Err(no_registry(&url));
        }
        // A file that is there and has no schema yet would get one, and may be somebody else's.
        if matches!(url, DatabaseUrl::Sqlite(_)) && Store::open(&url)?.schema()?.applied.is_empty()
        {
            return Err(no_registry(&url));
        }
        Ok(Registry::open(&url)?)
    }

    /// The registry, for writing: an embedded one is made where there is none.
    ///
    /// # Errors
    /// When it cannot be made, or the database cannot be used.
    pub fn registry_for_writing(&self) -> Result<Registry, Failure> {
        let url = self.url()?;
        make_room(&url)?;
        Ok(Registry::open(&url)?)
    }

    /// The store as it is, whatever its schema, to be migrated.
    ///
    /// # Errors
    /// When it cannot be made, or the database cannot be reached.
    pub fn store_for_writing(&self) -> Result<Store, Failure> {
        let url = self.url()?;
        make_room(&url)?;
        Ok(Store::open(&url)?)
    }

    /// Whether there is something to read; always for a server, which says itself what is wrong.
    ///
    /// # Errors
    /// When it is no address of a database, or that of a directory.
    pub fn is_there(&self) -> Result<bool, Failure> {
        is_there(&self.url()?)
    }
}

fn of_settings(settings: &config::Database) -> Result<DatabaseUrl, Failure> {
    match &settings.url {
        Some(url) => parsed(url.reveal(), "DATABASE_URL"),
        None => Ok(DatabaseUrl::Sqlite(settings.data_dir.join(FILE))),
    }
}

fn parsed(url: &str, source: &str) -> Result<DatabaseUrl, Failure> {
    url.parse().map_err(|error: StoreError| Failure::from(error).about(source))
}

/// The settings of the environment.
///
/// # Errors
/// Everything that is wrong with them.
pub fn settings() -> Result<Config, Failure> {
    Config::from_environment().map_err(|faults| {
        let message = Text::new(
            "không đọc được các thiết lập trong biến môi trường",
            "the settings in the environment cannot be read",
        );
        Failure::with_faults(Status::Usage, message, faults)
    })
}

/// A directory that goes away with what is in it.
///
/// # Errors
/// When it cannot be made.
pub fn temporary() -> Result<TempDir, Failure> {
    tempfile::tempdir().map_err(|error| {
        let message = Text::new(
            format!("không tạo được thư mục tạm: {error}"),
            format!("no temporary directory can be made: {error}"),
        );
        Failure::new(Status::Unwritable, message)
    })
}

/// Who writes here, and now.
pub fn author() -> Author {
    Author::operator(ACTOR, clock::now())
}

fn is_there(url: &DatabaseUrl) -> Result<bool, Failure> {
    let DatabaseUrl::Sqlite(path) = url else { return Ok(true) };
    if path.is_dir() {
        let path = path.display();
        let message = Text::new(
            format!("{path} là thư mục; hãy nêu một tệp, hoặc dùng --data-dir {path}"),
            format!("{path} is a directory; name a file, or say --data-dir {path}"),
        );
        return Err(Failure::new(Status::Unreadable, message));
    }
    Ok(path.exists())
}

/// Makes the directory of an embedded database.
pub fn make_room(url: &DatabaseUrl) -> Result<(), Failure> {
    is_there(url)?;
    let DatabaseUrl::Sqlite(path) = url else { return Ok(()) };
    let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) else {
        return Ok(());
    };
    std::fs::create_dir_all(directory).map_err(|error| {
        let directory = directory.display();
        let message = Text::new(
            format!(
                "không tạo được thư mục {directory}: {error}; hãy nêu thư mục khác bằng --data-dir"
            ),
            format!(
                "the directory {directory} cannot be made: {error}; name another with --data-dir"
            ),
        );
        Failure::new(Status::Unwritable, message)
    })
}

fn no_registry(url: &DatabaseUrl) -> Failure {
    let message = Text::new(
        format!(
            "chưa có sổ đăng ký nào ở {url}; hãy nhập dữ liệu trước (etalon import FILE), hoặc nêu \
             cơ sở dữ liệu khác bằng --database hay --data-dir"
        ),
        format!(
            "there is no registry at {url} yet; import something first (etalon import FILE), or name \
             another database with --database or --data-dir"
        ),
    );
    Failure::new(Status::Unreadable, message)
}
