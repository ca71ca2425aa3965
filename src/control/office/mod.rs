//! Administration: users, cards, settings, the device's own passwords.

mod advice;
mod audit;
mod backup;
mod people;
mod settings;

use std::sync::Arc;

use anyhow::{Result, anyhow};
use kazasu_directory::Client;
use kazasu_hal::StationName;
use kazasu_registration::{
    ChangeError, DeviceEvent, DeviceSecret, JobEnd, JobReport, JobType, UserEntry,
};
use kazasu_service::{ActError, AdminError, Authority, Loaded, Means, Store};
use kazasu_sqlite::SqliteStore;
use tokio::sync::broadcast;

use super::host::{Lines, say, send};
use super::{End, Job, Request};
use crate::config::Config;
use crate::lines::{ChangeLine, CollisionLine};
use crate::owner::DataFolder;

/// Reads the settings of the data folder's store, and what belongs to them.
pub(crate) async fn load(
    folder: &DataFolder,
    store: &impl Store,
    has_directory: bool,
) -> Result<Loaded> {
    let key = folder.number_key()?;
    Loaded::from_store(store, key, has_directory).await.map_err(|error| anyhow!(told(&error)))
}

/// The service of this program.
pub(crate) type Service = kazasu_service::Service<SqliteStore, Option<Client>>;
/// Where the wishes of whoever reaches the socket are carried out.
type Wishes<'a> = kazasu_service::Office<'a, SqliteStore, Option<Client>>;

/// Carries out what administrators ask for.
#[derive(Clone)]
pub(crate) struct Office {
    service: Service,
    folder: DataFolder,
    /// Whether the service is this command's own, without stations.
    alone: bool,
    /// Whether the device has a directory to ask; `None` where its configuration cannot be read.
    has_directory: Option<bool>,
}

/// Why something was not done.
enum Refused {
    Admin(AdminError),
    End(End),
}

impl From<AdminError> for Refused {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

impl From<anyhow::Error> for Refused {
    fn from(error: anyhow::Error) -> Self {
        Self::End(End::Error(format!("{error:#}")))
    }
}

impl From<ChangeError> for Refused {
    fn from(error: ChangeError) -> Self {
        Self::Admin(error.into())
    }
}

type Done = Result<(), Refused>;

impl Office {
    /// The running service's.
    pub(crate) fn of(service: Service, folder: &DataFolder, has_directory: bool) -> Self {
        let folder = folder.clone();
        Self { service, folder, alone: false, has_directory: Some(has_directory) }
    }

    /// A command's own, opened now. The caller owns the data folder.
    pub(super) async fn open(folder: &DataFolder, directory: Option<Client>) -> Result<Self> {
        let store = Arc::new(SqliteStore::open(folder.database())?);
        // Nobody signs in at a station here, so nobody asks a directory who they are.
        let loaded = load(folder, &*store, false).await?;
        // Without stations nobody sends events.
        let (_, events) = broadcast::channel(1);
        let means = Means { keys: Arc::new(folder.clone()), ..Means::default() };
        let directory = Arc::new(directory);
        let service = Service::start_with(means, store, directory, loaded, Vec::new(), events);
        let config = Config::load(None, folder.config());
        let has_directory = config.ok().map(|config| config.directory().is_some());
        Ok(Self { service, folder: folder.clone(), alone: true, has_directory })
    }

    /// The socket's mode and the lock of the data folder say who asks: the account of the service.
    fn wishes(&self) -> Wishes<'_> {
        self.service.office(&Authority::OWNER)
    }

    /// Ends what [`Office::open`] started.
    pub(super) async fn close(&self) {
        if self.alone {
            self.service.shutdown().await;
        }
    }

