//! Samba as an Active Directory domain controller. Needs root: a domain cannot be made within a
//! user namespace.

use std::{
    fs::{self, File},
    ops::{Deref, DerefMut},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::Command,
};

use nix::{
    fcntl::{Flock, FlockArg},
    unistd::Uid,
};

use crate::{Leaf, Room, Site, room::root, site::values_of, wait_until};

/// Who is in the domain; see there.
const SEED: &str = include_str!("samba_seed.py");

/// Only what is needed to answer on LDAP.
const CONFIGURATION: &str = "[global]
realm = SIM.TEST
workgroup = SIM
netbios name = DC1
server role = active directory domain controller
server services = ldap
interfaces = lo
bind interfaces only = yes
private dir = /mnt/dc/private
lock directory = /mnt/dc
state directory = /mnt/dc/state
cache directory = /mnt/dc/cache
pid directory = /mnt/dc
ncalrpc dir = /mnt/dc/ncalrpc
binddns dir = /mnt/dc/bind-dns
log file = /mnt/dc/log
vfs objects = dfs_samba4 acl_xattr xattr_tdb
xattr_tdb:file = /mnt/dc/xattr.tdb
idmap_ldb:use rfc2307 = yes
tls enabled = yes
tls certfile = /mnt/cert.pem
tls keyfile = /mnt/key.pem
tls cafile = /mnt/ca.pem
";

/// A domain controller of `sim.test`.
pub struct Samba {
    site: Site,
}

impl Deref for Samba {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl DerefMut for Samba {
    fn deref_mut(&mut self) -> &mut Site {
        &mut self.site
    }
}

impl Samba {
    /// Below it are people.
    pub const BASE: &str = "CN=Users,DC=sim,DC=test";
    /// Behind the @ of names.
    pub const SUFFIX: &str = "sim.test";

    /// The password of everybody there.
    #[must_use]
    pub fn password(name: &str) -> String {
        format!("pass of {name}")
    }

    /// Starts one, from the copy that the first test made.
    #[must_use]
    pub fn start(leaf: Leaf) -> Self {
        assert!(Uid::effective().is_root(), "Samba makes a domain as root only: run this as root");
        let mut samba = Self { site: Site::new(leaf) };
        copy(&domain(), &samba.room().folder().join("dc"));
        samba.resume();
        samba.site.lead_out();
        samba
    }

    /// Starts it again.
    pub fn resume(&mut self) {
        let socket = self.room().folder().join("dc/private/ldapi");
        let _ = fs::remove_file(&socket);
        self.site.server = Some(self.room().start(
            "samba",
            &[
                "--foreground",
                "--no-process-group",
                "--model=single",
                "--debug-stdout",
                "--configfile=/mnt/dc/etc/smb.conf",
            ],
        ));
        wait_until("Samba listens", || UnixStream::connect(&socket).is_ok());
    }

    /// Puts somebody into a group (`addmembers`) or takes them out of it (`removemembers`).
    pub fn change_group(&self, how: &str, group: &str, name: &str) {
        let configuration = "--configfile=/mnt/dc/etc/smb.conf";
        self.room().run("samba-tool", &["group", how, group, name, configuration]);
    }

    /// Sets an attribute of somebody, past the server's access control and rules of its own.
    pub fn set(&self, name: &str, attribute: &str, value: &str) {
        self.modify(&format!("CN={name},{}", Self::BASE), attribute, value);
    }

    /// Sets an attribute of the domain itself.
    pub fn set_domain(&self, attribute: &str, value: &str) {
        self.modify("DC=sim,DC=test", attribute, value);
    }

