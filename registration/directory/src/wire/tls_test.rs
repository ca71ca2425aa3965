use super::*;

/// Ends of validity as certificates write them (RFC 5280 section 4.1.2.5): two digits of the year
/// until 2049, four from 2050.
#[test]
fn ends_of_validity() {
    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let len = u8::try_from(content.len()).unwrap();
        [&[tag, len], content].concat()
    }
    let certificate = |version: &[u8], end: &[u8]| {
        let begin = der(0x17, b"250101000000Z");
        let validity = der(0x30, &[begin.as_slice(), end].concat());
        let empty = der(0x30, &[]);
        let serial = der(0x02, &[1]);
        let body = [version, &serial, &empty, &empty, &validity, &empty].concat();
        der(0x30, &der(0x30, &body))
    };
    let third = der(0xA0, &der(0x02, &[2]));
    let check = |der: &[u8], seconds: Option<u64>| {
        let expected = seconds.map(|s| SystemTime::UNIX_EPOCH + Duration::from_secs(s));
        assert_eq!(not_after(der), expected, "{der:02x?}");
    };
    check(&certificate(&third, &der(0x17, b"260101000000Z")), Some(1_767_225_600));
    check(&certificate(&[], &der(0x17, b"260101000000Z")), Some(1_767_225_600));
    check(&certificate(&third, &der(0x18, b"20500101000000Z")), Some(2_524_608_000));
    check(&certificate(&third, &der(0x17, b"700101000000Z")), Some(0));
    check(&certificate(&third, &der(0x17, b"xx")), None);
    check(&[], None);
    check(&[0x30, 0x82], None);
}
