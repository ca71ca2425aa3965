//! `watch` and `serve` on one data folder, in whatever order they come and go.

use std::{fs, time::Duration};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{Folder, Process, Service, Sim, Watch, json, kazasu};

/// From the ready line of a service to what a watcher is told.
const WITHIN: Duration = Duration::from_secs(3);
/// Long enough for one that wrongly opens readers to have a card on them.
const MEANWHILE: Duration = Duration::from_secs(2);
const CARD: &str = "put felica idm=012E4C0000000001";

/// A folder, a reader with its simulator, and what is installed on the machine.
struct Bench {
    sim: Sim,
    folder: Folder,
}

impl Bench {
    fn new() -> Self {
        let folder = Folder::new();
        Self { sim: Sim::pn532(&folder), folder }
    }

    fn serve(&self) -> Service {
        Service::start(&self.folder, &[&self.folder.pn532()], None)
    }

    /// `watch` with these arguments, on the reader of this bench. Units are looked for in the
    /// folder's `config`.
    fn watch<const N: usize>(&self, args: [&str; N]) -> Watch {
        let mut command = kazasu(["watch", "--json", "--data", &self.folder.data()]);
        command.args(["--reader", &self.folder.pn532()]).args(args);
        command.env("XDG_CONFIG_HOME", self.folder.join("config"));
        Watch(Process::start("kazasu watch", command))
    }

    fn install(&self, unit: &str) {
        let units = self.folder.join("config/systemd/user");
        fs::create_dir_all(&units).unwrap();
        fs::write(format!("{units}/kazasu.service"), unit).unwrap();
    }

    fn tap(&mut self, watch: &Watch) {
        self.sim.tell(CARD);
        watch.find_within("presented", WITHIN);
        self.sim.tell("take");
        watch.find("removed");
    }
}

/// The next lines, which have to be of these events; each with `*` where it is no news.
fn told(watch: &Watch, events: &[&str]) -> Vec<Value> {
    let line = |expected: &&str| {
        let line = json(&watch.0.line());
        let mark = if line["resumed"] == true { "*" } else { "" };
        let event = format!("{}{mark}", line["event"].as_str().unwrap());
        assert_eq!(event, **expected, "{line}, of {events:?}");
        line
    };
    events.iter().map(line).collect()
}

/// However the service ends: what it had is told as gone, the watcher waits, and it is attached when
/// the service is back. A card that lies there all the while is no new tap.
#[test]
fn a_watch_lives_through_every_end_of_its_service() {
    let mut bench = Bench::new();
    let mut service = bench.serve();
    let mut watch = bench.watch([]);
    told(&watch, &["attached"]);
    bench.tap(&watch);
    for signal in [Signal::SIGTERM, Signal::SIGKILL, Signal::SIGINT, Signal::SIGKILL] {
        bench.sim.tell(CARD);
        watch.find("confirmed");
        service.process.signal(signal);
        service.process.wait();
        let lines = told(&watch, &["removed", "detached", "service-lost"]);
        assert!(lines[2]["message"].as_str().unwrap().contains(&bench.folder.data()), "{lines:?}");
        watch.0.watch_for(MEANWHILE, |_| false);
        service = bench.serve();
        told(&watch, &["service-back", "attached", "presented*", "confirmed*"]);
        bench.sim.tell("take");
        told(&watch, &["removed"]);
        // The same card is a new tap.
        bench.sim.tell(CARD);
        told(&watch, &["presented", "confirmed"]);
        bench.sim.tell("take");
        told(&watch, &["removed"]);
    }
    let said = watch.0.complaints();
    assert_eq!(said.matches("the service went away").count(), 4, "{said}");
    assert!(!said.contains("panicked"), "{said}");
    watch.0.assert_running();
}

/// Another card that was laid there meanwhile is a tap, though nobody watched when it came.
#[test]
fn a_card_that_came_before_the_watcher_was_back_is_news() {
    let mut bench = Bench::new();
    let service = bench.serve();
    let watch = bench.watch([]);
    told(&watch, &["attached"]);
    bench.sim.tell(CARD);
    told(&watch, &["presented", "confirmed"]);
    service.process.kill();
    told(&watch, &["removed", "detached", "service-lost"]);
    bench.sim.tell("take");
    bench.sim.tell("put felica idm=012E4C0000000002");
    let _service = bench.serve();
    told(&watch, &["service-back", "attached", "presented", "confirmed"]);
    // Who comes afterwards is told that it lies there.
    told(&bench.watch([]), &["attached", "presented*", "confirmed*"]);
    told(&bench.watch(["--confirmed"]), &["attached", "confirmed*"]);
}

