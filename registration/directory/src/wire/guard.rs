//! Stands between the server and the LDAP library, and lets only sound messages through.
//!
//! The library ends its thread or the whole process over messages that are not as they should be,
//! follows nesting of any depth, and has no bound on their length. With StartTLS the first answer
//! comes from whoever is on the network. So each message is checked before the library sees it.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::UnixStream,
    time::timeout,
};
use zeroize::Zeroizing;

use crate::{
    fault::Fault,
    wire::{
        ber::{self, Beginning, Reader},
        result::ResultCode,
    },
};

/// Longest message. Entries come with the few attributes that were asked for; a schema is one entry.
const MESSAGE_MAX: usize = 1024 * 1024;

/// A message, its operation, a list of attributes, an attribute, its values; controls are flatter.
const DEPTH_MAX: u8 = 8;

/// Longest time for the end of TLS.
const FAREWELL: Duration = Duration::from_secs(1);

const CONTROLS: u8 = 0xA0;

/// Tags of operations (RFC 4511 section 4.2 and on).
mod op {
    pub(super) const BIND: u8 = 0x60;
    pub(super) const BIND_RESPONSE: u8 = 0x61;
    pub(super) const SEARCH: u8 = 0x63;
    pub(super) const ENTRY: u8 = 0x64;
    pub(super) const SEARCH_DONE: u8 = 0x65;
    pub(super) const REFERENCE: u8 = 0x73;
    pub(super) const MODIFY: u8 = 0x66;
    pub(super) const MODIFY_RESPONSE: u8 = 0x67;
    pub(super) const EXTENDED: u8 = 0x77;
    pub(super) const EXTENDED_RESPONSE: u8 = 0x78;
}

/// The request that an answer is awaited to. Connections carry one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Awaited {
    id: u32,
    request: u8,
}

/// What a message from the server is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Message {
    /// An answer to what is awaited: more follow, or it is the last.
    Answer { last: bool },
    /// The server ends the connection, with a reason.
    Notice(ResultCode),
}

/// The request of a message that goes to the server; `None` for one that no answer comes to.
fn request(message: &[u8]) -> Option<Awaited> {
    let mut reader = Reader::new(Reader::new(message).expect(ber::SEQUENCE)?);
    let id = reader.expect_number(ber::INTEGER)?;
    let request = reader.peek()?;
    matches!(request, op::BIND | op::SEARCH | op::MODIFY | op::EXTENDED)
        .then_some(Awaited { id, request })
}

/// Looks at one whole message of the server; `None` for one that may not come.
fn inspect(message: &[u8], awaited: Option<Awaited>) -> Option<Message> {
    if !ber::is_sound(message, DEPTH_MAX) {
        return None;
    }
    let mut reader = Reader::new(Reader::new(message).expect(ber::SEQUENCE)?);
    let id = reader.expect_number(ber::INTEGER)?;
    let element = reader.next()?;
    if id == 0 {
        // Windows puts the name of the notice where controls go, so the rest is not looked at.
        let mut body = Reader::new(element.content);
        let code = (element.tag == op::EXTENDED_RESPONSE).then(|| result(&mut body))??;
        return Some(Message::Notice(code));
    }
    let awaited = awaited.filter(|awaited| awaited.id == id)?;
    let mut body = Reader::new(element.content);
    let last = match (awaited.request, element.tag) {
        (op::BIND, op::BIND_RESPONSE)
        | (op::SEARCH, op::SEARCH_DONE)
        | (op::MODIFY, op::MODIFY_RESPONSE)
        | (op::EXTENDED, op::EXTENDED_RESPONSE) => {
            result(&mut body)?;
            is_end_of_result(&mut body).then_some(true)?
        }
        (op::SEARCH, op::ENTRY) => is_entry(&mut body).then_some(false)?,
        (op::SEARCH, op::REFERENCE) => are_texts(&mut body).then_some(false)?,
        _ => return None,
    };
    let controls_are_sound = match reader.peek() {
        None => true,
        Some(_) => reader.expect(CONTROLS).is_some_and(are_controls) && reader.is_empty(),
    };
    controls_are_sound.then_some(Message::Answer { last })
}

