//! Files named on the command line, read whole; a large bundle for an import is opened.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Seek as _};
use std::path::Path;

use crate::domain::text::Text;
use crate::exchange::bundle::{self, lines};
use crate::exchange::compressed::{self, MOST_BYTES, Packing};
use crate::exchange::outcome::ReadError;

use super::failure::{Failure, Status};
use super::output;

/// The text of a file, or of the standard input where it is named `-`; inflated, where it is
/// compressed.
///
/// # Errors
/// When it is not there, cannot be read or is no UTF-8.
pub fn read(path: &Path) -> Result<String, Failure> {
    let bytes = match is_standard_input(path) {
        true => {
            let mut bytes = Vec::new();
            io::stdin().read_to_end(&mut bytes).map(|_| bytes)
        }
        false => std::fs::read(path),
    };
    let bytes = bytes.map_err(|error| unreadable(path, &error))?;
    compressed::text(bytes).map_err(|error| refused(path, error))
}

/// A file for an import.
#[derive(Debug)]
pub enum Input {
    /// The text of one that is held.
    Text(String),
    /// A large bundle with a record a line, inflated: it is read where it lies.
    Lines(File),
    /// A large bundle in one document, inflated.
    Document(File),
}

impl Input {
    /// A large bundle by its beginning; none where it is of another form.
    fn large(beginning: &[u8], file: File) -> Option<Self> {
        let beginning = String::from_utf8_lossy(beginning);
        if lines::is_lines(&beginning) {
            return Some(Self::Lines(file));
        }
        bundle::is_document(&beginning).then_some(Self::Document(file))
    }
}

/// A temporary file, which nobody else sees and which goes away by itself.
///
/// # Errors
/// When it cannot be made.
pub fn temporary() -> Result<File, Failure> {
    tempfile::tempfile().map_err(|error| output::unwritable("tmp", &error))
}

/// Opens a file, or the standard input where it is named `-`, for an import. A large bundle is
/// not read yet; one that was compressed or came in is put into a temporary file.
///
/// # Errors
/// When it is not there, cannot be read or is no UTF-8.
pub fn open(path: &Path) -> Result<Input, Failure> {
    let failed = |error: io::Error| unreadable(path, &error);
    let file = match is_standard_input(path) {
        true => None,
        false => Some(File::open(path).map_err(failed)?),
    };
    let is_file = |file: &File| file.metadata().is_ok_and(|found| found.is_file());
    let length = file.as_ref().filter(|file| is_file(file)).map(|file| file.metadata());
    let length = length.transpose().map_err(failed)?.map(|found| found.len());
    let mut input: BufReader<Box<dyn Read>> = match file {
        Some(file) => BufReader::with_capacity(BEGINNING, Box::new(file)),
        None => BufReader::with_capacity(BEGINNING, Box::new(io::stdin())),
    };
    let beginning = input.fill_buf().map_err(failed)?;
    let packing = Packing::of(beginning);
    if let Some(length) = length
        && packing.is_none()
    {
        let large = (length > HELD).then(|| File::open(path)).transpose().map_err(failed)?;
        let large = large.and_then(|file| Input::large(beginning, file));
        return large.map_or_else(|| read(path).map(Input::Text), Ok);
    }
    let unwritable = |error: io::Error| output::unwritable("tmp", &error);
    let mut spool = tempfile::spooled_tempfile(usize::try_from(HELD).unwrap_or(usize::MAX));
    match packing {
        Some(packing) => {
            packing.inflate(input, MOST_BYTES, &mut spool).map_err(|error| refused(path, error))?
        }
        None => drop(io::copy(&mut input, &mut spool).map_err(failed)?),
    }
    spool.rewind().map_err(unwritable)?;
    let mut bytes = Vec::new();
    let beginning = BEGINNING as u64;
    (&mut spool).take(beginning).read_to_end(&mut bytes).map_err(unwritable)?;
    if spool.is_rolled() {
        let mut file = spool.into_file().map_err(unwritable)?;
        let same = file.try_clone().map_err(unwritable)?;
        if let Some(large) = Input::large(&bytes, same) {
            return Ok(large);
        }
        file.read_to_end(&mut bytes).map_err(unwritable)?;
    } else {
        spool.read_to_end(&mut bytes).map_err(unwritable)?;
    }
    compressed::plain(bytes).map(Input::Text).map_err(|error| refused(path, error))
}

/// Most bytes of a bundle that is held: what it takes as records is some ten
/// times as much.
const HELD: u64 = 16 << 20;

/// Bytes by which a file is recognised.
const BEGINNING: usize = 1 << 16;

/// A file that is no text, or damaged.
fn refused(path: &Path, error: ReadError) -> Failure {
    let name = name(path);
    let Text { vi, en } = error.message;
    let message = match error.line {
        Some(line) => {
            Text::new(format!("{name}, dòng {line}: {vi}"), format!("{name}, line {line}: {en}"))
        }
        None => Text::new(format!("{name}: {vi}"), format!("{name}: {en}")),
    };
    Failure::new(Status::Refused, message)
}

/// A path as it is called in messages.
pub fn name(path: &Path) -> String {
    match is_standard_input(path) {
        true => "stdin".to_owned(),
        false => path.display().to_string(),
    }
}

/// A path that cannot be read.
pub fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let name = name(path);
    let (vi, en) = match error.kind() {
        io::ErrorKind::NotFound => (
            "không có tệp hay thư mục này; hãy kiểm tra lại tên".to_owned(),
            "there is no such file or directory; check the name".to_owned(),
        ),
        io::ErrorKind::PermissionDenied => (
            "không có quyền đọc; hãy kiểm tra quyền truy cập".to_owned(),
            "it may not be read; check its permissions".to_owned(),
        ),
        io::ErrorKind::IsADirectory => (
            "đây là thư mục; cần một tệp".to_owned(),
            "this is a directory; name a file".to_owned(),
        ),
        _ => (format!("không đọc được: {error}"), format!("it cannot be read: {error}")),
    };
    Failure::new(Status::Unreadable, Text::new(format!("{name}: {vi}"), format!("{name}: {en}")))
}

/// Whether a path stands for the standard input.
pub fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}
