use std::{net::IpAddr, sync::Arc, time::SystemTime};

use kazasu_hal::StationName;
use kazasu_registration::{
    AuditEntry, AuditEvent, AuditRecord, Broken, CardNumber, Claimed, DeviceSecret, ErrorCode,
    ListedUser, NumberKey, UserEntry, UserId, UserKey, Whole,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};
use zeroize::Zeroizing;

use crate::{
    Admin, AdminError, CardToRemove, Changed, DamagedUser, Directory, Hasher, Refusal, Service,
    Standing, Store, StoredSettings, StoredUser, Unlock, UserEdit, Versioned,
};

/// How many administrators' requests may wait.
const ADMIN_MAX: usize = 8;
/// How many are worked on at a time.
pub(crate) const ADMIN_PARALLEL: usize = 4;
/// The same of those who sign in from the network, who keep no administrator waiting. Most of them
/// only wait, so that nobody learns anything from the time.
pub(crate) const SIGN_INS_PARALLEL: usize = 8;

type Reply<T> = oneshot::Sender<Result<T, AdminError>>;

/// What an administrator asks of the running service: [`Admin`]'s functions, one each.
pub(crate) enum AdminRequest {
    Add(UserEntry, Reply<()>),
    Import(Zeroizing<Vec<u8>>, Reply<usize>),
    Export(Reply<String>),
    List(Reply<Vec<ListedUser>>),
    ListDamaged(Reply<Vec<DamagedUser>>),
    DeleteDamaged(i64, Reply<()>),
    ListLocked(Reply<Vec<ListedUser>>),
    Unlock(Unlock, Reply<u64>),
    ListCards(Reply<Vec<(UserKey, CardNumber)>>),
    Describe(UserKey, Reply<StoredUser>),
    Edit(UserKey, UserEdit, Reply<()>),
    Rename(UserKey, String, Reply<()>),
    Delete(UserKey, Reply<()>),
    DeleteProvisional(Option<SystemTime>, Reply<u64>),
    RemoveDirectoryCard(CardToRemove, Reply<UserId>),
    Settings(Reply<Versioned>),
    History(Reply<Vec<StoredSettings>>),
    Change(Vec<(String, String)>, Option<u64>, Reply<Changed>),
    Check(Vec<(String, String)>, Reply<Changed>),
    HasNumberKey(Reply<bool>),
    SetNumberKey(NumberKey, Reply<()>),
    SetSecret(DeviceSecret, Option<Zeroizing<String>>, Reply<()>),
    CheckAdministrator(String, Zeroizing<String>, IpAddr, Reply<Result<Claimed, Refusal>>),
    Standing(Claimed, Reply<Option<Standing>>),
    RecordAudit(AuditEvent, Reply<()>),
    WriteAudit(AuditRecord, Reply<()>),
    RecordStart(String, String, Reply<()>),
    ExportAudit(Option<Claimed>, Reply<Vec<AuditEntry>>),
    AuditAfter(u64, Reply<Vec<AuditEntry>>),
    VerifyAudit(Reply<Result<Whole, Vec<Broken>>>),
}

/// The way to whoever carries requests out; he ends with the service.
pub(crate) fn queue() -> (mpsc::Sender<AdminRequest>, mpsc::Receiver<AdminRequest>) {
    mpsc::channel(ADMIN_MAX)
}

pub(crate) async fn administrate<S: Store, H: Hasher, D: Directory>(
    office: Arc<Admin<S, H>>,
    directory: Arc<D>,
    mut requests: mpsc::Receiver<AdminRequest>,
    parallel: usize,
    mut stop: watch::Receiver<bool>,
) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = running.join_next() => {}
            Some(request) = requests.recv(), if running.len() < parallel => {
                running.spawn(serve(Arc::clone(&office), Arc::clone(&directory), request));
            }
        }
    }
    running.shutdown().await;
}

