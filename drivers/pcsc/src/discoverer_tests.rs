//! What becomes of readers that come, stay and go; no pcscd is asked.

use super::*;

fn picture(slots: &[(&str, Slot)]) -> Picture {
    slots.iter().map(|(name, slot)| (CString::new(*name).unwrap(), slot.clone())).collect()
}

const EMPTY: Slot = Slot::Empty;

#[tokio::test(start_paused = true)]
async fn readers_come_and_go() {
    let (found, mut come) = mpsc::channel(8);
    let mut desks = HashMap::new();
    let mut readers = Readers { slots: HashMap::new(), tasks: JoinSet::new(), desks: &mut desks };
    readers.show(picture(&[("A", EMPTY), ("B", EMPTY)]), &found).await.unwrap();
    let mut a = come.recv().await.unwrap();
    let mut b = come.recv().await.unwrap();
    assert_eq!((&a.info.name.0[..], &b.info.name.0[..]), ("pcsc:A", "pcsc:B"));

    // Each has looked at its slot.
    tokio::time::sleep(Duration::from_millis(1)).await;

    // What changes in one slot is no new reader, and the one that follows it sees it.
    readers.show(picture(&[("A", Slot::Mute { count: 1 }), ("B", EMPTY)]), &found).await.unwrap();
    assert!(come.try_recv().is_err());
    let told = timeout(Duration::from_secs(5), a.reports.recv()).await.expect("it is told");
    assert!(matches!(told, Some(kazasu_hal::Report::Fault(_))), "{told:?}");

    readers.show(picture(&[("A", EMPTY)]), &found).await.unwrap();
    let gone = timeout(Duration::from_secs(5), b.reports.recv()).await.expect("it ends");
    assert_eq!(gone, None, "a reader that is gone is let go");
    assert!(timeout(Duration::from_secs(5), a.reports.recv()).await.is_err(), "the other stays");
    readers.show(picture(&[("A", EMPTY), ("B", EMPTY)]), &found).await.unwrap();
    assert_eq!(come.recv().await.unwrap().info.name.0, "pcsc:B");

    drop(come);
    assert!(readers.show(picture(&[("C", EMPTY)]), &found).await.is_err(), "nobody wants it");
}

/// A thread that pcscd holds is remembered with its reader: whoever comes back finds the place taken.
#[tokio::test]
async fn a_reader_that_comes_back_waits_for_its_thread() {
    let (found, _come) = mpsc::channel(8);
    let mut desks = HashMap::new();
    let mut readers = Readers { slots: HashMap::new(), tasks: JoinSet::new(), desks: &mut desks };
    readers.show(picture(&[("A", EMPTY), ("B", EMPTY)]), &found).await.unwrap();
    let place = readers.desks[c"A"].take().await.unwrap();
    readers.show(Vec::new(), &found).await.unwrap();
    assert!(!readers.desks.contains_key(c"B"), "nothing hangs there");
    readers.show(picture(&[("A", EMPTY)]), &found).await.unwrap();
    assert!(!readers.desks[c"A"].is_free());
    drop(place);
    assert!(readers.desks[c"A"].is_free());
}
