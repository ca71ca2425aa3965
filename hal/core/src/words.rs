/// Makes an enum and its fixed words of one row a variant, `Variant = "word"`: the word that
/// scripts, the store and settings know it by, and the way back.
///
/// ```
/// kazasu_hal::words! {
///     /// What a card does.
///     #[derive(Clone, Copy, Debug, PartialEq, Eq)]
///     pub enum Doing {
///         /// It lies there.
///         Resting = "resting",
///         /// It is gone.
///         Gone = "gone",
///     }
/// }
/// assert_eq!(Doing::Gone.as_str(), "gone");
/// assert_eq!(Doing::from_word("resting"), Some(Doing::Resting));
/// assert_eq!(Doing::from_word("Resting"), None);
/// assert_eq!(Doing::WORDS, ["resting", "gone"]);
/// ```
#[macro_export]
macro_rules! words {
    (
        $(#[$about:meta])*
        $vis:vis enum $name:ident {
            $( $(#[$meant:meta])* $variant:ident = $word:literal ),+ $(,)?
        }
    ) => {
        $(#[$about])*
        $vis enum $name {
            $( $(#[$meant])* $variant ),+
        }

        #[allow(dead_code, reason = "not every enum is asked for all of it")]
        impl $name {
            /// Every one, in the order of the table.
            $vis const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// Their words, in the same order.
            $vis const WORDS: [&'static str; [$($word),+].len()] = [$($word),+];

            /// The fixed word for scripts, settings and the store.
            #[must_use]
            $vis fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// Reads the fixed word back.
            #[must_use]
            $vis fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}
