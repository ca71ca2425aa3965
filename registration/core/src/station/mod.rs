mod input;
mod state;
mod step;

use std::{collections::VecDeque, mem, sync::Arc, time::Duration};

use kazasu_hal::{Mono, Now, StationName};

pub use input::{
    Account, Binding, CommitOutcome, Effect, Input, LookUp, PanelAction, Provisional,
    ProvisionalOutcome, Request, Verdict,
};
use state::State;

use crate::{SessionView, Settings};

/// How long a result stays on the page.
const NOTICE: Duration = Duration::from_secs(8);
/// How long the store may take to say whose a card is, or to make a provisional user.
const LOOK_UP: Duration = Duration::from_secs(10);
/// How long checking credentials may take, queueing included.
const VERIFY: Duration = Duration::from_secs(15);
/// After this long without a word from the store nobody knows what became of a commit. The store
/// gives up long before, so that people are told what happened.
const COMMIT: Duration = Duration::from_secs(30);

/// One station's sign-in and registration, from a tap to a bound card: local method, registration
/// source `device`.
///
/// A value: inputs go in, effects come out, and what is asked for comes back as an input with the
/// request's number. Answers that are late, come twice or belong to something given up change
/// nothing.
#[doc = include_str!("../station_table.md")]
#[derive(Debug)]
pub struct Station {
    name: StationName,
    settings: Arc<Settings>,
    session: u64,
    requests: u64,
    reader_ready: bool,
    job_running: bool,
    state: State,
    effects: VecDeque<Effect>,
}

impl Station {
    /// A station at which nobody is signed in, without a reader.
    #[must_use]
    pub fn new(name: StationName, settings: Arc<Settings>) -> Self {
        Self {
            name,
            settings,
            session: 0,
            requests: 0,
            reader_ready: false,
            job_running: false,
            state: State::Nobody,
            effects: VecDeque::new(),
        }
    }

    /// Takes one input. Fetch the effects afterwards; one input makes three at most.
    pub fn handle(&mut self, now: Now, input: Input) {
        // A page that should have cleared is gone, even where its timer comes late.
        if self.state.deadline().is_some_and(|deadline| deadline <= now.mono) {
            let state = mem::replace(&mut self.state, State::Nobody);
            self.state = self.expire(now, state);
        }
        let state = mem::replace(&mut self.state, State::Nobody);
        self.state = self.step(now, state, input);
    }

    /// The next effect to perform.
    pub fn poll_output(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to come back with [`Input::Tick`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Mono> {
        self.state.deadline()
    }

    /// What a panel may show.
    #[must_use]
    pub fn view(&self) -> SessionView {
        SessionView {
            station: self.name.clone(),
            session: self.session,
            reader_ready: self.reader_ready,
            clears_at: self.state.clears_at(),
            page: self.state.page(),
        }
    }
}

#[cfg(test)]
mod late_test;
#[cfg(test)]
mod rig_test;
#[cfg(test)]
mod sequence_test;
#[cfg(test)]
mod table_test;
