//! The form of a backup: a whole copy of the records in one file, with one more line behind it,
//! which says how long the copy is, which schema it has, and its SHA-256. The sum finds what a disk
//! or a transfer did to the file; it is no proof of who wrote it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{StoreError, trailer::Trailer};

pub use crate::trailer::LINE;

/// How much of a file is read at a time, in bytes.
const CHUNK: usize = 64 * 1024;
/// The longest copy that is restored, in bytes: more than ten million people need.
const BYTES_MAX: u64 = 8 << 30;

/// What was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The size of the backup, in bytes.
    pub bytes: u64,
    /// How many records are in it, provisional users included.
    pub users: u64,
}

/// Why there is no backup, or nothing was restored. The database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database cannot be read, is damaged or in use.
    #[error("{0}")]
    Database(#[from] StoreError),
    /// A file cannot be read or written.
    #[error("{} cannot be read or written: {error}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why it cannot.
        error: io::Error,
    },
    /// A backup may not be written over it.
    #[error("{} is there already and no backup: choose another name", .0.display())]
    WouldReplace(PathBuf),
    /// No database of this program grows so large.
    #[error("{} is larger than any backup of kazasu ({BYTES_MAX} bytes)", .0.display())]
    TooLarge(PathBuf),
    /// The disk has no room for it.
    #[error(
        "{} has room for {free} bytes, and the restore wants {wanted}, the copy of what is there \
         included: free space on that disk",
        folder.display()
    )]
    NoRoom {
        /// Where it would go.
        folder: PathBuf,
        /// How much is wanted, in bytes.
        wanted: u64,
        /// How much there is.
        free: u64,
    },
    /// The file is something else.
    #[error("{} is no backup of kazasu: choose a file that `kazasu backup` wrote", .0.display())]
    NotABackup(PathBuf),
    /// The end of the file is missing.
    #[error("{} is cut off: its end is missing; take another copy of it", .0.display())]
    CutOff(PathBuf),
    /// The bytes are not those that were saved.
    #[error("{} was changed since it was made, {what}; take another copy of it", path.display())]
    Changed {
        /// The backup.
        path: PathBuf,
        /// How it is known.
        what: &'static str,
    },
    /// A version that this one does not know made it.
    #[error(
        "{} was made by a newer kazasu ({what} {found}, this one knows {known}); use that version",
        path.display()
    )]
    Newer {
        /// The backup.
        path: PathBuf,
        /// What of it is newer.
        what: &'static str,
        /// Which number that has.
        found: i64,
        /// The highest that this version knows.
        known: i64,
    },
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// How many records there are now, provisional users included.
    pub users: u64,
    /// Where the database is that was there before.
    pub kept: Option<PathBuf>,
    /// Whether that one was damaged.
    pub was_damaged: bool,
}

/// What a store's backups are, beside the last line.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// The highest schema that this version knows.
    pub schema: i64,
    /// Whether a file begins as a copy of this store's records does.
    pub is_ours: fn(&File) -> bool,
}

/// A backup that is read: a file with a last line that goes with its length.
#[derive(Debug)]
pub struct Backup {
    file: File,
    path: PathBuf,
    trailer: Trailer,
}

type Result<T> = std::result::Result<T, BackupError>;

/// What a failure with this file is told as.
pub fn in_file(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    move |error| BackupError::File { path: path.to_owned(), error }
}

impl Backup {
    /// Opens a backup and reads its last line.
    ///
    /// # Errors
    /// The file is none, or of a newer version, cut off, changed or larger than any.
    pub fn open(path: &Path, form: Form) -> Result<Self> {
        let file = regular(path)?;
        let trailer = Trailer::read(&file, path, form)?;
        if trailer.bytes > BYTES_MAX {
            return Err(BackupError::TooLarge(path.to_owned()));
        }
        Ok(Self { file, path: path.to_owned(), trailer })
    }

    /// The size of the copy, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.trailer.bytes
    }

    /// The schema that the copy has, as its last line says.
    #[must_use]
    pub fn schema(&self) -> i64 {
        self.trailer.schema
    }

    /// Compares the copy with its sum.
    ///
    /// # Errors
    /// It was changed, or cannot be read.
    pub fn check(&mut self) -> Result<()> {
        let sha256 = sum(&mut self.file, self.trailer.bytes, |_| Ok(()));
        self.compare(sha256.map_err(in_file(&self.path))?)
    }

    /// Writes the copy into a file, which is judged while it is written.
    ///
    /// # Errors
    /// It was changed, or one of the files cannot be read or written.
    pub fn copy_to(&mut self, to: &Path) -> Result<()> {
        let mut copy = OpenOptions::new().write(true).open(to).map_err(in_file(to))?;
        let mut written = Ok(());
        let sha256 = sum(&mut self.file, self.trailer.bytes, |piece| {
            if written.is_ok() {
                written = copy.write_all(piece);
            }
            Ok(())
        })
        .map_err(in_file(&self.path))?;
        written.map_err(in_file(to))?;
        self.compare(sha256)
    }

    fn compare(&self, sha256: [u8; 32]) -> Result<()> {
        if sha256 == self.trailer.sha256 {
            return Ok(());
        }
        Err(self.changed("its SHA-256 is another"))
    }

    /// The backup is not what was saved.
    #[must_use]
    pub fn changed(&self, what: &'static str) -> BackupError {
        BackupError::Changed { path: self.path.clone(), what }
    }
}

/// Refuses to write a backup over something else: whatever has this name has to be one.
///
/// # Errors
/// It is none.
pub fn check_name(file: &Path, form: Form) -> Result<()> {
    if fs::symlink_metadata(file).is_ok() {
        let is_backup = || Trailer::read(&regular(file)?, file, form);
        if is_backup().is_err() {
            return Err(BackupError::WouldReplace(file.to_owned()));
        }
    }
    Ok(())
}

/// Writes the last line behind a copy and says how long the file is then.
///
/// # Errors
/// It cannot be read or written.
pub fn seal(path: &Path, schema: i64) -> io::Result<u64> {
    let mut file = OpenOptions::new().read(true).append(true).open(path)?;
    let bytes = file.metadata()?.len();
    let sha256 = sum(&mut file, bytes, |_| Ok(()))?;
    file.write_all(Trailer { schema, bytes, sha256 }.line().as_bytes())?;
    Ok(file.metadata()?.len())
}

/// Opens a file to read. A pipe or a device is none: opening it would wait for somebody, or read
/// without an end.
fn regular(path: &Path) -> Result<File> {
    if !fs::metadata(path).map_err(in_file(path))?.is_file() {
        return Err(BackupError::NotABackup(path.to_owned()));
    }
    File::open(path).map_err(in_file(path))
}

/// Hands over the first `bytes` of a file piece by piece and returns their sum.
fn sum(
    file: &mut (impl Read + Seek),
    bytes: u64,
    mut piece: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<[u8; 32]> {
    file.rewind()?;
    let mut file = file.take(bytes);
    let mut hash = Sha256::new();
    let mut buffer = vec![0; CHUNK];
    loop {
        let n = file.read(&mut buffer)?;
        let read = buffer.get(..n).unwrap_or_default();
        if read.is_empty() {
            return Ok(hash.finalize().into());
        }
        hash.update(read);
        piece(read)?;
    }
}
