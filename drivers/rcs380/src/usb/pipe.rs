use std::time::Duration;

use bytes::Bytes;
use kazasu_hal::{Fault, FaultKind, Filling};
use kazasu_link::{Control, Direction, Way, WayError};
use nusb::{
    Device, DeviceInfo, Endpoint, ErrorKind, Interface,
    descriptors::{ConfigurationDescriptor, TransferType},
    transfer::{Buffer, Bulk, Completion, In, Out, TransferError},
};

use super::holder;
use crate::cause;

/// How many packets from the reader are waited for at once.
const PACKETS: usize = 4;
/// How long a transfer may block where nothing can be awaited.
const NOW: Duration = Duration::from_millis(50);

/// A reader at a USB port of this machine. Where the kernel's own driver had it, that one gets it
/// back when this is dropped.
pub(super) struct NusbPipe {
    bulk_in: Endpoint<Bulk, In>,
    bulk_out: Endpoint<Bulk, Out>,
}

/// Where the bulk endpoints are: drivers in the open take the first of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    interface: u8,
    bulk_in: u8,
    bulk_out: u8,
}

impl NusbPipe {
    /// Opens the reader. A kernel driver is detached; anybody else who holds it is named.
    pub(super) async fn open(info: &DeviceInfo) -> Result<Self, Fault> {
        let node = holder::node(info.busnum(), info.device_address());
        let shown = node.display().to_string();
        let lost = |cause| Fault::new(FaultKind::Link, cause);
        let device = info.open().await.map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied => holder::forbidden(&node),
            _ => lost(cause::unopened(shown.as_str(), error.to_string())),
        })?;
        let place =
            configured(&device).await.map_err(|why| lost(cause::unusable(shown.as_str(), why)))?;
        let interface = match device.claim_interface(place.interface).await {
            Ok(interface) => interface,
            Err(error) if error.kind() == ErrorKind::Busy => {
                take(info, &device, place.interface).await?
            }
            Err(error) => {
                return Err(lost(cause::unclaimed(shown.as_str(), error.to_string())));
            }
        };
        Self::on(&interface, place)
            .map_err(|error| lost(cause::unusable(shown.as_str(), error.to_string())))
    }

    fn on(interface: &Interface, place: Place) -> Result<Self, nusb::Error> {
        Ok(Self {
            bulk_in: interface.endpoint(place.bulk_in)?,
            bulk_out: interface.endpoint(place.bulk_out)?,
        })
    }

    /// Has packets waited for.
    fn await_packets(&mut self) -> Result<(), WayError> {
        let length = self.bulk_in.max_packet_size();
        if length == 0 {
            return Err(WayError::closed(cause::no_packet_size()));
        }
        while self.bulk_in.pending() < PACKETS {
            self.bulk_in.submit(Buffer::new(length));
        }
        Ok(())
    }

    /// A transfer that fills its last packet has an empty one behind it, which shows its end.
    fn submit(&mut self, bytes: &[u8]) {
        self.bulk_out.submit(Buffer::from(bytes));
        if bytes.len().checked_rem(self.bulk_out.max_packet_size()) == Some(0) {
            self.bulk_out.submit(Buffer::new(0));
        }
    }
}

/// Where the reader's endpoints are. A device that has a configuration keeps it: setting it anew
/// would put its endpoints back, and the reader out of step.
async fn configured(device: &Device) -> Result<Place, Filling> {
    if device.active_configuration().is_err() {
        let first = device.configurations().next().map(|first| first.configuration_value());
        let first = first.ok_or_else(cause::no_configuration)?;
        device.set_configuration(first).await.map_err(|error| error.to_string())?;
    }
    let configuration = device.active_configuration().map_err(|error| error.to_string())?;
    place(&configuration).ok_or_else(|| cause::no_endpoints().into())
}

