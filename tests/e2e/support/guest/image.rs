//! The guest's file system and its snapshot, made once and again when something in it changed.

use std::{
    fs::{self, File, Metadata},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{
    super::{Folder, run},
    machine::Machine,
};

const ORACLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/oracles");
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guest");
const UDEV: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/udev");
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/guest");

/// From the start of the kernel to the line `ready`.
const BOOT: Duration = Duration::from_secs(90);

/// A snapshot that nobody replaces while this lives.
pub(super) struct Image {
    _lock: File,
}

impl Image {
    /// The snapshot of the program as it was built just now.
    pub(super) fn ready() -> Self {
        fs::create_dir_all(FOLDER).unwrap();
        let lock = File::create(file("lock")).unwrap();
        lock.lock().unwrap();
        let image = Self { _lock: lock };
        let wanted = inputs();
        if fs::read_to_string(file("stamp")).ok().as_ref() != Some(&wanted) {
            // Whatever goes wrong from here, the next one starts over.
            let _ = fs::remove_file(file("stamp"));
            image.make();
            fs::write(file("stamp"), wanted).unwrap();
        }
        image
    }

    fn make(&self) {
        let mut command = Command::new(Path::new(SOURCES).join("image"));
        command.args([ORACLES, env!("CARGO_BIN_EXE_kazasu"), FOLDER]);
        let made = run(command, "");
        assert_eq!(made.code, Some(0), "tests/guest/image: {}{}", made.stdout, made.stderr);

        let folder = Folder::new();
        let mut machine = Machine::boot(&folder, self);
        let commands = machine.commands();
        assert_eq!(commands.line_within(BOOT).as_deref(), Some("ready"), "{}", machine.console());
        machine.save(self);
    }

    pub(super) fn kernel(&self) -> PathBuf {
        file("kernel")
    }

    pub(super) fn initrd(&self) -> PathBuf {
        file("initrd")
    }

    pub(super) fn snapshot(&self) -> PathBuf {
        file("snapshot")
    }
}

fn file(name: &str) -> PathBuf {
    Path::new(FOLDER).join(name)
}

/// Everything that the image is made of, by size and time.
fn inputs() -> String {
    let mut paths = vec![PathBuf::from(env!("CARGO_BIN_EXE_kazasu"))];
    paths.push(Path::new(ORACLES).join("stamp"));
    for folder in [SOURCES, UDEV] {
        let entries = fs::read_dir(folder).unwrap();
        paths.extend(entries.map(|entry| entry.unwrap().path()));
    }
    paths.sort();
    let describe = |path: &PathBuf| {
        let meta: Metadata = fs::metadata(path).unwrap_or_else(|error| {
            panic!("{}: {error}; `scripts/test oracles guest` brings it", path.display())
        });
        format!("{} {} {:?}\n", path.display(), meta.len(), meta.modified().unwrap())
    };
    paths.iter().map(describe).collect()
}
