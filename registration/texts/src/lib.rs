//! What people read: which language a person reads, and the texts in it.

use std::{borrow::Cow, sync::LazyLock};

pub use fluent_bundle::FluentValue;
use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use kazasu_hal::{Cause, Filling};

/// How much of an `Accept-Language` header is looked at, in bytes.
const HEADER_MAX: usize = 512;

/// Which of [`Lang::sources`] is the first with causes.
const CAUSES_FROM: usize = 2;
/// The attribute of a cause's message that tells what to do.
const ADVICE: &str = "do";

/// A language that everything is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// Japanese.
    Ja,
    /// English.
    En,
}

type Texts = FluentBundle<FluentResource>;

impl Lang {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::Ja, Self::En];

    /// The BCP 47 tag, as in `lang` attributes.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }

    /// The language with this tag.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.tag() == tag)
    }

    /// The language that the button offers.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Ja => Self::En,
            Self::En => Self::Ja,
        }
    }

    /// By the browser's wish, the value of its `Accept-Language` header. Japanese where it has none,
    /// English where it names neither.
    #[must_use]
    pub fn from_accept_language(wish: Option<&str>) -> Self {
        let Some(wish) = wish else { return Self::Ja };
        let wish = wish.get(..HEADER_MAX).unwrap_or(wish);
        let mut best: Option<(f32, Self)> = None;
        for item in wish.split(',') {
            let mut parts = item.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let primary = tag.split('-').next().unwrap_or_default();
            let Some(lang) = Self::from_tag(primary) else { continue };
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok())
                .unwrap_or(1.0);
            if weight > 0.0 && best.is_none_or(|(so_far, _)| weight > so_far) {
                best = Some((weight, lang));
            }
        }
        best.map_or(Self::En, |(_, lang)| lang)
    }

    /// By the locale of a command's surroundings: the values of `LC_ALL`, `LC_MESSAGES` and `LANG`, of
    /// which the first that is there and not empty decides (POSIX.1-2017, XBD section 8.2). English
    /// where it names neither.
    pub fn of_locale<'a>(variables: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let locale = variables.into_iter().flatten().find(|value| !value.is_empty());
        let language = locale.unwrap_or_default().split(['_', '.', '@', '-']).next();
        language.and_then(|tag| Self::from_tag(&tag.to_ascii_lowercase())).unwrap_or(Self::En)
    }

    /// The text of this key.
    #[must_use]
    pub fn text(self, key: &str) -> Cow<'static, str> {
        self.format(key, None)
    }

    /// The text of this key with its places filled.
    #[must_use]
    pub fn text_with<'a>(
        self,
        key: &str,
        args: impl IntoIterator<Item = (&'a str, FluentValue<'a>)>,
    ) -> Cow<'static, str> {
        self.format(key, Some(&args.into_iter().collect()))
    }

    /// What happened: the sentence of this cause.
    #[must_use]
    pub fn what(self, cause: &Cause) -> Cow<'static, str> {
        self.format(cause.word, Some(&fillings(self, cause)))
    }

    /// What to do about it, or about what is behind; `None` where there is nothing to do.
    #[must_use]
    pub fn advice(self, cause: &Cause) -> Option<String> {
        let Some(advice) = self.texts().get_message(cause.word)?.get_attribute(ADVICE) else {
            return cause.places.iter().find_map(|(_, filling)| match filling {
                Filling::Cause(behind) => self.advice(behind),
                Filling::Text(_) | Filling::Number(_) => None,
            });
        };
        let places = fillings(self, cause);
        let mut missing = Vec::new();
        let text = self.texts().format_pattern(advice.value(), Some(&places), &mut missing);
        debug_assert!(missing.is_empty(), "{}: {missing:?}", cause.word);
        Some(text.into_owned())
    }

    /// What happened and what to do about it, in one line.
    #[must_use]
    pub fn told(self, cause: &Cause) -> String {
        let what = self.what(cause);
        let mark = match self {
            Self::Ja => "。",
            Self::En => ": ",
        };
        match self.advice(cause) {
            Some(advice) => format!("{what}{mark}{advice}"),
            None => what.into_owned(),
        }
    }

    /// Tests see to it that no key and no place is missing; a page with a bare key is still
    /// better than none.
    fn format(self, key: &str, args: Option<&FluentArgs<'_>>) -> Cow<'static, str> {
        let texts = self.texts();
        match texts.get_message(key).and_then(|message| message.value()) {
            Some(pattern) => {
                let mut missing = Vec::new();
                let text = texts.format_pattern(pattern, args, &mut missing).into_owned();
                debug_assert!(missing.is_empty(), "{key}: {missing:?}");
                Cow::Owned(text)
            }
            None => {
                debug_assert!(false, "{} has no {key}", self.tag());
                Cow::Owned(key.to_owned())
            }
        }
    }

    fn texts(self) -> &'static Texts {
        static JA: LazyLock<Texts> = LazyLock::new(|| load(Lang::Ja));
        static EN: LazyLock<Texts> = LazyLock::new(|| load(Lang::En));
        match self {
            Self::Ja => &JA,
            Self::En => &EN,
        }
    }

    /// Every cause that has sentences.
    pub fn causes() -> impl Iterator<Item = &'static str> {
        let files = Self::En.sources().into_iter().skip(CAUSES_FROM);
        let lines = files.flat_map(str::lines).filter(|line| !line.starts_with([' ', '#']));
        lines.filter_map(|line| Some(line.split_once(" = ")?.0))
    }

    /// The pages' words, the error catalogue, and the causes, a file for each room.
    fn sources(self) -> [&'static str; 4] {
        match self {
            Self::Ja => [
                include_str!("../i18n/ja.ftl"),
                include_str!("../i18n/errors.ja.ftl"),
                include_str!("../i18n/directory.ja.ftl"),
                include_str!("../i18n/readers.ja.ftl"),
            ],
            Self::En => [
                include_str!("../i18n/en.ftl"),
                include_str!("../i18n/errors.en.ftl"),
                include_str!("../i18n/directory.en.ftl"),
                include_str!("../i18n/readers.en.ftl"),
            ],
        }
    }
}

/// What fills the places of a sentence, with what is behind in the same language.
fn fillings(lang: Lang, cause: &Cause) -> FluentArgs<'_> {
    let places = cause.places.iter().map(|(name, filling)| {
        let value: FluentValue<'_> = match filling {
            Filling::Text(text) => text.as_str().into(),
            Filling::Number(number) => (*number).into(),
            Filling::Cause(behind) => lang.what(behind).into(),
        };
        (*name, value)
    });
    places.collect()
}

fn load(lang: Lang) -> Texts {
    let mut texts = FluentBundle::new_concurrent(lang.tag().parse().into_iter().collect());
    // The marks around filled places would be part of what tests and copy-and-paste see.
    texts.set_use_isolating(false);
    for source in lang.sources() {
        let resource = FluentResource::try_new(source.to_owned())
            .unwrap_or_else(|(readable_part, _)| readable_part);
        texts.add_resource_overriding(resource);
    }
    texts
}

#[cfg(test)]
#[path = "lib_test.rs"]
mod tests;
