//! A Linux in QEMU: a kernel, udevd and pcscd that others wrote and built, and our program among
//! them. Each test resumes the same snapshot, a second after its boot, in half a second.

mod card;
mod image;
mod machine;

use std::{net::SocketAddr, thread, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};

use self::{
    image::Image,
    machine::{Machine, SLOTS, SerialLine},
};
use super::{
    Folder,
    disk::{Disk, Served},
    json as parse,
    process::now,
};

pub(crate) use card::GuestCard;

/// The guest ends a command itself after 30 s (`tests/guest/init`).
const COMMAND: Duration = Duration::from_secs(45);
/// For a line of a program that goes on.
const LINE: Duration = Duration::from_secs(15);

/// Put before every script.
const FUNCTIONS: &str = r#"
wait_for() {
  for _ in $(seq 200); do "$@" && return; usleep 50000; done
  echo "never: $*"; return 1
}
usb=/sys/bus/usb/devices
"#;

/// A running guest. It is gone with this value.
pub(crate) struct Guest {
    machine: Machine,
    commands: SerialLine,
    stream: SerialLine,
    folder: Folder,
    /// Connections to devices so far.
    lines: usize,
}

/// What a command in the guest ended with.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    /// Standard output and standard error.
    pub(crate) output: String,
}

impl Guest {
    /// Resumes one, without anything plugged in.
    pub(crate) fn resume() -> Self {
        let folder = Folder::new();
        let image = Image::ready();
        let mut machine = Machine::load(&folder, &image);
        drop(image);
        let (commands, stream) = (machine.commands(), machine.stream());
        machine.ask("cont", json!({}));
        Self { machine, commands, stream, folder, lines: 0 }
    }

    /// Runs a shell script in the guest, as root.
    pub(crate) fn run(&mut self, script: &str) -> Ended {
        self.try_run(script).unwrap_or_else(|| panic!("the guest is silent after: {script}"))
    }

    /// `None` where the machine was gone first, or said nothing for too long.
    pub(crate) fn try_run(&mut self, script: &str) -> Option<Ended> {
        self.commands.write(&to_hex(&[FUNCTIONS, script].concat())).ok()?;
        let answer = self.commands.line_within(COMMAND)?;
        let (code, output) = answer.split_once(' ').unwrap_or((&answer, ""));
        let code = code.parse().unwrap_or_else(|_| panic!("{script}: {answer}"));
        Some(Ended { code, output: from_hex(output) })
    }

    /// Runs one that has to succeed; its output without the last line's end.
    pub(crate) fn ok(&mut self, script: &str) -> String {
        let ended = self.run(script);
        assert_eq!(ended.code, 0, "{script}: {}", ended.output);
        ended.output.trim_end().to_owned()
    }

    /// Starts a program that goes on; its lines come by `find`. One at a time.
    pub(crate) fn follow(&mut self, command: &str) {
        self.ok(&format!(
            "{command} > /dev/ttyS2 2> /run/followed.log < /dev/null & echo $! > /run/followed"
        ));
    }

    /// Ends it.
    pub(crate) fn end_followed(&mut self) {
        self.ok("pid=$(cat /run/followed); kill $pid; wait_for test ! -e /proc/$pid");
    }

    /// The next JSON line with this `event`; others are passed over.
    pub(crate) fn find(&self, event: &str) -> Value {
        self.try_find(event)
            .unwrap_or_else(|passed| panic!("no {event} within {LINE:?} but:\n{passed}"))
    }

    /// The lines that came where the machine was gone first, or said nothing for too long.
    pub(crate) fn try_find(&self, event: &str) -> Result<Value, String> {
        let end = now() + LINE;
        let mut passed = String::new();
        while let Some(line) = self.stream.line_within(end.saturating_duration_since(now())) {
            let found = parse(&line);
            if found["event"] == event {
                return Ok(found);
            }
            passed = passed + &line + "\n";
        }
        Err(passed)
    }

    /// Plugs the device that a usbredir server at `address` (HOST:PORT) offers into this port.
    pub(crate) fn plug_usbredir(&mut self, name: &str, address: &str, port: u8) {
        let (host, tcp_port) = address.rsplit_once(':').unwrap();
        let server = json!({ "type": "inet", "data": { "host": host, "port": tcp_port } });
        let backend = json!({ "type": "socket", "data": { "addr": server, "server": false } });
        let line = self.connect(&backend);
        self.machine.ask(
            "device_add",
            json!({
                "driver": "usb-redir", "id": name, "chardev": line,
                "bus": "xhci.0", "port": port.to_string(),
            }),
        );
    }

