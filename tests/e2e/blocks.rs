//! `kazasu card read`: blocks of a card, while taps go on.

use serde_json::{Value, json};

use crate::support::{
    Finished, Folder, Pcscd, Process, Service, Sim, Watch, json as parsed, kazasu,
};

/// A FeliCa Lite-S card, as an employee's might be.
const CARD: &str = "put felica idm=012E4C0000000001 pmm=00F1000000014300 \
                    block=0009:00:53544146462D30303132333435362020 \
                    block=0009:01:00112233445566778899AABBCCDDEEFF \
                    block=0009:05:0506070809000102030405060708090A";
/// What no log may hold: the block above in hex, as text, and as numbers.
const SECRETS: [&str; 3] = ["53544146", "STAFF-", "83, 84, 65, 70"];
/// A second card.
const OTHER: &str = "put felica idm=012E4C0000000002";

/// A reader with its simulator.
struct Bench {
    folder: Folder,
    sim: Sim,
    reader: String,
}

impl Bench {
    fn pn532() -> Self {
        let folder = Folder::new();
        let (sim, reader) = (Sim::pn532(&folder), folder.pn532());
        Self { folder, sim, reader }
    }

    fn rcs380() -> Self {
        let process =
            Process::start("sim rcs380", kazasu(["sim", "rcs380", "--usbredir", "127.0.0.1:0"]));
        let line = process.line();
        let address = line.strip_prefix("ready ").unwrap_or_else(|| panic!("{line}"));
        let reader = format!("rcs380:usbredir:{address}");
        Self { folder: Folder::new(), sim: Sim(process), reader }
    }

    fn read(&self, service: &str, blocks: &str, wait: &str) -> Finished {
        let args =
            ["card", "read", "--json", "--service", service, "--block", blocks, "--wait", wait];
        self.folder.kazasu(args, "")
    }

    fn line(&self, block: u16, data: &str) -> Value {
        json!({
            "reader": self.reader, "technology": "felica", "id": "012E4C0000000001",
            "service": "000B", "block": block, "data": data,
        })
    }

    /// Somebody asks, somebody else watches, and a card is held there.
    fn blocks_are_read_while_taps_go_on(mut self) {
        let mut command = kazasu(["serve", "--json", "--listen", "127.0.0.1:0"]);
        command.args(["--data", &self.folder.data(), "--reader", &self.reader]);
        command.env("KAZASU_LOG", "trace");
        let service = Service::ready(command);
        let watch = Watch::attached(&self.folder);
        watch.find("attached");

        // It waits for the card.
        let mut command = kazasu(["card", "read", "--service", "000B", "--block", "0"]);
        command.args(["--json", "--data", &self.folder.data(), "--reader", &self.reader]);
        let asked = Process::start("kazasu card read", command);
        self.sim.tell(CARD);
        let first = self.line(0, "53544146462D30303132333435362020");
        assert_eq!(parsed(&asked.line()), first);
        assert_eq!(asked.end_for_complaints().0.code(), Some(0));
        assert_eq!(watch.next("presented")["id"], "012E4C0000000001");
        watch.next("confirmed");

        // More than a command holds, in the order they were named, of the card that lies there.
        let finished = self.read("000B", "5,0-3,13,1", "10");
        let lines: Vec<_> = finished.stdout.lines().map(parsed).collect();
        let zeros = "0".repeat(32);
        let expected = [
            (5, "0506070809000102030405060708090A"),
            (0, "53544146462D30303132333435362020"),
            (1, "00112233445566778899AABBCCDDEEFF"),
            (2, &zeros),
            (3, &zeros),
            (13, &zeros),
            (1, "00112233445566778899AABBCCDDEEFF"),
        ];
        assert_eq!(lines, expected.map(|(block, data)| self.line(block, data)), "{finished:?}");

        // The tap was one tap all the while, and the next one is told as ever.
        self.sim.tell("take");
        watch.next("removed");
        self.sim.tell(OTHER);
        assert_eq!(watch.next("presented")["id"], "012E4C0000000002");
        let log = service.process.kill_for_complaints();
        assert!(log.contains("presented"), "{log}");
        for secret in SECRETS {
            assert!(!log.contains(secret), "{secret} in {log}");
        }
    }
}

#[test]
fn blocks_are_read_while_taps_go_on_on_pn532() {
    Bench::pn532().blocks_are_read_while_taps_go_on();
}

#[test]
fn blocks_are_read_while_taps_go_on_on_rcs380() {
    Bench::rcs380().blocks_are_read_while_taps_go_on();
}

/// Where no service runs, the command has the reader itself.
#[test]
fn blocks_are_read_without_a_service_and_refusals_say_why() {
    let mut bench = Bench::pn532();
    bench.sim.tell(CARD);
    let read = |bench: &Bench, service, blocks, more: &[&str]| {
        let mut command = kazasu(["card", "read", "--service", service, "--block", blocks]);
        command.args(["--data", &bench.folder.data(), "--reader", &bench.reader]);
        command.args(["--wait", "2"]).args(more);
        crate::support::run(command, "")
    };
    let finished = read(&bench, "000b", "0", &[]);
    let expected = "012E4C0000000001  000B    0  53544146462D30303132333435362020  \
                    |STAFF-00123456  |\n";
    assert_eq!((finished.code, &*finished.stdout), (Some(0), expected), "{finished:?}");

    let refused = |bench: &Bench, service, blocks, code, why: &str| {
        let finished = read(bench, service, blocks, &[]);
        assert_eq!(finished.code, Some(code), "{finished:?}");
        assert!(finished.stderr.contains(why), "{why}: {finished:?}");
        assert_eq!(finished.stdout, "", "all of it or nothing");
    };
    refused(&bench, "000B", "0-3,14-20", 1, "the card refused");
    refused(&bench, "1A8B", "0", 1, "the card refused");
    refused(&bench, "000B", "0-300", 2, "more than 256 blocks");
    refused(&bench, "000B", "zero", 2, "0 to 65535");
    bench.sim.tell(OTHER);
    refused(&bench, "000B", "0", 1, "more than one card");
    bench.sim.tell("take");
    refused(&bench, "000B", "0", 1, "no card was read within 2 s");
    bench.sim.tell("put type-a uid=04C0FFEE000001");
    refused(&bench, "000B", "0", 1, "only FeliCa cards have blocks");
}

/// A driver that takes no requests says so, and does not wait.
#[test]
fn pcsc_readers_are_not_asked() {
    let folder = Folder::new();
    let pcscd = Pcscd::start(folder.path());
    let mut sim = Sim::pcsc(&pcscd);
    sim.tell("put felica idm=012E4C0000000001");
    let mut command = kazasu(["card", "read", "--service", "000B", "--block", "0"]);
    command.args(["--data", &folder.data(), "--reader", "pcsc"]);
    pcscd.offer_to(&mut command);
    let finished = crate::support::run(command, "");
    assert_eq!(finished.code, Some(2), "{finished:?}");
    assert!(finished.stderr.contains("its driver takes no requests"), "{finished:?}");
}
