use std::path::PathBuf;

use crate::{Leaf, Pki, Relay, Resident, Room};

/// Where a server lives, whatever server it is: its network and folder, its certificate, its process
/// and the ways to its ports.
pub struct Site {
    room: Room,
    pki: Pki,
    pub(crate) server: Option<Resident>,
    ways: Vec<(u16, Resident, PathBuf)>,
}

impl Site {
    pub(crate) fn new(leaf: Leaf) -> Self {
        let room = Room::new();
        let pki = Pki::new();
        pki.issue(leaf, room.folder());
        Self { room, pki, server: None, ways: Vec::new() }
    }

    /// Makes the ways to a server that listens.
    pub(crate) fn lead_out(&mut self) {
        for port in [389, 636] {
            let (way, path) = self.room.lead_out(port);
            self.ways.push((port, way, path));
        }
    }

    /// Whom the server's certificate is from.
    #[must_use]
    pub fn pki(&self) -> &Pki {
        &self.pki
    }

    /// A folder for files of the test.
    #[must_use]
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// A relay to LDAPS (636) or LDAP (389).
    pub async fn relay(&self, port: u16) -> Relay {
        let (_, _, path) = self.ways.iter().find(|(p, _, _)| *p == port).unwrap();
        Relay::start(path.clone()).await
    }

    /// The server's process.
    #[must_use]
    pub fn process(&self) -> &Resident {
        self.server.as_ref().unwrap()
    }

    /// Kills the server.
    pub fn kill(&mut self) {
        self.server.take().unwrap().kill();
    }
}

/// The values of one attribute in an answer.
pub(crate) fn values_of(ldif: &str, attribute: &str) -> Vec<String> {
    let prefix = format!("{attribute}: ");
    ldif.lines().filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).collect()
}
