//! The data folder and its one owner.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use kazasu_registration::NumberKey;
use kazasu_service::{KeyError, Keys};
use kazasu_web::Pairings;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::stat::{Mode, umask};
use zeroize::Zeroizing;

use crate::hex::unhex;
use crate::lock_file;

/// The data folder's files, by name.
#[derive(Clone, Debug)]
pub(crate) struct DataFolder(PathBuf);

impl DataFolder {
    /// The folder given, or the platform's place for it. Made (mode 0700) where it is missing.
    pub(crate) fn open(given: Option<PathBuf>) -> Result<Self> {
        let path = match given {
            Some(path) => path,
            None => dirs::data_dir()
                .context("no data folder is known for this account: give one with --data DIR")?
                .join("kazasu"),
        };
        let shown = path.display();
        make_folder(&path).with_context(|| format!("the data folder {shown} cannot be made"))?;
        let mode = fs::metadata(&path).with_context(|| format!("{shown}"))?.permissions().mode();
        ensure!(
            mode & 0o077 == 0,
            "others can enter the data folder {shown} (mode {:o}), where keys and records are: \
             chmod 700 it",
            mode & 0o777
        );
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.0.join("kazasu.toml")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("kazasu.db")
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.0.join("kazasu.sock")
    }

    /// Where the key of the keyed card number form is.
    pub(crate) fn number_key_file(&self) -> PathBuf {
        self.0.join("card-number.key")
    }

    /// The key of the keyed card number form; `None` where none was ever made.
    pub(crate) fn number_key(&self) -> Result<Option<NumberKey>> {
        let path = self.number_key_file();
        let shown = path.display();
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("{shown} cannot be opened")),
        };
        let mode = file.metadata().with_context(|| format!("{shown}"))?.permissions().mode();
        ensure!(
            mode & 0o077 == 0,
            "others can read {shown}, and with it compute the number of any card: chmod 600 it"
        );
        let mut text = Zeroizing::new(String::new());
        Read::by_ref(&mut file)
            .take(KEY_FILE_MAX)
            .read_to_string(&mut text)
            .with_context(|| format!("{shown} cannot be read"))?;
        match key_from_hex(text.trim_end()) {
            Some(key) => Ok(Some(key)),
            None => bail!(
                "{shown} does not hold a key of {} hex digits: put back the copy of it",
                2 * NumberKey::LEN
            ),
        }
    }

    /// The key of the keyed card number form, made where there is none.
    fn number_key_or_new(&self) -> anyhow::Result<NumberKey> {
        if let Some(key) = self.number_key()? {
            return Ok(key);
        }
        let path = self.number_key_file();
        let shown = path.display();
        let mut secret = Zeroizing::new([0; NumberKey::LEN]);
        getrandom::fill(&mut *secret).context("the system gives no random numbers")?;
        let mut hex = Zeroizing::new(String::with_capacity(2 * NumberKey::LEN + 1));
        for byte in secret.iter() {
            hex.push_str(&format!("{byte:02x}"));
        }
        hex.push('\n');
        // On the disk before any number is made with it.
        write_whole(&path, hex.as_bytes())
            .with_context(|| format!("the key {shown} cannot be written"))?;
        Ok(NumberKey::new(secret))
    }

    /// The browsers that are paired with the panel, across restarts.
    pub(crate) fn pairings(&self) -> Result<Pairings> {
        let path = self.0.join("panels.json");
        let shown = path.display();
        let text = match File::open(&path) {
            Ok(file) => {
                let mut text = Vec::new();
                file.take(PAIRINGS_FILE_MAX)
                    .read_to_end(&mut text)
                    .with_context(|| format!("{shown} cannot be read"))?;
                Some(text)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("{shown} cannot be opened")),
        };
        let to = path.clone();
        Pairings::new(text.as_deref(), move |text| write_whole(&to, text)).with_context(|| {
            format!("{shown} is damaged: delete it, and pair the browsers anew (kazasu panel pair)")
        })
    }

    /// Takes away the one secret of all panels that versions before 0.2 kept.
    pub(crate) fn forget_panel_token(&self) {
        let path = self.0.join("panel.token");
        match fs::remove_file(&path) {
            Ok(()) => tracing::warn!(
                "links and browsers of version 0.1 are good no more: pair each browser anew with \
                 kazasu panel pair"
            ),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(%error, "{} is not used any more and cannot be deleted", path.display());
            }
        }
    }

    /// The same for the service: a command that is at work with the records, or a watcher that gives
    /// way, is through in a moment.
    pub(crate) async fn lock_when_free(&self) -> Result<Owned> {
        for _ in 0..LOCK_TRIES {
            if let Ok(owned) = self.lock() {
                return Ok(owned);
            }
            tokio::time::sleep(LOCK_AGAIN).await;
        }
        self.lock()
    }

    /// Takes the folder, and with it the readers and the database, for this process.
    pub(crate) fn lock(&self) -> Result<Owned> {
        let path = self.0.join("lock");
        let shown = path.display();
        let mut file = lock_file::open(&path)
            .with_context(|| format!("the lock file {shown} cannot be opened"))?;
        // The lock file may be removed and made anew, the folder with its database not.
        let folder = File::open(&self.0).with_context(|| format!("{}", self.0.display()))?;
        let locked = match folder.try_lock() {
            Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
            // Not every file system locks folders; the file's lock is there all the same.
            Ok(()) | Err(TryLockError::Error(_)) => file.try_lock(),
        };
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = match lock_file::holder(&mut file).as_str() {
                    "" => "another process (its lock file was removed)".to_owned(),
                    number => format!("process {number}"),
                };
                bail!(
                    "the data folder {} is in use by {holder}: stop that one, or give another \
                     folder with --data DIR",
                    self.0.display(),
                );
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("{shown} cannot be locked"));
            }
        }
        lock_file::note(&mut file).with_context(|| format!("{shown} cannot be written"))?;
        Ok(Owned { _file: file, _folder: folder })
    }
}

