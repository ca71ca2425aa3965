//! A colleague's account in a domain that locks accounts: nobody locks it through this device.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use kazasu_directory_bench::{Leaf, Person, Slapd};
use tokio::runtime::Builder;

use crate::{
    audit::base64,
    support::{Domain, Finished, Folder, Screens, Service, json, run, tool},
};

/// One person, as the domain sees it; as a form carries it, and as it is typed.
const SPELLINGS: [(&str, &str); 9] = [
    ("alice", "alice"),
    ("++ALICE", "  ALICE"),
    ("%EF%BD%81lice", "\u{FF41}lice"),
    ("ali%E2%80%8Bce", "ali\u{200B}ce"),
    ("alice@sim.test", "alice@sim.test"),
    ("SIM%5Calice", "SIM\\alice"),
    ("Alice", "Alice"),
    ("alice++", "alice  "),
    ("Alice@SIM.TEST", "Alice@SIM.TEST"),
];

/// So many sign-ins a panel takes at once.
const AT_THE_PANEL: usize = 5;

fn done<const N: usize>(folder: &Folder, args: [&str; N], input: &str) -> Finished {
    let finished = folder.kazasu(args, input);
    assert_eq!(finished.code, Some(0), "{args:?}: {finished:#?}");
    finished
}

/// How many wrong passwords in a row the domain has seen.
fn failures(domain: &Domain) -> u32 {
    domain.samba.values("alice", "badPwdCount").first().map_or(0, |count| count.parse().unwrap())
}

/// Types a wrong password at the panel; the code that it was refused with.
fn at_the_panel(panel: &mut Screens, user_id: &str, password: &str) -> String {
    let idle = panel.find("idle");
    panel.press(&idle, "authentication-key", &[]);
    let page = panel.find("ask-who");
    panel.press(&page, "as-user", &[]);
    let page = panel.find("sign-in");
    panel.press(&page, "sign-in", &[("user_id", user_id), ("password", password)]);
    let refused = panel.find("notice-problem");
    let code = refused.code().unwrap().to_owned();
    panel.press(&refused, "cancel", &[]);
    code
}

/// Types a wrong password at /LOGIN.CMD; the status of the answer.
fn from_the_network(folder: &Folder, base: &str, user_id: &str, password: &str) -> String {
    let body = format!("NAME={}&PSW={}", base64(user_id.as_bytes()), base64(password.as_bytes()));
    let certificate = folder.join("data/tls-certificate.pem");
    let mut command = Command::new(tool("curl"));
    command.args(["-sS", "--noproxy", "*", "--cacert", &certificate, "-o", "/dev/null"]);
    command.args(["-w", "%{http_code}", "-X", "POST", "--data-raw", &body]);
    command.args(["-H", &format!("Referer: {base}/home/index.html"), &format!("{base}/LOGIN.CMD")]);
    let Finished { code, stdout, stderr } = run(command, "");
    assert_eq!(code, Some(0), "{stderr}");
    stdout
}

/// One fewer than the domain locks after is the most that gets there, whatever the names: from the
/// panel, while the network asks for the same person all the time.
#[test]
fn nobody_locks_an_account_of_the_domain_through_the_device() {
    const THRESHOLD: u32 = 3;
    let domain = Domain::start();
    domain.samba.set_domain("lockoutThreshold", &THRESHOLD.to_string());
    let folder = Folder::new();
    done(&folder, ["config", "set", "sign-in.mode=remote", "lock-out.user=2"], "");
    let text = domain.section(domain.samba.pki().root_pem(), &domain.service_account());
    fs::write(folder.path().join("data/kazasu.toml"), text).unwrap();
    // What the pre-flight says of these numbers.
    let checked = folder.kazasu(["directory", "check", "--json"], "");
    let findings: Vec<_> = checked.stdout.lines().map(json).collect();
    let locks = findings.iter().find(|finding| finding["finding"] == "lock-out").unwrap();
    assert_eq!(locks["severity"], "fine", "{locks}");

    let mut command = Service::command_with_sim(&folder);
    command.args(["--tls-listen", "127.0.0.1:0"]);
    let mut service = Service::ready(command);
    let mut panel = Screens::open(&service.panel);
    let link = done(&folder, ["panel", "pair", "--json"], "").stdout;
    let link = json(&link)["tls_link"].as_str().unwrap().to_owned();
    // https://127.0.0.1:PORT, without the path.
    let base = link.split('/').take(3).collect::<Vec<_>>().join("/");
    let mut tries = (0..).zip(SPELLINGS.into_iter().cycle());
    let mut from_outside = || {
        let (n, (_, typed)) = tries.next().unwrap();
        let status = from_the_network(&folder, &base, typed, &format!("wrong {n}"));
        assert!(["403", "429", "503"].contains(&status.as_str()), "{status}");
    };

    // The same wrong password again is answered without the domain.
    for (form, _) in SPELLINGS.into_iter().take(2) {
        assert_eq!(at_the_panel(&mut panel, form, "wrong+again"), "K06");
        assert_eq!(failures(&domain), 1);
    }
    // In turn with the network, so that delays pass.
    let mut told = vec!["K06".to_owned()];
    for _ in 0..20 {
        from_outside();
    }
    for (n, (form, _)) in (0..).zip(SPELLINGS).skip(2).take(AT_THE_PANEL - 2) {
        told.push(at_the_panel(&mut panel, form, &format!("wrong+{n}")));
        for _ in 0..20 {
            from_outside();
        }
    }
    assert_eq!(told, ["K06", "K06", "K12", "K12"]);
    assert_eq!(failures(&domain), THRESHOLD - 1);
    // Alice herself, past this device's locks.
    let args = ["directory", "check", "--user", "alice", "--password-stdin", "--json"];
    let checked = folder.kazasu(args, "pass of alice\n");
    let person = checked.stdout.lines().map(json).find(|f| f["finding"] == "person").unwrap();
    assert_eq!(person["severity"], "fine", "{checked:#?}");
    assert_eq!(failures(&domain), 0);
    service.process.assert_running();
}

