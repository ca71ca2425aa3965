//! nfcpy 1.0.4, unmodified, on our RC-S380. Its driver takes any transport; ours speaks usbredir, so
//! the way is the one that QEMU and our own driver go.

use std::{fs, process::Command};

use crate::support::{Finished, Folder, Process, Sim, kazasu, run, tool};

const TRANSPORT: &str = include_str!("support/usbredir.py");

/// A card of each kind; what is in the blocks can be told from anything else.
const FELICA: &str = "put felica idm=012E4C0000000001 sys=0003,FE00 \
                      block=1009:00:4B415A4153552D424C4F434B2D303030 \
                      block=1009:01:4B415A4153552D424C4F434B2D303031 \
                      block=FE00/1A8B:00:30314B415A4153553030303030303432 \
                      block=FE00/1A8B:02:4B415A4153552D424C4F434B2D303032";
const TYPE_A: &str = "put type-a uid=04C0FFEE000001";
const TYPE_B: &str = "put type-b pupi=01A2B3C4 app=11223344";

/// A simulator on a port of its own, which writes down what is said.
struct Reader {
    sim: Sim,
    address: String,
    log: String,
}

impl Reader {
    fn new(folder: &Folder, cards: &[&str]) -> Self {
        let log = folder.join("log");
        let args = ["sim", "rcs380", "--usbredir", "127.0.0.1:0", "--log", &log];
        let process = Process::start("sim rcs380", kazasu(args));
        let line = process.line();
        let address = line.strip_prefix("ready ").unwrap_or_else(|| panic!("{line}")).to_owned();
        let mut sim = Sim(process);
        cards.iter().for_each(|card| sim.tell(card));
        Self { sim, address, log }
    }

    /// Runs nfcpy with the reader open as `clf`, and gives what the script printed.
    fn nfcpy(&self, script: &str) -> Vec<String> {
        let script = format!(
            "{TRANSPORT}\n\
             import nfc, nfc.clf, nfc.clf.rcs380, nfc.tag\n\
             from nfc.clf import RemoteTarget\n\
             clf = nfc.ContactlessFrontend()\n\
             clf.device = nfc.clf.rcs380.init(Transport('{}'))\n\
             {script}\nclf.close()\n",
            self.address
        );
        let mut command = Command::new(tool("nfcpy-python"));
        command.arg("-c").arg(script);
        let Finished { code, stdout, stderr } = run(command, "");
        assert_eq!(code, Some(0), "{stdout}\n{stderr}");
        stdout.lines().map(str::to_owned).collect()
    }
}

#[test]
fn nfcpy_senses_reads_and_dumps_what_was_put() {
    let folder = Folder::new();
    let reader = Reader::new(&folder, &[FELICA, TYPE_A, TYPE_B]);
    let said = reader.nfcpy(
        "for brty in ('212F', '424F', '106A', '106B', '212F'):\n\
        \x20   target = clf.sense(RemoteTarget(brty))\n\
        \x20   print('sense', target)\n\
        \x20   tag = nfc.tag.activate(clf, target)\n\
        \x20   print('activate', tag)\n\
        print('present', tag.is_present)\n\
        print('\\n'.join(tag.dump()))",
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
    ];
    assert_eq!(said, expected);
}

#[test]
fn nfcpy_senses_uids_of_each_length_and_nothing() {
    let folder = Folder::new();
    let mut reader = Reader::new(&folder, &[]);
    let mut check = |card: Option<&str>, brty: &str, expected: &str| {
        card.into_iter().for_each(|card| reader.sim.tell(card));
        let said = reader.nfcpy(&format!("print(clf.sense(RemoteTarget('{brty}')))"));
        assert_eq!(said, [expected], "{card:?}");
        reader.sim.tell("take");
    };
    for brty in ["106A", "106B", "212F", "424F"] {
        check(None, brty, "None");
    }
    let a = |uid: &str, sens: &str, sel: &str| {
        format!("106A sdd_res={uid} sel_res={sel} sens_res={sens}")
    };
    check(Some("put type-a uid=01020304"), "106A", &a("01020304", "0400", "08"));
    check(Some(TYPE_A), "106A", &a("04C0FFEE000001", "4400", "00"));
    check(
        Some("put type-a uid=04C0FFEE000001020304"),
        "106A",
        &a("04C0FFEE000001020304", "8400", "00"),
    );
    check(Some("put type-a uid=05060708 sak=20"), "106A", &a("05060708", "0400", "20"));
    check(Some("put felica idm=012E4C0000000002 rate=424"), "212F", "None");
    let sensf = "424F sensf_res=01012E4C00000000020120220427674EFFFE00";
    check(Some("put felica idm=012E4C0000000002 rate=424"), "424F", sensf);
}

