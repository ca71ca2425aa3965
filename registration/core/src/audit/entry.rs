use std::time::SystemTime;

use super::{AuditRecord, Details, Link, catalogue::Told};
use crate::{ErrorCode, UserId};

/// One record of the log as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Counts on, whatever was trimmed: the order of the log, also where the clock was set back.
    pub id: u64,
    /// Calendar time, in whole milliseconds.
    pub at: SystemTime,
    /// Where; `None` for administration.
    pub station: Option<String>,
    /// [`AuditEvent::word`](crate::AuditEvent::word).
    pub event: String,
    /// [`AuditEvent::user`](crate::AuditEvent::user).
    pub user: Option<String>,
    /// The store's number of the card, not the card's own.
    pub card: Option<i64>,
    /// The same of a card that stopped working.
    pub replaced: Option<i64>,
    /// [`AuditEvent::code`](crate::AuditEvent::code).
    pub code: Option<String>,
    /// What else there is to say, in words: of records from before they had fields.
    pub detail: Option<String>,
    /// [`AuditEvent::details`](crate::AuditEvent::details) as JSON; `None` in a record from before.
    pub fields: Option<String>,
}

impl AuditEntry {
    /// A new record, about these cards.
    #[must_use]
    pub fn new(id: u64, record: &AuditRecord, card: Option<i64>, replaced: Option<i64>) -> Self {
        let AuditRecord { at, station, event } = record;
        Self {
            id,
            at: *at,
            station: station.as_ref().map(|station| station.0.clone()),
            event: event.word().to_owned(),
            user: event.user().map(UserId::as_str).map(str::to_owned),
            card,
            replaced,
            code: event.code().map(ErrorCode::as_str).map(str::to_owned),
            detail: None,
            fields: Some(event.details().to_json()),
        }
    }

    /// What else there is to say, by name; `None` in a record from before they had fields.
    #[must_use]
    pub fn details(&self) -> Option<Details> {
        Details::from_json(self.fields.as_deref()?)
    }

    /// The same in words.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        Told::of(self).text
    }

    /// What the link of this record is computed from.
    ///
    /// A record with fields has them behind all that one without has. So the two forms have no
    /// message in common, and a record of one form has no link as one of the other.
    #[must_use]
    pub fn message(&self, before: &Link) -> Vec<u8> {
        let at = self.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        let mut message = Vec::with_capacity(256);
        message.extend(before.as_bytes());
        message.extend(self.id.to_be_bytes());
        message.extend(at.to_be_bytes());
        // Each field says whether it is there and how long it is: no two records look the same.
        for number in [self.card, self.replaced] {
            message.push(u8::from(number.is_some()));
            message.extend(number.unwrap_or_default().to_be_bytes());
        }
        let texts = [&self.station, &self.user, &self.code, &self.detail];
        let texts = texts.into_iter().map(Option::as_deref).chain([Some(self.event.as_str())]);
        for text in texts.chain(self.fields.as_deref().map(Some)) {
            message.push(u8::from(text.is_some()));
            let text = text.unwrap_or_default().as_bytes();
            message.extend((text.len() as u64).to_be_bytes());
            message.extend(text);
        }
        message
    }
}
