//! A world for random sequences: two stations, one set of records, a directory, and answers that
//! come when they please. It does what the ports promise, and watches what the stations ask.

use std::collections::{BTreeMap, BTreeSet};

use kazasu_hal::CardIdentity;

use super::{rig_test::*, *};
use crate::{
    AuditEvent, Capacity, CardNumber, ErrorCode, Limits, Notice, Page, Role, Source, UserId,
    UserName,
};

pub(super) const PASSWORD: &str = "sesame";

/// Small, so that it is reached.
pub(super) const CAPACITY: Capacity = Capacity { registered: 4, records: 5 };

pub(super) fn user_id(text: &str) -> UserId {
    UserId::new(text).unwrap()
}

pub(super) fn nth_card(n: u8) -> CardIdentity {
    match n {
        1 => card_b(),
        2 => card_old(),
        3 => random_card(),
        4 => untrusted_card(),
        _ => card_a(),
    }
}

/// The records, and people in the directory.
pub(super) struct Records {
    users: BTreeMap<UserId, Account>,
    provisional: BTreeSet<CardNumber>,
    people: BTreeMap<UserId, Account>,
}

impl Records {
    pub(super) fn new() -> Self {
        let boss = Account { role: Role::Administrator, ..account("boss", None) };
        let users = ["tanaka", "suzuki"].map(|id| account(id, None)).into_iter().chain([boss]);
        let person = |id| Account { source: Source::Directory, ..account(id, None) };
        let people = ["tanaka", "sato", "kato", "ito"].map(person);
        Self {
            users: users.map(|user| (user.id.clone(), user)).collect(),
            provisional: BTreeSet::new(),
            people: people.into_iter().map(|person| (person.id.clone(), person)).collect(),
        }
    }

    fn owner(&self, number: &CardNumber) -> Option<&Account> {
        self.users.values().find(|user| user.card.as_ref() == Some(number))
    }

    fn find(&self, wanted: &CardToFind) -> LookUp {
        let owner = match wanted.source {
            Source::Device => self.owner(&wanted.number),
            Source::Directory => {
                self.people.values().find(|person| person.card.as_ref() == Some(&wanted.number))
            }
        };
        match owner {
            Some(account) => LookUp::Registered(account.clone()),
            None if self.provisional.contains(&wanted.number) => LookUp::Provisional,
            None => LookUp::Unknown,
        }
    }

    fn make_provisional(&mut self, wanted: &Provisional, capacity: Capacity) -> ProvisionalOutcome {
        assert_eq!(wanted.limits, Limits::FORBID_ALL, "a provisional user gained rights");
        if self.owner(&wanted.number).is_some() {
            return ProvisionalOutcome::CardTaken;
        }
        if !self.provisional.contains(&wanted.number) {
            if self.count() >= capacity.records {
                return ProvisionalOutcome::Full;
            }
            self.provisional.insert(wanted.number.clone());
        }
        ProvisionalOutcome::Made
    }

    fn verify(&self, claim: &Claim) -> Verdict {
        let right = |typed: &crate::TypedPassword| typed.reveal() == PASSWORD;
        match claim {
            Claim::User(id, typed) => match self.users.get(id) {
                None => Verdict::UnknownUser,
                Some(user) if typed.as_ref().is_none_or(right) => Verdict::Right(user.clone()),
                Some(_) => Verdict::WrongPassword,
            },
            Claim::Administrator(id, typed) if self.users.contains_key(id) => {
                self.verify(&Claim::User(id.clone(), Some(typed.clone())))
            }
            Claim::Directory(id, typed) | Claim::Administrator(id, typed) => {
                match self.people.get(id) {
                    None => Verdict::UnknownUser,
                    Some(person) if right(typed) => Verdict::Right(match self.users.get(id) {
                        Some(record) => Account { source: record.source, ..record.clone() },
                        None => person.clone(),
                    }),
                    Some(_) => Verdict::WrongPassword,
                }
            }
            Claim::Device(_, typed) if typed.as_ref().is_none_or(right) => Verdict::RightDevice,
            Claim::Device(..) => Verdict::WrongPassword,
        }
    }

    fn commit(&mut self, binding: &Binding) -> CommitOutcome {
        if self.owner(&binding.number).is_some() {
            return CommitOutcome::CardTaken;
        }
        let (registered, records) = (self.users.len(), self.count());
        let frees = u32::from(self.provisional.contains(&binding.number));
        let user = match (&binding.keep, self.users.contains_key(&binding.user)) {
            (Keep::Entry { .. }, _) => self.people.get_mut(&binding.user),
            (Keep::Copy(copy), false) => {
                let full = u32::try_from(registered).unwrap() >= copy.capacity.registered
                    || records - frees >= copy.capacity.records;
                if full {
                    return CommitOutcome::Full;
                }
                let new = Account { source: Source::Directory, card: None, ..account("x", None) };
                let id = binding.user.clone();
                let name = UserName::new(id.as_str()).unwrap();
                Some(self.users.entry(id.clone()).or_insert(Account { id, name, ..new }))
            }
            _ => self.users.get_mut(&binding.user),
        };
        let Some(user) = user else { return CommitOutcome::UserGone };
        if let Some(card) = &user.card
            && Some(card) != binding.replaces.as_ref()
        {
            return CommitOutcome::Conflict(card.clone());
        }
        user.card = Some(binding.number.clone());
        self.provisional.remove(&binding.number);
        CommitOutcome::Done
    }

