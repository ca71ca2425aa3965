//! From an unknown card to somebody's: provisional users and bindings.

use kazasu_registration::{
    AuditEvent, AuditRecord, Binding, Capacity, CommitOutcome, NameKey, Provisional,
    ProvisionalOutcome, Role, Source,
};
use kazasu_store::{CopyToStore, Verifier};
use rusqlite::params;

use crate::{
    audit, cards,
    error::QueryError,
    tx::Tx,
    users::{self, Found, NewRow, PROVISIONAL, REGISTERED},
};

type Result<T> = std::result::Result<T, QueryError>;

pub(crate) fn make_provisional(
    tx: &Tx<'_>,
    provisional: &Provisional,
    verifier: Option<&Verifier>,
    capacity: Capacity,
) -> Result<ProvisionalOutcome> {
    match cards::find(tx, &provisional.card)? {
        Some(stored) if stored.user_is_provisional => {
            tx.execute(
                "UPDATE users SET verifier = ?1 WHERE id = ?2",
                params![verifier.map(Verifier::as_str), stored.user_row],
            )?;
            return Ok(ProvisionalOutcome::Made);
        }
        Some(_) => return Ok(ProvisionalOutcome::CardTaken),
        None if cards::number_is_taken(tx, &provisional.number)? => {
            return Ok(ProvisionalOutcome::CardTaken);
        }
        None => {}
    }
    if !users::has_room(tx, None, 1, capacity.records)? {
        return Ok(ProvisionalOutcome::Full);
    }
    let user = users::insert(
        tx,
        &NewRow {
            user_id: provisional.number.as_str(),
            kind: PROVISIONAL,
            name: &provisional.name,
            mail: None,
            verifier,
            role: Role::General,
            limits: provisional.limits,
            source: Source::Device,
            at: provisional.at,
        },
    )?;
    cards::insert(tx, user, &provisional.card, &provisional.number)?;
    audit::append(tx, &provisional.audit_record())?;
    Ok(ProvisionalOutcome::Made)
}

/// Binds a card to a record: one of the device's, or the copy of what a directory says.
pub(crate) fn commit(
    tx: &Tx<'_>,
    binding: &Binding,
    copy: Option<&CopyToStore>,
) -> Result<CommitOutcome> {
    let vouches = if copy.is_some() { Source::Directory } else { Source::Device };
    let user = users::find_named(tx, &binding.user)?;
    match &user {
        Some(user) if user.source != vouches => return Ok(CommitOutcome::OtherSource),
        None if copy.is_none() => return Ok(CommitOutcome::UserGone),
        // The same rule as for IDs that somebody types, who was not asked for this one.
        None if NameKey::of(binding.number.as_str()) == binding.user.key()
            || cards::is_number(tx, &binding.user)? =>
        {
            return Ok(CommitOutcome::IdIsNumber);
        }
        _ => {}
    }
    let stored = cards::find(tx, &binding.card)?;
    let taken = match &stored {
        Some(stored) => !stored.user_is_provisional,
        None => cards::number_is_taken(tx, &binding.number)?,
    };
    if taken {
        return Ok(CommitOutcome::CardTaken);
    }
    let old = match &user {
        Some(user) => cards::of_user(tx, user.row)?,
        None => None,
    };
    if let Some(old) = &old
        && Some(&old.number) != binding.replaces.as_ref()
    {
        return Ok(CommitOutcome::Conflict(old.number.clone()));
    }
    let user_row = match copy {
        Some(copy) => keep_copy(tx, binding, user, copy, stored.is_some())?,
        None => user.map(|user| user.row),
    };
    let Some(user_row) = user_row else { return Ok(CommitOutcome::Full) };

    if let Some(old) = &old {
        cards::delete(tx, old.row)?;
    }
    let card_row = match stored {
        Some(stored) => {
            tx.execute("UPDATE cards SET user = ?1 WHERE id = ?2", [user_row, stored.row])?;
            tx.execute("DELETE FROM users WHERE id = ?1", [stored.user_row])?;
            stored.row
        }
        // The provisional user was deleted meanwhile; card and person are as good as before.
        None => cards::insert(tx, user_row, &binding.card, &binding.number)?,
    };
    let (old_row, old_card) = old.map(|old| (old.row, old.card)).unzip();
    audit::insert(tx, &binding.audit_record(old_card), Some(card_row), old_row)?;
    Ok(CommitOutcome::Done)
}

/// Makes the copy or brings it up to date; `None` where there is no room for another user. The
/// card's provisional user, who goes in the same transaction, takes no room.
fn keep_copy(
    tx: &Tx<'_>,
    binding: &Binding,
    user: Option<Found>,
    copy: &CopyToStore,
    frees_one: bool,
) -> Result<Option<i64>> {
    if let Some(user) = user {
        tx.execute(
            "UPDATE users SET name = ?1, mail = ?2, verifier = ?3 WHERE id = ?4",
            params![
                copy.name.as_str(),
                copy.mail.as_ref().map(|mail| mail.as_str()),
                copy.verifier.as_str(),
                user.row,
            ],
        )?;
        return Ok(Some(user.row));
    }
    let more = u64::from(!frees_one);
    if !users::has_room(tx, Some(REGISTERED), 1, copy.capacity.registered)?
        || !users::has_room(tx, None, more, copy.capacity.records)?
    {
        return Ok(None);
    }
    let row = users::insert(
        tx,
        &NewRow {
            user_id: binding.user.as_str(),
            kind: REGISTERED,
            name: &copy.name,
            mail: copy.mail.as_ref(),
            verifier: Some(&copy.verifier),
            role: copy.role,
            limits: copy.limits,
            source: Source::Directory,
            at: binding.at,
        },
    )?;
    let CopyToStore { role, limits, .. } = *copy;
    let event = AuditEvent::UserCopied { user: binding.user.clone(), role, limits };
    let record = AuditRecord { at: binding.at, station: Some(binding.station.clone()), event };
    audit::insert(tx, &record, None, None)?;
    Ok(Some(row))
}
