//! Readers that talk nonsense.

use std::time::Duration;

use kazasu_hal::Mono;
use kazasu_link::{Input, Session};
use kazasu_wire::sof::Frame;
use proptest::prelude::*;

use crate::{Reader, attached, put, sees};

/// Pieces of bytes, and how long after the one before each of them comes, in milliseconds.
pub(crate) type Noise = Vec<(Vec<u8>, u64)>;

/// Bytes that look like frames more often than chance does, with these among them.
pub(crate) fn bytes(
    frames: impl Strategy<Value = Vec<u8>> + 'static,
) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => proptest::collection::vec(any::<u8>(), 0..600),
        1 => Just(Frame::Ack.encode().unwrap()),
        1 => Just(Frame::Error.encode().unwrap()),
        1 => Just(Frame::Nack.encode().unwrap()),
        3 => frames,
    ]
}

/// Whatever comes: no panic, no endless loop, and the session either waits for a time that is still
/// to come or has ended. It has at most `open` outputs but for those that answers lead to.
pub(crate) fn takes_any_bytes(
    mut session: impl Session,
    noise: Noise,
    open: usize,
) -> Result<(), TestCaseError> {
    let mut now = Mono::default();
    for (bytes, wait_ms) in noise {
        now = now.after(Duration::from_millis(wait_ms));
        let mut ended = session.handle(now, Input::Bytes(&bytes)).is_err();
        for _ in 0..4 {
            if !ended && session.poll_timeout().is_some_and(|at| at <= now) {
                ended = session.handle(now, Input::Timeout).is_err();
            }
        }
        // Each answer takes an acknowledgement, so outputs are fewer than bytes.
        let outputs = std::iter::from_fn(|| session.poll_output()).count();
        prop_assert!(outputs <= open + bytes.len() / 6, "{outputs} outputs");
        if ended {
            prop_assert_eq!(session.poll_timeout(), None);
            break;
        }
        prop_assert!(session.poll_timeout().is_some_and(|at| at > now));
    }
    Ok(())
}

/// A way that was noisy for a while is no reason not to see a card after it.
pub(crate) fn a_card_is_seen_after<L: Reader>(
    seed: u64,
    noise: Noise,
) -> Result<(), TestCaseError> {
    let mut pair = attached::<L>(seed);
    for (bytes, wait_ms) in noise {
        pair.invent(&bytes);
        pair.run_for(Duration::from_millis(wait_ms));
    }
    put(&mut pair, "felica idm=012E4CE1000000A1");
    let seen = |pair: &_| sees(pair, &["felica 012E4CE1000000A1"]);
    let end = pair.now().after(Duration::from_secs(3));
    prop_assert!(pair.run_until(end, seen), "{:?}", pair.faults);
    // And nothing but it, once the last of the noise is gone.
    pair.run_for(L::A_MOMENT);
    prop_assert!(seen(&pair));
    Ok(())
}
