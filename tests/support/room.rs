//! A disk that can be filled: a file system in memory of a size of its own. It needs root, and a
//! machine on which root may mount; elsewhere its tests say so and are skipped.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A directory with little room.
pub struct Room {
    directory: TempDir,
}

impl Room {
    /// A room of so many megabytes; none where nobody may mount one.
    pub fn of(megabytes: u32) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a directory");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={megabytes}m,mode=0755"), "etalon-test"]);
        let output = mount.arg(directory.path()).stdin(Stdio::null()).output();
        let why = match output {
            Ok(output) if output.status.success() => return Some(Self { directory }),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        // Not a failure under CI either: a container without the right to mount cannot have one. It
        // is said past the test harness, which keeps what tests that pass print to itself, and
        // `.ci/run` says it again at its end.
        let _ = writeln!(std::io::stderr(), "skipped: a full disk, nothing can be mounted: {why}");
        None
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Takes some of the room.
    pub fn take(&self, bytes: usize) {
        fs::write(self.filler(), vec![0; bytes]).expect("room");
    }

    /// Takes all the room that is left.
    pub fn fill(&self) {
        let mut file =
            File::options().append(true).create(true).open(self.filler()).expect("a file");
        // By blocks, the last one small: until the disk says no.
        for size in [1 << 20, 1 << 12] {
            let block = vec![0; size];
            while file.write_all(&block).is_ok() {}
        }
    }

    /// Gives the room back.
    pub fn free(&self) {
        fs::remove_file(self.filler()).expect("the filler");
    }

    /// Changes how it is mounted: `ro`, `rw`.
    pub fn remounted(&self, how: &str) {
        let mut mount = Command::new("mount");
        let output = mount.args(["-o", &format!("remount,{how}")]).arg(self.path()).output();
        let output = output.expect("mount");
        assert!(output.status.success(), "{output:?}");
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // Also while something in it is still open.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}
