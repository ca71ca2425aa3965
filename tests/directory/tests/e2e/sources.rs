//! Where each error code of a directory comes from in the tests.

use kazasu_registration::{ErrorCode, Part};

/// A code, and what makes it: a server's own doing, the retcode overlay of slapd, or a recording.
const SOURCES: &[(ErrorCode, &str)] = &[
    (ErrorCode::DirectoryNotConfigured, "no directory: the service's own"),
    (
        ErrorCode::DirectorySettingsIncomplete,
        "slapd: a section without card attribute or service account",
    ),
    (ErrorCode::DirectoryBusy, "retcode 51"),
    (ErrorCode::DirectoryAddressWrong, "the section alone: servers = ['ldaps://dc1']"),
    (ErrorCode::DirectoryTlsOff, "retcode 13"),
    (ErrorCode::DirectoryCertificateUntrusted, "slapd: another authority"),
    (
        ErrorCode::DirectoryCertificateExpired,
        "slapd and Samba: a certificate of the past; one of the future",
    ),
    (ErrorCode::DirectoryCertificateName, "slapd and Samba: a certificate for another name"),
    (ErrorCode::DirectoryUnavailable, "retcode 52; recorded: a notice of disconnection"),
    (ErrorCode::DirectoryLimitExceeded, "retcode 3, 11"),
    (ErrorCode::DirectoryWrongCredentials, "slapd and Samba; recorded: 525, 57"),
    (ErrorCode::DirectoryClientCertificate, "slapd: TLSVerifyClient demand"),
    (ErrorCode::DirectoryUserNotPermitted, "Samba: 530, outside the base, outside the group"),
    (ErrorCode::DirectorySizeLimit, "retcode 4"),
    (ErrorCode::DirectoryBindName, "Samba: an ID with an @"),
    (ErrorCode::DirectoryPasswordExpired, "Samba: 532; slapd: password policy"),
    (ErrorCode::DirectorySettingsChanged, "reserved: nothing produces it"),
    (ErrorCode::DirectoryPasswordUnreadable, "retcode 50 of a search"),
    (
        ErrorCode::DirectorySearchBaseMissing,
        "retcode 32 of a search; Samba: the check of a wrong base",
    ),
    (ErrorCode::DirectoryServiceAccount, "slapd: a wrong password of the service account"),
    (ErrorCode::DirectoryPasswordInitial, "Samba: 773; slapd: password policy"),
    (ErrorCode::DirectoryAccountDisabled, "Samba: 533, 531; a card of a disabled account"),
    (ErrorCode::DirectoryNoWriteRight, "Samba and slapd: an attribute that people may not write"),
    (ErrorCode::DirectoryNoSuchAttribute, "retcode 16"),
    (ErrorCode::DirectoryUndefinedAttribute, "retcode 17"),
    (ErrorCode::DirectoryValueExists, "retcode 20"),
    (ErrorCode::DirectoryCardAttributeUnknown, "Samba: extensionAttribute1; slapd: noSuch"),
    (ErrorCode::DirectoryCardAttributeForeign, "Samba and slapd: a telephone number in it"),
    (ErrorCode::DirectoryMailAttributeUnknown, "slapd: noSuch"),
    (ErrorCode::DirectoryUserIdAttributeUnknown, "slapd: noSuch"),
    (ErrorCode::DirectoryStrongerAuthRequired, "retcode 8; recorded: 00002028, 80090346"),
    (ErrorCode::DirectoryMechanismUnsupported, "retcode 7"),
    (ErrorCode::DirectoryReferral, "retcode 10"),
    (ErrorCode::DirectoryAttributeSyntax, "slapd: seeAlso; Samba: a number that is too long"),
    (
        ErrorCode::DirectoryUnreachable,
        "slapd: killed; a name without address; a port without a server",
    ),
    (ErrorCode::DirectoryCardDuplicate, "Samba and slapd: two people with one number"),
    (ErrorCode::DirectoryUserIdEmpty, "slapd: an attribute without a value"),
    (ErrorCode::DirectoryReadBackDiffers, "slapd: an attribute that people write and cannot read"),
    (ErrorCode::DirectoryMalformedAnswer, "recorded"),
    (ErrorCode::DirectorySignInAttributeWrong, "slapd: an attribute that two people share"),
    (ErrorCode::DirectoryProfileDisabled, "the section alone: enabled = false"),
    (ErrorCode::DirectoryNaming, "retcode 32 to 36"),
    (ErrorCode::DirectoryTimeout, "slapd behind a relay that falls silent"),
    (ErrorCode::DirectoryUnwilling, "retcode 53"),
    (ErrorCode::DirectoryConstraint, "slapd: an attribute of at most 8 characters; retcode 19, 65"),
    (ErrorCode::DirectoryEntryOperation, "retcode 66 to 69"),
    (ErrorCode::DirectoryControlRefused, "retcode 12"),
    (ErrorCode::DirectoryOther, "every other retcode"),
    (ErrorCode::DirectoryAccountExpired, "Samba: 701; a card of an expired account"),
    (
        ErrorCode::DirectoryAccountLocked,
        "Samba: 775; slapd: password policy; a card of a locked account",
    ),
];

#[test]
fn every_code_of_a_directory_has_a_source() {
    for code in ErrorCode::ALL.into_iter().filter(|code| code.parts().contains(&Part::Directory)) {
        let rows = SOURCES.iter().filter(|(known, _)| *known == code).count();
        assert_eq!(rows, 1, "{code}");
    }
}
