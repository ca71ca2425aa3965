use axum::{
    body::Body,
    extract::{Form, FromRequest, Request},
    http::header,
};
use futures_util::FutureExt;
use kazasu_registration::{Page, Problem, SignInAs};

use super::act::{KEPT, Press, SimPress};

const PLANTED: &str = "Zq7~planted";

/// Forms of the panel, as a browser or anybody else sends them.
///
/// No password comes out again: not in the answer to a form that is refused, not in what the press
/// is called in logs, not on the page that is shown again.
pub fn press(data: &[u8]) {
    let text = String::from_utf8_lossy(data).replace(PLANTED, "");
    for field in ["password", "password_again", "current_password"] {
        // Not twice, which is refused for that alone.
        let fields = text.split('&').filter(|pair| pair.split('=').next() != Some(field));
        let body = fields.chain([&*format!("{field}={PLANTED}")]).collect::<Vec<_>>().join("&");
        match read::<Press>(body) {
            Ok(press) => pressed(press),
            Err(why) => assert!(!why.contains(PLANTED), "{why}"),
        }
    }
    let _ = read::<SimPress>(text);
}

fn read<T: serde::de::DeserializeOwned>(body: String) -> Result<T, String> {
    let request = Request::post("/")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .map_err(|error| error.to_string())?;
    // All of the body is there: nothing is waited for.
    let form = Form::<T>::from_request(request, &()).now_or_never();
    let form = form.ok_or_else(|| "a form that is there is waited for".to_owned())?;
    form.map(|Form(press)| press).map_err(|refused| refused.body_text())
}

fn pressed(press: Press) {
    let problem: Option<Problem> = None;
    let mut pages = [
        Page::Register {
            user_id: String::new(),
            sources: Vec::new(),
            source: Default::default(),
            problem: problem.clone(),
        },
        Page::SignIn {
            signs_in: SignInAs::User,
            user_id: String::new(),
            asks_password: true,
            problem,
        },
    ];
    for page in &mut pages {
        press.too_early(page, None);
        let (Page::Register { user_id, problem, .. } | Page::SignIn { user_id, problem, .. }) =
            page
        else {
            continue;
        };
        assert!(user_id.chars().count() <= KEPT && !user_id.contains(PLANTED), "{user_id}");
        assert!(problem.is_some());
    }
    let action = press.action();
    assert!(!format!("{action:?}").contains(PLANTED), "{action:?}");
}
