//! Files named on the command line, read whole.

use std::io::{self, Read};
use std::path::Path;

use crate::domain::text::Text;

use super::failure::{Failure, Status};

/// The text of a file, or of the standard input where it is named `-`.
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
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
        let name = name(path);
        let message = Text::new(
            format!("{name}, dòng {line}: không phải là văn bản UTF-8; hãy lưu tệp theo UTF-8"),
            format!("{name}, line {line}: this is no UTF-8 text; save the file as UTF-8"),
        );
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
