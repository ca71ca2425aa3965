//! Card numbers that an administrator deletes from people's entries.

use kazasu_registration::{CardNumberRule, ErrorCode, UserId};
use kazasu_service::{CardToRemove, DirectoryError, Removed};

use crate::{
    client::{Client, Failure},
    config::{Kind, ServiceAccountConfig},
    fault::{Fault, failed},
    people::{
        entry::{Card, Entry, EntryKey},
        names,
        sign_in::ambiguous,
        write::{SEVERAL, duplicate},
    },
    wire::result::{ResultCode, Step},
};

/// RFC 4511 section 4.1.9: the values to be deleted are not there (any more).
const NO_SUCH_ATTRIBUTE: u32 = 16;
/// The account may not do it.
const INSUFFICIENT_ACCESS_RIGHTS: u32 = 50;

impl Client {
    /// See the port. Only card numbers go: what else stands in the attribute is not ours.
    pub(crate) async fn remove(
        &self,
        card: &CardToRemove,
        rule: &CardNumberRule,
    ) -> Result<Removed, DirectoryError> {
        self.check_enabled()?;
        let attribute = self.card_attribute()?;
        let Some(entry) = self.entry_with(card, rule).await? else {
            return Ok(match card {
                CardToRemove::Of(_) => Removed::NoSuchPerson,
                CardToRemove::Numbered(_) | CardToRemove::NumberedOf(..) => Removed::NoCard,
            });
        };
        let id = self.id_of(&entry)?;
        let out = self.values_of(&entry, card, rule);
        if out.is_empty() {
            return Ok(Removed::NoCard);
        }
        let mut lease = self.service().await?;
        let server = Some(lease.server);
        let removed = lease.connection.exchange(&entry.dn, attribute, &out, &[]).await;
        match removed {
            Ok(()) => self.give_back(lease),
            // Somebody else deleted it in between.
            Err(Fault::Answered(_, ResultCode { code: NO_SUCH_ATTRIBUTE, .. })) => {
                self.give_back(lease);
                return Ok(Removed::NoCard);
            }
            Err(Fault::Answered(Step::Write, result))
                if result.code == INSUFFICIENT_ACCESS_RIGHTS =>
            {
                return Err(self.no_right(attribute));
            }
            Err(fault @ (Fault::Lost | Fault::TimedOut | Fault::Notice(_))) => {
                // It may be the last place there is.
                drop(lease);
                let key = entry.key(&self.config)?;
                match self.is_gone(card, rule, &key).await {
                    Ok(true) => {}
                    Ok(false) => return Err(self.error(Failure { server, fault })),
                    Err(error) => {
                        tracing::warn!(code = %error.code, %error, "no second look");
                        return Ok(Removed::Unknown(id));
                    }
                }
            }
            Err(fault) => return Err(self.error(Failure { server, fault })),
        }
        Ok(Removed::Done(id))
    }

    /// The one entry that is meant.
    async fn entry_with(
        &self,
        card: &CardToRemove,
        rule: &CardNumberRule,
    ) -> Result<Option<Entry>, DirectoryError> {
        let attribute = self.card_attribute()?;
        let number = match card {
            CardToRemove::Of(_) => None,
            CardToRemove::Numbered(number) | CardToRemove::NumberedOf(_, number) => {
                self.check_form(number)?;
                let Some(number) = rule.reading(number.as_str()) else { return Ok(None) };
                Some(number)
            }
        };
        let of = |id: &UserId| names::equal(self.config.user_id(), id.as_str());
        let filter = match card {
            CardToRemove::Of(id) => names::both(self.config.person_filter(), &of(id)),
            CardToRemove::Numbered(number) => self.card_filter(attribute, number),
            CardToRemove::NumberedOf(id, number) => {
                names::both(&self.card_filter(attribute, number), &of(id))
            }
        };
        let wanted = [attribute, self.config.user_id(), self.config.key()].map(str::to_owned);
        let found = self.service_search(&filter, &wanted, SEVERAL).await;
        let numbered = matches!(card, CardToRemove::Numbered(_));
        let mut found = if numbered { self.several_are_duplicates(found)? } else { found? };
        if let Some(number) = &number {
            found.retain(|entry| self.may_have(entry, number, rule));
        }
        match <[Entry; 1]>::try_from(found) {
            Ok([entry]) => Ok(Some(entry)),
            Err(none) if none.is_empty() => Ok(None),
            Err(_) if numbered => Err(duplicate()),
            Err(several) => Err(ambiguous(self.config.user_id(), several.len())),
        }
    }

    fn id_of(&self, entry: &Entry) -> Result<UserId, DirectoryError> {
        let attribute = self.config.user_id();
        entry.text(attribute).and_then(|id| UserId::typed(id).ok()).ok_or_else(|| {
            let what = format!("attribute {attribute} of the entry holds no user ID");
            failed(ErrorCode::DirectoryUserIdEmpty, what)
        })
    }

    /// The values to be deleted, as they stand there: their case may differ.
    fn values_of(&self, entry: &Entry, card: &CardToRemove, rule: &CardNumberRule) -> Vec<Vec<u8>> {
        let meant = |there: &Card| match card {
            CardToRemove::Of(_) => true,
            CardToRemove::Numbered(number) | CardToRemove::NumberedOf(_, number) => {
                rule.reading(number.as_str()).as_ref() == Some(&there.number)
            }
        };
        let ours = entry.cards(&self.config, rule).ours.into_iter().filter(meant);
        ours.map(|card| card.value).collect()
    }

    /// Whether the entry has lost the card, after the connection was lost before the answer.
    async fn is_gone(
        &self,
        card: &CardToRemove,
        rule: &CardNumberRule,
        key: &EntryKey,
    ) -> Result<bool, DirectoryError> {
        let Some(entry) = self.entry_with(card, rule).await? else { return Ok(true) };
        let is_same = entry.key(&self.config).as_ref() == Ok(key);
        Ok(!is_same || self.values_of(&entry, card, rule).is_empty())
    }

    /// 050 is told to people in words about their own rights; here it is the service account's.
    fn no_right(&self, attribute: &str) -> DirectoryError {
        let base = &self.config.base_dn;
        let Some(ServiceAccountConfig { name, .. }) = &self.config.service_account else {
            return failed(ErrorCode::DirectoryNoWriteRight, "there is no service account");
        };
        let mend = match self.config.kind {
            Kind::ActiveDirectory => format!(
                "on a domain controller, with the account's DOMAIN\\NAME: \
                 dsacls \"{base}\" /I:S /G \"DOMAIN\\NAME:WP;{attribute};user\""
            ),
            Kind::Ldap => format!(
                "with OpenLDAP, before the other rules on it: \
                 access to dn.subtree=\"{base}\" attrs={attribute} by dn.exact=\"{name}\" write \
                 by * break"
            ),
        };
        let what = format!(
            "the service account {name} may not write {attribute}: grant it that below {base}; {mend}"
        );
        failed(ErrorCode::DirectoryNoWriteRight, what)
    }
}
