//! The objects that commands print and the socket carries: one struct for each kind of line.

mod audit;
mod backup;
mod blocks;
mod panel;
mod records;
mod settings;
mod taps;

use serde::{Deserialize, Serialize};

use crate::out::Line;

pub(crate) use audit::AuditText;
pub(crate) use backup::{BackupLine, MissingKey, RestoreLine};
pub(crate) use blocks::BlockLine;
pub(crate) use panel::{PanelLine, PanelLink};
pub(crate) use records::{
    CardLine, Csv, DamagedLine, ErasedLine, LeftoversLine, RecordLine, UserDetail, UserLine,
};
pub(crate) use settings::{
    ChangeLine, ChangedKey, ChangedLine, CollisionLine, Example, HistoryLine, RuleLine,
    SettingLine, SettingsJson,
};
pub(crate) use taps::{EventLine, ReaderLine, ServiceLine, rfc3339};

/// One sentence: the result of a command that has nothing else to show.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) message: String,
}

impl Line for Message {
    fn text(&self) -> String {
        self.message.clone()
    }
}
