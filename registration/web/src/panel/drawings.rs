//! The pictures, drawn for this page. They say nothing that the words beside them do not say, so
//! screen readers skip them.

use maud::{Markup, html};

use super::ReaderPlace;

fn picture(class: &str, inside: &Markup) -> Markup {
    html! {
        div.picture {
            svg class=(class) viewBox="0 0 240 240" aria-hidden="true" focusable="false" { (inside) }
        }
    }
}

/// A card, its upper left corner at this place; 120 x 76.
fn card(x: i32, y: i32) -> Markup {
    html! {
        g transform=(format!("translate({x} {y})")) {
            rect.draw-body width="120" height="76" rx="11" {}
            rect.draw-accent x="14" y="16" width="26" height="20" rx="4" {}
            path.draw-line d="M14 56 H62" {}
        }
    }
}

/// The reader's slab with its waves.
fn reader() -> Markup {
    html! {
        rect.draw-body x="26" y="154" width="188" height="46" rx="16" {}
        rect.draw-tint x="44" y="166" width="152" height="22" rx="11" {}
        path.draw-accent-line d="M108 184 a17 17 0 0 1 24 0" {}
        path.draw-accent-line d="M98 177 a31 31 0 0 1 44 0" {}
    }
}

/// A round sign in the lower right corner of a picture.
fn badge(sign: &str) -> Markup {
    html! {
        circle.draw-accent cx="180" cy="172" r="42" {}
        path.draw-on-accent d=(sign) {}
    }
}

const CHECK: &str = "M161 173 l13 14 l26 -28";
const EXCLAMATION: &str = "M180 150 v26 M180 193 v1";
const QUESTION: &str = "M168 163 a12 12 0 1 1 18 11 q-6 4 -6 9 M180 195 v1";

/// A card that moves slowly over the reader, and an arrow to where the reader stands.
pub(super) fn hold(place: ReaderPlace) -> Markup {
    let arrow = match place {
        ReaderPlace::Left => "M40 92 H6 M20 78 L6 92 L20 106",
        ReaderPlace::Right => "M200 92 H234 M220 78 L234 92 L220 106",
        ReaderPlace::Below => "M120 212 V236 M107 223 L120 236 L133 223",
    };
    picture(
        "hold",
        &html! {
            (reader())
            g.moves { (card(60, 50)) }
            path.draw-accent-line d=(arrow) {}
        },
    )
}

/// The reader, and its plug beside the socket.
pub(super) fn reader_missing() -> Markup {
    picture(
        "still",
        &html! {
            path.draw-line d="M120 166 V128" {}
            rect.draw-body x="26" y="166" width="188" height="46" rx="16" {}
            rect.draw-tint x="44" y="178" width="152" height="22" rx="11" {}
            rect.draw-accent x="98" y="94" width="44" height="34" rx="6" {}
            path.draw-accent-line d="M110 92 V80 M130 92 V80" {}
            path.draw-line d="M98 24 H142 V44 a8 8 0 0 1 -8 8 H106 a8 8 0 0 1 -8 -8 Z" {}
        },
    )
}

pub(super) fn busy() -> Markup {
    picture(
        "busy",
        &html! {
            (card(60, 44))
            path.draw-accent-line.wave d="M106 158 a20 20 0 0 1 28 0" {}
            path.draw-accent-line.wave d="M92 178 a40 40 0 0 1 56 0" {}
            path.draw-accent-line.wave d="M78 198 a60 60 0 0 1 84 0" {}
        },
    )
}

pub(super) fn unknown_card() -> Markup {
    marked(QUESTION)
}

pub(super) fn registered() -> Markup {
    marked(CHECK)
}

pub(super) fn problem() -> Markup {
    marked(EXCLAMATION)
}

fn marked(sign: &str) -> Markup {
    picture(
        "still",
        &html! { g transform="translate(-60 -40) scale(1.5)" { (card(54, 54)) } (badge(sign)) },
    )
}

pub(super) fn two_cards() -> Markup {
    picture(
        "still",
        &html! {
            (card(22, 36))
            (card(98, 128))
            path.draw-accent-line d="M166 62 h16 a18 18 0 0 1 18 18 v22 M186 90 l14 14 l14 -14" {}
        },
    )
}

pub(super) fn signed_in() -> Markup {
    somebody(CHECK)
}

pub(super) fn who() -> Markup {
    somebody(QUESTION)
}

fn somebody(sign: &str) -> Markup {
    picture(
        "still",
        &html! {
            circle.draw-body cx="112" cy="84" r="42" {}
            path.draw-body d="M34 206 a78 66 0 0 1 156 0 z" {}
            (badge(sign))
        },
    )
}

/// A wrench, drawn in a square of 48.
const WRENCH: &str = "M40 13 a11 11 0 0 1 -15 13 L13 40 a4 4 0 0 1 -6 -6 L21 22 a11 11 0 0 1 13 -15 \
                      l-7 8 v5 h5 Z";

pub(super) fn service() -> Markup {
    picture(
        "still",
        &html! {
            path.draw-body transform="translate(12 12) scale(4.5)" vector-effect="non-scaling-stroke"
                d=(WRENCH) {}
        },
    )
}

/// The same, on a button.
pub(super) fn wrench() -> Markup {
    html! {
        svg viewBox="0 0 48 48" aria-hidden="true" focusable="false" {
            path.draw-line d=(WRENCH) {}
        }
    }
}

/// Small, beside a name.
pub(super) fn person() -> Markup {
    html! {
        svg viewBox="0 0 24 24" aria-hidden="true" focusable="false" {
            circle.draw-accent cx="12" cy="8" r="5" {}
            path.draw-accent d="M2 22 a10 9 0 0 1 20 0 z" {}
        }
    }
}

/// An eye, on the button that shows the password.
pub(super) fn eye() -> Markup {
    html! {
        svg viewBox="0 0 48 48" aria-hidden="true" focusable="false" {
            path.draw-line d="M4 24 q20 -26 40 0 q-20 26 -40 0 z" {}
            circle.draw-accent cx="24" cy="24" r="7" {}
        }
    }
}

/// A keyboard, on the button that opens ours.
pub(super) fn keyboard() -> Markup {
    html! {
        svg viewBox="0 0 48 48" aria-hidden="true" focusable="false" {
            rect.draw-line x="4" y="11" width="40" height="27" rx="5" {}
            path.draw-line d="M12 20 h1 M20 20 h1 M28 20 h1 M36 20 h1 M15 30 h18" {}
        }
    }
}

/// The key that deletes.
pub(super) fn backspace() -> Markup {
    html! {
        svg viewBox="0 0 48 48" aria-hidden="true" focusable="false" {
            path.draw-line d="M16 10 H42 V38 H16 L4 24 Z M22 18 l12 12 M34 18 l-12 12" {}
        }
    }
}
