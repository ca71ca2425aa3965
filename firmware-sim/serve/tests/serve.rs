//! Simulators at their lines: a terminal, a stream, a socket that plays vpcd, a script.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, also outside of its #[test] function"
)]

use std::{
    fs::{self, OpenOptions},
    io,
    net::SocketAddr,
    os::unix::fs::{OpenOptionsExt, symlink},
    path::{Path, PathBuf},
    time::Duration,
};

use kazasu_sim::{PcscCard, Pn532, Seed};
use kazasu_sim_serve::{Control, Script, in_process, pty, vpcd};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, unix::pipe},
    time::{Instant, timeout},
};

/// Nothing here takes longer; only a failure waits for it.
const DEADLINE: Duration = Duration::from_secs(20);

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.unwrap()
}

async fn tell(control: &Control, line: &str, answer: &str) {
    assert_eq!(soon(control.tell(line)).await, answer, "{line}");
}

/// A chip that was without power has to be woken up first.
fn asks_for_the_firmware() -> Vec<u8> {
    [&[0x55; 16][..], &[0, 0, 0xFF, 2, 0xFE, 0xD4, 2, 0x2A, 0]].concat()
}

/// Wakes the chip up, asks which firmware it has and waits for the whole answer.
async fn firmware_version(mut host: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    host.write_all(&asks_for_the_firmware()).await?;
    let mut answer = [0; 19];
    soon(host.read_exact(&mut answer)).await?;
    let version = [0, 0, 0xFF, 6, 0xFA, 0xD5, 3, 0x32, 1, 6, 7, 0xE8, 0];
    assert_eq!(answer[..], [&[0, 0, 0xFF, 0, 0xFF, 0][..], &version].concat());
    Ok(())
}

/// Opens a terminal as a serial driver does.
fn open(path: &Path) -> io::Result<impl AsyncRead + AsyncWrite + Unpin + use<>> {
    let flags = nix::fcntl::OFlag::O_NONBLOCK | nix::fcntl::OFlag::O_NOCTTY;
    let file = OpenOptions::new().read(true).write(true).custom_flags(flags.bits()).open(path)?;
    let read = pipe::Receiver::from_file_unchecked(file.try_clone()?)?;
    Ok(tokio::io::join(read, pipe::Sender::from_file_unchecked(file)?))
}

#[tokio::test]
async fn a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("reader");
    // A link that some earlier run left behind is replaced.
    symlink("/nowhere", &link).unwrap();
    let (control, run) = pty(&link, Pn532::new(Seed(1))).unwrap();
    let run = tokio::spawn(run);
    firmware_version(open(&link).unwrap()).await.unwrap();
    // A host may come again.
    let mut host = open(&link).unwrap();
    firmware_version(&mut host).await.unwrap();
    tell(&control, "put felica idm=012E4CE100000001", "ok card 1").await;
    tell(&control, "plug", "error plug: it is plugged in; fault unplug").await;

    let terminal = fs::read_link(&link).unwrap();
    tell(&control, "fault unplug", "ok unplugged").await;
    assert!(fs::symlink_metadata(&link).is_err() && open(&terminal).is_err());
    let gone = soon(host.read(&mut [0])).await;
    assert!(matches!(gone, Ok(0) | Err(_)), "{gone:?}");
    tell(&control, "fault unplug", "error fault unplug: it is unplugged; plug").await;
    tell(&control, "take 9", "error take: no card 9 is there (there are: 1), as in: take").await;
    drop(host);
    tell(&control, "plug", "ok plugged").await;
    firmware_version(open(&link).unwrap()).await.unwrap();

    tell(&control, "help", &format!("ok {}", kazasu_sim::HELP)).await;
    tell(&control, "quit", "ok quit").await;
    soon(run).await.unwrap().unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    tell(&control, "take", "error the simulator has ended").await;
}

#[tokio::test]
async fn pace_and_faults_of_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("reader");
    let (control, run) = pty(&link, Pn532::new(Seed(1))).unwrap();
    tokio::spawn(run);
    tell(&control, "pace instant", "ok pace instant").await;
    firmware_version(open(&link).unwrap()).await.unwrap();
    tell(&control, "pace real", "ok pace real").await;
    firmware_version(open(&link).unwrap()).await.unwrap();
    let armed = |left: u32| format!("ok fault armed; the one before had {left} to go");
    tell(&control, "fault drop 3 at=1000", &armed(0)).await;
    firmware_version(open(&link).unwrap()).await.unwrap();
    // The host gets the ACK and two bytes of the answer; then the line is gone, until it is back. A
    // hang-up throws away what nobody has read yet, so a busy machine may need more than one try.
    let mut most = 0;
    for nth in 0..50 {
        tell(&control, "fault unplug at=2 after=1", &armed(if nth == 0 { 3 } else { 0 })).await;
        let mut host = open(&link).unwrap();
        host.write_all(&asks_for_the_firmware()).await.unwrap();
        let mut came = Vec::new();
        loop {
            let mut chunk = [0; 64];
            match soon(host.read(&mut chunk)).await {
                Ok(0) | Err(_) => break,
                Ok(count) => came.extend_from_slice(&chunk[..count]),
            }
        }
        assert!([0, 0, 0xFF, 0, 0xFF, 0, 0, 0].starts_with(&came), "{came:?}");
        assert!(fs::symlink_metadata(&link).is_err());
        drop(host);
        tell(&control, "plug", "ok plugged").await;
        most = most.max(came.len());
        if most >= 6 {
            break;
        }
    }
    assert!(most >= 6, "{most}");
    firmware_version(open(&link).unwrap()).await.unwrap();
    tell(&control, "fault off", "ok fault off; the one before had 0 to go").await;
}

