use kazasu_hal::CardIdentity;

use crate::{CardNumber, ErrorCode, NumberError, NumberKey, PasswordPolicy, Settings};

/// What a station goes by: settings that can be together, and what belongs to them but is no
/// setting.
#[derive(Clone, Debug)]
pub struct Site {
    /// The settings.
    pub settings: Settings,
    /// What new passwords have to be.
    pub password: PasswordPolicy,
    /// The key of the keyed card number form.
    pub number_key: Option<NumberKey>,
    /// Whether the device has a directory to ask.
    pub has_directory: bool,
}

impl Site {
    /// Settings of a device without a directory and without a key for card numbers.
    ///
    /// # Errors
    /// Settings that cannot be together.
    pub fn new(settings: Settings) -> Result<Self, crate::ChangeError> {
        let found = settings.check();
        match settings.password_policy() {
            Ok(password) if found.is_empty() => {
                Ok(Self { settings, password, number_key: None, has_directory: false })
            }
            _ => Err(crate::ChangeError::Impossible(found)),
        }
    }

    /// What the site calls the number of this card.
    ///
    /// # Errors
    /// 707 where the rule needs a key that is missing, K21 where it makes no number of this card:
    /// it is too short for the rule, or what comes out is no card number.
    pub fn number(&self, card: &CardIdentity) -> Result<CardNumber, ErrorCode> {
        self.settings.card.number.number(card, self.number_key.as_ref()).map_err(
            |error| match error {
                NumberError::NoKey => ErrorCode::SettingsUnreadable,
                NumberError::Short { .. } | NumberError::Broken(_) => ErrorCode::CardWithoutNumber,
            },
        )
    }
}
