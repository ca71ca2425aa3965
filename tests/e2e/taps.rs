//! What `watch --json` says of taps, on both drivers.

use std::time::Duration;

use crate::support::{Folder, Pcscd, Sim, Watch, card_of};

/// How many presentations in a row.
const PRESENTATIONS: usize = 100;
/// Long enough for an event too many to show itself.
const AFTERWARDS: Duration = Duration::from_secs(2);

const CARDS: [&str; 6] = [
    "put felica idm=012E4C0000000001",
    "put felica idm=012E4C0000000002 rate=424",
    "put type-a uid=01020304",
    "put type-a uid=04C0FFEE000001",
    "put type-a uid=04C0FFEE000001000002",
    "put type-a uid=random",
];

/// A reader with its simulator. The order of fields is the order in which they end.
struct Bench {
    watch: Watch,
    sim: Sim,
    pcscd: Option<Pcscd>,
    folder: Folder,
}

impl Bench {
    fn pn532() -> Self {
        let folder = Folder::new();
        let sim = Sim::pn532(&folder);
        let watch = Watch::alone(&folder, &folder.pn532(), None);
        watch.find("attached");
        Self { watch, sim, pcscd: None, folder }
    }

    fn pcsc() -> Self {
        let folder = Folder::new();
        let pcscd = Pcscd::start(folder.path());
        let sim = Sim::pcsc(&pcscd);
        let watch = Watch::alone(&folder, "pcsc", Some(&pcscd));
        // vpcd has two slots, each a reader.
        watch.find("attached");
        watch.find("attached");
        Self { watch, sim, pcscd: Some(pcscd), folder }
    }

    /// One card after another: exactly one `presented` and one `removed` for each.
    fn presentations(mut self) {
        for number in 0..PRESENTATIONS {
            self.sim.tell(CARDS[number % CARDS.len()]);
            let presented = self.watch.next("presented");
            self.sim.tell("take");
            let removed = self.watch.next_but_confirmed("removed");
            assert_eq!(card_of(&presented), card_of(&removed), "presentation {number}");
        }
        self.watch.0.watch_for(AFTERWARDS, |_| false);
        self.end();
    }

    fn identities(mut self) -> Vec<serde_json::Value> {
        let mut found = Vec::new();
        for card in CARDS {
            self.sim.tell(card);
            let mut event = self.watch.next("presented");
            if event["stability"] == "random" {
                event["id"] = "made up".into();
            }
            found.push(card_of(&event));
            self.sim.tell("take");
            self.watch.next_but_confirmed("removed");
        }
        self.end();
        found
    }

    fn end(mut self) {
        self.watch.0.assert_running();
        self.sim.0.assert_running();
        drop((self.watch, self.sim, self.pcscd, self.folder));
    }
}

#[test]
fn a_hundred_presentations_on_pn532() {
    Bench::pn532().presentations();
}

#[test]
fn a_hundred_presentations_on_pcsc() {
    Bench::pcsc().presentations();
}

#[test]
fn the_same_card_has_the_same_identity_on_both_drivers() {
    let on_pn532 = Bench::pn532().identities();
    let expected = [
        ("felica", "012E4C0000000001", "stable", Some("FFFF")),
        ("felica", "012E4C0000000002", "stable", Some("FFFF")),
        ("iso14443a", "01020304", "stable", None),
        ("iso14443a", "04C0FFEE000001", "stable", None),
        ("iso14443a", "04C0FFEE000001000002", "stable", None),
        ("iso14443a", "made up", "random", None),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(technology, id, stability, system)| {
            serde_json::json!([technology, id, stability, system])
        })
        .collect();
    assert_eq!(on_pn532, expected);
    assert_eq!(Bench::pcsc().identities(), expected);
}
