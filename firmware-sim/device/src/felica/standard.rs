use kazasu_wire::felica::{Answer, Block, BlockElement, Command, Found, StatusFlags};

use super::{refused, refused_all, why};

/// Most blocks that an RC-S962 reads and writes in one command.
const READ_MAX: usize = 12;
const WRITE_MAX: usize = 10;
/// The root area of a system: all codes but the system's own.
const ROOT: Found = Found::Area { code: 0x0000, end: 0xFFFE };
/// In place of a key version: no such node.
const NO_NODE: u16 = 0xFFFF;

/// Memory of a FeliCa Standard card: one root area in each system, with random and cyclic services
/// in it. Services of one number and kind are views of the same blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standard {
    /// By system and code.
    services: Vec<Service>,
    stores: Vec<Vec<Block>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Service {
    system: usize,
    code: u16,
    /// Which of the stores it shows.
    store: usize,
}

impl Service {
    /// Without the bits that only say who may do what.
    fn kind(code: u16) -> u16 {
        code >> 2
    }

    fn needs_key(self) -> bool {
        self.code & 1 == 0
    }

    fn is_read_only(self) -> bool {
        self.code & 2 != 0
    }

    fn is_cyclic(self) -> bool {
        self.code & 0x3C == 0x0C
    }
}

impl Standard {
    /// What a card holds that was put without blocks: in each system a service 1A8B of three
    /// blocks that all may read, with a number in text, and a service 1009 of four empty blocks
    /// that all may write.
    #[must_use]
    pub fn plain(systems: &[u16]) -> Self {
        let mut memory = Self::default();
        for system in 0..systems.len() {
            memory.fill(system, 0x1A8B, 0, Block(*b"01KAZASU00000001"));
            memory.fill(system, 0x1A8B, 2, Block::default());
            memory.fill(system, 0x1009, 3, Block::default());
        }
        memory
    }

    /// Sets a block; those before it are zeros until they are set. `false` where the code is not
    /// one of a random or cyclic service.
    pub fn fill(&mut self, system: usize, code: u16, number: u8, block: Block) -> bool {
        if !matches!(code & 0x3F, 0x08..=0x0F) {
            return false;
        }
        let same = |service: &&Service| {
            service.system == system && Service::kind(service.code) == Service::kind(code)
        };
        let store = self.services.iter().find(same).map_or(self.stores.len(), |s| s.store);
        if store == self.stores.len() {
            self.stores.push(Vec::new());
        }
        if self.find(system, code).is_none() {
            self.services.push(Service { system, code, store });
            self.services.sort_by_key(|service| (service.system, service.code));
        }
        let number = usize::from(number);
        if let Some(blocks) = self.stores.get_mut(store) {
            if blocks.len() <= number {
                blocks.resize(number.saturating_add(1), Block::default());
            }
            blocks.iter_mut().skip(number).take(1).for_each(|place| *place = block);
        }
        true
    }

    fn find(&self, system: usize, code: u16) -> Option<Service> {
        self.services.iter().find(|s| s.system == system && s.code == code).copied()
    }

    pub(super) fn respond(
        &mut self,
        systems: &[u16],
        system: u8,
        command: &Command,
    ) -> Option<Answer> {
        let idm = command.idm()?;
        let system = usize::from(system);
        Some(match command {
            Command::RequestService { nodes, .. } => {
                // All keys have version 0.
                let version = |node: &u16| match *node {
                    0x0000 | 0xFFFF => 0,
                    code if self.find(system, code).is_some() => 0,
                    _ => NO_NODE,
                };
                Answer::RequestService { idm, key_versions: nodes.iter().map(version).collect() }
            }
            Command::RequestResponse { .. } => Answer::RequestResponse { idm, mode: 0 },
            Command::RequestSystemCode { .. } => {
                Answer::RequestSystemCode { idm, systems: systems.to_vec() }
            }
            Command::SearchServiceCode { index, .. } => {
                let found = match index.checked_sub(1) {
                    None => ROOT,
                    Some(index) => {
                        let mut own = self.services.iter().filter(|s| s.system == system);
                        own.nth(index.into()).map_or(Found::END, |s| Found::Service(s.code))
                    }
                };
                Answer::SearchServiceCode { idm, found }
            }
            Command::ReadWithoutEncryption { services, blocks, .. } => {
                let (flags, blocks) = match self.read(system, services, blocks) {
                    Ok(blocks) => (StatusFlags::OK, blocks),
                    Err(flags) => (flags, Vec::new()),
                };
                Answer::ReadWithoutEncryption { idm, flags, blocks }
            }
            Command::WriteWithoutEncryption { services, writes, .. } => {
                // All or nothing.
                let mut stores = self.stores.clone();
                let written = self.write(&mut stores, system, services, writes);
                let flags = match written {
                    Ok(()) => {
                        self.stores = stores;
                        StatusFlags::OK
                    }
                    Err(flags) => flags,
                };
                Answer::WriteWithoutEncryption { idm, flags }
            }
            _ => return None,
        })
    }

