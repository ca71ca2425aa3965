//! What the reader tells about itself on USB, and the requests that every device answers (USB 2.0
//! chapter 9).
//!
//! Device class FF, packets of 64 bytes at endpoint 0 and the numbers are those that `lsusb` shows
//! of a real one (libnfc pull request 302), the endpoints' addresses those of drivers in the open.
//! That the bulk endpoints take packets of 64 bytes, as a full-speed device's do, is assumed.

/// Sony.
pub const VENDOR: u16 = 0x054C;
/// RC-S380/P.
pub const PRODUCT: u16 = 0x06C3;
/// bcdDevice: 1.11, as the firmware.
pub const DEVICE_VERSION: u16 = 0x0111;
/// bDeviceClass: the vendor's own, as is that of the interface.
pub const CLASS: u8 = 0xFF;
/// Bulk endpoint outwards.
pub const OUT: u8 = 0x02;
/// Bulk endpoint inwards.
pub const IN: u8 = 0x81;
/// Bytes in a packet, at all endpoints.
pub const PACKET: usize = 64;
/// The only configuration.
pub const CONFIGURATION: u8 = 1;

/// The same number in the one byte that descriptors have for endpoint 0.
const PACKET_0: u8 = 64;
const BULK: u8 = 0x02;
/// Places of the texts.
const MANUFACTURER_TEXT: u8 = 1;
const PRODUCT_TEXT: u8 = 2;
const SERIAL_TEXT: u8 = 4;
/// United States English.
const LANGUAGE: u16 = 0x0409;
/// Characters of a serial number: what fits a packet.
const SERIAL_MAX: usize = 30;

/// The head of a control transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// bmRequestType.
    pub request_type: u8,
    /// bRequest.
    pub request: u8,
    /// wValue.
    pub value: u16,
    /// wIndex.
    pub index: u16,
    /// wLength.
    pub length: u16,
}

/// What of the reader is USB.
#[derive(Clone, Debug)]
pub(super) struct State {
    serial: String,
    /// Chosen when it is plugged in, as the system does it before a driver comes.
    configuration: u8,
    toggles: Toggles,
}

/// Host and device count packets modulo two at each endpoint; a packet with the wrong count is
/// taken for a repetition and thrown away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Toggles {
    /// Both begin to count.
    #[default]
    Fresh,
    /// Both count the same.
    Counting,
    /// The host began anew: the next packet is thrown away.
    OutOfStep,
}

impl State {
    pub(super) fn new(serial: &str) -> Self {
        let serial = serial.chars().take(SERIAL_MAX).collect();
        Self { serial, configuration: CONFIGURATION, toggles: Toggles::default() }
    }

    pub(super) fn reset(&mut self) {
        self.configuration = CONFIGURATION;
    }

    pub(super) fn is_configured(&self) -> bool {
        self.configuration == CONFIGURATION
    }

    pub(super) fn toggles_are_in_step(&mut self) {
        self.toggles = Toggles::Fresh;
    }

    /// A bulk transfer took place.
    pub(super) fn transfer(&mut self) {
        if self.toggles == Toggles::Fresh {
            self.toggles = Toggles::Counting;
        }
    }

    /// Whether the frame that is about to be sent will be thrown away.
    pub(super) fn loses_a_frame(&mut self) -> bool {
        std::mem::replace(&mut self.toggles, Toggles::Counting) == Toggles::OutOfStep
    }

    /// `None` is a stall.
    pub(super) fn control(&mut self, setup: &Setup) -> Option<Vec<u8>> {
        let Setup { request_type, request, value, index, length } = *setup;
        let interface = self.is_configured() && index == 0;
        let endpoint = index & 0x7F == 0 || self.is_configured() && is_bulk(index);
        let mut answer = match (request_type, request) {
            // GET_STATUS: powered by the bus, not halted.
            (0x80, 0x00) => vec![0, 0],
            (0x81, 0x00) if interface => vec![0, 0],
            (0x82, 0x00) if endpoint => vec![0, 0],
            // CLEAR_FEATURE: ENDPOINT_HALT. None ever is; the toggles of both sides begin anew.
            (0x02, 0x01) if endpoint && value == 0 => Vec::new(),
            (0x80, 0x06) => self.descriptor(value)?,
            (0x80, 0x08) => vec![self.configuration],
            (0x00, 0x09) => {
                self.configuration =
                    u8::try_from(value).ok().filter(|number| *number <= CONFIGURATION)?;
                if self.toggles == Toggles::Counting {
                    self.toggles = Toggles::OutOfStep;
                }
                Vec::new()
            }
            (0x81, 0x0A) if interface => vec![0],
            (0x01, 0x0B) if interface && value == 0 => Vec::new(),
            _ => return None,
        };
        answer.truncate(length.into());
        Some(answer)
    }

    fn descriptor(&self, value: u16) -> Option<Vec<u8>> {
        let [index, kind] = value.to_le_bytes();
        match (kind, index) {
            (1, 0) => Some(self.device()),
            (2, 0) => Some(configuration()),
            (3, 0) => Some(text([LANGUAGE])),
            (3, MANUFACTURER_TEXT) => Some(text("SONY".encode_utf16())),
            (3, PRODUCT_TEXT) => Some(text("RC-S380/P".encode_utf16())),
            (3, SERIAL_TEXT) if !self.serial.is_empty() => Some(text(self.serial.encode_utf16())),
            // No qualifier: there is no other speed.
            _ => None,
        }
    }

    fn device(&self) -> Vec<u8> {
        let serial = if self.serial.is_empty() { 0 } else { SERIAL_TEXT };
        let mut bytes = vec![0, 1, 0x00, 0x02, CLASS, 0, 0, PACKET_0];
        for number in [VENDOR, PRODUCT, DEVICE_VERSION] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend([MANUFACTURER_TEXT, PRODUCT_TEXT, serial, 1]);
        with_length(bytes)
    }
}

fn is_bulk(endpoint: u16) -> bool {
    [OUT, IN].into_iter().any(|bulk| u16::from(bulk) == endpoint)
}

/// The configuration with its interface and endpoints.
fn configuration() -> Vec<u8> {
    let [low, high] = u16::from(PACKET_0).to_le_bytes();
    let endpoint = |address| with_length(vec![0, 5, address, BULK, low, high, 0]);
    let interface = with_length(vec![0, 4, 0, 0, 2, CLASS, 0, 0, 0]);
    let parts = [interface, endpoint(OUT), endpoint(IN)].concat();
    // Powered by the bus, up to 100 mA.
    let mut head = with_length(vec![0, 2, 0, 0, 1, CONFIGURATION, 0, 0x80, 50]);
    let whole = u16::try_from(head.len().saturating_add(parts.len())).unwrap_or(u16::MAX);
    head.iter_mut().skip(2).zip(whole.to_le_bytes()).for_each(|(place, byte)| *place = byte);
    head.extend(parts);
    head
}

fn text(units: impl IntoIterator<Item = u16>) -> Vec<u8> {
    let units = units.into_iter().take(SERIAL_MAX).flat_map(u16::to_le_bytes);
    with_length([0, 3].into_iter().chain(units).collect())
}

/// Puts a descriptor's length at its place, the first byte.
fn with_length(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    bytes.iter_mut().take(1).for_each(|first| *first = length);
    bytes
}
