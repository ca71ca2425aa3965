//! Card numbers in people's entries.

use kazasu_registration::{CardNumber, CardNumberRule, ErrorCode, TypedPassword, UserId};
use kazasu_service::{DirectoryError, Written};
use ldap3::Scope;

use crate::{
    client::{Client, Failure},
    config::Replace,
    fault::{Fault, failed},
    people::{
        entry::{self, Entry, EntryKey},
        names,
        sign_in::{Own, SignIn},
    },
    wire::{
        connection::{Bind, Query},
        result::Step,
    },
};

/// More entries with one card number than these are not counted.
pub(crate) const SEVERAL: usize = 8;

/// One exchange of values in a person's entry.
struct Exchange<'a> {
    password: &'a TypedPassword,
    attribute: &'a str,
    key: EntryKey,
    number: &'a CardNumber,
    rule: &'a CardNumberRule,
    out: Vec<Vec<u8>>,
}

impl Client {
    /// The entry that has this card number; 083 where there are several. Servers find more than
    /// they were asked for: where an attribute is one of telephone numbers, hyphens do not count.
    pub(crate) async fn find_card(
        &self,
        number: &CardNumber,
        rule: &CardNumberRule,
    ) -> Result<Option<Entry>, DirectoryError> {
        self.check_form(number)?;
        if !rule.could_make(number.as_str()) {
            return Ok(None);
        }
        let filter = self.card_filter(self.card_attribute()?, number);
        let attributes = entry::attributes(&self.config);
        let found = self.service_search(&filter, &attributes, SEVERAL).await;
        let mut found = self.several_are_duplicates(found)?;
        found.retain(|entry| self.may_have(entry, number, rule));
        match <[Entry; 1]>::try_from(found) {
            Ok([entry]) => Ok(Some(entry)),
            Err(none) if none.is_empty() => Ok(None),
            Err(_) => Err(duplicate()),
        }
    }

    /// Whether an entry that was found by a number has it, as far as may be seen: some servers let an
    /// account search for values that it may not read.
    pub(crate) fn may_have(
        &self,
        entry: &Entry,
        number: &CardNumber,
        rule: &CardNumberRule,
    ) -> bool {
        let shows = self.config.card().is_some_and(|card| !entry.values(card).is_empty());
        !shows || entry.cards(&self.config, rule).has(number, rule)
    }

    pub(crate) fn card_attribute(&self) -> Result<&str, DirectoryError> {
        self.config.card().ok_or_else(|| {
            let what = "directory.attributes.card is not set: it says where card numbers are";
            failed(ErrorCode::DirectorySettingsIncomplete, what)
        })
    }

    /// Whether the file and the site's rule say the same of card numbers: a number that would not
    /// count as one when it is read back is neither written nor looked for.
    pub(crate) fn check_form(&self, number: &CardNumber) -> Result<(), DirectoryError> {
        if !self.config.keyed || entry::is_keyed(number) {
            return Ok(());
        }
        let what = "directory.keyed is set, but the site's card numbers are not keyed: set \
                    card.number=keyed, or take directory.keyed away";
        Err(failed(ErrorCode::DirectorySettingsIncomplete, what))
    }

    pub(crate) fn card_filter(&self, attribute: &str, number: &CardNumber) -> String {
        names::both(self.config.person_filter(), &names::equal(attribute, number.as_str()))
    }

    /// Too many entries with one number are duplicates, too.
    pub(crate) fn several_are_duplicates<T>(
        &self,
        found: Result<T, DirectoryError>,
    ) -> Result<T, DirectoryError> {
        found.map_err(|e| if e.code == ErrorCode::DirectorySizeLimit { duplicate() } else { e })
    }

    /// See the port.
    pub(crate) async fn write(
        &self,
        typed: &UserId,
        password: &TypedPassword,
        number: &CardNumber,
        replaces: Option<&CardNumber>,
        rule: &CardNumberRule,
    ) -> Result<Written, DirectoryError> {
        let attribute = self.card_attribute()?;
        self.check_form(number)?;
        let mut own = match self.sign_in(typed, password).await? {
            SignIn::Right(own) => *own,
            SignIn::WrongPassword | SignIn::UnknownUser => return Ok(Written::PersonGone),
        };
        self.check_device_right(&mut own.lease, &own.entry).await?;
        let key = own.entry.key(&self.config)?;
        match self.others(&mut own, &key, number, rule).await? {
            0 => {}
            1 => return Ok(Written::CardTaken),
            _ => return Err(duplicate()),
        }
        let cards = own.entry.cards(&self.config, rule);
        if cards.has(number, rule) {
            return Ok(Written::Done);
        }
        // Before anybody is asked whether another card may go: nothing will be written.
        if !cards.foreign.is_empty() && self.config.replace == Replace::CardNumbers {
            let what = format!(
                "{attribute} of the entry holds something else than a card number: clear it, or \
                 set directory.replace"
            );
            return Err(failed(ErrorCode::DirectoryCardAttributeForeign, what));
        }
        if let Some(other) = cards.ours.iter().find(|card| replaces != Some(&card.number)) {
            return Ok(Written::Conflict(other.number.clone()));
        }
        let out = cards.ours.into_iter().map(|card| card.value).chain(cards.foreign).collect();
        self.exchange(own, &Exchange { password, attribute, key, number, rule, out }).await
    }

