use kazasu_wire::sof::{Decoder, Family, Frame, FrameError};

/// The last byte of every frame.
const POSTAMBLE: u8 = 0x00;

/// Frames out of what a reader says.
///
/// A frame with data counts once its postamble is there. Without that rule, a byte 00 that is lost
/// would go unnoticed: the sum stays right, and what follows moves up.
#[derive(Debug)]
pub struct Frames {
    decoder: Decoder,
    /// A frame whose postamble is still to come.
    complete: Option<Frame>,
}

impl Frames {
    /// Nothing yet.
    #[must_use]
    pub fn new(family: Family) -> Self {
        Self { decoder: Decoder::for_family(family), complete: None }
    }

    /// The next frame, or what was wrong with it; takes no more of the bytes than it needs for it.
    /// `None` when all of them are taken.
    pub fn next(&mut self, bytes: &mut &[u8]) -> Option<Result<Frame, FrameError>> {
        loop {
            match self.decoder.next_frame() {
                Some(Ok(frame @ Frame::Data(_))) => self.complete = Some(frame),
                Some(frame) => return Some(frame),
                None => {
                    let (byte, rest) = bytes.split_first()?;
                    if let Some(frame) = self.complete.take()
                        && *byte == POSTAMBLE
                    {
                        return Some(Ok(frame));
                    }
                    self.decoder.push(&[*byte]);
                    *bytes = rest;
                }
            }
        }
    }

    /// What came until now belongs to nothing.
    pub fn forget(&mut self) {
        self.decoder.clear();
        self.complete = None;
    }

    /// Whether a frame is there but for its last byte.
    #[must_use]
    pub fn lacks_end(&self) -> bool {
        self.complete.is_some()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn a_frame_counts_with_its_last_byte() {
        let data = Frame::Data([0xD5, 0x15].to_vec());
        let (whole, ack) = (data.encode().unwrap(), Frame::Ack.encode().unwrap());
        let cut = &whole[..whole.len() - 1];
        let rows: [(&str, Vec<u8>, Vec<Frame>, bool); 6] = [
            ("whole", whole.clone(), [data.clone()].to_vec(), false),
            ("cut", cut.to_vec(), Vec::new(), true),
            ("cut, and noise behind it", [cut, &[0x55]].concat(), Vec::new(), false),
            ("no data, no last byte", ack[..ack.len() - 1].to_vec(), [Frame::Ack].to_vec(), false),
            ("two", [&ack[..], &whole].concat(), [Frame::Ack, data.clone()].to_vec(), false),
            (
                "whose last byte begins the next",
                [cut, &ack].concat(),
                [data.clone(), Frame::Ack].to_vec(),
                false,
            ),
        ];
        for (name, bytes, expected, lacks_end) in rows {
            // At once, and byte by byte.
            for piece in [bytes.len(), 1] {
                let mut frames = Frames::new(Family::Pn53x);
                let mut seen = Vec::new();
                for mut bytes in bytes.chunks(piece) {
                    while let Some(frame) = frames.next(&mut bytes) {
                        seen.push(frame.unwrap());
                    }
                }
                assert_eq!(seen, expected, "{name}");
                assert_eq!(frames.lacks_end(), lacks_end, "{name}");
            }
        }
    }

    #[test]
    fn what_is_forgotten_is_not_ended_later() {
        let whole = Frame::Data([0xD5, 0x15].to_vec()).encode().unwrap();
        // Behind the first byte of its start code.
        for at in 2..whole.len() {
            let (mut first, mut rest) = whole.split_at(at);
            let mut frames = Frames::new(Family::Pn53x);
            assert_eq!(frames.next(&mut first), None);
            frames.forget();
            assert!(!frames.lacks_end());
            assert!(!matches!(frames.next(&mut rest), Some(Ok(_))), "{at}");
        }
    }
}
