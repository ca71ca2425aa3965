//! Hosts that others wrote, unmodified, on our PN532: the tools of libnfc 1.8 and nfcpy 1.0.4.

use std::{fs, process::Command, time::Duration};

use nix::unistd::Uid;

use crate::support::{Finished, Folder, Process, Sim, Watch, kazasu, run, tool};

/// A round of nfc-poll takes 1.8 s.
const PATIENCE: Duration = Duration::from_secs(20);

/// A card of each kind; what is in the blocks can be told from anything else.
const FELICA: &str = "put felica idm=012E4C0000000001 sys=0003,FE00 \
                      block=1009:00:4B415A4153552D424C4F434B2D303030 \
                      block=1009:01:4B415A4153552D424C4F434B2D303031 \
                      block=FE00/1A8B:00:30314B415A4153553030303030303432 \
                      block=FE00/1A8B:02:4B415A4153552D424C4F434B2D303032";
const TYPE_A: &str = "put type-a uid=04C0FFEE000001";
const TYPE_B: &str = "put type-b pupi=01A2B3C4 app=11223344";

/// A simulator that writes down what is said on its line.
fn simulator(folder: &Folder, log: &str, cards: &[&str]) -> Sim {
    let link = folder.reader().display().to_string();
    let args = ["sim", "pn532", "--link", &link, "--log", &folder.join(log)];
    let process = Process::start("sim pn532", kazasu(args));
    let line = process.line();
    assert!(line.starts_with("ready "), "{line}");
    let mut sim = Sim(process);
    cards.iter().for_each(|card| sim.tell(card));
    sim
}

/// A tool of libnfc, on the simulator. What it complains about comes among what it says.
fn libnfc(folder: &Folder, name: &str, args: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", r#"exec "$@" 2>&1"#, "sh"]).arg(tool(name)).args(args);
    command.env("LIBNFC_DEFAULT_DEVICE", format!("pn532_uart:{}", folder.reader().display()));
    command
}

/// Runs nfcpy with `reader` open as `clf`, and gives what the script printed. nfcpy takes names in
/// `/dev` alone, so it gets a `/dev` of its own, which needs no privileges.
fn nfcpy(folder: &Folder, script: &str) -> Vec<String> {
    let own_dev = r#"
        set -e
        reader=$1 python=$2 script=$3
        mount -t tmpfs old /mnt
        mkdir /mnt/dev
        mount --rbind /dev /mnt/dev
        mount -t tmpfs -o mode=755 dev /dev
        mkdir /dev/pts
        mount --bind /mnt/dev/pts /dev/pts
        : > /dev/null.
        mv /dev/null. /dev/null
        mount --bind /mnt/dev/null /dev/null
        ln -s "$reader" /dev/kazasu-reader
        exec "$python" -c "$script""#;
    let script = format!(
        "import nfc, nfc.clf\n\
         from nfc.clf import RemoteTarget\n\
         clf = nfc.ContactlessFrontend('tty:kazasu-reader:pn532')\n\
         {script}\nclf.close()\n"
    );
    let mut command = Command::new("unshare");
    if !Uid::effective().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--mount", "--", "sh", "-c", own_dev, "sh"]).arg(folder.reader());
    command.arg(tool("nfcpy-python")).arg(script);
    let Finished { code, stdout, stderr } = run(command, "");
    assert_eq!(code, Some(0), "{stdout}\n{stderr}");
    stdout.lines().map(str::to_owned).collect()
}

/// Each of `expected` stands in `shown`, spaces aside.
fn assert_shows(shown: &str, expected: &[&str]) {
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    for field in expected {
        assert!(bare(shown).contains(&bare(field)), "no {field:?} in:\n{shown}");
    }
}

#[test]
fn nfc_list_finds_one_card_of_each_kind() {
    let folder = Folder::new();
    let _sim = simulator(&folder, "log", &[FELICA, TYPE_A, TYPE_B]);
    let finished = run(libnfc(&folder, "nfc-list", &["-v"]), "");
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert_shows(
        &finished.stdout,
        &[
            "1 ISO14443A passive target(s) found",
            "UID (NFCID1): 04 c0 ff ee 00 00 01",
            "* MIFARE Ultralight",
            "1 Felica (212 kbps) passive target(s) found",
            "1 Felica (424 kbps) passive target(s) found",
            "ID (NFCID2): 01 2e 4c 00 00 00 00 01",
            "System Code (SC): 00 03",
            "1 ISO14443B passive target(s) found",
            "PUPI: 01 a2 b3 c4",
            "Application Data: 11 22 33 44",
            "Protocol Info: 00 81 81",
            "* Frame Waiting Time: 77.33 ms",
            "0 ISO14443B' passive target(s) found",
            "0 ISO14443A-3 Jewel passive target(s) found",
        ],
    );
}

