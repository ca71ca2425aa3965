//! Backups, by the form that all have.

use std::fs;

use kazasu_store::{BackupError, Store};

use crate::{Place, add, audit::every_change, audit::snapshot, bind, listed, tap};

pub async fn a_backup_restored_is_what_was_saved(place: &impl Place) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    let store = place.open();
    every_change(&store).await;
    let before = snapshot(&store).await;
    let saved = store.backup(file.clone()).await.unwrap();
    assert_eq!(saved.bytes, fs::metadata(&file).unwrap().len());
    assert_eq!(saved.users, store.list_users().await.unwrap().len() as u64);
    // The store goes on; what it does then is not in it.
    add(&store, &["later"]).await;
    tap(&store, 9).await;
    assert_ne!(snapshot(&store).await, before);
    drop(store);

    let restored = place.restore_from(&file).unwrap();
    assert_eq!((restored.users, restored.was_damaged), (saved.users, false));
    let store = place.open();
    assert_eq!(snapshot(&store).await, before);
    assert!(store.verify_audit().await.unwrap().is_ok());
    // And it is a store like any other.
    add(&store, &["later"]).await;
    tap(&store, 9).await;
    bind(&store, 9, "later", None).await;
    assert!(store.verify_audit().await.unwrap().is_ok());
}

pub async fn a_backup_that_was_changed_is_refused(place: &impl Place) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    let store = place.open();
    add(&store, &["tanaka"]).await;
    store.backup(file.clone()).await.unwrap();
    add(&store, &["suzuki"]).await;
    let before = snapshot(&store).await;
    drop(store);
    let whole = fs::read(&file).unwrap();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let cut = whole[..whole.len() - 1].to_vec();
    let longer = [whole.as_slice(), b"\n"].concat();
    type Is = fn(&BackupError) -> bool;
    let rows: [(&str, Vec<u8>, Is); 6] = [
        ("another byte", flipped(10), |e| matches!(e, BackupError::Changed { .. })),
        ("another sum", flipped(whole.len() - 9), |e| matches!(e, BackupError::Changed { .. })),
        ("cut off", cut, |e| matches!(e, BackupError::CutOff(_))),
        ("longer", longer, |e| matches!(e, BackupError::CutOff(_))),
        ("empty", Vec::new(), |e| matches!(e, BackupError::NotABackup(_))),
        ("text", b"user_id,name\n".to_vec(), |e| matches!(e, BackupError::NotABackup(_))),
    ];
    for (what, bytes, is) in rows {
        fs::write(&file, bytes).unwrap();
        let error = place.restore_from(&file).unwrap_err();
        assert!(is(&error), "{what}: {error:?}");
        assert_eq!(snapshot(&place.open()).await, before, "{what}");
    }
    // Undone, it is one again.
    fs::write(&file, whole).unwrap();
    place.restore_from(&file).unwrap();
    assert_eq!(listed(&place.open()).await, ["tanaka registered no card"]);
}

pub async fn a_backup_is_written_over_backups_alone(place: &impl Place) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    let store = place.open();
    add(&store, &["tanaka"]).await;
    fs::write(&file, "a letter").unwrap();
    let refused = store.backup(file.clone()).await.unwrap_err();
    assert!(matches!(refused, BackupError::WouldReplace(_)), "{refused:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "a letter");
    fs::remove_file(&file).unwrap();
    store.backup(file.clone()).await.unwrap();
    add(&store, &["suzuki"]).await;
    assert_eq!(store.backup(file.clone()).await.unwrap().users, 2);
    // No part of one is left beside it.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    drop(store);
    place.restore_from(&file).unwrap();
    assert_eq!(place.open().list_users().await.unwrap().len(), 2);
}
