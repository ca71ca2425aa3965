//! `kazasu user`: the local records.

use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

use anyhow::{Context, Result, bail};
use jiff::{Timestamp, ToSpan};
use zeroize::Zeroizing;

use super::{ask_records, confirmed, password_line, records};
use crate::cli::{Data, EditUser, User};
use crate::control::{Edit, End, Request, Unlock};
use crate::lines::{Csv, DamagedLine, LeftoversLine, Message, RecordLine, UserDetail, UserLine};
use crate::out::Out;

/// Of a CSV file, in bytes: more than an import takes, so that the import says what it takes.
const CSV_MAX: u64 = 2 * 1024 * 1024;

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
        User::Export { data } => records::<Csv>(&data, out, Request::UserExport).await,
        User::List { locked: true, data, .. } => {
            records::<UserLine>(&data, out, Request::UserLocked).await
        }
        User::Unlock { user_id, administrator, data, .. } => {
            let whom = match user_id {
                Some(user_id) => Unlock::Named(user_id),
                None if administrator => Unlock::Administrator,
                None => Unlock::All,
            };
            records::<Message>(&data, out, Request::UserUnlock { whom }).await
        }
        User::List { provisional, data, .. } => {
            let Users { users, damaged, leftovers, mut end } = users(&data, provisional).await?;
            for user in &users {
                out.line(user)?;
            }
            for line in &damaged {
                out.line(line)?;
            }
            if end == End::Done && !damaged.is_empty() {
                end = End::No(format!("{} records cannot be read: see above", damaged.len()));
            }
            if let Some(text) = leftovers.as_ref().and_then(LeftoversLine::text) {
                out.note(&text)?;
            }
            Ok(end)
        }
        User::Show { user_id, data } => {
            records::<UserDetail>(&data, out, Request::UserShow { user_id }).await
        }
        User::Edit(user) => edit(user, out).await,
        User::Rename { user_id, to, data } => {
            records::<Message>(&data, out, Request::UserRename { user_id, to }).await
        }
        User::Delete { user_id: Some(user_id), data, .. } => {
            records::<Message>(&data, out, Request::UserDelete { user_id }).await
        }
        User::Delete { damaged: Some(row), data, .. } => {
            records::<Message>(&data, out, Request::DamagedDelete { row }).await
        }
        User::Delete { user_id: None, older_than, yes, data, .. } => {
            delete_provisional(older_than, yes, &data, out).await
        }
    }
}

/// A list of users as it came.
pub(super) struct Users {
    pub(super) users: Vec<UserLine>,
    damaged: Vec<DamagedLine>,
    leftovers: Option<LeftoversLine>,
    end: End,
}

pub(super) async fn users(data: &Data, only_provisional: bool) -> Result<Users> {
    let (lines, end) = ask_records::<RecordLine>(data, Request::UserList).await?;
    let (mut users, mut damaged, mut leftovers) = (Vec::new(), Vec::new(), None);
    for line in lines {
        match line {
            RecordLine::User(user) if only_provisional && !user.is_provisional() => {}
            RecordLine::User(user) => users.push(user),
            RecordLine::Damaged(line) => damaged.push(line),
            RecordLine::Leftovers(line) => leftovers = Some(line),
        }
    }
    Ok(Users { users, damaged, leftovers, end })
}

async fn edit(user: EditUser, out: Out) -> Result<End> {
    if let Some(twice) = user.allow.iter().find(|feature| user.forbid.contains(feature)) {
        bail!("{twice:?} is allowed and forbidden: say one of them");
    }
    let allowed = user.allow.into_iter().map(|feature| (feature, true));
    let forbidden = user.forbid.into_iter().map(|feature| (feature, false));
    let edit = Edit {
        name: user.name,
        mail: user.mail,
        role: user.role.map(|role| role.as_str().to_owned()),
        features: allowed.chain(forbidden).collect(),
        password: if user.password_stdin { Some(password_line()?) } else { None },
        no_password: user.no_password,
        unlink_card: user.unlink_card,
    };
    let request = Request::UserEdit { user_id: user.user_id, edit };
    records::<Message>(&user.data, out, request).await
}

/// Lists what goes, asks, and deletes that and no more: who taps a card meanwhile keeps their
/// record.
async fn delete_provisional(days: u16, yes: bool, data: &Data, out: Out) -> Result<End> {
    let before = Timestamp::now()
        .checked_sub((i64::from(days) * 24).hours())
        .context("no clock goes back so far")?;
    let Users { mut users, end, .. } = users(data, true).await?;
    if end != End::Done {
        return Ok(end);
    }
    users.retain(|user| user.created.parse::<Timestamp>().is_ok_and(|made| made < before));
    if users.is_empty() {
        out.line(&Message { message: "0 provisional users deleted".to_owned() })?;
        return Ok(End::Done);
    }
    for user in &users {
        out.line(user)?;
    }
    let question = format!("These {} provisional users are deleted.", users.len());
    match yes || confirmed(&question)? {
        true => {
            let request = Request::ProvisionalDelete { before: before.to_string() };
            records::<Message>(data, out, request).await
        }
        false => Ok(End::No("nothing was deleted; --yes deletes those listed".to_owned())),
    }
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
