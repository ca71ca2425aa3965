//! Asks the servers.

use std::time::SystemTime;

use ldap3::Scope;

use super::{
    Finding, Severity, Volunteer, cause,
    judge::{self, Rights},
    passwords,
    people::People,
};
use crate::{
    client::{Client, Failure, Lease},
    config::Kind,
    fault::Fault,
    people::{
        entry::{self, Entry},
        schema,
        sign_in::SignIn,
    },
    wire::{
        connection::{Connection, NONE, Query},
        time::generalized_time,
    },
};

use kazasu_registration::{CardNumberRule, Settings};

/// Entries that are looked at for duplicates.
const ENTRIES_MAX: usize = 100_000;

pub(super) async fn ask(
    client: &Client,
    settings: &Settings,
    volunteer: Option<Volunteer>,
    now: SystemTime,
    findings: &mut Vec<Finding>,
) {
    let mut any = false;
    for server in client.servers() {
        match Connection::open(server, &client.dial).await {
            Err(fault) => findings.push(judge::unreachable(server, fault)),
            Ok(mut connection) => {
                any = true;
                findings.push(judge::certificate(server, connection.certificate_until, now));
                let theirs = time_of(&mut connection).await;
                findings.extend(judge::clock(server, theirs, now));
            }
        }
    }
    if !any {
        return;
    }
    let rule = &settings.card.number;
    let mut service = service(client, findings).await;
    let mut own = person(client, settings, volunteer, findings).await;
    let whose = own.as_ref().map(|(_, entry)| entry.clone());
    let Some(lease) = service.as_mut().or(own.as_mut().map(|(lease, _)| lease)) else {
        findings.push(Finding::new("signed-in", Severity::Note, cause::nobody_signed_in()));
        return;
    };
    let Some(sample) = people(client, lease, findings).await else { return };
    groups(client, lease, findings).await;
    // The volunteer's rules, where there is one: others may have others.
    let rules = passwords::rules(client, lease, whose.as_ref().unwrap_or(&sample)).await;
    let has_eyes = client.config.service_account.is_some();
    let kind = client.config.kind;
    findings.extend(passwords::lock_out(kind, settings, rules.locks, has_eyes));
    findings.extend(passwords::password_rule(settings, rules.shortest));
    let names = schema::in_use(&client.config);
    let found = schema::describe(&mut lease.connection, client.config.kind, &names).await;
    findings.extend(judge::attributes(&client.config, rule, found.ok().flatten().as_deref()));
    let everybody = everybody(client, lease, rule).await;
    let holders = everybody.as_ref().map(|(_, holders)| holders.as_slice()).unwrap_or_default();
    if let Some(card) = client.config.card() {
        let rights = Rights {
            writes_own: writes_own(client, own.as_mut(), card).await,
            reads_others: reads_others(client, own.as_mut(), card, holders).await,
            service_writes: service_writes(client, service.as_mut(), &sample, card).await,
        };
        findings.extend(judge::rights(&client.config, rule, rights));
    }
    if let Some((people, _)) = &everybody {
        findings.extend(people.judge(&client.config, rule));
    }
}

/// Active Directory tells its time to anybody.
async fn time_of(connection: &mut Connection) -> Option<SystemTime> {
    const TIME: &str = "currentTime";
    let root = connection.read("", &[TIME.to_owned()]).await.ok()??;
    generalized_time(root.text(TIME)?)
}

async fn service<'a>(client: &'a Client, findings: &mut Vec<Finding>) -> Option<Lease<'a>> {
    if client.config.service_account.is_none() {
        let none = cause::service_account_none();
        findings.push(Finding::new("service-account", Severity::Note, none));
        return None;
    }
    match client.service().await {
        Ok(lease) => {
            findings.push(Finding::fine("service-account", cause::service_account_fine()));
            Some(lease)
        }
        Err(error) => {
            let fails = cause::service_account_fails(error.code.as_str(), error.message);
            findings.push(Finding::new("service-account", Severity::Error, fails));
            None
        }
    }
}

async fn person<'a>(
    client: &'a Client,
    settings: &Settings,
    volunteer: Option<Volunteer>,
    findings: &mut Vec<Finding>,
) -> Option<(Lease<'a>, Entry)> {
    let Volunteer { typed, password } = volunteer?;
    let error = match client.sign_in(&typed, &password).await {
        Ok(SignIn::Right(own)) => {
            let mut own = *own;
            match client.person(&mut own.lease, &own.entry, &settings.card.number).await {
                Ok(_) => {
                    findings.push(Finding::fine("person", cause::person_fine()));
                    findings.extend(passwords::of_volunteer(settings, &typed, &password));
                    return Some((own.lease, own.entry));
                }
                Err(error) => error,
            }
        }
        Ok(SignIn::WrongPassword | SignIn::UnknownUser) => {
            findings.push(Finding::new("person", Severity::Error, cause::person_refused()));
            return None;
        }
        Err(error) => error,
    };
    let fails = cause::person_fails(error.code.as_str(), error.message);
    findings.push(Finding::new("person", Severity::Error, fails));
    None
}

