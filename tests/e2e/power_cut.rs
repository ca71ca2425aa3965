//! The power goes while people register: the service runs in a guest of QEMU, its data folder is on
//! a disk that forgets what was not flushed, and the machine ends at some write or flush of that
//! disk. What was shown as done is there in the next machine that gets the disk.

use std::{
    convert::Infallible,
    env, fs,
    io::{self, ErrorKind},
    net::{SocketAddr, TcpListener},
    os::fd::OwnedFd,
    process::Command,
    thread,
};

use serde_json::Value;

use crate::{
    durability::{Desk, Told},
    support::{
        Dice, Disk, Folder, Guest, Lost, Process, Screens, Served, Service, Sim, cookie, json,
        kazasu,
    },
};

/// How often the power goes; `KAZASU_CUTS` says another number (`scripts/durability power`).
const CUTS: usize = 5;
/// Every so many cuts there is a new disk, where the service starts for the first time.
const CUTS_OF_A_DISK: usize = 3;
const DISK_MEBIBYTES: u64 = 64;
/// How many writes and flushes a first start takes, and a start and what people do then, about.
const FIRST_START: u64 = 100;
const LIFE: u64 = 250;
const PORT: u16 = 8580;
const DATA: &str = "/disk/kazasu";

/// What is known of a disk.
#[derive(Default)]
struct Known {
    told: Told,
    /// The line that the service said when it was ready for the first time.
    ready: Option<Value>,
    /// What a browser carries that was paired then.
    cookie: Option<String>,
}

/// A machine's command line, and the reader that it reaches over the network.
struct Machine<'a> {
    guest: &'a mut Guest,
    reader: Sim,
}

impl Desk for Machine<'_> {
    fn add_user(&mut self, user: &str) -> io::Result<()> {
        let script = format!("printf 'user_id\n{user}\n' | kazasu user import - --data {DATA}");
        let ended = self.guest.try_run(&script).ok_or(ErrorKind::UnexpectedEof)?;
        assert_eq!(ended.code, 0, "{ended:?}");
        Ok(())
    }

    fn put(&mut self, idm: &str) -> io::Result<()> {
        self.reader.tell(&format!("put felica idm={idm}"));
        Ok(())
    }

    fn take(&mut self) -> io::Result<()> {
        self.reader.tell("take");
        Ok(())
    }
}

impl Known {
    /// Starts the service and lets people register. An error when the power is gone.
    fn live(&mut self, guest: &mut Guest, panel: SocketAddr) -> io::Result<Infallible> {
        let gone = || io::Error::from(ErrorKind::UnexpectedEof);
        let args = ["sim", "rcs380", "--usbredir", "127.0.0.1:0"];
        let process = Process::start("sim rcs380", kazasu(args));
        let line = process.line();
        let port = line.rsplit_once(':').unwrap().1.to_owned();
        let started = guest.try_run(&format!(
            "kazasu serve --json --data {DATA} --reader rcs380:usbredir:10.0.2.2:{port} \
               --listen 10.0.2.15:{PORT} --insecure-http --tls-listen 10.0.2.15:0 \
               > /dev/ttyS2 2> /run/serve.log < /dev/null &"
        ));
        assert_eq!(started.ok_or_else(gone)?.code, 0);
        let Ok(ready) = guest.try_find("ready") else { return Err(gone()) };
        let first = self.ready.get_or_insert_with(|| ready.clone());
        assert_eq!(first["panel"], ready["panel"], "the address");
        let fingerprint = |ready: &Value| ready["tls"]["fingerprint"].clone();
        assert!(fingerprint(&ready).is_string(), "{ready}");
        assert_eq!(fingerprint(first), fingerprint(&ready), "the certificate");

        let through = panel.to_string();
        // A browser that was paired stays so.
        let cookie = match &self.cookie {
            Some(cookie) => cookie.clone(),
            None => {
                let pair = format!("kazasu panel pair --data {DATA}");
                let link = guest.try_run(&pair).ok_or_else(gone)?;
                assert_eq!(link.code, 0, "{link:?}");
                cookie(link.output.lines().next().unwrap(), &through)?
            }
        };
        self.cookie = Some(cookie.clone());
        let address = ready["panel"].as_str().unwrap();
        let address = address.strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
        let mut screens = Screens::try_open_with(address, through, cookie)?;
        let mut machine = Machine { guest, reader: Sim(process) };
        self.told.live(&mut machine, &mut screens)?;
        loop {
            self.told.add_user(&mut machine)?;
        }
    }

