//! Files that commands write: whole, or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::domain::text::Text;

use super::failure::{Failure, Status};

/// Writes a file: the text goes beside it, and into its place when it is whole, so that what was
/// there stays when it cannot be written. What is no file, such as a pipe, is written as it is.
///
/// # Errors
/// When it cannot be written, or the work's own.
pub fn write<T>(
    path: &Path,
    work: impl FnOnce(&mut dyn Write) -> Result<io::Result<T>, Failure>,
) -> Result<T, Failure> {
    let unwritable = |error| unwritable(&path.display().to_string(), &error);
    // A link stays one: what it leads to is replaced.
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let is_other = fs::metadata(&place).is_ok_and(|found| !found.is_file());
    if is_other {
        let mut file = BufWriter::new(File::create(&place).map_err(unwritable)?);
        let done = work(&mut file)?.map_err(unwritable)?;
        return file.flush().map(|()| done).map_err(unwritable);
    }
    let part = beside(&place);
    let mut file = BufWriter::new(File::create(&part).map_err(unwritable)?);
    let written = work(&mut file).and_then(|done| {
        let done = done.map_err(unwritable)?;
        file.flush().map_err(unwritable)?;
        drop(file);
        fs::rename(&part, &place).map_err(unwritable)?;
        Ok(done)
    });
    if written.is_err() {
        // It is the failure that matters; what is left of a part is seen by its name.
        let _ = fs::remove_file(&part);
    }
    written
}

/// Writes a text that is there already.
///
/// # Errors
/// When it cannot be written.
pub fn write_text(path: &Path, text: &str) -> Result<(), Failure> {
    write(path, |file| Ok(file.write_all(text.as_bytes())))
}

/// An output that cannot be written.
pub fn unwritable(name: &str, error: &io::Error) -> Failure {
    let message = Text::new(
        format!("{name}: không ghi được: {error}; hãy kiểm tra thư mục và quyền ghi"),
        format!("{name}: it cannot be written: {error}; check the directory and its permissions"),
    );
    Failure::new(Status::Unwritable, message)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}
