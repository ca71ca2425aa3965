use pcsc::State;

/// What pcscd shows of a reader's card slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// No card.
    Empty,
    /// A card that gives no ATR, or not yet.
    Mute {
        /// Insertions and removals so far.
        count: u32,
    },
    /// A card that can be asked.
    Card {
        /// Insertions and removals so far.
        count: u32,
        /// What the reader made up as its ATR.
        atr: Vec<u8>,
    },
}

impl Slot {
    /// Reads a state; `None` where the reader is gone.
    ///
    /// Whether the card is in use, powered or held exclusively does not matter here: our own
    /// connections change that all the time.
    pub(crate) fn of(state: State, count: u32, atr: &[u8]) -> Option<Self> {
        if state.intersects(State::UNKNOWN | State::UNAVAILABLE | State::IGNORE) {
            None
        } else if !state.contains(State::PRESENT) {
            Some(Self::Empty)
        } else if state.contains(State::MUTE) || atr.is_empty() {
            Some(Self::Mute { count })
        } else {
            Some(Self::Card { count, atr: atr.to_vec() })
        }
    }

    fn count(&self) -> Option<u32> {
        match self {
            Self::Empty => None,
            Self::Mute { count } | Self::Card { count, .. } => Some(*count),
        }
    }

    /// Whether this shows the presentation that `earlier` showed: a card that was never away.
    ///
    /// pcscd looks every 400 ms, so a card can be swapped with no empty slot seen; its counter
    /// tells.
    pub(crate) fn continues(&self, earlier: &Self) -> bool {
        self.count().is_some() && self.count() == earlier.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATR: &[u8] = &[0x3B, 0x80, 0x80, 0x01, 0x01];

    fn card(count: u32) -> Slot {
        Slot::Card { count, atr: ATR.to_vec() }
    }

    #[test]
    fn states_are_read() {
        let present = State::PRESENT | State::CHANGED;
        let rows = [
            ("empty", State::EMPTY, ATR, Some(Slot::Empty)),
            ("changed to empty", State::EMPTY | State::CHANGED, &[], Some(Slot::Empty)),
            ("present", present, ATR, Some(card(7))),
            ("in use by us", present | State::INUSE, ATR, Some(card(7))),
            ("held exclusively", present | State::EXCLUSIVE | State::INUSE, ATR, Some(card(7))),
            ("powered off", present | State::UNPOWERED, ATR, Some(card(7))),
            ("mute", present | State::MUTE, ATR, Some(Slot::Mute { count: 7 })),
            ("no ATR yet", present, &[], Some(Slot::Mute { count: 7 })),
            ("unplugged", State::UNKNOWN | State::UNAVAILABLE | State::CHANGED, ATR, None),
            ("unavailable", State::UNAVAILABLE, &[], None),
            ("nothing known", State::UNAWARE, &[], Some(Slot::Empty)),
        ];
        for (name, state, atr, expected) in rows {
            assert_eq!(Slot::of(state, 7, atr), expected, "{name}");
        }
    }

    #[test]
    fn a_presentation_lasts_while_the_counter_stands() {
        let mute = |count| Slot::Mute { count };
        let rows = [
            ("rests", card(1), card(1), true),
            ("left", Slot::Empty, card(1), false),
            ("swapped unseen", card(3), card(1), false),
            ("gets its ATR", card(1), mute(1), true),
            ("swapped for a mute one", mute(3), card(1), false),
            ("came", card(1), Slot::Empty, false),
            ("still empty", Slot::Empty, Slot::Empty, false),
        ];
        for (name, now, earlier, expected) in rows {
            assert_eq!(now.continues(&earlier), expected, "{name}");
        }
    }
}
