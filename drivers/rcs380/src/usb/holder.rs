use std::{
    fs,
    path::{Path, PathBuf},
};

use kazasu_hal::{Fault, FaultKind};

use crate::cause;

/// How many holders are named.
const HOLDERS_MAX: usize = 4;
/// The driver behind which programs hold a device.
const USBFS: &str = "usbfs";

/// A program that holds a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pid: u32,
    name: String,
}

/// The driver that is bound to an interface of the device at this place of `/sys`; none where it is
/// free.
pub(super) fn bound_driver(device: &Path, interface: u8) -> Option<String> {
    let entries = fs::read_dir(device).ok()?.filter_map(Result::ok);
    // As in `1-2:1.0`: the device, a configuration, the interface.
    let suffix = format!(".{interface}");
    let is_it = |name: &str| name.contains(':') && name.ends_with(&suffix);
    let entry = entries.into_iter().find(|entry| entry.file_name().to_str().is_some_and(is_it))?;
    let driver = fs::read_link(entry.path().join("driver")).ok()?;
    Some(driver.file_name()?.to_string_lossy().into_owned())
}

/// The other programs that have this device file open, as far as this account may see.
pub(super) fn holders(proc: &Path, node: &Path) -> Vec<Holder> {
    let own = std::process::id();
    let Ok(entries) = fs::read_dir(proc) else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let holds = |pid: &u32| {
        let Ok(files) = fs::read_dir(proc.join(format!("{pid}/fd"))) else { return false };
        files
            .filter_map(Result::ok)
            .any(|file| fs::read_link(file.path()).is_ok_and(|to| to == node))
    };
    let name = |pid: u32| {
        let name = fs::read_to_string(proc.join(format!("{pid}/comm"))).unwrap_or_default();
        Holder { pid, name: name.trim().to_owned() }
    };
    pids.filter(|pid| *pid != own).filter(holds).map(name).take(HOLDERS_MAX).collect()
}

/// The device file of a USB device.
pub(super) fn node(bus: u8, address: u8) -> PathBuf {
    PathBuf::from(format!("/dev/bus/usb/{bus:03}/{address:03}"))
}

/// Somebody has the reader and does not let go of it: who, and what to do.
pub(super) fn busy(node: &Path, driver: Option<&str>, holders: &[Holder]) -> Fault {
    let node = node.display().to_string();
    let cause = match (driver, holders) {
        (Some(driver), _) if driver != USBFS => cause::driver_holds(driver, node),
        (_, holders) => {
            let program = |holder: &Holder| cause::program(holder.name.as_str(), holder.pid);
            let pids: Vec<_> = holders.iter().map(|holder| holder.pid.to_string()).collect();
            match holders.iter().map(program).reduce(cause::programs) {
                Some(programs) => cause::held_by(programs, node, pids.join(" ")),
                None => cause::held(node),
            }
        }
    };
    Fault::new(FaultKind::Busy, cause)
}

/// This account may not open the reader.
pub(super) fn forbidden(node: &Path) -> Fault {
    Fault::new(FaultKind::PermissionDenied, cause::forbidden(node.display().to_string()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// An empty folder of this test.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("kazasu-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn who_holds_a_device_is_found() {
        let (proc, node) = (folder("holders"), node(1, 4));
        assert_eq!(node, Path::new("/dev/bus/usb/001/004"));
        let own = std::process::id();
        let rows = [
            (41, "bystander", "/dev/null"),
            (42, "nfcpy", "/dev/bus/usb/001/004"),
            (43, "neighbour", "/dev/bus/usb/001/005"),
            (own, "kazasu", "/dev/bus/usb/001/004"),
        ];
        for (pid, comm, target) in rows {
            fs::create_dir_all(proc.join(format!("{pid}/fd"))).unwrap();
            fs::write(proc.join(format!("{pid}/comm")), format!("{comm}\n")).unwrap();
            symlink("/dev/null", proc.join(format!("{pid}/fd/0"))).unwrap();
            symlink(target, proc.join(format!("{pid}/fd/7"))).unwrap();
        }
        fs::create_dir_all(proc.join("sys/fd")).unwrap();
        assert_eq!(holders(&proc, &node), [Holder { pid: 42, name: "nfcpy".to_owned() }]);
        assert_eq!(holders(&proc.join("nowhere"), &node), []);
        fs::remove_dir_all(proc).unwrap();
    }

    #[test]
    fn the_driver_of_an_interface_is_found() {
        let device = folder("driver");
        for (name, driver) in [("1-2:1.0", Some("/x/drivers/port100")), ("1-2:1.1", None)] {
            fs::create_dir_all(device.join(name)).unwrap();
            if let Some(driver) = driver {
                symlink(driver, device.join(name).join("driver")).unwrap();
            }
        }
        assert_eq!(bound_driver(&device, 0).as_deref(), Some("port100"));
        assert_eq!(bound_driver(&device, 1), None);
        assert_eq!(bound_driver(&device, 2), None);
        fs::remove_dir_all(device).unwrap();
    }

    #[test]
    fn faults_name_the_holder() {
        let node = node(1, 4);
        let holder = |pid, name: &str| Holder { pid, name: name.to_owned() };
        let two = [holder(42, "nfcpy"), holder(77, "python3")];
        let rows = [
            (busy(&node, Some("port100"), &[]), FaultKind::Busy, "driver: port100"),
            (busy(&node, Some("port100"), &two), FaultKind::Busy, "rcs380-driver-holds"),
            (busy(&node, Some("usbfs"), &[]), FaultKind::Busy, "rcs380-held ("),
            (busy(&node, Some("usbfs"), &two), FaultKind::Busy, "pids: 42 77"),
            (
                busy(&node, None, &two[..1]),
                FaultKind::Busy,
                "rcs380-program (name: nfcpy, pid: 42)",
            ),
            (forbidden(&node), FaultKind::PermissionDenied, "rcs380-forbidden"),
        ];
        for (fault, kind, part) in rows {
            assert_eq!(fault.kind, kind, "{fault}");
            assert!(fault.to_string().contains(part), "{fault}");
            assert!(fault.to_string().contains("/dev/bus/usb/001/004"), "{fault}");
        }
    }
}