/// Whether there are people below the base, and one of them.
async fn people(
    client: &Client,
    lease: &mut Lease<'_>,
    findings: &mut Vec<Finding>,
) -> Option<Entry> {
    let config = &client.config;
    let mut first = None;
    let attributes = entry::attributes(config);
    let query = Query {
        base: &config.base_dn,
        scope: Scope::Subtree,
        filter: config.person_filter(),
        attributes: &attributes,
        max: 1,
    };
    let server = Some(lease.server);
    let looked = lease.connection.each(query, |entry| first = first.take().or(Some(entry))).await;
    if let Err(fault) = looked {
        let error = client.error(Failure { server, fault });
        let fails = cause::base_fails(error.code.as_str(), error.message);
        findings.push(Finding::new("base", Severity::Error, fails));
        return None;
    }
    let Some(entry) = first else {
        findings.push(Finding::new("base", Severity::Error, cause::base_empty()));
        return None;
    };
    findings.push(Finding::fine("base", cause::base_fine()));
    if let Err(error) = entry.key(config) {
        let fails = cause::key_fails(error.code.as_str(), error.message);
        findings.push(Finding::new("key", Severity::Error, fails));
    }
    if config.kind == Kind::ActiveDirectory
        && let Err(error) = entry.check_account(config, SystemTime::UNIX_EPOCH)
        && error.code == kazasu_registration::ErrorCode::DirectoryPasswordUnreadable
    {
        let hidden = cause::account_state_hidden(error.code.as_str(), error.message);
        findings.push(Finding::new("account-state", Severity::Error, hidden));
    }
    Some(entry)
}

async fn groups(client: &Client, lease: &mut Lease<'_>, findings: &mut Vec<Finding>) {
    for (key, group) in client.config.groups.all() {
        if let Ok(found) = lease.connection.read(group, &[NONE.to_owned()]).await {
            findings.push(judge::group(key, group, found.is_some()));
        }
    }
}

/// What stands in everybody's entries, and the names of two that have a card number.
async fn everybody(
    client: &Client,
    lease: &mut Lease<'_>,
    rule: &CardNumberRule,
) -> Option<(People, Vec<String>)> {
    let config = &client.config;
    let attributes = [config.user_id(), config.name(), config.mail()].into_iter();
    let attributes: Vec<_> = attributes.chain(config.card()).map(str::to_owned).collect();
    let query = Query {
        base: &config.base_dn,
        scope: Scope::Subtree,
        filter: config.person_filter(),
        attributes: &attributes,
        max: ENTRIES_MAX,
    };
    let mut people = People::default();
    let mut holders = Vec::new();
    let see = |entry: Entry| {
        people.see(&entry, config, rule);
        let has_card = config.card().is_some_and(|card| !entry.values(card).is_empty());
        if has_card && holders.len() < 2 {
            holders.push(entry.dn);
        }
    };
    people.all = lease.connection.each(query, see).await.ok()?;
    Some((people, holders))
}

/// Attributes of an entry that whoever asks may write ([MS-ADTS] section 3.1.1.4.5.7).
const EFFECTIVE: &str = "allowedAttributesEffective";

async fn effective(lease: &mut Lease<'_>, dn: &str, card: &str) -> Option<bool> {
    let entry = lease.connection.read(dn, &[EFFECTIVE.to_owned()]).await.ok()??;
    let may = entry.texts(EFFECTIVE);
    Some(may.iter().any(|name| name.eq_ignore_ascii_case(card)))
}

async fn writes_own(
    client: &Client,
    own: Option<&mut (Lease<'_>, Entry)>,
    card: &str,
) -> Option<bool> {
    let (lease, entry) = own?;
    match client.config.kind {
        Kind::ActiveDirectory => effective(lease, &entry.dn, card).await,
        // No server of this kind tells, so it is tried.
        Kind::Ldap => match lease.connection.touch(&entry.dn, card, entry.values(card)).await {
            Ok(()) => Some(true),
            Err(Fault::Answered(..)) => Some(false),
            Err(_) => None,
        },
    }
}

async fn reads_others(
    client: &Client,
    own: Option<&mut (Lease<'_>, Entry)>,
    card: &str,
    holders: &[String],
) -> Option<bool> {
    let (lease, entry) = own?;
    let other = holders.iter().find(|dn| !dn.eq_ignore_ascii_case(&entry.dn))?;
    // Only the service account has seen more than the person may.
    client.config.service_account.as_ref()?;
    let seen = lease.connection.read(other, &[card.to_owned()]).await.ok()?;
    Some(seen.is_some_and(|entry| !entry.values(card).is_empty()))
}

async fn service_writes(
    client: &Client,
    service: Option<&mut Lease<'_>>,
    sample: &Entry,
    card: &str,
) -> Option<bool> {
    let lease = service?;
    match client.config.kind {
        Kind::ActiveDirectory => effective(lease, &sample.dn, card).await,
        Kind::Ldap => None,
    }
}