    /// Plugs in a CCID reader and gives it a card, which is not inserted yet.
    pub(crate) fn plug_ccid(&mut self, name: &str, port: u8) -> GuestCard {
        let path = self.folder.join(&format!("{name}{}", self.lines));
        let server = json!({ "type": "unix", "data": { "path": path } });
        let backend = json!({
            "type": "socket", "data": { "addr": server, "server": true, "wait": false },
        });
        let line = self.connect(&backend);
        self.machine.ask(
            "device_add",
            json!({
                "driver": "usb-ccid", "id": name, "bus": "xhci.0", "port": port.to_string(),
            }),
        );
        self.machine.ask(
            "device_add",
            json!({
                "driver": "ccid-card-passthru", "id": format!("{name}-slot"),
                "chardev": line, "bus": format!("{name}.0"),
            }),
        );
        GuestCard::connect(&path)
    }

    /// Puts a disk in: `/dev/vda`. With the power it loses what was not flushed.
    pub(crate) fn plug_disk(&mut self, disk: Disk) -> Served {
        let socket = self.folder.join("disk.nbd");
        let pid = Pid::from_raw(self.machine.pid().try_into().unwrap());
        let served = disk.serve(&socket, move || kill(pid, Signal::SIGKILL).unwrap());
        let server = json!({ "type": "unix", "path": socket });
        self.machine
            .ask("blockdev-add", json!({ "node-name": "disk", "driver": "nbd", "server": server }));
        self.machine.ask(
            "device_add",
            json!({
                "driver": "virtio-blk-pci", "id": "disk0", "drive": "disk", "bus": SLOTS[0],
                "write-cache": "on",
            }),
        );
        self.ok("wait_for test -b /dev/vda");
        served
    }

    /// Connects it to this machine, which it knows as 10.0.2.2 and whose loopback interface it
    /// reaches there; it is 10.0.2.15 itself, and reached at the address returned.
    pub(crate) fn plug_network(&mut self, port: u16) -> SocketAddr {
        let forward = format!("tcp:127.0.0.1:0-:{port}");
        self.machine.ask(
            "netdev_add",
            json!({ "type": "user", "id": "net", "hostfwd": [{ "str": forward }] }),
        );
        self.machine.ask(
            "device_add",
            json!({
                "driver": "virtio-net-pci", "id": "net0", "netdev": "net", "bus": SLOTS[1],
                "romfile": "",
            }),
        );
        self.ok("wait_for test -e /sys/class/net/eth0
             ip addr add 10.0.2.15/24 dev eth0 && ip link set eth0 up");
        let shown = json!({ "command-line": "info usernet" });
        let shown = self.machine.ask("human-monitor-command", shown);
        let shown = shown.as_str().unwrap();
        let line = shown.lines().find(|line| line.contains("HOST_FORWARD")).unwrap();
        let words: Vec<_> = line.split_whitespace().collect();
        format!("{}:{}", words[2], words[3]).parse().unwrap()
    }

    /// Pulls a device out.
    pub(crate) fn unplug(&mut self, name: &str) {
        self.machine.ask("device_del", json!({ "id": name }));
        self.machine.wait_for_event("DEVICE_DELETED", name);
    }

    /// Makes a connection for a device; its name. Each has its own, since some go with their device
    /// and others stay.
    fn connect(&mut self, backend: &Value) -> String {
        self.lines += 1;
        let name = format!("line{}", self.lines);
        self.machine.ask("chardev-add", json!({ "id": name, "backend": backend }));
        name
    }
}

fn to_hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(digits: &str) -> String {
    let bytes = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16));
    let bytes: Vec<u8> = bytes.map(Result::unwrap).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Drop for Guest {
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        eprintln!("{}", self.machine.console());
        let script = "head -c 20000 /run/*.log";
        if self.commands.write(&to_hex(script)).is_ok()
            && let Some(answer) = self.commands.line_within(LINE)
            && let Some((_, output)) = answer.split_once(' ')
        {
            eprintln!("the guest's logs:\n{}", from_hex(output));
        }
    }
}
