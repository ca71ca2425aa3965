use serde_json::Value;

use crate::control::Request;

/// Stands where a password would.
const PLANTED: &str = "Zq7~planted";

/// Lines of the commands' socket.
///
/// What is understood is written and understood as the same. What is not is answered with a place
/// in the line and nothing of it.
pub(crate) fn socket(data: &[u8]) {
    match Request::read(data) {
        Ok(request) => {
            let written = serde_json::to_value(&request).unwrap_or_default();
            let line = written.to_string();
            let again =
                Request::read(line.as_bytes()).map(|again| serde_json::to_value(again).ok());
            assert_eq!(again, Ok(Some(written.clone())), "{line}");
            spoiled(written);
        }
        Err(why) => assert!(why.len() < 80, "{why}"),
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(why) = Request::read(format!("{PLANTED}{text}{PLANTED}").as_bytes()) {
        assert!(!why.contains(PLANTED), "{why}");
    }
}

/// A request with a password where something else belongs.
fn spoiled(mut request: Value) {
    let Some(fields) = request.as_object_mut() else { return };
    for key in fields.keys().cloned().collect::<Vec<_>>() {
        let kept = fields.insert(key.clone(), Value::from(PLANTED));
        let line = Value::Object(fields.clone()).to_string();
        if let Err(why) = Request::read(line.as_bytes()) {
            assert!(!why.contains(PLANTED) && why.contains("at byte"), "{why}");
        }
        fields.extend(kept.map(|kept| (key, kept)));
    }
}
