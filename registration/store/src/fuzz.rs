//! What holds for any bytes at all. The fuzz targets of `registration/fuzz` run these, and a test
//! runs them on what was found before.

use kazasu_registration::{AuditKey, Link, Mark};
use zeroize::Zeroizing;

use crate::audit_files::{bytes, note, note_of};

/// The texts of the two files beside the database: the key, and the note of the log's end.
///
/// Each has one way only to be written. A note that is changed, or sealed by somebody else, is none.
pub fn beside(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(read) = bytes(&text) {
        let written: String = read.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(text.eq_ignore_ascii_case(&written), "{text}");
    }
    let [ours, others] = [1, 2].map(|n| AuditKey::new(Zeroizing::new([n; AuditKey::LEN])));
    assert_eq!(note_of(&ours, &text), None, "nobody can write {text}");

    let mut given = data.iter().copied();
    let mut next = || given.next().unwrap_or_default();
    let id = u64::from_be_bytes([(); 8].map(|()| next()));
    let end = Mark { id, link: Link::from_bytes([(); Link::LEN].map(|()| next())) };
    let line = note(&ours, end);
    assert_eq!(note_of(&ours, &line), Some(end), "{line}");
    assert_eq!(note_of(&others, &line), None, "{line}");
    let (at, byte) = (usize::from(next()) % line.len().max(1), next());
    let mut changed = line.clone().into_bytes();
    if let Some(place) = changed.get_mut(at) {
        *place = byte;
    }
    let changed = String::from_utf8_lossy(&changed);
    assert!(changed == line || note_of(&ours, &changed).is_none(), "{changed}");
    assert_eq!(note_of(&ours, &format!("{line}{text}")), text.is_empty().then_some(end));
}

#[cfg(test)]
mod tests {
    #[test]
    fn found_inputs() {
        kazasu_replay::found("beside", include_str!("../../fuzz/corpus/beside.txt"), super::beside);
    }
}
