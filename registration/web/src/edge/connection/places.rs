//! Who may be connected: a few places for anybody, fewer for one address, and more for browsers that
//! showed that they are paired.
//!
//! Whoever comes while there is no place stands at the door for a moment: a paired browser shows its
//! cookie at once and is let in, anybody else is told that all is taken.

use std::{collections::BTreeMap, net::IpAddr};

/// For anybody.
const STRANGERS_MAX: usize = 64;
/// Of these, for one address.
const STRANGERS_OF_ONE: usize = 16;
/// At the door. Then somebody who stands there has to go: the one who waits longest of the address
/// that has the most there.
const DOOR_MAX: usize = 32;
/// For paired browsers. A browser has at most six connections to one server.
const PAIRED_MAX: usize = 128;
/// Of these, for one browser.
const PAIRED_OF_ONE: usize = 32;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Only to show a cookie.
    Door,
    /// For anybody.
    Stranger,
    /// For the browser of this pairing.
    Paired(u32),
}

/// The places of one listener.
#[derive(Debug, Default)]
pub(super) struct Places {
    next: u64,
    taken: BTreeMap<u64, (IpAddr, Place)>,
}

/// Somebody who came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Came {
    pub(super) number: u64,
    pub(super) place: Place,
    /// Who has to go for that.
    pub(super) instead_of: Option<u64>,
}

impl Places {
    /// Somebody connects from this address.
    pub(super) fn come(&mut self, peer: IpAddr) -> Came {
        let of_one = self.taken.values().filter(|taken| **taken == (peer, Place::Stranger)).count();
        let room = of_one < STRANGERS_OF_ONE && self.count(Place::Stranger) < STRANGERS_MAX;
        let place = if room { Place::Stranger } else { Place::Door };
        let instead_of = match place {
            Place::Door if self.count(Place::Door) >= DOOR_MAX => self.waits_longest(),
            _ => None,
        };
        if let Some(gone) = instead_of {
            self.taken.remove(&gone);
        }
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.taken.insert(number, (peer, place));
        Came { number, place, instead_of }
    }

    /// Somebody showed that they are of this pairing. `false`: no place is left for that.
    pub(super) fn is_paired(&mut self, number: u64, pairing: u32) -> bool {
        let wanted = Place::Paired(pairing);
        if self.place(number) == Some(wanted) {
            return true;
        }
        let all = self.taken.values().filter(|(_, place)| matches!(place, Place::Paired(_)));
        let room = all.count() < PAIRED_MAX && self.count(wanted) < PAIRED_OF_ONE;
        match self.taken.get_mut(&number) {
            Some((_, place)) if room => {
                *place = wanted;
                true
            }
            _ => false,
        }
    }

    pub(super) fn place(&self, number: u64) -> Option<Place> {
        self.taken.get(&number).map(|(_, place)| *place)
    }

    pub(super) fn leave(&mut self, number: u64) {
        self.taken.remove(&number);
    }

    fn count(&self, wanted: Place) -> usize {
        self.taken.values().filter(|(_, place)| *place == wanted).count()
    }

    fn waits_longest(&self) -> Option<u64> {
        let at_door = || self.taken.iter().filter(|(_, (_, place))| *place == Place::Door);
        let of = |peer: IpAddr| at_door().filter(|(_, (from, _))| *from == peer).count();
        // Numbers rise: of several, the first is the oldest.
        at_door().rev().max_by_key(|(_, (peer, _))| of(*peer)).map(|(number, _)| *number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn one_address_leaves_places_for_others() {
        let mut places = Places::default();
        for count in 0..200 {
            let came = places.come(peer(1));
            let expected = if count < STRANGERS_OF_ONE { Place::Stranger } else { Place::Door };
            assert_eq!(came.place, expected, "{count}");
        }
        assert_eq!(places.taken.len(), STRANGERS_OF_ONE + DOOR_MAX);
        assert_eq!(places.come(peer(2)).place, Place::Stranger);
    }

    #[test]
    fn many_addresses_leave_places_for_paired_browsers() {
        let mut places = Places::default();
        for last in 1..=200 {
            places.come(peer(last));
        }
        assert_eq!(places.taken.len(), STRANGERS_MAX + DOOR_MAX);
        let came = places.come(peer(250));
        assert_eq!(came.place, Place::Door);
        assert!(came.instead_of.is_some());
        assert!(places.is_paired(came.number, 7));
        assert_eq!(places.place(came.number), Some(Place::Paired(7)));
        places.leave(came.number);
        assert_eq!(places.place(came.number), None);
        assert!(!places.is_paired(came.number, 7), "gone");
    }

    /// Who floods the door pushes out itself.
    #[test]
    fn at_the_door_the_one_with_the_most_goes() {
        let mut places = Places::default();
        for _ in 0..500 {
            places.come(peer(251));
        }
        for last in 1..=48 {
            places.come(peer(last));
        }
        let honest = places.come(peer(250));
        assert_eq!(honest.place, Place::Door);
        for count in 0..1_000 {
            let came = places.come(peer(251));
            assert_ne!(came.instead_of, Some(honest.number), "{count}");
        }
        assert_eq!(places.place(honest.number), Some(Place::Door));
    }

    #[test]
    fn a_paired_browser_does_not_take_all() {
        let mut places = Places::default();
        let mut let_in = 0;
        for _ in 0..100 {
            let came = places.come(peer(1));
            let_in += usize::from(places.is_paired(came.number, 1));
        }
        assert_eq!(let_in, PAIRED_OF_ONE);
        let came = places.come(peer(1));
        assert!(places.is_paired(came.number, 2), "another one");
        assert!(places.is_paired(came.number, 2), "asked again");
    }
}
