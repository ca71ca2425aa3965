use kazasu_registration::ErrorCode as E;

use super::*;

/// Texts as servers write them: Windows (MS-ERREF, and as documented for LDAP error 49), and Samba
/// 4.17 with its own DSID.
#[test]
fn the_number_behind_data() {
    let check =
        |text: &str, expected| assert_eq!(ResultCode::new(49, text).data, expected, "{text}");
    let samba =
        "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e, v1db1";
    check(samba, Some(0x52E));
    check(
        "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 525, v4563\0",
        Some(0x525),
    );
    check(
        "8009030C: LdapErr: DSID-0C0906B0, comment: AcceptSecurityContext error, DATA 775, v3839",
        Some(0x775),
    );
    check(
        "80090346: LdapErr: DSID-0C09065D, comment: AcceptSecurityContext error, data 80090346, v4563",
        Some(0x8009_0346),
    );
    check("metadata 52e, data 57", Some(0x57));
    check("data 52e", Some(0x52E));
    check("data 52eg", None);
    check("data ", None);
    check("data 123456789, data 1", Some(1));
    check("", None);
    check("Invalid credentials", None);
    check("ﬁle data 52e", Some(0x52E));
}

/// One row a number of Active Directory; whose answers they are is told where they are not Samba's.
#[test]
fn active_directorys_refusals() {
    let rows = [
        (0x525, E::DirectoryWrongCredentials, true), // Windows: no such user. Recorded
        (0x57, E::DirectoryWrongCredentials, true), // Windows: a name of nobody or several. Recorded
        (0x52E, E::DirectoryWrongCredentials, false),
        (0x530, E::DirectoryUserNotPermitted, false),
        (0x531, E::DirectoryAccountDisabled, false),
        (0x532, E::DirectoryPasswordExpired, false),
        (0x533, E::DirectoryAccountDisabled, false),
        (0x54E, E::DirectoryWrongCredentials, false),
        (0x701, E::DirectoryAccountExpired, false),
        (0x773, E::DirectoryPasswordInitial, false),
        (0x775, E::DirectoryAccountLocked, false),
        (0x8009_0346, E::DirectoryStrongerAuthRequired, false),
        (0xFFFF, E::DirectoryWrongCredentials, false),
    ];
    for (data, expected, unknown) in rows {
        let result = ResultCode { code: 49, data: Some(data), policy: None };
        assert_eq!(result.error(Step::Bind), expected, "{data:x}");
        assert_eq!(says_unknown(result), unknown, "{data:x}");
        // Whatever keeps the service account out is one error.
        assert_eq!(result.error(Step::ServiceBind), E::DirectoryServiceAccount, "{data:x}");
    }
}

#[test]
fn the_password_policys_answer() {
    let check = |value: &[u8], expected| assert_eq!(policy_state(value), expected, "{value:02x?}");
    check(&[0x30, 3, 0x81, 1, 0], Some(PolicyState::Expired));
    check(&[0x30, 3, 0x81, 1, 1], Some(PolicyState::Locked));
    check(&[0x30, 3, 0x81, 1, 2], Some(PolicyState::MustChange));
    check(&[0x30, 8, 0xA0, 3, 0x80, 1, 9, 0x81, 1, 0], Some(PolicyState::Expired));
    check(&[0x30, 5, 0xA0, 3, 0x80, 1, 9], None);
    check(&[0x30, 3, 0x81, 1, 8], None);
    check(&[0x30, 0], None);
    check(&[0x30], None);
    check(&[], None);
}
