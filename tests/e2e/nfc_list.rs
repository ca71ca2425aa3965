//! Debian's `nfc-list`, a host that others wrote, on our PN532.

use std::process::Command;

use crate::support::{Folder, Sim, run, tool};

/// Puts the cards and checks that nfc-list shows all of `expected`, spaces aside.
fn check(cards: &[&str], expected: &[&str]) {
    let folder = Folder::new();
    let mut sim = Sim::pn532(&folder);
    for card in cards {
        sim.tell(card);
    }
    let mut command = Command::new(tool("nfc-list"));
    command
        .arg("-v")
        .env("LIBNFC_DEFAULT_DEVICE", format!("pn532_uart:{}", folder.reader().display()));
    let finished = run(command, "");
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let shown: String = finished.stdout.split_whitespace().collect();
    for field in expected {
        let wanted: String = field.split_whitespace().collect();
        assert!(shown.contains(&wanted), "{cards:?}: no {field:?} in:\n{}", finished.stdout);
    }
    sim.0.assert_running();
}

#[test]
fn nfc_list_shows_what_was_put() {
    check(&[], &["NFC device: ", "0 Felica (212 kbps) passive target(s) found"]);
    check(
        &["put felica idm=012E4C0000000001 pmm=0120220427674EFF sys=FE00"],
        &[
            "1 Felica (212 kbps) passive target(s) found",
            "1 Felica (424 kbps) passive target(s) found",
            "ID (NFCID2): 01 2e 4c 00 00 00 00 01",
            "Parameter (PAD): 01 20 22 04 27 67 4e ff",
            "System Code (SC): fe 00",
        ],
    );
    check(
        &["put type-a uid=04C0FFEE000001"],
        &[
            "1 ISO14443A passive target(s) found",
            "ATQA (SENS_RES): 00 44",
            "UID (NFCID1): 04 c0 ff ee 00 00 01",
            "SAK (SEL_RES): 00",
        ],
    );
    check(
        &["put type-a uid=01020304 sak=08", "put felica idm=012E4C0000000002 rate=424 sys=0003"],
        &[
            "0 Felica (212 kbps) passive target(s) found",
            "1 Felica (424 kbps) passive target(s) found",
            "ID (NFCID2): 01 2e 4c 00 00 00 00 02",
            "System Code (SC): 00 03",
            "UID (NFCID1): 01 02 03 04",
            "SAK (SEL_RES): 08",
        ],
    );
}
