//! Whom the operator trusts to say who signs certificates: a directory of certificates of authorities
//! and revocation lists.

use std::path::{Path, PathBuf};

use crate::domain::text::Text;
use crate::exchange::signature::{Trust, TrustError};

use super::failure::Status;
use super::{Failure, database, input};

/// The trust of an option, else of `ETALON_TRUST_DIR`; without either nobody is trusted.
///
/// # Errors
/// When a file cannot be read, there is no certificate of an authority, or the environment cannot be
/// read.
pub fn of_options(directory: Option<&Path>) -> Result<Trust, Failure> {
    match directory {
        Some(directory) => of_directory(directory),
        None => of_settings(database::settings()?.trust_dir.as_deref()),
    }
}

/// The trust of `ETALON_TRUST_DIR`; without it nobody is trusted.
///
/// # Errors
/// When a file cannot be read, or there is no certificate of an authority.
pub fn of_settings(directory: Option<&Path>) -> Result<Trust, Failure> {
    match directory {
        Some(directory) => {
            of_directory(directory).map_err(|failure| failure.about("ETALON_TRUST_DIR"))
        }
        None => Ok(Trust::nobody()),
    }
}

/// The trust of a directory: `anchors/`, `intermediates/` and `revocation/`, each with PEM or DER
/// files.
///
/// # Errors
/// When a file cannot be read, or there is no certificate of an authority.
pub fn of_directory(directory: &Path) -> Result<Trust, Failure> {
    let mut trust = Trust::nobody();
    let anchors = files(&directory.join("anchors"))?;
    if anchors.is_empty() {
        let place = directory.join("anchors").display().to_string();
        let message = Text::new(
            format!("{place}: không có chứng thư số của tổ chức được tin cậy nào"),
            format!("{place}: there is no certificate of a trusted authority"),
        );
        return Err(Failure::new(Status::Unreadable, message));
    }
    for file in anchors {
        trust = with(trust, &file, Trust::with_anchors)?;
    }
    for file in files(&directory.join("intermediates"))? {
        trust = with(trust, &file, Trust::with_intermediates)?;
    }
    for file in files(&directory.join("revocation"))? {
        trust = with(trust, &file, Trust::with_revocation_lists)?;
    }
    Ok(trust)
}

fn with(
    trust: Trust,
    file: &Path,
    add: fn(Trust, &[u8]) -> Result<Trust, TrustError>,
) -> Result<Trust, Failure> {
    let bytes = std::fs::read(file).map_err(|error| input::unreadable(file, &error))?;
    add(trust, &bytes).map_err(|TrustError(Text { vi, en })| {
        let name = file.display();
        Failure::new(Status::Refused, Text::new(format!("{name}: {vi}"), format!("{name}: {en}")))
    })
}

/// The files of a directory in the order of their names; none where it is not there.
fn files(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|error| input::unreadable(directory, &error))?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut files: Vec<PathBuf> =
        paths.collect::<Result<_, _>>().map_err(|error| input::unreadable(directory, &error))?;
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}
