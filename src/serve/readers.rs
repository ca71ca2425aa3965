//! Readers: those that the place names, or the simulated one of a script.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use kazasu_hal::{Discoverer, ReaderName};
use kazasu_pn532::StreamDiscoverer;
use kazasu_runtime::{Runtime, Stations, Way};
use kazasu_sim::{Pn532, Seed};
use kazasu_sim_serve::{Control, Script, in_process};
use kazasu_texts::Lang;
use kazasu_web::SimControl;
use tokio::sync::watch;

use crate::cli::Serve;
use crate::config::Config;
use crate::control::nothing_found;
use crate::selectors::discoverers;

/// The selector of the simulated reader inside the service.
const SIM_SELECTOR: &str = "sim:pn532";
/// Without a reader for so long after the start, the log says what to do.
const HINT_AFTER: Duration = Duration::from_secs(3);

/// Ways to readers that nobody has gone yet.
pub(super) struct Readers(Vec<Box<dyn Discoverer>>);

impl Readers {
    /// Those that are asked for; with a script and no others, none.
    pub(super) fn find(config: &Config, serve: &Serve) -> Result<Self> {
        let selectors = config.readers(&serve.place.readers);
        Ok(Self(match (&serve.sim, selectors.is_empty()) {
            (Some(_), true) => Vec::new(),
            _ => discoverers(&selectors, config.polling())?,
        }))
    }

    /// Opens them; the control of the simulated one, where there is a script.
    pub(super) fn open(
        mut self,
        runtime: &Runtime,
        script: Option<&Path>,
    ) -> Result<Option<Control>> {
        let sim = script.map(|script| self.simulate(script)).transpose()?;
        runtime.open(self.0);
        Ok(sim)
    }

    /// Starts a simulated PN532 in this process, and the script on it.
    fn simulate(&mut self, script: &Path) -> Result<Control> {
        let script = Script::read(script)?;
        let (device, run) = in_process(Pn532::new(Seed(1)));
        let control = device.control().clone();
        tokio::spawn(run);
        self.0.push(Box::new(StreamDiscoverer::new(SIM_SELECTOR, move || {
            let device = device.clone();
            async move { device.connect().await }
        })));
        let told = control.clone();
        tokio::spawn(async move {
            script
                .play(&told, |answer| {
                    if answer.starts_with("error ") {
                        tracing::warn!(answer, "the simulator refused a line of its script");
                    }
                })
                .await;
        });
        Ok(control)
    }
}

/// The simulated reader's buttons, on the panel of its station.
pub(super) fn buttons(control: Control, stations: &Stations) -> SimControl {
    let station = stations.of(&ReaderName(SIM_SELECTOR.to_owned()), SIM_SELECTOR).clone();
    SimControl::new(station, move |line| {
        let control = control.clone();
        async move { control.tell(&line).await }
    })
}

/// Says in the log what to do where no reader is found.
pub(super) async fn hint(mut ways: watch::Receiver<Vec<Way>>) {
    let any = |ways: &Vec<Way>| ways.iter().any(|way| !way.readers.is_empty());
    if tokio::time::timeout(HINT_AFTER, ways.wait_for(any)).await.is_err() {
        tracing::warn!("{}", Lang::En.told(&nothing_found(&ways.borrow())));
    }
}
