//! What is logged while things go wrong.

use std::{
    io,
    sync::{Arc, Mutex},
};

use kazasu_directory_bench::{Leaf, Person, Slapd, Trouble};
use kazasu_service::Directory;
use tracing_subscriber::{filter::LevelFilter, fmt::MakeWriter};

use crate::{
    slapd::{section, service},
    support::{client, hex_rule, number, verify, write},
};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn logs_name_faults_and_no_secrets() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let people = [
        Person { uid: "alice", more: "mail: alice@example.test\nemployeeNumber: 012E4CE1000000A1" },
        Person { uid: "bob", more: "employeeNumber: 012E4CE1000000A1" },
    ];
    let slapd = Slapd::start(Leaf::EndsSoon, "", &people);
    let relay = slapd.relay(636).await;
    let lines = format!(
        "attributes.card = 'employeeNumber'\nconnect_timeout_ms = 300\nanswer_timeout_ms = 300\n{}",
        service(&slapd, Slapd::SERVICE_PASSWORD)
    );
    let good = client(&section(&slapd, &relay, &lines));
    let stranger = section(&slapd, &relay, &lines).replace("root.pem", "stranger.pem");
    let pem = kazasu_directory_bench::Pki::new();
    crate::support::file(slapd.room().folder(), "stranger.pem", pem.root_pem());
    let stranger = client(&stranger);
    let alice = ("alice", "pass of alice");
    for trouble in [Trouble::None, Trouble::Silent, Trouble::Closes, Trouble::SilentAfter(3)] {
        relay.set(trouble);
        for client in [&good, &stranger] {
            verify(client, alice.0, alice.1).await;
            verify(client, alice.0, "wrong secret").await;
            let _ = write(client, alice, "012E4CE1000000A2", None).await;
            let _ = client.find(number("012E4CE1000000A1"), hex_rule()).await;
        }
    }
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for secret in
        ["pass of", "wrong secret", "service pass", "012E4C", "alice@example", "uid=alice"]
    {
        assert!(!text.contains(secret), "{secret} in:\n{text}");
    }
    for fault in ["016-523", "016-524", "did not answer in time"] {
        assert!(text.contains(fault), "no {fault} in:\n{text}");
    }
}