    /// A rule of passwords for one person, who locks after so many wrong ones. Everybody may see it,
    /// which is not so in a domain of its own accord.
    pub fn add_password_rule(&self, name: &str, threshold: u32, person: &str) {
        let threshold = format!("--account-lockout-threshold={threshold}");
        let configuration = "--configfile=/mnt/dc/etc/smb.conf";
        let pso = ["domain", "passwordsettings", "pso"];
        let create = [
            &pso[..],
            &[
                "create",
                name,
                "1",
                &threshold,
                "--complexity=off",
                "--min-pwd-length=1",
                configuration,
            ],
        ]
        .concat();
        self.room().run("samba-tool", &create);
        let apply = [&pso[..], &["apply", name, person, configuration]].concat();
        self.room().run("samba-tool", &apply);
        let container = "CN=Password Settings Container,CN=System,DC=sim,DC=test";
        for dn in [container.to_owned(), format!("CN={name},{container}")] {
            let dn = format!("--objectdn={dn}");
            let arguments = ["dsacl", "set", &dn, "--sddl=(A;;RPLCLORC;;;AU)", configuration];
            self.room().run("samba-tool", &arguments);
        }
    }

    fn modify(&self, dn: &str, attribute: &str, value: &str) {
        let ldif =
            format!("dn: {dn}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n");
        fs::write(self.room().folder().join("change.ldif"), ldif).unwrap();
        self.room().run("ldbmodify", &["-H", "/mnt/dc/private/sam.ldb", "/mnt/change.ldif"]);
    }

    /// Values of an entry's attribute, read past the server's access control.
    #[must_use]
    pub fn values(&self, name: &str, attribute: &str) -> Vec<String> {
        let ldif = self.search(&format!("(sAMAccountName={name})"), attribute);
        values_of(&ldif, attribute)
    }

    /// All lines of everybody's entries but those that the server writes at a sign-in, read past its
    /// access control.
    #[must_use]
    pub fn people(&self) -> Vec<String> {
        const BY_THE_SERVER: [&str; 6] =
            ["lastLogon", "logonCount", "bad", "lockoutTime", "uSNChanged", "whenChanged"];
        let ldif = self.search("(objectCategory=person)", "*");
        let kept = |line: &&str| !BY_THE_SERVER.iter().any(|word| line.starts_with(word));
        ldif.lines().filter(kept).map(str::to_owned).collect()
    }

    fn search(&self, filter: &str, attribute: &str) -> String {
        self.room().run("ldbsearch", &["-H", "/mnt/dc/private/sam.ldb", filter, attribute])
    }
}

/// The folder of a domain with everybody in it. Made once for a version of the servers and of what
/// is in it; takes seven seconds.
fn domain() -> PathBuf {
    let store = root().parent().unwrap().join("domain");
    fs::create_dir_all(&store).unwrap();
    // Tests of other processes wait here.
    let lock = File::create(store.join("lock")).unwrap();
    let _lock = Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, error)| error).unwrap();
    let stamp = fs::read_to_string(root().parent().unwrap().join("stamp")).unwrap_or_default();
    let wanted = format!("{stamp}{CONFIGURATION}{SEED}");
    let (made, kept) = (store.join("dc"), store.join("made-from"));
    if fs::read_to_string(&kept).is_ok_and(|made_from| made_from == wanted) {
        return made;
    }
    let _ = fs::remove_dir_all(&made);
    let room = Room::new();
    room.run(
        "samba-tool",
        &[
            "domain",
            "provision",
            "--configfile=/dev/null",
            "--realm=SIM.TEST",
            "--domain=SIM",
            "--server-role=dc",
            "--adminpass=Adm1n-pass!",
            "--dns-backend=NONE",
            "--use-rfc2307",
            "--host-name=dc1",
            "--host-ip=127.0.0.1",
            "--targetdir=/mnt/dc",
            "--option=interfaces=lo",
            "--option=bind interfaces only=yes",
            "--option=vfs objects=dfs_samba4 acl_xattr xattr_tdb",
            "--option=xattr_tdb:file=/mnt/dc/xattr.tdb",
        ],
    );
    fs::write(room.folder().join("dc/etc/smb.conf"), CONFIGURATION).unwrap();
    fs::write(room.folder().join("seed.py"), SEED).unwrap();
    room.run("python3", &["/mnt/seed.py"]);
    copy(&room.folder().join("dc"), &made);
    fs::write(kept, wanted).unwrap();
    made
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(status.success(), "cp -a {} {}", from.display(), to.display());
}
