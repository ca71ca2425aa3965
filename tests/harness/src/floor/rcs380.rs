//! A search on an RC-S380, where modulation and settings are told anew for each technology, and the
//! host itself leads each card through its anticollision.
//!
//! A call that nobody answers costs as long as a card may take to begin with its answer; less would
//! miss cards. What the chip takes is not published, nor when a busy bus has room for a transfer:
//! neither is counted, and neither are the frame delimiters of type B.

use std::time::Duration;

use super::{ACK_BYTES, BIT_212, Search, felica_frame};

const USB_BIT_PER_S: u32 = 12_000_000;
/// Bytes in a packet of a full-speed bulk endpoint.
const PACKET: u32 = 64;
/// Sync, identifiers, address, checksums, handshake and turning around: 13 bytes for each packet
/// (USB 2.0 section 5.8.4).
const PACKET_OVERHEAD: u32 = 13;
/// Around the data of a frame: preamble, start codes (4), length (2), its check, data check,
/// postamble.
const ENVELOPE_BYTES: u32 = 10;

/// Every protocol setting.
const ALL_SETTINGS: u32 = 19;
/// From the end of a polling to the first slot: 512 x 64 cycles of 13.56 MHz.
const FIRST_SLOT: Duration = Duration::from_nanos(2_416_519);
/// A bit at 106 kbit/s: 128 cycles.
const BIT_106: Duration = Duration::from_nanos(9_440);
/// When a type A card answers: 1172 cycles behind the command, or 64 more. It has no choice.
const TYPE_A_ANSWERS: Duration = Duration::from_nanos(86_431);
/// How long a type A card may be silent about HLTA before that counts as assent.
const HALTED: Duration = Duration::from_millis(1);
/// When a type B card begins at the earliest: 64 and 80 periods of the subcarrier.
const TYPE_B_ANSWERS: Duration = Duration::from_nanos(169_912);
/// When a type B card begins to answer a request at the latest: 7680 cycles.
const TYPE_B_SILENT: Duration = Duration::from_nanos(566_372);

/// A command: bytes of its data and of its answer's, and what happens on the air between them.
struct Step {
    command: u32,
    answer: u32,
    air: Duration,
}

impl Step {
    fn takes(&self) -> Duration {
        transfer(self.command + ENVELOPE_BYTES)
            .saturating_add(self.air.max(transfer(ACK_BYTES)))
            .saturating_add(transfer(self.answer + ENVELOPE_BYTES))
    }
}

/// What bytes take on a full-speed bus that has nothing else to do. One packet more than they fill:
/// the last one is short, or empty.
fn transfer(bytes: u32) -> Duration {
    let packets = bytes / PACKET + 1;
    let bits = (bytes + packets * PACKET_OVERHEAD) * 8;
    Duration::from_secs(1).saturating_mul(bits) / USB_BIT_PER_S
}

/// InSetRF.
const MODULATE: Step = Step { command: 6, answer: 3, air: Duration::ZERO };

/// InSetProtocol with so many settings.
fn set(settings: u32) -> Step {
    Step { command: 2 + 2 * settings, answer: 3, air: Duration::ZERO }
}

/// InCommRF with a message of so many bytes; what came back, without checksum, and after which time
/// on the air.
fn call(message: u32, heard: Option<u32>, air: Duration) -> Step {
    Step { command: 4 + message, answer: heard.map_or(6, |heard| 7 + heard), air }
}

/// So many bits at 106 kbit/s.
fn bits(bits: u32) -> Duration {
    BIT_106.saturating_mul(bits)
}

/// So many bytes of type A: each with its parity, between a start and an end.
fn type_a(bytes: u32) -> Duration {
    bits(bytes * 9 + 2)
}

/// So many bytes of type B: each between a start and a stop bit.
fn type_b(bytes: u32) -> Duration {
    bits(bytes * 10)
}

fn steps(search: Search, found: bool) -> Vec<Step> {
    let mut steps = vec![MODULATE, set(ALL_SETTINGS)];
    match search {
        Search::Felica212 => steps.push(polling(BIT_212, found)),
        Search::Felica424 => steps.push(polling(BIT_212 / 2, found)),
        // A request with its checksum; ATQB with the same.
        Search::TypeB if found => {
            steps.push(call(3, Some(12), type_b(5) + TYPE_B_ANSWERS + type_b(14)));
        }
        Search::TypeB => steps.push(call(3, None, type_b(5) + TYPE_B_SILENT)),
        Search::TypeA => {
            let request = bits(9) + TYPE_A_ANSWERS;
            let silence = call(1, None, request);
            if found {
                let answered = |sent, heard| type_a(sent) + TYPE_A_ANSWERS + type_a(heard);
                steps.extend([
                    call(1, Some(2), request + type_a(2)),
                    // Whole bytes, with parity.
                    set(2),
                    call(2, Some(5), answered(2, 5)),
                    // With checksums from here on.
                    set(2),
                    call(7, Some(1), answered(9, 3)),
                    call(2, None, type_a(4) + HALTED),
                    // Is there another one?
                    set(4),
                ]);
            }
            steps.push(silence);
        }
    }
    steps
}

fn polling(bit: Duration, found: bool) -> Step {
    let asked = felica_frame(bit, 6) + FIRST_SLOT;
    if found { call(6, Some(20), asked + felica_frame(bit, 20)) } else { call(6, None, asked) }
}

pub(super) fn commands(search: Search, found: bool) -> usize {
    steps(search, found).len()
}

pub(super) fn takes(search: Search, found: bool) -> Duration {
    steps(search, found).iter().map(Step::takes).sum()
}
