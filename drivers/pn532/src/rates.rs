use alloc::{collections::VecDeque, vec, vec::Vec};

/// At which rate to talk to the chip: where it may be found, and where it is wanted.
///
/// A chip that got power listens at the base rate. One whose host was killed listens at the rate of
/// that host, so all of them are looked at. A rate at which the chip does not answer is not tried
/// again.
#[derive(Debug)]
pub(crate) struct Rates {
    base: u32,
    /// Above the base, and known to chip and port; the highest first.
    known: Vec<u32>,
    /// Those of them that may be used.
    usable: Vec<u32>,
    /// Still to be looked at in this search.
    places: VecDeque<u32>,
    current: u32,
    searches_left: u8,
}

/// Once at first, and once behind each rate that did not hold.
const SEARCHES_MAX: u8 = 4;

impl Rates {
    pub(crate) fn new(base: u32, known: &[u32], max: u32) -> Self {
        let mut known = known.to_vec();
        known.retain(|rate| *rate > base);
        let usable = known.iter().copied().filter(|rate| *rate <= max).collect();
        let mut rates = Self {
            base,
            known,
            usable,
            places: VecDeque::new(),
            current: base,
            searches_left: SEARCHES_MAX,
        };
        rates.search();
        rates
    }

    pub(crate) fn base(&self) -> u32 {
        self.base
    }

    pub(crate) fn current(&self) -> u32 {
        self.current
    }

    /// The highest that may still be used.
    pub(crate) fn max(&self) -> u32 {
        self.usable.first().copied().unwrap_or(self.base)
    }

    /// The line runs at this rate from now on.
    pub(crate) fn set(&mut self, rate: u32) {
        self.current = rate;
    }

    /// The rate to go to, if that is another one.
    pub(crate) fn wanted(&self) -> Option<u32> {
        let wanted = self.max();
        (wanted != self.current).then_some(wanted)
    }

    /// The chip does not change its rate.
    pub(crate) fn stay(&mut self) {
        self.usable = vec![self.current];
    }

    /// Where to look next.
    pub(crate) fn next_place(&mut self) -> Option<u32> {
        self.places.pop_front()
    }

    /// Nothing can be understood at the current rate: whether it makes sense to look elsewhere.
    pub(crate) fn lost(&mut self) -> bool {
        let Some(left) = self.searches_left.checked_sub(1) else { return false };
        if self.known.is_empty() {
            return false;
        }
        self.searches_left = left;
        self.usable.retain(|rate| *rate != self.current);
        self.search();
        true
    }

    fn search(&mut self) {
        self.places = core::iter::once(self.base).chain(self.known.iter().copied()).collect();
    }
}
