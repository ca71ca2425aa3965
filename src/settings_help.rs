//! One line of help for each setting: what `kazasu config show` says beside the value, and what
//! `docs/settings.md` is made of.

use kazasu_registration::access::{Finding, Service};

/// What there is to know of one setting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Help {
    pub(crate) key: &'static str,
    /// What it can be: words with commas between, or a description in brackets.
    pub(crate) values: &'static str,
    pub(crate) says: &'static str,
    /// The paragraph of the requirements.
    pub(crate) row: &'static str,
    /// What a change means besides, where that is more than the new value says.
    pub(crate) means: Option<&'static str>,
}

impl Help {
    const fn means(self, text: &'static str) -> Self {
        Self { means: Some(text), ..self }
    }
}

const BOOL: &str = "true, false";
const RECEIVE: &str = "print, private-print, delete";

const NEW_PASSWORDS: &str = "for new passwords; those that are set stay good";
const NEW_CARDS: &str = "for cards registered from now on; kazasu user edit changes a record. In \
                         remote mode: for whoever is in no group of directory.groups.features";
const RECORDS_STAY: &str = "records that are there stay";
const NO_DEVICE: &str = "no device asks yet: it is kept, and nothing goes by it";
const SESSIONS_STAY: &str = "sessions that are open go on";

const fn help(
    key: &'static str,
    values: &'static str,
    says: &'static str,
    row: &'static str,
) -> Help {
    Help { key, values, says, row, means: None }
}

