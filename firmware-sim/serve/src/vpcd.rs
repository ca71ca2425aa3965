//! A card for pcscd's virtual reader, vpcd: it listens on a TCP port, and a card is in the reader
//! while somebody is connected. A message is its length (two bytes, big-endian) and its body; a
//! body of one byte is a control code, anything else an APDU.

use std::{io, net::SocketAddr, time::Duration};

use kazasu_sim::{Line, PcscCard};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    time::sleep,
};

use crate::{
    Error,
    control::{Control, Request, about_cards, answer},
};

/// The only control code that is answered. The others are power off, on and reset, which make no
/// difference to a card without memory.
const GIVE_ATR: u8 = 4;

/// Between two attempts to reach the virtual reader.
const PAUSE: Duration = Duration::from_millis(100);

/// Puts cards into the virtual reader at `address`. `put` connects, `take` disconnects; as long as
/// a card is put, it comes back by itself when pcscd does. The future runs until `quit`.
pub fn vpcd(
    address: SocketAddr,
    card: PcscCard,
) -> (Control, impl Future<Output = Result<(), Error>> + Send + use<>) {
    let (control, requests) = Control::channel();
    (control, run(address, card, requests))
}

async fn run(
    address: SocketAddr,
    mut card: PcscCard,
    mut requests: mpsc::Receiver<Request>,
) -> Result<(), Error> {
    let mut away = false;
    loop {
        if card.field().is_empty() {
            if take(&mut card, requests.recv().await) {
                continue;
            }
            return Ok(());
        }
        let attempt = async {
            let connected = TcpStream::connect(address).await;
            if connected.is_err() {
                sleep(PAUSE).await;
            }
            connected
        };
        let connected = tokio::select! {
            connected = attempt => connected,
            request = requests.recv() => {
                if take(&mut card, request) {
                    continue;
                }
                return Ok(());
            }
        };
        match connected {
            Ok(stream) => {
                away = false;
                if !converse(stream, &mut card, &mut requests).await {
                    return Ok(());
                }
            }
            Err(error) if !away => {
                away = true;
                tracing::info!(%address, %error, "no virtual reader is there yet; trying on");
            }
            Err(_) => {}
        }
    }
}

/// Deals with a control line; `false` means: end.
fn take(card: &mut PcscCard, request: Option<Request>) -> bool {
    match request {
        None => return false,
        Some(Request::Connect(reply)) => {
            let _ = reply.send(Err(io::ErrorKind::Unsupported.into()));
        }
        Some(Request::Line(line, reply)) => match about_cards(card.field(), &line) {
            Some(text) => answer(reply, text),
            None if line == Line::Quit => {
                answer(reply, "ok quit");
                return false;
            }
            None => answer(
                reply,
                "error a reader of pcscd has no plug, pace or faults here; known: put, take, quit, \
                 help, as in: take",
            ),
        },
    }
    true
}

/// Is the card in the reader, until it is taken or the reader goes away; `false` means: end.
async fn converse(
    mut stream: TcpStream,
    card: &mut PcscCard,
    requests: &mut mpsc::Receiver<Request>,
) -> bool {
    let _ = stream.set_nodelay(true);
    let mut received = Vec::new();
    let mut chunk = [0; 512];
    loop {
        // vpcd sends length and body apart; without this it waits 40 ms for an acknowledgement in
        // between. The system forgets the option, so it is set before each read.
        #[cfg(target_os = "linux")]
        let _ = stream.set_quickack(true);
        tokio::select! {
            request = requests.recv() => {
                if !take(card, request) {
                    return false;
                }
                if card.field().is_empty() {
                    return true;
                }
            }
            count = stream.read(&mut chunk) => {
                let Ok(count @ 1..) = count else {
                    // Not to spin where something accepts and closes at once.
                    sleep(PAUSE).await;
                    return true;
                };
                received.extend_from_slice(chunk.get(..count).unwrap_or_default());
                while let Some(body) = message(&mut received) {
                    if let Some(response) = respond(card, &body)
                        && stream.write_all(&response).await.is_err()
                    {
                        return true;
                    }
                }
            }
        }
    }
}

/// Takes a whole message off the front, which cannot grow beyond 65 537 bytes.
fn message(received: &mut Vec<u8>) -> Option<Vec<u8>> {
    let (length, rest) = received.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let body = rest.get(..length)?.to_vec();
    received.drain(..length.saturating_add(2));
    Some(body)
}

fn respond(card: &PcscCard, body: &[u8]) -> Option<Vec<u8>> {
    let response = match body {
        [GIVE_ATR] => card.atr().unwrap_or_default(),
        [] | [_] => return None,
        apdu => card.transmit(apdu),
    };
    let length = u16::try_from(response.len()).ok()?;
    Some([&length.to_be_bytes()[..], &response].concat())
}
