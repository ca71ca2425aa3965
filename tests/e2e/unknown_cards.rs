//! Somebody with a card emulator, who makes numbers up.

use crate::{
    panel::hold,
    support::{Folder, Screens, Service, json},
    users::{PASSWORD, check, register},
};

/// Taps an unknown card and goes away from the page that opens.
fn tap_and_leave(folder: &Folder, panel: &mut Screens, card: &str) {
    hold(folder, card);
    let page = panel.find("register");
    panel.press(&page, "cancel", &[]);
    panel.find("idle");
}

/// Of eight records six are of cards that nobody registers: the oldest of them gives way to each
/// further one, no person does, and the administrator hears of it.
#[test]
fn made_up_cards_keep_nobody_out() {
    let folder = Folder::new();
    let wanted = ["capacity.records=8", "capacity.registered=6", "provisional.new-per-minute=0"];
    check(&folder, &[&["config", "set"], &wanted[..]].concat(), 0, &[]);
    for user in ["alice", "bob"] {
        folder.add_user(user, user, PASSWORD);
    }
    let service = Service::with_sim(&folder);
    let mut panel = Screens::open(&service.panel);
    hold(&folder, "put felica idm=012E4C00000000A1");
    register(&mut panel, "alice");

    for n in 0..20 {
        tap_and_leave(&folder, &mut panel, &format!("put type-a uid=04C0FFEE{n:02X}4455"));
    }
    let kinds = |kind: &str| folder.users().iter().filter(|user| user["kind"] == kind).count();
    assert_eq!((kinds("registered"), kinds("provisional")), (2, 6));

    // Somebody honest, whose card nobody knows, and somebody who is known.
    hold(&folder, "put felica idm=012E4C00000000A2");
    register(&mut panel, "bob");
    hold(&folder, "put felica idm=012E4C00000000A1");
    panel.find("signed-in");
    let cards = check(&folder, &["card", "list", "--json"], 0, &[]).stdout;
    let of_people = cards.lines().map(json).filter(|card| card["kind"] == "registered");
    assert_eq!(of_people.count(), 2, "{cards}");

    let listed = check(&folder, &["user", "list"], 0, &[]).stdout;
    // 20 and bob's, of which six found room.
    assert!(listed.contains("15 of cards that nobody registered gave way"), "{listed}");
    assert!(listed.contains("deleted after 24 h"), "{listed}");
    let checked = check(&folder, &["config", "check"], 0, &[]).stdout;
    assert!(
        checked.contains("warning: the records were full (8 may be there): 15 of"),
        "{checked}"
    );
    let log = ["audit", "export", "--format", "json", "--event", "provisional-gave-way"];
    assert_eq!(check(&folder, &log, 0, &[]).stdout.lines().count(), 15);
    check(&folder, &["audit", "verify"], 0, &[]);
}

/// One station makes so many records a minute and no more; whoever is known does not wait, and the
/// log does not fill either.
#[test]
fn made_up_cards_are_slowed_down() {
    let folder = Folder::new();
    check(&folder, &["config", "set", "provisional.new-per-minute=1"], 0, &[]);
    folder.add_user("alice", "alice", PASSWORD);
    let service = Service::with_sim(&folder);
    let mut panel = Screens::open(&service.panel);
    hold(&folder, "put felica idm=012E4C00000000A1");
    register(&mut panel, "alice");
    for n in 0..3 {
        hold(&folder, &format!("put type-a uid=04C0FFEE{n:02X}4455"));
        let screen = panel.find("notice-problem");
        assert_eq!(screen.code(), Some("K20"), "{screen:?}");
        panel.press(&screen, "cancel", &[]);
        panel.find("idle");
    }
    hold(&folder, "put felica idm=012E4C00000000A1");
    panel.find("signed-in");
    let log = check(&folder, &["audit", "export", "--format", "json"], 0, &[]).stdout;
    assert_eq!(log.lines().filter(|line| json(line)["code"] == "K20").count(), 1, "{log}");
    assert_eq!(folder.users().len(), 1);
}
