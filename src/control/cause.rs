//! Why a command got nothing of the readers.

kazasu_hal::causes! {
    /// `ways`: what was looked for.
    no_reader(ways) = "control-no-reader";
    no_card_read(seconds) = "control-no-card-read";
    card_not_read(seconds, reader, why) = "control-card-not-read";
    two_cards(one, other) = "control-two-cards";
    of_reader(reader, why) = "control-of-reader";
}
