//! Files that come compressed: gzip, Zstandard, and zlib, in which some programs store digital
//! calibration certificates.
//!
//! What lives here: [`text`], which makes the text of a file from its bytes, and [`Packing`], which
//! inflates one that is too large for that. What does not: archives of several files, and the
//! reading of what is in the text (each format has its own file).

use std::io::{self, BufRead, Read, Write};

use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;

use super::outcome::ReadError;
use super::workbook;

/// Most bytes that a file may have when it is inflated: a few million records. A small file can
/// claim to hold any amount.
pub const MOST_BYTES: u64 = 4 << 30;

/// The text of a file, inflated where it is compressed, without a byte order mark; of a workbook
/// (XLSX) its cells. What it is compressed with is told by its first bytes, not by its name.
///
/// # Errors
/// When the compressed data are damaged or cut, hold more than 4 GiB, or are no UTF-8 text; then
/// with the line.
///
/// ```
/// use etalon::exchange::compressed::text;
/// assert_eq!(text(b"\xef\xbb\xbf{}".to_vec())?, "{}");
/// assert!(text(b"\x1f\x8b\x08 cut".to_vec()).is_err());
/// # Ok::<(), etalon::exchange::outcome::ReadError>(())
/// ```
pub fn text(bytes: Vec<u8>) -> Result<String, ReadError> {
    text_within(bytes, MOST_BYTES)
}

/// Whether a file begins as workbooks do.
pub fn is_workbook(file: &[u8]) -> bool {
    workbook::is_one(file)
}

/// The same with another limit.
///
/// # Errors
/// The same.
pub fn text_within(bytes: Vec<u8>, most: u64) -> Result<String, ReadError> {
    let inflated = match Packing::of(&bytes) {
        None => bytes,
        Some(packing) => {
            let mut inflated = Vec::new();
            packing.inflate(bytes.as_slice(), most, &mut inflated)?;
            inflated
        }
    };
    plain(inflated)
}

/// The text of a file that is not compressed, or not any more, without a byte order mark; of a
/// workbook its cells.
///
/// # Errors
/// When it is no UTF-8 text; then with the line.
pub fn plain(bytes: Vec<u8>) -> Result<String, ReadError> {
    if workbook::is_one(&bytes) {
        return workbook::text(&bytes);
    }
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = bytes.as_slice() {
        return Err(ReadError::new(
            "đây là văn bản UTF-16; hãy lưu tệp theo UTF-8",
            "this is UTF-16 text; save the file as UTF-8",
        ));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
        let start = valid.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let column = 1 + String::from_utf8_lossy(&valid[start..]).chars().count();
        let place = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        ReadError::new(
            "không phải là văn bản UTF-8; hãy lưu tệp theo UTF-8",
            "this is no UTF-8 text; save the file as UTF-8",
        )
        .at(place(line), place(column))
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstandard,
    /// Zlib (RFC 1950).
    Zlib,
}

impl Packing {
    /// What a file is packed with, by its first bytes; none where they are those of no packing.
    pub fn of(beginning: &[u8]) -> Option<Self> {
        match beginning {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstandard),
            // The method of zlib and its window, with the check of both bytes.
            [0x78, flags, ..] if (0x7800 + u16::from(*flags)) % 31 == 0 => Some(Self::Zlib),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstandard => "Zstandard",
            Self::Zlib => "zlib",
        }
    }

    /// Inflates what comes from an input as it comes.
    ///
    /// # Errors
    /// When the data are damaged or cut, hold more than so many bytes, or the output cannot be
    /// written.
    pub fn inflate(
        self,
        input: impl BufRead,
        most: u64,
        output: &mut impl Write,
    ) -> Result<(), ReadError> {
        let written = match self {
            Self::Gzip => self.inflated(MultiGzDecoder::new(input), most, output)?,
            Self::Zlib => self.inflated(ZlibDecoder::new(input), most, output)?,
            Self::Zstandard => {
                let decoder = StreamingDecoder::new(input).map_err(|error| self.damaged(&error))?;
                self.inflated(decoder, most, output)?
            }
        };
        if written <= most {
            return Ok(());
        }
        let form = self.name();
        let size = match most >> 30 {
            0 => format!("{} MiB", most >> 20),
            gibibytes => format!("{gibibytes} GiB"),
        };
        Err(ReadError::new(
            format!("tệp nén {form} chứa hơn {size}; hãy chia nhỏ"),
            format!("the {form} file holds more than {size}; split it"),
        ))
    }

    fn inflated(
        self,
        decoder: impl Read,
        most: u64,
        output: &mut impl Write,
    ) -> Result<u64, ReadError> {
        io::copy(&mut decoder.take(most + 1), output).map_err(|error| self.damaged(&error))
    }

    fn damaged(self, error: &dyn std::fmt::Display) -> ReadError {
        let form = self.name();
        ReadError::new(
            format!("dữ liệu nén {form} bị hỏng hoặc bị cắt cụt: {error}"),
            format!("the {form} data are damaged or cut: {error}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    const TEXT: &str = "{\"name\": \"Viện Đo lường\"}\n";

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(text: &str) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn zstandard(text: &str) -> Vec<u8> {
        compress_to_vec(text.as_bytes(), CompressionLevel::Fastest)
    }

    #[test]
    fn a_text_comes_out_however_it_was_compressed() {
        let twice = [gzip(TEXT), gzip(TEXT)].concat();
        for (bytes, expected) in [
            (TEXT.as_bytes().to_vec(), TEXT.to_owned()),
            (gzip(TEXT), TEXT.to_owned()),
            (twice, TEXT.repeat(2)),
            (zlib(TEXT), TEXT.to_owned()),
            (zstandard(TEXT), TEXT.to_owned()),
            (gzip(&format!("\u{feff}{TEXT}")), TEXT.to_owned()),
            (b"x, y\n".to_vec(), "x, y\n".to_owned()),
        ] {
            assert_eq!(text(bytes), Ok(expected));
        }
    }

    #[test]
    fn what_is_cut_or_too_large_is_refused() {
        for whole in [gzip(TEXT), zlib(TEXT), zstandard(TEXT)] {
            for length in 4..whole.len() {
                assert!(text(whole[..length].to_vec()).is_err(), "{length} of {}", whole.len());
            }
        }
        for whole in
            [gzip(&TEXT.repeat(100)), zlib(&TEXT.repeat(100)), zstandard(&TEXT.repeat(100))]
        {
            let error = text_within(whole, 100).expect_err("too large");
            assert!(error.message.en.contains("holds more than"), "{error}");
        }
    }

    #[test]
    fn other_encodings_are_refused_with_their_place() {
        let error = text(b"a\nb\xe4c".to_vec()).expect_err("no UTF-8");
        assert_eq!((error.line, error.column), (Some(2), Some(2)));
        let error = text(b"\xff\xfea\0".to_vec()).expect_err("UTF-16");
        assert!(error.message.en.contains("UTF-16"), "{error}");
    }
}
