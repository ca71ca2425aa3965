//! Users as administrators see and change them.

use kazasu_registration::{ErrorCode, Limits, Page, Role, Settings, SignInAs, UserKey};
use kazasu_service::{
    AdminError, Authority, BadLine, ImportError, LineProblem, Loaded, Store, UserEdit,
};

use crate::{
    on_both_stores,
    world::{World, alone, entry, key, number, with},
};

on_both_stores!(
    administration_goes_through_the_same_rules(with(&[
        ("capacity.registered", "3"),
        ("capacity.records", "4"),
    ])),
    roles_and_limits_come_and_go_with_a_file(with(&[])),
    records_are_changed(with(&[])),
);

async fn administration_goes_through_the_same_rules(world: World<impl Store>) {
    let office = world.office();
    let import = |csv: &str| office.import_users(csv.as_bytes().to_vec().into());
    let code = |error: AdminError| error.code().map(ErrorCode::as_str);

    office.add_user(entry("tanaka", "sesame")).await.unwrap();
    let taken = office.add_user(entry("tanaka", "sesame")).await.unwrap_err();
    assert_eq!(taken.to_string(), "user_id is taken");
    assert_eq!(code(taken), Some("122"));
    assert_eq!(code(office.add_user(entry("guest", "sesame")).await.unwrap_err()), Some("711"));
    assert_eq!(code(office.add_user(entry("x", "")).await.unwrap_err()), Some("301"));

    match import("user_id\nsuzuki\ntanaka\n").await {
        Err(AdminError::Import(ImportError::Lines { bad, more: 0 })) => {
            assert!(matches!(bad[..], [BadLine { line: 3, problem: LineProblem::Field(_) }]));
        }
        other => panic!("{other:?}"),
    }
    for csv in ["user_id\na\nb\nc\nd\n", "user_id\na\nb\nc\n"] {
        assert_eq!(import(csv).await, Err(AdminError::Full), "{csv:?}");
    }
    assert_eq!(import("user_id,password\nsuzuki,open\nsato,\n").await, Ok(2));
    let listed: Vec<_> =
        office.list_users().await.unwrap().iter().map(|u| u.key.as_str().to_owned()).collect();
    assert_eq!(listed, ["sato", "suzuki", "tanaka"]);

    // An imported password works, and so does none.
    for (n, user, password) in [(1, "suzuki", "open"), (2, "sato", "")] {
        world.register(n, user, password).await;
    }
    assert_eq!(office.delete_user(&key("suzuki")).await, Ok(()));
    assert_eq!(office.delete_user(&key("suzuki")).await, Err(AdminError::NoSuchUser));
    assert_eq!(office.describe_user(&key("suzuki")).await, Err(AdminError::NoSuchUser));
    // Commands without a service work on the store alone, under the same rules.
    let loaded = Loaded::from(kazasu_registration::Site::new(Settings::default()).unwrap());
    let service = alone(&world.store, loaded);
    let admin = service.office(&Authority::OWNER);
    assert_eq!(admin.list_users().await.unwrap().len(), 2);
    assert_eq!(code(admin.add_user(entry("a:b", "sesame")).await.unwrap_err()), Some("122"));
}

/// S10-4-08, S10-4-09.
async fn roles_and_limits_come_and_go_with_a_file(world: World<impl Store>) {
    let office = world.office();
    let csv = "user_id,name,mail,role,limits\n\
               chief,Chief,chief@example.jp,administrator,\n\
               sato,,,,no-copy no-fax\n";
    assert_eq!(office.import_users(csv.as_bytes().to_vec().into()).await, Ok(2));
    let users = office.list_users().await.unwrap();
    let shown: Vec<_> = users
        .iter()
        .map(|u| format!("{} {} {}", u.key.as_str(), u.role.as_str(), u.limits.to_text()))
        .collect();
    assert_eq!(shown, ["chief administrator ", "sato general no-copy no-fax"]);
    let exported = office.export_users().await.unwrap();
    for user in ["chief", "sato"] {
        office.delete_user(&key(user)).await.unwrap();
    }
    assert_eq!(office.import_users(exported.clone().into_bytes().into()).await, Ok(2));
    assert_eq!(office.export_users().await.as_ref(), Ok(&exported));
}

async fn records_are_changed(world: World<impl Store>) {
    let office = world.office();
    world.add("tanaka", "sesame").await;
    world.register(1, "tanaka", "sesame").await;
    world.tap(2);
    world.form().await;
    let tanaka = key("tanaka");
    let edit = |edit| office.edit_user(&tanaka, edit);
    let text = |text: &str| Some(text.to_owned());
    let password = |text: &str| Some(Some(text.to_owned().into()));

    let wrong = UserEdit {
        name: text(&"x".repeat(33)),
        mail: text("\u{3042}"),
        password: password("abc"),
        role: Some(Role::Administrator),
        ..UserEdit::default()
    };
    match edit(wrong).await {
        Err(AdminError::Fields(errors)) => {
            let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(fields, ["name", "mail", "password"]);
        }
        other => panic!("{other:?}"),
    }
    let told = office.describe_user(&key("tanaka")).await.unwrap();
    assert_eq!((told.listed.role, told.listed.name.as_str()), (Role::General, "tanaka"));

    let right = UserEdit {
        name: text("Tanaka"),
        mail: text("t@example.jp"),
        role: Some(Role::Administrator),
        limits: Some(Limits { fax: false, ..Limits::ALLOW_ALL }),
        password: password("mellon"),
        unlink_card: false,
    };
    assert_eq!(edit(right).await, Ok(()));
    let told = office.describe_user(&key("tanaka")).await.unwrap();
    assert_eq!(
        (told.listed.role, told.listed.limits.to_text()),
        (Role::Administrator, "no-fax".to_owned())
    );
    assert_eq!(told.card, Some(number(1)));
    world.act(kazasu_service::PanelAction::Cancel).await;
    // The role and the password count at once.
    for (password, right) in [("sesame", false), ("mellon", true)] {
        world.sign_in(SignInAs::Administrator, "tanaka", password).await;
        match right {
            false => world.code(ErrorCode::SignInFailed).await,
            true => {
                let administrator = |page: &Page| matches!(page, Page::Administrator { .. });
                world.shows("desk", "administrator", administrator).await;
            }
        }
    }
    // Empty fields: the ID as name, no address; and no card, no password.
    let cleared = UserEdit {
        name: text(""),
        mail: text(""),
        password: Some(None),
        unlink_card: true,
        ..UserEdit::default()
    };
    assert_eq!(edit(cleared).await, Ok(()));
    let told = office.describe_user(&key("tanaka")).await.unwrap();
    assert_eq!((told.listed.name.as_str(), &told.listed.mail), ("tanaka", &None));
    assert_eq!((told.card, told.has_password), (None, false));
    assert_eq!(world.cards().await, ["- 02"]);

    let nothing = UserEdit::default;
    assert_eq!(office.edit_user(&key("nobody"), nothing()).await, Err(AdminError::NoSuchUser));
    let leftover = UserKey::Provisional(number(2));
    assert_eq!(office.edit_user(&leftover, nothing()).await, Err(AdminError::Provisional));
    assert!(
        !format!("{:?}", UserEdit { password: password("mellon"), ..nothing() }).contains("mellon")
    );
}
