//! Backups of what is in memory: the file is one, by its form; what is in it is the number of what was
//! put aside.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

use kazasu_store::{
    BackupError, Part, Restored,
    backup::{Backup, Form, check_name, in_file, seal},
};

use super::Memory;

const FORM: Form = Form { schema: 1, is_ours };
/// What a copy begins with.
const MARK: &str = "kazasu in memory ";

fn is_ours(mut file: &File) -> bool {
    let mut start = [0; MARK.len()];
    use std::io::{Seek, SeekFrom};
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_exact(&mut start));
    read.is_ok() && start == MARK.as_bytes()
}

pub(super) fn write(file: &Path, number: usize) -> Result<u64, BackupError> {
    check_name(file, FORM)?;
    let part = Part::create(file).map_err(in_file(file))?;
    fs::write(part.path(), format!("{MARK}{number}")).map_err(in_file(file))?;
    let bytes = seal(part.path(), FORM.schema).map_err(in_file(file))?;
    part.take_the_place_of(file).map_err(in_file(file))?;
    Ok(bytes)
}

impl Memory {
    /// Puts a backup of this store in the place of what is there.
    pub(super) fn restore(&self, file: &Path) -> Result<Restored, BackupError> {
        let mut backup = Backup::open(file, FORM)?;
        backup.check()?;
        let copy = tempfile::NamedTempFile::new().map_err(in_file(file))?;
        backup.copy_to(copy.path())?;
        let text = fs::read_to_string(copy.path()).map_err(in_file(file))?;
        let number: usize = text.strip_prefix(MARK).and_then(|text| text.parse().ok()).unwrap();
        let mut state = self.lock();
        let records = state.saved[number].clone();
        let users = records.rows.len() as u64;
        state.records = records;
        let newest = state.records.log.noted.id;
        drop(state);
        self.newest.send_replace(newest);
        Ok(Restored { users, kept: None, was_damaged: false })
    }
}
