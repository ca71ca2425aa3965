use kazasu_registration::{CardNumber, ListedUser, MailAddress, Role, UserKey};
use kazasu_service::{DamagedUser, Leftovers, StoredUser};
use serde::{Deserialize, Serialize};

use super::rfc3339;
use crate::out::Line;

/// One user of the local records.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UserLine {
    /// For a provisional user, the card number.
    pub(crate) user_id: String,
    pub(crate) name: String,
    pub(crate) mail: String,
    /// `registered` or `provisional`.
    pub(crate) kind: String,
    pub(crate) role: String,
    /// What the user may not do, such as `no-copy no-print`; empty where nothing is forbidden.
    pub(crate) limits: String,
    pub(crate) has_card: bool,
    /// Since when the record exists: RFC 3339, UTC.
    pub(crate) created: String,
}

impl UserLine {
    pub(crate) fn new(user: &ListedUser) -> Self {
        Self {
            user_id: user.key.as_str().to_owned(),
            name: user.name.shown(),
            mail: user.mail.as_ref().map(MailAddress::as_str).unwrap_or_default().to_owned(),
            kind: kind(&user.key).to_owned(),
            role: user.role.as_str().to_owned(),
            limits: user.limits.to_text(),
            has_card: user.has_card,
            created: rfc3339(user.created_at),
        }
    }

    pub(crate) fn is_provisional(&self) -> bool {
        self.kind == PROVISIONAL
    }

    /// Whether a change of the authentication mode from or to remote deletes this user.
    pub(crate) fn is_general(&self) -> bool {
        self.role == Role::General.as_str()
    }
}

const PROVISIONAL: &str = "provisional";

fn kind(key: &UserKey) -> &'static str {
    match key {
        UserKey::Registered(_) => "registered",
        UserKey::Provisional(_) => PROVISIONAL,
    }
}

impl Line for UserLine {
    fn text(&self) -> String {
        let card = if self.has_card { "card" } else { "no card" };
        let mut text = format!("{:32}  {:11}  {:7}  {}", self.user_id, self.kind, card, self.name);
        let role = if self.is_general() { "" } else { self.role.as_str() };
        // What a provisional user may do is the same for all of them.
        let limits = if self.is_provisional() { "" } else { self.limits.as_str() };
        for extra in [self.mail.as_str(), role, limits] {
            if !extra.is_empty() {
                text += &format!("  {extra}");
            }
        }
        text
    }
}

/// What there is to know of cards that nobody registered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LeftoversLine {
    /// How many records are theirs, of all, and how many there may be.
    pub(crate) provisional: u64,
    pub(crate) records: u64,
    pub(crate) capacity: u64,
    /// After how many hours one is deleted; 0 for never.
    pub(crate) keep_hours: u16,
    /// How many gave way to other records in the last days.
    pub(crate) gave_way: u64,
    /// When the last of them did: RFC 3339, UTC.
    pub(crate) last: Option<String>,
}

impl LeftoversLine {
    pub(crate) fn new(leftovers: &Leftovers) -> Self {
        Self {
            provisional: leftovers.provisional,
            records: leftovers.records,
            capacity: leftovers.capacity,
            keep_hours: leftovers.keep_hours,
            gave_way: leftovers.gave_way,
            last: leftovers.last.map(rfc3339),
        }
    }

    /// What an administrator should know in any case.
    pub(crate) fn warning(&self) -> Option<String> {
        let last = self.last.as_deref()?;
        Some(format!(
            "the records were full ({} may be there): {} of cards that nobody registered gave way \
             to others in the last days, the last at {last}; if nobody held so many cards here, \
             somebody makes card numbers up: kazasu audit export --event provisional-gave-way",
            self.capacity, self.gave_way
        ))
    }

