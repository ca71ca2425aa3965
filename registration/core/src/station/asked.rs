use crate::{AuthenticationMode, CardLinkMode, CardReader, PanelSignIn, Settings, SignInAs};

/// By what somebody signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Means {
    /// By typing at the panel.
    Panel,
    /// By a card.
    Card,
}

/// Whether a password is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// This way is not offered.
    NotOffered,
}

impl Asked {
    fn when(asked: bool) -> Self {
        if asked { Self::Yes } else { Self::No }
    }
}

/// Whether signing in asks for a password (S30-5-01 to S30-5-03).
#[must_use]
pub fn asked_at_sign_in(settings: &Settings, means: Means, who: SignInAs) -> Asked {
    let remote = settings.sign_in.mode == AuthenticationMode::Remote;
    let panel = Asked::when(settings.sign_in.panel_password);
    match (means, who) {
        (Means::Panel, SignInAs::Guest) => Asked::Yes,
        (Means::Panel, SignInAs::User) if remote => Asked::Yes,
        (Means::Panel, SignInAs::User | SignInAs::Administrator) => panel,
        (Means::Card, SignInAs::User) => match settings.card.reader {
            CardReader::Contact if remote => Asked::NotOffered,
            CardReader::Contact => panel,
            CardReader::Contactless => {
                Asked::when(settings.card.link_mode == CardLinkMode::Password)
            }
        },
        (Means::Card, SignInAs::Guest | SignInAs::Administrator) => Asked::NotOffered,
    }
}

/// Whether a user who is registered, or whose password changes, needs one (S30-5-04 to
/// S30-5-08).
#[must_use]
pub fn asked_at_registration(settings: &Settings) -> Asked {
    if settings.sign_in.mode == AuthenticationMode::Remote {
        return Asked::NotOffered;
    }
    let panel = settings.sign_in.panel_password;
    let card = settings.card.link_mode == CardLinkMode::Password;
    let card_only = settings.sign_in.panel == PanelSignIn::CardOnly;
    Asked::when(match (settings.card.enabled, settings.card.reader) {
        (false, _) | (true, CardReader::Contact) => panel,
        (true, CardReader::Contactless) if card_only => card,
        (true, CardReader::Contactless) => panel || card,
    })
}

#[cfg(test)]
#[path = "asked_test.rs"]
mod tests;
