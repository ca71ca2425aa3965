//! The strip that holds simulated cards over a simulated reader. Present only where the service
//! runs one.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use kazasu_hal::StationName;
use maud::{Markup, html};

use crate::edge::lang::Lang;

/// Hands one control line to the simulator and gives back its answer.
#[derive(Clone)]
pub struct SimControl {
    station: StationName,
    tell: Arc<Tell>,
}

type Answer = Pin<Box<dyn Future<Output = String> + Send>>;
type Tell = dyn Fn(String) -> Answer + Send + Sync;

impl SimControl {
    /// A simulator of a reader of this station, that this function talks to.
    pub fn new<F, A>(station: StationName, tell: F) -> Self
    where
        F: Fn(String) -> A + Send + Sync + 'static,
        A: Future<Output = String> + Send + 'static,
    {
        Self { station, tell: Arc::new(move |line| Box::pin(tell(line))) }
    }

    pub(super) fn station(&self) -> &StationName {
        &self.station
    }

    /// Presses a button; `None` for a button that does not exist. Only lines written here ever
    /// reach the simulator.
    pub(super) async fn press(&self, button: &str) -> Option<String> {
        let lines = BUTTONS.iter().find(|b| b.word == button)?.lines;
        let mut answer = String::new();
        for line in lines {
            answer = (self.tell)((*line).to_owned()).await;
        }
        Some(answer)
    }
}

impl fmt::Debug for SimControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimControl")
    }
}

struct Button {
    word: &'static str,
    key: &'static str,
    /// One card at a time: what is there is taken away first.
    lines: &'static [&'static str],
}

const BUTTONS: [Button; 4] = [
    Button { word: "a", key: "sim-card-a", lines: &["take", "put felica idm=012E4C0000000001"] },
    Button { word: "b", key: "sim-card-b", lines: &["take", "put felica idm=012E4C0000000002"] },
    Button { word: "random", key: "sim-card-random", lines: &["take", "put type-a uid=random"] },
    Button { word: "take", key: "sim-take", lines: &["take"] },
];

pub(super) fn strip(lang: Lang) -> Markup {
    html! {
        footer.sim {
            form method="post" action="/sim" {
                span { (lang.text("sim-label")) }
                @for button in &BUTTONS {
                    button name="card" value=(button.word) { (lang.text(button.key)) }
                }
                output {}
            }
        }
    }
}