#[test]
fn nfc_poll_reports_a_card_and_that_it_left() {
    let check = |card: &str, last_line: &str| {
        let folder = Folder::new();
        let mut sim = simulator(&folder, "log", &[card]);
        let poll = Process::start("nfc-poll", libnfc(&folder, "nfc-poll", &[]));
        let found = |line: &str| {
            let line: String = line.split_whitespace().collect();
            line.contains(last_line).then_some(())
        };
        poll.find_within(PATIENCE, last_line, found);
        sim.tell("take");
        let released = |line: &str| line.contains("Target Released").then_some(());
        poll.find_within(PATIENCE, "its release", released);
        assert_eq!(poll.line(), "done.", "{card}");
    };
    check(FELICA, "SystemCode(SC):0003");
    check(TYPE_A, "SAK(SEL_RES):00");
    check("put type-a uid=01020304", "SAK(SEL_RES):08");
    check("put type-a uid=01020304 sak=20", "ATS:78807002");
    check(TYPE_B, "ProtocolInfo:008181");
}

#[test]
fn nfc_scan_device_and_pn53x_diagnose_are_content() {
    let folder = Folder::new();
    let _sim = simulator(&folder, "log", &[]);
    let check = |name: &str, args: &[&str], expected: &[&str]| {
        let finished = run(libnfc(&folder, name, args), "");
        assert_eq!(finished.code, Some(0), "{name}: {finished:#?}");
        assert_shows(&finished.stdout, expected);
    };
    let lines = ["Communication line test: OK", "ROM test: OK", "RAM test: OK"];
    check("nfc-scan-device", &["-v"], &["1 NFC device(s) found", "chip: PN532 v1.6"]);
    check("pn53x-diagnose", &[], &lines);
}

#[test]
fn nfcpy_senses_connects_and_dumps_what_was_put() {
    let folder = Folder::new();
    let _sim = simulator(&folder, "log", &[FELICA, TYPE_A, TYPE_B]);
    let said = nfcpy(
        &folder,
        "for brty in ('212F', '424F', '106A', '106B', '212F'):\n\
        \x20   target = clf.sense(RemoteTarget(brty))\n\
        \x20   print('sense', target)\n\
        \x20   tag = nfc.tag.activate(clf, target)\n\
        \x20   print('activate', tag)\n\
        print('present', tag.is_present)\n\
        print('\\n'.join(tag.dump()))\n\
        print('connect', clf.connect(rdwr={'targets': ['212F'], 'on-connect': lambda tag: False}))",
    );
    let felica = "Type3Tag 'FeliCa Standard (RC-S962)' ID=012E4C0000000001 PMM=0120220427674EFF \
                  SYS=0003";
    let sensf = "sensf_res=01012E4C00000000010120220427674EFF0003";
    let zeros = "00 ".repeat(16);
    let expected = [
        format!("sense 212F {sensf}"),
        format!("activate {felica}"),
        format!("sense 424F {sensf}"),
        format!("activate {felica}"),
        "sense 106A sdd_res=04C0FFEE000001 sel_res=00 sens_res=4400".into(),
        "activate Type2Tag 'Mifare Ultralight (MF01CU1)' ID=04C0FFEE000001".into(),
        "sense 106B sensb_res=5001A2B3C411223344008181".into(),
        "activate Type4BTag MIU=253 FWT=0.077329".into(),
        format!("sense 212F {sensf}"),
        format!("activate {felica}"),
        "present True".into(),
        "System 0003 (Suica)".into(),
        "Area 0000--FFFE".into(),
        "  Random Service 64: write w/o key (0x1009)".into(),
        "   0000: 4b 41 5a 41 53 55 2d 42 4c 4f 43 4b 2d 30 30 30 |KAZASU-BLOCK-000|".into(),
        "   0001: 4b 41 5a 41 53 55 2d 42 4c 4f 43 4b 2d 30 30 31 |KAZASU-BLOCK-001|".into(),
        "System FE00 (Common Area)".into(),
        "Area 0000--FFFE".into(),
        "  Random Service 106: read w/o key (0x1A8B)".into(),
        "   0000: 30 31 4b 41 5a 41 53 55 30 30 30 30 30 30 34 32 |01KAZASU00000042|".into(),
        format!("   0001: {zeros}|................|"),
        "   0002: 4b 41 5a 41 53 55 2d 42 4c 4f 43 4b 2d 30 30 32 |KAZASU-BLOCK-002|".into(),
        format!("connect {felica}"),
    ];
    assert_eq!(said, expected);
}

