use alloc::vec::Vec;
use core::time::Duration;

use kazasu_wire::{
    Raw,
    felica::Rate,
    port100::{Answer, CommStatus, Command, Key, Modulation, Received, Setting},
};

/// How a message goes over the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Felica(Rate),
    /// A short frame of 7 bits: REQA, WUPA.
    TypeAShort,
    /// Whole bytes without a CRC: anticollision.
    TypeABytes,
    /// Whole bytes and CRC_A.
    TypeAChecked,
    TypeB,
}

/// What every protocol setting is unless a framing says otherwise. The drivers in the open write
/// the same table; the unit of the guard times is not published.
const DEFAULTS: [(Key, u8); 19] = [
    (Key::InitialGuardTime, 0x18),
    (Key::AddCrc, 1),
    (Key::CheckCrc, 1),
    (Key::MultiCard, 0),
    (Key::AddParity, 0),
    (Key::CheckParity, 0),
    (Key::BitwiseAnticollision, 0),
    (Key::LastByteBitCount, 8),
    (Key::Crypto1, 0),
    (Key::AddSof, 0),
    (Key::CheckSof, 0),
    (Key::AddEof, 0),
    (Key::CheckEof, 0),
    (Key::DeafTime, 4),
    (Key::ContinuousReceive, 0),
    (Key::ContinuousReceiveMinimum, 0),
    (Key::Type1Delay, 0),
    (Key::Rfca, 0),
    (Key::GuardTime, 6),
];

impl Framing {
    fn modulation(self) -> Modulation {
        match self {
            Self::Felica(Rate::R212) => Modulation::F212,
            Self::Felica(Rate::R424) => Modulation::F424,
            Self::TypeAShort | Self::TypeABytes | Self::TypeAChecked => Modulation::A106,
            Self::TypeB => Modulation::B106,
        }
    }

    /// Where it differs from [`DEFAULTS`].
    fn overrides(self) -> &'static [(Key, u8)] {
        match self {
            Self::Felica(_) => &[],
            Self::TypeAShort => &[
                (Key::InitialGuardTime, 6),
                (Key::AddCrc, 0),
                (Key::CheckCrc, 0),
                (Key::CheckParity, 1),
                (Key::LastByteBitCount, 7),
            ],
            Self::TypeABytes => &[
                (Key::InitialGuardTime, 6),
                (Key::AddCrc, 0),
                (Key::CheckCrc, 0),
                (Key::AddParity, 1),
                (Key::CheckParity, 1),
            ],
            Self::TypeAChecked => {
                &[(Key::InitialGuardTime, 6), (Key::AddParity, 1), (Key::CheckParity, 1)]
            }
            Self::TypeB => &[
                (Key::InitialGuardTime, 0x14),
                (Key::AddSof, 1),
                (Key::CheckSof, 1),
                (Key::AddEof, 1),
                (Key::CheckEof, 1),
            ],
        }
    }

    /// Every setting it needs, in ascending order of their keys.
    fn settings(self) -> impl Iterator<Item = Setting> {
        DEFAULTS.into_iter().map(move |(key, value)| {
            let other = self.overrides().iter().find(|(other, _)| *other == key);
            Setting { key, value: other.map_or(value, |(_, value)| *value) }
        })
    }
}

/// What is sent to cards, and how long one may think about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) framing: Framing,
    pub(crate) within: Duration,
    pub(crate) message: Raw,
}

impl Call {
    /// InCommRF counts in 0.1 ms; like other drivers, one millisecond is added.
    fn command(&self) -> Command {
        let ms = u16::try_from(self.within.as_millis()).unwrap_or(u16::MAX);
        let timeout = ms.saturating_add(1).saturating_mul(10);
        Command::InCommRf { timeout, data: self.message.clone() }
    }
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// No card answered.
    Nothing,
    /// Somebody did, but it cannot be read: several at once, or one at the edge of the field.
    Garbled,
    Answer(Raw),
    /// The chip did not try, or not properly.
    Failed(CommStatus),
}

/// The answer began but did not fit the buffer; not among the named bits of the status.
const RECEIVE_LENGTH: u32 = 0x8000_0000;

impl Heard {
    pub(crate) fn of(status: CommStatus, received: Option<Received>) -> Self {
        let garbled = [
            CommStatus::PROTOCOL,
            CommStatus::PARITY,
            CommStatus::CRC,
            CommStatus::COLLISION,
            CommStatus::OVERFLOW,
        ];
        let garbled = garbled.into_iter().fold(RECEIVE_LENGTH, |bits, status| bits | status.0);
        match (status, received) {
            (CommStatus::OK, Some(received)) if !received.data.is_empty() => {
                Self::Answer(received.data)
            }
            (CommStatus::OK | CommStatus::RECEIVE_TIMEOUT, _) => Self::Nothing,
            (status, _) if status.0 & !garbled == 0 => Self::Garbled,
            (status, _) => Self::Failed(status),
        }
    }
}

/// What the chip was told about the air, so that it is told again only what changes: as long as
/// nothing does, a call is one command.
#[derive(Debug, Default)]
pub(crate) struct Radio {
    modulation: Option<Modulation>,
    settings: Vec<Setting>,
}

