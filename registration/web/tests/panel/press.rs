use axum::http::{StatusCode, header};

use crate::house::{House, KNOWN, UNKNOWN, attribute, get, post, session};

fn submit(station: &str, session: u64, user: &str) -> String {
    format!(
        "station={station}&session={session}&lang=en&do=submit&user_id={user}&password=secret-1"
    )
}

/// Every button there is.
const BUTTONS: [&str; 18] = [
    "authentication-key",
    "special-key",
    "open-sign-in",
    "as-user",
    "as-guest",
    "as-administrator",
    "sign-in",
    "password",
    "new-password",
    "open",
    "submit",
    "yes",
    "no",
    "open-own",
    "save-own",
    "unlink",
    "cancel",
    "touch",
];

#[tokio::test]
async fn a_wrong_password_loses_the_password_only() {
    let house = House::new().await;
    house.tap("desk", UNKNOWN);
    let form = house.page_with("desk", "register").await;
    let (status, _, _) = house.ask(post("/act", submit("desk", session(&form), "hanako"))).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let again = house.page_with("desk", "register").await;
    assert!(again.contains("<span data-code>201</span>"), "{again}");
    assert!(again.contains("value=\"hanako\"") && !again.contains("secret-1"), "{again}");
}

#[tokio::test]
async fn a_broken_rule_is_told_beside_the_field() {
    let house = House::new().await;
    house.tap("desk", UNKNOWN);
    let form = house.page_with("desk", "register").await;
    house.ask(post("/act", submit("desk", session(&form), "han%5Bako"))).await;
    let again = house.page("/?lang=en").await;
    assert!(again.contains("<span data-code>122</span>"), "{again}");
    assert!(again.contains("value=\"han[ako\"") && again.contains("cannot be used here: ["));
}

#[tokio::test]
async fn a_late_press_does_nothing_to_the_next_person() {
    let house = House::new().await;
    house.tap("desk", UNKNOWN);
    let form = house.page_with("desk", "register").await;
    let old = session(&form);
    house.ask(post("/act", format!("station=desk&session={old}&do=authentication-key"))).await;
    house.tap("desk", KNOWN);
    let next = house.page_with("desk", "signed-in").await;
    assert_ne!(session(&next), old);
    for action in BUTTONS {
        let (status, _, _) =
            house.ask(post("/act", format!("station=desk&session={old}&do={action}"))).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{action}");
        house.page_with("desk", "signed-in").await;
    }
}

#[tokio::test]
async fn trying_passwords_is_slowed_down_at_each_station_by_itself() {
    let house = House::new().await;
    house.tap("desk", UNKNOWN);
    let number = session(&house.page_with("desk", "register").await);
    for attempt in 1..=5 {
        // An ID that breaks a rule is answered at once; it counts all the same.
        let (status, _, _) = house.ask(post("/act", submit("desk", number, "a%5B"))).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "attempt {attempt}");
    }
    let (status, headers, body) = house.ask(post("/act", submit("desk", number, "ta%26ro"))).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(headers[header::RETRY_AFTER], "6");
    assert!(body.starts_with("<div id=\"screen\""), "the script gets the screen alone: {body}");
    assert!(body.contains("<span data-code>3065</span>") && body.contains("value=\"ta&amp;ro\""));
    assert!(!body.contains("secret-1"));
    assert!(body.contains("Wait 6 seconds, then try again."), "until when: {body}");

    let mut without_script = post("/act", submit("desk", number, "taro"));
    without_script.headers_mut().remove("kazasu-fragment");
    let (status, _, body) = house.ask(without_script).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(body.starts_with("<!DOCTYPE html>") && body.contains("<span data-code>3065</span>"));

    for form in [submit("side+door", 0, "taro"), format!("station=desk&session={number}&do=touch")]
    {
        let (status, _, _) = house.ask(post("/act", form.clone())).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{form}");
    }
}

#[tokio::test]
async fn without_the_script_a_press_leads_back_to_its_page() {
    let house = House::new().await;
    let rows = [("desk", "", "/"), ("side+door", "&lang=ja", "/station/side%20door?lang=ja")];
    for (station, more, location) in rows {
        let mut request = post("/act", format!("station={station}&session=0&do=touch{more}"));
        request.headers_mut().remove("kazasu-fragment");
        let (status, headers, _) = house.ask(request).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert_eq!(headers[header::LOCATION], location);
    }
}

#[tokio::test]
async fn a_person_sees_their_name_and_nobody_a_card_number() {
    let house = House::new().await;
    house.attach("desk");
    for (idm, word) in [(KNOWN, "signed-in"), (UNKNOWN, "register")] {
        house.tap("desk", idm);
        let page = house.page_with("desk", word).await;
        assert_eq!(page.contains("Taro &amp; &lt;Co&gt;"), word == "signed-in", "{page}");
        assert!(!page.to_uppercase().contains("012E4C"), "{page}");
        let number = session(&page);
        house
            .ask(post("/act", format!("station=desk&session={number}&do=authentication-key")))
            .await;
        let idle = house.page_with("desk", "idle").await;
        assert!(!idle.contains("Taro"), "{idle}");
        assert_eq!(attribute(&idle, "data-clears"), "");
    }
}

#[tokio::test]
async fn only_written_lines_reach_the_simulator() {
    let house = House::new().await;
    // Button, status, what the simulator is told.
    let rows: [(&str, u16, &[&str]); 6] = [
        ("a", 200, &["take", "put felica idm=012E4C0000000001"]),
        ("b", 200, &["take", "put felica idm=012E4C0000000002"]),
        ("random", 200, &["take", "put type-a uid=random"]),
        ("take", 200, &["take"]),
        ("quit", 404, &[]),
        ("put+felica+idm%3D012E4C0000000003", 404, &[]),
    ];
    for (button, expected, lines) in rows {
        let (status, _, body) = house.ask(post("/sim", format!("card={button}"))).await;
        assert_eq!(status.as_u16(), expected, "{button}");
        assert_eq!(body.contains("ok card 1"), expected == 200, "{button}: {body}");
        let told: Vec<String> = house.told.lock().unwrap().drain(..).collect();
        assert_eq!(told, lines, "{button}");
    }
    let real = House::with(false).await;
    let (status, _, _) = real.ask(post("/sim", "card=a")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (_, _, page) = real.ask(get("/")).await;
    assert!(!page.contains("/sim"), "{page}");
    assert!(house.page("/").await.contains("/sim"));
}
