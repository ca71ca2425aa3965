use kazasu_hal::{CardIdentity, Fault, Mono, Operation, Report};

/// What a session wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send these bytes to the reader.
    Send(Vec<u8>),
    /// Set the line to this rate, in bit/s.
    SetRate(u32),
    /// The reader can be used, and what it is.
    Attached(String),
    /// What the reader saw.
    Report(Report),
    /// The outcome of a request; the blocks that were read.
    Replied(Result<Vec<[u8; 16]>, Fault>),
}

/// A session of a driver.
pub trait Session {
    /// Bytes came from the reader.
    ///
    /// # Errors
    /// The session has ended.
    fn receive(&mut self, now: Mono, bytes: &[u8]) -> Result<(), Fault>;

    /// The time of [`poll_timeout`](Self::poll_timeout) has come.
    ///
    /// # Errors
    /// The session has ended.
    fn elapse(&mut self, now: Mono) -> Result<(), Fault>;

    /// What to do next.
    fn poll_output(&mut self) -> Option<Output>;

    /// When the session wants to be called, at the latest; `None` once it has ended.
    fn poll_timeout(&self) -> Option<Mono>;

    /// Whether a request would be served.
    fn takes_request(&self) -> bool;

    /// Asks something of a card.
    fn request(&mut self, now: Mono, card: &CardIdentity, operation: &Operation);

    /// Lets go of the reader.
    fn close(&mut self, now: Mono);
}

/// The drivers know nothing of each other, but their sessions have one shape; `$only` is an output
/// that not all have.
macro_rules! session {
    ($driver:ident $(, $only:ident)?) => {
        impl Session for $driver::Session {
            fn receive(&mut self, now: Mono, bytes: &[u8]) -> Result<(), Fault> {
                self.handle(now, $driver::Input::Bytes(bytes))
            }

            fn elapse(&mut self, now: Mono) -> Result<(), Fault> {
                self.handle(now, $driver::Input::Timeout)
            }

            fn poll_output(&mut self) -> Option<Output> {
                Some(match $driver::Session::poll_output(self)? {
                    $driver::Output::Send(bytes) => Output::Send(bytes),
                    $($driver::Output::$only(value) => Output::$only(value),)?
                    $driver::Output::Attached(model) => Output::Attached(model),
                    $driver::Output::Report(report) => Output::Report(report),
                    $driver::Output::Replied(outcome) => Output::Replied(outcome),
                })
            }

            fn poll_timeout(&self) -> Option<Mono> {
                $driver::Session::poll_timeout(self)
            }

            fn takes_request(&self) -> bool {
                $driver::Session::takes_request(self)
            }

            fn request(&mut self, now: Mono, card: &CardIdentity, operation: &Operation) {
                $driver::Session::request(self, now, card, operation);
            }

            fn close(&mut self, now: Mono) {
                $driver::Session::close(self, now);
            }
        }
    };
}

session!(kazasu_pn532, SetRate);
session!(kazasu_rcs380);
