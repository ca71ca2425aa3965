use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::{fuzz::library_reads, *};

/// An element, for messages of at most 127 bytes.
fn el(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = u8::try_from(content.len()).unwrap();
    assert!(len < 128);
    [&[tag, len], content].concat()
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// A message of the server with this operation.
fn message(id: u8, operation: &[u8]) -> Vec<u8> {
    el(ber::SEQUENCE, &join(&[&[ber::INTEGER, 1, id], operation]))
}

/// Code, matched name, text.
fn outcome(code: u8, text: &[u8]) -> Vec<u8> {
    join(&[&[ber::ENUMERATED, 1, code], &el(ber::OCTETS, b""), &el(ber::OCTETS, text)])
}

#[test]
fn only_sound_answers_to_what_was_asked_pass() {
    let check = |request: u8, bytes: &[u8], expected: Option<Message>| {
        let awaited = Some(Awaited { id: 7, request });
        assert_eq!(inspect(bytes, awaited), expected, "{request:02x} {bytes:02x?}");
    };
    let last = Some(Message::Answer { last: true });
    let more = Some(Message::Answer { last: false });
    let good = outcome(0, b"");
    for (request, response) in [
        (op::BIND, op::BIND_RESPONSE),
        (op::SEARCH, op::SEARCH_DONE),
        (op::MODIFY, op::MODIFY_RESPONSE),
        (op::EXTENDED, op::EXTENDED_RESPONSE),
    ] {
        check(request, &message(7, &el(response, &good)), last.clone());
        check(request, &message(8, &el(response, &good)), None);
        check(request, &message(7, &el(0x79, &good)), None);
        for wrong in [op::BIND_RESPONSE, op::SEARCH_DONE, op::MODIFY_RESPONSE] {
            if wrong != response {
                check(request, &message(7, &el(wrong, &good)), None);
            }
        }
    }
    let bind = |body: &[u8]| message(7, &el(op::BIND_RESPONSE, body));
    check(op::BIND, &bind(&outcome(49, b"data 52e, v1\0")), last.clone());
    check(op::BIND, &bind(&outcome(49, &[0xFF])), None);
    check(op::BIND, &bind(&[]), None);
    check(op::BIND, &bind(&join(&[&good, &el(0x87, &[0xFF])])), last.clone());
    check(op::BIND, &bind(&join(&[&good, &el(0xA3, &el(ber::OCTETS, b"ldap://x"))])), last.clone());
    check(op::BIND, &bind(&join(&[&good, &el(0xA3, &el(ber::INTEGER, b"x"))])), None);
    check(op::BIND, &bind(&join(&[&good, &el(0x99, b"")])), None);
    check(op::BIND, &bind(&join(&[&el(ber::ENUMERATED, b""), b"\x04\0\x04\0"])), None);

    let entry = |attributes: &[u8]| {
        let body = join(&[&el(ber::OCTETS, b"dc=x"), &el(ber::SEQUENCE, attributes)]);
        message(7, &el(op::ENTRY, &body))
    };
    let values =
        |values: &[u8]| el(ber::SEQUENCE, &join(&[&el(ber::OCTETS, b"cn"), &el(ber::SET, values)]));
    check(op::SEARCH, &entry(&[]), more.clone());
    check(op::SEARCH, &entry(&values(&el(ber::OCTETS, &[0xFF]))), more.clone());
    check(op::SEARCH, &entry(&values(&[])), more.clone());
    check(op::SEARCH, &entry(&values(&el(ber::SEQUENCE, &[]))), None);
    check(op::SEARCH, &entry(&el(ber::SEQUENCE, &el(ber::OCTETS, b"cn"))), None);
    check(op::SEARCH, &entry(&el(ber::OCTETS, b"cn")), None);
    check(op::MODIFY, &entry(&[]), None);
    let reference = |body: &[u8]| message(7, &el(op::REFERENCE, body));
    check(op::SEARCH, &reference(&el(ber::OCTETS, b"ldap://x")), more.clone());
    check(op::SEARCH, &reference(&el(ber::OCTETS, &[0xFF])), None);

    let controlled = |control: &[u8]| {
        let controls = el(CONTROLS, &el(ber::SEQUENCE, control));
        let body = join(&[&[ber::INTEGER, 1, 7], &el(op::BIND_RESPONSE, &good), &controls]);
        el(ber::SEQUENCE, &body)
    };
    let name = el(ber::OCTETS, b"1.2.3");
    check(op::BIND, &controlled(&name), last.clone());
    check(
        op::BIND,
        &controlled(&join(&[&name, &[ber::BOOLEAN, 1, 0xFF], &el(ber::OCTETS, b"v")])),
        last,
    );
    check(op::BIND, &controlled(&join(&[&name, &[ber::BOOLEAN, 0]])), None);
    check(op::BIND, &controlled(&[]), None);
    check(op::BIND, &[ber::SEQUENCE, 0], None);

    // Notices: by the book, and as Windows writes them.
    let code = ResultCode::new(52, "");
    let book = el(op::EXTENDED_RESPONSE, &join(&[&outcome(52, b"x"), &el(0x8A, b"1.3.6")]));
    check(op::BIND, &message(0, &book), Some(Message::Notice(code)));
    let outside = join(&[&el(op::EXTENDED_RESPONSE, &outcome(52, b"x")), &el(0x8A, b"1.3.6")]);
    check(op::BIND, &message(0, &outside), Some(Message::Notice(code)));
    check(op::BIND, &message(0, &el(op::BIND_RESPONSE, &good)), None);
    // What stands behind is not looked at, but for being whole and flat enough to be skipped.
    let notice = el(op::EXTENDED_RESPONSE, &outcome(52, b"x"));
    check(op::BIND, &message(0, &join(&[&notice, &[CONTROLS, 1, ber::SEQUENCE]])), None);
    let deep = (0..40).fold(Vec::new(), |inner, _| el(CONTROLS, &inner));
    check(op::BIND, &message(0, &join(&[&notice, &deep])), None);
}

#[test]
fn nothing_passes_that_nobody_waits_for() {
    assert_eq!(inspect(&message(7, &el(op::BIND_RESPONSE, &outcome(0, b""))), None), None);
}

/// A question has one last answer.
#[tokio::test]
async fn a_second_last_answer_is_not_passed_on() {
    let answer = message(7, &el(op::BIND_RESPONSE, &outcome(0, b"")));
    let mut awaited = Some(Awaited { id: 7, request: op::BIND });
    let (mut bytes, mut passed) = (join(&[&answer, &answer]), Vec::new());
    assert_eq!(pass_on(&mut bytes, &mut passed, &mut awaited).await, Err(Fault::Malformed));
    assert_eq!(passed, answer);
}

/// What StartTLS comes to when the server answers so.
async fn start(answer: &[u8]) -> Result<(), Fault> {
    let (mut ours, mut theirs) = duplex(4096);
    let server = async {
        let mut request = [0; 31];
        theirs.read_exact(&mut request).await.unwrap();
        assert!(request.ends_with(b"1.3.6.1.4.1.1466.20037"));
        theirs.write_all(answer).await.unwrap();
        drop(theirs);
    };
    tokio::join!(start_tls(&mut ours), server).0
}

#[tokio::test]
async fn start_tls_believes_nothing() {
    let answer = |code: u8| message(1, &el(op::EXTENDED_RESPONSE, &outcome(code, b"")));
    let rows: &[(Vec<u8>, Result<(), Fault>)] = &[
        (answer(0), Ok(())),
        (answer(2), Err(Fault::StartTls(ResultCode::new(2, "")))),
        // Something behind the answer, in the clear.
        (join(&[&answer(0), &answer(0)]), Err(Fault::Malformed)),
        (join(&[&answer(0), &[0x30]]), Err(Fault::Malformed)),
        (message(2, &el(op::EXTENDED_RESPONSE, &outcome(0, b""))), Err(Fault::Malformed)),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), Err(Fault::Malformed)),
        (vec![0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF], Err(Fault::Malformed)),
        (vec![0x30, 0x80], Err(Fault::Malformed)),
        (Vec::new(), Err(Fault::Lost)),
        (vec![0x30, 12, 2], Err(Fault::Lost)),
    ];
    for (bytes, expected) in rows {
        assert_eq!(start(bytes).await, *expected, "{bytes:02x?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_looked_at_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        request in prop::sample::select(vec![op::BIND, op::SEARCH, op::MODIFY, op::EXTENDED]),
    ) {
        let _ = inspect(&bytes, Some(Awaited { id: 1, request }));
        let _ = self::request(&bytes);
    }
}

