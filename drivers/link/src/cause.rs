//! What any reader with a session can fail at.

kazasu_hal::causes! {
    /// One of several readers of a way: which, and what it has.
    of_reader(reader, fault) = "link-of-reader";
    broke(reader, why) = "link-broke";
    let_go(reader) = "link-let-go";
    takes_nothing() = "link-takes-nothing";
    halts() = "link-halts";
    halts_for_good() = "link-halts-for-good";
    no_control() = "link-no-control";
    no_waiting() = "link-no-waiting";
    no_blocks() = "link-no-blocks";
    no_block_command() = "link-no-block-command";
    block_nonsense(why) = "link-block-nonsense";
    block_other_question() = "link-block-other-question";
    block_other_card() = "link-block-other-card";
    block_refused(status) = "link-block-refused";
    card_gone() = "link-card-gone";
    busy() = "link-busy";
}