/// The code, matched name and diagnostic text that every result begins with.
fn result(body: &mut Reader<'_>) -> Option<ResultCode> {
    let code = body.expect_number(ber::ENUMERATED)?;
    body.expect_text(ber::OCTETS)?;
    let text = body.expect_text(ber::OCTETS)?;
    Some(ResultCode::new(code, text))
}

fn is_end_of_result(body: &mut Reader<'_>) -> bool {
    const REFERRAL: u8 = 0xA3;
    const SASL: u8 = 0x87;
    const NAME: u8 = 0x8A;
    const VALUE: u8 = 0x8B;
    while let Some(element) = body.next() {
        let fine = match element.tag {
            REFERRAL => are_texts(&mut Reader::new(element.content)),
            SASL | VALUE => true,
            NAME => std::str::from_utf8(element.content).is_ok(),
            _ => false,
        };
        if !fine {
            return false;
        }
    }
    body.is_empty()
}

fn is_entry(body: &mut Reader<'_>) -> bool {
    let name = body.expect_text(ber::OCTETS).is_some();
    let Some(attributes) = body.expect(ber::SEQUENCE) else { return false };
    let mut attributes = Reader::new(attributes);
    while let Some(attribute) = attributes.expect(ber::SEQUENCE) {
        let mut attribute = Reader::new(attribute);
        if attribute.expect_text(ber::OCTETS).is_none() {
            return false;
        }
        let Some(values) = attribute.expect(ber::SET) else { return false };
        let mut values = Reader::new(values);
        while values.expect(ber::OCTETS).is_some() {}
        if !values.is_empty() || !attribute.is_empty() {
            return false;
        }
    }
    name && attributes.is_empty() && body.is_empty()
}

fn are_texts(body: &mut Reader<'_>) -> bool {
    while body.expect_text(ber::OCTETS).is_some() {}
    body.is_empty()
}

fn are_controls(content: &[u8]) -> bool {
    let mut controls = Reader::new(content);
    while let Some(control) = controls.expect(ber::SEQUENCE) {
        let mut control = Reader::new(control);
        let name = control.expect_text(ber::OCTETS).is_some();
        let critical = control.peek() != Some(ber::BOOLEAN)
            || control.expect(ber::BOOLEAN).is_some_and(|value| value.len() == 1);
        let _ = control.expect(ber::OCTETS);
        if !name || !critical || !control.is_empty() {
            return false;
        }
    }
    controls.is_empty()
}

/// Why a connection ended; written once, before the library notices that it did.
pub(crate) type Ended = Arc<OnceLock<Fault>>;

/// Carries messages between the server and the library until either ends. The caller's handle of
/// `ended` then tells why, where it was the server's side.
pub(crate) async fn relay<S>(server: S, library: UnixStream, ended: Ended)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let (mut from_library, mut to_library) = library.into_split();
    let mut out = Vec::new();
    let mut back = Vec::new();
    let mut awaited = None;
    let fault = loop {
        tokio::select! {
            read = from_library.read_buf(&mut out) => {
                if !matches!(read, Ok(1..)) {
                    // The caller let go. A server that does not listen any more is not waited for.
                    let _ = timeout(FAREWELL, to_server.shutdown()).await;
                    return;
                }
                while let Beginning::Element(len) = ber::beginning(&out) {
                    if len > out.len() {
                        break;
                    }
                    let message: Vec<u8> = out.drain(..len).collect();
                    awaited = request(&message).or(awaited);
                    // Where it cannot be sent, what the server said last tells why: read below.
                    let _ = send(&mut to_server, Zeroizing::new(message)).await;
                }
            }
            read = from_server.read_buf(&mut back) => {
                match read {
                    Ok(0) => break Fault::Lost,
                    Ok(_) => {}
                    Err(error) => break Fault::of_io(&error),
                }
                match pass_on(&mut back, &mut to_library, &mut awaited).await {
                    Ok(()) => {}
                    Err(fault) => break fault,
                }
            }
        }
    };
    let _ = ended.set(fault);
}