#[tokio::test]
async fn answers_come_when_their_last_byte_would() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("reader");
    let (_control, run) = pty(&link, Pn532::new(Seed(1))).unwrap();
    tokio::spawn(run);
    let mut host = open(&link).unwrap();
    firmware_version(&mut host).await.unwrap();
    // 25 bytes there, 6 and 13 back, at 86.8 us each, and half a millisecond to think: no answer
    // comes sooner, and the best of many not much later.
    let bound = Duration::from_micros(3818);
    let mut times = Vec::new();
    for _ in 0..20 {
        let start = Instant::now();
        firmware_version(&mut host).await.unwrap();
        times.push(start.elapsed());
    }
    times.sort_unstable();
    assert!(times[0] >= bound, "{times:?}");
    assert!(times[0] < bound + Duration::from_millis(1), "{times:?}");
}

#[tokio::test]
async fn what_is_no_link_of_ours_wait_for_the_end_alone() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: PathBuf| match pty(&path, Pn532::new(Seed(1))) {
        Ok(_) => panic!("{}", path.display()),
        Err(error) => error.to_string().replace(&folder.path().display().to_string(), "FOLDER"),
    };
    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    assert_eq!(
        refused(file.clone()),
        "FOLDER/file exists and is not a symbolic link; nothing was changed"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    let reason = refused(folder.path().join("no/where"));
    assert!(reason.starts_with("cannot make the link FOLDER/no/where: "), "{reason}");

    // Another simulator took the link over: the first one does not remove it.
    let link = folder.path().join("reader");
    let first = pty(&link, Pn532::new(Seed(1))).unwrap();
    let second = pty(&link, Pn532::new(Seed(1))).unwrap();
    drop(first);
    assert!(fs::symlink_metadata(&link).is_ok());
    drop(second);
    assert!(fs::symlink_metadata(&link).is_err());
}

#[tokio::test]
async fn a_stream_in_this_process() {
    let (reader, run) = in_process(Pn532::new(Seed(1)));
    let run = tokio::spawn(run);
    let mut host = reader.connect().await.unwrap();
    firmware_version(&mut host).await.unwrap();
    // Whoever opens it anew has it.
    let mut second = reader.connect().await.unwrap();
    assert_eq!(soon(host.read(&mut [0])).await.unwrap(), 0);
    firmware_version(&mut second).await.unwrap();
    drop(second);
    let mut third = reader.connect().await.unwrap();
    firmware_version(&mut third).await.unwrap();

    let armed = "ok fault armed; the one before had 0 to go";
    tell(reader.control(), "fault unplug at=2 after=1", armed).await;
    third.write_all(&[0, 0, 0xFF, 2, 0xFE, 0xD4, 2, 0x2A, 0]).await.unwrap();
    let mut came = Vec::new();
    soon(third.read_to_end(&mut came)).await.unwrap();
    assert_eq!(came, [0, 0, 0xFF, 0, 0xFF, 0, 0, 0]);
    tell(reader.control(), "fault unplug", "error fault unplug: it is unplugged; plug").await;
    tell(reader.control(), "plug", "ok plugged").await;
    let mut third = reader.connect().await.unwrap();
    firmware_version(&mut third).await.unwrap();
    tell(reader.control(), "fault unplug", "ok unplugged").await;
    assert_eq!(soon(third.read(&mut [0])).await.unwrap(), 0);
    assert_eq!(reader.connect().await.unwrap_err().kind(), io::ErrorKind::NotFound);
    tell(reader.control(), "put type-a uid=01020304", "ok card 1").await;
    tell(reader.control(), "plug", "ok plugged").await;
    firmware_version(reader.connect().await.unwrap()).await.unwrap();
    tell(reader.control(), "put type-a uid=01020305", "ok card 2").await;
    tell(reader.control(), "take", "ok took card 1 2").await;
    tell(reader.control(), "take", "ok took no card").await;
    let control = reader.control().clone();
    drop(reader);
    tell(&control, "quit", "ok quit").await;
    soon(run).await.unwrap();
}

#[tokio::test]
async fn a_host_that_never_reads_stops_nothing() {
    let (reader, run) = in_process(Pn532::new(Seed(1)));
    tokio::spawn(run);
    let mut host = reader.connect().await.unwrap();
    host.write_all(&[0x55; 16]).await.unwrap();
    for _ in 0..2000 {
        soon(host.write_all(&[0, 0, 0xFF, 2, 0xFE, 0xD4, 2, 0x2A, 0])).await.unwrap();
    }
    tell(reader.control(), "take", "ok took no card").await;
}

