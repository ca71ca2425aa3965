//! Under a kernel, a udevd and a pcscd that are not ours, in a guest of QEMU.

use kazasu_rcs380::{KERNEL_MODULE, PRODUCTS};
use serde_json::Value;

use crate::support::{Guest, Process, Sim, card_of, kazasu};

const CARD: &str = "012E4CE100000001";
/// How often the plug is pulled.
const UNPLUGGED: u32 = 20;

/// A simulated RC-S380 that can be plugged into a guest.
struct Rcs380 {
    sim: Sim,
    address: String,
}

impl Rcs380 {
    fn start(serial: &str) -> Self {
        let args = ["sim", "rcs380", "--usbredir", "127.0.0.1:0", "--serial", serial];
        let process = Process::start("sim rcs380", kazasu(args));
        let line = process.line();
        let address = line.strip_prefix("ready ").unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { sim: Sim(process), address }
    }

    fn plug(&self, guest: &mut Guest, port: u8) {
        guest.plug_usbredir(&name(port), &self.address, port);
        guest.ok(&format!("wait_for test -e $usb/1-{port}/1-{port}:1.0; udevadm settle"));
    }
}

/// What is plugged into this port.
fn name(port: u8) -> String {
    format!("reader{port}")
}

fn unplug(guest: &mut Guest, port: u8) {
    guest.unplug(&name(port));
    guest.ok(&format!("wait_for test ! -e $usb/1-{port}; udevadm settle"));
}

/// Whether this user may use the reader at port 1.
fn may_use(guest: &mut Guest, user: &str) -> bool {
    let ended = guest.run(&format!(
        "node=$(printf /dev/bus/usb/%03d/%03d $(cat $usb/1-1/busnum $usb/1-1/devnum))
         su {user} -c \"exec 3<>$node\""
    ));
    match ended.code {
        0 => true,
        _ if ended.output.contains("ermission denied") => false,
        _ => panic!("{ended:?}"),
    }
}

/// The kernel's driver for the reader at port 1.
fn driver(guest: &mut Guest) -> String {
    guest.ok("basename $(readlink $usb/1-1/1-1:1.0/driver || echo none)")
}

fn install(guest: &mut Guest) {
    guest.ok("/root/udev/install member");
}

fn watch(user: &str, reader: &str) -> String {
    format!("su {user} -c 'exec kazasu watch --json --reader {reader} --data /tmp/{user}'")
}

/// One tap, from the card to the line and back.
fn tap(guest: &mut Guest, sim: &mut Sim, idm: &str) -> Value {
    sim.tell(&format!("put felica idm={idm}"));
    let presented = guest.find("presented");
    assert_eq!(presented["id"], idm, "{presented}");
    sim.tell("take");
    let removed = guest.find("removed");
    assert_eq!(card_of(&presented), card_of(&removed));
    presented
}

#[test]
fn the_rule_gives_the_group_its_rights() {
    let mut guest = Guest::resume();
    let reader = Rcs380::start("0000001");
    reader.plug(&mut guest, 1);
    let shown =
        guest.ok("cd $usb/1-1; echo $(cat idVendor):$(cat idProduct) $(cat manufacturer product)");
    assert_eq!(shown, "054c:06c3 SONY RC-S380/P");
    assert!(!may_use(&mut guest, "member"), "without the rule");

    install(&mut guest);
    assert!(may_use(&mut guest, "member"), "a reader that was there before");
    assert!(!may_use(&mut guest, "visitor"), "not in the group");
    unplug(&mut guest, 1);
    reader.plug(&mut guest, 1);
    assert!(may_use(&mut guest, "member"), "a reader that comes");

    guest.ok("/root/udev/install --remove");
    unplug(&mut guest, 1);
    reader.plug(&mut guest, 1);
    assert!(!may_use(&mut guest, "member"), "after the removal");
}

#[test]
fn the_kernels_driver_takes_the_reader_unless_it_is_kept_away() {
    let mut guest = Guest::resume();
    let reader = Rcs380::start("0000001");
    reader.plug(&mut guest, 1);
    guest.ok("wait_for test -e /sys/class/nfc/nfc0");
    assert_eq!(driver(&mut guest), "port100");

    install(&mut guest);
    for time in ["at once", "plugged in anew"] {
        assert_eq!(driver(&mut guest), "none", "{time}");
        assert_ne!(guest.run("test -e /sys/class/nfc/nfc0").code, 0, "{time}");
        unplug(&mut guest, 1);
        reader.plug(&mut guest, 1);
    }
}

