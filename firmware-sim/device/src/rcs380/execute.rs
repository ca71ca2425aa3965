//! What each command does.

use std::time::Duration;

use kazasu_wire::port100::{Answer, CommStatus, Command, Key, Modulation, Status, TgCommRf};

use super::{Activity, COMMAND_TIME, Rcs380, radio};

/// Bits of the command types 0 and 1.
const COMMAND_TYPES: u64 = 0b11;
/// InSetRCT, InGetRCT: need an unlocking code of each model.
const RCT: [u8; 2] = [0x30, 0x32];

impl Rcs380 {
    /// The answer (`None` = the error frame), and how long it takes (`None` = for ever).
    pub(super) fn execute(&mut self, command: Command) -> (Option<Answer>, Option<Duration>) {
        let of_type = self.chip.command_type.is_some();
        let answer = match command {
            Command::GetFirmwareVersion { .. } => {
                Answer::GetFirmwareVersion { minor: 0x11, major: 0x01 }
            }
            Command::GetPdDataVersion => Answer::GetPdDataVersion { minor: 0x00, major: 0x01 },
            Command::GetCommandType => Answer::GetCommandType { mask: COMMAND_TYPES },
            Command::SetCommandType(which) => {
                let known = COMMAND_TYPES.checked_shr(which.into()).is_some_and(|bit| bit & 1 == 1);
                if known {
                    self.chip.command_type = Some(which);
                    self.chip.settings = radio::Settings::default();
                }
                Answer::SetCommandType(if known { Status::OK } else { Status::PARAMETER })
            }
            Command::ResetDevice { delay } => {
                self.chip.restart_delay = Duration::from_millis(delay.into());
                Answer::ResetDevice
            }
            Command::InSetRf(_) if !of_type => Answer::InSetRf(Status::COMMAND_TYPE),
            Command::InSetProtocol(_) if !of_type => Answer::InSetProtocol(Status::COMMAND_TYPE),
            Command::SwitchRf { .. } if !of_type => Answer::SwitchRf(Status::COMMAND_TYPE),
            Command::TgSetRf(_) if !of_type => Answer::TgSetRf(Status::COMMAND_TYPE),
            Command::TgSetProtocol(_) if !of_type => Answer::TgSetProtocol(Status::COMMAND_TYPE),
            Command::InSetRf(modulation) => Answer::InSetRf(self.set_modulation(modulation)),
            Command::InSetProtocol(settings) => {
                let known = settings.iter().all(|setting| !matches!(setting.key, Key::Other(_)));
                if known {
                    self.chip.settings.set(&settings);
                }
                Answer::InSetProtocol(if known { Status::OK } else { Status::PARAMETER })
            }
            Command::SwitchRf { on } => {
                self.chip.settings = radio::Settings::default();
                self.chip.field_on = on;
                if !on {
                    self.field.power_off();
                }
                Answer::SwitchRf(Status::OK)
            }
            Command::InCommRf { timeout, data } => {
                let (answer, takes) = self.transceive(timeout, &data);
                return (Some(answer), Some(takes));
            }
            Command::TgSetRf(_) => Answer::TgSetRf(Status::OK),
            Command::TgSetProtocol(_) => Answer::TgSetProtocol(Status::OK),
            Command::TgCommRf(TgCommRf { receive_timeout, .. }) => {
                // No initiator ever comes.
                let status = CommStatus::RECEIVE_TIMEOUT;
                let answer = Answer::TgCommRf { activation: [0; 3], status, data: [][..].into() };
                return (Some(answer), Some(Duration::from_millis(receive_timeout.into())));
            }
            Command::Other { code, .. } if RCT.contains(&code) => {
                Answer::Other { code, data: [Status::PARAMETER.0][..].into() }
            }
            Command::Other { .. } => return (None, Some(self.takes(COMMAND_TIME))),
        };
        (Some(answer), Some(self.takes(COMMAND_TIME)))
    }

    fn set_modulation(&mut self, modulation: Modulation) -> Status {
        if !radio::exists(modulation) {
            return Status::PARAMETER;
        }
        self.chip.modulation = Some(modulation);
        self.chip.settings = radio::Settings::default();
        // The field comes with it.
        self.chip.field_on = true;
        Status::OK
    }

    pub(super) fn about_to_restart(&self) -> Activity {
        Activity::AboutToRestart { delay: self.chip.restart_delay }
    }
}
