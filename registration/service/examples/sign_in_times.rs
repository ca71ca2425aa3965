//! Whether the time of an answer tells an unknown user ID from a wrong password: measures both
//! through the service on a real store, taking turns, and prints mean, standard deviation and
//! Welch's t (below 2 in size: no difference that so many measurements would show). Also prints how
//! much memory the hashing of so many passwords took.
//!
//! `cargo run --release -p kazasu-service --example sign_in_times -- 500`

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement by hand")]
#![expect(clippy::cast_precision_loss, reason = "counts are small")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::{sync::Arc, time::Instant};

use kazasu_hal::StationName;
use kazasu_registration::{Page, Settings, SignInAs, Site, UserEntry};
use kazasu_service::{Loaded, NoDirectory, PanelAction, Service};
use kazasu_store::SqliteStore;
use tokio::sync::broadcast;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let count = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(200);
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(folder.path().join("kazasu.db")).unwrap());
    let settings = Settings::default()
        .changed([("capacity.registered", "9999"), ("capacity.records", "10000")]);
    let loaded = Loaded::from(Site::new(settings.unwrap()).unwrap());
    let desk = StationName("desk".to_owned());
    let (_events, heard) = broadcast::channel(1);
    let stations = vec![desk.clone()];
    let service = Service::start(store, Arc::new(NoDirectory), loaded, stations, heard);
    for n in 0..count {
        let entry = UserEntry {
            user_id: format!("user{n}"),
            password: Some("sesame".to_owned().into()),
            ..UserEntry::default()
        };
        service.add_user(entry).await.unwrap();
    }

    let (mut wrong, mut unknown) = (Vec::new(), Vec::new());
    for n in 0..count {
        // Either one first, each time about somebody nobody guessed at before.
        let turns = [(format!("user{n}"), false), (format!("nobody{n}"), true)];
        let order = if n % 2 == 0 { [0, 1] } else { [1, 0] };
        for (user, is_unknown) in order.into_iter().filter_map(|at| turns.get(at)) {
            let took = answer(&service, &desk, user).await;
            if *is_unknown { unknown.push(took) } else { wrong.push(took) }
        }
    }
    service.shutdown().await;
    let (wrong, unknown) = (Sample::of(&wrong), Sample::of(&unknown));
    wrong.print("wrong password");
    unknown.print("unknown user ID");
    let error = (wrong.variance / wrong.count + unknown.variance / unknown.count).sqrt();
    let difference = wrong.mean - unknown.mean;
    println!("difference {difference:+.3} ms, t = {:+.2}", difference / error);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("most memory at a time {}", most.trim());
}

/// From the press to the page that answers, in milliseconds.
async fn answer(service: &Service, desk: &StationName, user: &str) -> f64 {
    let mut view = service.view(desk).unwrap();
    let act = async |action: PanelAction| {
        let session = service.view(desk).unwrap().borrow().session;
        service.act(desk, session, action).await.unwrap();
    };
    act(PanelAction::AuthenticationKey).await;
    act(PanelAction::SignInAs(SignInAs::User)).await;
    let (user_id, password) = (user.to_owned(), "Sesame".to_owned().into());
    let pressed = Instant::now();
    act(PanelAction::SignIn { user_id, password }).await;
    view.wait_for(|view| matches!(view.page, Page::Notice(_))).await.unwrap();
    let took = pressed.elapsed().as_secs_f64() * 1000.0;
    act(PanelAction::Cancel).await;
    took
}

struct Sample {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Sample {
    fn of(times: &[f64]) -> Self {
        let count = times.len() as f64;
        let mean = times.iter().sum::<f64>() / count;
        let squares: f64 = times.iter().map(|time| (time - mean).powi(2)).sum();
        Self { count, mean, variance: squares / (count - 1.0) }
    }

    fn print(&self, what: &str) {
        let Self { count, mean, variance } = self;
        println!("{what:16} n = {count}, mean {mean:.3} ms, sd {:.3} ms", variance.sqrt());
    }
}
