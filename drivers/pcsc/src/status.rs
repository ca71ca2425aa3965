use std::{
    collections::HashMap,
    ffi::{CStr, CString},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use kazasu_hal::{Fault, visible};
use pcsc::{Context, Error, PNP_NOTIFICATION, ReaderState, Scope, State};
use tokio::sync::mpsc;

use crate::{fault, slot::Slot};

/// All selected readers and what is in their slots; who is not in it is gone.
pub(crate) type Picture = Vec<(CString, Slot)>;

/// What the status thread tells, at least once in [`WAIT`].
pub(crate) enum News {
    /// Nothing changed, and pcscd answers.
    Alive,
    /// Something changed.
    Picture(Picture),
    /// The way to pcscd broke.
    Broken(Fault),
}

/// How long one call waits. Then the list of readers is asked for anew, in case a change of it
/// slipped between two calls, and the thread sees whether anybody still listens.
const WAIT: Duration = Duration::from_secs(1);

/// How many states one call takes. One more than pcscd has readers is refused.
const STATES_MAX: usize = 16;

/// Room for the names of all readers: pcscd's have 128 bytes at most.
const NAMES_MAX: usize = 8192;

/// How often a new list is asked for. A table that is larger by one shows it only when all of it has
/// gone by; each answer takes well under 1 ms.
const LISTS: usize = 48;

/// Why the readers cannot be watched.
enum Broken {
    /// When the context was made.
    Opening(Error),
    /// Later.
    Watching(Error),
    /// What comes is not what was sent: see [`fault::misread`].
    Misread,
}

/// Watches the slots of all readers whose name contains `filter`, and sends a picture whenever
/// anything changed. Ends with what broke it, or when nobody listens any more. `opened` is set as
/// soon as pcscd has given a context.
pub(crate) fn watch(filter: &str, news: &mpsc::Sender<News>, opened: &AtomicBool) {
    // The library's wrapper takes lengths as they come, and panics where they cannot be.
    let followed = catch_unwind(AssertUnwindSafe(|| {
        let context = Context::establish(Scope::System).map_err(Broken::Opening)?;
        opened.store(true, Ordering::Relaxed);
        follow(&context, filter, news)
    }));
    let fault = match followed {
        Ok(Ok(())) => return,
        Ok(Err(Broken::Opening(error))) => fault::opening(error),
        Ok(Err(Broken::Watching(error))) => fault::service(error),
        Ok(Err(Broken::Misread)) | Err(_) => fault::misread(),
    };
    // Nobody listening any more is fine, too.
    let _ = news.blocking_send(News::Broken(fault));
}

fn follow(context: &Context, filter: &str, news: &mpsc::Sender<News>) -> Result<(), Broken> {
    // A first picture of no readers at all is news as well: pcscd is there.
    let mut shown: Option<Picture> = None;
    let mut states: Vec<ReaderState> = Vec::new();
    let mut known = Vec::new();
    while !news.is_closed() {
        let names = list(context)?;
        if names != known {
            known = checked(context, names)?;
        }
        let selected = known.iter().filter(|name| visible(name.to_bytes()).contains(filter));
        update(&mut states, selected.cloned().collect());
        match context.get_status_change(WAIT, &mut states) {
            // A reader may vanish between the two calls.
            Ok(()) | Err(Error::Timeout | Error::UnknownReader) => {}
            Err(error) => return Err(Broken::Watching(error)),
        }
        states.iter_mut().for_each(ReaderState::sync_current_state);
        let picture: Picture = states.iter().filter_map(look).collect();
        let told = if shown.as_ref() == Some(&picture) {
            News::Alive
        } else {
            shown = Some(picture.clone());
            News::Picture(picture)
        };
        if news.blocking_send(told).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// All readers' names; one question to pcscd.
fn list(context: &Context) -> Result<Vec<CString>, Broken> {
    let mut names = vec![0; NAMES_MAX];
    let names = context.list_readers(&mut names).map_err(Broken::Watching)?;
    Ok(names.map(ToOwned::to_owned).collect())
}

/// Asks once more. A pcscd whose table of readers has another size than this process's libpcsclite
/// takes for granted leaves the rest of each answer to be read as the next one, and so on for ever:
/// then the same question gives something else at once, while a fresh connection does not.
fn checked(context: &Context, names: Vec<CString>) -> Result<Vec<CString>, Broken> {
    let mut again = list(context)?;
    for _ in 0..LISTS {
        if again != names {
            break;
        }
        again = list(context)?;
    }
    if again == names {
        return Ok(names);
    }
    let fresh = list(&Context::establish(Scope::System).map_err(Broken::Watching)?)?;
    if fresh == again {
        // A reader came or went in between.
        return Ok(again);
    }
    Err(Broken::Misread)
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

    #[test]
    fn what_only_tells_of_readers_is_none() {
        let state = |name: &CStr| ReaderState::new(name.to_owned(), State::PRESENT);
        assert_eq!(look(&state(PNP_NOTIFICATION())), None);
        assert_eq!(look(&state(c"A Reader")), Some((c"A Reader".to_owned(), Slot::Empty)));
    }
}
