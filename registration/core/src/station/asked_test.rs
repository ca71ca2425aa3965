use super::{Asked::*, Means::*, SignInAs::*, *};
use crate::PanelSignIn;

#[derive(Clone, Copy)]
struct Site {
    remote: bool,
    panel: bool,
    card: bool,
    contact: bool,
}

const PLAIN: Site = Site { remote: false, panel: false, card: false, contact: false };

fn settings(site: Site) -> Settings {
    let mut settings = Settings::default();
    if site.remote {
        settings.sign_in.mode = AuthenticationMode::Remote;
    }
    settings.sign_in.panel_password = site.panel;
    settings.card.link_mode =
        if site.card { CardLinkMode::Password } else { CardLinkMode::NoPassword };
    settings.card.reader = if site.contact { CardReader::Contact } else { CardReader::Contactless };
    settings
}

/// Every combination of the settings that this row says nothing about gives the same.
fn check(
    row: &str,
    fixed: impl Fn(Site) -> Site,
    ask: impl Fn(&Settings) -> Asked,
    expected: impl Fn(Site) -> Asked,
) {
    for bits in 0..16_u8 {
        let bit = |n: u8| bits >> n & 1 == 1;
        let site = fixed(Site { remote: bit(0), panel: bit(1), card: bit(2), contact: bit(3) });
        let Site { remote, panel, card, contact } = site;
        let case = format!("{row}: remote {remote} panel {panel} card {card} contact {contact}");
        assert_eq!(ask(&settings(site)), expected(site), "{case}");
    }
}

fn when(asked: bool) -> Asked {
    if asked { Yes } else { No }
}

#[test]
fn at_sign_in() {
    let local = |site| Site { remote: false, ..site };
    let remote = |site| Site { remote: true, ..site };
    let at_panel = |who| move |settings: &Settings| asked_at_sign_in(settings, Panel, who);
    let by_card = |settings: &Settings| asked_at_sign_in(settings, Card, User);
    check("S30-5-01 CO local", local, at_panel(User), |site| when(site.panel));
    check("S30-5-01 CO remote", remote, at_panel(User), |_| Yes);
    check("S30-5-01 KO", |site| site, at_panel(Administrator), |site| when(site.panel));
    check("guest", |site| site, at_panel(Guest), |_| Yes);
    let contact = |site| Site { contact: true, ..site };
    check("S30-5-02 CO local", |s| contact(local(s)), by_card, |site| when(site.panel));
    check("S30-5-02 CO remote", |s| contact(remote(s)), by_card, |_| NotOffered);
    let contactless = |site| Site { contact: false, ..site };
    check("S30-5-03", contactless, by_card, |site| when(site.card));
    for who in [Administrator, Guest] {
        let by_card = |settings: &Settings| asked_at_sign_in(settings, Card, who);
        check("S30-5-02, S30-5-03 KO", |site| site, by_card, |_| NotOffered);
    }
}

#[test]
fn at_registration() {
    let with = |change: fn(&mut Settings)| {
        move |settings: &Settings| {
            let mut settings = settings.clone();
            change(&mut settings);
            asked_at_registration(&settings)
        }
    };
    let no_cards = with(|s| s.card.enabled = false);
    let card_only = with(|s| s.sign_in.panel = PanelSignIn::CardOnly);
    let either = with(|s| s.sign_in.panel = PanelSignIn::CardOrPanel);
    let local = |site| Site { remote: false, ..site };
    let contact = |site| Site { contact: true, ..local(site) };
    let contactless = |site| Site { contact: false, ..local(site) };
    check("S30-5-04", local, no_cards, |site| when(site.panel));
    check("S30-5-05", contact, card_only, |site| when(site.panel));
    check("S30-5-06", contactless, card_only, |site| when(site.card));
    check("S30-5-07", contactless, either, |site| when(site.panel || site.card));
    let remote = |site| Site { remote: true, ..site };
    for ask in [no_cards, card_only, either] {
        check("S30-5-08", remote, ask, |_| NotOffered);
    }
    // The table has no row for a contact reader beside the panel: both go by the same setting.
    check("panel or card, contact", contact, either, |site| when(site.panel));
    assert_eq!(asked_at_registration(&settings(PLAIN)), No);
}