async fn serve<S: Store, H: Hasher, D: Directory>(
    office: Arc<Admin<S, H>>,
    directory: Arc<D>,
    request: AdminRequest,
) {
    use AdminRequest as Ask;
    // A reply that nobody waits for any more is no fault: the change is made all the same.
    match request {
        Ask::Add(entry, reply) => drop(reply.send(office.add_user(entry).await)),
        Ask::Import(csv, reply) => drop(reply.send(office.import_users(&csv).await)),
        Ask::Export(reply) => drop(reply.send(office.export_users().await)),
        Ask::List(reply) => drop(reply.send(office.list_users().await)),
        Ask::ListDamaged(reply) => drop(reply.send(office.damaged_users().await)),
        Ask::DeleteDamaged(row, reply) => drop(reply.send(office.delete_damaged(row).await)),
        Ask::ListLocked(reply) => drop(reply.send(office.list_locked().await)),
        Ask::Unlock(whom, reply) => drop(reply.send(office.unlock(whom).await)),
        Ask::ListCards(reply) => drop(reply.send(office.list_cards().await)),
        Ask::Describe(key, reply) => drop(reply.send(office.describe_user(&key).await)),
        Ask::Edit(key, edit, reply) => drop(reply.send(office.edit_user(&key, edit).await)),
        Ask::Rename(key, to, reply) => drop(reply.send(office.rename_user(&key, &to).await)),
        Ask::Delete(key, reply) => drop(reply.send(office.delete_user(&key).await)),
        Ask::DeleteProvisional(before, reply) => {
            drop(reply.send(office.delete_provisional(before).await));
        }
        Ask::RemoveDirectoryCard(card, reply) => {
            drop(reply.send(office.remove_directory_card(&*directory, card).await));
        }
        Ask::Settings(reply) => drop(reply.send(Ok(office.settings().await))),
        Ask::History(reply) => drop(reply.send(office.settings_history().await)),
        Ask::Change(changes, expected, reply) => {
            drop(reply.send(office.change_settings(changes, expected).await));
        }
        Ask::Check(changes, reply) => drop(reply.send(office.check_settings(changes).await)),
        Ask::HasNumberKey(reply) => drop(reply.send(Ok(office.has_number_key().await))),
        Ask::SetNumberKey(key, reply) => drop(reply.send(office.set_number_key(key).await)),
        Ask::SetSecret(which, password, reply) => {
            drop(reply.send(office.set_secret(which, password).await));
        }
        Ask::CheckAdministrator(user, password, from, reply) => {
            drop(reply.send(Ok(office.check_administrator(&user, password, from).await)));
        }
        Ask::Standing(who, reply) => drop(reply.send(office.standing(&who).await)),
        Ask::RecordAudit(event, reply) => drop(reply.send(office.record_audit(event).await)),
        Ask::WriteAudit(record, reply) => drop(reply.send(office.write_audit(record).await)),
        Ask::RecordStart(version, boot, reply) => {
            drop(reply.send(office.record_start(&version, &boot).await));
        }
        Ask::ExportAudit(to, reply) => drop(reply.send(office.export_audit(to).await)),
        Ask::AuditAfter(id, reply) => drop(reply.send(office.audit_after(id).await)),
        Ask::VerifyAudit(reply) => drop(reply.send(office.verify_audit().await)),
    }
}

