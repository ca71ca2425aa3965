//! The settings themselves: one row a setting. To add one, add a row.

use super::{
    Accounting, AutoClear, CardLinkMode, CardReader, FailuresMax, Kind, OtherCard, PanelSignIn,
    Payment, Priority, Remembered, ReservedIds, SettingRow, Source, Sources, rows, settings,
};
use crate::{
    AccessSettings, AuthenticationMode, CardNumberRule, Limits, PasswordProfile, UserId, UserName,
};

use Kind::{Bool, Described, Words};

const OPEN: SettingRow = SettingRow::NEW;

const NEW_PASSWORDS: &str = "for new passwords; those that are set stay good";
const NEW_CARDS: &str = "for cards registered from now on; kazasu user edit changes a record. In \
                         remote mode: for whoever is in no group of directory.groups.features";
const RECORDS_STAY: &str = "records that are there stay";
const SESSIONS_STAY: &str = "sessions that are open go on";

settings! {
    /// All settings of sign-in and registration (S10-2, spec 30 sections 2 to 5).
    ///
    /// In JSON the names are the keys, `sign-in.mode` for one; a key that is left out has its
    /// default. Deserialising checks each value by itself, [`Settings::check`] all of them
    /// together.
    struct Settings in "", OPEN => {
        reserved_ids "reserved-ids": ReservedIds = ReservedIds::of_the_device(),
            Described("list of user IDs"), "S10-4-01", "user IDs that nobody can have";
    } with {
        sign_in "sign-in": SignIn = SignIn::default();
        registration "registration": Registration = Registration::default();
        card "card": CardSettings = CardSettings::default();
        provisional "provisional": ProvisionalSettings = ProvisionalSettings::default();
        new_users "new-users": Limits = Limits::ALLOW_ALL;
        own_record "own-record": OwnRecordSettings = OwnRecordSettings::default();
        password "password": PasswordSettings = PasswordSettings::default();
        lock_out "lock-out": LockOutSettings = LockOutSettings::default();
        audit "audit": AuditSettings = AuditSettings::default();
        capacity "capacity": Capacity = Capacity::default();
        accessories "accessories": Accessories = Accessories::default();
        panel "panel": PanelSettings = PanelSettings::default();
        administrator "administrator": Administrator = Administrator::default();
        access "access": AccessSettings = AccessSettings::default();
    }

    /// Who may sign in, and how.
    struct SignIn in "sign-in.", OPEN.audited("sign-in") => {
        mode "mode": AuthenticationMode = AuthenticationMode::Local,
            Words(&AuthenticationMode::WORDS), "S10-2-01", "who decides about users",
            means("everybody is signed out; users with the role general are deleted where the mode \
                   changes from or to remote");
        panel_password "panel-password": bool = true,
            Bool, "S30-5-01", "the panel asks for a password";
        panel "panel": PanelSignIn = PanelSignIn::CardOrPanel,
            Words(&PanelSignIn::WORDS), "spec 30 section 4",
            "whether users can sign in without a card too", means(SESSIONS_STAY);
        other_card "other-card": OtherCard = OtherCard::Ignored,
            Words(&OtherCard::WORDS), "S30-4-09",
            "what another card does while somebody is signed in by card";
        page_by_itself "page-by-itself": bool = false,
            Bool, "S30-4-06", "the sign-in page shows by itself";
        guests "guests": bool = false,
            Bool, "spec 30 section 1", "guests may sign in, in remote mode";
    }

    /// How cards are registered.
    struct Registration in "registration.", OPEN => {
        by_card "by-card": bool = true,
            Bool, "S10-2-03", "unknown cards become provisional users";
        on_menu "on-menu": bool = true,
            Bool, "S10-2-06", "the menu offers to register a card";
        opens_by_itself "opens-by-itself": bool = true,
            Bool, "spec 10 section 3", "the registration page opens when an unknown card signs in";
        sources "sources": Sources = Sources::Device,
            Words(&Sources::WORDS), "S10-2-10", "who can vouch for people at registration";
        default_source "default-source": Source = Source::Device,
            Words(&Source::WORDS), "S10-2-11", "the source that the registration page shows first";
        card_matching "card-matching": bool = true,
            Bool, "S10-2-12", "cards can be registered at all";
        at_external_sign_in "at-external-sign-in": bool = true,
            Bool, "S10-2-13", "in remote mode an unknown card opens the registration page";
    }

    /// How cards are read and called.
    struct CardSettings in "card.", OPEN => {
        enabled "enabled": bool = true,
            Bool, "S10-2-02", "cards are used at all", means(SESSIONS_STAY);
        link_mode "link-mode": CardLinkMode = CardLinkMode::NoPassword,
            Words(&CardLinkMode::WORDS), "S10-2-04", "whether a card wants a password too",
            audited("card.link-mode");
        reader "reader": CardReader = CardReader::Contactless,
            Words(&CardReader::WORDS), "spec 30 section 3",
            "contact: the card stays in a slot, and pulling it out signs out", means(SESSIONS_STAY);
        number "number": CardNumberRule = CardNumberRule::default(),
            Described("rule; see kazasu card rule"), "spec 60 section 1",
            "what the site calls the number of a card",
            means("all cards get another number; directories need the new ones");
    }

    /// What provisional users are.
    struct ProvisionalSettings in "provisional.", OPEN => {
        name "name": UserName = UserName::provisional(),
            Described("1 to 32 bytes"), "S10-2-08",
            "the name of users whose card is not registered yet";
        keep_hours "keep-hours": u16 = 24,
            Described("hours, or 0"), "OURS",
            "provisional users that nobody registered are deleted after this time; 0: never";
        new_per_minute "new-per-minute": u16 = 30,
            Described("whole number, or 0"), "OURS",
            "unknown cards that one station makes records of in a minute; 0: any number";
    } with {
        limits "limits": Limits = Limits::FORBID_ALL;
    }

    /// What users may change of their own record (S10-2-15).
    struct OwnRecordSettings in "own-record.", OPEN => {
        name "name": bool = true, Bool, "S10-2-15", "users may change their own name";
        mail "mail": bool = true, Bool, "S10-2-15", "users may change their own mail address";
        unlink_card "unlink-card": bool = false,
            Bool, "S10-2-15", "users may unlink their own card";
        ask_password "ask-password": bool = true,
            Bool, "OURS",
            "users whom a card alone signed in type their password to change their mail address; \
             changing the password always asks for it, and nobody is asked who has none";
    }

    /// What new passwords have to be.
    struct PasswordSettings in "password.", OPEN.audited("password").means(NEW_PASSWORDS) => {
        profile "profile": PasswordProfile = PasswordProfile::Device,
            Words(&PasswordProfile::WORDS), "S10-4-03, S10-4-04, S10-4-05",
            "what new passwords have to be";
        min "min": Option<u8> = None,
            Described("whole number, or null"), "S10-4-03",
            "fewest characters of a new password; passwords that are set stay good";
        max "max": Option<u8> = None,
            Described("whole number, or null"), "S10-4-03",
            "most characters of a new password, where the profile leaves it open";
    }

    /// How many wrong passwords are taken (spec 40 section 3).
    struct LockOutSettings in "lock-out.", OPEN.audited("lock-out") => {
        user "user": FailuresMax = FailuresMax(5),
            Described("whole number from 1 to 10"), "S40-2-05",
            "how many wrong passwords in a row lock a user or a card until an administrator unlocks";
        administrator "administrator": FailuresMax = FailuresMax(5),
            Described("whole number from 1 to 10"), "S40-2-04",
            "how many wrong passwords in a row lock the administrator, the engineer or the guests for a time";
        remembered "remembered": Remembered = Remembered(10_000),
            Described("whole number from 1 to 100000"), "S40-2-05",
            "how many users and cards with wrong passwords are each counted by themselves; others \
             share one count until an administrator unlocks all";
    }

    /// What the audit log holds besides.
    struct AuditSettings in "audit.", OPEN.audited("audit") => {
        sign_ins "sign-ins": bool = false,
            Bool, "S40-4-03",
            "the audit log holds who signed in, too; those who were refused it always holds",
            means("people's comings and goings are personal data: tell them, and who may read the log");
    }

    /// How many records a store may hold (spec 10 section 5).
    #[derive(Copy)]
    struct Capacity in "capacity.", OPEN => {
        registered "registered": u32 = 999,
            Described("whole number"), "spec 10 section 5", "most registered users";
        records "records": u32 = 1000,
            Described("whole number"), "spec 10 section 5",
            "most records, provisional users included", means(RECORDS_STAY);
    }

    /// What else is plugged in beside the reader.
    struct Accessories in "accessories.", OPEN => {
        payment "payment": Payment = Payment::None,
            Words(&Payment::WORDS), "spec 30 section 3",
            "whether a coin box or a prepaid dispenser stands beside the reader";
        priority "priority": Priority = Priority::Card,
            Words(&Priority::WORDS), "spec 30 section 3",
            "which one counts where a card and a payment are both there";
        accounting "accounting": Accounting = Accounting::Off,
            Words(&Accounting::WORDS), "S10-2-05",
            "what counts pages: nothing, the device, or a server";
    }

    /// The panel.
    struct PanelSettings in "panel.", OPEN => {
        auto_clear_s "auto-clear-s": AutoClear = AutoClear(30),
            Described("10 to 900 seconds"), "S40-2-15",
            "a session that nobody touches ends after this time", audited("panel.auto-clear-s");
    }

    /// The administrator built in.
    struct Administrator in "administrator.", OPEN.audited("administrator") => {
        id "id": Option<UserId> = UserId::new("admin").ok(),
            Described("user ID, or null"), "spec 30 section 1",
            "what the administrator signs in with at the panel; null makes everybody one",
            means("the password stays; kazasu config password administrator sets one");
    }
}

/// What users may do is a value of users, too.
pub(super) const LIMITS: &[&[SettingRow]] = &[
    rows! { "new-users.", OPEN.means(NEW_CARDS) => {
        "copy", Bool, "S10-2-14", "users who registered a card may copy";
        "fax", Bool, "S10-2-14", "users who registered a card may fax";
        "print", Bool, "S10-2-14", "users who registered a card may print";
        "scan", Bool, "S10-2-14", "users who registered a card may scan";
    }},
    rows! { "provisional.limits.", OPEN => {
        "copy", Bool, "S10-2-07", "provisional users may copy";
        "fax", Bool, "S10-2-07", "provisional users may fax";
        "print", Bool, "S10-2-07", "provisional users may print";
        "scan", Bool, "S10-2-07", "provisional users may scan";
    }},
];