    pub(super) async fn carry_out(&self, request: Request, lines: &Lines) -> End {
        let done = match request {
            Request::UserAdd { user_id, name, mail, password } => {
                let text = format!("added {user_id}");
                let entry = UserEntry { user_id, name, mail, password };
                self.reply(self.wishes().add_user(entry).await, |()| text, lines).await
            }
            Request::UserImport { csv } => {
                let text = |count| format!("{count} users added");
                self.reply(self.wishes().import_users(csv).await, text, lines).await
            }
            Request::UserExport => self.export(lines).await,
            Request::UserList => self.list_users(lines).await,
            Request::UserLocked => self.list_locked(lines).await,
            Request::UserUnlock { whom } => self.unlock(whom, lines).await,
            Request::UserShow { user_id } => self.show_user(&user_id, lines).await,
            Request::UserEdit { user_id, edit } => self.edit_user(&user_id, edit, lines).await,
            Request::UserRename { user_id, to } => self.rename_user(&user_id, to, lines).await,
            Request::UserDelete { user_id } => self.delete_user(&user_id, lines).await,
            Request::DamagedDelete { row } => {
                let text = format!("row {row} is deleted; its card is unknown from now on");
                self.reply(self.wishes().delete_damaged(row).await, |()| text, lines).await
            }
            Request::ProvisionalDelete { before } => self.delete_provisional(&before, lines).await,
            Request::AuditExport { wanted } => self.export_audit(wanted, lines).await,
            Request::AuditVerify => self.verify_audit(lines).await,
            Request::Backup { file } => self.backup(file, lines).await,
            Request::CardList => self.list_cards(lines).await,
            Request::CardUnlink { user_id } => self.unlink_card(&user_id, lines).await,
            Request::DirectoryRemoveCard { user_id, card } => {
                self.remove_directory_card(user_id, card, lines).await
            }
            Request::ConfigShow { keys } => self.show_settings(&keys, lines).await,
            Request::ConfigCheck { changes } => self.check_settings(changes, lines).await,
            Request::ConfigSet { changes, version } => {
                self.set_settings(changes, version, lines).await
            }
            Request::ConfigRead => self.read_settings(lines).await,
            Request::ConfigHistory => self.history(lines).await,
            Request::ConfigPassword { which, password } => match DeviceSecret::from_word(&which) {
                Some(secret) => {
                    let text = match password {
                        Some(_) => format!("the {which}'s password is set"),
                        None => format!("removed; nobody can sign in as {which} (706)"),
                    };
                    let done = self.wishes().set_secret(secret, password).await;
                    self.reply(done, |()| text, lines).await
                }
                None => Err(Refused::End(another_version())),
            },
            Request::Device { station, event, job } => {
                self.device(station, &event, job, lines).await
            }
            Request::Watch { .. }
            | Request::CardRead { .. }
            | Request::Readers { .. }
            | Request::Panel
            | Request::PanelPair { .. }
            | Request::PanelList
            | Request::PanelRevoke { .. }
            | Request::Sim { .. } => Err(Refused::End(another_version())),
        };
        match done {
            Ok(()) => End::Done,
            Err(Refused::End(end)) => end,
            Err(Refused::Admin(AdminError::Collisions(found))) => {
                for collision in &found.listed {
                    let line = ChangeLine::Collision(CollisionLine::new(collision));
                    if !send(lines, &line).await {
                        break;
                    }
                }
                let more =
                    if found.more > 0 { format!("; {} more", found.more) } else { String::new() };
                End::No(format!(
                    "the rule does not give every card a number of its own ({} listed{more}); \
                     nothing was changed",
                    found.listed.len()
                ))
            }
            Err(Refused::Admin(error)) => end_of(&error),
        }
    }

    async fn reply<T>(
        &self,
        done: Result<T, AdminError>,
        text: impl FnOnce(T) -> String,
        lines: &Lines,
    ) -> Done {
        say(lines, &text(done?)).await;
        Ok(())
    }

    async fn device(
        &self,
        station: Option<String>,
        event: &str,
        job: Option<Job>,
        lines: &Lines,
    ) -> Done {
        let no = |text: String| Refused::End(End::No(text));
        let stations = self.service.stations().names();
        let station = match station.map(StationName) {
            Some(station) => station,
            None => stations.first().cloned().ok_or_else(|| no("no station".to_owned()))?,
        };
        let event = told_event(event, job).ok_or_else(|| Refused::End(another_version()))?;
        match self.service.stations().device(&station, event).await {
            Ok(()) => {
                say(lines, &format!("told {station}")).await;
                Ok(())
            }
            Err(ActError::NoSuchStation) => {
                let names: Vec<_> = stations.iter().map(ToString::to_string).collect();
                Err(no(format!("there is no station {station}; there are: {}", names.join(", "))))
            }
            Err(error) => Err(Refused::End(End::Error(error.to_string()))),
        }
    }
}

fn told_event(event: &str, job: Option<Job>) -> Option<DeviceEvent> {
    match (DeviceEvent::from_word(event)?, job) {
        (event, None) => Some(event),
        (DeviceEvent::JobEnded(_), Some(Job { job, end })) => {
            let report =
                JobReport { job: JobType::from_word(&job)?, end: JobEnd::from_word(&end)? };
            Some(DeviceEvent::JobEnded(Some(report)))
        }
        (_, Some(_)) => None,
    }
}

/// What comes over the socket was made by this program, which checked it.
fn another_version() -> End {
    End::Error(
        "the service does not know this request: it and this command are of different versions"
            .to_owned(),
    )
}

fn end_of(error: &AdminError) -> End {
    let text = told(error);
    match error {
        AdminError::NoSuchUser
        | AdminError::NotDamaged
        | AdminError::NoSuchPerson
        | AdminError::NoCard
        | AdminError::NotLocked
        | AdminError::Provisional
        | AdminError::Stale { .. }
        | AdminError::NumberKeyMissing(_)
        | AdminError::Settings(ChangeError::Impossible(_)) => End::No(text),
        _ => End::Error(text),
    }
}

/// The error with its code.
fn told(error: &AdminError) -> String {
    match error.code() {
        Some(code) => format!("{error} (code {})", code.as_str()),
        None => error.to_string(),
    }
}
