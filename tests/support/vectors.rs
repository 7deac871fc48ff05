//! The vectors of a folder, read in the order of their names. Nothing else here.

use std::fs;
use std::path::{Path, PathBuf};

use etalon::app::conformance::{Vector, read};

/// Adds the vectors below a folder.
pub fn collect(below: &Path, out: &mut Vec<Vector>) {
    let entries = fs::read_dir(below).expect("a readable folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let origin = path.display().to_string();
            let text = fs::read_to_string(&path).expect("a readable file");
            out.push(read(&origin, &text).unwrap_or_else(|error| panic!("{origin}: {error}")));
        }
    }
}
