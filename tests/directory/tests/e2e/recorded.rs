//! Answers that neither server gives: Windows' own numbers, and what is no answer at all.

use kazasu_directory_bench::{Endless, Flood, Leaf, Pki, Recorded};
use kazasu_registration::ErrorCode as E;
use kazasu_service::{CardToRemove, Directory};

use crate::support::{Outcome, Outcome::Code, client, file, hex_rule, id, number, verify, write};

/// A bind response with this text, to the first request.
fn refused(code: u8, text: &str) -> Vec<u8> {
    let text = text.as_bytes();
    let len = u8::try_from(text.len()).unwrap();
    assert!(len < 110);
    let mut bytes = vec![0x30, len + 12, 2, 1, 1, 0x61, len + 7, 10, 1, code, 4, 0, 4, len];
    bytes.extend_from_slice(text);
    bytes
}

#[tokio::test]
async fn windows_numbers_and_malformed_answers() {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::new();
    pki.issue(Leaf::Good, folder.path());
    let ca = file(folder.path(), "root.pem", pki.root_pem());
    // The form of the text is documented for LDAP error 49; its last character is a NUL on the
    // wire.
    let windows = |data: &str| {
        let text = format!(
            "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data {data}, v4563\0"
        );
        refused(49, &text)
    };
    // 1.3.6.1.4.1.1466.20036 stands outside of the response, where only controls may be.
    let mut notice = vec![0x30, 0x24, 2, 1, 0, 0x78, 7, 10, 1, 52, 4, 0, 4, 0, 0x8A, 22];
    notice.extend_from_slice(b"1.3.6.1.4.1.1466.20036");
    let rows: Vec<(Vec<Vec<u8>>, Outcome)> = vec![
        (vec![windows("525")], Outcome::UnknownUser),
        (vec![windows("57")], Outcome::UnknownUser),
        (vec![windows("52e")], Outcome::WrongPassword),
        (vec![windows("533")], Code(E::DirectoryAccountDisabled)),
        (vec![windows("80090346")], Code(E::DirectoryStrongerAuthRequired)),
        (
            vec![refused(
                8,
                "00002028: LdapErr: DSID-0C090257, comment: The server requires binds to turn on integrity checking\0",
            )],
            Code(E::DirectoryStrongerAuthRequired),
        ),
        (vec![notice], Code(E::DirectoryUnavailable)),
        (vec![b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()], Code(E::DirectoryMalformedAnswer)),
        (vec![vec![0x30, 0x80, 0, 0]], Code(E::DirectoryMalformedAnswer)),
        (vec![vec![0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF]], Code(E::DirectoryMalformedAnswer)),
        // To another request; another operation; no text where text must be.
        (
            vec![vec![0x30, 12, 2, 1, 9, 0x61, 7, 10, 1, 0, 4, 0, 4, 0]],
            Code(E::DirectoryMalformedAnswer),
        ),
        (
            vec![vec![0x30, 12, 2, 1, 1, 0x65, 7, 10, 1, 0, 4, 0, 4, 0]],
            Code(E::DirectoryMalformedAnswer),
        ),
        (
            vec![vec![0x30, 13, 2, 1, 1, 0x61, 8, 10, 1, 0, 4, 0, 4, 1, 0xFF]],
            Code(E::DirectoryMalformedAnswer),
        ),
        // Right, and then nonsense.
        (vec![refused(0, ""), vec![0x04, 0]], Code(E::DirectoryMalformedAnswer)),
        (vec![refused(0, "")], Code(E::DirectoryUnreachable)),
    ];
    for (answers, expected) in rows {
        let shown = format!("{answers:02x?}");
        let server = Recorded::start(folder.path(), answers).await;
        let client = client(&format!(
            "kind = 'active-directory'\nservers = ['{}']\nca_file = {ca}\n\
             base_dn = 'DC=sim,DC=test'\nbind_name.upn_suffix = 'sim.test'",
            server.server()
        ));
        assert_eq!(verify(&client, "alice", "pass of alice").await, expected, "{shown}");
    }
}

/// Whatever a server sends without end, each call tells that it is too much, and gives its place
/// back: there is one.
#[tokio::test]
async fn answers_without_end_are_left() {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::new();
    pki.issue(Leaf::Good, folder.path());
    let ca = file(folder.path(), "root.pem", pki.root_pem());
    let secret = file(folder.path(), "secret", "service pass");
    for flood in [Flood::References, Flood::Entries, Flood::Intermediate] {
        let server = Endless::start(folder.path(), flood).await;
        let client = client(&format!(
            "kind = 'ldap'\nservers = ['{}']\nca_file = {ca}\nbase_dn = 'dc=x'\n\
             bind_name.dn_template = 'uid={{}},dc=x'\nattributes.card = 'pager'\n\
             max_connections = 1\nanswer_timeout_ms = 30000\n\
             service_account = {{ name = 'cn=s', password_file = {secret} }}",
            server.server()
        ));
        let (card, alice) = ("012E4CE1000000A1", ("alice", "pass of alice"));
        // As many entries of one card number are duplicates.
        let of_card = match flood {
            Flood::Intermediate => E::DirectoryMalformedAnswer,
            Flood::References | Flood::Entries => E::DirectoryCardDuplicate,
        };
        let other = match flood {
            Flood::Intermediate => E::DirectoryMalformedAnswer,
            Flood::References | Flood::Entries => E::DirectorySizeLimit,
        };
        let found = client.find(number(card), hex_rule()).await;
        assert_eq!(found.unwrap_err().code, of_card, "{flood:?}");
        assert_eq!(client.whose(id("alice")).await.unwrap_err().code, other, "{flood:?}");
        assert_eq!(verify(&client, alice.0, alice.1).await, Code(other), "{flood:?}");
        assert_eq!(write(&client, alice, card, None).await, Err(other), "{flood:?}");
        for (what, code) in [
            (CardToRemove::Of(id("alice")), other),
            (CardToRemove::Numbered(number(card)), of_card),
        ] {
            let removed = client.remove_card(what, hex_rule()).await;
            assert_eq!(removed.unwrap_err().code, code, "{flood:?}");
        }
    }
}
