//! Users from the command line, with the service running and without; two owners of one folder.

use serde_json::Value;

use crate::support::{Finished, Folder, Screens, Service, Watch, json, kazasu, run};

const CARD: &str = "012E4C1000000001";
pub(crate) const PASSWORD: &str = "horse7";

/// User ID, name, mail and kind of each user, in order.
fn listed(folder: &Folder) -> Vec<[String; 4]> {
    let field = |user: &serde_json::Value, name: &str| user[name].as_str().unwrap().to_owned();
    let users = folder.users();
    users.iter().map(|u| ["user_id", "name", "mail", "kind"].map(|name| field(u, name))).collect()
}

/// Runs `kazasu WORDS --data ...`; it ends like this and says each of `says`.
pub(crate) fn check(folder: &Folder, words: &[&str], code: i32, says: &[&str]) -> Finished {
    let mut command = kazasu([]);
    command.args(words).args(["--data", &folder.data()]);
    let finished = run(command, "");
    assert_eq!(finished.code, Some(code), "{words:?}: {finished:#?}");
    for text in says {
        let said = finished.stdout.contains(text) || finished.stderr.contains(text);
        assert!(said, "{words:?}: no {text:?} in {finished:#?}");
    }
    finished
}

/// `user show --json`.
fn shown(folder: &Folder, user_id: &str) -> Value {
    json(&check(folder, &["user", "show", user_id, "--json"], 0, &[]).stdout)
}

/// Adds, imports, lists and deletes.
fn check_commands(folder: &Folder) {
    folder.add_user("alice", "Alice", "first");
    let csv = "user_id,name,mail,password\nbob,Bob,bob@example.org,passw2\ncarol,Carol,,passw3\n";
    let finished = folder.kazasu(["user", "import", "-"], csv);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert_eq!(
        listed(folder),
        [
            ["alice", "Alice", "", "registered"],
            ["bob", "Bob", "bob@example.org", "registered"],
            ["carol", "Carol", "", "registered"],
        ]
    );
    for (command, code) in [(["user", "delete", "bob"], 0), (["user", "delete", "carol"], 0)] {
        assert_eq!(folder.kazasu(command, "").code, Some(code), "{command:?}");
    }
    assert_eq!(listed(folder), [["alice", "Alice", "", "registered"]]);
    check_edits(folder);
}

/// Changes of one record; what is not named stays, what breaks a rule changes nothing.
fn check_edits(folder: &Folder) {
    let edit = |words: &[&str], code, says: &[&str]| {
        check(folder, &[&["user", "edit", "alice"], words].concat(), code, says)
    };
    let role_and_limits = || {
        let alice = shown(folder, "alice");
        ["name", "mail", "role", "limits"].map(|field| alice[field].as_str().unwrap().to_owned())
    };
    edit(&["--name", "Alice B.", "--mail", "alice@example.org"], 0, &["changed alice"]);
    // S10-4-08, S10-4-09.
    edit(&["--role", "account-administrator", "--forbid", "copy,fax"], 0, &[]);
    let both = ["Alice B.", "alice@example.org", "account-administrator", "no-copy no-fax"];
    assert_eq!(role_and_limits(), both);
    edit(&["--allow", "copy", "--forbid", "print"], 0, &[]);
    assert_eq!(role_and_limits()[3], "no-fax no-print");
    check(folder, &["user", "list"], 0, &["account-administrator", "no-fax no-print"]);

    let file = check(folder, &["user", "export"], 0, &[]).stdout;
    assert_eq!(
        file,
        "\"user_id\",\"name\",\"mail\",\"role\",\"limits\"\n\"alice\",\"Alice B.\",\
         \"alice@example.org\",\"account-administrator\",\"no-fax no-print\"\n"
    );
    let other = Folder::new();
    assert_eq!(other.kazasu(["user", "import", "-"], &file).code, Some(0));
    assert_eq!(check(&other, &["user", "export"], 0, &[]).stdout, file);
    let csv = json(&check(folder, &["user", "export", "--json"], 0, &[]).stdout);
    assert_eq!(csv["csv"], file.as_str());

    edit(&["--name", "", "--mail", "", "--role", "general", "--allow", "fax,print"], 0, &[]);
    assert_eq!(role_and_limits(), ["alice", "", "general", ""]);
    assert_eq!(shown(folder, "alice")["has_password"], true);
    edit(&["--no-password"], 0, &[]);
    assert_eq!(shown(folder, "alice")["has_password"], false);
    let args = ["user", "edit", "alice", "--password-stdin"];
    assert_eq!(folder.kazasu(args, "second\n").code, Some(0));
    assert_eq!(shown(folder, "alice")["has_password"], true);

    // S10-4-03, S10-4-06, S10-4-07: all fields that break a rule are named at once.
    let refused = folder.kazasu(args, "abc\n");
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert!(refused.stderr.contains("4 to 12") && !refused.stderr.contains("abc"), "{refused:#?}");
    let long = "x".repeat(33);
    let mail = "\u{3042}@example.org";
    edit(&["--name", &long, "--mail", mail], 2, &["name must have 1 to 32 bytes", "mail may hold"]);
    edit(&["--role", "king"], 2, &["king", "account-administrator"]);
    edit(&["--forbid", "dance"], 2, &["dance", "copy"]);
    edit(&["--allow", "copy", "--forbid", "copy"], 2, &["allowed and forbidden"]);
    edit(&["--password-stdin", "--no-password"], 2, &["--no-password"]);
    edit(&[], 2, &["--name", "--unlink-card"]);
    edit(&["--name", "Alice"], 0, &[]);
    for words in
        [&["edit", "nobody", "--no-password"][..], &["show", "nobody"], &["delete", "nobody"]]
    {
        check(folder, &[&["user"], words].concat(), 1, &["no such user"]);
    }
    check(folder, &["card", "unlink", "alice"], 1, &["alice has no card"]);
    check(folder, &["user", "delete"], 2, &["--provisional"]);
    check(folder, &["user", "delete", "alice", "--provisional"], 2, &["--provisional"]);
}