    /// How many other entries have this number: seen by the service account where there is one,
    /// since people may be permitted to see less.
    async fn others(
        &self,
        own: &mut Own<'_>,
        key: &EntryKey,
        number: &CardNumber,
        rule: &CardNumberRule,
    ) -> Result<usize, DirectoryError> {
        let attribute = self.card_attribute()?;
        let filter = self.card_filter(attribute, number);
        let attributes = [self.config.key().to_owned(), attribute.to_owned()];
        let found = if self.config.service_account.is_some() {
            self.service_search(&filter, &attributes, SEVERAL).await
        } else {
            let query = Query {
                base: &self.config.base_dn,
                scope: Scope::Subtree,
                filter: &filter,
                attributes: &attributes,
                max: SEVERAL,
            };
            let found = own.lease.connection.search(query).await;
            found.map_err(|fault| self.error(Failure { server: Some(own.lease.server), fault }))
        };
        let mut found = self.several_are_duplicates(found)?;
        found.retain(|entry| self.may_have(entry, number, rule));
        let keys = found.iter().map(|entry| entry.key(&self.config));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        Ok(keys.iter().filter(|other| *other != key).count())
    }

    async fn exchange(
        &self,
        mut own: Own<'_>,
        exchange: &Exchange<'_>,
    ) -> Result<Written, DirectoryError> {
        let into = [exchange.number.as_str().as_bytes().to_vec()];
        let server = own.lease.server;
        let dn = own.entry.dn.clone();
        let connection = &mut own.lease.connection;
        let changed = connection.exchange(&dn, exchange.attribute, &exchange.out, &into).await;
        let fail = |fault| self.error(Failure { server: Some(server), fault });
        let written = match changed {
            Ok(()) => self.read_back(&mut own, exchange).await,
            Err(Fault::Answered(step, code)) => {
                return self.not_written(&mut own, exchange, Fault::Answered(step, code)).await;
            }
            // Whether it happened is not known.
            Err(fault) => Err(fault),
        };
        let entry = match written {
            Ok(entry) => entry,
            Err(fault) => {
                return self.look_again(own, exchange, fault).await;
            }
        };
        if !self.has_only(&entry, exchange) {
            // As far as that is possible: what cannot be read is no registration.
            let connection = &mut own.lease.connection;
            let _ = connection.exchange(&dn, exchange.attribute, &into, &exchange.out).await;
            let what = format!("{} reads back another value than was written", exchange.attribute);
            return Err(failed(ErrorCode::DirectoryReadBackDiffers, what));
        }
        // Somebody may have written the same number at the same moment: then neither has it.
        match self.others(&mut own, &exchange.key, exchange.number, exchange.rule).await {
            Ok(0) => Ok(Written::Done),
            Ok(_) => {
                let connection = &mut own.lease.connection;
                let undone =
                    connection.exchange(&dn, exchange.attribute, &into, &exchange.out).await;
                undone.map_err(fail)?;
                Err(duplicate())
            }
            // It is written and was read back; that alone can be said.
            Err(_) => Ok(Written::Done),
        }
    }

    async fn read_back(
        &self,
        own: &mut Own<'_>,
        exchange: &Exchange<'_>,
    ) -> Result<Option<Entry>, Fault> {
        let attributes = [exchange.attribute.to_owned(), self.config.key().to_owned()];
        own.lease.connection.read(&own.entry.dn, &attributes).await
    }

    fn has_only(&self, entry: &Option<Entry>, exchange: &Exchange<'_>) -> bool {
        entry.as_ref().is_some_and(|entry| {
            entry.key(&self.config).as_ref() == Ok(&exchange.key)
                && entry.values(exchange.attribute) == [exchange.number.as_str().as_bytes()]
        })
    }

    /// The server refused the change. Where the entry is another by now, that is the reason.
    async fn not_written(
        &self,
        own: &mut Own<'_>,
        exchange: &Exchange<'_>,
        fault: Fault,
    ) -> Result<Written, DirectoryError> {
        const NO_SUCH_OBJECT: u32 = 32;
        let server = Some(own.lease.server);
        if let Fault::Answered(Step::Write, code) = fault
            && code.code == NO_SUCH_OBJECT
        {
            return Ok(Written::PersonGone);
        }
        if let Ok(Some(entry)) = self.read_back(own, exchange).await {
            let now = entry.cards(&self.config, exchange.rule).ours;
            if let Some(other) = now.into_iter().find(|card| !exchange.out.contains(&card.value)) {
                return Ok(Written::Conflict(other.number));
            }
        }
        Err(self.error(Failure { server, fault }))
    }

    /// The connection was lost before the answer. The same server tells what it did; others may
    /// not have heard of it yet. The credentials were right a moment ago, so that signing in again
    /// is no guess.
    async fn look_again(
        &self,
        own: Own<'_>,
        exchange: &Exchange<'_>,
        fault: Fault,
    ) -> Result<Written, DirectoryError> {
        let Own { lease, entry, bind_name } = own;
        let server = lease.server;
        // It may be the last place there is.
        drop(lease);
        let found = self.read_again(server, &entry.dn, &bind_name, exchange).await;
        let found = found.map_err(|()| {
            let what = "the connection was lost while writing, and the server is away since";
            failed(ErrorCode::OutcomeUnknown, what)
        })?;
        if self.has_only(&found, exchange) {
            return Ok(Written::Done);
        }
        Err(self.error(Failure { server: Some(server), fault }))
    }

    async fn read_again(
        &self,
        server: usize,
        dn: &str,
        bind_name: &str,
        exchange: &Exchange<'_>,
    ) -> Result<Option<Entry>, ()> {
        let mut lease = self.connect_to(server).await.map_err(drop)?;
        let bound = lease.connection.bind(bind_name, exchange.password.reveal()).await;
        if bound != Ok(Bind::Right) {
            return Err(());
        }
        let attributes = [exchange.attribute.to_owned(), self.config.key().to_owned()];
        lease.connection.read(dn, &attributes).await.map_err(drop)
    }
}

pub(crate) fn duplicate() -> DirectoryError {
    let what = "several entries have this card number: leave it in one";
    failed(ErrorCode::DirectoryCardDuplicate, what)
}
