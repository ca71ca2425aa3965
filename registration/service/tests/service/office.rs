//! From whom a wish comes says what may be wished.

use kazasu_registration::{AuditEvent, Claimed, DeviceSecret, Role, Settings};
use kazasu_service::{
    AdminError, Authority, CardToRemove, Directory, Office, PanelAction, Plan, Store, Unlock,
    UserEdit, Versioned,
};

use crate::{
    on_both_stores,
    world::{World, changes, entry, id, key, station},
};

on_both_stores!(
    each_authority_does_what_is_its_matter_and_no_more(Settings::default()),
    whoever_is_no_administrator_any_more_has_no_office(Settings::default()),
    surfaces_that_outlive_the_service_are_told_that_it_ended(Settings::default()),
);

/// Which wishes are refused, whatever else would come of them.
async fn refused(office: &Office<'_, impl Store, impl Directory>) -> Vec<&'static str> {
    let nobody = key("nobody");
    let settings = Versioned { version: 0, settings: Settings::default() };
    let plan = Plan {
        after: settings.settings.clone(),
        before: settings,
        changed: Vec::new(),
        makes_key: false,
        renumbered: 0,
        deleted: 0,
    };
    // In no folder.
    let no_file = std::path::PathBuf::from("/no/such/folder/backup");
    macro_rules! each {
        ($($wish:ident($($with:expr),*)),* $(,)?) => {
            [$((stringify!($wish), office.$wish($($with),*).await.err())),*]
        };
    }
    let told = each!(
        add_user(entry("somebody", "sesame")),
        edit_user(&nobody, UserEdit::default()),
        rename_user(&nobody, "other"),
        delete_user(&nobody),
        delete_provisional(None),
        delete_damaged(1),
        list_users(),
        damaged_users(),
        describe_user(&nobody),
        find_user("nobody"),
        leftovers(),
        list_locked(),
        unlock(Unlock::All),
        list_cards(),
        remove_directory_card(CardToRemove::Of(id("nobody"))),
        import_users(b"user_id\n".to_vec().into()),
        export_users(),
        settings(),
        settings_history(),
        viewed(std::iter::empty()),
        draft(&changes(&[]), None),
        plan(changes(&[])),
        commit(&plan),
        set_secret(DeviceSecret::Engineer, None),
        backup(no_file.clone()),
        verify_audit(),
        export_audit(),
        audit_after(0),
        record_audit(AuditEvent::LogBegun),
        record_start("0", "boot"),
    );
    let refused = told.into_iter().filter(|(_, error)| *error == Some(AdminError::NotAllowed));
    refused.map(|(wish, _)| wish).collect()
}

async fn each_authority_does_what_is_its_matter_and_no_more(world: World<impl Store>) {
    world.add("chief", "sesame").await;
    let edit = UserEdit { role: Some(Role::Administrator), ..UserEdit::default() };
    world.office().edit_user(&key("chief"), edit).await.unwrap();
    let administrators = world.service.administrators();
    let chief = administrators.standing(Claimed::User(id("chief"))).await.unwrap().unwrap();
    let logs = ["audit_after", "record_audit", "record_start"];
    assert_eq!(refused(&world.office()).await, logs, "the owner");

    let all = refused(&world.service.office(&Authority::SERVICE)).await;
    assert!(all.iter().all(|wish| !logs.contains(wish)), "the service");
    assert_eq!(all.len(), 27, "the service keeps the log, and does nothing else: {all:?}");

    let office = administrators.office(&chief);
    let all = refused(&office).await;
    assert!(!all.contains(&"export_audit"), "an administrator over the network");
    assert_eq!(all.len(), 29, "takes the log, and does nothing else: {all:?}");
    assert_eq!(world.office().list_users().await.unwrap().len(), 2, "only the owner added one");
}

/// A session is that of the account, the role and the password of when it began.
async fn whoever_is_no_administrator_any_more_has_no_office(world: World<impl Store>) {
    world.add("chief", "sesame").await;
    let administrators = world.service.administrators();
    let standing = || administrators.standing(Claimed::User(id("chief")));
    assert_eq!(standing().await, Ok(None), "not yet");
    for (role, is_one) in [(Role::Administrator, true), (Role::General, false)] {
        let edit = UserEdit { role: Some(role), ..UserEdit::default() };
        world.office().edit_user(&key("chief"), edit).await.unwrap();
        assert_eq!(standing().await.unwrap().is_some(), is_one, "{role:?}");
    }
}

async fn surfaces_that_outlive_the_service_are_told_that_it_ended(world: World<impl Store>) {
    let stations = world.service.stations().clone();
    let desk = station("desk");
    let session = world.view("desk").borrow().session;
    stations.record(Some(desk.clone()), AuditEvent::PanelLinkMade).await.unwrap();
    world.service.shutdown().await;
    let late = stations.record(Some(desk.clone()), AuditEvent::PanelLinkMade).await;
    assert_eq!(late, Err(AdminError::Stopped));
    assert!(stations.act(&desk, session, PanelAction::AuthenticationKey).await.is_err());
    assert_eq!(world.office().list_users().await, Err(AdminError::Stopped));
}
