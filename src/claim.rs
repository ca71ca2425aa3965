//! Whether readers and data folder are a service's, though it may not run at this moment.
//!
//! A service says that it is there, or about to be, by holding a file of its own, before it has the
//! folder's lock. So whoever only watches can give way to it, and knows afterwards that it was there.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;

use crate::lock_file;
use crate::owner::DataFolder;

/// A service that ended less than this ago is expected back: its manager pauses, somebody installs a
/// new version.
const JUST: Duration = Duration::from_secs(600);
/// How often the file is tried: whoever looks whether it is held holds it for a moment.
const TRIES_MAX: u8 = 20;
const TRY_AGAIN: Duration = Duration::from_millis(25);
/// Of a unit file, in bytes: the rest of a longer one is not looked at.
const UNIT_MAX: u64 = 64 * 1024;
/// Of a folder of units.
const UNITS_MAX: usize = 4096;

/// Why the readers are left to a service that does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// It starts at this moment.
    Starts,
    /// This file tells the system to run it.
    Installed(PathBuf),
    /// It left its socket behind.
    Killed,
    /// It ended so long ago.
    Ended(Duration),
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starts => f.write_str("a service starts"),
            Self::Installed(unit) => {
                write!(f, "a service is installed here ({}) and does not run", unit.display())
            }
            Self::Killed => f.write_str("a service was here and was killed"),
            Self::Ended(ago) => write!(f, "a service was here until {} s ago", ago.as_secs()),
        }
    }
}

impl Claim {
    /// The claim of a service on this folder's readers; `None` where nothing tells of one.
    pub(crate) fn on(folder: &DataFolder) -> Option<Self> {
        if is_held(&file_of(folder)) {
            return Some(Self::Starts);
        }
        if let Some(unit) = installed(&unit_folders()) {
            return Some(Self::Installed(unit));
        }
        if folder.socket().exists() {
            return Some(Self::Killed);
        }
        ended(&file_of(folder), SystemTime::from(Timestamp::now())).map(Self::Ended)
    }

    /// Whether a service runs on this folder, or wants to.
    pub(crate) fn is_made(folder: &DataFolder) -> bool {
        is_held(&file_of(folder))
    }
}

/// The service's own file, held until dropped; the kernel drops it with the process.
#[derive(Debug)]
pub(crate) struct Announced(File);

impl Announced {
    /// Says that a service is here, or about to be.
    pub(crate) async fn new(folder: &DataFolder) -> Result<Self> {
        let path = file_of(folder);
        let shown = path.display();
        let mut file =
            lock_file::open(&path).with_context(|| format!("{shown} cannot be opened"))?;
        for _ in 0..TRIES_MAX {
            match file.try_lock() {
                Ok(()) => {
                    lock_file::note(&mut file)
                        .with_context(|| format!("{shown} cannot be written"))?;
                    return Ok(Self(file));
                }
                Err(TryLockError::WouldBlock) => tokio::time::sleep(TRY_AGAIN).await,
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("{shown} cannot be locked"));
                }
            }
        }
        bail!(
            "the data folder {} is in use by process {}: stop that one, or give another folder \
             with --data DIR",
            folder.path().display(),
            lock_file::holder(&mut file)
        );
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        // The file's time is when the service was last here. Where it cannot be written, it is when
        // the service started.
        let _ = lock_file::note(&mut self.0);
    }
}

fn file_of(folder: &DataFolder) -> PathBuf {
    folder.path().join("service")
}

fn is_held(path: &Path) -> bool {
    // One that is not there or cannot be read is held by nobody.
    let Ok(file) = File::open(path) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// How long ago the service of this file ended, where that was just now.
fn ended(path: &Path, now: SystemTime) -> Option<Duration> {
    let time = fs::metadata(path).and_then(|about| about.modified()).ok()?;
    // After a clock was set back it was just now, too.
    let ago = now.duration_since(time).unwrap_or_default();
    (ago < JUST).then_some(ago)
}

/// Where units are, the ones that win first; then the scripts of other managers.
fn unit_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = dirs::config_dir()
        .into_iter()
        .chain(dirs::runtime_dir())
        .map(|folder| folder.join("systemd/user"))
        .collect();
    for place in ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"] {
        folders.push(Path::new(place).join("systemd/system"));
        folders.push(Path::new(place).join("systemd/user"));
    }
    folders.extend(["/etc/init.d", "/etc/sv"].map(PathBuf::from));
    folders
}

/// The file that tells a manager of services to run `kazasu serve`.
fn installed(folders: &[PathBuf]) -> Option<PathBuf> {
    // A unit of an earlier folder stands for the one of that name in later ones; so does an empty one.
    let mut seen = BTreeSet::new();
    for folder in folders {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries.take(UNITS_MAX).flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let is_unit = path.extension().is_some_and(|extension| extension == "service");
            if is_unit && seen.insert(name.clone()) && runs_serve(&path)
                || !is_unit && name == "kazasu"
            {
                return Some(path);
            }
        }
    }
    None
}