    /// Looks at a copy of the data folder, as the next machine found it.
    fn check(&mut self, folder: &Folder) {
        let data = folder.path().join("data");
        if !data.exists() {
            assert!(self.ready.is_none(), "the data folder is gone");
            return;
        }
        if self.cookie.is_some() {
            let panels = fs::read_to_string(data.join("panels.json")).unwrap();
            assert!(json(&panels)[0]["number"].is_u64(), "{panels:?}");
        }
        let verified = folder.kazasu(["audit", "verify"], "");
        assert_eq!(verified.code, Some(0), "as it was found: {verified:#?}");
        let service = Service::with_sim(folder);
        self.told.check(folder);
        assert!(service.process.terminate().success());
    }
}

/// What all cuts came to.
#[derive(Debug, Default)]
struct Figures {
    cuts: usize,
    /// Before the service was ready for the first time.
    in_first_start: usize,
    /// Presses on the panel without an answer.
    unanswered: usize,
    /// Registrations that the panel showed as done; users that were added.
    shown: usize,
    added: usize,
    writes: Lost,
}

impl Figures {
    fn count(&mut self, known: &Known) {
        self.cuts += 1;
        self.in_first_start += usize::from(known.ready.is_none());
        self.unanswered += usize::from(known.told.pressed.is_some());
    }
}

/// A machine with this disk in it, once what was found there is checked; and where it is reached.
fn power_on(disk: Disk, known: &mut Known) -> (Guest, Served, SocketAddr) {
    let mut guest = Guest::resume();
    let served = guest.plug_disk(disk);
    let panel = guest.plug_network(PORT);
    guest.ok("mkdir /disk && mount -t ext4 /dev/vda /disk");
    let folder = Folder::new();
    if guest.run(&format!("test -e {DATA}")).code == 0 {
        fetch(&mut guest, &folder);
    }
    known.check(&folder);
    (guest, served, panel)
}

/// Copies the data folder out of the guest.
fn fetch(guest: &mut Guest, folder: &Folder) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let copy = thread::spawn(move || {
        let (from, _) = listener.accept().unwrap();
        let mut tar = Command::new("tar");
        tar.args(["x", "-p", "-C"]).arg(data).stdin(OwnedFd::from(from));
        assert!(tar.status().unwrap().success());
    });
    guest.ok(&format!("tar c -C {DATA} . | nc 10.0.2.2 {port}"));
    copy.join().unwrap();
}

#[test]
fn the_power_goes_at_random_moments() {
    let cuts = env::var("KAZASU_CUTS").map_or(CUTS, |count| count.parse().unwrap());
    let place = Folder::new();
    let mut dice = Dice::default();
    let mut all = Figures::default();
    while all.cuts < cuts {
        let mut known = Known::default();
        let disk = Disk::formatted(&place, DISK_MEBIBYTES);
        let (mut guest, mut served, mut panel) = power_on(disk, &mut known);
        for cut in 1..=CUTS_OF_A_DISK.min(cuts - all.cuts) {
            served.cut_at(match cut {
                // Before a first start is over.
                1 if dice.below(2) == 0 => dice.below(FIRST_START),
                // Not before some registered.
                CUTS_OF_A_DISK => LIFE / 2 + dice.below(LIFE),
                _ => dice.below(LIFE),
            });
            let Err(gone) = known.live(&mut guest, panel);
            assert!(served.is_cut(), "{gone}, but the power is there");
            all.count(&known);
            drop(guest);
            let mut disk = served.take_out();
            disk.forget(&mut dice, &mut all.writes);
            (guest, served, panel) = power_on(disk, &mut known);
        }
        all.shown += known.told.shown;
        all.added += known.told.added.len();
    }
    eprintln!("{all:#?}");
    assert!(all.shown >= cuts / CUTS_OF_A_DISK, "too few to say anything");
    assert!(all.writes.unflushed > 0 || cuts < CUTS, "nothing could be lost");
}