async fn send(
    to: &mut (impl AsyncWrite + Unpin),
    message: Zeroizing<Vec<u8>>,
) -> std::io::Result<()> {
    to.write_all(&message).await?;
    to.flush().await
}

/// Length of the message that a stream begins with, once all of it is there.
fn whole(bytes: &[u8]) -> Result<Option<usize>, Fault> {
    if bytes.first().is_some_and(|tag| *tag != ber::SEQUENCE) {
        return Err(Fault::Malformed);
    }
    match ber::beginning(bytes) {
        Beginning::Element(len) if len > MESSAGE_MAX => Err(Fault::Malformed),
        Beginning::Element(len) if len <= bytes.len() => Ok(Some(len)),
        Beginning::Element(_) | Beginning::Short => Ok(None),
        Beginning::Bad => Err(Fault::Malformed),
    }
}

/// Passes on the whole messages at the beginning of `bytes`.
async fn pass_on(
    bytes: &mut Vec<u8>,
    to: &mut (impl AsyncWrite + Unpin),
    awaited: &mut Option<Awaited>,
) -> Result<(), Fault> {
    loop {
        let Some(len) = whole(bytes)? else { return Ok(()) };
        let Some(message) = bytes.get(..len) else { return Ok(()) };
        match inspect(message, *awaited) {
            None => return Err(Fault::Malformed),
            Some(Message::Notice(code)) => return Err(Fault::Notice(code)),
            Some(Message::Answer { last }) => {
                if last {
                    *awaited = None;
                }
                // The library went away: nobody waits for this.
                to.write_all(message).await.map_err(|_| Fault::Lost)?;
            }
        }
        bytes.drain(..len);
    }
}

/// The StartTLS operation on a connection that nothing else has used, read with the same care.
///
/// # Errors
/// The server's answer where it is not success; what became of the connection otherwise.
pub(crate) async fn start_tls(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> Result<(), Fault> {
    const OID: &[u8; 22] = b"1.3.6.1.4.1.1466.20037";
    const ID: u32 = 1;
    let mut message = vec![ber::SEQUENCE, 29, ber::INTEGER, 1, 1, op::EXTENDED, 24, 0x80, 22];
    message.extend_from_slice(OID);
    stream.write_all(&message).await.map_err(|_| Fault::Lost)?;
    let mut bytes = Vec::new();
    loop {
        match whole(&bytes)? {
            Some(len) if len == bytes.len() => break,
            // Nothing may stand behind the answer: it would be read as if TLS had protected it.
            Some(_) => return Err(Fault::Malformed),
            None => {}
        }
        if !matches!(stream.read_buf(&mut bytes).await, Ok(1..)) {
            return Err(Fault::Lost);
        }
    }
    let awaited = Awaited { id: ID, request: op::EXTENDED };
    let answer = inspect(&bytes, Some(awaited)).ok_or(Fault::Malformed)?;
    let code = match answer {
        Message::Notice(code) => code,
        Message::Answer { .. } => start_tls_result(&bytes).ok_or(Fault::Malformed)?,
    };
    if code.is_success() { Ok(()) } else { Err(Fault::StartTls(code)) }
}

fn start_tls_result(message: &[u8]) -> Option<ResultCode> {
    let mut reader = Reader::new(Reader::new(message).expect(ber::SEQUENCE)?);
    reader.expect(ber::INTEGER)?;
    result(&mut Reader::new(reader.next()?.content))
}

#[cfg(any(test, fuzzing))]
#[path = "guard_fuzz.rs"]
pub(crate) mod fuzz;
#[cfg(test)]
#[path = "guard_test.rs"]
mod tests;
