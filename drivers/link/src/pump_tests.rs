//! A way whose endpoint halts.

use std::collections::VecDeque;

use bytes::Bytes;

use super::*;
use crate::Direction;

/// A session that waits for ever.
struct Waiting {
    is_over: bool,
}

impl Session for Waiting {
    fn handle(&mut self, _: Mono, _: Input<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn poll_output(&mut self) -> Option<Output> {
        None
    }

    fn poll_timeout(&self) -> Option<Mono> {
        (!self.is_over).then_some(Mono(Duration::from_secs(3600)))
    }

    fn takes_request(&self) -> bool {
        false
    }

    fn request(&mut self, _: Mono, _: &CardIdentity, _: &Operation) {}

    fn close(&mut self, _: Mono) {
        self.abandon();
    }

    fn abandon(&mut self) {
        self.is_over = true;
    }
}

/// What is received, one after another; then the way is closed.
struct Halting(VecDeque<Result<Bytes, WayError>>);

impl Way for Halting {
    async fn send(&mut self, _: Bytes) -> Result<(), WayError> {
        Ok(())
    }

    async fn receive(&mut self) -> Result<Bytes, WayError> {
        self.0.pop_front().unwrap_or_else(|| Err(WayError::closed("that was all")))
    }

    async fn control(&mut self, _: Control) -> Result<(), WayError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_reader_that_works_between_halts_is_kept_and_one_that_only_halts_is_not() {
    let halt = || Err(WayError::Stalled(Direction::In));
    let works = || Ok(Bytes::from_static(&[0]));
    let most = usize::from(STALLS_MAX);
    let rows: [(&str, Vec<_>, &str); 4] = [
        (
            "many, none in a row",
            (0..4 * most).flat_map(|_| [halt(), works()]).collect(),
            "that was",
        ),
        (
            "as many in a row as may be, twice",
            (0..2 * most)
                .flat_map(|n| (n % most == 0).then(works).into_iter().chain([halt()]))
                .collect(),
            "that was",
        ),
        ("one more", (0..=most).map(|_| halt()).collect(), "again and again"),
        (
            "one more, later",
            [vec![works()], (0..=most).map(|_| halt()).collect()].concat(),
            "again and again",
        ),
    ];
    for (name, received, expected) in rows {
        let label = Label::new("test", "a reader");
        let (found, _readers) = mpsc::channel(1);
        let mut session = Waiting { is_over: false };
        let fault = pump(&label, &mut session, Halting(received.into()), &found).await;
        assert!(fault.message.contains(expected), "{name}: {fault}");
    }
}
