//! A file that one process holds, with that process's number in it. The number is a hint for people;
//! the lock itself is the kernel's.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Of the number, in bytes.
const HOLDER_MAX: u64 = 32;

/// Opens the file, made (mode 0600) where it is missing; locks nothing.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Writes down who holds it: this process.
pub(crate) fn note(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

/// The process that holds it, as it wrote itself down; empty where it cannot be read.
pub(crate) fn holder(file: &mut File) -> String {
    let mut holder = String::new();
    let _ = Read::by_ref(file).take(HOLDER_MAX).read_to_string(&mut holder);
    holder.trim().to_owned()
}
