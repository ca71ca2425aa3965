//! Provisional users that nobody registered: they go after a while, and before anybody is refused.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::sleep};

use crate::{Store, StoreError, Wanted, clock::Clock, current::Current};

/// How often the old ones are looked for.
const EVERY: Duration = Duration::from_secs(600);
const HOUR: Duration = Duration::from_secs(3600);
/// Of what gave way longer ago, the log alone tells.
pub(crate) const LAST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Deletes those that are older than the settings keep them, until the service stops.
pub(crate) async fn expire<S: Store>(
    store: Arc<S>,
    current: Arc<Current>,
    clock: Clock,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = sleep(EVERY) => {}
        }
        let hours = u32::from(current.site().settings.provisional.keep_hours);
        let now = clock.wall();
        let Some(before) = now.checked_sub(HOUR * hours).filter(|_| hours > 0) else { continue };
        match store.delete_leftovers(before, current.cards_in_use(), now).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "provisional users that nobody registered are gone"),
            Err(error) => tracing::error!(%error, "old provisional users could not be deleted"),
        }
    }
}

/// Makes room for so many records, where provisional users have it: whether there is some now.
/// `registered`: for people.
pub(crate) async fn make_room<S: Store>(
    store: &S,
    current: &Current,
    clock: &Clock,
    more: u64,
    registered: bool,
) -> Result<bool, StoreError> {
    let capacity = current.site().settings.capacity;
    let wanted = Wanted { more, registered, capacity };
    let made = store.make_room(wanted, current.cards_in_use(), clock.wall()).await?;
    if made {
        tracing::warn!("the records are full: provisional users gave way to another record");
    }
    Ok(made)
}
