//! Reading BER: definite lengths and one-byte tags only, which is all of LDAP (RFC 4511 section
//! 5.1) and of DER certificates. Bytes in, slices out; nothing is copied.

/// Elements that stand behind one another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

/// One element: its tag byte and its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
}

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTETS: u8 = 0x04;
pub(crate) const ENUMERATED: u8 = 0x0A;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// The bit of a tag that says that its content is elements again.
const CONSTRUCTED: u8 = 0x20;

/// What the beginning of a byte stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// An element of so many bytes in all, whether they are there yet or not.
    Element(usize),
    /// Too few bytes to tell.
    Short,
    /// No element that may come.
    Bad,
}

/// Length in all of the element that a stream begins with.
pub(crate) fn beginning(bytes: &[u8]) -> Beginning {
    match lengths(bytes) {
        Ok((header, content)) => {
            header.checked_add(content).map_or(Beginning::Bad, Beginning::Element)
        }
        Err(why) => why,
    }
}

/// Lengths of the header and of the content.
fn lengths(bytes: &[u8]) -> Result<(usize, usize), Beginning> {
    let [tag, first, rest @ ..] = bytes else { return Err(Beginning::Short) };
    // All ones say that the tag goes on in the next bytes.
    if tag & 0x1F == 0x1F {
        return Err(Beginning::Bad);
    }
    match first {
        0..=0x7F => Ok((2, usize::from(*first))),
        0x81..=0x84 => {
            let count = usize::from(first & 0x7F);
            let digits = rest.get(..count).ok_or(Beginning::Short)?;
            Ok((2 + count, digits.iter().fold(0, |len, b| (len << 8) | usize::from(*b))))
        }
        _ => Err(Beginning::Bad),
    }
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The tag that comes next.
    pub(crate) fn peek(self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next element; `None` where there is none, or it is cut short or not allowed.
    pub(crate) fn next(&mut self) -> Option<Element<'a>> {
        let (header, content) = lengths(self.0).ok()?;
        let tag = self.peek()?;
        let (_, behind) = self.0.split_at_checked(header)?;
        let (content, rest) = behind.split_at_checked(content)?;
        self.0 = rest;
        Some(Element { tag, content })
    }

    /// The content of the next element, which has to have this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let element = ahead.next().filter(|element| element.tag == tag)?;
        *self = ahead;
        Some(element.content)
    }

    /// The same, read as text; takes nothing away where it is none.
    pub(crate) fn expect_text(&mut self, tag: u8) -> Option<&'a str> {
        let mut ahead = *self;
        let text = std::str::from_utf8(ahead.expect(tag)?).ok()?;
        *self = ahead;
        Some(text)
    }

    /// The same, read as a number that is not negative and fits 31 bits.
    pub(crate) fn expect_number(&mut self, tag: u8) -> Option<u32> {
        number(self.expect(tag)?)
    }
}

/// A number of 1 to 4 bytes that is not negative.
pub(crate) fn number(content: &[u8]) -> Option<u32> {
    if !(1..=4).contains(&content.len()) || content.first().is_some_and(|b| *b >= 0x80) {
        return None;
    }
    Some(content.iter().fold(0, |number, b| (number << 8) | u32::from(*b)))
}

/// Whether these bytes are whole elements, nested at most so deep.
pub(crate) fn is_sound(bytes: &[u8], depth: u8) -> bool {
    let mut reader = Reader::new(bytes);
    while !reader.is_empty() {
        let Some(element) = reader.next() else { return false };
        if element.tag & CONSTRUCTED != 0 {
            let Some(below) = depth.checked_sub(1) else { return false };
            if !is_sound(element.content, below) {
                return false;
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths() {
        let check = |bytes: &[u8], expected| assert_eq!(beginning(bytes), expected, "{bytes:02x?}");
        check(&[], Beginning::Short);
        check(&[0x30], Beginning::Short);
        check(&[0x30, 0], Beginning::Element(2));
        check(&[0x30, 0x7F], Beginning::Element(129));
        check(&[0x30, 0x80], Beginning::Bad);
        check(&[0x30, 0x81], Beginning::Short);
        check(&[0x30, 0x81, 0x80], Beginning::Element(131));
        check(&[0x30, 0x82, 1], Beginning::Short);
        check(&[0x30, 0x82, 1, 0], Beginning::Element(260));
        check(&[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], Beginning::Element(0xFFFF_FFFF + 6));
        check(&[0x30, 0x85, 0, 0, 0, 0, 1], Beginning::Bad);
        check(&[0x1F, 1, 0], Beginning::Bad);
    }

    #[test]
    fn elements() {
        let mut reader = Reader::new(&[0x02, 1, 5, 0x04, 0x81, 2, b'h', b'i', 0x0A, 1]);
        assert_eq!(reader.expect_text(OCTETS), None, "another tag takes nothing away");
        assert_eq!(reader.expect_number(INTEGER), Some(5));
        assert_eq!(reader.peek(), Some(OCTETS));
        assert_eq!(reader.expect_text(OCTETS), Some("hi"));
        assert_eq!(reader.next(), None, "cut short");
        assert_eq!(number(&[0x80]), None, "negative");
        assert_eq!(number(&[0, 0, 1, 2]), Some(258));
        assert_eq!(number(&[1, 0, 0, 0, 0]), None);
    }

    #[test]
    fn nesting_has_an_end() {
        let nest = |times: usize| {
            (0..times).fold(Vec::new(), |inner: Vec<u8>, _| {
                let len = u8::try_from(inner.len()).unwrap();
                [&[SEQUENCE, len], inner.as_slice()].concat()
            })
        };
        assert!(is_sound(&nest(8), 8));
        assert!(!is_sound(&nest(9), 8));
        assert!(!is_sound(&[0x30, 1], 8));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = Reader::new(&bytes);
            while reader.next().is_some() {}
            is_sound(&bytes, 8);
        }
    }
}
