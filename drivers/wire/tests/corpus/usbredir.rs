//! What QEMU sends to a device, from its hello until it forgot the device, which was unplugged.

use kazasu_wire::usbredir::{Capabilities, Decoder, Message};

use crate::lines::{unhex, values};

#[test]
fn packets_of_qemu() {
    let lines = values("usbredir");
    assert_eq!(lines.len(), 35);
    // What the simulator offered.
    let own = Capabilities(Capabilities::KNOWN.0 & !Capabilities::FILTER.0);
    let mut decoder = Decoder::new(own);
    for line in &lines {
        let (bytes, meaning) = (unhex(line["hex"].as_str().unwrap()), &line["meaning"]);
        let agreed = decoder.agreed().unwrap_or_default();
        decoder.push(&bytes);
        let packet = decoder.next_packet().unwrap().unwrap();
        assert_eq!(decoder.next_packet(), None, "{meaning}");
        assert_eq!(packet.encode(agreed), Some(bytes), "{meaning}");
        let name = format!("{:?}", packet.message);
        let name = name.split(['(', ' ']).next().unwrap();
        assert_eq!(line["is"], name, "{meaning}");
        match &packet.message {
            Message::Hello(hello) => assert_eq!(hello.capabilities().0, 0xFF),
            Message::Bulk(bulk) => match bulk.endpoint {
                0x02 => assert_eq!(u32::try_from(bulk.data.len()), Ok(bulk.length)),
                _ => assert_eq!((bulk.endpoint, bulk.length, bulk.data.len()), (0x81, 1013, 0)),
            },
            Message::Control(control) => {
                let request = (control.endpoint, control.request_type, control.request);
                assert_eq!((request, control.data.len()), ((0x80, 0x80, 6), 0), "{meaning}");
            }
            _ => {}
        }
    }
    assert_eq!(decoder.agreed(), Some(own));
}
