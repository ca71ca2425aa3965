//! Users, cards, rules and the station machine that decides who a tap is; pure.
//!
//! ```text
//! card, panel, timer --Input--> Station --Effect--> look up, verify, commit
//!                        ^                                    |
//!                        +------------- completion -----------+
//! ```
//! Nothing here does I/O, reads a clock or makes random numbers. A value of [`UserId`],
//! [`Password`], [`UserName`] or [`MailAddress`] can only be a valid one, so that panel, import
//! and store all pass through the same rules.

pub mod access;
mod audit;
mod code;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod job;
mod lockout;
mod name;
mod number;
mod password;
mod rule;
mod settings;
mod site;
mod source_limit;
mod station;
mod user;
mod view;

#[cfg(test)]
mod input_rules_test;

pub use access::{AccessSettings, AuthenticationMode};
pub use audit::{
    AUDIT_FOLD, AUDIT_KEPT, AUDIT_KEPT_OF_KIND, AuditEntry, AuditEvent, AuditFilter, AuditKey,
    AuditRecord, Broken, Chain, Claimed, ClockWatch, DateFormat, Details, Folded, Gap, Link, Mark,
    Noted, ReaderState, ReaderWatch, RefusalKind, Refusals, Refused, RefusedMany, Shown, Syslog,
    Whole, json_line, manual, syslog_line,
};
pub use code::{ErrorCode, Part, WhoActs};
pub use job::{JobEnd, JobReport, JobType};
pub use lockout::{Barred, Failures, Fingerprint, Guessed, LockOut, LockOutLimits, Way};
pub use name::{NameKey, tidied};
pub use number::{
    BadCardNumberRule, CardNumber, CardNumberRule, LearnError, Learned, NumberError, NumberKey,
    PlainRule, learn,
};
pub use password::{
    Password, PasswordOwner, PasswordPolicy, PasswordProfile, PolicyError, TypedPassword,
};
pub use rule::{Field, FieldError, Rule, Unit};
pub use settings::{
    Accessories, Accounting, Administrator, AuditSettings, AutoClear, AutoClearOutOfRange,
    Capacity, CardLinkMode, CardReader, CardSettings, ChangeError, Difference, FailuresMax,
    FailuresMaxOutOfRange, Impossible, Kind, LockOutSettings, Method, OtherCard, OwnRecordSettings,
    PanelSettings, PanelSignIn, PasswordSettings, Payment, Priority, ProvisionalSettings,
    Registration, Remembered, RememberedOutOfRange, ReservedIds, Setting, SettingRow, Settings,
    SignIn, Source, Sources, as_typed, security_setting,
};
pub use site::Site;
pub use source_limit::{Peer, SourceLimit};
pub use station::{
    Account, Altered, Asked, Binding, CardToFind, Claim, CommitOutcome, Copied, DeviceEvent,
    DeviceSecret, Effect, Input, Keep, LookUp, Means, OwnChange, OwnOutcome, PanelAction,
    Provisional, ProvisionalOutcome, Request, SignInAs, Station, TypedRecord, Verdict,
    asked_at_registration, asked_at_sign_in,
};
pub use user::{
    Limits, ListedUser, MailAddress, NewUser, Role, UserEntry, UserId, UserKey, UserName,
};
pub use view::{Notice, OwnRecord, Page, Problem, SessionView};
