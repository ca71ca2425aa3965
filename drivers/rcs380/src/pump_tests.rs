//! A pipe whose endpoint halts.

use std::collections::VecDeque;

use super::*;

/// What is received, one after another; then the pipe is closed.
struct Halting(VecDeque<Result<Vec<u8>, PipeError>>);

impl UsbPipe for Halting {
    async fn send(&mut self, _: &[u8]) -> Result<(), PipeError> {
        Ok(())
    }

    async fn receive(&mut self) -> Result<Vec<u8>, PipeError> {
        self.0.pop_front().unwrap_or_else(|| Err(PipeError::Closed("that was all".to_owned())))
    }

    async fn clear_halt(&mut self, _: Direction) -> Result<(), PipeError> {
        Ok(())
    }

    fn send_now(&mut self, _: &[u8]) -> bool {
        false
    }

    fn receive_now(&mut self, _: Duration) -> Result<Option<Vec<u8>>, PipeError> {
        Ok(None)
    }
}

#[tokio::test]
async fn a_reader_that_works_between_halts_is_kept_and_one_that_only_halts_is_not() {
    let halt = || Err(PipeError::Stalled(Direction::In));
    // Noise: the session waits on.
    let works = || Ok(vec![0]);
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
        let label = Label { name: "rcs380:1".to_owned(), product: "RC-S380", note: None };
        let (found, _readers) = mpsc::channel(1);
        let pipe = Halting(received.into());
        let fault = pump(&label, pipe, Polling::Normal, &found).await;
        assert!(fault.message.contains(expected), "{name}: {fault}");
    }
}
