/// In how many time slots cards may answer. Each card draws one; two in one slot destroy each
/// other's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Slots {
    /// One.
    One,
    /// Two.
    Two,
    /// Four.
    Four,
    /// Eight.
    Eight,
    /// Sixteen.
    Sixteen,
}

impl Slots {
    const ALL: [Self; 5] = [Self::One, Self::Two, Self::Four, Self::Eight, Self::Sixteen];

    /// How many slots.
    #[must_use]
    pub fn count(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
            Self::Sixteen => 16,
        }
    }

    /// TSN, the byte of a FeliCa polling.
    #[must_use]
    pub fn tsn(self) -> u8 {
        self.count().saturating_sub(1)
    }

    pub(crate) fn from_tsn(tsn: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|slots| slots.tsn() == tsn)
    }

    /// The three bits of a type B request.
    pub(crate) fn exponent(self) -> u8 {
        self.count().trailing_zeros().try_into().unwrap_or_default()
    }

    pub(crate) fn from_exponent(exponent: u8) -> Option<Self> {
        Self::ALL.get(usize::from(exponent)).copied()
    }
}