    fn read(
        &self,
        system: usize,
        services: &[u16],
        elements: &[BlockElement],
    ) -> Result<Vec<Block>, StatusFlags> {
        count(elements.len(), READ_MAX)?;
        let read = |(place, element): (usize, &BlockElement)| {
            let service = self.service(system, services, place, *element)?;
            let blocks = self.stores.get(service.store);
            let block = blocks.and_then(|blocks| blocks.get(usize::from(element.block)));
            block.copied().ok_or(refused(place, why::BLOCK_NUMBER))
        };
        elements.iter().enumerate().map(read).collect()
    }

    fn write(
        &self,
        stores: &mut [Vec<Block>],
        system: usize,
        services: &[u16],
        writes: &[(BlockElement, Block)],
    ) -> Result<(), StatusFlags> {
        count(writes.len(), WRITE_MAX)?;
        let mut places = Vec::new();
        for (place, (element, block)) in writes.iter().enumerate() {
            let service = self.service(system, services, place, *element)?;
            if service.is_read_only() {
                return Err(refused(place, why::ACCESS));
            }
            let number = usize::from(element.block);
            let blocks = stores.get(service.store).map_or(0, Vec::len);
            if number >= blocks || (service.is_cyclic() && number > 0) {
                return Err(refused(place, why::BLOCK_NUMBER));
            }
            places.push((service, number, *block));
        }
        for service in places.iter().map(|(service, ..)| *service).filter(|s| s.is_cyclic()) {
            let new: Vec<_> = places
                .iter()
                .filter(|(other, ..)| other.store == service.store)
                .map(|(.., block)| *block)
                .rev()
                .collect();
            let Some(blocks) = stores.get_mut(service.store) else { continue };
            if new.len() > blocks.len() {
                return Err(refused_all(why::CYCLIC_TOO_MANY));
            }
            // The newest block comes first. What stands there already is not written again: a
            // reader that missed the answer may repeat its command.
            if !blocks.starts_with(&new) {
                blocks.splice(0..0, new.iter().copied());
                blocks.truncate(blocks.len().saturating_sub(new.len()));
            }
        }
        for (service, number, block) in places.into_iter().filter(|(s, ..)| !s.is_cyclic()) {
            let blocks = stores.get_mut(service.store);
            if let Some(place) = blocks.and_then(|blocks| blocks.get_mut(number)) {
                *place = block;
            }
        }
        Ok(())
    }

    /// The service of an element, where it may be used without a key.
    fn service(
        &self,
        system: usize,
        services: &[u16],
        place: usize,
        element: BlockElement,
    ) -> Result<Service, StatusFlags> {
        let code = services.get(usize::from(element.service));
        let code = *code.ok_or(refused(place, why::SERVICE_PLACE))?;
        if matches!(code & 0x3F, 0 | 1) || code == 0xFFFF {
            return Err(refused(place, why::NOT_A_SERVICE));
        }
        let service = self.find(system, code).ok_or(refused(place, why::NO_SERVICE))?;
        if service.needs_key() {
            return Err(refused(place, why::ACCESS));
        }
        if element.access != 0 {
            return Err(refused(place, why::ACCESS_MODE));
        }
        Ok(service)
    }
}

fn count(blocks: usize, max: usize) -> Result<(), StatusFlags> {
    if blocks <= max { Ok(()) } else { Err(refused_all(why::BLOCK_COUNT)) }
}
