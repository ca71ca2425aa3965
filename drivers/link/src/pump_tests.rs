//! Sessions and ways that end.

use std::collections::VecDeque;

use bytes::Bytes;

use super::*;
use crate::Direction;

/// A session that says what it wants done, then waits for ever; anything that comes is its `end`, if it
/// has one.
#[derive(Default)]
struct Waiting {
    outputs: VecDeque<Output>,
    end: Option<Fault>,
    is_over: bool,
}

impl Session for Waiting {
    fn handle(&mut self, _: Mono, _: Input<'_>) -> Result<(), Fault> {
        self.is_over |= self.end.is_some();
        self.end.take().map_or(Ok(()), Err)
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
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
            "link-broke (reader: a reader, why: that was all)",
        ),
        (
            "as many in a row as may be, twice",
            (0..2 * most)
                .flat_map(|n| (n % most == 0).then(works).into_iter().chain([halt()]))
                .collect(),
            "link-broke (reader: a reader, why: that was all)",
        ),
        (
            "one more",
            (0..=most).map(|_| halt()).collect(),
            "link-broke (reader: a reader, why: link-halts)",
        ),
        (
            "one more, later",
            [vec![works()], (0..=most).map(|_| halt()).collect()].concat(),
            "link-broke (reader: a reader, why: link-halts)",
        ),
    ];
    for (name, received, expected) in rows {
        let label = Label::new("test", "a reader");
        let (found, _readers) = mpsc::channel(1);
        let mut session = Waiting::default();
        let fault = pump(&label, &mut session, Halting(received.into()), &found).await;
        assert_eq!(fault.to_string(), expected, "{name}");
    }
}

fn silence() -> Cause {
    Cause { word: "silence", places: Vec::new() }
}

#[tokio::test]
async fn who_is_at_fault_is_named_and_so_is_one_of_several_readers() {
    let silent = || Some(Fault::new(FaultKind::Timeout, silence()));
    let of_several = cause::of_reader("a reader", silence());
    let let_go = cause::let_go("a reader");
    let attached = || vec![Output::Attached("model".to_owned())];
    let broke = cause::broke("a reader", "that was all");
    let rows = [
        ("the session", vec![], silent(), false, FaultKind::Timeout, silence()),
        ("of several", vec![], silent(), true, FaultKind::Timeout, of_several),
        ("the way", vec![], None, true, FaultKind::Link, broke),
        ("nobody listens", attached(), None, true, FaultKind::Link, let_go),
    ];
    for (name, outputs, end, is_one_of_several, kind, cause) in rows {
        let label = Label { is_one_of_several, ..Label::new("test", "a reader") };
        let (found, readers) = mpsc::channel(1);
        drop(readers);
        let mut session = Waiting { outputs: outputs.into(), end, is_over: false };
        let way = Halting([Ok(Bytes::from_static(&[0]))].into());
        let fault = pump(&label, &mut session, way, &found).await;
        assert_eq!(fault, Fault::new(kind, cause), "{name}");
        assert!(session.is_over, "{name}");
    }
}

#[tokio::test]
async fn a_reader_is_called_by_its_product_what_its_session_says_and_a_note() {
    let label = || Label::new("test", "a reader");
    let product = Some("Reader");
    let note = Some("no serial number".to_owned());
    let rows = [
        (label(), "firmware 1"),
        (Label { product, ..label() }, "Reader firmware 1"),
        (Label { product, note, ..label() }, "Reader firmware 1, no serial number"),
    ];
    for (label, expected) in rows {
        let (found, mut readers) = mpsc::channel(1);
        let outputs = [Output::Attached("firmware 1".to_owned())].into();
        let mut session = Waiting { outputs, ..Waiting::default() };
        pump(&label, &mut session, Halting(VecDeque::new()), &found).await;
        let info = readers.recv().await.unwrap().info;
        let told = (info.name.0.as_str(), info.driver, info.model.as_str());
        assert_eq!(told, ("a reader", "test", expected));
    }
}
