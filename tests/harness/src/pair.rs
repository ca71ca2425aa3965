use std::time::Duration;

use bytes::Bytes;
use kazasu_hal::{Card, CardIdentity, Fault, Mono, Operation, Report};
use kazasu_link::{Input, Output, Reply, Session};
use kazasu_sim::{Field, Seed};

/// How long the way stays down before it is opened anew, as the runtime does it.
const REOPEN_PAUSE: Duration = Duration::from_secs(1);
/// More steps than this without time passing is an endless loop.
const STEPS_AT_ONCE_MAX: u32 = 10_000;

/// The way to the reader is broken; these bytes still came.
#[derive(Debug)]
pub struct Broken(pub Vec<u8>);

/// A simulated reader and the way to it.
pub trait Link {
    /// The session of the driver that it is for.
    type Session: Session;

    /// A reader that just got power. The same seed gives the same run.
    fn new(seed: Seed) -> Self;

    /// The cards before the reader.
    fn field(&mut self) -> &mut Field;

    /// The host opens the way.
    fn open(&mut self, now: Mono) -> Self::Session;

    /// The host closes the way: what is under way is lost, what the session learned is kept for
    /// the next one.
    fn close(&mut self, now: Mono, session: &Self::Session);

    /// The host sends.
    ///
    /// # Errors
    /// The way broke.
    fn send(&mut self, now: Mono, bytes: Bytes) -> Result<(), Broken>;

    /// The host sets the rate of the line, in bit/s.
    fn set_rate(&mut self, rate: u32);

    /// When the reader does something or bytes arrive on either side, if ever.
    fn due(&self) -> Option<Mono>;

    /// Lets the reader do what is due.
    ///
    /// # Errors
    /// The way broke.
    fn run(&mut self, now: Mono) -> Result<(), Broken>;

    /// What has arrived at the host by now, piece by piece.
    fn arrive(&mut self, now: Mono) -> Option<Vec<u8>>;

    /// Lets bytes arrive at the host that the reader never sent.
    fn invent(&mut self, now: Mono, bytes: &[u8]);
}

/// A driver's session and a simulated reader, with a way between them, in virtual time.
#[derive(Debug)]
pub struct Pair<L: Link> {
    /// The reader and the way to it.
    pub link: L,
    /// Everything the session reported, with the time.
    pub reports: Vec<(Mono, Report)>,
    /// How often a session said that its reader can be used, and what it is.
    pub attached: Vec<String>,
    /// Why sessions ended; a broken way is not among them.
    pub faults: Vec<Fault>,
    /// How often the way broke.
    pub cuts: u32,
    /// Outcomes of requests.
    pub replies: Vec<Reply>,
    now: Mono,
    /// `None` while the way is down, until `reopen_at`.
    session: Option<L::Session>,
    reopen_at: Mono,
}