/// Every setting, in the order of [`kazasu_registration::Settings::list`].
pub(crate) const ALL: &[Help] = &[
    help(
        "access.accessory-control.by-service-access",
        BOOL,
        "the locks of services decide whether jobs need an accessory, not the three settings here (no device asks yet)",
        "S30-6-02",
    ).means(NO_DEVICE),
    help(
        "access.accessory-control.copy",
        BOOL,
        "copies need an accessory that is enabled, where one is fitted (no device asks yet)",
        "S30-6-02",
    ).means(NO_DEVICE),
    help(
        "access.accessory-control.print",
        BOOL,
        "prints need an accessory that is enabled, where one is fitted (no device asks yet)",
        "S30-6-02",
    ).means(NO_DEVICE),
    help(
        "access.accessory-control.scan-fax",
        BOOL,
        "scans and faxes need a card or another accessory that is no payment (no device asks yet)",
        "S30-6-02",
    ).means(NO_DEVICE),
    help(
        "access.administrator-diagnostics",
        "(list of fax, test-pattern, component-control)",
        "diagnostics that administrators may run too, not the engineer alone (no device asks yet)",
        "S30-6-04",
    ).means(NO_DEVICE),
    help(
        "access.folders.copy-resave",
        BOOL,
        "the folder for saving copies again is offered (no device asks yet)",
        "S30-6-05",
    ).means(NO_DEVICE),
    help("access.folders.mailbox", BOOL, "mailbox folders are offered (no device asks yet)", "S30-6-05"),
    help(
        "access.folders.restrict-unauthenticated-output",
        BOOL,
        "who is not signed in gets no files out of folders (no device asks yet)",
        "spec 30 section 7",
    ).means(NO_DEVICE),
    help(
        "access.folders.restrict-unauthenticated-print",
        BOOL,
        "who is not signed in prints nothing from folders (no device asks yet)",
        "spec 30 section 7",
    ).means(NO_DEVICE),
    help(
        "access.locked-areas",
        "(list of setup, machine-status, all-services)",
        "areas that are locked as a whole (no device asks yet)",
        "S40-2-06",
    ).means(NO_DEVICE),
    help(
        "access.locks",
        "(access.locks.SERVICE: unlocked, locked-shown, locked-hidden)",
        "locks of single services, such as access.locks.copy; what is not named is unlocked (no device asks yet)",
        "spec 30 section 6",
    ).means(NO_DEVICE),
    help(
        "access.private-print.combined-secure-print",
        BOOL,
        "who is not signed in gets at documents with owner and password (no device asks yet)",
        "spec 30 section 8",
    ).means(NO_DEVICE),
    help(
        "access.private-print.receive.failed",
        RECEIVE,
        "what becomes of a print job whose user ID or password is wrong (no device asks yet)",
        "S40-2-21",
    ).means(NO_DEVICE),
    help(
        "access.private-print.receive.no-user-id",
        "(print or delete)",
        "what becomes of a print job that names nobody (no device asks yet)",
        "S40-2-21",
    ).means(NO_DEVICE),
    help(
        "access.private-print.receive.signed-in",
        RECEIVE,
        "what becomes of a print job whose user ID and password are right (no device asks yet)",
        "S40-2-21",
    ).means(NO_DEVICE),
    help(
        "access.private-print.typed-id-counts",
        BOOL,
        "an ID that was typed and never verified counts as one's own (no device asks yet)",
        "S30-8-04",
    ).means(NO_DEVICE),
    help(
        "access.released-copy.black",
        BOOL,
        "black and white copies are released for everyone (no device asks yet)",
        "S30-6-01",
    ).means(NO_DEVICE),
    help(
        "access.released-copy.colour",
        BOOL,
        "colour copies are released for everyone (no device asks yet)",
        "S30-6-01",
    ).means(NO_DEVICE),
    help("access.user-reports", BOOL, "general users may print reports (no device asks yet)", "S40-2-20").means(NO_DEVICE),
    help(
        "accessories.accounting",
        "off, local, network",
        "what counts pages: nothing, the device, or a server",
        "S10-2-05",
    ),
    help(
        "accessories.payment",
        "none, fitted",
        "whether a coin box or a prepaid dispenser stands beside the reader",
        "spec 30 section 3",
    ),
    help(
        "accessories.priority",
        "card, payment",
        "which one counts where a card and a payment are both there",
        "spec 30 section 3",
    ),
    help(
        "administrator.id",
        "(user ID, or null)",
        "what the administrator signs in with at the panel; null makes everybody one",
        "spec 30 section 1",
    ).means("the password stays; kazasu config password administrator sets one"),
    help(
        "audit.sign-ins",
        BOOL,
        "the audit log holds who signed in, too; those who were refused it always holds",
        "S40-4-03",
    ).means("people's comings and goings are personal data: tell them, and who may read the log"),
    help(
        "capacity.records",
        "(whole number)",
        "most records, provisional users included",
        "spec 10 section 5",
    ).means(RECORDS_STAY),
    help("capacity.registered", "(whole number)", "most registered users", "spec 10 section 5").means(RECORDS_STAY),
    help("card.enabled", BOOL, "cards are used at all", "S10-2-02").means(SESSIONS_STAY),
    help(
        "card.link-mode",
        "no-password, password",
        "whether a card wants a password too",
        "S10-2-04",
    ),
    help(
        "card.number",
        "(rule; see kazasu card rule)",
        "what the site calls the number of a card",
        "spec 60 section 1",
    ).means("all cards get another number; directories need the new ones"),
    help(
        "card.reader",
        "contactless, contact",
        "contact: the card stays in a slot, and pulling it out signs out",
        "spec 30 section 3",
    ).means(SESSIONS_STAY),
    help(
        "lock-out.administrator",
        "(whole number from 1 to 10)",
        "how many wrong passwords in a row lock the administrator, the engineer or the guests for a time",
        "S40-2-04",
    ),
    help(
        "lock-out.remembered",
        "(whole number from 1 to 100000)",
        "how many users and cards with wrong passwords are each counted by themselves; others share one count until an administrator unlocks all",
        "S40-2-05",
    ),
    help(
        "lock-out.user",
        "(whole number from 1 to 10)",
        "how many wrong passwords in a row lock a user or a card until an administrator unlocks",
        "S40-2-05",
    ),
    help("new-users.copy", BOOL, "users who registered a card may copy", "S10-2-14").means(NEW_CARDS),
    help("new-users.fax", BOOL, "users who registered a card may fax", "S10-2-14").means(NEW_CARDS),
    help("new-users.print", BOOL, "users who registered a card may print", "S10-2-14").means(NEW_CARDS),
    help("new-users.scan", BOOL, "users who registered a card may scan", "S10-2-14").means(NEW_CARDS),
    help(
        "own-record.ask-password",
        BOOL,
        "users whom a card alone signed in type their password to change their mail address; \
         changing the password always asks for it, and nobody is asked who has none",
        "OURS",
    ),
    help("own-record.mail", BOOL, "users may change their own mail address", "S10-2-15"),
    help("own-record.name", BOOL, "users may change their own name", "S10-2-15"),
    help("own-record.unlink-card", BOOL, "users may unlink their own card", "S10-2-15"),
    help(
        "panel.auto-clear-s",
        "(10 to 900 seconds)",
        "a session that nobody touches ends after this time",
        "S40-2-15",
    ),
    help(
        "password.max",
        "(whole number, or null)",
        "most characters of a new password, where the profile leaves it open",
        "S10-4-03",
    ).means(NEW_PASSWORDS),
    help(
        "password.min",
        "(whole number, or null)",
        "fewest characters of a new password; passwords that are set stay good",
        "S10-4-03",
    ).means(NEW_PASSWORDS),
    help(
        "password.profile",
        "device, group, directory, secure, modern",
        "what new passwords have to be",
        "S10-4-03, S10-4-04, S10-4-05",
    ).means(NEW_PASSWORDS),
    help(
        "provisional.keep-hours",
        "(hours, or 0)",
        "provisional users that nobody registered are deleted after this time; 0: never",
        "OURS",
    ),
    help("provisional.limits.copy", BOOL, "provisional users may copy", "S10-2-07"),
    help("provisional.limits.fax", BOOL, "provisional users may fax", "S10-2-07"),
    help("provisional.limits.print", BOOL, "provisional users may print", "S10-2-07"),
    help("provisional.limits.scan", BOOL, "provisional users may scan", "S10-2-07"),
    help(
        "provisional.name",
        "(1 to 32 bytes)",
        "the name of users whose card is not registered yet",
        "S10-2-08",
    ),
    help(
        "provisional.new-per-minute",
        "(whole number, or 0)",
        "unknown cards that one station makes records of in a minute; 0: any number",
        "OURS",
    ),
    help(
        "registration.at-external-sign-in",
        BOOL,
        "in remote mode an unknown card opens the registration page",
        "S10-2-13",
    ),
    help("registration.by-card", BOOL, "unknown cards become provisional users", "S10-2-03"),
    help("registration.card-matching", BOOL, "cards can be registered at all", "S10-2-12"),
    help(
        "registration.default-source",
        "device, directory",
        "the source that the registration page shows first",
        "S10-2-11",
    ),
    help("registration.on-menu", BOOL, "the menu offers to register a card", "S10-2-06"),
    help(
        "registration.opens-by-itself",
        BOOL,
        "the registration page opens when an unknown card signs in",
        "spec 10 section 3",
    ),
    help(
        "registration.sources",
        "device, directory, both",
        "who can vouch for people at registration",
        "S10-2-10",
    ),
    help("reserved-ids", "(list of user IDs)", "user IDs that nobody can have", "S10-4-01"),
    help("sign-in.guests", BOOL, "guests may sign in, in remote mode", "spec 30 section 1"),
    help(
        "sign-in.mode",
        "off, local, accounting-verified, accounting-unverified, remote",
        "who decides about users",
        "S10-2-01",
    ).means("everybody is signed out; users with the role general are deleted where the mode changes from or to remote"),
    help(
        "sign-in.other-card",
        "ignored, switches-user",
        "what another card does while somebody is signed in by card",
        "S30-4-09",
    ),
    help("sign-in.page-by-itself", BOOL, "the sign-in page shows by itself", "S30-4-06"),
    help(
        "sign-in.panel",
        "card-only, card-or-panel",
        "whether users can sign in without a card too",
        "spec 30 section 4",
    ).means(SESSIONS_STAY),
    help("sign-in.panel-password", BOOL, "the panel asks for a password", "S30-5-01"),
];