#[test]
fn nfcpy_and_a_lite_s_card_prove_their_key_to_each_other() {
    let folder = Folder::new();
    // The key is written to the card with each half the other way round.
    let card = "put felica idm=012E4C0000000001 pmm=00F1000000014300 \
                ck=37363534333231306665646362613938";
    let reader = Reader::new(&folder, &[card]);
    let said = reader.nfcpy(
        "def tag():\n\
        \x20   return nfc.tag.activate(clf, clf.sense(RemoteTarget('212F')))\n\
        print('wrong key', tag().authenticate(b'0123456789abcdeF'))\n\
        one = tag()\n\
        print('right key', one.authenticate(b'0123456789abcdef'))\n\
        one.write_with_mac(bytearray(b'written with MAC'), 3)\n\
        print(bytes(one.read_with_mac(3)))",
    );
    assert_eq!(said, ["wrong key False", "right key True", "b'written with MAC'"]);
}

/// How nfcpy opens a reader with firmware 1.11: the log of nfcpy issue 11, but for the last question,
/// which later versions of nfcpy ask as well.
const OPENING: &str = "\
host 00 00 FF 00 FF 00
host 00 00 FF FF FF 03 00 FD D6 2A 01 FF 00
chip 00 00 FF 00 FF 00
chip 00 00 FF FF FF 03 00 FD D7 2B 00 FE 00
host 00 00 FF FF FF 02 00 FE D6 20 0A 00
chip 00 00 FF 00 FF 00
chip 00 00 FF FF FF 04 00 FC D7 21 11 01 F6 00
host 00 00 FF FF FF 02 00 FE D6 22 08 00
chip 00 00 FF 00 FF 00
chip 00 00 FF FF FF 04 00 FC D7 23 00 01 05 00
host 00 00 FF FF FF 03 00 FD D6 06 00 24 00
chip 00 00 FF 00 FF 00
chip 00 00 FF FF FF 03 00 FD D7 07 00 22 00
host 00 00 FF FF FF 02 00 FE D6 20 0A 00
chip 00 00 FF 00 FF 00
chip 00 00 FF FF FF 04 00 FC D7 21 11 01 F6 00
";

#[test]
fn nfcpy_opens_it_as_a_real_one() {
    let folder = Folder::new();
    let reader = Reader::new(&folder, &[]);
    assert_eq!(reader.nfcpy("print(clf.device.chipset_name)"), ["NFC Port-100 v1.11"]);
    let log = fs::read_to_string(&reader.log).unwrap();
    let without_time = |line: &str| line.split_once(' ').unwrap().1.to_owned() + "\n";
    let log: String = log.lines().map(without_time).collect();
    assert!(log.starts_with(OPENING), "{log}");
    // It closes with the field off.
    let end = "host 00 00 FF FF FF 03 00 FD D6 06 00 24 00\n\
               chip 00 00 FF 00 FF 00\n\
               chip 00 00 FF FF FF 03 00 FD D7 07 00 22 00\n\
               host 00 00 FF 00 FF 00\n";
    assert!(log.ends_with(end), "{log}");
}

#[test]
fn an_address_that_others_reach_is_refused_unless_asked_for() {
    let args = ["sim", "rcs380", "--usbredir", "0.0.0.0:0"];
    let refused = run(kazasu(args), "");
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert!(refused.stderr.contains("--insecure-usbredir"), "{refused:#?}");
    let allowed = kazasu(["sim", "rcs380", "--usbredir", "0.0.0.0:0", "--insecure-usbredir"]);
    let mut process = Process::start("sim rcs380", allowed);
    assert!(process.line().starts_with("ready 0.0.0.0:"));
    process.write("quit");
    assert_eq!(process.line(), "ok quit");
}
