//! What people and scripts read: lines on standard output.

use std::io::{self, Write};

use serde::Serialize;

/// Text or JSON lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Out {
    json: bool,
}

impl Out {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// One line, flushed at once: whoever reads it through a pipe waits for it.
    pub(crate) fn line<T: Line>(self, line: &T) -> io::Result<()> {
        let text = if self.json { serde_json::to_string(line)? } else { line.text() };
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    }

    /// Whether lines are JSON.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// A line for people beside the results; JSON says the same in its objects.
    pub(crate) fn note(self, text: &str) -> io::Result<()> {
        if self.json { Ok(()) } else { writeln!(io::stdout(), "{text}") }
    }
}

/// What can be shown as one line of text or of JSON.
pub(crate) trait Line: Serialize {
    /// The text form.
    fn text(&self) -> String;
}