/// For every reader of the table: the kernel's own table names the same driver, or none; and none is
/// left once the list is there.
#[test]
fn the_kernel_agrees_with_the_table_of_readers() {
    let table: toml::Table = include_str!("../../udev/readers.toml").parse().unwrap();
    let theirs = table["reader"].as_array().unwrap().iter().map(|reader| {
        let module = reader.get("module").map_or("", |module| module.as_str().unwrap());
        (reader["id"].as_str().unwrap().to_uppercase(), module)
    });
    let ours = PRODUCTS.iter().map(|product| {
        (format!("{:04X}:{:04X}", product.vendor_id, product.product_id), KERNEL_MODULE)
    });
    let readers: Vec<_> = theirs.chain(ours).collect();
    let resolve = readers.iter().map(|(id, _)| {
        let (vendor, product) = id.split_once(':').unwrap();
        let alias = format!("usb:v{vendor}p{product}d0100dc00dsc00dp00icFFisc00ip00in00");
        format!(
            "echo {id} $(modprobe --use-blacklist --show-depends {alias} 2>/dev/null |
               sed -nE '$ s,.*/(.*)[.]ko.*,\\1,p')\n"
        )
    });
    let resolve: String = resolve.collect();
    let lines = |module: fn(&str) -> &str| -> Vec<String> {
        let line = |(id, name): &(String, &str)| format!("{id} {}", module(name));
        readers.iter().map(|reader| line(reader).trim_end().to_owned()).collect()
    };

    let mut guest = Guest::resume();
    assert_eq!(guest.ok(&resolve).lines().collect::<Vec<_>>(), lines(|module| module));
    install(&mut guest);
    assert_eq!(guest.ok(&resolve).lines().collect::<Vec<_>>(), lines(|_| ""));
}

#[test]
fn a_member_of_the_group_sees_taps() {
    let mut guest = Guest::resume();
    install(&mut guest);
    let mut reader = Rcs380::start("0000001");
    reader.plug(&mut guest, 1);
    guest.follow(&watch("member", "rcs380"));
    let attached = guest.find("attached");
    assert_eq!(attached["reader"], "rcs380:0000001");
    for idm in ["012E4CE100000001", "012E4CE100000002"] {
        let presented = tap(&mut guest, &mut reader.sim, idm);
        assert_eq!(presented["reader"], attached["reader"]);
    }
    reader.sim.tell("put type-a uid=04C0FFEE000001");
    assert_eq!(guest.find("presented")["id"], "04C0FFEE000001");
}

/// The plug is pulled in the middle of what the reader says, each time at another place, and with a
/// card on it every second time.
#[test]
fn unplugged_in_the_middle_of_a_transfer() {
    let mut guest = Guest::resume();
    install(&mut guest);
    let mut reader = Rcs380::start("0000001");
    reader.plug(&mut guest, 1);
    guest.follow(&watch("member", "rcs380"));
    guest.find("attached");
    for time in 0..UNPLUGGED {
        let is_card_there = time % 2 == 1;
        reader.sim.tell(&format!("fault unplug at={} after={}", time % 12, time * 7 % 20));
        if is_card_there {
            guest.find("removed");
        }
        guest.find("detached");
        if !is_card_there {
            reader.sim.tell(&format!("put felica idm={CARD}"));
        }
        reader.sim.tell("plug");
        assert_eq!(guest.find("attached")["reader"], "rcs380:0000001", "time {time}");
        assert_eq!(guest.find("presented")["id"], CARD, "time {time}");
        if is_card_there {
            reader.sim.tell("take");
        }
    }
}

#[test]
fn two_readers_keep_their_names_or_say_that_they_cannot() {
    let mut guest = Guest::resume();
    install(&mut guest);
    let mut readers = ["0000001", "0000002"].map(Rcs380::start);
    for ports in [[1, 2], [2, 1]] {
        for (reader, port) in readers.iter().zip(ports) {
            reader.plug(&mut guest, port);
        }
        guest.follow(&watch("member", "rcs380"));
        guest.find("attached");
        guest.find("attached");
        for (number, reader) in (1..).zip(&mut readers) {
            let presented = tap(&mut guest, &mut reader.sim, CARD);
            assert_eq!(presented["reader"], format!("rcs380:000000{number}"), "{ports:?}");
        }
        guest.end_followed();
        for port in ports {
            unplug(&mut guest, port);
        }
    }

    let mut twins = ["0000003", "0000003"].map(Rcs380::start);
    for (twin, port) in twins.iter().zip([1, 2]) {
        twin.plug(&mut guest, port);
    }
    guest.follow(&watch("member", "rcs380"));
    for _ in 0..2 {
        let attached = guest.find("attached");
        let model = attached["model"].as_str().unwrap();
        assert!(model.contains("another one has the same serial number"), "{attached}");
    }
    for (port, twin) in (1..).zip(&mut twins) {
        let presented = tap(&mut guest, &mut twin.sim, CARD);
        assert_eq!(presented["reader"], format!("rcs380:1-{port}"));
    }
}

