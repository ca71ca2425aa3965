//! QEMU: the machine itself, its monitor (QMP, on standard input and output) and its serial lines.

use std::{
    fs,
    io::{self, BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    process::Command,
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    super::{Folder, Process, json as parse, process::now, tool},
    image::Image,
};

/// How long the monitor may take for an answer or an event.
const MONITOR: Duration = Duration::from_secs(30);

/// Where devices can be plugged in that are not on USB.
pub(super) const SLOTS: [&str; 2] = ["slot1", "slot2"];

pub(super) struct Machine {
    qemu: Process,
    /// What happened while an answer was waited for.
    events: Vec<Value>,
    console: String,
    commands: String,
    stream: String,
}

impl Machine {
    /// Boots it, with its sockets in `folder`.
    pub(super) fn boot(folder: &Folder, image: &Image) -> Self {
        Self::start(folder, image, &[])
    }

    /// Loads the snapshot. It stands still until it is told to go on (`cont`).
    pub(super) fn load(folder: &Folder, image: &Image) -> Self {
        // Loading at once could be over before its events are asked for.
        let mut machine = Self::start(folder, image, &["-incoming", "defer"]);
        let uri = format!("exec:cat '{}'", image.snapshot().display());
        machine.ask("migrate-incoming", json!({ "uri": uri }));
        machine.wait_for_event("MIGRATION", "completed");
        machine
    }

    /// Writes the snapshot.
    pub(super) fn save(&mut self, image: &Image) {
        self.ask("stop", json!({}));
        let uri = format!("exec:cat > '{}'", image.snapshot().display());
        self.ask("migrate", json!({ "uri": uri }));
        self.wait_for_event("MIGRATION", "completed");
    }

    fn start(folder: &Folder, image: &Image, more: &[&str]) -> Self {
        let [console, commands, stream] = ["console", "commands", "stream"].map(|n| folder.join(n));
        // It ends with the test even where that is killed.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(tool("qemu-system-x86_64"));
        // Room for a service that hashes passwords, 19 MiB for each at a time.
        // KVM may be present and not work, so it is not tried.
        command.args(["-accel", "tcg,thread=multi", "-cpu", "max", "-machine", "q35", "-m", "384"]);
        command.args(["-nodefaults", "-display", "none", "-no-reboot", "-qmp", "stdio"]);
        command.arg("-kernel").arg(image.kernel()).arg("-initrd").arg(image.initrd());
        command.args(["-append", "console=ttyS0 panic=-1"]);
        command.args(["-serial", &format!("file:{console}")]);
        for line in [&commands, &stream] {
            command.args(["-serial", &format!("unix:{line},server=on,wait=off")]);
        }
        command.args(["-device", "qemu-xhci,id=xhci"]);
        for slot in SLOTS {
            command.args(["-device", &format!("pcie-root-port,id={slot},chassis={}", &slot[4..])]);
        }
        command.args(more);
        let qemu = Process::start("qemu", command);
        let greeting = parse(&qemu.line());
        assert!(greeting["QMP"].is_object(), "{greeting}");
        let mut machine = Self { qemu, events: Vec::new(), console, commands, stream };
        machine.ask("qmp_capabilities", json!({}));
        let capabilities = json!([{ "capability": "events", "state": true }]);
        machine.ask("migrate-set-capabilities", json!({ "capabilities": capabilities }));
        machine
    }

    /// Gives the monitor a command; its answer. A refusal fails the test.
    pub(super) fn ask(&mut self, command: &str, arguments: Value) -> Value {
        self.qemu.write(&json!({ "execute": command, "arguments": arguments }).to_string());
        let end = now() + MONITOR;
        loop {
            let mut message = self.message(end);
            if message["event"].is_string() {
                self.events.push(message);
            } else if message["error"].is_object() {
                panic!("qemu refused {command} {arguments}: {}", message["error"])
            } else {
                return message["return"].take();
            }
        }
    }

    /// Waits for an event whose data name `word`, or finds it among those that came.
    pub(super) fn wait_for_event(&mut self, event: &str, word: &str) {
        let wanted = |message: &Value| {
            let data = message["data"].as_object().into_iter().flatten();
            message["event"] == event && data.into_iter().any(|(_, value)| value == word)
        };
        if let Some(at) = self.events.iter().position(wanted) {
            self.events.remove(at);
            return;
        }
        let end = now() + MONITOR;
        loop {
            let message = self.message(end);
            if wanted(&message) {
                return;
            }
            self.events.push(message);
        }
    }

    fn message(&self, end: Instant) -> Value {
        let line = self.qemu.line_within(end.saturating_duration_since(now()));
        parse(&line.unwrap_or_else(|| panic!("qemu's monitor is silent; {}", self.console())))
    }

    pub(super) fn pid(&self) -> u32 {
        self.qemu.pid()
    }

    /// What the guest's kernel wrote.
    pub(super) fn console(&self) -> String {
        let text = fs::read(&self.console).unwrap_or_default();
        format!("the guest's console:\n{}", String::from_utf8_lossy(&text))
    }

    /// The line on which the guest takes commands.
    pub(super) fn commands(&self) -> SerialLine {
        SerialLine::open(&self.commands)
    }

    /// The line for a program that goes on.
    pub(super) fn stream(&self) -> SerialLine {
        SerialLine::open(&self.stream)
    }
}

/// The host's end of a serial line of the guest.
pub(super) struct SerialLine {
    socket: UnixStream,
    lines: Receiver<String>,
}

impl SerialLine {
    fn open(path: &str) -> Self {
        let socket = UnixStream::connect(path).unwrap();
        let reader = BufReader::new(socket.try_clone().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { socket, lines }
    }

    pub(super) fn write(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.socket, "{line}")
    }

    /// `None` where none came in time, or the machine ended.
    pub(super) fn line_within(&self, time: Duration) -> Option<String> {
        self.lines.recv_timeout(time).ok()
    }
}