    fn save_own(&mut self, change: &OwnChange) -> OwnOutcome {
        let Some(user) = self.users.get_mut(&change.user) else { return OwnOutcome::UserGone };
        if change.current.as_ref().is_some_and(|current| current.reveal() != PASSWORD) {
            return OwnOutcome::WrongPassword;
        }
        if let Some(name) = &change.name {
            user.name = name.clone();
        }
        if change.unlink_card {
            user.card = None;
        }
        OwnOutcome::Saved(user.clone())
    }

    /// An administrator deletes a user.
    pub(super) fn delete(&mut self, id: &UserId) {
        self.users.remove(id);
    }

    fn count(&self) -> u32 {
        u32::try_from(self.users.len() + self.provisional.len()).unwrap()
    }

    fn check(&self) {
        let cards: Vec<_> = self.users.values().filter_map(|user| user.card.as_ref()).collect();
        let different: BTreeSet<_> = cards.iter().collect();
        assert_eq!(cards.len(), different.len(), "a card is bound to two people");
        for number in &self.provisional {
            assert!(self.owner(number).is_none(), "a registered card kept its provisional user");
        }
        assert!(self.users.len() <= 4, "too many users");
        assert!(self.count() <= CAPACITY.records, "too many records");
    }
}

/// What the outside knows of the session that is on at one station.
#[derive(Default)]
pub(super) struct Session {
    number: u64,
    card: Option<CardIdentity>,
    reads: u8,
    /// The newest request: an answer to an older one says nothing any more.
    awaited: Option<Request>,
    /// Whose credentials were right, in this session.
    verified: Option<UserId>,
    /// The card of theirs that they were asked about, and whether they agreed.
    agreed: bool,
    /// Somebody with a record was found by card or password.
    known: bool,
    /// One of the device's own passwords was right.
    device: bool,
    administrator: bool,
    /// Nobody is checked in this mode.
    unchecked: bool,
}

pub(super) struct Desk {
    pub(super) rig: Rig,
    pub(super) session: Session,
    asked: Vec<Effect>,
}

/// Two stations and the records they share.
pub(super) struct World {
    pub(super) desks: Vec<Desk>,
    pub(super) records: Records,
    pub(super) commits: u32,
    pub(super) registered: u32,
}

impl World {
    pub(super) fn new(words: &[&str]) -> Self {
        let desk = || {
            let mut rig = Rig::new(words);
            let mut site = (*rig.station.site).clone();
            site.settings.capacity = CAPACITY;
            rig.input(Input::Site(Arc::new(site)));
            let unchecked = words.iter().any(|w| ["mode off", "mode unverified"].contains(w));
            Desk { rig, session: Session { unchecked, ..Session::default() }, asked: Vec::new() }
        };
        Self { desks: vec![desk(), desk()], records: Records::new(), commits: 0, registered: 0 }
    }

    pub(super) fn input(&mut self, at: usize, input: Input) {
        let desk = &mut self.desks[at];
        match &input {
            Input::CardPresented(card) | Input::CardConfirmed(card)
                if desk.session.card.as_ref() == Some(card) =>
            {
                desk.session.reads = desk.session.reads.saturating_add(1);
            }
            Input::Panel { action: PanelAction::Confirm(true), session }
                if *session == desk.session.number =>
            {
                desk.session.agreed = desk.rig.state() == "ConfirmingReplace";
            }
            _ => {}
        }
        let was_registered = registered(&desk.rig.page());
        let done = matches!(input, Input::Committed(_, Ok(CommitOutcome::Done)));
        let effects = desk.rig.input(input);
        if !was_registered && registered(&desk.rig.page()) {
            assert!(done, "shown as registered without being stored");
            self.registered += 1;
        }
        self.note(at, effects);
    }

    pub(super) fn panel(&mut self, at: usize, action: PanelAction) {
        let session = self.desks[at].rig.station.session;
        self.input(at, Input::Panel { session, action });
    }

