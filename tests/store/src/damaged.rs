//! A record that cannot be read.

use kazasu_registration::{AuditEvent, LookUp};
use kazasu_store::{Store, StoreErrorKind};

use crate::{Place, add, at, bind, card, id, listed, tap};

/// Its own calls say so, everybody else goes on, and it can be deleted by its row alone.
pub async fn a_damaged_record_stops_nobody_else(place: &impl Place) {
    let store = place.open();
    add(&store, &["suzuki", "tanaka"]).await;
    tap(&store, 1).await;
    bind(&store, 1, "tanaka", None).await;
    place.damage_record(&id("tanaka"));

    for failed in [
        store.credentials(id("tanaka")).await.map(drop),
        store.find_user(id("tanaka").into()).await.map(drop),
        store.look_up(card(1)).await.map(drop),
    ] {
        let error = failed.unwrap_err();
        assert_eq!((error.kind, error.code().as_str()), (StoreErrorKind::RecordDamaged, "303"));
    }
    assert_eq!(listed(&store).await, ["suzuki registered no card"]);
    tap(&store, 2).await;
    bind(&store, 2, "suzuki", None).await;
    assert!(matches!(store.look_up(card(2)).await, Ok(LookUp::Registered(_))));

    let damaged = store.damaged_users().await.unwrap();
    let [only] = damaged.as_slice() else { panic!("{damaged:?}") };
    assert_eq!(only.key, Some(id("tanaka").into()));
    assert_eq!(store.delete_damaged(only.row + 100, at(3)).await, Ok(false));
    assert_eq!(store.delete_damaged(only.row, at(3)).await, Ok(true));
    assert_eq!(store.delete_damaged(only.row, at(3)).await, Ok(false));
    assert_eq!(store.damaged_users().await, Ok(Vec::new()));
    let log = store.audit_log(0).await.unwrap();
    let word = AuditEvent::DamagedUserDeleted { row: only.row }.word();
    assert_eq!(log.iter().filter(|entry| entry.event == word).count(), 1);
    // ID and card are free again.
    assert_eq!(store.look_up(card(1)).await, Ok(LookUp::Unknown));
    add(&store, &["tanaka"]).await;
}