fn place(configuration: &ConfigurationDescriptor<'_>) -> Option<Place> {
    let mut settings = configuration.interface_alt_settings();
    settings.find_map(|setting| {
        let bulk = |direction| {
            let mut endpoints = setting.endpoints();
            endpoints.find(|endpoint| {
                endpoint.transfer_type() == TransferType::Bulk && endpoint.direction() == direction
            })
        };
        (setting.alternate_setting() == 0).then_some(())?;
        Some(Place {
            interface: setting.interface_number(),
            bulk_in: bulk(nusb::transfer::Direction::In)?.address(),
            bulk_out: bulk(nusb::transfer::Direction::Out)?.address(),
        })
    })
}

/// Takes the reader from the kernel's own driver.
async fn take(info: &DeviceInfo, device: &Device, interface: u8) -> Result<Interface, Fault> {
    let driver = holder::bound_driver(info.sysfs_path(), interface);
    let error = match device.detach_and_claim_interface(interface).await {
        Ok(claimed) => {
            tracing::info!(driver = driver.as_deref().unwrap_or("?"), "detached a kernel driver");
            return Ok(claimed);
        }
        Err(error) => error,
    };
    let node = holder::node(info.busnum(), info.device_address());
    if error.kind() != ErrorKind::Busy {
        let cause = cause::unclaimed(node.display().to_string(), error.to_string());
        return Err(Fault::new(FaultKind::Link, cause));
    }
    let looked = node.clone();
    let holders =
        tokio::task::spawn_blocking(move || holder::holders("/proc".as_ref(), &looked)).await;
    // A search that failed found nobody.
    Err(holder::busy(&node, driver.as_deref(), &holders.unwrap_or_default()))
}

fn outcome(completion: Completion, which: Direction) -> Result<Bytes, WayError> {
    match completion.into_result() {
        Ok(buffer) => Ok(buffer.into_vec().into()),
        Err(TransferError::Stall) => Err(WayError::Stalled(which)),
        Err(TransferError::Disconnected) => Err(WayError::closed(cause::unplugged())),
        // Nothing came, and nothing is wrong.
        Err(TransferError::Cancelled) => Ok(Bytes::new()),
        Err(error) => Err(WayError::closed(error.to_string())),
    }
}

impl Way for NusbPipe {
    async fn send(&mut self, bytes: Bytes) -> Result<(), WayError> {
        self.submit(&bytes);
        while self.bulk_out.pending() > 0 {
            outcome(self.bulk_out.next_complete().await, Direction::Out)?;
        }
        Ok(())
    }

    async fn receive(&mut self) -> Result<Bytes, WayError> {
        self.await_packets()?;
        outcome(self.bulk_in.next_complete().await, Direction::In)
    }

    async fn control(&mut self, control: Control) -> Result<(), WayError> {
        // Nothing may be under way while the endpoint is cleared.
        let cleared = match control {
            Control::SetRate(_) => return Err(WayError::closed(cause::no_rate())),
            Control::ClearHalt(Direction::In) => {
                self.bulk_in.cancel_all();
                while self.bulk_in.pending() > 0 {
                    self.bulk_in.next_complete().await;
                }
                self.bulk_in.clear_halt().await
            }
            Control::ClearHalt(Direction::Out) => {
                self.bulk_out.cancel_all();
                while self.bulk_out.pending() > 0 {
                    self.bulk_out.next_complete().await;
                }
                self.bulk_out.clear_halt().await
            }
        };
        cleared.map_err(|error| WayError::closed(error.to_string()))
    }

    fn send_now(&mut self, bytes: Bytes) -> bool {
        self.submit(&bytes);
        while self.bulk_out.pending() > 0 {
            match self.bulk_out.wait_next_complete(NOW) {
                Some(completion) if completion.status.is_ok() => {}
                _ => return false,
            }
        }
        true
    }

    fn receive_now(&mut self, within: Duration) -> Result<Option<Bytes>, WayError> {
        self.await_packets()?;
        let completion = self.bulk_in.wait_next_complete(within);
        completion.map(|completion| outcome(completion, Direction::In)).transpose()
    }
}