impl Radio {
    /// The command that comes next on the way to this call: the last one is the call itself.
    pub(crate) fn next(&self, call: &Call) -> Command {
        let modulation = call.framing.modulation();
        if self.modulation != Some(modulation) {
            return Command::InSetRf(modulation);
        }
        let changed = call.framing.settings().filter(|setting| !self.settings.contains(setting));
        let changed: Vec<_> = changed.collect();
        if changed.is_empty() { call.command() } else { Command::InSetProtocol(changed) }
    }

    /// The chip has carried out this command.
    pub(crate) fn done(&mut self, command: &Command) {
        match command {
            Command::InSetRf(modulation) => {
                // Puts the protocol settings back.
                *self = Self { modulation: Some(*modulation), settings: Vec::new() };
            }
            Command::InSetProtocol(settings) => {
                self.settings.retain(|old| settings.iter().all(|new| new.key != old.key));
                self.settings.extend(settings);
            }
            // These put them back too.
            Command::SwitchRf { .. } | Command::SetCommandType(_) => self.forget(),
            _ => {}
        }
    }

    /// Nothing is known any more.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Whether an answer says that its command was carried out; `None` where it does not say.
pub(crate) fn status(answer: &Answer) -> Option<kazasu_wire::port100::Status> {
    match answer {
        Answer::InSetRf(status)
        | Answer::InSetProtocol(status)
        | Answer::SwitchRf(status)
        | Answer::SetCommandType(status) => Some(*status),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands that one call takes, as hex without D6.
    fn commands(radio: &mut Radio, framing: Framing, message: &[u8]) -> Vec<String> {
        let within = Duration::from_millis(30);
        let call = Call { framing, within, message: Raw::from(message) };
        let mut commands = Vec::new();
        loop {
            let command = radio.next(&call);
            let hex = command.encode().iter().skip(1).map(|byte| format!("{byte:02x}")).collect();
            commands.push(hex);
            if matches!(command, Command::InCommRf { .. }) {
                return commands;
            }
            radio.done(&command);
        }
    }

    #[test]
    fn only_what_changes_is_told() {
        let (f212, f424) = (Framing::Felica(Rate::R212), Framing::Felica(Rate::R424));
        let defaults = "02001801010201030004000500060007080800\
                        09000a000b000c000e040f001000110012001306";
        let short = "02000601000200030004000501060007070800\
                     09000a000b000c000e040f001000110012001306";
        let type_b = "02001401010201030004000500060007080800\
                      09010a010b010c010e040f001000110012001306";
        let rows: [(Framing, &[u8], &[&str]); 9] = [
            (f212, &[6, 0, 0xFF, 0xFF, 1, 0], &["0001010f01", defaults, "0436010600ffff0100"]),
            (f212, &[6, 0, 0xFF, 0xFF, 1, 3], &["0436010600ffff0103"]),
            (f424, &[6, 0, 0xFF, 0xFF, 1, 0], &["0001020f02", defaults, "0436010600ffff0100"]),
            (Framing::TypeAShort, &[0x26], &["0002030f03", short, "04360126"]),
            (Framing::TypeAShort, &[0x52], &["04360152"]),
            (Framing::TypeABytes, &[0x93, 0x20], &["0204010708", "0436019320"]),
            (Framing::TypeAChecked, &[0x50, 0x00], &["0201010201", "0436015000"]),
            (Framing::TypeAShort, &[0x26], &["020100020004000707", "04360126"]),
            (Framing::TypeB, &[5, 0, 0x10], &["0003070f07", type_b, "043601050010"]),
        ];
        let mut radio = Radio::default();
        for (framing, message, expected) in rows {
            assert_eq!(commands(&mut radio, framing, message), expected, "{framing:?}");
        }
        for command in [Command::SwitchRf { on: false }, Command::SetCommandType(1)] {
            radio.done(&command);
            assert_eq!(commands(&mut radio, Framing::TypeB, &[5, 0, 0x10]).len(), 3, "{command:?}");
        }
    }

    #[test]
    fn what_a_status_means() {
        let data = || Some(Received { valid_bits: 8, data: Raw::from(&[1][..]) });
        let empty = || Some(Received { valid_bits: 8, data: Raw::default() });
        let rows = [
            (0x00, data(), Heard::Answer(Raw::from(&[1][..]))),
            (0x00, empty(), Heard::Nothing),
            (0x00, None, Heard::Nothing),
            (0x80, None, Heard::Nothing),
            (0x80, data(), Heard::Nothing),
            (0x04, data(), Heard::Garbled),
            (0x08, None, Heard::Garbled),
            (0x0C, None, Heard::Garbled),
            (0x8000_0000, None, Heard::Garbled),
            (0x40, None, Heard::Failed(CommStatus::TEMPERATURE)),
            (0x44, None, Heard::Failed(CommStatus(0x44))),
            (0x400, None, Heard::Failed(CommStatus::RF_OFF)),
        ];
        for (status, received, expected) in rows {
            assert_eq!(Heard::of(CommStatus(status), received), expected, "{status:08X}");
        }
    }
}
