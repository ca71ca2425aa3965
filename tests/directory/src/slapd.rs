//! OpenLDAP, with password policy and with answers that no healthy server gives.

use std::{
    fmt::Write,
    fs,
    ops::{Deref, DerefMut},
    os::unix::net::UnixStream,
};

use crate::{Leaf, Site, site::values_of, wait_until};

/// A server whose people are below [`Slapd::BASE`].
pub struct Slapd {
    site: Site,
}

impl Deref for Slapd {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl DerefMut for Slapd {
    fn deref_mut(&mut self) -> &mut Site {
        &mut self.site
    }
}

/// A person to begin with.
pub struct Person<'a> {
    /// `uid` and `cn`; the password is [`Slapd::password`] of it.
    pub uid: &'a str,
    /// Further lines of LDIF.
    pub more: &'a str,
}

impl Slapd {
    /// Where everything is.
    pub const BASE: &str = "dc=example,dc=test";
    /// Names of people.
    pub const PEOPLE: &str = "uid={},ou=people,dc=example,dc=test";
    /// The account that may read everything, and clear card attributes.
    pub const SERVICE: &str = "cn=kazasu,dc=example,dc=test";
    /// Its password.
    pub const SERVICE_PASSWORD: &str = "service pass";
    /// Where entries are that answer with a result code, see [`Slapd::retcode`].
    pub const RETCODES: &str = "ou=retcodes,dc=example,dc=test";

    /// The password that a person begins with.
    #[must_use]
    pub fn password(uid: &str) -> String {
        format!("pass of {uid}")
    }

    /// Every result code that is an error, and the operations that can be made to give it.
    pub fn retcodes() -> impl Iterator<Item = (u32, &'static str)> {
        // 5, 6 and 14 are answers to other questions, 9 is none.
        let codes = (1..=80).filter(|code| ![5, 6, 9, 14].contains(code));
        codes.flat_map(|code| ["bind", "search", "modify"].map(|operation| (code, operation)))
    }

    /// The `cn` and `uid` of the entry that answers so to this operation, and to others as usual.
    #[must_use]
    pub fn retcode(code: u32, operation: &str) -> String {
        format!("r{code}-{operation}")
    }

    /// Starts one with these people. `tls` are further lines on TLS.
    #[must_use]
    pub fn start(leaf: Leaf, tls: &str, people: &[Person<'_>]) -> Self {
        let mut slapd = Self { site: Site::new(leaf) };
        let room = slapd.room();
        fs::create_dir(room.folder().join("db")).unwrap();
        fs::write(room.folder().join("slapd.conf"), configuration(tls)).unwrap();
        fs::write(room.folder().join("seed.ldif"), seed(people)).unwrap();
        room.run("slapadd", &["-f", "/mnt/slapd.conf", "-l", "/mnt/seed.ldif", "-q"]);
        slapd.resume();
        slapd.site.lead_out();
        slapd
    }

    /// Starts it again.
    pub fn resume(&mut self) {
        let urls = "ldap://127.0.0.1:389 ldaps://127.0.0.1:636 ldapi://%2Fmnt%2Fldapi";
        let _ = fs::remove_file(self.room().folder().join("ldapi"));
        self.site.server =
            Some(self.room().start("slapd", &["-d", "0", "-h", urls, "-f", "/mnt/slapd.conf"]));
        // The last of its sockets: the others listen before it does.
        let path = self.room().folder().join("ldapi");
        wait_until("slapd listens", || UnixStream::connect(&path).is_ok());
    }

    /// Puts a rule of access before all others. The server must not run meanwhile.
    pub fn grant(&self, rule: &str) {
        let path = self.room().folder().join("slapd.conf");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, text.replacen("\naccess to", &format!("\n{rule}\naccess to"), 1)).unwrap();
    }

    /// Values of an entry's attribute, read past the server's access control.
    #[must_use]
    pub fn values(&self, uid: &str, attribute: &str) -> Vec<String> {
        let filter = format!("(uid={uid})");
        let arguments = ["-f", "/mnt/slapd.conf", "-o", "ldif-wrap=no", "-a", filter.as_str()];
        let ldif = self.room().run("slapcat", &arguments);
        values_of(&ldif, attribute)
    }
}

fn configuration(tls: &str) -> String {
    let mut text = String::from(
        "include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
moduleload retcode
moduleload constraint
TLSCertificateFile /mnt/cert.pem
TLSCertificateKeyFile /mnt/key.pem
TLSCACertificateFile /mnt/ca.pem
threads 4
",
    );
    text.push_str(tls);
    text.push_str(
        "
database mdb
suffix dc=example,dc=test
rootdn cn=root,dc=example,dc=test
directory /mnt/db
dbnosync
index uid,employeeNumber eq
access to attrs=userPassword by self write by anonymous auth by * none
access to attrs=employeeNumber by dn.exact=cn=kazasu,dc=example,dc=test write by self write by users read
access to attrs=roomNumber by self write by users read
access to attrs=initials by self =w by * none
access to dn.exact=uid=hidden,ou=people,dc=example,dc=test by anonymous auth by * none
access to * by users read by anonymous auth
overlay ppolicy
ppolicy_default cn=default,ou=policies,dc=example,dc=test
ppolicy_use_lockout
overlay constraint
constraint_attribute roomNumber size 8
overlay retcode
retcode-parent ou=retcodes,dc=example,dc=test
",
    );
    for (code, operation) in Slapd::retcodes() {
        let referral = if code == 10 { " ref=ldap://elsewhere.test/dc=x" } else { "" };
        let name = Slapd::retcode(code, operation);
        writeln!(text, "retcode-item cn={name} {code:#x} op={operation}{referral}").unwrap();
    }
    text
}

fn seed(people: &[Person<'_>]) -> String {
    let mut text = String::from(
        "dn: dc=example,dc=test
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=policies,dc=example,dc=test
objectClass: organizationalUnit
ou: policies

dn: cn=default,ou=policies,dc=example,dc=test
objectClass: device
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 3
pwdLockoutDuration: 300
pwdMustChange: TRUE
pwdMaxAge: 315360000
pwdGraceAuthNLimit: 0

dn: cn=kazasu,dc=example,dc=test
objectClass: device
objectClass: simpleSecurityObject
cn: kazasu
userPassword: service pass

dn: ou=people,dc=example,dc=test
objectClass: organizationalUnit
ou: people

dn: cn=members,dc=example,dc=test
objectClass: groupOfNames
cn: members
member: uid=alice,ou=people,dc=example,dc=test

dn: cn=unique,dc=example,dc=test
objectClass: groupOfUniqueNames
cn: unique
uniqueMember: uid=alice,ou=people,dc=example,dc=test

dn: cn=posix,dc=example,dc=test
objectClass: posixGroup
cn: posix
gidNumber: 1000
memberUid: alice

dn: ou=retcodes,dc=example,dc=test
objectClass: organizationalUnit
ou: retcodes
",
    );
    for (code, operation) in Slapd::retcodes() {
        let name = Slapd::retcode(code, operation);
        let rdn = format!("cn={name},{}", Slapd::RETCODES);
        text.push_str(&person(&rdn, &name, ""));
    }
    for Person { uid, more } in people {
        text.push_str(&person(&Slapd::PEOPLE.replace("{}", uid), uid, more));
    }
    text
}

fn person(dn: &str, uid: &str, more: &str) -> String {
    let password = Slapd::password(uid);
    format!(
        "\ndn: {dn}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {uid}\nsn: x\n\
         userPassword: {password}\n{more}\n"
    )
}
