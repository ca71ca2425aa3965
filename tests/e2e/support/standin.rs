//! A stand-in for pcscd that does what a pcscd can do wrong: it freezes at any of its calls, speaks
//! another version, has another number of readers, or lets others hold a card.
//!
//! It speaks pcsc-lite's private protocol on a unix socket, as far as libpcsclite uses it here: a
//! header of size and command, then a fixed structure that goes back filled in, little-endian as
//! the machine is.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
};

/// pcscd's calls.
pub(crate) mod call {
    pub(crate) const ESTABLISH: u32 = 0x01;
    pub(crate) const RELEASE: u32 = 0x02;
    pub(crate) const CONNECT: u32 = 0x04;
    pub(crate) const RECONNECT: u32 = 0x05;
    pub(crate) const DISCONNECT: u32 = 0x06;
    pub(crate) const TRANSMIT: u32 = 0x09;
    pub(crate) const VERSION: u32 = 0x11;
    pub(crate) const READERS: u32 = 0x12;
    pub(crate) const WAIT: u32 = 0x13;
    pub(crate) const STOP_WAIT: u32 = 0x14;
}

/// Of one reader in the table, in bytes.
const ROW: usize = 184;
const NAME: usize = 128;
const NO_CARD: u32 = 0x8010_000C;
const UNKNOWN_READER: u32 = 0x8010_0009;
pub(crate) const SHARING_VIOLATION: u32 = 0x8010_000B;
pub(crate) const SERVICE_STOPPED: u32 = 0x8010_001E;
/// FeliCa as most readers tell it.
const ATR: [u8; 20] =
    [0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0, 0, 3, 6, 0x11, 0, 0x3B, 0, 0, 0, 0, 0x42];

/// What it is and does.
pub(crate) struct State {
    /// The reader's name, and its card's identifier.
    pub(crate) reader: String,
    card: Option<Vec<u8>>,
    /// What a card gives after a reset, where that is something else.
    pub(crate) after_reset: Option<Vec<u8>>,
    events: u32,
    /// The call that is not answered.
    pub(crate) frozen: Option<u32>,
    /// The card says nothing until its power is taken away.
    pub(crate) silent: bool,
    /// Of ten reads one gives a wrong byte, each another one: numbers for that (xorshift).
    pub(crate) misreads: Option<u64>,
    /// How many reads were wrong.
    pub(crate) misread: usize,
    /// How many readers the table has room for.
    pub(crate) slots: usize,
    /// The version that it insists on.
    pub(crate) version: Option<(u32, u32)>,
    /// What a connection is refused with.
    pub(crate) refuses: Option<u32>,
    /// Clients that wait for a change.
    waiting: HashMap<u32, UnixStream>,
}

pub(crate) struct StandIn {
    socket: PathBuf,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl StandIn {
    pub(crate) fn start(folder: &Path) -> Self {
        let socket = folder.join("standin.comm");
        let listener = UnixListener::bind(&socket).unwrap();
        let state = State {
            reader: "Stand-in Reader 00 00".to_owned(),
            card: None,
            after_reset: None,
            events: 0,
            frozen: None,
            silent: false,
            misreads: None,
            misread: 0,
            slots: 16,
            version: None,
            refuses: None,
            waiting: HashMap::new(),
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let accepts = Arc::clone(&shared);
        thread::spawn(move || {
            for (own, client) in (1..).zip(listener.incoming().map_while(Result::ok)) {
                let shared = Arc::clone(&accepts);
                // One that goes away ends its thread with an error.
                thread::spawn(move || drop(shared.serve(own, client)));
            }
        });
        Self { socket, shared }
    }

    /// Lets a command's PC/SC library find it.
    pub(crate) fn offer_to(&self, command: &mut Command) {
        command.env("PCSCLITE_CSOCK_NAME", &self.socket);
    }

    pub(crate) fn put(&self, id: [u8; 8]) {
        self.change(|state| {
            state.card = Some(id.to_vec());
            state.events += 1;
        });
    }

    pub(crate) fn take(&self) {
        self.change(|state| {
            state.card = None;
            state.events += 1;
        });
    }

    /// Changes it, and tells whoever waits.
    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.shared.state.lock().unwrap();
        change(&mut state);
        for (_, mut client) in state.waiting.drain() {
            // Time-out and success.
            let _ = client.write_all(&[0; 8]);
        }
        drop(state);
        self.shared.changed.notify_all();
    }
}

impl State {
    /// What a read of this card gives.
    fn read(&mut self, mut id: Vec<u8>) -> Vec<u8> {
        let Some(number) = &mut self.misreads else { return id };
        *number ^= *number << 13;
        *number ^= *number >> 7;
        *number ^= *number << 17;
        if number.is_multiple_of(10) {
            // Not the first byte: that says what kind of card it is. No two in a row are equal.
            let place = 1 + self.misread % (id.len() - 1);
            id[place] ^= 1 << (self.misread / 7 % 8);
            self.misread += 1;
        }
        id
    }

