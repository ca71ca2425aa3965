//! Files that come whole or not at all.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// A file that is not whole yet; it goes unless it takes its place.
#[derive(Debug)]
pub struct Part {
    path: PathBuf,
}

impl Part {
    /// An empty one beside `file`, readable by this account alone. What an attempt that was cut off
    /// left there goes.
    pub fn create(file: &Path) -> io::Result<Self> {
        let part = Self { path: beside(file, ".part") };
        part.remove();
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part.path)?;
        Ok(part)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it, onto the disk, where `file` was or will be.
    pub fn take_the_place_of(self, file: &Path) -> io::Result<()> {
        File::open(&self.path)?.sync_all()?;
        fs::rename(&self.path, file)?;
        sync_folder(file)
    }

    fn remove(&self) {
        for end in ["", "-journal", "-wal", "-shm"] {
            // Most of them were never there.
            let _ = fs::remove_file(beside(&self.path, end));
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.remove();
    }
}

/// `file` with more at the end of its name.
pub fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(end);
    PathBuf::from(name)
}

/// Sees to it that the names in a file's folder are on the disk.
pub fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}
