//! Settings that cannot be together, each with its reason.

use crate::{
    Accounting, AuthenticationMode, CardLinkMode, CardReader, Method, PanelSignIn, PasswordPolicy,
    Payment, Settings, Source, access::Severity,
};

/// Settings that cannot be together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {why} ({row})", .keys.join(", "))]
pub struct Impossible {
    /// The keys, the one to change first.
    pub keys: &'static [&'static str],
    /// Why, and what to set instead.
    pub why: String,
    /// The paragraph of the requirements.
    pub row: &'static str,
}

impl Settings {
    /// Everything that cannot be together; none where the settings can be used.
    #[must_use]
    pub fn check(&self) -> Vec<Impossible> {
        let mut found = Vec::new();
        let mut rule = |broken: bool, keys: &'static [&'static str], why: &str, row| {
            if broken {
                found.push(Impossible { keys, why: why.to_owned(), row });
            }
        };
        let registers = self.registration.card_matching;
        let external = self.method() == Method::External;
        rule(
            registers && self.method() == Method::None,
            &["registration.card-matching", "sign-in.mode"],
            "cards can be registered in the modes local and remote only; turn matching off first",
            "S10-2-01, S10-2-12",
        );
        rule(
            registers && !self.card.enabled,
            &["card.enabled", "registration.card-matching"],
            "registration needs cards; turn both on or both off",
            "S10-2-02",
        );
        rule(
            registers
                && self.method() == Method::Local
                && self.registration.on_menu
                && !self.registration.by_card,
            &["registration.by-card", "registration.on-menu"],
            "it is what makes provisional users; turn it on, or take registration off the menu",
            "S10-2-03",
        );
        rule(
            external && registers && self.card.link_mode == CardLinkMode::Password,
            &["card.link-mode", "sign-in.mode"],
            "in remote mode cards sign in without a password: set no-password",
            "S10-2-04",
        );
        rule(
            self.method() == Method::Local && self.accessories.accounting == Accounting::Network,
            &["accessories.accounting", "sign-in.mode"],
            "the local mode counts nothing or by itself: set off or local",
            "S10-2-05",
        );
        rule(
            self.method() == Method::Local
                && !self.registration.sources.holds(self.registration.default_source),
            &["registration.default-source", "registration.sources"],
            "the source shown first must be one of those offered",
            "S10-2-11",
        );
        rule(
            self.administrator.id.is_none() && self.sign_in.mode != AuthenticationMode::Off,
            &["administrator.id", "sign-in.mode"],
            "without an administrator everybody is one: set an ID, or the mode off",
            "spec 30 section 1",
        );
        rule(
            self.sign_in.guests && !external,
            &["sign-in.guests", "sign-in.mode"],
            "guests are for the remote mode",
            "spec 30 section 1",
        );
        rule(
            !self.card.enabled && self.sign_in.panel == PanelSignIn::CardOnly,
            &["sign-in.panel", "card.enabled"],
            "nobody could sign in: turn cards on, or set card-or-panel",
            "spec 30 section 4",
        );
        rule(
            external
                && self.accessories.payment == Payment::Fitted
                && (self.card.reader != CardReader::Contactless || !self.card.enabled),
            &["accessories.payment", "card.reader"],
            "in remote mode a payment accessory stands beside a contactless reader only",
            "spec 30 section 3",
        );
        rule(
            external
                && self.accessories.payment == Payment::Fitted
                && self.accessories.accounting != Accounting::Off,
            &["accessories.payment", "accessories.accounting"],
            "in remote mode a payment accessory needs accounting off",
            "spec 30 section 3",
        );
        rule(
            self.capacity.registered >= self.capacity.records,
            &["capacity.registered", "capacity.records"],
            "fewer users than records, so that a provisional user always has room",
            "spec 10 section 5",
        );
        if let Err(error) = self.password_policy() {
            found.push(Impossible {
                keys: &["password.profile", "password.min", "password.max"],
                why: error.to_string(),
                row: "S10-4-03",
            });
        }
        let access = self.access.check(self.sign_in.mode);
        if access.iter().any(|finding| finding.severity() == Severity::Impossible) {
            found.push(Impossible {
                keys: &["access.private-print.receive.no-user-id"],
                why: "a job that names nobody has no owner to keep it for: set print or delete"
                    .to_owned(),
                row: "spec 30 section 8",
            });
        }
        found
    }

    /// What new passwords have to be.
    ///
    /// # Errors
    /// Profile and lengths that cannot be together.
    pub fn password_policy(&self) -> Result<PasswordPolicy, crate::PolicyError> {
        PasswordPolicy::new(self.password.profile, self.password.min, self.password.max)
    }

    /// Whether the local method takes people from this source.
    #[must_use]
    pub fn takes(&self, source: Source) -> bool {
        match self.method() {
            Method::Local => self.registration.sources.holds(source),
            Method::External => source == Source::Directory,
            Method::None => false,
        }
    }
}
