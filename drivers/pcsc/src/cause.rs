//! What pcscd, its readers and their cards can fail at.

kazasu_hal::causes! {
    daemon_refuses(why) = "pcsc-daemon-refuses";
    daemon_away(why) = "pcsc-daemon-away";
    daemon_other_version(why) = "pcsc-daemon-other-version";
    /// pcscd and libpcsclite do not mean the same bytes.
    daemon_misread() = "pcsc-daemon-misread";
    daemon_frozen() = "pcsc-daemon-frozen";
    /// pcscd has answered, but its list of readers does not come, or not whole.
    daemon_lists_nothing() = "pcsc-daemon-lists-nothing";
    let_go() = "pcsc-let-go";
    watching_broke() = "pcsc-watching-broke";
    no_status_thread(why) = "pcsc-no-status-thread";
    no_thread(reader, why) = "pcsc-no-thread";
    card_held(reader) = "pcsc-card-held";
    card_numberless(reader, why) = "pcsc-card-numberless";
    card_unread(reader, why) = "pcsc-card-unread";
    card_of_no_kind(reader, bytes) = "pcsc-card-of-no-kind";
    card_misread(reader, why) = "pcsc-card-misread";
    card_hangs(reader, seconds) = "pcsc-card-hangs";
    card_mute(reader) = "pcsc-card-mute";
    card_changed(reader) = "pcsc-card-changed";
    nothing_read() = "pcsc-nothing-read";
    refused(status) = "pcsc-refused";
}