/// What is typed, as a form carries it; with which password; which code that gives; and how many
/// failures OpenLDAP has seen then. As many as a panel takes at once.
type Presses = [(&'static str, &'static str, &'static str, usize); AT_THE_PANEL];

/// Where the device makes the entry's name of what was typed.
const BY_NAME: Presses = [
    ("alice", "wrong+again", "K06", 1),
    ("++alice", "wrong+again", "K06", 1),
    ("ALICE++", "wrong+2", "K06", 2),
    ("%EF%BD%81lice", "wrong+3", "K12", 2),
    ("ali%E2%80%8Bce", "wrong+4", "K12", 2),
];
/// Where the entry is looked up, which has a second name.
const BY_SEARCH: Presses = [
    ("alice", "wrong+again", "K06", 1),
    ("++Alice", "wrong+again", "K06", 1),
    ("alice.second", "wrong+2", "K06", 2),
    ("alice.second", "wrong+3", "K12", 2),
    ("alice", "wrong+4", "K12", 2),
];

/// OpenLDAP with a policy that locks after three wrong passwords: neither the same one again nor
/// another spelling is an attempt more.
#[test]
fn nobody_locks_an_entry_of_openldap_through_the_device() {
    let people = [Person { uid: "alice", more: "uid: alice.second" }];
    let slapd = Slapd::start(Leaf::Good, "", &people);
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let relay = runtime.block_on(slapd.relay(636));
    let file = |name: &str, content: &str| {
        let path = slapd.room().folder().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    };
    let (ca, secret) =
        (file("root.pem", slapd.pki().root_pem()), file("secret", Slapd::SERVICE_PASSWORD));
    let section = format!(
        "[directory]\nkind = 'ldap'\nservers = ['{}']\nca_file = '{ca}'\nbase_dn = '{}'\n\
         service_account = {{ name = '{}', password_file = '{secret}' }}\n",
        relay.server(),
        Slapd::BASE,
        Slapd::SERVICE,
    );
    let by_name = format!("dn_template = '{}'", Slapd::PEOPLE);
    for (way, presses) in [(&by_name[..], BY_NAME), ("search_attribute = 'uid'", BY_SEARCH)] {
        let folder = Folder::new();
        done(&folder, ["config", "set", "sign-in.mode=remote", "lock-out.user=2"], "");
        let text = format!("{section}bind_name = {{ {way} }}\n");
        fs::write(folder.path().join("data/kazasu.toml"), text).unwrap();
        let mut service = Service::with_sim(&folder);
        let mut panel = Screens::open(&service.panel);
        let failures = || slapd.values("alice", "pwdFailureTime").len();

        for (form, password, code, seen) in presses {
            assert_eq!(at_the_panel(&mut panel, form, password), code, "{way} {form} {password}");
            assert_eq!(failures(), seen, "{way} {form} {password}");
        }
        assert_eq!(slapd.values("alice", "pwdAccountLockedTime").len(), 0, "{way}");
        // Alice herself, past this device's locks.
        let args = ["directory", "check", "--user", "alice", "--password-stdin", "--json"];
        let checked = folder.kazasu(args, &format!("{}\n", Slapd::password("alice")));
        let person = checked.stdout.lines().map(json).find(|f| f["finding"] == "person").unwrap();
        assert_eq!(person["severity"], "fine", "{checked:#?}");
        assert_eq!(failures(), 0, "{way}");
        service.process.assert_running();
    }
}

/// C21b: a directory that is named and not there, or whose people cannot keep the password rule.
#[test]
fn a_directory_that_is_named_in_vain_is_told_when_it_is_named() {
    let folder = Folder::new();
    let said = done(&folder, ["config", "check", "registration.sources=both"], "").stdout;
    for part in ["registration.sources names a directory", "more than 12 characters are refused"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let said = done(&folder, ["config", "set", "registration.sources=both"], "").stdout;
    assert!(said.contains("registration.sources names a directory"), "{said}");
    // Said once, not at whatever else is set.
    let said = done(&folder, ["config", "set", "panel.auto-clear-s=60"], "").stdout;
    assert!(!said.contains("directory"), "{said}");
    let said = done(&folder, ["config", "set", "password.max=63"], "").stdout;
    assert!(!said.contains("characters are refused"), "{said}");
    let section = "[directory]\nkind = 'ldap'\nservers = ['x']\nbase_dn = 'dc=x'\n\
                   bind_name.dn_template = 'uid={},dc=x'\n";
    fs::write(folder.path().join("data/kazasu.toml"), section).unwrap();
    let said = done(&folder, ["config", "check"], "").stdout;
    assert!(!said.contains("directory"), "{said}");
    // And of the running service, which knows its own configuration.
    let service = Service::with_sim(&folder);
    let said = done(&folder, ["config", "check"], "").stdout;
    assert!(!said.contains("directory"), "{said}");
    assert!(service.process.terminate().success());
}