fn tell(folder: &Folder, line: &str) {
    let finished = folder.kazasu(["sim", "tell", line], "");
    assert_eq!(finished.code, Some(0), "{line}: {finished:#?}");
}

/// Types ID and password, and again where that was before the card's second read (K05).
pub(crate) fn register(panel: &mut Screens, user_id: &str) {
    let mut page = panel.find("register");
    loop {
        panel.press(&page, "submit", &[("user_id", user_id), ("password", PASSWORD)]);
        loop {
            let next = panel.next().expect("the card is registered or not yet confirmed");
            match (next.page(), next.code()) {
                ("notice-registered", _) => return,
                ("register", Some(code)) => assert_eq!(code, "K05", "{next:?}"),
                ("register", None) => {
                    page = next;
                    break;
                }
                _ => {}
            }
        }
    }
}

/// A card that becomes a user's at the panel, and an administrator who frees it.
#[test]
fn a_card_is_shown_and_unlinked() {
    let folder = Folder::new();
    folder.add_user("alice", "Alice", PASSWORD);
    let service = Service::with_sim(&folder);
    let mut panel = Screens::open(&service.panel);
    tell(&folder, &format!("put felica idm={CARD}"));
    register(&mut panel, "alice");
    assert_eq!(shown(&folder, "alice")["card"], CARD);
    check(&folder, &["user", "show", "alice"], 0, &[CARD, "the card is unknown from then on"]);
    let card = json(&check(&folder, &["card", "list", "--json"], 0, &[]).stdout);
    assert_eq!((&card["number"], &card["user_id"]), (&CARD.into(), &"alice".into()), "{card}");

    check(&folder, &["card", "unlink", "alice"], 0, &["unknown from now on"]);
    assert_eq!(shown(&folder, "alice")["card"], Value::Null);
    assert_eq!(check(&folder, &["card", "list"], 0, &[]).stdout, "");
    // It can be registered again, and goes with its user then.
    panel.find("idle");
    tell(&folder, "take");
    tell(&folder, "put felica idm=012E4C1000000002");
    register(&mut panel, "alice");
    check(&folder, &["user", "edit", "alice", "--unlink-card"], 0, &[]);
    assert_eq!(shown(&folder, "alice")["card"], Value::Null);
    check(&folder, &["user", "delete", "alice"], 0, &["deleted alice (Alice)"]);
}

/// A device without a directory says so, and what is no user ID and no card number is told.
#[test]
fn a_card_is_in_no_directory_where_there_is_none() {
    let folder = Folder::new();
    let refusals = || {
        let remove = |words: &[&str], says: &str| {
            check(&folder, &[&["directory", "remove-card"], words].concat(), 2, &[says]);
        };
        remove(&["alice"], "no directory (code 001)");
        remove(&["--card", CARD], "(code 001)");
        remove(&["a(b"], "user_id");
        remove(&["alice", "--card", "#"], "--card");
        remove(&[], "Usage");
    };
    refusals();
    let _service = Service::with_sim(&folder);
    refusals();
}

