/// Which rate FeliCa cards are asked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Rate {
    /// 212 kbit/s.
    R212,
    /// 424 kbit/s.
    R424,
}
