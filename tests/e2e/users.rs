//! Users from the command line, with the service running and without; two owners of one folder.

use crate::support::{Folder, Service, Watch, json, kazasu, run};

/// User ID, name, mail and kind of each user, in order.
fn listed(folder: &Folder) -> Vec<[String; 4]> {
    let field = |user: &serde_json::Value, name: &str| user[name].as_str().unwrap().to_owned();
    let users = folder.users();
    users.iter().map(|u| ["user_id", "name", "mail", "kind"].map(|name| field(u, name))).collect()
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
    assert_eq!(panel.stdout.trim(), service.panel, "{panel:#?}");
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