    fn table(&self) -> Vec<u8> {
        let mut row = [0; ROW];
        row[..self.reader.len()].copy_from_slice(self.reader.as_bytes());
        row[NAME..NAME + 4].copy_from_slice(&self.events.to_ne_bytes());
        let present = self.card.is_some();
        let shown: u32 = if present { 0x34 } else { 0x02 };
        row[NAME + 4..NAME + 8].copy_from_slice(&shown.to_ne_bytes());
        if present {
            row[NAME + 12..NAME + 12 + ATR.len()].copy_from_slice(&ATR);
            row[NAME + 48..NAME + 52].copy_from_slice(&(ATR.len() as u32).to_ne_bytes());
            row[NAME + 52..].copy_from_slice(&2_u32.to_ne_bytes());
        }
        let mut table = vec![0; ROW * self.slots];
        table[..ROW].copy_from_slice(&row);
        table
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(bytes[at * 4..at * 4 + 4].try_into().unwrap())
}

fn set(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
}

/// Sets the last word, which in every structure is the result.
fn result(bytes: &mut [u8], value: u32) {
    let at = bytes.len() - 4;
    set(bytes, at, value);
}

impl Shared {
    /// As soon as this call is not frozen.
    fn thawed(&self, called: u32) -> MutexGuard<'_, State> {
        let frozen = |state: &mut State| state.frozen == Some(called);
        self.changed.wait_while(self.state.lock().unwrap(), frozen).unwrap()
    }

    fn serve(&self, own: u32, mut client: UnixStream) -> io::Result<()> {
        // Connections, and whether each was reset.
        let mut cards: HashMap<u32, bool> = HashMap::new();
        loop {
            let mut header = [0; 8];
            client.read_exact(&mut header)?;
            let called = word(&header, 1);
            let mut body = vec![0; word(&header, 0) as usize];
            client.read_exact(&mut body)?;
            let mut state = self.thawed(called);
            match called {
                call::VERSION => {
                    if let Some((major, minor)) = state.version {
                        set(&mut body, 0, major);
                        set(&mut body, 4, minor);
                        result(&mut body, SERVICE_STOPPED);
                    }
                }
                // The library finds its contexts and cards by these.
                call::ESTABLISH => set(&mut body, 4, 0x1000 + own),
                call::READERS => body = state.table(),
                call::WAIT => {
                    body = state.table();
                    state.waiting.insert(own, client.try_clone()?);
                }
                // Whoever does not wait any more has its answer.
                call::STOP_WAIT if state.waiting.remove(&own).is_none() => continue,
                call::STOP_WAIT => body = vec![0; 8],
                call::CONNECT => {
                    let handle = (own << 16) | (cards.len() as u32 + 1);
                    let rv = match (state.refuses, &state.card) {
                        (Some(refused), _) => refused,
                        _ if !body[4..].starts_with(state.reader.as_bytes()) => UNKNOWN_READER,
                        (None, None) => NO_CARD,
                        (None, Some(_)) => 0,
                    };
                    if rv == 0 {
                        cards.insert(handle, false);
                        set(&mut body, 4 + NAME + 8, handle);
                        set(&mut body, 4 + NAME + 12, 2);
                    }
                    result(&mut body, rv);
                }
                call::RECONNECT => {
                    // What comes first: 1 a reset, 2 no power.
                    state.silent &= word(&body, 3) != 2;
                    cards.insert(word(&body, 0), true);
                    set(&mut body, 16, 2);
                    result(&mut body, 0);
                }
                call::TRANSMIT => {
                    let mut command = vec![0; word(&body, 3) as usize];
                    drop(state);
                    client.read_exact(&mut command)?;
                    state = self.thawed(called);
                    let reset = cards.get(&word(&body, 0)).copied().unwrap_or_default();
                    let other = state.after_reset.clone().filter(|_| reset);
                    let id = other.or_else(|| state.card.clone()).filter(|_| !state.silent);
                    let id = id.map(|id| state.read(id));
                    let answer = match (&command[..], id) {
                        ([0xFF, 0xCA, 0, ..], Some(id)) => [&id[..], &[0x90, 0]].concat(),
                        ([..], Some(_)) => vec![0x6D, 0],
                        ([..], None) => Vec::new(),
                    };
                    set(&mut body, 24, answer.len() as u32);
                    result(&mut body, if answer.is_empty() { 0x8010_0069 } else { 0 });
                    body.extend(answer);
                }
                // Ends and releases; their result is success.
                _ => result(&mut body, 0),
            }
            drop(state);
            client.write_all(&body)?;
        }
    }
}
