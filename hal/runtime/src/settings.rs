use std::time::Duration;

/// When a card counts as gone, and when as tapped again (spec 60 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TapSettings {
    /// Rounds without an answer after which a card is gone.
    pub missed_polls: u32,
    /// From the first missed round: before this, the same card answering again is the same tap.
    pub second_tap_after: Duration,
    /// The same for a card that had rested for a second: a phone's case or a hand on the reader makes
    /// gaps in its answers, and nobody lifts a card and lays it down again that fast.
    pub rested_second_tap_after: Duration,
    /// The same for FeliCa on phones and watches, which pause between answers.
    pub mobile_second_tap_after: Duration,
    /// How long a card must be alone after several were in the field, before it is presented.
    pub settle_after_multiple: Duration,
}

impl Default for TapSettings {
    fn default() -> Self {
        Self {
            missed_polls: 2,
            second_tap_after: Duration::from_millis(150),
            rested_second_tap_after: Duration::from_millis(400),
            mobile_second_tap_after: Duration::from_millis(750),
            settle_after_multiple: Duration::from_millis(500),
        }
    }
}
