use kazasu_hal::{Fault, Mono, Polling, Reader};
use kazasu_link::{Label, Traced, Way, pump};
use kazasu_wire::sof::Family;
use tokio::sync::mpsc;

use crate::Session;

/// One session over a way, until either ends.
pub(crate) async fn drive(
    label: &Label,
    way: impl Way,
    polling: Polling,
    found: &mpsc::Sender<Reader>,
) -> Fault {
    let mut session = Session::new(Mono::default(), polling);
    let way = Traced::new(way, &label.name, Family::Port100);
    pump(label, &mut session, way, found).await
}
