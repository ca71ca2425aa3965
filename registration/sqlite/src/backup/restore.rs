use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use kazasu_store::{
    BackupError, Part, Restored, StoreError, StoreErrorKind,
    backup::{Backup, in_file},
    beside, sync_folder,
};
use nix::sys::statvfs::statvfs;
use rusqlite::{Connection, OpenFlags};

use super::{FORM, Result, finish};
use crate::{audit, error::explain, open};

/// What the first record in a restored database takes on the disk, its log included, in bytes.
const OPENING: u64 = 1 << 20;

/// Puts a backup in the place of the database, which nobody may have open. Everything is checked
/// before anything is touched; then the backup is there whole, or the database as it was, whenever
/// the power goes.
///
/// The database that was there is kept as `NAME.before-restore`, where the one of an earlier
/// restore goes; a damaged one as `NAME.damaged-STAMP`. Blocks.
///
/// # Errors
/// [`BackupError`].
pub fn restore(database: &Path, file: &Path, stamp: &str) -> Result<Restored> {
    let mut backup = Backup::open(file, FORM)?;
    // Before anything is written: a wrong file does not fill the disk.
    backup.check()?;
    // The copy of what is there is written too, before anything goes.
    let there = fs::metadata(database).map_or(0, |found| found.len());
    enough_room(database, backup.bytes().saturating_add(there).saturating_add(OPENING))?;
    let part = Part::create(database).map_err(in_file(database))?;
    // What is written is what is judged.
    backup.copy_to(part.path())?;
    // Whoever wrote it checked it too; what the disk spoils on the way is found here.
    let users = finish(part.path())?;
    if schema_of(part.path())? != backup.schema() {
        return Err(backup.changed("its schema is another"));
    }

    let (kept, was_damaged) = put_aside(database, stamp)?;
    part.take_the_place_of(database).map_err(in_file(database))?;
    if let Err(error) = audit::note_restored(database) {
        tracing::warn!(%error, "the end of the restored audit log could not be noted");
    }
    Ok(Restored { users, kept, was_damaged })
}

/// Refuses what does not fit, before anything is written.
fn enough_room(database: &Path, wanted: u64) -> Result<()> {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // Where that cannot be asked, writing tells.
    let Ok(disk) = statvfs(folder) else { return Ok(()) };
    let free = disk.blocks_available().saturating_mul(disk.fragment_size());
    if free < wanted {
        return Err(BackupError::NoRoom { folder: folder.to_owned(), wanted, free });
    }
    Ok(())
}

fn schema_of(path: &Path) -> Result<i64> {
    let db = Connection::open(path)
        .map_err(|e| explain(path, StoreErrorKind::Unavailable, &e.into()))?;
    Ok(open::version(path, &db)?)
}

/// Keeps a copy of the database and leaves nothing beside it that would change another one in its
/// place. The database itself stays, so that there is one at every moment.
fn put_aside(database: &Path, stamp: &str) -> Result<(Option<PathBuf>, bool)> {
    let log = beside(database, "-wal");
    let (is_there, has_log) = (database.exists(), log.exists());
    if !is_there && !has_log {
        return Ok((None, false));
    }
    let folded_in = match is_there {
        true => fold_in(database),
        false => Err(open::missing(database)),
    };
    let (kept, is_damaged) = match folded_in {
        Ok(()) => (beside(database, ".before-restore"), false),
        Err(error) if error.kind == StoreErrorKind::Damaged => {
            let kept = beside(database, &format!(".damaged-{stamp}"));
            if log.exists() {
                keep(&log, &beside(&kept, "-wal"))?;
            }
            (kept, true)
        }
        Err(error) => return Err(error.into()),
    };
    if is_there {
        keep(database, &kept)?;
    }
    remove_logs(database).map_err(in_file(database))?;
    Ok((Some(kept), is_damaged))
}

/// Brings everything that is in the database's log into its file.
fn fold_in(database: &Path) -> std::result::Result<(), StoreError> {
    let failed =
        |error: rusqlite::Error| explain(database, StoreErrorKind::Unavailable, &error.into());
    let db = Connection::open_with_flags(
        database,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(failed)?;
    db.busy_timeout(open::BUSY).map_err(failed)?;
    open::check_kind(database, &db)?;
    open::check_pages(database, &db, "quick_check")?;
    let is_busy: i64 =
        db.query_row("PRAGMA wal_checkpoint(truncate)", [], |row| row.get(0)).map_err(failed)?;
    if is_busy != 0 {
        let message = format!(
            "database {} is in use by another program; close it, then try again",
            database.display()
        );
        return Err(StoreError::new(StoreErrorKind::Busy, message));
    }
    db.close().map_err(|(_, error)| failed(error))
}

/// Copies a file, onto the disk.
fn keep(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .and_then(|_| OpenOptions::new().write(true).open(to)?.sync_all())
        .and_then(|()| sync_folder(to))
        .map_err(in_file(to))
}

fn remove_logs(database: &Path) -> io::Result<()> {
    for end in ["-wal", "-shm"] {
        match fs::remove_file(beside(database, end)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    sync_folder(database)
}
