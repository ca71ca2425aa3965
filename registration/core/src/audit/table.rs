//! What is made of the table of events.

use super::told::Told;
use crate::UserId;
use kazasu_hal::CardIdentity;

/// How an event is told: to scripts and the store by its word, and in the manual's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The fixed word for scripts and the store.
    pub(super) word: &'static str,
    /// The manual gives the range and no numbers: these are ours. The high byte is the name's.
    pub(super) number: u16,
    /// The name of its kind.
    pub(super) name: &'static str,
    /// What was done.
    pub(super) description: &'static str,
    /// What became of it.
    pub(super) status: &'static str,
    /// Who did it.
    pub(super) actor: Actor,
}

/// Who did what a record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Actor {
    /// The device by itself, or somebody unknown.
    Nobody,
    /// Whoever administers the device: the user of the record is whom it was done to.
    KeyOperator,
    /// The user of the record, at a station; the key operator elsewhere.
    User,
    /// Whom the record names: a user, or one of the device's own passwords.
    Named,
}

impl Row {
    pub(super) const fn new(
        word: &'static str,
        number: u16,
        name: &'static str,
        description: &'static str,
        status: &'static str,
        actor: Actor,
    ) -> Self {
        Self { word, number, name, description, status, actor }
    }
}

/// The fields of an event, each by its name.
pub(super) type Fields<'a> = Vec<(&'static str, &'a dyn Told)>;

/// Whom an event is about: the first field that says so.
pub(super) fn user<'a>(fields: &Fields<'a>) -> Option<&'a UserId> {
    fields.iter().find_map(|(_, field)| field.user())
}

/// The card that an event is about: the first one.
pub(super) fn card<'a>(fields: &Fields<'a>) -> Option<&'a CardIdentity> {
    fields.iter().find_map(|(_, field)| field.card())
}

/// Makes `AuditEvent` of a row an event: its fields, then how it is told. Where that hangs on the
/// fields, other rows stand behind it, each with its condition.
macro_rules! events {
    ($(
        $(#[$about:meta])*
        $variant:ident
            $(( $inner:ident: $inner_type:ty ))?
            $({ $( $(#[$meant:meta])* $field:ident: $type:ty, )* })?
            = $row:expr $(, if $other_where:expr => $other:expr)*;
    )*) => {
        /// What happened.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum AuditEvent {
            $(
                $(#[$about])*
                $variant $(($inner_type))? $({ $( $(#[$meant])* $field: $type, )* })?,
            )*
        }

        /// How each is told.
        pub(super) const ROWS: &[Row] = &[$( $row, $($other,)* )*];

        impl AuditEvent {
            fn row(&self) -> Row {
                match self {
                    $(
                        #[allow(unused_variables, reason = "few hang on their fields")]
                        Self::$variant { $(0: $inner,)? $($($field,)*)? } => {
                            $( if $other_where { return $other; } )*
                            $row
                        }
                    )*
                }
            }

            fn fields(&self) -> Fields<'_> {
                match self {
                    $(
                        Self::$variant { $(0: $inner,)? $($($field,)*)? } => vec![
                            $( (stringify!($inner), $inner as &dyn Told), )?
                            $($( (stringify!($field), $field as &dyn Told), )*)?
                        ],
                    )*
                }
            }
        }
    };
}

pub(super) use events;
