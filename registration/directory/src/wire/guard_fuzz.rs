use std::{cell::RefCell, collections::HashSet, time::SystemTime};

use kazasu_registration::CardNumberRule;
use ldap3::{LdapConnAsync, LdapConnSettings, Mod, Scope, SearchEntry, StdStream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    runtime::{Builder, Runtime},
};

use super::*;
use crate::{
    config::{AttributesConfig, BindName, DirectoryConfig, GroupsConfig, Kind, Replace},
    people::{entry::Entry, schema},
    wire::{
        result::{Step, policy_state},
        server::TlsMode,
    },
};

/// Stands in the values of an entry.
const PLANTED: &str = "Zq7~planted";

thread_local! {
    static RUNTIME: RefCell<Option<Runtime>> = const { RefCell::new(None) };
}

/// What a server answers. The first byte chooses to which request.
///
/// What the guard lets through, the library reads without a panic. No error about an entry shows
/// what stands in it.
pub fn server(data: &[u8]) {
    let Some((choice, bytes)) = data.split_first() else { return };
    let requests = [op::BIND, op::SEARCH, op::MODIFY, op::EXTENDED];
    let Some(request) = requests.get(usize::from(choice % 4)) else { return };
    cut_anywhere(bytes);
    let _ = super::request(bytes);
    let _ = policy_state(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let result = ResultCode::new(49, text);
        for step in [Step::ServiceBind, Step::Bind, Step::Search, Step::Write] {
            let _ = result.error(step);
        }
        let definitions: Vec<_> = text.lines().collect();
        for name in ["cn", "a", "mail"] {
            let _ = schema::ldap(&definitions, name);
        }
    }
    RUNTIME.with_borrow_mut(|runtime| {
        if runtime.is_none() {
            *runtime = Builder::new_current_thread().enable_all().build().ok();
        }
        let Some(runtime) = runtime else { return };
        for entry in runtime.block_on(answered(*request, bytes)) {
            tells_nothing(entry);
        }
    });
}

/// The entries that the library finds in what the guard passes on to it.
async fn answered(request: u8, bytes: &[u8]) -> Vec<SearchEntry> {
    let (mut bytes, mut passed) = (bytes.to_vec(), Vec::new());
    let _ = pass_on(&mut bytes, &mut passed, &mut Some(Awaited { id: 1, request })).await;
    if passed.is_empty() {
        return Vec::new();
    }
    if request == op::EXTENDED {
        // The library sends none: this is our own StartTLS.
        assert!(start_tls_result(&passed).is_some(), "{passed:02x?}");
        return Vec::new();
    }
    library_reads(request, &passed).await
}

/// However a message is cut up on its way, it is the same message.
fn cut_anywhere(bytes: &[u8]) {
    let Ok(Some(len)) = whole(bytes) else { return };
    assert!((2..=bytes.len()).contains(&len));
    for cut in [1, 2, 5, len / 2, len.saturating_sub(1)] {
        let cut = bytes.get(..cut.min(len.saturating_sub(1)));
        assert_eq!(cut.map(whole), Some(Ok(None)), "{bytes:02x?}");
    }
    assert_eq!(bytes.get(..len).map(whole), Some(Ok(Some(len))));
}

/// The library on these bytes as the answer to its first request; the entries that it found. Both
/// its tasks have to end without a panic.
pub(super) async fn library_reads(request: u8, answer: &[u8]) -> Vec<SearchEntry> {
    let read = async {
        let (near, mut far) = UnixStream::pair().ok()?;
        let stream = StdStream::Unix(near.into_std().ok()?);
        let settings = LdapConnSettings::new().set_std_stream(stream);
        let (driver, mut ldap) = LdapConnAsync::with_settings(settings, "ldapi:///").await.ok()?;
        let driver = tokio::spawn(driver.drive());
        let call = tokio::spawn(async move {
            let mut entries = Vec::new();
            if request == op::BIND {
                let _ = ldap.simple_bind("cn=x", "y").await;
            } else if request == op::MODIFY {
                let change = Mod::Replace("cn".to_owned(), HashSet::new());
                let _ = ldap.modify("cn=x", vec![change]).await;
            } else {
                let search = ldap.streaming_search("", Scope::Base, "(cn=*)", vec!["cn"]).await;
                let Ok(mut search) = search else { return entries };
                while let Ok(Some(found)) = search.next().await {
                    if !found.is_ref() && !found.is_intermediate() {
                        entries.push(SearchEntry::construct(found));
                    }
                }
            }
            entries
        });
        let mut bytes = [0; 256];
        assert!(far.read(&mut bytes).await.is_ok_and(|len| len > 0));
        far.write_all(answer).await.ok()?;
        drop(far);
        Some(tokio::join!(driver, call))
    };
    let Some((driver, call)) = read.await else { return Vec::new() };
    assert!(driver.is_ok() && call.is_ok(), "{answer:02x?}");
    call.unwrap_or_default()
}

/// An entry of any content as a person's.
fn tells_nothing(mut entry: SearchEntry) {
    for value in entry.attrs.values_mut().flatten() {
        value.push_str(PLANTED);
    }
    // Whatever the server calls them.
    let values: Vec<_> = entry.attrs.values().cloned().collect();
    let names = ["uid", "sAMAccountName", "displayName", "mail", "pager", "entryUUID"];
    entry.attrs.extend(names.map(str::to_owned).into_iter().zip(values));
    let entry = Entry::from(entry);
    let rule = CardNumberRule::default();
    for kind in [Kind::ActiveDirectory, Kind::Ldap] {
        let config = config(kind);
        let failures = [
            entry.person(&config, &rule).err(),
            entry.key(&config).err(),
            entry.check_account(&config, SystemTime::UNIX_EPOCH).err(),
        ];
        for error in failures.into_iter().flatten() {
            assert!(!format!("{error} {error:?}").contains(PLANTED), "{error:?}");
        }
        let _ = entry.cards(&config, &rule);
    }
    assert_eq!(format!("{entry:?}"), "Entry(..)");
}

fn config(kind: Kind) -> DirectoryConfig {
    DirectoryConfig {
        enabled: true,
        kind,
        servers: vec!["x".to_owned()],
        tls: TlsMode::Ldaps,
        ca_file: None,
        client_certificate: None,
        base_dn: "dc=x".to_owned(),
        bind_name: BindName::DnTemplate("uid={},dc=x".to_owned()),
        service_account: None,
        attributes: AttributesConfig {
            card: Some("pager".to_owned()),
            ..AttributesConfig::default()
        },
        person_filter: None,
        replace: Replace::CardNumbers,
        keyed: false,
        groups: GroupsConfig::default(),
        connect_timeout_ms: 1000,
        answer_timeout_ms: 1000,
        max_connections: 1,
    }
}