/// The rule without the list: the kernel's driver comes first, and gets the reader back from a service
/// that ends.
#[test]
fn the_reader_is_taken_back_from_the_kernels_driver() {
    let mut guest = Guest::resume();
    install(&mut guest);
    guest.ok("rm /etc/modprobe.d/kazasu-blacklist.conf
         udevadm control --reload && udevadm control --reload");
    let mut reader = Rcs380::start("0000001");
    reader.plug(&mut guest, 1);
    let kernels = "wait_for test -e /sys/class/nfc/nfc0";
    guest.ok(kernels);
    assert_eq!(driver(&mut guest), "port100");

    guest.ok(
        "su member -c 'exec kazasu serve --reader rcs380 --listen 127.0.0.1:0 --data /tmp/member' \
           > /run/serve.log 2>&1 < /dev/null &
         wait_for grep -q ^ready /run/serve.log",
    );
    guest.follow("su member -c 'exec kazasu watch --json --data /tmp/member'");
    guest.find("attached");
    tap(&mut guest, &mut reader.sim, CARD);
    assert_eq!(driver(&mut guest), "usbfs");
    guest.ok(&format!("kill $(pidof kazasu); {kernels}"));
    assert_eq!(driver(&mut guest), "port100");

    // A command that opened the reader itself leaves it the same way.
    guest.follow("su member -c 'exec kazasu watch --json --reader rcs380 --data /tmp/alone'");
    guest.find("attached");
    assert_eq!(driver(&mut guest), "usbfs");
    guest.ok(&format!("kill $(pidof kazasu); {kernels}"));
    assert_eq!(driver(&mut guest), "port100");
}

#[test]
fn who_may_not_use_a_reader_is_told_what_to_do() {
    let mut guest = Guest::resume();
    install(&mut guest);
    let reader = Rcs380::start("0000001");
    reader.plug(&mut guest, 1);
    guest.follow(&watch("visitor", "rcs380"));
    let fault = guest.find("fault");
    let message = fault["message"].as_str().unwrap();
    assert_eq!(fault["kind"], "permission-denied", "{fault}");
    assert!(message.contains("udev/README.md"), "{message}");
    guest.end_followed();

    guest.ok("kazasu watch --reader rcs380 --data /tmp/first > /run/first.log 2>&1 < /dev/null &
        wait_for grep -q attached /run/first.log");
    guest.follow("kazasu watch --json --reader rcs380 --data /tmp/second");
    let fault = guest.find("fault");
    assert_eq!(fault["kind"], "busy", "{fault}");
    let pid = guest.ok("pidof kazasu | tr ' ' '\n' | sort -n | head -n 1");
    let message = fault["message"].as_str().unwrap();
    assert!(message.contains(&format!("kazasu (process {pid})")), "{message}");
    guest.ok(&format!("kill {pid}"));
    guest.find("attached");
}

/// pcscd with its CCID driver, and our program beside it.
fn with_pcscd() -> Guest {
    let mut guest = Guest::resume();
    guest.ok("pcscd --foreground --info > /run/pcscd.log 2>&1 < /dev/null &
         wait_for test -S /run/pcscd/pcscd.comm");
    guest
}

#[test]
fn ccid_readers_come_and_go() {
    let mut guest = with_pcscd();
    guest.follow("kazasu watch --json --reader pcsc --data /tmp/root");
    let mut cards = Vec::new();
    let mut names = Vec::new();
    for port in [1, 2] {
        cards.push(guest.plug_ccid(&name(port), port));
        names.push(guest.find("attached")["reader"].clone());
    }
    assert_ne!(names[0], names[1]);
    for (card, name) in cards.iter().zip(&names) {
        card.insert(&format!("put felica idm={CARD}"));
        let presented = guest.find("presented");
        assert_eq!((&presented["id"], &presented["reader"]), (&CARD.into(), name));
    }
    // One leaves with its card; the other one is not disturbed.
    guest.unplug(&name(1));
    for event in ["removed", "detached"] {
        assert_eq!(guest.find(event)["reader"], names[0]);
    }
    cards[1].remove();
    assert_eq!(guest.find("removed")["reader"], names[1]);

    let again = guest.plug_ccid(&name(1), 1);
    let attached = guest.find("attached");
    assert_ne!(attached["reader"], names[1]);
    again.insert("put type-a uid=04C0FFEE000001");
    let presented = guest.find("presented");
    assert_eq!(presented["id"], "04C0FFEE000001", "{presented}");
    assert_eq!(presented["reader"], attached["reader"]);
    // QEMU's reader does not answer for a long time when a card leaves while it is being reset, which is
    // told as a fault, and is no matter of this test.
    guest.find("confirmed");
    again.remove();
    guest.find("removed");
    for port in [1, 2] {
        guest.unplug(&name(port));
        guest.find("detached");
    }
}
