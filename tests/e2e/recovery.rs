//! What a reader hangs on goes away and comes back: taps work within 3 s, nothing is restarted.

use std::{fs, time::Duration};

use crate::support::{Folder, Pcscd, Service, Sim, Watch};

/// From the return to the event of a tap.
const WITHIN: Duration = Duration::from_secs(3);

const OUTAGES: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_secs(5), Duration::from_secs(60)];

const CARD: &str = "put felica idm=012E4C0000000001";

/// One service and one watcher that live through all outages of a test.
struct Living {
    service: Service,
    watch: Watch,
}

impl Living {
    fn start(folder: &Folder, reader: &str, pcscd: Option<&Pcscd>) -> Self {
        let service = Service::start(folder, &[reader], pcscd);
        let watch = Watch::attached(folder);
        Self { service, watch }
    }

    fn tap(&self, sim: &mut Sim) {
        sim.tell(CARD);
        self.watch.find_within("presented", WITHIN);
        sim.tell("take");
        self.watch.find("removed");
    }

    /// Lets the outage pass, in which no card may be reported.
    fn live_through(&mut self, outage: Duration) {
        self.watch.0.watch_for(outage, |line| !line.contains("\"presented\""));
        self.service.process.assert_running();
    }
}

#[test]
fn pcscd_stopped_and_started() {
    let folder = Folder::new();
    let mut pcscd = Pcscd::start(folder.path());
    let mut sim = Sim::pcsc(&pcscd);
    let mut living = Living::start(&folder, "pcsc", Some(&pcscd));
    living.tap(&mut sim);
    for outage in OUTAGES {
        pcscd.stop();
        living.live_through(outage);
        pcscd.resume();
        living.tap(&mut sim);
    }
}

#[test]
fn pty_unplugged_and_plugged() {
    let folder = Folder::new();
    let mut sim = Sim::pn532(&folder);
    let mut living = Living::start(&folder, &folder.pn532(), None);
    living.tap(&mut sim);
    for outage in OUTAGES {
        sim.tell("fault unplug");
        living.live_through(outage);
        sim.tell("plug");
        living.tap(&mut sim);
    }
}

/// As when a USB adapter dies and another one takes its place: nobody said goodbye.
#[test]
fn simulator_killed_and_restarted() {
    let folder = Folder::new();
    let mut sim = Sim::pn532(&folder);
    let mut living = Living::start(&folder, &folder.pn532(), None);
    living.tap(&mut sim);
    for outage in OUTAGES {
        sim.0.kill();
        // As udev does when a device goes. A link left behind would lead to whichever terminal
        // gets the same number next, maybe one of a test beside this.
        fs::remove_file(folder.reader()).unwrap();
        living.live_through(outage);
        sim = Sim::pn532(&folder);
        living.tap(&mut sim);
    }
}
