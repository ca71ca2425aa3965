//! What a PN532, its line and its port can fail at.

kazasu_hal::causes! {
    answers_cut(command) = "pn532-answers-cut";
    answers_wrongly(command) = "pn532-answers-wrongly";
    only_acknowledges() = "pn532-only-acknowledges";
    /// `bytes`: how many came.
    something_talks(bytes) = "pn532-something-talks";
    nothing_answers() = "pn532-nothing-answers";
    silent(command, times) = "pn532-silent";
    other_chip(chip) = "pn532-other-chip";
    card_misdescribed(why) = "pn532-card-misdescribed";
    line_slow(ms) = "pn532-line-slow";
    deaf(ms) = "pn532-deaf";
    /// `lost`: what cannot be done without.
    unknown_command(command, lost) = "pn532-unknown-command";
    lost_rate() = "pn532-lost-rate";
    lost_iso_dep() = "pn532-lost-iso-dep";
    lost_type_a() = "pn532-lost-type-a";
    lost_type_b() = "pn532-lost-type-b";
    lost_felica_212() = "pn532-lost-felica-212";
    lost_felica_424() = "pn532-lost-felica-424";
    lost_type_b_again() = "pn532-lost-type-b-again";
    lost_memory() = "pn532-lost-memory";
    card_silent(status) = "pn532-card-silent";
    no_port(port) = "pn532-no-port";
    port_forbidden(port) = "pn532-port-forbidden";
    port_held(port) = "pn532-port-held";
    port_unusable(port, why) = "pn532-port-unusable";
    unopened(reader, why) = "pn532-unopened";
    closed() = "pn532-closed";
    never_halts() = "pn532-never-halts";
}
