use serde::{Deserialize, Serialize};

/// The audit log as it was asked for; not a line, but many.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AuditText {
    pub(crate) text: String,
}