    fn note(&mut self, at: usize, effects: Vec<Effect>) {
        let desk = &mut self.desks[at];
        assert!(effects.len() <= 3, "{effects:?}");
        let session = &mut desk.session;
        if desk.rig.station.session != session.number {
            let number = desk.rig.station.session;
            *session = Session { number, unchecked: session.unchecked, ..Session::default() };
        }
        for effect in effects {
            match &effect {
                Effect::LookUp(request, wanted) => {
                    session.card = Some(wanted.card.clone());
                    session.reads = 1;
                    session.awaited = Some(*request);
                }
                Effect::Verify(request, ..) => {
                    session.awaited = Some(*request);
                    (session.verified, session.agreed) = (None, false);
                }
                Effect::MakeProvisional(request, ..) | Effect::SaveOwn(request, _) => {
                    session.awaited = Some(*request);
                }
                Effect::Commit(request, binding) => {
                    session.awaited = Some(*request);
                    assert_eq!(Some(&binding.card), session.card.as_ref());
                    assert_eq!(binding.number, number(&binding.card));
                    assert!(session.reads >= 2, "the card was read once only");
                    assert_eq!(
                        Some(&binding.user),
                        session.verified.as_ref(),
                        "registered without credentials that were right"
                    );
                    assert!(binding.replaces.is_none() || session.agreed, "nobody was asked");
                    self.commits += 1;
                }
                Effect::Abandon(request) => {
                    session.awaited.take_if(|awaited| awaited == request);
                }
                Effect::Audit(record) => {
                    let event = &record.event;
                    assert!(!matches!(event, AuditEvent::CardBound { .. }), "{event:?}");
                }
            }
            if !matches!(effect, Effect::Abandon(_) | Effect::Audit(_)) {
                desk.asked.push(effect);
            }
        }
        self.check_page(at);
        self.records.check();
    }

    /// Rights come from somebody having been found or checked, never from a tap alone.
    fn check_page(&self, at: usize) {
        let Desk { rig, session, .. } = &self.desks[at];
        let earned = match rig.page() {
            Page::SignedIn { name: Some(_), .. } | Page::OwnRecord { .. } => session.known,
            Page::SignedIn { name: None, .. } => session.unchecked,
            Page::Administrator { .. } => session.device || session.administrator,
            Page::Guest | Page::Engineer => session.device,
            _ => true,
        };
        assert!(earned, "{} was not earned", rig.state());
    }

    /// Performs a request as the ports do, and answers it; `back` counts from the newest one,
    /// which may have been answered before.
    pub(super) fn answer(&mut self, at: usize, back: usize, fails: bool) {
        let desk = &mut self.desks[at];
        let Some(nth) = desk.asked.len().checked_sub(1 + back) else { return };
        let effect = desk.asked[nth].clone();
        let (request, input) = match &effect {
            Effect::LookUp(n, wanted) => {
                let found =
                    if fails { Err(ErrorCode::TryLater) } else { Ok(self.records.find(wanted)) };
                (*n, Input::LookedUp(*n, found))
            }
            Effect::MakeProvisional(n, wanted, capacity) => {
                let made = if fails {
                    Err(ErrorCode::StoreFull)
                } else {
                    Ok(self.records.make_provisional(wanted, *capacity))
                };
                (*n, Input::ProvisionalMade(*n, made))
            }
            Effect::Verify(n, claim, _) => {
                let verdict = if fails {
                    Err(ErrorCode::TryLater.into())
                } else {
                    Ok(self.records.verify(claim))
                };
                (*n, Input::Verified(*n, verdict))
            }
            Effect::Commit(n, binding) => {
                let outcome = if fails {
                    Err(ErrorCode::NotCommitted)
                } else {
                    Ok(self.records.commit(binding))
                };
                (*n, Input::Committed(*n, outcome))
            }
            Effect::SaveOwn(n, change) => {
                let outcome = if fails {
                    Err(ErrorCode::NotCommitted.into())
                } else {
                    Ok(self.records.save_own(change))
                };
                (*n, Input::OwnSaved(*n, outcome))
            }
            Effect::Abandon(_) | Effect::Audit(_) => return,
        };
        let session = &mut desk.session;
        if session.awaited != Some(request) || desk.rig.station.session != session.number {
            return self.late(at, input);
        }
        session.awaited = None;
        match &input {
            Input::LookedUp(_, Ok(LookUp::Registered(_))) => session.known = true,
            Input::Verified(_, Ok(Verdict::Right(account))) => {
                session.verified = Some(account.id.clone());
                session.known = true;
                session.administrator = account.role == Role::Administrator;
            }
            Input::Verified(_, Ok(Verdict::RightDevice)) => session.device = true,
            _ => {}
        }
        self.input(at, input);
    }

    /// An answer that nobody waits for.
    fn late(&mut self, at: usize, input: Input) {
        let rig = &mut self.desks[at].rig;
        // The timer is another input.
        rig.input(Input::Tick);
        let before = rig.shape();
        let shown = format!("{input:?}");
        let effects = rig.input(input);
        assert!(effects.is_empty(), "late: {shown}: {effects:?}");
        assert_eq!(before, rig.shape(), "late: {shown}");
    }

    /// Nobody acts any more: the station is free again, by its own timers alone; an engineer
    /// leaves with the special key.
    pub(super) fn comes_back(&mut self, at: usize) {
        if self.desks[at].rig.state() == "Engineer" {
            self.panel(at, PanelAction::SpecialKey);
        }
        let rig = &mut self.desks[at].rig;
        for _ in 0..8 {
            if rig.station.poll_timeout().is_none() {
                break;
            }
            rig.expire();
        }
        assert_eq!(rig.station.poll_timeout(), None, "stuck in {}", rig.state());
        rig.panel(PanelAction::Cancel);
        assert_eq!(rig.state(), "Nobody");
    }
}

fn registered(page: &Page) -> bool {
    matches!(page, Page::Notice(Notice::Registered { .. }))
}
