//! Whether the time of an answer tells who exists: measures wrong passwords of unknown and of known
//! people through the service on a real store, taking turns, at the panel and from the network. Prints
//! for each kind of person the median, and z of the Mann-Whitney rank test against unknown user IDs
//! (below 2.6 in size: no difference that so many measurements show, at 1 %). Also prints how much memory
//! the hashing of so many passwords took.
//!
//! `cargo run --release -p kazasu-service --example sign_in_times -- 300`

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement by hand")]
#![expect(clippy::cast_precision_loss, reason = "counts are small")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Instant,
};

use kazasu_hal::StationName;
use kazasu_registration::{Page, Role, Settings, SignInAs, Site, UserEntry, UserId, UserKey};
use kazasu_service::{Authority, Loaded, NoDirectory, PanelAction, Service, Unlock, UserEdit};
use kazasu_sqlite::SqliteStore;
use tokio::sync::broadcast;

/// Beside those who are unknown: what their IDs begin with, what they are, and their password.
const PEOPLE: [(&str, Role, Option<&str>); 3] = [
    ("user", Role::General, Some("sesame")),
    ("chief", Role::Administrator, Some("sesame")),
    ("open", Role::General, None),
];
const UNKNOWN: &str = "nobody";
/// The key operator, for whom no password is set.
const OPERATOR: &str = "admin";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let count = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(300);
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(folder.path().join("kazasu.db")).unwrap());
    let settings = Settings::default().changed([
        ("capacity.registered", "9999"),
        ("capacity.records", "10000"),
        ("lock-out.remembered", "100000"),
    ]);
    let loaded = Loaded::from(Site::new(settings.unwrap()).unwrap());
    let desk = StationName("desk".to_owned());
    let (_events, heard) = broadcast::channel(1);
    let stations = vec![desk.clone()];
    let service = Service::start(store, Arc::new(NoDirectory), loaded, stations, heard);
    for n in 0..count {
        for (name, role, password) in PEOPLE {
            let entry = UserEntry {
                user_id: format!("{name}{n}"),
                password: password.map(|text| text.to_owned().into()),
                ..UserEntry::default()
            };
            service.office(&Authority::OWNER).add_user(entry).await.unwrap();
            let key = UserKey::Registered(UserId::new(&format!("{name}{n}")).unwrap());
            let edit = UserEdit { role: Some(role), ..UserEdit::default() };
            service.office(&Authority::OWNER).edit_user(&key, edit).await.unwrap();
        }
    }

    let at_panel = [UNKNOWN, "user"];
    let from_network = [UNKNOWN, "user", "chief", "open", OPERATOR];
    let mut panel = at_panel.map(|_| Vec::new());
    let mut network = from_network.map(|_| Vec::new());
    for n in 0..count {
        // Each time about somebody nobody guessed at before, and another one first.
        for turn in 0..at_panel.len() {
            let at = (turn + n) % at_panel.len();
            let user = format!("{}{n}", at_panel.get(at).unwrap());
            panel.get_mut(at).unwrap().push(answer(&service, &desk, &user).await);
        }
        for turn in 0..from_network.len() {
            let at = (turn + n) % from_network.len();
            let user = match *from_network.get(at).unwrap() {
                OPERATOR => OPERATOR.to_owned(),
                name => format!("{name}{n}"),
            };
            // From elsewhere each time: no address waits.
            let from = u32::try_from(n * from_network.len() + turn).unwrap();
            let from = IpAddr::V4(Ipv4Addr::from_bits(0x0A00_0000 + from));
            let password = "Sesame".to_owned().into();
            let asked = Instant::now();
            assert!(service.administrators().check(&user, password, from).await.is_err());
            network.get_mut(at).unwrap().push(asked.elapsed().as_secs_f64() * 1000.0);
            if user == OPERATOR {
                service.office(&Authority::OWNER).unlock(Unlock::All).await.ok();
            }
        }
    }
    service.shutdown().await;
    print("at the panel", &at_panel, &panel);
    print("from the network", &from_network, &network);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("most memory at a time {}", most.trim());
}

/// From the press to the page that answers, in milliseconds.
async fn answer(
    service: &Service<SqliteStore, NoDirectory>,
    desk: &StationName,
    user: &str,
) -> f64 {
    let mut view = service.stations().view(desk).unwrap();
    let act = async |action: PanelAction| {
        let session = service.stations().view(desk).unwrap().borrow().session;
        service.stations().act(desk, session, action).await.unwrap();
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

fn print(surface: &str, people: &[&str], times: &[Vec<f64>]) {
    let unknown = times.first().unwrap();
    for (who, times) in people.iter().zip(times) {
        let z = rank(unknown, times);
        let (n, median) = (times.len(), median(times));
        println!("{surface:16} {who:8} n = {n}, median {median:7.3} ms, z = {z:+.2}");
    }
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// z of the Mann-Whitney rank test: below 0 where the second are faster. Times are never equal.
fn rank(one: &[f64], other: &[f64]) -> f64 {
    let (m, n) = (one.len() as f64, other.len() as f64);
    let slower = |time: &&f64| one.iter().filter(|first| first < time).count();
    let above = other.iter().map(|time| slower(&time)).sum::<usize>() as f64;
    (above - m * n / 2.0) / (m * n * (m + n + 1.0) / 12.0).sqrt()
}
