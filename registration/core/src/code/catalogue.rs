//! The table itself: one row for each code.

use super::{Entry, Part, WhoActs};

/// Makes [`ErrorCode`] and all that is known of it from one row a code: its cause, then
/// `Variant = "code", where it appears, who acts;`.
macro_rules! catalogue {
    ($(
        #[doc = $cause:literal]
        $variant:ident = $code:literal, $($part:ident)|+, $($who:ident)|+;
    )*) => {
        /// Key of the error catalogue: one cause each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $(
                #[doc = concat!($code, ":", $cause)]
                $variant,
            )*
        }

        impl ErrorCode {
            /// Every code, in the order of the catalogue.
            pub const ALL: [Self; [$($code),*].len()] = [$(Self::$variant),*];

            pub(super) fn entry(self) -> &'static Entry {
                match self {
                    $(Self::$variant => &Entry {
                        code: $code,
                        cause: $cause,
                        parts: &[$(Part::$part),*],
                        who_acts: &[$(WhoActs::$who),*],
                    },)*
                }
            }
        }
    };
}

catalogue! {
    /// The card makes up a number at each tap.
    RandomCard = "K02", SignIn | Registration, Person;
    /// Nothing tells whether the card's number stays the same.
    UntrustedCard = "K03", SignIn | Registration, Person;
    /// More than one card is on the reader.
    MultipleCards = "K04", SignIn | Registration, Person;
    /// Sign-in failed; deliberately says no more.
    SignInFailed = "K06", SignIn, Person;
    /// The password that a provisional user chose is too short.
    PasswordTooShort = "K07", SignIn, Person;
    /// A new password was typed twice, and not the same.
    PasswordsDiffer = "K08", SignIn | Editing, Person;
    /// The card is unknown, and registering by card is off.
    CardRefused = "K09", SignIn, Administrator;
    /// A payment accessory is enabled: only administrators and engineers can sign in.
    PaymentFirst = "K10", SignIn, Person;
    /// Users sign in with their card only.
    CardOnly = "K11", SignIn, Person;
    /// Too many attempts with this user ID have failed.
    LockedOut = "K12", SignIn | Registration, Administrator;
    /// More cards that nobody knew were held here within a minute than make records.
    TooManyNewCards = "K20", SignIn | Registration, Person | Administrator;
    /// The site's card number rule makes no number of this card: it is too short, mostly.
    CardWithoutNumber = "K21", SignIn | Registration, Person | Administrator;
    /// Guests may not use this device.
    GuestsNotAllowed = "K15", SignIn, Person | Administrator;
    /// The record or password that a session began with was changed or deleted.
    RecordAltered = "K19", SignIn | Registration, Person;

    /// The session ended while registering.
    SessionEnded = "110", Registration, Person;
    /// The user ID breaks a rule.
    UserIdRule = "122", Registration, Person;
    /// User ID and password match no user of this device.
    WrongCredentials = "201", Registration, Person;
    /// Another card was tapped while registering.
    OtherCard = "202", Registration, Person;
    /// Password, user name or mail address breaks a rule.
    FieldRule = "301", Registration | Editing, Person;
    /// The user's record came from the other registration source.
    OtherSource = "302", Registration, Administrator;
    /// The user's record fails its integrity check.
    RecordDamaged = "303", Registration, Administrator;
    /// A provisional user has the same ID.
    RecordConflict = "304", Registration, Administrator;
    /// The administrator's ID or password that registration keeps is not the device's.
    AdministratorWrong = "401", Registration, Administrator;
    /// The card is registered already.
    CardTaken = "702", Registration, Person;
    /// The device's information could not be read.
    DeviceUnreadable = "704", Registration, Person;
    /// The session could not be signed out after registering.
    SignOutFailed = "705", Registration, Person;
    /// The initial setup is not done.
    SetupNotDone = "706", Registration | Editing, Administrator;
    /// The authentication method is not the one that registration was set up for.
    MethodChanged = "710", Registration, Administrator;
    /// This user ID may not be registered.
    UserIdReserved = "711", Registration, Person;
    /// Somebody is signed in already.
    AlreadySignedIn = "1002", Registration, Person;
    /// The reader is busy.
    ReaderBusy = "3060", Registration, Person;
    /// The session is in a state that forbids registering.
    WrongState = "3061", Registration, Person;
    /// The session has no card.
    NoCard = "3062", Registration, Person;
    /// A job of the provisional user is running or interrupting.
    JobRunning = "3063", Registration, Person;
    /// The signed-in user's information could not be read.
    SignedInUnreadable = "3064", Registration, Administrator;
    /// The store or the check is busy; the same may work later.
    TryLater = "3065", Registration | Editing, Person;
    /// Registrations are full.
    Full = "K01", Registration, Administrator;
    /// No second read has confirmed the card's number yet.
    Unconfirmed = "K05", Registration, Person;
    /// The store has not answered: the next tap tells.
    OutcomeUnknown = "K14", Registration, Person;

    /// The current password is wrong.
    CurrentPasswordWrong = "751", Editing | Registration, Person;
    /// The authentication method is not local.
    EditMethodChanged = "753", Editing, Administrator;
    /// The signed-in user's information could not be read for editing.
    EditUserUnreadable = "754", Editing, Administrator;
    /// The page for editing one's own record failed.
    EditPageFailed = "901", Editing | System, Administrator;
    /// Users may not change this, or it is not offered in this mode.
    NotOffered = "K13", Editing, Administrator;
    /// A change cannot be saved just now.
    EditTryLater = "K16", Editing, Person;
    /// Only an administrator can make this change.
    EditContactAdministrator = "K17", Editing, Administrator;
    /// A change failed for a reason that has no code.
    EditUndefined = "K18", Editing, Administrator;

    /// The directory is not configured on the device.
    DirectoryNotConfigured = "001", Directory | Registration, Administrator | Directory;
    /// The directory settings on the device are incomplete.
    DirectorySettingsIncomplete = "002", Directory | Registration, Administrator;
    /// The directory is busy (LDAP 51).
    DirectoryBusy = "003", Directory | Registration, Directory;
    /// The directory's address or port cannot be resolved to the configured type.
    DirectoryAddressWrong = "004", Directory | Registration, Administrator | Directory;
    /// The directory requires TLS, which is not configured on the device.
    DirectoryTlsOff = "007", Directory | Registration, Administrator | Directory;
    /// The directory's certificate is not trusted (fault 016-523).
    DirectoryCertificateUntrusted = "008", Directory | Registration, Administrator | Directory;
    /// The directory's certificate has expired or will soon (faults 016-524, 016-525).
    DirectoryCertificateExpired = "009", Directory | Registration, Administrator | Directory;
    /// The directory's certificate does not match the server name (fault 016-526).
    DirectoryCertificateName = "011", Directory | Registration, Administrator | Directory;
    /// The directory is unavailable (LDAP 52).
    DirectoryUnavailable = "012", Directory | Registration, Directory;
    /// An administrative or time limit of the directory is exceeded (LDAP 3, 11).
    DirectoryLimitExceeded = "013", Directory | Registration, Directory;
    /// User ID or password is wrong (AD 52e, 525, 57: never told apart but in the audit log).
    DirectoryWrongCredentials = "016", Directory | Registration, Person | Administrator | Directory;
    /// The directory asks for a client certificate (fault 016-522).
    DirectoryClientCertificate = "017", Directory | Registration, Administrator | Directory;
    /// Signed in, but outside the search base, the group or the permitted hours (AD 530).
    DirectoryUserNotPermitted = "018", Directory | Registration, Person | Administrator | Directory;
    /// A size limit was exceeded when looking up a user (LDAP 4).
    DirectorySizeLimit = "019", Directory | Registration, Directory;
    /// The bind name made from the typed ID, name attribute and suffix is not usable.
    DirectoryBindName = "021", Directory | Registration, Person | Administrator;
    /// The password has expired (AD 532).
    DirectoryPasswordExpired = "032", Directory | Registration, Person | Administrator | Directory;
    /// The directory settings changed while registering.
    DirectorySettingsChanged = "033", Directory | Registration, Administrator;
    /// The state of the password could not be read with the device's settings.
    DirectoryPasswordUnreadable = "034", Directory | Registration, Person | Administrator;
    /// The search base does not exist.
    DirectorySearchBaseMissing = "035", Directory | Registration, Administrator | Directory;
    /// The service account cannot sign in.
    DirectoryServiceAccount = "036", Directory | Registration, Administrator | Directory;
    /// The password must be changed at first sign-in (AD 773).
    DirectoryPasswordInitial = "048", Directory | Registration, Person | Administrator | Directory;
    /// The account is disabled (AD 533) or not permitted from this workstation (AD 531).
    DirectoryAccountDisabled = "049", Directory | Registration, Person | Administrator | Directory;
    /// The person may not write their own card attribute (LDAP 50).
    DirectoryNoWriteRight = "050", Directory | Registration, Directory;
    /// There is no such attribute (LDAP 16).
    DirectoryNoSuchAttribute = "051", Directory | Registration, Directory;
    /// The attribute type is undefined (LDAP 17).
    DirectoryUndefinedAttribute = "052", Directory | Registration, Directory;
    /// The attribute or value exists already (LDAP 20).
    DirectoryValueExists = "053", Directory | Registration, Directory;
    /// The card attribute is not in the directory's schema.
    DirectoryCardAttributeUnknown = "054", Directory | Registration, Administrator | Directory;
    /// The card attribute holds a value that is not ours, and replacing is off.
    DirectoryCardAttributeForeign = "065", Directory | Registration, Administrator | Directory;
    /// The mail attribute is not in the schema.
    DirectoryMailAttributeUnknown = "066", Directory | Registration, Administrator | Directory;
    /// The user ID attribute is not in the schema.
    DirectoryUserIdAttributeUnknown = "067", Directory | Registration, Administrator | Directory;
    /// The directory requires signing or a stronger authentication (LDAP 8).
    DirectoryStrongerAuthRequired = "070", Directory | Registration, Administrator | Directory;
    /// The server does not support the SASL or bind mechanism (LDAP 7).
    DirectoryMechanismUnsupported = "071", Directory | Registration, Administrator | Directory;
    /// The directory refers to a server that is not configured (LDAP 10).
    DirectoryReferral = "076", Directory | Registration, Administrator | Directory;
    /// The attribute cannot hold a value of this syntax (LDAP 21).
    DirectoryAttributeSyntax = "080", Directory | Registration, Directory;
    /// The directory server is unreachable: name resolution failed or connection refused.
    DirectoryUnreachable = "081", Directory | Registration, Network;
    /// Two directory entries carry the same card ID.
    DirectoryCardDuplicate = "083", Directory | Registration, Administrator | Directory;
    /// The entry has no value in the user ID attribute.
    DirectoryUserIdEmpty = "084", Directory | Registration, Administrator | Directory;
    /// The value read back after writing the card ID differs.
    DirectoryReadBackDiffers = "085", Directory | Registration, Administrator | Directory;
    /// The directory's answer is malformed.
    DirectoryMalformedAnswer = "086", Directory | Registration, Administrator | Directory;
    /// Looking up a user matched no entry or several: the sign-in attribute is wrong.
    DirectorySignInAttributeWrong = "087", Directory | Registration, Administrator;
    /// The directory profile on the device is disabled.
    DirectoryProfileDisabled = "089", Directory | Registration, Administrator;
    /// Alias or naming problem in the directory (LDAP 32 to 36).
    DirectoryNaming = "090", Directory | Registration, Directory;
    /// The directory server did not answer in time.
    DirectoryTimeout = "091", Directory | Registration, Network;
    /// The directory is unwilling to perform the operation (LDAP 53).
    DirectoryUnwilling = "092", Directory | Registration, Administrator | Directory;
    /// Object class or constraint violation while writing the card ID (LDAP 19, 65).
    DirectoryConstraint = "093", Directory | Registration, Administrator | Directory;
    /// The operation is not allowed on this type of entry (LDAP 66 to 69).
    DirectoryEntryOperation = "094", Directory | Registration, Directory;
    /// The server refused a sort or paging control (LDAP 12).
    DirectoryControlRefused = "095", Directory | Registration, Directory;
    /// Any other result code of the directory.
    DirectoryOther = "097", Directory | Registration, Administrator | Directory;
    /// The account has expired (AD 701).
    DirectoryAccountExpired = "150", Directory | Registration, Person | Administrator | Directory;
    /// The account is locked out (AD 775).
    DirectoryAccountLocked = "151", Directory | Registration, Person | Administrator | Directory;

    /// Sign-in to the directory failed in a group (what 016 is without one).
    GroupSignInFailed = "101", Group | Registration, Person | Directory;
    /// The account is not usable in a group (what 049, 150 and 151 are without one).
    GroupAccountUnusable = "102", Group | Registration, Person | Directory;
    /// The state of the password forbids sign-in in a group (what 032 and 048 are without one).
    GroupPasswordState = "103", Group | Registration, Person | Directory;
    /// The parent is unreachable while registering.
    ParentUnreachableRegistering = "250", Group | Registration, Person | Administrator;
    /// The parent refused the connection (TLS or credentials) while registering.
    ParentRefusedRegistering = "251", Group | Registration, Person | Administrator;
    /// The parent answered with an internal error while registering.
    ParentFailedRegistering = "252", Group | Registration, Person | Administrator;
    /// The parent does not know this device as a member.
    ParentUnknownMember = "253", Group | Registration, Person | Administrator;
    /// The parent is unreachable while saving.
    ParentUnreachableSaving = "260", Group | Registration | Editing, Person | Administrator;
    /// The parent refused the connection while saving.
    ParentRefusedSaving = "261", Group | Registration | Editing, Person | Administrator;
    /// The parent answered with an internal error while saving.
    ParentFailedSaving = "262", Group | Registration | Editing, Person | Administrator;
    /// The signed-in user's record could not be read in a group.
    GroupUserUnreadable = "703", Group | Registration, Person;
    /// The group's database has the card under another user, or waits to distribute it.
    GroupCardTaken = "750", Group | Registration | Editing, Administrator;
    /// The group's database refused the card.
    GroupCardRefused = "752", Group | Registration | Editing, Administrator;
    /// The user ID cannot be registered: the group's store is at its limit.
    GroupFull = "801", Group | Registration | Editing, Administrator;
    /// The user ID cannot be registered: the parent refused it.
    GroupUserRefused = "802", Group | Registration | Editing, Administrator;

    /// The user store cannot be opened or read.
    StoreUnavailable = "307", System, Administrator;
    /// The user store is full or read-only.
    StoreFull = "308", System, Administrator;
    /// A transaction could not be committed; nothing changed.
    NotCommitted = "309", System, Administrator;
    /// A component of the service is missing.
    ComponentMissing = "404", System, Administrator;
    /// Internal error in the service.
    Internal = "500", System, Administrator;
    /// No reader is running.
    NoReader = "600", System, Administrator;
    /// The settings cannot be read.
    SettingsUnreadable = "707", System, Administrator;
    /// The settings cannot be saved.
    SettingsUnwritable = "709", System, Administrator;
    /// Unexpected failure of the user store.
    StoreFailed = "902", System, Administrator;
    /// Unexpected failure of the password check.
    HasherFailed = "903", System, Administrator;
    /// Unexpected failure of the panel's server.
    PanelFailed = "904", System, Administrator;
    /// Unexpected failure of the control socket.
    ControlFailed = "905", System, Administrator;
    /// Unexpected failure of the reader runtime.
    ReadersFailed = "906", System, Administrator;
    /// Unexpected failure of a simulated reader.
    SimulatorFailed = "907", System, Administrator;
    /// Unexpected failure of the directory client.
    DirectoryClientFailed = "908", System, Administrator;
    /// Unexpected failure of the audit log.
    AuditFailed = "909", System, Administrator;
    /// Unexpected failure of a station's task.
    StationFailed = "910", System, Administrator;
    /// The user's record cannot be read.
    UserUnreadable = "3006", System, Administrator;
    /// The user's record cannot be written.
    UserUnwritable = "3007", System, Administrator;
    /// The session service failed.
    SessionsFailed = "3010", System, Administrator;
    /// The session's data is damaged.
    SessionDamaged = "3011", System, Administrator;
    /// Key material is missing.
    KeyMissing = "3012", System, Administrator;
    /// The audit log cannot be written.
    AuditUnwritable = "3025", System, Administrator;

    /// A certificate stored on the device is broken.
    StoredCertificateBroken = "016-405", Fault, Administrator;
    /// The TLS client certificate cannot be used.
    TlsClientCertificate = "016-406", Fault, Administrator;
    /// Name resolution failed.
    NameResolution = "016-454", Fault, Administrator;
    /// The mail server's name cannot be resolved.
    MailServerUnresolved = "016-503", Fault, Administrator;
    /// LDAP over TLS: the server asks for a client certificate.
    TlsClientCertificateAsked = "016-522", Fault, Administrator;
    /// LDAP over TLS: the server's certificate is not trusted.
    TlsCertificateUntrusted = "016-523", Fault, Administrator;
    /// LDAP over TLS: the server's certificate will expire soon.
    TlsCertificateExpiresSoon = "016-524", Fault, Administrator;
    /// LDAP over TLS: the server's certificate has expired.
    TlsCertificateExpired = "016-525", Fault, Administrator;
    /// LDAP over TLS: the server's name does not match the certificate.
    TlsCertificateName = "016-526", Fault, Administrator;
    /// LDAP over TLS: internal error.
    TlsInternal = "016-527", Fault, Administrator;
    /// The folder's password is wrong.
    FolderPasswordWrong = "016-713", Fault, Administrator;
    /// The mail server refuses the connection.
    MailServerRefused = "016-764", Fault, Administrator;
    /// A mail address is wrong.
    MailAddressWrong = "016-767", Fault, Administrator;
    /// The mail server was not found or answered with an error.
    MailServerNotFound = "016-781", Fault, Administrator;
    /// Software update: the signature check failed.
    UpdateSignature = "017-759", Fault, Administrator;
    /// LDAP sign-in: the account is disabled or its access refused.
    LdapAccountRefused = "018-405", Fault, Administrator | Directory;
    /// LDAP sign-in: server error.
    LdapServerError = "018-596", Fault, Administrator;
    /// LDAP: no connection for a query.
    LdapNotConnected = "018-781", Fault, Administrator;
    /// LDAP result: operations error (1).
    LdapOperationsError = "018-782", Fault, Administrator | Directory;
    /// LDAP result: protocol error (2).
    LdapProtocolError = "018-783", Fault, Administrator | Directory;
    /// LDAP result: time or administrative limit (3, 11).
    LdapLimitExceeded = "018-784", Fault, Administrator | Directory;
    /// LDAP result: size limit (4).
    LdapSizeLimit = "018-785", Fault, Administrator | Directory;
    /// LDAP result: sign-in method or its protection (7, 8, 13, 48).
    LdapAuthMethod = "018-786", Fault, Administrator | Directory;
    /// LDAP result: referral (10).
    LdapReferral = "018-787", Fault, Administrator | Directory;
    /// LDAP result: critical extension unavailable (12).
    LdapControlUnsupported = "018-788", Fault, Administrator | Directory;
    /// LDAP result: attribute absent or undefined (16, 17).
    LdapAttributeUnknown = "018-789", Fault, Administrator | Directory;
    /// LDAP result: value refused (18 to 21).
    LdapValueRefused = "018-790", Fault, Administrator | Directory;
    /// LDAP result: name or alias (32 to 36).
    LdapNaming = "018-791", Fault, Administrator | Directory;
    /// LDAP result: credentials refused (49).
    LdapBindRefused = "018-792", Fault, Administrator | Directory;
    /// LDAP result: access rights (50).
    LdapAccessDenied = "018-793", Fault, Administrator | Directory;
    /// LDAP result: busy or unavailable (51, 52).
    LdapBusy = "018-794", Fault, Administrator | Directory;
    /// LDAP result: unwilling, or a loop (53, 54).
    LdapUnwilling = "018-795", Fault, Administrator | Directory;
    /// LDAP result: rule for changing entries (64 to 69, 71).
    LdapUpdateRule = "018-796", Fault, Administrator | Directory;
    /// LDAP result: any other result code.
    LdapOther = "018-797", Fault, Administrator | Directory;
    /// Self test: the entropy source failed.
    EntropySource = "024-371", Fault, Administrator;
    /// Two machines have the same IP address.
    AddressConflict = "027-452", Fault, Administrator;
    /// Self test: checksum mismatch of reader firmware or a plug-in.
    FirmwareChecksum = "033-321", Fault, Administrator;
    /// Self test: the random generator's known-answer test failed.
    RandomGenerator = "116-321", Fault, Administrator;
    /// Self test: checksum mismatch of the program.
    ProgramChecksum = "117-311", Fault, Administrator;
}
