use std::{
    fs::{File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::Duration,
};

use crate::Error;

/// Nothing is written beyond so many bytes.
const LOG_MAX: usize = 256 << 20;

/// Who sent.
#[derive(Clone, Copy)]
pub(crate) enum Direction {
    FromHost,
    FromChip,
}

/// A file that everything on a line is written to.
pub(crate) struct FrameLog {
    file: File,
    written: usize,
}

impl FrameLog {
    /// An empty file that only its owner can read: it holds the numbers of cards.
    pub(crate) fn create(path: &Path) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        match options.open(path) {
            Ok(file) => Ok(Self { file, written: 0 }),
            Err(source) => Err(Error::FrameLog { path: path.to_owned(), source }),
        }
    }

    /// Writes one line. What goes wrong is told once, and ends the log, not the simulator.
    pub(crate) fn write(&mut self, at: Duration, from: Direction, bytes: &[u8]) {
        let from = match from {
            Direction::FromHost => "host",
            Direction::FromChip => "chip",
        };
        let mut line = format!("{}.{:06} {from}", at.as_secs(), at.subsec_micros());
        for byte in bytes {
            line.push_str(&format!(" {byte:02X}"));
        }
        line.push('\n');
        let written = self.written.saturating_add(line.len());
        if written > LOG_MAX {
            return;
        }
        self.written = written;
        if let Err(error) = self.file.write_all(line.as_bytes()) {
            tracing::warn!(%error, "the frame log ends here");
            self.written = LOG_MAX;
        }
    }
}