/// What administrators do while the service runs; each is the function of [`Admin`] of that name.
impl Service {
    /// Adds one user; see [`Admin::add_user`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn add_user(&self, entry: UserEntry) -> Result<(), AdminError> {
        self.ask(|reply| AdminRequest::Add(entry, reply)).await
    }

    /// Adds all users of a CSV file or none; see [`Admin::import_users`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn import_users(&self, csv: Zeroizing<Vec<u8>>) -> Result<usize, AdminError> {
        self.ask(|reply| AdminRequest::Import(csv, reply)).await
    }

    /// The registered users as a CSV file; see [`Admin::export_users`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn export_users(&self) -> Result<String, AdminError> {
        self.ask(AdminRequest::Export).await
    }

    /// Every record; see [`Admin::list_users`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn list_users(&self) -> Result<Vec<ListedUser>, AdminError> {
        self.ask(AdminRequest::List).await
    }

    /// The records that cannot be read; see [`Admin::damaged_users`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn damaged_users(&self) -> Result<Vec<DamagedUser>, AdminError> {
        self.ask(AdminRequest::ListDamaged).await
    }

    /// Deletes one of those; see [`Admin::delete_damaged`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn delete_damaged(&self, row: i64) -> Result<(), AdminError> {
        self.ask(|reply| AdminRequest::DeleteDamaged(row, reply)).await
    }

    /// Who is locked; see [`Admin::list_locked`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn list_locked(&self) -> Result<Vec<ListedUser>, AdminError> {
        self.ask(AdminRequest::ListLocked).await
    }

    /// Opens locks; see [`Admin::unlock`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn unlock(&self, whom: Unlock) -> Result<u64, AdminError> {
        self.ask(|reply| AdminRequest::Unlock(whom, reply)).await
    }

    /// Every card; see [`Admin::list_cards`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn list_cards(&self) -> Result<Vec<(UserKey, CardNumber)>, AdminError> {
        self.ask(AdminRequest::ListCards).await
    }

    /// One record; see [`Admin::describe_user`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn describe_user(&self, key: &UserKey) -> Result<StoredUser, AdminError> {
        self.ask(|reply| AdminRequest::Describe(key.clone(), reply)).await
    }

    /// Changes a user's record; see [`Admin::edit_user`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn edit_user(&self, key: &UserKey, edit: UserEdit) -> Result<(), AdminError> {
        self.ask(|reply| AdminRequest::Edit(key.clone(), edit, reply)).await
    }

    /// Gives a user another ID; see [`Admin::rename_user`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn rename_user(&self, key: &UserKey, to: String) -> Result<(), AdminError> {
        self.ask(|reply| AdminRequest::Rename(key.clone(), to, reply)).await
    }

    /// Deletes a record and frees its card; see [`Admin::delete_user`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn delete_user(&self, key: &UserKey) -> Result<(), AdminError> {
        self.ask(|reply| AdminRequest::Delete(key.clone(), reply)).await
    }

    /// Deletes leftovers; see [`Admin::delete_provisional`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn delete_provisional(&self, before: Option<SystemTime>) -> Result<u64, AdminError> {
        self.ask(|reply| AdminRequest::DeleteProvisional(before, reply)).await
    }

    /// Deletes a card from the directory; see [`Admin::remove_directory_card`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn remove_directory_card(&self, card: CardToRemove) -> Result<UserId, AdminError> {
        self.ask(|reply| AdminRequest::RemoveDirectoryCard(card, reply)).await
    }

    /// The settings in force; see [`Admin::settings`].
    ///
    /// # Errors
    /// [`AdminError::Stopped`].
    pub async fn settings(&self) -> Result<Versioned, AdminError> {
        self.ask(AdminRequest::Settings).await
    }

    /// The versions that are kept; see [`Admin::settings_history`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn settings_history(&self) -> Result<Vec<StoredSettings>, AdminError> {
        self.ask(AdminRequest::History).await
    }

    /// Changes settings at all stations; see [`Admin::change_settings`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn change_settings(
        &self,
        changes: Vec<(String, String)>,
        expected: Option<u64>,
    ) -> Result<Changed, AdminError> {
        self.ask(|reply| AdminRequest::Change(changes, expected, reply)).await
    }

    /// What a change would do; see [`Admin::check_settings`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn check_settings(
        &self,
        changes: Vec<(String, String)>,
    ) -> Result<Changed, AdminError> {
        self.ask(|reply| AdminRequest::Check(changes, reply)).await
    }

    /// Whether the keyed card number form has its key.
    ///
    /// # Errors
    /// [`AdminError::Stopped`].
    pub async fn has_number_key(&self) -> Result<bool, AdminError> {
        self.ask(AdminRequest::HasNumberKey).await
    }

    /// Gives it its key; see [`Admin::set_number_key`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn set_number_key(&self, key: NumberKey) -> Result<(), AdminError> {
        self.ask(|reply| AdminRequest::SetNumberKey(key, reply)).await
    }

    /// Sets or removes one of the device's own passwords; see [`Admin::set_secret`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn set_secret(
        &self,
        which: DeviceSecret,
        password: Option<Zeroizing<String>>,
    ) -> Result<(), AdminError> {
        self.ask(|reply| AdminRequest::SetSecret(which, password, reply)).await
    }

    /// Whether these are an administrator's credentials; see [`Admin::check_administrator`].
    ///
    /// # Errors
    /// 3065 where too many from this address were wrong of late, which is answered without looking
    /// at anything; else the catalogue's code; `500` where the service is stopping.
    pub async fn check_administrator(
        &self,
        user: &str,
        password: Zeroizing<String>,
        from: IpAddr,
    ) -> Result<Claimed, Refusal> {
        self.admit(from).await?;
        let user = user.to_owned();
        let (reply, answer) = oneshot::channel();
        let request = AdminRequest::CheckAdministrator(user, password, from, reply);
        let asked = ask(self.sign_ins(), request, answer).await;
        asked.map_err(|error| error.code().unwrap_or(ErrorCode::Internal))?
    }

    /// What makes this an administrator's session now; see [`Admin::standing`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn standing(&self, who: Claimed) -> Result<Option<Standing>, AdminError> {
        self.ask(|reply| AdminRequest::Standing(who, reply)).await
    }

    /// Writes an audit record; see [`Admin::record_audit`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn record_audit(&self, event: AuditEvent) -> Result<(), AdminError> {
        self.ask(|reply| AdminRequest::RecordAudit(event, reply)).await
    }

    /// Writes an audit record of something at a station.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn record_audit_at(
        &self,
        station: StationName,
        event: AuditEvent,
    ) -> Result<(), AdminError> {
        self.write_audit(AuditRecord { at: self.now().wall, station: Some(station), event }).await
    }

    pub(crate) async fn write_audit(&self, record: AuditRecord) -> Result<(), AdminError> {
        self.ask(|reply| AdminRequest::WriteAudit(record, reply)).await
    }

    /// Records that the service started; see [`Admin::record_start`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn record_start(&self, version: &str, boot: &str) -> Result<(), AdminError> {
        let (version, boot) = (version.to_owned(), boot.to_owned());
        self.ask(|reply| AdminRequest::RecordStart(version, boot, reply)).await
    }

    /// The audit log; see [`Admin::export_audit`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn export_audit(&self, to: Option<Claimed>) -> Result<Vec<AuditEntry>, AdminError> {
        self.ask(|reply| AdminRequest::ExportAudit(to, reply)).await
    }

    /// The newest audit records; see [`Admin::audit_after`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn audit_after(&self, id: u64) -> Result<Vec<AuditEntry>, AdminError> {
        self.ask(|reply| AdminRequest::AuditAfter(id, reply)).await
    }

    /// Checks the audit log; see [`Admin::verify_audit`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn verify_audit(&self) -> Result<Result<Whole, Vec<Broken>>, AdminError> {
        self.ask(AdminRequest::VerifyAudit).await
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(Reply<T>) -> AdminRequest,
    ) -> Result<T, AdminError> {
        let (reply, answer) = oneshot::channel();
        ask(self.admin(), request(reply), answer).await
    }
}

async fn ask<T>(
    whom: &mpsc::Sender<AdminRequest>,
    request: AdminRequest,
    answer: oneshot::Receiver<Result<T, AdminError>>,
) -> Result<T, AdminError> {
    whom.send(request).await.map_err(|_| AdminError::Stopped)?;
    answer.await.map_err(|_| AdminError::Stopped)?
}
