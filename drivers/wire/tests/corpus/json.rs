//! Every line through JSON and back, and whether it says what its source says.

use kazasu_wire::describe::{Decoded, decode};
use serde_json::Value;

use crate::{
    FILES, NOT_DECODED,
    lines::{Line, check},
};

/// The value that a path of names leads to. The last name may be a text, as of an enum's value
/// without fields.
fn follow<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('/').try_fold(value, |value, name| match value {
        Value::String(text) => (text == name).then_some(&Value::Null),
        _ => value.get(name),
    })
}

fn has_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(found) => found == text,
        Value::Array(values) => values.iter().any(|value| has_text(value, text)),
        Value::Object(fields) => fields.values().any(|value| has_text(value, text)),
        _ => false,
    }
}

fn comes_back(line: &Line) -> Result<Value, String> {
    let decoded = decode(line.dialect, Some(line.dir), None, &line.bytes);
    let decoded = decoded.map_err(|error| error.to_string())?;
    let json = serde_json::to_string(&decoded).map_err(|error| error.to_string())?;
    let again: Decoded = serde_json::from_str(&json).map_err(|e| format!("{e} in {json}"))?;
    let bytes = again.encode().map_err(|error| error.to_string())?;
    if bytes != line.bytes {
        return Err(format!("{json} became {bytes:02x?}"));
    }
    serde_json::from_str(&json).map_err(|error| error.to_string())
}

#[test]
fn every_line_through_json() {
    for (name, count) in FILES {
        check(name, count, |line| {
            if NOT_DECODED.iter().any(|(what, _)| *what == line.meaning) {
                return Ok(());
            }
            let json = comes_back(line)?;
            let is = line.is.as_deref().ok_or("no type to compare with")?;
            let message = follow(&json, is).ok_or_else(|| format!("no {is} in {json}"))?;
            match line.identifiers.iter().find(|id| !has_text(&json, id)) {
                Some(id) => Err(format!("no {id} in {message}")),
                None => Ok(()),
            }
        });
    }
}
