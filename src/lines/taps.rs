use std::time::SystemTime;

use jiff::{Timestamp, Unit};
use kazasu_hal::{
    Card, CardIdentity, Details, Event, EventKind, Fault, ReaderInfo, SystemCode, Technology,
};
use kazasu_runtime::Way;
use kazasu_texts::Lang;
use serde::{Deserialize, Serialize};

use crate::hex::{hex, unhex};
use crate::out::Line;

/// One tap event. Optional fields are absent where they do not apply.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct EventLine {
    pub(crate) event: String,
    /// RFC 3339, milliseconds, UTC.
    pub(crate) time: String,
    pub(crate) reader: String,
    pub(crate) station: String,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    card: Option<CardFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    /// The word of what is wrong, which `message` tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    /// The card was there before the reader was lost, or before this was asked for: no new tap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resumed: Option<bool>,
    /// How several cards speak, one word for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    technologies: Option<Vec<String>>,
}

/// Card fields of an event, hex in upper case.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct CardFields {
    technology: String,
    id: String,
    stability: String,
    /// FeliCa: the system code that was polled.
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    /// FeliCa: the system that answered, where the reader can ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pmm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    atqa: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sak: Option<String>,
}

impl CardFields {
    fn new(card: &Card) -> Self {
        let identity = &card.identity;
        let mut fields = Self {
            technology: identity.technology().to_string(),
            id: identity.id().to_hex(),
            stability: identity.stability().to_string(),
            system: identity.system().map(|s| s.to_string()),
            answered: None,
            pmm: None,
            atqa: None,
            sak: None,
        };
        match &card.details {
            Details::Felica { pmm, answered } => {
                fields.pmm = pmm.as_ref().map(|pmm| hex(pmm));
                fields.answered = answered.map(|s| s.to_string());
            }
            Details::Iso14443a { atqa, sak } => {
                fields.atqa = atqa.map(|atqa| format!("{atqa:04X}"));
                fields.sak = sak.map(|sak| format!("{sak:02X}"));
            }
            Details::Iso14443b => {}
        }
        fields
    }
}

impl EventLine {
    /// The line of an event, for whoever reads this language.
    pub(crate) fn new(event: &Event, lang: Lang) -> Self {
        let mut line = Self {
            event: event.kind.word().to_owned(),
            time: rfc3339(event.time),
            reader: event.reader.to_string(),
            station: event.station.to_string(),
            ..Self::default()
        };
        match &event.kind {
            EventKind::Attached(info) => line.model = Some(info.model.clone()),
            EventKind::Presented(card) | EventKind::Removed(card) | EventKind::Confirmed(card) => {
                line.card = Some(CardFields::new(card));
            }
            EventKind::Resumed(card) => {
                line.card = Some(CardFields::new(card));
                line.resumed = Some(true);
            }
            EventKind::Fault(fault) => {
                line.kind = Some(fault.kind.to_string());
                line.message = Some(lang.told(&fault.cause));
                line.cause = Some(fault.cause.word.to_owned());
            }
            EventKind::Multiple(technologies) => {
                let words = technologies.iter().map(ToString::to_string);
                line.technologies = Some(words.collect());
            }
            // The word says it all.
            _ => {}
        }
        line
    }
}

impl EventLine {
    /// The same, told to somebody who came later: the card was there before.
    pub(crate) fn of_before(mut self) -> Self {
        self.resumed = Some(true);
        self
    }

    /// Whether it tells of a card that was there before.
    pub(crate) fn is_resumed(&self) -> bool {
        self.resumed == Some(true)
    }

    /// Whether it tells of a card that was there before.
    pub(crate) fn set_resumed(&mut self, resumed: bool) {
        self.resumed = resumed.then_some(true);
    }

    /// Another event of the same reader, and of the same card where it is `removed`.
    pub(crate) fn then(&self, event: &str, time: String) -> Self {
        let card = self.card.clone().filter(|_| event == "removed");
        let (event, reader, station) =
            (event.to_owned(), self.reader.clone(), self.station.clone());
        Self { event, time, reader, station, card, ..Self::default() }
    }

    /// The card of the event; `None` where it has none or one that cannot be.
    pub(crate) fn identity(&self) -> Option<CardIdentity> {
        let card = self.card.as_ref()?;
        let id = unhex(&card.id)?;
        let system = match &card.system {
            Some(text) => Some(SystemCode(u16::from_str_radix(text, 16).ok()?)),
            None => None,
        };
        CardIdentity::new(Technology::from_word(&card.technology)?, &id, system).ok()
    }
}

impl Line for EventLine {
    fn text(&self) -> String {
        let mut text = format!("{}  {:9}  {}", self.time, self.event, self.reader);
        if let Some(card) = &self.card {
            text += &format!("  {} {}", card.technology, card.id);
            if card.stability != "stable" {
                text += &format!(" ({})", card.stability);
            }
        }
        if self.resumed == Some(true) {
            text += "  (still there)";
        }
        if let Some(technologies) = &self.technologies {
            text += &format!("  {}", technologies.join(" + "));
        }
        for extra in [&self.model, &self.message].into_iter().flatten() {
            text += &format!("  {extra}");
        }
        text
    }
}

/// What became of the service that a command is attached to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ServiceLine {
    /// `service-awaited`, `service-lost` or `service-back`.
    pub(crate) event: &'static str,
    /// RFC 3339, milliseconds, UTC.
    pub(crate) time: String,
    pub(crate) message: String,
}

impl Line for ServiceLine {
    fn text(&self) -> String {
        format!("{}  {}", self.time, self.message)
    }
}

pub(crate) fn rfc3339(time: SystemTime) -> String {
    Timestamp::try_from(time)
        .and_then(|t| t.round(Unit::Millisecond))
        .map_or_else(|_| String::new(), |t| format!("{t:.3}"))
}

/// One reader, or one way on which none was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ReaderLine {
    pub(crate) reader: String,
    /// `attached`, `searching` (the way is open, no reader there) or `waiting` (the way is closed).
    pub(crate) state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    driver: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// The word of why it is closed, which `message` tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
}

impl ReaderLine {
    /// The lines of a way: its readers, or itself where it has none.
    pub(crate) fn of(way: &Way, lang: Lang) -> Vec<Self> {
        if way.readers.is_empty() {
            return vec![Self::closed(&way.selector, way.fault.as_ref(), lang)];
        }
        way.readers.iter().map(Self::attached).collect()
    }

    fn attached(info: &ReaderInfo) -> Self {
        Self {
            reader: info.name.to_string(),
            state: "attached".to_owned(),
            driver: Some(info.driver.to_owned()),
            model: Some(info.model.clone()),
            kind: None,
            message: None,
            cause: None,
        }
    }

    fn closed(selector: &str, fault: Option<&Fault>, lang: Lang) -> Self {
        Self {
            reader: selector.to_owned(),
            state: if fault.is_some() { "waiting" } else { "searching" }.to_owned(),
            driver: None,
            model: None,
            kind: fault.map(|f| f.kind.to_string()),
            message: fault.map(|f| lang.told(&f.cause)),
            cause: fault.map(|f| f.cause.word.to_owned()),
        }
    }
}

impl Line for ReaderLine {
    fn text(&self) -> String {
        let mut text = format!("{:9}  {}", self.state, self.reader);
        for extra in [&self.model, &self.message].into_iter().flatten() {
            text += &format!("  {extra}");
        }
        text
    }
}
