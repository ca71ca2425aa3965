//! What is damaged or taken away under an open store.

use kazasu_registration::Failures;

use super::*;

#[tokio::test]
async fn a_damaged_row_is_an_error_that_shows_no_number() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    add(&store, &["tanaka"]).await;
    tap(&store, 1).await;
    store.commit(binding(1, "tanaka", None)).await.unwrap();
    let key = id("tanaka").into();
    for damage in ["number = ''", "technology = 'paper'", "identifier = x'01'"] {
        outside(&path).execute_batch(&format!("UPDATE cards SET {damage}")).unwrap();
        let error = store.credentials(id("tanaka")).await.unwrap_err();
        assert_eq!((error.kind, error.code().as_str()), (StoreErrorKind::RecordDamaged, "303"));
        assert!(!format!("{error:?}").contains("012E4CE1"), "{error:?}");
    }
    // What the code advises: the record goes, whatever is wrong with it.
    assert_eq!(store.delete_user(UserKey::clone(&key), at(1)).await, Ok(true));
    assert_eq!(store.list_users().await, Ok(Vec::new()));
}

/// SQLite would go on with a file that nobody finds again.
#[tokio::test]
async fn a_database_that_was_taken_away_takes_nothing_more() {
    for (taken, replaced) in [
        ("kazasu.db", false),
        ("kazasu.db", true),
        ("kazasu.db-wal", false),
        ("kazasu.db-wal", true),
    ] {
        let (folder, path) = place();
        let store = SqliteStore::open(&path).unwrap();
        add(&store, &["tanaka"]).await;
        let (file, away) = (folder.path().join(taken), folder.path().join("away"));
        fs::rename(&file, &away).unwrap();
        if replaced {
            fs::copy(&away, &file).unwrap();
        }
        let what = if replaced { "was replaced" } else { "was removed" };
        for error in [
            store.add_users(vec![user("suzuki")], MANY, at(0)).await.unwrap_err(),
            store.list_users().await.unwrap_err(),
        ] {
            assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
            assert!(error.message.contains(taken) && error.message.contains(what), "{error}");
        }
        // The very file put back: all goes on, and nothing was lost.
        fs::rename(&away, &file).unwrap();
        add(&store, &["suzuki"]).await;
        assert_eq!(store.list_users().await.unwrap().len(), 2);
        drop(store);
        assert_eq!(SqliteStore::open(&path).unwrap().list_users().await.unwrap().len(), 2);
    }
}

/// Whatever one record holds, the others are listed and used, and it can be deleted by its row.
#[tokio::test]
async fn a_damaged_row_keeps_nobody_else_out() {
    let rows = [
        ("UPDATE users SET name = '' WHERE id = 2", "name", true),
        ("UPDATE users SET name = CAST(x'FF' AS TEXT) WHERE id = 2", "name", true),
        ("UPDATE users SET mail = '' WHERE id = 2", "mail", true),
        ("UPDATE users SET role = 'king' WHERE id = 2", "role", true),
        ("UPDATE users SET verifier = CAST(x'FF' AS TEXT) WHERE id = 2", "verifier", true),
        ("UPDATE users SET user_id = '' WHERE id = 2", "user_id", false),
        ("UPDATE users SET user_id = CAST(x'FF' AS TEXT) WHERE id = 2", "user_id", false),
        ("UPDATE cards SET number = '' WHERE user = 2", "number", true),
        ("UPDATE cards SET technology = 'paper' WHERE user = 2", "technology", true),
        ("UPDATE cards SET identifier = x'01' WHERE user = 2", "identifier", true),
        ("UPDATE cards SET system = 65536 WHERE user = 2", "system", true),
        // A leftover's ID is its card's number.
        ("UPDATE users SET user_id = '' WHERE id = 3", "user_id", false),
        ("DELETE FROM cards WHERE user = 3", "", true),
    ];
    for (damage, column, named) in rows {
        let (_folder, path) = place();
        let store = SqliteStore::open(&path).unwrap();
        add(&store, &["tanaka", "suzuki"]).await;
        tap(&store, 1).await;
        tap(&store, 2).await;
        store.commit(binding(1, "tanaka", None)).await.unwrap();
        store.commit(binding(2, "suzuki", None)).await.unwrap();
        tap(&store, 3).await;
        let failures = Failures { at_device: 2, network: 1 };
        for user in ["tanaka", "suzuki"] {
            store.save_failures(id(user), failures, None).await.unwrap();
        }
        let row = if damage.contains("= 3") { 3 } else { 2 };
        outside(&path).execute_batch(damage).unwrap();

        let listed = store.list_users().await.unwrap();
        assert!(listed.iter().any(|user| user.listed.key.as_str() == "tanaka"), "{damage}");
        let kept = store.failures().await.unwrap();
        assert!(kept.contains(&(id("tanaka"), failures)), "{damage}");
        assert!(matches!(store.look_up(card(1)).await, Ok(LookUp::Registered(_))), "{damage}");
        assert!(store.credentials(id("tanaka")).await.is_ok(), "{damage}");

        let damaged = store.damaged_users().await.unwrap();
        if column.is_empty() {
            // Without its card it is a leftover like any other.
            assert_eq!(damaged, [], "{damage}");
            continue;
        }
        let [found] = damaged.as_slice() else { panic!("{damage}: {damaged:?}") };
        assert_eq!((found.row, found.column), (row, column), "{damage}");
        assert_eq!(found.key.is_some(), named, "{damage}");
        assert!(!format!("{found:?}").contains("paper"), "{found:?}");

        assert_eq!(store.delete_damaged(1, at(1)).await, Ok(false), "tanaka's can be read");
        assert_eq!(store.delete_damaged(99, at(1)).await, Ok(false));
        assert_eq!(store.delete_provisional(None, at(1)).await, Ok(u64::from(row == 2)));
        assert_eq!(store.delete_damaged(row, at(1)).await, Ok(true), "{damage}");
        assert_eq!(store.damaged_users().await, Ok(Vec::new()));
        assert!(audit(&path).iter().any(|line| line.contains("damaged-user-deleted")));
        assert!(store.verify_audit().await.unwrap().is_ok());
        let card = if row == 2 { 2 } else { 3 };
        assert_eq!(
            store.look_up(kazasu_store_contract::card(card)).await,
            Ok(LookUp::Unknown),
            "{damage}"
        );
    }
}

/// A record that was changed to what is no text is listed with the others; the chain tells.
#[tokio::test]
async fn a_damaged_audit_record_keeps_no_other_from_the_list() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    add(&store, &["tanaka", "suzuki", "sato"]).await;
    let before = store.audit_log(0).await.unwrap();
    for column in ["station", "event", "user_id", "code", "detail", "fields"] {
        let damage = format!("UPDATE audit SET {column} = CAST(x'FF41' AS TEXT) WHERE id = 2");
        outside(&path).execute_batch(&damage).unwrap();
        let after = store.audit_log(0).await.unwrap();
        assert_eq!(after.len(), before.len(), "{column}");
        assert_eq!((&after[0], &after[2]), (&before[0], &before[2]), "{column}");
        assert!(store.verify_audit().await.unwrap().is_err(), "{column}");
    }
}
