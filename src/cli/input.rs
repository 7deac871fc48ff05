//! Files named on the command line, read whole.

use std::io::{self, Read};
use std::path::Path;

use crate::domain::text::Text;
use crate::exchange::compressed;

use super::failure::{Failure, Status};

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
    compressed::text(bytes).map_err(|error| {
        let name = name(path);
        let Text { vi, en } = error.message;
        let message = match error.line {
            Some(line) => Text::new(
                format!("{name}, dòng {line}: {vi}"),
                format!("{name}, line {line}: {en}"),
            ),
            None => Text::new(format!("{name}: {vi}"), format!("{name}: {en}")),
        };
        Failure::new(Status::Refused, message)
    })
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