#[test]
fn nfcpy_and_a_lite_s_card_prove_their_key_to_each_other() {
    let folder = Folder::new();
    // The key is written to the card with each half the other way round.
    let card = "put felica idm=012E4C0000000001 pmm=00F1000000014300 \
                ck=37363534333231306665646362613938";
    let _sim = simulator(&folder, "log", &[card]);
    let said = nfcpy(
        &folder,
        "def tag():\n\
        \x20   return nfc.tag.activate(clf, clf.sense(RemoteTarget('212F')))\n\
        print(tag())\n\
        print('wrong key', tag().authenticate(b'0123456789abcdeF'))\n\
        one = tag()\n\
        print('right key', one.authenticate(b'0123456789abcdef'))\n\
        one.write_with_mac(bytearray(b'written with MAC'), 3)\n\
        print('counter', one.read_without_mac(0x90)[0])\n\
        print(bytes(one.read_with_mac(3)))\n\
        one.write_without_mac(bytearray(b'without any MAC!'), 4)\n\
        print(bytes(one.read_with_mac(3, 4)))\n\
        try:\n\
        \x20   one.read_without_mac(0x87)\n\
        except nfc.tag.TagCommandError as error:\n\
        \x20   print('key block:', hex(error.errno))",
    );
    let product = "Type3Tag 'FeliCa Lite-S (RC-S966)' ID=012E4C0000000001 PMM=00F1000000014300 \
                   SYS=88B4";
    let expected = [
        product,
        "wrong key False",
        "right key True",
        "counter 2",
        "b'written with MAC'",
        "b'written with MACwithout any MAC!'",
        "key block: 0x1a5",
    ];
    assert_eq!(said, expected);
}

/// How nfcpy and we open a reader and find a FeliCa card, where they differ: `-` is sent by nfcpy
/// alone, `+` by us alone, in this order. Every other command is the same, and so is its answer.
const DIFFERENCES: &[(&str, &str)] = &[
    (
        "- noise 00 00 00 00 00 00 00 00 00 00",
        "ten zeros wake a chip up as well as any noise; we send what libnfc sends",
    ),
    ("+ noise 55 55 00 00 00 00 00 00 00 00 00 00 00 00 00 00", "see above"),
    ("+ D4 14 01 -> D5 15", "SAMConfiguration comes first with us: the manual wants that"),
    (
        "- noise 00 00 00 00 00 00 00 00 00 00",
        "we wake up once, nfcpy before each of three commands",
    ),
    ("- D4 14 01 00 00 -> D5 15", "the long form is what we try second: some boards ignore it"),
    ("- noise 00 00 00 00 00 00 00 00 00 00", "see above"),
    (
        "- D4 00 00 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10 11 12 13 14 15 16 17 18 19 \
         1A 1B 1C 1D 1E 1F 20 21 22 23 24 ... -> D5 01 00 00 01 02 03 04 05 06 07 08 09 0A 0B 0C \
         0D 0E 0F 10 11 12 13 14 15 16 17 18 19 1A 1B 1C 1D 1E 1F 20 21 22 23 24 ...",
        "Diagnose of the line: we check the new rate with GetFirmwareVersion, as both do next",
    ),
    ("- D4 12 00 -> D5 13", "SetParameters: both leave RATS to the host; we keep the rest"),
    ("- D4 32 02 00 0B 0A -> D5 33", "the chip's own time-outs"),
    ("- D4 32 04 00 -> D5 33", "the chip's own count of retries of an exchange"),
    ("- D4 32 05 01 00 01 -> D5 33", "MaxRetries: see below"),
    ("- D4 32 0A 59 F4 3F 11 4D 85 61 6F 26 62 87 -> D5 33", "the chip's own analogue settings"),
    ("- D4 32 0B 69 FF 3F 11 41 85 61 6F -> D5 33", "the same"),
    ("- D4 32 0C FF 04 85 -> D5 33", "the same"),
    ("- D4 32 0D 85 15 8A 85 08 B2 85 01 DA -> D5 33", "the same"),
    ("- D4 32 01 02 -> D5 33", "nfcpy switches the field off between searches"),
    ("- D4 32 01 02 -> D5 33", "the same"),
    ("- D4 06 63 04 -> D5 07 00", "nfcpy asks whether the field is on, we know"),
    ("+ D4 12 04 -> D5 13", "AutoATR_RES as after a reset"),
    ("+ D4 32 05 00 00 00 -> D5 33", "one try: what is missed is found in the next round"),
    ("+ D4 32 01 00 -> D5 33", "field off and on: cards at rest are found again"),
    (
        "- D4 4A 01 01 00 FF FF 01 00 -> D5 4B 01 01 14 01 01 2E 4C 00 00 00 00 01 01 20 22 04 27 \
         67 4E FF 00 03",
        "nfcpy wants one card, we want two",
    ),
    ("+ D4 4A 01 03 00 -> D5 4B 00", "we look for type B in the same round"),
    ("+ D4 4A 02 00 -> D5 4B 00", "we look for type A in the same round"),
    (
        "+ D4 4A 02 01 00 FF FF 01 00 -> D5 4B 01 01 14 01 01 2E 4C 00 00 00 00 01 01 20 22 04 27 \
         67 4E FF 00 03",
        "see above",
    ),
];

