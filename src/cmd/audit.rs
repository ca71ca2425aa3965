//! `kazasu audit`: who did what, and whether the log of it is whole.

use std::io::{self, Write};

use anyhow::Result;

use super::{ask_records, records};
use crate::cli::{Audit, Export};
use crate::control::{AuditFormat, AuditWanted, End, Request};
use crate::lines::{AuditText, Message};
use crate::out::Out;

pub(crate) async fn run(command: Audit, json: bool, out: Out) -> Result<End> {
    match command {
        Audit::Export(export) => print(export, json).await,
        Audit::Verify { data } => records::<Message>(&data, out, Request::AuditVerify).await,
    }
}

async fn print(export: Export, json: bool) -> Result<End> {
    let Export { format, since, until, event, user, date_format, data } = export;
    let default = if json { AuditFormat::Json } else { AuditFormat::Manual };
    let wanted = AuditWanted {
        format: format.unwrap_or(default),
        since,
        until,
        event,
        user,
        dates: date_format.as_str().to_owned(),
    };
    let request = Request::AuditExport { wanted };
    let (parts, end) = ask_records::<AuditText>(&data, request).await?;
    let mut out = io::stdout().lock();
    for part in parts {
        out.write_all(part.text.as_bytes())?;
    }
    out.flush()?;
    Ok(end)
}
