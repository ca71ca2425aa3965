//! `kazasu user`: the local records.

use std::fs::File;
use std::io::{BufRead, Read, stdin};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::carry_out;
use crate::cli::{Data, User};
use crate::control::{End, Host, Request};
use crate::lines::{Message, UserLine};
use crate::out::{Line, Out};

/// Of a CSV file, in bytes: more than an import takes, so that the import says what it takes.
const CSV_MAX: u64 = 2 * 1024 * 1024;
/// Of the password line, in bytes: more than any rule allows.
const PASSWORD_MAX: u64 = 1024;

pub(crate) async fn run(command: User, out: Out) -> Result<End> {
    match command {
        User::Add { user_id, name, mail, password_stdin, no_password: _, data } => {
            let password = if password_stdin { Some(password_line()?) } else { None };
            let request = Request::UserAdd { user_id, name, mail, password };
            records::<Message>(&data, out, request).await
        }
        User::Import { file, data } => {
            let csv = read(&file)?;
            records::<Message>(&data, out, Request::UserImport { csv }).await
        }
        User::List { data } => records::<UserLine>(&data, out, Request::UserList).await,
        User::Delete { user_id, data } => {
            records::<Message>(&data, out, Request::UserDelete { user_id }).await
        }
    }
}

async fn records<L: Line + DeserializeOwned>(
    data: &Data,
    out: Out,
    request: Request,
) -> Result<End> {
    let alone = async |folder: &_| Host::records(data, folder).await;
    carry_out::<L>(data, out, request, alone).await
}

/// The first line of standard input, without its end.
fn password_line() -> Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    stdin()
        .lock()
        .take(PASSWORD_MAX)
        .read_line(&mut line)
        .context("no password can be read from standard input as UTF-8 text")?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    ensure!(
        !line.is_empty(),
        "standard input holds no password: give one line, or --no-password for a user without one"
    );
    Ok(line)
}

/// A CSV file; `-` is standard input. It holds passwords.
fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let shown = path.display();
    let source: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(stdin())
    } else {
        Box::new(File::open(path).with_context(|| format!("{shown} cannot be opened"))?)
    };
    let mut bytes = Zeroizing::new(Vec::new());
    source
        .take(CSV_MAX)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{shown} cannot be read"))?;
    Ok(bytes)
}
