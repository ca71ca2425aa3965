//! What an RC-S380 can fail at, at a USB port or behind a usbredir server.

kazasu_hal::causes! {
    silent() = "rcs380-silent";
    answers_wrongly() = "rcs380-answers-wrongly";
    unknown_commands() = "rcs380-unknown-commands";
    /// `lost`: what cannot be done without.
    refused(lost) = "rcs380-refused";
    lost_type_a() = "rcs380-lost-type-a";
    lost_type_b() = "rcs380-lost-type-b";
    lost_felica_212() = "rcs380-lost-felica-212";
    lost_felica_424() = "rcs380-lost-felica-424";
    no_felica() = "rcs380-no-felica";
    cards_garbled() = "rcs380-cards-garbled";
    card_wrong(why) = "rcs380-card-wrong";
    hot() = "rcs380-hot";
    unsent(status) = "rcs380-unsent";
    card_silent() = "rcs380-card-silent";
    card_garbled() = "rcs380-card-garbled";
    driver_holds(driver, node) = "rcs380-driver-holds";
    held(node) = "rcs380-held";
    held_by(holders, node, pids) = "rcs380-held-by";
    program(name, pid) = "rcs380-program";
    programs(one, other) = "rcs380-programs";
    forbidden(node) = "rcs380-forbidden";
    unopened(node, why) = "rcs380-unopened";
    unusable(node, why) = "rcs380-unusable";
    unclaimed(node, why) = "rcs380-unclaimed";
    no_configuration() = "rcs380-no-configuration";
    no_endpoints() = "rcs380-no-endpoints";
    no_packet_size() = "rcs380-no-packet-size";
    no_rate() = "rcs380-no-rate";
    unplugged() = "rcs380-unplugged";
    no_server(address, why) = "rcs380-no-server";
    server_not_there(address) = "rcs380-server-not-there";
    server_says_nothing(address) = "rcs380-server-says-nothing";
    server_lost(address, why) = "rcs380-server-lost";
    server_refuses(address) = "rcs380-server-refuses";
    server_empty(address) = "rcs380-server-empty";
    /// `device`: its numbers.
    server_other_device(address, device) = "rcs380-server-other-device";
    server_no_endpoints(address) = "rcs380-server-no-endpoints";
    server_other_protocol(why) = "rcs380-server-other-protocol";
    server_full() = "rcs380-server-full";
    server_silent() = "rcs380-server-silent";
    server_closed() = "rcs380-server-closed";
    server_other_answer() = "rcs380-server-other-answer";
    packet_unwritten() = "rcs380-packet-unwritten";
    transfer_failed(status) = "rcs380-transfer-failed";
}