#[test]
fn nfcpy_and_we_open_and_sense_alike() {
    let folder = Folder::new();
    let sim = simulator(&folder, "nfcpy.log", &[FELICA]);
    nfcpy(&folder, "print(clf.sense(RemoteTarget('212F')))");
    drop(sim);
    let theirs = opening(&fs::read_to_string(folder.join("nfcpy.log")).unwrap());

    let sim = simulator(&folder, "ours.log", &[FELICA]);
    let watch = Watch::alone(&folder, &folder.pn532(), None);
    watch.find("presented");
    drop((watch, sim));
    let ours = opening(&fs::read_to_string(folder.join("ours.log")).unwrap());

    let found = differences(&theirs, &ours);
    let allowed: Vec<_> = DIFFERENCES.iter().map(|(line, _)| (*line).to_owned()).collect();
    assert!(
        found == allowed,
        "the differences are now: {found:#?}\nof nfcpy: {theirs:#?}\nand ours: {ours:#?}"
    );
}

/// Everything that a host sent until a search found a card, each command with its answer, and noise
/// before a frame as a line of its own.
fn opening(log: &str) -> Vec<String> {
    let mut said = Vec::<String>::new();
    for line in log.lines() {
        let mut words = line.split(' ');
        let (_time, from) = (words.next().unwrap(), words.next().unwrap());
        let bytes: Vec<_> = words.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
        let start = bytes.windows(3).position(|three| three == [0, 0, 0xFF]).unwrap();
        let (noise, frame) = bytes.split_at(start);
        if !noise.is_empty() {
            assert_eq!(from, "host", "{line}");
            said.push(format!("noise {}", hex(noise)));
        }
        let data = match frame[3..] {
            // ACK.
            [0x00, 0xFF, ..] => continue,
            [0xFF, 0xFF, high, low, ..] => &frame[8..][..usize::from(high) << 8 | usize::from(low)],
            [length, ..] => &frame[5..][..length.into()],
            [] => panic!("{line}"),
        };
        if from == "host" {
            said.push(hex(data));
        } else {
            let command = said.last_mut().unwrap();
            command.push_str(&format!(" -> {}", hex(data)));
            if data[..2] == [0xD5, 0x4B] && data[2] > 0 {
                return said;
            }
        }
    }
    panic!("no card was found: {said:#?}")
}

fn hex(bytes: &[u8]) -> String {
    // An echo of 262 bytes would fill the page.
    let end = if bytes.len() > 40 { " ..." } else { "" };
    let shown: Vec<_> = bytes.iter().take(40).map(|byte| format!("{byte:02X}")).collect();
    shown.join(" ") + end
}

/// What stands in one list alone, with as much as possible in both.
fn differences(theirs: &[String], ours: &[String]) -> Vec<String> {
    // Of the last row only: what is left of their lines against the last n of ours.
    let mut below: Vec<Vec<String>> = (0..=ours.len())
        .map(|left| ours[ours.len() - left..].iter().map(|line| format!("+ {line}")).collect())
        .collect();
    for one in theirs.iter().rev() {
        let with = |sign: &str, line: &String, rest: &Vec<String>| {
            let first = format!("{sign} {line}");
            std::iter::once(first).chain(rest.iter().cloned()).collect::<Vec<_>>()
        };
        let mut row = vec![with("-", one, &below[0])];
        for (left, other) in (1..).zip(ours.iter().rev()) {
            let (skip_one, skip_other) = (&below[left], &row[left - 1]);
            row.push(if one == other {
                below[left - 1].clone()
            } else if skip_one.len() <= skip_other.len() {
                with("-", one, skip_one)
            } else {
                with("+", other, skip_other)
            });
        }
        below = row;
    }
    below.pop().unwrap()
}
