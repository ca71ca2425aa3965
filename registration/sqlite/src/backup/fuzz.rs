use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use kazasu_store::backup::{LINE, seal};
use rusqlite::{Connection, Transaction};

use super::{backup as save, restore};
use crate::{audit, damaged, error::QueryError, open, settings};

/// Files that are given to be restored. The first byte chooses what the others are: the file, or
/// changes of a sound one, made before or after it gets its last line.
///
/// A file that is refused leaves the database and its folder as they were; one that was changed is
/// refused. What is restored can be opened, and whatever is in it is read or refused.
pub fn backup(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let Ok(sound) = SOUND.get_or_init(|| sound().map_err(|error| error.to_string())) else {
        return;
    };
    let (database, _) =
        sound.split_at_checked(sound.len().saturating_sub(LINE)).unwrap_or_default();
    let file = match choice % 3 {
        0 => rest.to_vec(),
        1 => edited(sound, rest),
        _ => edited(database, rest),
    };
    let Ok(folder) = Folder::new() else { return };
    let (ours, given) = (folder.path("kazasu.db"), folder.path("given"));
    if write(&ours, database).and_then(|()| write(&given, &file)).is_err() {
        return;
    }
    // With the last line that goes with it.
    if choice % 3 == 2 && seal(&given, schema(&file)).is_err() {
        return;
    }
    let before = folder.names();
    match restore(&ours, &given, "now") {
        Ok(_) => {
            assert!(choice % 3 == 2 || file == *sound, "changed and restored");
            let db = open::open(&ours);
            assert!(db.is_ok(), "restored, and refused: {db:?}");
            let _ = db.map(|mut db| read(&mut db));
        }
        Err(error) => {
            let told = error.to_string();
            assert!(told.contains("kazasu.db") || told.contains("given"), "{told}");
            assert_eq!(folder.names(), before, "{told}");
            assert_eq!(fs::read(&ours).ok().as_deref(), Some(database), "{told}");
        }
    }
}

/// All that a service reads of its store.
fn read(db: &mut Connection) -> Result<(), QueryError> {
    type Reading = fn(&Transaction<'_>) -> Result<usize, QueryError>;
    let all: [Reading; 4] = [
        |tx| Ok(damaged::readable(tx)?.len()),
        |tx| Ok(settings::history(tx)?.len()),
        |tx| Ok(audit::entries(tx, 0)?.len()),
        |tx| audit::chain(tx).map(|_| 0),
    ];
    for read in all {
        let _ = read(&db.transaction()?);
    }
    Ok(())
}

/// A backup of a small store.
static SOUND: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();

fn sound() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let folder = Folder::new()?;
    let (database, file) = (folder.path("kazasu.db"), folder.path("backup"));
    let mut db = open::open(&database)?;
    audit::Trail::open(&database, &mut db)?;
    // Small pages: most bytes mean something.
    db.execute_batch("PRAGMA journal_mode = delete; PRAGMA page_size = 512; VACUUM;")?;
    drop(db);
    save(&database, &file)?;
    Ok(fs::read(file)?)
}

/// Changes of some bytes: where (two bytes), how many (up to 8), and what they are then.
fn edited(bytes: &[u8], mut edits: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    while let [high, low, len, rest @ ..] = edits {
        let at = usize::from(u16::from_be_bytes([*high, *low])) % bytes.len().max(1);
        let (new, rest) = rest.split_at_checked(usize::from(len % 8) + 1).unwrap_or((rest, &[]));
        bytes.iter_mut().skip(at).zip(new).for_each(|(to, from)| *to = *from);
        edits = rest;
    }
    bytes
}

/// Where SQLite keeps `user_version`.
fn schema(database: &[u8]) -> i64 {
    let schema = database.get(60..64).and_then(|version| version.try_into().ok());
    schema.map_or(0, i32::from_be_bytes).into()
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    io::Write::write_all(&mut file, bytes)
}

/// A folder of its own for one run.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        static RUN: AtomicU64 = AtomicU64::new(0);
        let run = RUN.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("kazasu-fuzz-{}-{run}", process::id()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> Vec<std::ffi::OsString> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
