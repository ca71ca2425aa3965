//! Reading a card that somebody holds over a reader, for who asked at the terminal.

use std::time::Duration;

use kazasu_hal::{Cause, EventKind, FaultKind, FelicaBlock, Operation, ReaderName};
use kazasu_runtime::{Answer, RequestError, Runtime};
use kazasu_texts::Lang;
use tokio::time::{sleep, timeout};

use super::host::{Lines, send};
use super::{End, cause};
use crate::lines::BlockLine;

/// A FeliCa Lite-S card gives four at once, and there is none that gives fewer.
const BLOCKS_AT_ONCE: usize = 4;
/// How long a reader may take for that many. It takes some 50 ms, and more where it looks for the card
/// at every rate.
const WITHIN: Duration = Duration::from_secs(2);
/// A card that did not answer just now is asked again, though nothing was heard of it.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// Why no blocks were sent.
#[derive(Debug)]
pub(super) struct Failed {
    cause: Cause,
    /// The card or the people said no; nothing is broken.
    is_no: bool,
}

impl Failed {
    fn no(cause: Cause) -> Self {
        Self { cause, is_no: true }
    }

    fn of(reader: &ReaderName, error: RequestError) -> Self {
        let is_no = match &error {
            RequestError::Refused(fault) => {
                matches!(fault.kind, FaultKind::Card | FaultKind::Unsupported)
            }
            _ => false,
        };
        Self { cause: cause::of_reader(reader.0.as_str(), error.cause()), is_no }
    }

    /// The same for whoever asked.
    pub(super) fn end(&self, lang: Lang) -> End {
        let told = lang.told(&self.cause);
        if self.is_no { End::No(told) } else { End::Error(told) }
    }
}

/// Waits for a card and reads these blocks of the service. All of them are sent, or none.
pub(super) async fn read(
    runtime: &Runtime,
    wanted: &[String],
    (service, blocks): (u16, &[u16]),
    wait_s: u16,
    lines: &Lines,
) -> Result<(), Failed> {
    let places: Vec<_> =
        blocks.iter().map(|block| FelicaBlock { service, block: *block }).collect();
    let mut waiting = Waiting { runtime, wanted, places: &places, why_not: None };
    let found = timeout(Duration::from_secs(wait_s.into()), waiting.card()).await;
    let (reader, answer) = match found {
        Ok(found) => found?,
        Err(_) => {
            return Err(Failed::no(match waiting.why_not {
                Some((reader, why)) => cause::card_not_read(wait_s, reader.0, why),
                None => cause::no_card_read(wait_s),
            }));
        }
    };
    for (place, block) in places.iter().zip(&answer.blocks) {
        if !send(lines, &BlockLine::new(&reader, &answer.card, *place, block)).await {
            break;
        }
    }
    Ok(())
}

struct Waiting<'a> {
    runtime: &'a Runtime,
    /// Names of readers, or selectors of ways; any reader where there are none.
    wanted: &'a [String],
    places: &'a [FelicaBlock],
    /// Why the card that was there was not read, and on which reader.
    why_not: Option<(ReaderName, Cause)>,
}

impl Waiting<'_> {
    /// The first card that lies there and can be read, and on which reader.
    async fn card(&mut self) -> Result<(ReaderName, Answer), Failed> {
        // Listening first, then looking at what is there.
        let (resting, mut events) = self.runtime.events().follow();
        let presented =
            |kind: &EventKind| matches!(kind, EventKind::Presented(_) | EventKind::Resumed(_));
        let readers = self.readers();
        let mut lying = resting
            .iter()
            .filter(|event| presented(&event.kind) && readers.contains(&event.reader));
        if let (Some(one), Some(other)) = (lying.next(), lying.next()) {
            let (one, other) = (one.reader.0.as_str(), other.reader.0.as_str());
            return Err(Failed::no(cause::two_cards(one, other)));
        }
        loop {
            for reader in self.readers() {
                if let Some(answer) = self.ask(&reader).await? {
                    return Ok((reader, answer));
                }
            }
            tokio::select! {
                // Whatever it is, the readers are looked at anew.
                _ = events.recv() => {}
                () = sleep(AGAIN_AFTER) => {}
            }
        }
    }

    /// The readers that are meant and attached.
    fn readers(&self) -> Vec<ReaderName> {
        let is_wanted =
            |name: &str| self.wanted.is_empty() || self.wanted.iter().any(|wanted| wanted == name);
        let ways = self.runtime.ways();
        let ways = ways.borrow();
        let readers = ways.iter().flat_map(|way| way.readers.iter().map(move |info| (way, info)));
        let meant = readers
            .filter(|(way, info)| is_wanted(&way.selector) || is_wanted(&info.name.0))
            .map(|(_, info)| info.name.clone());
        meant.collect()
    }

    /// Reads all blocks; `None` where no card is there for so long.
    async fn ask(&mut self, reader: &ReaderName) -> Result<Option<Answer>, Failed> {
        let mut whole: Option<Answer> = None;
        for places in self.places.chunks(BLOCKS_AT_ONCE) {
            let operation = Operation::FelicaRead(places.to_vec());
            let answer = match self.runtime.request(reader, operation, WITHIN).await {
                Ok(answer) => answer,
                Err(RequestError::NoCard | RequestError::NoReader) => return Ok(None),
                Err(error @ (RequestError::CardLost | RequestError::SeveralCards)) => {
                    self.why_not = Some((reader.clone(), error.cause()));
                    return Ok(None);
                }
                Err(error) => return Err(Failed::of(reader, error)),
            };
            match &mut whole {
                // Another one took its place in between: it is read from the beginning.
                Some(before) if before.card != answer.card => return Ok(None),
                Some(before) => before.blocks.extend(answer.blocks),
                None => whole = Some(answer),
            }
        }
        Ok(whole)
    }
}
