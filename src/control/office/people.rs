use std::collections::BTreeMap;
use std::time::SystemTime;

use jiff::Timestamp;
use kazasu_registration::{CardNumber, Limits, Role, UserId, UserKey};
use kazasu_service::{AdminError, CardToRemove, Unlock, UserEdit};

use super::{Done, Office, Refused, another_version};
use crate::control::host::{Lines, send};
use crate::control::{self, Edit, End, Feature};
use crate::lines::{
    CardLine, Csv, DamagedLine, ErasedLine, LeftoversLine, RecordLine, UserDetail, UserLine,
};
use crate::out::Line;

/// Users and cards.
impl Office {
    pub(super) async fn export(&self, lines: &Lines) -> Done {
        let csv = self.wishes().export_users().await?;
        send(lines, &Csv { csv }).await;
        self.whole().await
    }

    /// Whether lists have everybody; else who is missing, and why.
    async fn whole(&self) -> Done {
        let damaged = self.wishes().damaged_users().await?;
        if damaged.is_empty() {
            return Ok(());
        }
        let text: Vec<_> = damaged.iter().map(|user| DamagedLine::new(user).text()).collect();
        Err(Refused::End(End::No(text.join("\n"))))
    }

    pub(super) async fn list_users(&self, lines: &Lines) -> Done {
        let users = self.wishes().list_users().await?;
        let leftovers = LeftoversLine::new(&self.wishes().leftovers().await?);
        let damaged = self.wishes().damaged_users().await?;
        let damaged = damaged.iter().map(|user| RecordLine::Damaged(DamagedLine::new(user)));
        let listed = users.iter().map(|user| RecordLine::User(UserLine::new(user)));
        for line in listed.chain(damaged).chain([RecordLine::Leftovers(leftovers)]) {
            if !send(lines, &line).await {
                break;
            }
        }
        Ok(())
    }

    pub(super) async fn list_locked(&self, lines: &Lines) -> Done {
        for user in self.wishes().list_locked().await? {
            if !send(lines, &UserLine::new(&user)).await {
                break;
            }
        }
        self.whole().await
    }

    pub(super) async fn unlock(&self, whom: control::Unlock, lines: &Lines) -> Done {
        let (whom, text) = match whom {
            control::Unlock::Named(text) => (Unlock::Named(text.clone()), Some(text)),
            control::Unlock::Administrator => {
                (Unlock::Administrator, Some("the administrator".to_owned()))
            }
            control::Unlock::All => (Unlock::All, None),
        };
        let said = |count| match text {
            Some(text) => format!("unlocked {text}"),
            None => format!("{count} locks opened"),
        };
        self.reply(self.wishes().unlock(whom).await, said, lines).await
    }

    pub(super) async fn show_user(&self, user_id: &str, lines: &Lines) -> Done {
        send(lines, &UserDetail::new(&self.wishes().find_user(user_id).await?)).await;
        Ok(())
    }

    pub(super) async fn edit_user(&self, user_id: &str, edit: Edit, lines: &Lines) -> Done {
        let user = self.wishes().find_user(user_id).await?.listed;
        let role = match edit.role.as_deref().map(Role::from_word) {
            Some(None) => return Err(Refused::End(another_version())),
            role => role.flatten(),
        };
        let limits = match edit.features.is_empty() {
            true => None,
            false => Some(limited(user.limits, &edit.features)),
        };
        let password = match (edit.password, edit.no_password) {
            (Some(password), _) => Some(Some(password)),
            (None, true) => Some(None),
            (None, false) => None,
        };
        let change = UserEdit {
            name: edit.name,
            mail: edit.mail,
            role,
            limits,
            password,
            unlink_card: edit.unlink_card,
        };
        let text = format!("changed {}", user.key.as_str());
        self.reply(self.wishes().edit_user(&user.key, change).await, |()| text, lines).await
    }

    pub(super) async fn rename_user(&self, user_id: &str, to: String, lines: &Lines) -> Done {
        let user = self.wishes().find_user(user_id).await?.listed;
        let text = format!("{} is called {to} from now on", user.key.as_str());
        self.reply(self.wishes().rename_user(&user.key, &to).await, |()| text, lines).await
    }

    pub(super) async fn delete_user(&self, user_id: &str, lines: &Lines) -> Done {
        let user = self.wishes().find_user(user_id).await?;
        let card = if user.card.is_some() { "; the card is unknown from now on" } else { "" };
        let text =
            format!("deleted {} ({}){card}", user.listed.key.as_str(), user.listed.name.as_str());
        self.reply(self.wishes().delete_user(&user.listed.key).await, |()| text, lines).await
    }

    pub(super) async fn delete_provisional(&self, before: &str, lines: &Lines) -> Done {
        let before: Timestamp = before.parse().map_err(|_| Refused::End(another_version()))?;
        let done = self.wishes().delete_provisional(Some(SystemTime::from(before))).await;
        self.reply(done, |count| format!("{count} provisional users deleted"), lines).await
    }

    pub(super) async fn list_cards(&self, lines: &Lines) -> Done {
        for (key, number) in self.wishes().list_cards().await? {
            if !send(lines, &CardLine::new(&key, &number)).await {
                break;
            }
        }
        self.whole().await
    }

    pub(super) async fn unlink_card(&self, user_id: &str, lines: &Lines) -> Done {
        let user = self.wishes().find_user(user_id).await?;
        let key = user.listed.key;
        if matches!(key, UserKey::Registered(_)) && user.card.is_none() {
            return Err(Refused::End(End::No(format!("{} has no card", key.as_str()))));
        }
        let edit = UserEdit { unlink_card: true, ..UserEdit::default() };
        let text = format!("the card of {} is unknown from now on", key.as_str());
        self.reply(self.wishes().edit_user(&key, edit).await, |()| text, lines).await
    }
}

/// Cards that are kept in the directory.
impl Office {
    pub(super) async fn remove_directory_card(
        &self,
        user_id: Option<String>,
        card: Option<String>,
        lines: &Lines,
    ) -> Done {
        let user_id = user_id.map(|text| UserId::typed_at_directory(&text)).transpose();
        let user_id = user_id.map_err(|broken| AdminError::Fields(vec![broken]))?;
        let no_number = || End::Error("--card: that is no card number".to_owned());
        let number = card.map(|text| CardNumber::from_text(&text).ok_or_else(no_number));
        let card = match (user_id, number.transpose().map_err(Refused::End)?) {
            (Some(user), None) => CardToRemove::Of(user),
            (None, Some(number)) => CardToRemove::Numbered(number),
            (Some(user), Some(number)) => CardToRemove::NumberedOf(user, number),
            (None, None) => return Err(Refused::End(another_version())),
        };
        let user = self.wishes().remove_directory_card(card).await?;
        send(lines, &ErasedLine { user_id: user.as_str().to_owned() }).await;
        Ok(())
    }
}

fn limited(mut limits: Limits, features: &BTreeMap<Feature, bool>) -> Limits {
    for (feature, may) in features {
        let place = match feature {
            Feature::Copy => &mut limits.copy,
            Feature::Fax => &mut limits.fax,
            Feature::Scan => &mut limits.scan,
            Feature::Print => &mut limits.print,
        };
        *place = *may;
    }
    limits
}
