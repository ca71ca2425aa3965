use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use kazasu_sim::parse;
use tokio::time::{Instant, sleep_until};

use crate::{Control, Error};

/// The longest script, in bytes.
const SCRIPT_MAX: u64 = 1 << 20;
/// The latest time in a script: a day.
const AT_MAX_S: f64 = 86_400.0;

/// Control lines in a file, one a line; empty lines and those that begin with `#` are skipped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    steps: Vec<Step>,
}

/// A control line and, with `at 1.5s` before it, when it is told, since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Since the start; without it right after the line before.
    pub at: Option<Duration>,
    /// The control line.
    pub line: String,
}

impl Step {
    /// Reads one line; `None` for one that says nothing. Only the time is checked here.
    ///
    /// # Errors
    /// What is wrong with the time.
    pub fn parse(line: &str) -> Result<Option<Self>, String> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        let Some(rest) = line.strip_prefix("at ") else {
            return Ok(Some(Self { at: None, line: line.to_owned() }));
        };
        let (time, line) = rest.trim_start().split_once(' ').unwrap_or((rest, ""));
        let at = time
            .strip_suffix('s')
            .and_then(|seconds| seconds.parse().ok())
            .filter(|seconds| (0.0..=AT_MAX_S).contains(seconds))
            .map(Duration::from_secs_f64)
            .ok_or("at: seconds since the start, up to a day, as in: at 1.5s take")?;
        Ok(Some(Self { at: Some(at), line: line.trim().to_owned() }))
    }

    /// Tells the line when its time has come and gives the answer.
    pub async fn tell(&self, control: &Control, start: Instant) -> String {
        if let Some(at) = self.at {
            sleep_until(start + at).await;
        }
        control.tell(&self.line).await
    }
}

impl Script {
    /// Reads a script and checks all of it.
    ///
    /// # Errors
    /// The file cannot be read or is longer than 1 MiB, or a line is wrong.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let path = path.to_owned();
        let mut text = String::new();
        let read = File::open(&path)
            .and_then(|file| file.take(SCRIPT_MAX.saturating_add(1)).read_to_string(&mut text));
        match read {
            Err(source) => return Err(Error::ReadScript { path, source }),
            Ok(length) if length as u64 > SCRIPT_MAX => {
                let reason = "longer than 1 MiB".into();
                return Err(Error::BadScript { path, number: 1, reason });
            }
            Ok(_) => {}
        }
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: PathBuf) -> Result<Self, Error> {
        let step = |line| {
            let step = Step::parse(line)?;
            if let Some(step) = &step {
                parse(&step.line).map_err(|bad| bad.to_string())?;
            }
            Ok(step)
        };
        let mut steps = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            match step(line) {
                Ok(step) => steps.extend(step),
                Err(reason) => return Err(Error::BadScript { path, number, reason }),
            }
        }
        Ok(Self { steps })
    }

    /// Tells all lines in turn and gives each answer to `say`. Times count from the call.
    pub async fn play(&self, control: &Control, mut say: impl FnMut(String)) {
        let start = Instant::now();
        for step in &self.steps {
            say(step.tell(control, start).await);
        }
    }
}
