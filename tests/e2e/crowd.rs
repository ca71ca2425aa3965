//! Many who hold the service's own socket: a command beside them is answered.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

use crate::support::{Folder, Service, json};

/// How long a short command may take, on a busy machine: less than a silent client is waited for.
const SOON: Duration = Duration::from_secs(5);

fn connect(folder: &Folder) -> UnixStream {
    UnixStream::connect(folder.path().join("data/kazasu.sock")).unwrap()
}

fn assert_answered(folder: &Folder) {
    let mut stream = connect(folder);
    stream.set_read_timeout(Some(SOON)).unwrap();
    writeln!(stream, r#"{{"do":"user_list"}}"#).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    assert_eq!(json(&line)["line"]["user_id"], "alice", "{line}");
}

#[test]
fn commands_are_answered_beside_those_that_watch_or_say_nothing() {
    let folder = Folder::new();
    folder.add_user("alice", "Alice", "Red horse 7");
    let _service = Service::with_sim(&folder);

    let mut watching = Vec::new();
    for _ in 0..32 {
        let mut stream = BufReader::new(connect(&folder));
        writeln!(stream.get_mut(), r#"{{"do":"watch"}}"#).unwrap();
        // What the simulated reader did last: it watches.
        stream.read_line(&mut String::new()).unwrap();
        watching.push(stream);
    }
    assert_answered(&folder);
    let refused = folder.kazasu(["watch"], "");
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert!(refused.stderr.contains("32 commands watch already"), "{refused:#?}");
    // One that goes makes room for one that comes.
    drop(watching.pop());
    let mut silent: Vec<_> = (0..300).map(|_| connect(&folder)).collect();
    assert_answered(&folder);

    // The oldest of those who said nothing was told to go, at once.
    let mut said = String::new();
    BufReader::new(silent.swap_remove(0)).read_line(&mut said).unwrap();
    assert!(json(&said)["end"]["error"].is_string(), "{said}");
    for watch in &mut watching {
        watch.get_mut().set_nonblocking(true).unwrap();
        let gone = watch.fill_buf().is_ok_and(<[u8]>::is_empty);
        assert!(!gone, "somebody who watches was thrown out");
    }
}
