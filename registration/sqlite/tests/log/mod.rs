use kazasu_registration::{
    AuditEvent, AuditRecord, Claimed, CommitOutcome, DeviceSecret, ErrorCode, Refused,
};
use kazasu_store::{SettingsToStore, Store};

use crate::contract::*;

/// `audit` reads the log as `event user code [card] [replaced] [detail]`, oldest first, with a
/// letter for each card that the log refers to, in the order they appear.
pub(crate) async fn the_log_tells_all_and_holds_no_number(
    store: &impl Store,
    audit: impl Fn() -> Vec<String>,
) {
    add(store, &["tanaka"]).await;
    tap(store, 1).await;
    tap(store, 1).await;
    bind(store, 1, "tanaka", None).await;
    tap(store, 2).await;
    bind(store, 2, "tanaka", None).await;
    bind(store, 2, "tanaka", Some(1)).await;
    tap(store, 3).await;
    let failed = |who, card| AuditEvent::SignInFailed(Refused::wrong(who, card));
    let events = [
        AuditEvent::Refused { code: ErrorCode::Full, card: card(9) },
        failed(Claimed::User(id("tanaka")), Some(card(3))),
        failed(Claimed::Unknown, None),
        failed(Claimed::Device(DeviceSecret::Engineer), None),
        AuditEvent::CardWritten { user: id("tanaka"), replaced: false },
    ];
    for event in events {
        let record = AuditRecord { at: at(4), station: Some(desk()), event };
        assert_eq!(store.append_audit(record).await, Ok(()));
    }
    store.delete_user(key(3), at(5)).await.unwrap();
    tap(store, 4).await;
    let copied = store.commit_copy(binding(4, "sato", None), copy("sato", MANY)).await;
    assert_eq!(copied, Ok(CommitOutcome::Done));
    change_everything(store, "sato").await;
    store.delete_user(id("tanaka").into(), at(5)).await.unwrap();
    let secret = |which, verifier| store.set_secret(which, verifier, at(6));
    secret(DeviceSecret::KeyOperator, Some(hash("x"))).await.unwrap();
    secret(DeviceSecret::KeyOperator, None).await.unwrap();
    let keys = ["card.number", "sign-in.mode"].map(str::to_owned).to_vec();
    store.save_settings(SettingsToStore { keys, ..change(0, "{}") }).await.unwrap();
    tap(store, 5).await;
    let deletes = SettingsToStore { deletes_users: true, ..change(1, "{}") };
    store.save_settings(deletes).await.unwrap();
    let lines = audit();
    assert_eq!(
        lines,
        [
            "user-added tanaka - - - -",
            "provisional-made - - A - -",
            "card-bound tanaka - A - -",
            "provisional-made - - B - -",
            "card-replaced tanaka - B A -",
            "provisional-made - - C - -",
            "registration-refused - K01 - - -",
            "sign-in-failed tanaka K06 C - -",
            "sign-in-failed - K06 - - -",
            "sign-in-failed - K06 - - engineer",
            "card-written tanaka - - - -",
            "provisional-deleted - - C - -",
            "provisional-made - - D - -",
            "user-copied sato - - - account-administrator no-fax",
            "card-bound sato - D - -",
            "user-edited sato - - - -",
            "role-changed sato - - - account-administrator",
            "limits-changed sato - - - no-copy no-fax no-scan no-print",
            "card-unlinked sato - D - -",
            "user-deleted tanaka - B - -",
            "secret-set - - - - administrator",
            "secret-set - - - - administrator",
            "settings-changed - - - - version 1: card.number sign-in.mode",
            "provisional-made - - E - -",
            "users-deleted - - - - 1",
            "settings-changed - - - - version 2: card.number",
        ]
    );
}
