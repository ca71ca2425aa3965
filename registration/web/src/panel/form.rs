//! The pages with something to type.

use kazasu_registration::{ErrorCode, Field, OwnRecord, Problem, SignInAs, Source};
use maud::{Markup, html};

use super::{
    field::{Takes, TextField, broken},
    keyboard,
    pages::Screen,
};

/// The registration page.
pub(super) fn register(
    screen: Screen<'_>,
    user_id: &str,
    (sources, chosen): (&[Source], Source),
    problem: Option<&Problem>,
) -> Markup {
    let lang = screen.lang;
    let source = |source: Source| match source {
        Source::Device => lang.text("source-device"),
        Source::Directory => lang.text("source-directory"),
    };
    let fields = html! {
        @if sources.len() > 1 {
            fieldset.sources {
                legend { (lang.text("source")) }
                @for offered in sources {
                    label {
                        input id={ "source-" (offered.as_str()) } type="radio" name="source"
                            value=(offered.as_str()) data-source=(offered.as_str())
                            checked[*offered == chosen];
                        span { (source(*offered)) }
                    }
                }
            }
        } @else {
            input type="hidden" name="source" value=(chosen.as_str());
        }
        (credentials(screen, "user-id", user_id, true, problem))
    };
    let heading = screen.heading("register", problem);
    sheet(screen, heading, ("submit", "submit"), "cancel", fields)
}

/// The sign-in page.
pub(super) fn sign_in(
    screen: Screen<'_>,
    signs_in: SignInAs,
    user_id: &str,
    asks_password: bool,
    problem: Option<&Problem>,
) -> Markup {
    let (heading, fields) = match signs_in {
        SignInAs::User => {
            ("sign-in-user", credentials(screen, "user-id", user_id, asks_password, problem))
        }
        SignInAs::Administrator => (
            "sign-in-administrator",
            credentials(screen, "administrator-id", user_id, asks_password, problem),
        ),
        SignInAs::Guest => ("sign-in-guest", one_password(screen, problem)),
    };
    sheet(screen, screen.heading(heading, problem), ("sign-in", "sign-in"), "cancel", fields)
}

/// A page that asks for a password and nothing else.
pub(super) fn password(screen: Screen<'_>, heading: &str, problem: Option<&Problem>) -> Markup {
    let fields = one_password(screen, problem);
    sheet(screen, screen.heading(heading, problem), ("password", "sign-in"), "cancel", fields)
}

/// The page where an unknown card gets its password.
pub(super) fn new_password(
    screen: Screen<'_>,
    length: (u8, u8),
    problem: Option<&Problem>,
) -> Markup {
    let lang = screen.lang;
    let first = TextField {
        broken: broken(lang, problem, Field::Password),
        focus: true,
        eye: true,
        ..secret("password", "password", lang.text("password").into(), Takes::NewPassword(length))
    };
    let fields = html! { div.fields { (first.draw(lang)) (again(screen)) } };
    let heading = html! {
        (screen.heading("new-password", problem))
        @if problem.is_none() { (screen.then("new-password-hint")) }
    };
    sheet(screen, heading, ("new-password", "set-password"), "cancel", fields)
}

