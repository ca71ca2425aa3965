//! Too many wrong passwords (spec 40 section 3): the panel, the commands, a restart.

use crate::support::{Finished, Folder, Screens, Service, json};

const PASSWORD: &str = "horse7";

fn check<const N: usize>(folder: &Folder, args: [&str; N], code: i32, says: &str) -> Finished {
    let finished = folder.kazasu(args, "");
    assert_eq!(finished.code, Some(code), "{args:?}: {finished:#?}");
    let said = finished.stdout.contains(says) || finished.stderr.contains(says);
    assert!(said, "{args:?}: no {says:?} in {finished:#?}");
    finished
}

fn locked(folder: &Folder) -> Vec<String> {
    let listed = folder.kazasu(["user", "list", "--locked", "--json"], "");
    assert_eq!(listed.code, Some(0), "{listed:#?}");
    let users = listed.stdout.lines().map(json);
    users.map(|user| user["user_id"].as_str().unwrap().to_owned()).collect()
}

/// What the sign-in page answers: `signed-in`, `administrator`, or a code. Tries again while it is
/// too soon.
fn answer(panel: &mut Screens, user_id: &str, password: &str) -> String {
    loop {
        let idle = panel.find("idle");
        panel.press(&idle, "authentication-key", &[]);
        let mut page = panel.find("sign-in");
        if user_id == "admin" {
            panel.press(&page, "as-administrator", &[]);
            page = panel.find("sign-in");
        }
        panel.press(&page, "sign-in", &[("user_id", user_id), ("password", password)]);
        loop {
            let next = panel.next().expect("the panel answers");
            match (next.page(), next.code().map(str::to_owned)) {
                ("notice-problem", Some(code)) => {
                    panel.press(&next, "cancel", &[]);
                    if code == "3065" {
                        break;
                    }
                    return code;
                }
                (page @ ("signed-in" | "administrator"), _) => {
                    panel.press(&next, "authentication-key", &[]);
                    return page.to_owned();
                }
                _ => {}
            }
        }
    }
}

/// S40-2-04, S40-2-05.
#[test]
fn a_lock_outlives_a_restart_and_an_administrator_opens_it() {
    let folder = Folder::new();
    folder.add_user("alice", "Alice", PASSWORD);
    folder.add_user("bob", "Bob", PASSWORD);
    let set =
        folder.kazasu(["config", "password", "administrator", "--password-stdin"], "horse8\n");
    assert_eq!(set.code, Some(0), "{set:#?}");
    check(&folder, ["config", "set", "lock-out.user=1", "lock-out.administrator=1"], 0, "");
    check(&folder, ["config", "set", "lock-out.user=11"], 2, "1 to 10");
    check(&folder, ["user", "unlock", "alice"], 1, "not locked");
    check(&folder, ["user", "unlock"], 2, "--administrator");
    check(&folder, ["user", "unlock", "alice", "--all"], 2, "--all");

    let service = Service::with_sim(&folder);
    let mut panel = Screens::open(&service.panel);
    for user in ["alice", "nobody"] {
        let told = ["wrong1", PASSWORD].map(|password| answer(&mut panel, user, password));
        assert_eq!(told, ["K06", "K12"], "{user}");
    }
    assert_eq!(answer(&mut panel, "admin", "wrong1"), "K06");
    assert_eq!(locked(&folder), ["alice"]);
    drop(panel);
    service.process.kill();

    // Without a service, and with the next one.
    assert_eq!(locked(&folder), ["alice"]);
    let service = Service::with_sim(&folder);
    let mut panel = Screens::open(&service.panel);
    assert_eq!(answer(&mut panel, "alice", PASSWORD), "K12");
    check(&folder, ["user", "unlock", "alice"], 0, "unlocked alice");
    assert_eq!(answer(&mut panel, "alice", PASSWORD), "signed-in");
    assert_eq!(locked(&folder), Vec::<String>::new());
    // The key operator's lock ended with the process.
    check(&folder, ["user", "unlock", "--administrator"], 1, "not locked");
    let told = ["wrong1", "horse8"].map(|password| answer(&mut panel, "admin", password));
    assert_eq!(told, ["K06", "K12"]);
    check(&folder, ["user", "unlock", "--administrator"], 0, "unlocked the administrator");
    assert_eq!(answer(&mut panel, "admin", "horse8"), "administrator");
    check(&folder, ["user", "unlock", "--all"], 1, "not locked");
}
