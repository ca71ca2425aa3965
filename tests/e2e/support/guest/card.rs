//! A card for QEMU's CCID reader, which asks for it over a socket in the protocol of libcacard
//! (`vscard_common.h`): a header of type, reader and length, each a big-endian word, then the data.

use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::Duration,
};

use kazasu_sim::{Line, PcscCard, Seed, parse};

const INIT: u32 = 1;
const ERROR: u32 = 2;
const READER_ADD: u32 = 3;
const ATR: u32 = 5;
const CARD_REMOVE: u32 = 6;
const APDU: u32 = 7;
const FLUSH: u32 = 8;
const FLUSH_COMPLETE: u32 = 9;

/// The reader's number until it was given one.
const UNDEFINED: u32 = u32::MAX;
/// The one reader on this socket.
const READER: u32 = 0;
/// `VSCD`, version 0.2, no capabilities.
const HELLO: [u8; 12] = *b"VSCD\0\0\0\x02\0\0\0\0";
/// More than the longest APDU.
const DATA_MAX: usize = 64 * 1024;
/// For the reader's answers.
const ANSWER: Duration = Duration::from_secs(15);

/// The card of a reader in the guest.
pub(crate) struct GuestCard {
    socket: UnixStream,
    card: Arc<Mutex<PcscCard>>,
    /// The reader took something: it acknowledges with an error whose code is 0.
    taken: Receiver<()>,
}

impl GuestCard {
    pub(super) fn connect(path: &str) -> Self {
        let socket = UnixStream::connect(path).unwrap();
        let card = Arc::new(Mutex::new(PcscCard::new(Seed(1))));
        let (sender, taken) = mpsc::channel();
        let (reading, shared) = (socket.try_clone().unwrap(), Arc::clone(&card));
        thread::spawn(move || serve(reading, &shared, &sender));
        let new = Self { socket, card, taken };
        new.send(INIT, UNDEFINED, &HELLO);
        new.wait("the reader's hello");
        new
    }

    /// Inserts the card of this control line (`put ...`).
    pub(crate) fn insert(&self, line: &str) {
        let Ok(Line::Put(card)) = parse(line) else { panic!("puts no card: {line}") };
        let atr = {
            let mut slot = self.card.lock().unwrap();
            slot.field().put(card).unwrap();
            slot.atr().unwrap()
        };
        self.send(ATR, READER, &atr);
        self.wait("the card's ATR to be taken");
    }

    /// Takes it out.
    pub(crate) fn remove(&self) {
        self.send(CARD_REMOVE, READER, &[]);
        self.wait("the card's removal to be taken");
        self.card.lock().unwrap().field().take(None).unwrap();
    }

    fn send(&self, kind: u32, reader: u32, data: &[u8]) {
        send(&self.socket, kind, reader, data).unwrap();
    }

    fn wait(&self, what: &str) {
        self.taken.recv_timeout(ANSWER).unwrap_or_else(|_| panic!("not within {ANSWER:?}: {what}"));
    }
}

fn send(mut socket: &UnixStream, kind: u32, reader: u32, data: &[u8]) -> io::Result<()> {
    let length = u32::try_from(data.len()).unwrap();
    let header = [kind, reader, length].map(u32::to_be_bytes).concat();
    socket.write_all(&[&header[..], data].concat())
}

/// Answers the reader until it is gone.
fn serve(mut socket: UnixStream, card: &Mutex<PcscCard>, taken: &Sender<()>) -> io::Result<()> {
    loop {
        let mut header = [0; 12];
        socket.read_exact(&mut header)?;
        let word = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
        let (kind, reader, length) = (word(0), word(4), word(8) as usize);
        assert!(length <= DATA_MAX, "{length} bytes");
        let mut data = vec![0; length];
        socket.read_exact(&mut data)?;
        match kind {
            INIT => send(&socket, READER_ADD, UNDEFINED, b"kazasu\0")?,
            ERROR => {
                assert_eq!(data, [0; 4], "the reader refuses");
                let _ = taken.send(());
            }
            APDU => {
                let answer = card.lock().unwrap().transmit(&data);
                send(&socket, APDU, reader, &answer)?;
            }
            FLUSH => send(&socket, FLUSH_COMPLETE, reader, &[])?,
            _ => {}
        }
    }
}