/// The help of a setting; for a name in an open place, such as `access.locks.copy`, the place's.
pub(crate) fn of(key: &str) -> Option<&'static Help> {
    let own = ALL.iter().find(|help| help.key == key);
    own.or_else(|| key.rsplit_once('.').and_then(|(place, _)| of(place)))
}

/// What an administrator should know of access settings that can be together.
pub(crate) fn warning(finding: Finding) -> String {
    let service = finding.service().map(word_of).unwrap_or_default();
    match finding {
        Finding::LockAsksNobody(_) => {
            format!("access.locks.{service} does nothing: this service never asks to sign in")
        }
        Finding::LockIgnored(_) => format!(
            "access.locks.{service} does nothing: the service is not offered, or has the lock of \
             another one"
        ),
        Finding::LockedWithoutSignIn => "something is locked while sign-in.mode is off: only an \
                                         accessory or an administrator opens it"
            .to_owned(),
        Finding::ReleasedBehindLock => {
            "a copy colour is released, but all services are locked: nobody gets at it".to_owned()
        }
        Finding::FlagsIgnored => "access.accessory-control.by-service-access is on: copy, print \
                                  and scan-fax beside it do nothing"
            .to_owned(),
        Finding::TypedIdsNeverUsed => "access.private-print.typed-id-counts does nothing unless \
                                       sign-in.mode is accounting-unverified"
            .to_owned(),
        Finding::LimitActsOnNothing(_) => {
            format!("a limit on {service} does nothing: access to it is not restricted")
        }
        Finding::PrivatePrintForNobody => {
            "a print job that names nobody has no owner to keep it for".to_owned()
        }
    }
}

/// The service's word, as it stands in keys.
fn word_of(service: Service) -> String {
    match serde_json::to_value(service) {
        Ok(serde_json::Value::String(word)) => word,
        _ => format!("{service:?}"),
    }
}

#[cfg(test)]
#[path = "settings_help_test.rs"]
mod tests;