    /// `None` where there is nothing to tell.
    pub(crate) fn text(&self) -> Option<String> {
        let kept = match self.keep_hours {
            0 => "they stay until somebody deletes them".to_owned(),
            hours => format!("each is deleted after {hours} h"),
        };
        let there = (self.provisional > 0).then(|| {
            format!(
                "{} of {} records, {} at most, are of cards that nobody registered; {kept} \
                 (provisional.keep-hours)",
                self.provisional, self.records, self.capacity
            )
        });
        let lines: Vec<_> = there.into_iter().chain(self.warning()).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

/// A record that cannot be read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DamagedLine {
    pub(crate) damaged: DamagedRow,
}

/// Where it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DamagedRow {
    /// Of the table of users.
    row: i64,
    /// Whose it is; `null` where that cannot be read either.
    user_id: Option<String>,
    /// What holds what it cannot hold.
    column: String,
}

impl DamagedLine {
    pub(crate) fn new(user: &DamagedUser) -> Self {
        let damaged = DamagedRow {
            row: user.row,
            user_id: user.key.as_ref().map(|key| key.as_str().to_owned()),
            column: user.column.to_owned(),
        };
        Self { damaged }
    }
}

impl Line for DamagedLine {
    fn text(&self) -> String {
        let DamagedRow { row, user_id, column } = &self.damaged;
        let whose = user_id.as_ref().map_or(String::new(), |user_id| format!(" ({user_id})"));
        format!(
            "row {row} of the users{whose} is damaged and left out ({column} cannot be read): \
             restore a backup that has it, or delete it with `kazasu user delete --damaged {row}` \
             and add that person anew"
        )
    }
}

/// What a list of users consists of.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum RecordLine {
    User(UserLine),
    Damaged(DamagedLine),
    Leftovers(LeftoversLine),
}

/// One record with all that hangs on it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UserDetail {
    #[serde(flatten)]
    user: UserLine,
    /// `device` or `directory`: who vouched when the record was made.
    source: String,
    /// The number of the card.
    card: Option<String>,
    has_password: bool,
}

impl UserDetail {
    pub(crate) fn new(user: &StoredUser) -> Self {
        Self {
            user: UserLine::new(&user.listed),
            source: user.source.as_str().to_owned(),
            card: user.card.as_ref().map(|card| card.as_str().to_owned()),
            has_password: user.has_password,
        }
    }
}

impl Line for UserDetail {
    fn text(&self) -> String {
        let user = &self.user;
        let or = |text: &str, none: &str| if text.is_empty() { none } else { text }.to_owned();
        let rows = [
            ("name", user.name.clone()),
            ("mail", or(&user.mail, "none")),
            ("role", user.role.clone()),
            ("limits", or(&user.limits, "nothing is forbidden")),
            ("password", if self.has_password { "set" } else { "none" }.to_owned()),
            ("card", or(self.card.as_deref().unwrap_or_default(), "none")),
            ("source", self.source.clone()),
            ("since", user.created.clone()),
        ];
        let rows = rows.map(|(what, value)| format!("  {what:8}  {value}"));
        let after = match self.card {
            Some(_) => "Deleting it deletes all of this; the card is unknown from then on.",
            None => "Deleting it deletes all of this.",
        };
        format!("{} ({})\n{}\n{after}", user.user_id, user.kind, rows.join("\n"))
    }
}

/// A card and whose it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CardLine {
    /// What the site calls it.
    number: String,
    /// Whose; for a provisional user, the card number again.
    user_id: String,
    /// `registered` or `provisional`.
    kind: String,
}

impl CardLine {
    pub(crate) fn new(key: &UserKey, number: &CardNumber) -> Self {
        Self {
            number: number.as_str().to_owned(),
            user_id: key.as_str().to_owned(),
            kind: kind(key).to_owned(),
        }
    }
}

impl Line for CardLine {
    fn text(&self) -> String {
        let whose = if self.kind == PROVISIONAL { "(provisional)" } else { self.user_id.as_str() };
        format!("{:32}  {whose}", self.number)
    }
}

/// A whole CSV file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Csv {
    pub(crate) csv: String,
}

impl Line for Csv {
    fn text(&self) -> String {
        self.csv.trim_end_matches('\n').to_owned()
    }
}

/// A card that is not in the directory any more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ErasedLine {
    /// Whose it was.
    pub(crate) user_id: String,
}

impl Line for ErasedLine {
    fn text(&self) -> String {
        format!("the card of {} is unknown from now on", self.user_id)
    }
}