/// What pcscd's virtual reader does with a card.
struct Slot(TcpStream);

impl Slot {
    async fn accept(listener: &TcpListener) -> Self {
        Self(soon(listener.accept()).await.unwrap().0)
    }

    async fn send(&mut self, body: &[u8]) {
        // Length and body apart, as vpcd does.
        self.0.write_all(&u16::try_from(body.len()).unwrap().to_be_bytes()).await.unwrap();
        self.0.write_all(body).await.unwrap();
    }

    async fn ask(&mut self, body: &[u8]) -> Vec<u8> {
        self.send(body).await;
        let length = soon(self.0.read_u16()).await.unwrap();
        let mut answer = vec![0; length.into()];
        soon(self.0.read_exact(&mut answer)).await.unwrap();
        answer
    }

    async fn wait_for_the_end(mut self) {
        assert_eq!(soon(self.0.read(&mut [0])).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_card_in_the_virtual_reader() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let (control, run) = vpcd(address, PcscCard::new(Seed(1)));
    let run = tokio::spawn(run);

    tell(&control, "put type-a uid=01020304", "ok card 1").await;
    let mut slot = Slot::accept(&listener).await;
    for control_code in [1, 0, 2] {
        slot.send(&[control_code]).await;
    }
    let atr = slot.ask(&[4]).await;
    assert_eq!(atr[..4], [0x3B, 0x8F, 0x80, 0x01]);
    assert_eq!(slot.ask(&[0xFF, 0xCA, 0, 0, 0]).await, [1, 2, 3, 4, 0x90, 0x00]);
    let full = "error put: 1 card(s) at most; take one first, as in: take";
    tell(&control, "put type-a uid=01020305", full).await;
    tell(&control, "take", "ok took card 1").await;
    slot.wait_for_the_end().await;

    // Another card; then the daemon goes away and comes back.
    tell(&control, "put felica idm=012E4CE100000001", "ok card 2").await;
    let slot = Slot::accept(&listener).await;
    drop(slot);
    drop(listener);
    tell(&control, "take 1", "error take: no card 1 is there (there are: 2), as in: take").await;
    let listener = soon(async {
        loop {
            match TcpListener::bind(address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    })
    .await;
    let mut slot = Slot::accept(&listener).await;
    let idm = [0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, 1, 0x90, 0x00];
    assert_eq!(slot.ask(&[0xFF, 0xCA, 0, 0, 0]).await, idm);
    let unplug = soon(control.tell("fault unplug")).await;
    assert!(unplug.starts_with("error a reader of pcscd has no plug"), "{unplug}");
    tell(&control, "quit", "ok quit").await;
    slot.wait_for_the_end().await;
    soon(run).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_script() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.sim");
    let read = |text: &str| {
        fs::write(&path, text).unwrap();
        Script::read(&path)
            .map_err(|error| error.to_string().replace(&path.display().to_string(), "FILE"))
    };
    let text = "# a card\n\nput type-a uid=01020304\nat 1.5s take 1\n at 0.5s put type-a uid=random\n\
                at 60s take\nquit\n";
    let script = read(text).unwrap();
    let (reader, run) = in_process(Pn532::new(Seed(1)));
    tokio::spawn(run);
    let start = Instant::now();
    let mut said = Vec::new();
    let say = |answer| said.push((start.elapsed().as_millis() / 100, answer));
    script.play(reader.control(), say).await;
    let said: Vec<_> = said.iter().map(|(at, answer)| (*at, answer.as_str())).collect();
    assert_eq!(
        said,
        [
            (0, "ok card 1"),
            (15, "ok took card 1"),
            (15, "ok card 2"),
            (600, "ok took card 2"),
            (600, "ok quit")
        ]
    );

    let wrong = |text: &str, reason: &str| assert_eq!(read(text).unwrap_err(), reason, "{text}");
    wrong(
        "take\n\nput type-a uid=01",
        "script FILE, line 3: uid: 8, 14 or 20 hex digits, random or anew, as in: put type-a \
         uid=04A1B2C3D4E580 sak=00",
    );
    let at = "at: seconds since the start, up to a day, as in: at 1.5s take";
    for time in ["5", "-1s", "NaNs", "infs", "1e9s", "s", "1.5s2"] {
        wrong(&format!("at {time} take"), &format!("script FILE, line 1: {at}"));
    }
    let empty = "\"\" is unknown here; known: put, take, hush, fault, pace, board, plug, quit, help, as in: take";
    wrong("at 1s", &format!("script FILE, line 1: {empty}"));
    wrong(&"#\n".repeat(600_000), "script FILE, line 1: longer than 1 MiB");
    fs::write(&path, [0xFF, 0xFE]).unwrap();
    assert!(Script::read(&path).unwrap_err().to_string().contains("UTF-8"));
    fs::remove_file(&path).unwrap();
    let missing = Script::read(&path).unwrap_err().to_string();
    assert!(missing.starts_with("cannot read the script "), "{missing}");
}