/// S10-2-08: leftovers are found, listed, and deleted; others stay.
#[test]
fn provisional_users_are_listed_and_deleted() {
    let folder = Folder::new();
    folder.add_user("alice", "Alice", PASSWORD);
    let service = Service::with_sim(&folder);
    let mut panel = Screens::open(&service.panel);
    let cards = [CARD, "012E4C1000000002"];
    for card in cards {
        tell(&folder, &format!("put felica idm={card}"));
        let page = panel.find("register");
        tell(&folder, "take");
        panel.press(&page, "cancel", &[]);
        panel.find("idle");
    }
    let provisional = |words: &[&str]| {
        let words = [&["user"], words, &["--provisional", "--json"]].concat();
        let finished = run(
            {
                let mut command = kazasu([]);
                command.args(words).args(["--data", &folder.data()]);
                command
            },
            "",
        );
        let ids = finished.stdout.lines().map(json);
        let ids: Vec<_> =
            ids.filter_map(|user| user["user_id"].as_str().map(str::to_owned)).collect();
        (finished, ids)
    };
    assert_eq!(provisional(&["list"]).1, cards);
    check(&folder, &["user", "list"], 0, &["alice", CARD]);
    check(&folder, &["user", "show", CARD], 0, &["(provisional)", "Deleting it"]);
    check(&folder, &["user", "edit", CARD, "--name", "x"], 1, &["provisional"]);
    check(&folder, &["card", "unlink", CARD], 1, &["provisional"]);
    check(&folder, &["user", "delete", &cards[1].to_lowercase()], 0, &["deleted"]);

    // Without a terminal it lists and does nothing.
    let (refused, ids) = provisional(&["delete"]);
    assert_eq!((refused.code, ids), (Some(1), vec![CARD.to_owned()]), "{refused:#?}");
    assert!(refused.stderr.contains("--yes"), "{refused:#?}");
    assert_eq!(folder.users().len(), 2);
    let old = ["user", "delete", "--provisional", "--older-than", "1", "--yes"];
    check(&folder, &old, 0, &["0 provisional users deleted"]);
    assert_eq!(folder.users().len(), 2);
    check(&folder, &["user", "delete", "--provisional", "--yes"], 0, &["1 provisional users"]);
    assert_eq!(listed(&folder), [["alice", "Alice", "", "registered"]]);
    assert_eq!(provisional(&["list"]).1, Vec::<String>::new());
}

#[test]
fn commands_work_on_the_database_when_no_service_runs() {
    check_commands(&Folder::new());
}

#[test]
fn commands_go_through_the_socket_while_the_service_runs() {
    let folder = Folder::new();
    let mut service = Service::with_sim(&folder);
    check_commands(&folder);
    service.process.assert_running();
    // The same records are there when it has ended, in good order.
    let status = service.process.terminate();
    assert!(status.success(), "{status}");
    assert_eq!(listed(&folder), [["alice", "Alice", "", "registered"]]);
}

#[test]
fn a_second_service_on_the_same_folder_refuses() {
    let folder = Folder::new();
    let mut first = Service::with_sim(&folder);
    let second = folder.kazasu(["serve", "--listen", "127.0.0.1:0", "--reader", "pcsc"], "");
    assert_eq!(second.code, Some(2), "{second:#?}");
    assert!(second.stderr.starts_with("error: "), "{second:#?}");
    assert!(second.stderr.contains(&folder.data()), "names the folder: {second:#?}");
    first.process.assert_running();
    // The first one is not harmed, and the folder is free again after it, however it ended.
    assert_eq!(folder.users(), Vec::<serde_json::Value>::new());
    first.process.kill();
    Service::with_sim(&folder).process.assert_running();
}

#[test]
fn readers_and_panel_answer_from_the_running_service() {
    let folder = Folder::new();
    let service = Service::with_sim(&folder);
    let panel = folder.kazasu(["panel"], "");
    let address = panel.stdout.trim();
    assert!(address.ends_with('/') && service.panel.starts_with(address), "{panel:#?}");
    // Ready means that the panel answers; readers may come later.
    Watch::attached(&folder).find("attached");
    let readers = folder.kazasu(["readers", "--json"], "");
    let first = json(readers.stdout.lines().next().unwrap());
    assert_eq!(first["driver"], "pn532", "{readers:#?}");
    drop(service);
    let gone = folder.kazasu(["panel"], "");
    assert!(matches!(gone.code, Some(1 | 2)), "{gone:#?}");
}

#[test]
fn help_and_version_are_there() {
    for args in [["--help"], ["--version"]] {
        let finished = run(kazasu(args), "");
        assert_eq!(finished.code, Some(0), "{finished:#?}");
        assert!(finished.stdout.contains("kazasu"), "{finished:#?}");
    }
}
