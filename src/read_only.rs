//! A data folder that cannot be written: an inspector's copy, a snapshot, a folder that was given away.
//! What only reads works on a copy that goes away with the command.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};

use crate::owner::DataFolder;

/// What of a folder is looked at. Browsers and certificates are nobody's matter there.
const FILES: [&str; 6] =
    ["kazasu.db", "kazasu.db-wal", "audit.key", "audit.end", "card-number.key", "kazasu.toml"];
/// How many names are tried for the copy.
const NAMES_MAX: u32 = 16;

/// Why a folder cannot be written; `None` where it can.
pub(crate) fn why(folder: &DataFolder) -> Option<Errno> {
    access(folder.path(), AccessFlags::W_OK).err()
}

/// A copy for one command.
#[derive(Debug)]
pub(crate) struct Copy {
    folder: DataFolder,
    path: PathBuf,
}

impl Copy {
    /// Copies what commands read. Nobody else may have the folder meanwhile.
    pub(crate) fn of(folder: &DataFolder, why: Errno) -> Result<Self> {
        let shown = folder.path().display();
        let held = File::open(folder.path()).with_context(|| format!("{shown}"))?;
        if matches!(held.try_lock(), Err(TryLockError::WouldBlock)) {
            bail!(
                "the data folder {shown} is in use by another process, and cannot be written ({why})"
            );
        }
        let copy = Self::make().context("no folder for a copy")?;
        for name in FILES {
            match fs::copy(folder.path().join(name), copy.path.join(name)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("{shown}/{name} cannot be copied"));
                }
                _ => {}
            }
        }
        tracing::warn!(
            "the data folder {shown} cannot be written ({why}): this looks at a copy of it, and its \
             audit log does not tell of it"
        );
        Ok(copy)
    }

    fn make() -> Result<Self> {
        let within = std::env::temp_dir();
        let own = std::process::id();
        for number in 0..NAMES_MAX {
            let path = within.join(format!("kazasu-{own}-{number}"));
            match DirBuilder::new().mode(0o700).create(&path) {
                // From here on it goes, whatever comes.
                Ok(()) => {
                    let folder = DataFolder::open(Some(path.clone()))?;
                    return Ok(Self { folder, path });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(|| format!("{}", path.display())),
            }
        }
        bail!("{} is full of folders of this name", within.display())
    }

    pub(crate) fn folder(&self) -> &DataFolder {
        &self.folder
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_dir_all(path) {
        tracing::error!(%error, "{} is left: keys and records are in it, delete it", path.display());
    }
}