/// The service gets readers and lock, whoever watches first.
#[test]
fn a_watch_that_starts_in_the_gap_leaves_the_readers_alone() {
    let mut bench = Bench::new();
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        let mut service = bench.serve();
        service.process.signal(signal);
        service.process.wait();
        let watch = bench.watch([]);
        let lines = told(&watch, &["service-awaited"]);
        let message = lines[0]["message"].as_str().unwrap();
        assert!(message.contains("--own") && message.contains("a service was here"), "{message}");
        bench.sim.tell(CARD);
        watch.0.watch_for(MEANWHILE, |_| false);
        bench.sim.tell("take");
        // Commands that take the folder for a moment find it free.
        bench.folder.users();
        let service = bench.serve();
        told(&watch, &["service-back", "attached"]);
        bench.tap(&watch);
        assert!(service.process.terminate().success());
        told(&watch, &["detached", "service-lost"]);
        let said = watch.0.kill_for_complaints();
        assert!(said.contains(message), "also on standard error: {said}");
    }
}

#[test]
fn an_installed_service_that_is_stopped_keeps_its_readers() {
    let mut bench = Bench::new();
    bench.install("[Service]\nExecStart=/usr/bin/kazasu serve --data /var/lib/kazasu\n");
    let watch = bench.watch([]);
    let lines = told(&watch, &["service-awaited"]);
    assert!(lines[0]["message"].as_str().unwrap().contains("kazasu.service"), "{lines:?}");
    bench.sim.tell(CARD);
    watch.0.watch_for(MEANWHILE, |_| false);
    // Asked to, it opens them beside the one that waits.
    let own = bench.watch(["--own"]);
    told(&own, &["attached", "presented", "confirmed"]);
    // It keeps them, too: the service says who has them.
    let refused = bench.folder.kazasu(["serve", "--listen", "127.0.0.1:0"], "");
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    let holder = format!("process {}:", own.0.pid());
    assert!(refused.stderr.contains(&holder), "{refused:#?}");
    assert!(own.0.terminate().success());
    let _service = bench.serve();
    told(&watch, &["service-back", "attached", "presented", "confirmed"]);
}

#[test]
fn a_watch_that_is_alone_gives_way_to_a_service() {
    let mut bench = Bench::new();
    // Nothing is installed and no service was here: a machine where both start for the first time.
    let watch = bench.watch([]);
    told(&watch, &["attached"]);
    bench.sim.tell(CARD);
    told(&watch, &["presented", "confirmed"]);
    let mut service = bench.serve();
    told(
        &watch,
        &[
            "removed",
            "detached",
            "service-lost",
            "service-back",
            "attached",
            "presented*",
            "confirmed*",
        ],
    );
    service.process.assert_running();
    // Left behind by a killed service, it is waited for; asked to, the watcher makes it forgotten.
    service.process.kill();
    told(&watch, &["removed", "detached", "service-lost"]);
    drop(watch);
    bench.sim.tell("take");
    let own = bench.watch(["--own"]);
    told(&own, &["attached"]);
    assert!(!fs::exists(bench.folder.path().join("data/kazasu.sock")).unwrap());
    bench.tap(&own);
}

/// Ten at once, a service that starts among them: nobody is turned away, all see the same taps.
#[test]
fn watchers_that_start_with_the_service() {
    let mut bench = Bench::new();
    let first = bench.serve();
    assert!(first.process.terminate().success());
    let watches: Vec<_> = (0..5).map(|_| bench.watch([])).collect();
    let service = bench.serve();
    let later: Vec<_> = (0..5).map(|_| bench.watch([])).collect();
    for watch in watches.iter().chain(&later) {
        watch.find("attached");
    }
    bench.sim.tell(CARD);
    for watch in watches.iter().chain(&later) {
        assert_eq!(watch.find("confirmed")["id"], "012E4C0000000001");
    }
    assert!(service.process.terminate().success());
}

#[test]
fn readers_identify_waits_for_the_service_too() {
    let bench = Bench::new();
    let mut command = kazasu(["readers", "--identify", "--data", &bench.folder.data()]);
    command.args(["--reader", &bench.folder.pn532()]);
    bench.install("[Service]\nExecStart=kazasu serve\n");
    command.env("XDG_CONFIG_HOME", bench.folder.join("config"));
    let identify = Process::start("kazasu readers", command);
    assert_eq!(identify.line_within(MEANWHILE), None);
    let _service = bench.serve();
    let line = identify.line();
    assert!(line.contains("is there"), "{line}");
}
