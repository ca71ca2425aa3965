use std::{
    collections::HashMap,
    ffi::{CStr, CString},
    time::Duration,
};

use kazasu_hal::Fault;
use pcsc::{Context, Error, PNP_NOTIFICATION, ReaderState, Scope, State};
use tokio::sync::mpsc;

use crate::{fault, slot::Slot};

/// All selected readers and what is in their slots; who is not in it is gone.
pub(crate) type Picture = Vec<(CString, Slot)>;

/// How long one call waits. Then the list of readers is asked for anew, in case a change of it
/// slipped between two calls, and the thread sees whether anybody still listens.
const WAIT: Duration = Duration::from_secs(1);

/// How many states one call takes. One more than pcscd has readers is refused.
const STATES_MAX: usize = 16;

/// Watches the slots of all readers whose name contains `filter`, and sends a picture whenever
/// anything changed. Ends with the fault that broke it, or when nobody listens any more.
pub(crate) fn watch(filter: &str, pictures: &mpsc::Sender<Result<Picture, Fault>>) {
    let error = match Context::establish(Scope::System) {
        Ok(context) => match follow(&context, filter, pictures) {
            Ok(()) => return,
            Err(error) => error,
        },
        Err(error) => error,
    };
    // Nobody listening any more is fine, too.
    let _ = pictures.blocking_send(Err(fault::service(error)));
}

fn follow(
    context: &Context,
    filter: &str,
    pictures: &mpsc::Sender<Result<Picture, Fault>>,
) -> Result<(), Error> {
    // A first picture of no readers at all is news as well: pcscd is there.
    let mut shown: Option<Picture> = None;
    let mut states: Vec<ReaderState> = Vec::new();
    while !pictures.is_closed() {
        update(&mut states, list(context, filter)?);
        match context.get_status_change(WAIT, &mut states) {
            // A reader may vanish between the two calls.
            Ok(()) | Err(Error::Timeout | Error::UnknownReader) => {}
            Err(error) => return Err(error),
        }
        states.iter_mut().for_each(ReaderState::sync_current_state);
        let picture: Picture = states.iter().filter_map(look).collect();
        if shown.as_ref() != Some(&picture) {
            if pictures.blocking_send(Ok(picture.clone())).is_err() {
                return Ok(());
            }
            shown = Some(picture);
        }
    }
    Ok(())
}

fn list(context: &Context, filter: &str) -> Result<Vec<CString>, Error> {
    // The list may grow between asking for its length and for itself; two tries, then next time.
    let names = match context.list_readers_owned() {
        Err(Error::InsufficientBuffer) => context.list_readers_owned()?,
        names => names?,
    };
    Ok(names.into_iter().filter(|name| name.to_string_lossy().contains(filter)).collect())
}

/// Keeps the states of readers that are still there, forgets the others and adds the new ones.
fn update(states: &mut Vec<ReaderState>, mut names: Vec<CString>) {
    names.sort_unstable();
    if names.len() > STATES_MAX {
        tracing::warn!(
            readers = names.len(),
            used = STATES_MAX,
            "more readers than pcscd can show"
        );
        names.truncate(STATES_MAX);
    }
    // The pseudo-reader ends the wait when a reader comes or goes. With the table full, the next
    // look at the list does.
    if names.len() < STATES_MAX {
        names.push(PNP_NOTIFICATION().to_owned());
    }
    let mut known: HashMap<CString, ReaderState> =
        states.drain(..).map(|state| (state.name().to_owned(), state)).collect();
    states.extend(
        names.into_iter().map(|name| {
            known.remove(&name).unwrap_or_else(|| ReaderState::new(name, State::UNAWARE))
        }),
    );
}

fn look(state: &ReaderState) -> Option<(CString, Slot)> {
    let name: &CStr = state.name();
    if name == PNP_NOTIFICATION() {
        return None;
    }
    let slot = Slot::of(state.event_state(), state.event_count(), state.atr())?;
    Some((name.to_owned(), slot))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(states: &[ReaderState]) -> Vec<String> {
        states.iter().map(|state| state.name().to_string_lossy().into_owned()).collect()
    }

    fn readers(count: usize) -> Vec<CString> {
        (0..count).map(|n| CString::new(format!("Reader {n:02}")).unwrap()).collect()
    }

    #[test]
    fn one_call_never_takes_more_states_than_pcscd_accepts() {
        let pnp = PNP_NOTIFICATION().to_string_lossy().into_owned();
        for (found, expected, notified) in
            [(0, 1, true), (1, 2, true), (15, 16, true), (16, 16, false), (40, 16, false)]
        {
            let mut states = Vec::new();
            update(&mut states, readers(found));
            assert_eq!(states.len(), expected, "{found} readers");
            assert_eq!(names(&states).contains(&pnp), notified, "{found} readers");
        }
    }

    #[test]
    fn a_reader_that_stays_keeps_what_is_known_of_it() {
        let mut states = vec![
            ReaderState::new(CString::new("Reader 01").unwrap(), State::PRESENT),
            ReaderState::new(CString::new("Reader 07").unwrap(), State::PRESENT),
        ];
        update(&mut states, readers(2));
        let kept: Vec<_> = states.iter().map(ReaderState::current_state).collect();
        assert_eq!(names(&states)[..2], ["Reader 00", "Reader 01"]);
        assert_eq!(kept[..2], [State::UNAWARE, State::PRESENT]);
    }
}