fn runs_serve(unit: &Path) -> bool {
    let mut text = Vec::new();
    let Ok(file) = File::open(unit) else { return false };
    if file.take(UNIT_MAX).read_to_end(&mut text).is_err() {
        return false;
    }
    let text = String::from_utf8_lossy(&text).replace("\\\n", " ");
    text.lines().filter_map(|line| line.trim().strip_prefix("ExecStart=")).any(|command| {
        let mut words = command.split_whitespace().map(|word| word.trim_matches(['"', '\'', ';']));
        let program =
            |word: &str| word.rsplit(['/', '@', '-', ':', '+', '!']).next() == Some("kazasu");
        words.any(program) && words.any(|word| word == "serve")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, DataFolder) {
        let temporary = tempfile::tempdir().unwrap();
        let data = DataFolder::open(Some(temporary.path().join("data"))).unwrap();
        (temporary, data)
    }

    #[test]
    fn what_runs_the_service_is_found() {
        let serve = "[Service]\nExecStart=/usr/bin/kazasu serve\n";
        let rows = [
            ("kazasu.service", serve, true),
            (
                "door.service",
                "[Service]\nExecStart=-/opt/kazasu/kazasu \\\n  serve --data /x\n",
                true,
            ),
            ("door.service", "[Service]\nExecStart=@kazasu kz serve\n", true),
            ("door.service", "[Service]\nExecStart=/bin/sh -c 'exec kazasu serve'\n", true),
            ("clock.service", "[Service]\nExecStart=/usr/bin/kazasu watch --json\n", false),
            ("serve.service", "[Service]\nExecStart=/usr/bin/mykazasu serve\n", false),
            ("kazasu.service", "# ExecStart=/usr/bin/kazasu serve\n", false),
            ("kazasu.service", "", false),
            ("kazasu.conf", serve, false),
            ("kazasu", "#!/sbin/openrc-run\n", true),
        ];
        for (name, text, expected) in rows {
            let units = tempfile::tempdir().unwrap();
            let path = units.path().join(name);
            fs::write(&path, text).unwrap();
            let folders = [PathBuf::from("/nonexistent"), units.path().to_owned()];
            assert_eq!(installed(&folders), expected.then_some(path), "{name}: {text}");
        }
    }

    #[test]
    fn a_masked_unit_installs_nothing() {
        let (etc, lib) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let unit = lib.path().join("kazasu.service");
        fs::write(&unit, "ExecStart=kazasu serve").unwrap();
        let folders = [etc.path().to_owned(), lib.path().to_owned()];
        assert_eq!(installed(&folders), Some(unit));
        std::os::unix::fs::symlink("/dev/null", etc.path().join("kazasu.service")).unwrap();
        assert_eq!(installed(&folders), None);
    }

    #[tokio::test]
    async fn a_service_is_known_while_it_is_here_and_for_a_while() {
        let (_temporary, data) = folder();
        assert!(!Claim::is_made(&data));
        let service = Announced::new(&data).await.unwrap();
        assert!(Claim::is_made(&data));
        assert_eq!(Claim::on(&data), Some(Claim::Starts));
        let second = Announced::new(&data).await.unwrap_err().to_string();
        assert!(second.contains(&format!("process {}:", std::process::id())), "{second}");
        drop(service);
        assert!(!Claim::is_made(&data));
        let path = file_of(&data);
        let time = fs::metadata(&path).unwrap().modified().unwrap();
        let rows = [(0, true), (599, true), (600, false), (86_400, false)];
        for (s, expected) in rows {
            let ago = Duration::from_secs(s);
            assert_eq!(ended(&path, time + ago), expected.then_some(ago));
        }
        // The clock was set back.
        assert_eq!(ended(&path, time - JUST), Some(Duration::ZERO));
        assert_eq!(ended(&data.path().join("none"), time), None);
        // Whoever came back counts from the end again.
        let old = File::options().write(true).open(&path).unwrap();
        old.set_modified(time - JUST).unwrap();
        assert_eq!(ended(&path, time), None);
        drop(Announced::new(&data).await.unwrap());
        assert!(ended(&path, time + Duration::from_secs(60)).is_some());
    }

    #[test]
    fn a_socket_that_was_left_is_a_service_that_was_killed() {
        let (_temporary, data) = folder();
        if installed(&unit_folders()).is_some() {
            // Then that is what is told.
            return;
        }
        assert_eq!(Claim::on(&data), None);
        drop(std::os::unix::net::UnixListener::bind(data.socket()).unwrap());
        assert_eq!(Claim::on(&data), Some(Claim::Killed));
    }
}
