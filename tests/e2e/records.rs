//! What the audit log says of administrators and of the device around a reader.

use serde_json::Value;

use crate::support::{Finished, Folder, Service, json, kazasu, run};

fn done<const N: usize>(folder: &Folder, words: [&str; N]) -> Finished {
    let finished = folder.kazasu(words, "");
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    finished
}

fn log(folder: &Folder) -> Vec<Value> {
    done(folder, ["audit", "export", "--format", "json"]).stdout.lines().map(json).collect()
}

/// Events and details, without when the service started, the link that the test asks for, and what
/// its reader did.
fn told(folder: &Folder) -> Vec<String> {
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or("-").to_owned();
    let line = |entry: &Value| format!("{} {}", text(entry, "event"), text(entry, "detail"));
    let is_ours = |line: &String| {
        !["audit-", "started-", "reader-", "panel-link-made"]
            .iter()
            .any(|begin| line.starts_with(begin))
    };
    log(folder).iter().map(line).filter(is_ours).collect()
}

/// S40-4-02, S40-4-04, S40-4-05, and what spec 40 section 4 adds.
#[test]
fn what_is_done_is_recorded() {
    let folder = Folder::new();
    let service = Service::with_sim(&folder);
    for words in [["device", "job-started"], ["device", "job-ended"]] {
        done(&folder, words);
    }
    done(&folder, ["device", "job-ended", "--job", "copy", "--end", "completed"]);
    done(&folder, ["device", "job-ended", "--job", "report", "--end", "canceled"]);
    done(&folder, ["device", "print-refused"]);
    // A station's records are written by themselves.
    let is_written = (0..50).any(|_| told(&folder).len() == 3);
    assert!(is_written, "{:?}", told(&folder));
    let wrong: [&[&str]; 3] = [
        &["power-save", "--job", "copy", "--end", "completed"],
        &["job-ended", "--job", "coffee", "--end", "completed"],
        &["job-ended", "--end", "aborted"],
    ];
    for words in wrong {
        let mut command = kazasu(["device"]);
        command.args(words).args(["--data", &folder.data()]);
        let refused = run(command, "");
        assert_eq!(refused.code, Some(2), "{words:?}: {refused:#?}");
    }
    done(&folder, ["config", "show", "provisional"]);
    done(&folder, ["config", "show", "lock-out.user", "password"]);
    done(&folder, ["config", "history"]);
    let csv = "user_id\nalice\nbob\n";
    assert_eq!(folder.kazasu(["user", "import", "-"], csv).code, Some(0));
    done(&folder, ["user", "export"]);
    let file = folder.join("saved");
    done(&folder, ["backup", &file]);
    let expected = [
        "job-completed copy",
        "job-canceled report",
        "print-refused -",
        "settings-viewed lock-out password",
        "user-added -",
        "user-added -",
        "users-imported 2",
        "users-exported 2",
        "backup-begun -",
        "backup-made 2 users",
    ];
    assert_eq!(told(&folder), expected);
    let begun = log(&folder).into_iter().find(|entry| entry["event"] == "backup-begun").unwrap();
    let attached = log(&folder).iter().filter(|entry| entry["event"] == "reader-attached").count();
    assert_eq!(attached, 1, "the simulated reader");
    assert!(service.process.terminate().success());

    // The backup's own beginning is the last that it knows; the same here and elsewhere.
    let restored = format!("restored backup of {}", begun["at"].as_str().unwrap());
    for folder in [&folder, &Folder::new()] {
        done(folder, ["restore", &file]);
        let told = told(folder);
        assert_eq!(told[told.len() - 2..], ["backup-begun -", restored.as_str()]);
    }
}
