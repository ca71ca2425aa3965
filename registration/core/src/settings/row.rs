use std::fmt;

/// One row of the table of settings: what there is to know of a setting besides its value. What
/// people are told of it in their language goes by the key.
#[derive(Clone, Copy, Debug)]
pub struct SettingRow {
    /// The dotted key.
    pub key: &'static str,
    /// What it can be.
    pub kind: Kind,
    /// The paragraph of the requirements.
    pub row: &'static str,
    /// What a change means besides, where that is more than the new value says.
    pub means: Option<&'static str>,
    /// The name of the security setting that it belongs to (S40-4-05).
    pub(super) audited: Option<&'static str>,
    says: &'static str,
    waits: bool,
}

/// What a setting can be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Yes or no.
    Bool,
    /// One of these.
    Words(&'static [&'static str]),
    /// Described in words.
    Described(&'static str),
}

/// What a setting does that no device asks for.
const WAITS: &str = "no device asks yet";

impl SettingRow {
    /// A row of a section that begins with this one.
    pub(crate) const NEW: Self = Self {
        key: "",
        kind: Kind::Bool,
        row: "",
        means: None,
        audited: None,
        says: "",
        waits: false,
    };

    pub(crate) const fn row(
        self,
        key: &'static str,
        kind: Kind,
        row: &'static str,
        says: &'static str,
    ) -> Self {
        Self { key, kind, row, says, ..self }
    }

    pub(crate) const fn means(self, text: &'static str) -> Self {
        Self { means: Some(text), ..self }
    }

    /// Whoever looks at it is audited, and whoever changes it, by this name.
    pub(crate) const fn audited(self, name: &'static str) -> Self {
        Self { audited: Some(name), ..self }
    }

    /// It waits for a device that asks.
    pub(crate) const fn waits(self) -> Self {
        Self {
            waits: true,
            means: Some("no device asks yet: it is kept, and nothing goes by it"),
            ..self
        }
    }

    /// What it does, in a sentence.
    #[must_use]
    pub fn says(&self) -> String {
        if self.waits { format!("{} ({WAITS})", self.says) } else { self.says.to_owned() }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("true, false"),
            Self::Words(words) => f.write_str(&words.join(", ")),
            Self::Described(text) => write!(f, "({text})"),
        }
    }
}

/// Makes the sections of settings of one row a setting: `field "name": type = default, kind,
/// paragraph of the requirements, what it does;`. Behind `with` stand the sections within.
///
/// Whatever has a field has a row: it cannot be forgotten. `SECTIONS` is all rows of a call.
macro_rules! settings {
    ($(
        $(#[$about:meta])*
        struct $section:ident in $place:literal, $base:expr => {$(
            $field:ident $name:literal: $type:ty = $default:expr,
            $kind:expr, $row:literal, $says:literal $(, $more:ident($arg:expr))*;
        )*} $( with {$(
            $inner:ident $inner_name:literal: $inner_type:ty = $inner_default:expr;
        )*} )?
    )*) => {
        $(
            $(#[$about])*
            #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
            #[serde(default, deny_unknown_fields)]
            pub struct $section {
                $(
                    #[doc = concat!("`", $place, $name, "`: ", $says, " (", $row, ").")]
                    #[serde(rename = $name)]
                    pub $field: $type,
                )*
                $($(
                    #[doc = concat!("`", $place, $inner_name, "`.")]
                    #[serde(rename = $inner_name)]
                    pub $inner: $inner_type,
                )*)?
            }

            impl Default for $section {
                fn default() -> Self {
                    Self { $($field: $default,)* $($($inner: $inner_default,)*)? }
                }
            }
        )*

        /// What there is to know of each of them.
        pub(crate) const SECTIONS: &[&[$crate::settings::SettingRow]] = &[$(
            $crate::settings::rows! { $place, $base => {
                $($name, $kind, $row, $says $(, $more($arg))*;)*
            }},
        )*];
    };
}

/// The rows of what is a value of its own elsewhere.
macro_rules! rows {
    ($place:literal, $base:expr => {
        $($name:literal, $kind:expr, $row:literal, $says:literal $(, $more:ident($arg:expr))*;)*
    }) => {
        &[$(
            $base.row(concat!($place, $name), $kind, $row, $says) $(.$more($arg))*,
        )*]
    };
}

pub(crate) use {rows, settings};