/// Each byte of sound answers is changed into each other one. What passes does no harm.
#[tokio::test]
async fn whatever_passes_is_read_without_a_panic() {
    let control = join(&[&el(ber::OCTETS, b"1.2"), &[ber::BOOLEAN, 1, 0], &el(ber::OCTETS, b"v")]);
    let controls = el(CONTROLS, &el(ber::SEQUENCE, &control));
    let referral = el(0xA3, &el(ber::OCTETS, b"ldap://x"));
    let bind = el(op::BIND_RESPONSE, &join(&[&outcome(10, b"t"), &referral, &el(0x87, b"s")]));
    let attribute = join(&[&el(ber::OCTETS, b"cn"), &el(ber::SET, &el(ber::OCTETS, b"v"))]);
    let attributes = el(ber::SEQUENCE, &el(ber::SEQUENCE, &attribute));
    let entry = el(op::ENTRY, &join(&[&el(ber::OCTETS, b"cn=x"), &attributes]));
    let mut passed = 0;
    for (request, operation) in [
        (op::BIND, join(&[&bind, &controls])),
        (op::SEARCH, entry),
        (op::SEARCH, el(op::SEARCH_DONE, &outcome(0, b""))),
        (op::SEARCH, el(op::REFERENCE, &el(ber::OCTETS, b"ldap://x"))),
    ] {
        let sound = message(1, &operation);
        let awaited = Some(Awaited { id: 1, request });
        assert!(inspect(&sound, awaited).is_some(), "{sound:02x?}");
        for at in 0..sound.len() {
            for byte in 0..=u8::MAX {
                let mut changed = sound.clone();
                changed[at] = byte;
                if matches!(inspect(&changed, awaited), Some(Message::Answer { .. })) {
                    passed += 1;
                    library_reads(request, &changed).await;
                }
            }
        }
    }
    assert_eq!(passed, 4686);
}