/// The page of one's own record. What is seldom changed is one touch away.
pub(super) fn own_record(
    screen: Screen<'_>,
    record: &OwnRecord,
    problem: Option<&Problem>,
) -> Markup {
    let lang = screen.lang;
    let code = problem.map(|problem| problem.code);
    let name_broken = broken(lang, problem, Field::UserName);
    let mail_broken = broken(lang, problem, Field::Mail);
    let new_broken = broken(lang, problem, Field::Password);
    let asks_current = code == Some(ErrorCode::CurrentPasswordWrong) && record.has_password;
    // One field serves both: the mail address wants it, and so does another password.
    let beside_mail = record.asks_password && record.may_mail;
    let asks_new = new_broken.is_some()
        || matches!(code, Some(ErrorCode::PasswordTooShort | ErrorCode::PasswordsDiffer));
    let asks_mail = mail_broken.is_some() || !record.may_name;
    let name = TextField {
        id: "name",
        name: "name",
        label: lang.text("name").into(),
        takes: Takes::Name,
        value: &record.name,
        broken: name_broken,
        focus: !(asks_current || asks_new || asks_mail),
        eye: false,
    };
    let mail = TextField {
        id: "mail",
        name: "mail",
        label: lang.text("mail").into(),
        takes: Takes::Mail,
        value: &record.mail,
        broken: mail_broken,
        focus: asks_mail && !(asks_current || asks_new),
        eye: false,
    };
    let current = TextField {
        focus: asks_current,
        eye: true,
        ..secret(
            "current-password",
            "current_password",
            lang.text("current-password").into(),
            Takes::Password,
        )
    };
    let new = TextField {
        broken: new_broken,
        focus: asks_new,
        eye: !record.has_password,
        ..secret(
            "password",
            "password",
            lang.text("new-own-password").into(),
            Takes::NewPassword((record.password_min, record.password_max)),
        )
    };
    let fields = html! {
        p.fixed { (lang.text("user-id")) " " bdi #own-id { (record.user_id) } }
        @if record.may_name || record.may_mail {
            div.fields {
                @if record.may_name { (name.draw(lang)) }
                @if record.may_mail { (mail.draw(lang)) }
                @if beside_mail { (current.draw(lang)) }
            }
        }
        div.folds {
            @if record.may_password {
                details #change-password open[(asks_current && !beside_mail) || asks_new] {
                    summary { (lang.text("change-password")) }
                    div.fields.three {
                        @if record.has_password && !beside_mail { (current.draw(lang)) }
                        (new.draw(lang))
                        (again(screen))
                    }
                }
            }
            @if record.may_unlink {
                // Asked for twice: the button is folded away, and Enter never presses it, since it
                // belongs to another form.
                details #unlink-card {
                    summary { (lang.text("unlink")) }
                    p.then { (lang.text("unlink-sure")) }
                    div.buttons {
                        // The way back first, and the larger one.
                        button.first #unlink-keep form="unlink-form" name="do" value="cancel" {
                            (lang.text("unlink-no"))
                        }
                        button #unlink form="unlink-form" name="do" value="unlink" {
                            (lang.text("unlink-yes"))
                        }
                    }
                }
            }
        }
    };
    html! {
        (sheet(screen, screen.heading("own-record", problem), ("save-own", "save"), "back", fields))
        @if record.may_unlink {
            form #unlink-form method="post" action="/act" { (screen.hidden_fields()) }
        }
    }
}

/// A form with its heading, its buttons and the on-screen keyboard.
fn sheet(
    screen: Screen<'_>,
    heading: Markup,
    (action, submit): (&str, &str),
    leave: &str,
    fields: Markup,
) -> Markup {
    let lang = screen.lang;
    html! {
        // What is scrolled while the keyboard is up.
        div.paper {
            (heading)
            form method="post" action="/act" autocomplete="off" novalidate {
                (screen.hidden_fields())
                (fields)
                div.buttons.last {
                    button.first #submit name="do" value=(action) { (lang.text(submit)) }
                    @if action == "save-own" {
                        button #reset type="reset" { (lang.text("reset")) }
                    }
                    button #cancel name="do" value="cancel" { (lang.text(leave)) }
                    (keyboard::opener(lang))
                }
            }
        }
        (keyboard::keyboard(lang))
    }
}

/// A user ID and, where one is asked for, its password.
fn credentials(
    screen: Screen<'_>,
    label: &str,
    user_id: &str,
    asks_password: bool,
    problem: Option<&Problem>,
) -> Markup {
    let lang = screen.lang;
    let id_broken = broken(lang, problem, Field::UserId);
    let password_broken = broken(lang, problem, Field::Password);
    // After a refusal that names no field, the password is what has to be typed again.
    let password_next = asks_password
        && (password_broken.is_some() || (id_broken.is_none() && !user_id.is_empty()));
    let id = TextField {
        id: "user-id",
        name: "user_id",
        label: lang.text(label).into(),
        takes: Takes::UserId,
        value: user_id,
        broken: id_broken,
        focus: !password_next,
        eye: false,
    };
    let password = TextField {
        broken: password_broken,
        focus: password_next,
        eye: true,
        ..secret("password", "password", lang.text("password").into(), Takes::Password)
    };
    html! {
        div.fields {
            (id.draw(lang))
            @if asks_password { (password.draw(lang)) }
        }
    }
}

fn one_password(screen: Screen<'_>, problem: Option<&Problem>) -> Markup {
    let lang = screen.lang;
    let password = TextField {
        broken: broken(lang, problem, Field::Password),
        focus: true,
        eye: true,
        ..secret("password", "password", lang.text("password").into(), Takes::Password)
    };
    html! { div.fields { (password.draw(lang)) } }
}

/// The new password once more.
fn again(screen: Screen<'_>) -> Markup {
    let lang = screen.lang;
    let label = lang.text("password-again").into();
    secret("password-again", "password_again", label, Takes::Again("password")).draw(lang)
}

fn secret(id: &'static str, name: &'static str, label: String, takes: Takes) -> TextField<'static> {
    TextField { id, name, label, takes, value: "", broken: None, focus: false, eye: false }
}