impl Keys for DataFolder {
    fn number_key_or_new(&self) -> Result<NumberKey, KeyError> {
        Self::number_key_or_new(self).map_err(|error| KeyError(format!("{error:#}")))
    }

    fn place(&self) -> String {
        self.number_key_file().display().to_string()
    }
}

/// Makes a folder (mode 0700) and those it is in, where they are missing, onto the disk: what is in it
/// would be lost with its name.
fn make_folder(path: &Path) -> io::Result<()> {
    let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let missing: Vec<&Path> = path.ancestors().take_while(is_missing).collect();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    missing.into_iter().try_for_each(sync_name)
}

/// Writes a whole file that nobody else can read, under its name at once and onto the disk: after a
/// power cut there is the old one or the new one.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_name(path)
}

/// Sees to it that a name is on the disk.
fn sync_name(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Keeps what this process knows to itself: its files are this account's alone, and where it
/// crashes or is looked into, its memory is not written down, passwords and keys in it.
pub(crate) fn keep_secrets() -> Result<()> {
    umask(Mode::from_bits_truncate(0o077));
    setrlimit(Resource::RLIMIT_CORE, 0, 0).context("memory dumps cannot be switched off")?;
    // The limit does not bind dumps that the kernel hands to a program; this does.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_dumpable(false).context("memory dumps cannot be switched off")?;
    Ok(())
}

/// How often, and at what pace, the service tries to take the folder: for 5 s.
const LOCK_TRIES: u8 = 100;
const LOCK_AGAIN: Duration = Duration::from_millis(50);

/// Of the key's file, in bytes: more than it has, so that a longer one is noticed.
const KEY_FILE_MAX: u64 = 256;

fn key_from_hex(hex: &str) -> Option<NumberKey> {
    let bytes = Zeroizing::new(unhex(hex)?);
    let mut secret = Zeroizing::new([0; NumberKey::LEN]);
    if bytes.len() != secret.len() {
        return None;
    }
    secret.copy_from_slice(&bytes);
    Some(NumberKey::new(secret))
}

/// Of the paired browsers' file, in bytes: more than they take.
const PAIRINGS_FILE_MAX: u64 = 1 << 21;

/// The lock, held until dropped; the kernel drops it with the process.
#[derive(Debug)]
pub(crate) struct Owned {
    _file: File,
    _folder: File,
}

/// Makes a fresh socket file's mode private; connecting needs write permission on it.
pub(crate) fn private(path: &Path) -> Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o600))
        .with_context(|| format!("{} cannot be made private", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dump that the kernel hands to a program is not bound by the limit.
    #[test]
    #[cfg(target_os = "linux")]
    fn memory_is_not_written_down() {
        keep_secrets().unwrap();
        assert_eq!(nix::sys::prctl::get_dumpable(), Ok(false));
        assert_eq!(nix::sys::resource::getrlimit(Resource::RLIMIT_CORE), Ok((0, 0)));
    }
}