impl<L: Link> Pair<L> {
    /// A reader that just got power, and a session that begins to open it.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::over(L::new(Seed(seed)))
    }

    /// A session that begins to open this reader.
    #[must_use]
    pub fn over(link: L) -> Self {
        let now = Mono::default();
        let mut pair = Self {
            link,
            reports: Vec::new(),
            attached: Vec::new(),
            faults: Vec::new(),
            cuts: 0,
            replies: Vec::new(),
            now,
            session: None,
            reopen_at: now,
        };
        pair.open();
        pair
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Mono {
        self.now
    }

    /// The session, while the way is up and it has not ended.
    #[must_use]
    pub fn session(&self) -> Option<&L::Session> {
        self.session.as_ref().filter(|session| session.poll_timeout().is_some())
    }

    /// Asks the session for something.
    pub fn request(&mut self, card: &CardIdentity, operation: &Operation) {
        if let Some(session) = &mut self.session {
            session.request(self.now, card, operation);
            self.take_from_session();
        }
    }

    /// Lets the session close the reader. The way stays closed.
    pub fn close_session(&mut self) {
        if let Some(session) = &mut self.session {
            session.close(self.now);
            self.take_from_session();
        }
    }

    /// The host is killed, without a chance to close anything, and started again.
    pub fn kill(&mut self) {
        self.close();
    }

    /// Lets bytes arrive at the host that the reader never sent.
    pub fn invent(&mut self, bytes: &[u8]) {
        self.link.invent(self.now, bytes);
    }

    /// Lets time pass.
    pub fn run_for(&mut self, time: Duration) {
        let end = self.now.after(time);
        self.run_until(end, |_| false);
    }

    /// Lets time pass until `done`, or until `end`. Whether it is done.
    pub fn run_until(&mut self, end: Mono, done: impl Fn(&Self) -> bool) -> bool {
        let mut steps_at_once = 0_u32;
        while !done(self) {
            let Some(next) = self.next().filter(|next| *next <= end) else {
                self.now = self.now.max(end);
                return false;
            };
            steps_at_once = if next > self.now { 0 } else { steps_at_once.saturating_add(1) };
            assert!(steps_at_once < STEPS_AT_ONCE_MAX, "no time passes at {:?}", self.now);
            self.now = self.now.max(next);
            self.step();
        }
        true
    }

    /// The cards of the last finished round.
    #[must_use]
    pub fn field(&self) -> Option<&[Card]> {
        self.reports.iter().rev().find_map(|(_, report)| match report {
            Report::Field(cards) => Some(cards.as_slice()),
            Report::Fault(_) => None,
        })
    }

    /// Everything that rounds saw since `from`.
    #[must_use]
    pub fn rounds_since(&self, from: Mono) -> Vec<&[Card]> {
        let reports = self.reports.iter().filter(|(at, _)| *at >= from);
        reports
            .filter_map(|(_, report)| match report {
                Report::Field(cards) => Some(cards.as_slice()),
                Report::Fault(_) => None,
            })
            .collect()
    }

    /// When something happens next, if anything does.
    fn next(&self) -> Option<Mono> {
        let session = match &self.session {
            Some(session) => session.poll_timeout(),
            None => Some(self.reopen_at),
        };
        [session, self.link.due()].into_iter().flatten().min()
    }

    fn step(&mut self) {
        let now = self.now;
        if self.session.is_none() && self.reopen_at <= now {
            self.open();
        }
        if let Err(broken) = self.link.run(now) {
            self.cut(&broken);
        }
        while let Some(bytes) = self.link.arrive(now) {
            self.tell_session(|session| session.handle(now, Input::Bytes(&bytes)));
        }
        let timeout = self.session.as_ref().and_then(Session::poll_timeout);
        if timeout.is_some_and(|due| due <= now) {
            self.tell_session(|session| session.handle(now, Input::Timeout));
        }
    }

    fn open(&mut self) {
        self.session = Some(self.link.open(self.now));
        self.take_from_session();
    }

    fn close(&mut self) {
        if let Some(session) = self.session.take() {
            self.link.close(self.now, &session);
        }
        self.reopen_at = self.now.after(REOPEN_PAUSE);
    }

    fn cut(&mut self, Broken(bytes): &Broken) {
        let now = self.now;
        if !bytes.is_empty() {
            self.tell_session(|session| session.handle(now, Input::Bytes(bytes)));
        }
        self.cuts = self.cuts.saturating_add(1);
        self.close();
    }

    fn tell_session(&mut self, tell: impl FnOnce(&mut L::Session) -> Result<(), Fault>) {
        let Some(session) = &mut self.session else { return };
        let told = tell(session);
        self.take_from_session();
        if let Err(fault) = told {
            self.faults.push(fault);
            self.close();
        }
    }

    fn take_from_session(&mut self) {
        while let Some(output) = self.session.as_mut().and_then(Session::poll_output) {
            match output {
                Output::Send(bytes) => {
                    if let Err(broken) = self.link.send(self.now, bytes) {
                        return self.cut(&broken);
                    }
                }
                Output::SetRate(rate) => self.link.set_rate(rate),
                Output::Replied(outcome) => self.replies.push(outcome),
                Output::Attached(model) => self.attached.push(model),
                Output::Report(report) => self.reports.push((self.now, report)),
            }
        }
    }
}
