//! A disk with a volatile write cache, as drives have one: what was written and not flushed is lost
//! when the power goes, or some of it, in any order, or a part of one write. QEMU reaches it over
//! NBD on a unix socket; the guest's kernel sees a disk that has to be flushed.
//!
//! The protocol is the NBD project's `doc/proto.md`: fixed newstyle handshake, simple replies.

use std::{
    fs::{File, OpenOptions},
    hash::{BuildHasher, RandomState},
    io::{self, ErrorKind, Read, Write},
    os::unix::{
        fs::FileExt,
        net::{UnixListener, UnixStream},
    },
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
};

use super::{Folder, run, tool};

/// The smallest piece that a drive writes whole, in bytes.
const SECTOR: usize = 512;
/// The largest request taken, in bytes: what QEMU sends at most.
const REQUEST_MAX: u32 = 32 << 20;
/// How much the cache holds, in bytes; what is older goes to the disk by itself.
const CACHE_MAX: usize = 16 << 20;
/// A block of the file system, in bytes. Its superblock, in the first one, and the blocks by which its
/// journal commits are not made for being torn (the kernel refuses to mount then): they are written
/// whole or not at all, as by the drives with sectors of this size.
const BLOCK: usize = 4096;
/// What each of the journal's own blocks begins with (the kernel's documentation of ext4, jbd2).
const JOURNAL: [u8; 4] = 0xC03B_3998_u32.to_be_bytes();

const OPTION_MAGIC: u64 = 0x4948_4156_454F_5054;
const REPLY_MAGIC: u64 = 0x0003_E889_0455_65A9;
const REQUEST_MAGIC: u32 = 0x2560_9513;
const SIMPLE_REPLY_MAGIC: u32 = 0x6744_6698;
const FIXED_NEWSTYLE: u16 = 1;
const NO_ZEROES: u16 = 2;
/// Has flags, flushes, and knows the flag that a write goes past the cache.
const DISK_FLAGS: u16 = 1 | 4 | 8;
const FUA: u16 = 1;

/// Whole numbers that nobody foresees.
#[derive(Default)]
pub(crate) struct Dice {
    random: RandomState,
    thrown: u64,
}

impl Dice {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.thrown += 1;
        self.random.hash_one(self.thrown) % end
    }
}

/// What power cuts did.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    /// Writes that were not flushed, and of those: gone, and there in part.
    pub(crate) unflushed: u64,
    pub(crate) gone: u64,
    pub(crate) torn: u64,
    /// Sectors that the torn ones lack.
    pub(crate) sectors: u64,
}

struct Unflushed {
    at: u64,
    bytes: Vec<u8>,
}

/// A disk that is in no machine.
pub(crate) struct Disk {
    file: File,
    bytes: u64,
    /// In the order they came.
    cache: Vec<Unflushed>,
}

impl Disk {
    /// With an empty ext4 on it, of this size.
    pub(crate) fn formatted(folder: &Folder, mebibytes: u64) -> Self {
        let path = PathBuf::from(folder.join("disk"));
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path);
        let file = file.unwrap();
        file.set_len(mebibytes << 20).unwrap();
        let mut command = Command::new(tool("mke2fs"));
        command.args(["-q", "-F", "-t", "ext4", "-b", "4096"]);
        // Nothing is left for the kernel to finish later.
        command.args(["-E", "lazy_itable_init=0,lazy_journal_init=0"]);
        command.arg(&path);
        let made = run(command, "");
        assert_eq!(made.code, Some(0), "{made:#?}");
        Self { file, bytes: mebibytes << 20, cache: Vec::new() }
    }

    /// Serves it at `socket` to one machine, which `cut` ends, until that is gone.
    pub(crate) fn serve(mut self, socket: &str, cut: impl FnOnce() + Send + 'static) -> Served {
        let listener = UnixListener::bind(socket).unwrap();
        let left = Arc::new(AtomicU64::new(u64::MAX));
        let countdown = Arc::clone(&left);
        let thread = thread::spawn(move || {
            let (mut machine, _) = listener.accept().unwrap();
            match self.answer(&mut machine, &countdown) {
                Ok(()) => cut(),
                // The machine went away by itself.
                Err(error) if error.kind() != ErrorKind::InvalidData => {}
                Err(error) => panic!("the machine's request for its disk: {error}"),
            }
            // It must not hear that the disk is gone before it is itself.
            let _ = io::copy(&mut machine, &mut io::sink());
            self
        });
        Served { left, thread }
    }

    /// Answers until the moment of the cut; a write that comes at this moment is under way.
    fn answer(&mut self, machine: &mut UnixStream, left: &AtomicU64) -> io::Result<()> {
        self.shake_hands(machine)?;
        loop {
            let mut head = [0; 28];
            machine.read_exact(&mut head)?;
            let (flags, kind) = (u16_at(&head, 4), u16_at(&head, 6));
            let (handle, at, length) = (u64_at(&head, 8), u64_at(&head, 16), u32_at(&head, 24));
            let end = at.checked_add(length.into());
            if u32_at(&head, 0) != REQUEST_MAGIC
                || length > REQUEST_MAX
                || end.is_none_or(|end| end > self.bytes)
            {
                return Err(io::Error::new(ErrorKind::InvalidData, format!("{head:02x?}")));
            }
            let mut bytes = vec![0; if kind <= 1 { length as usize } else { 0 }];
            match kind {
                0 => self.read(at, &mut bytes)?,
                1 => {
                    machine.read_exact(&mut bytes)?;
                    self.write(at, &bytes)?;
                }
                2 => return Err(ErrorKind::UnexpectedEof.into()),
                3 => {}
                _ => return Err(io::Error::new(ErrorKind::InvalidData, format!("{kind}"))),
            }
            if kind != 0 && counted_down(left) {
                return Ok(());
            }
            if kind == 3 || flags & FUA != 0 {
                // More than a write past the cache asks for, and what simple drives do.
                self.flush()?;
            }
            let mut reply = Vec::with_capacity(16 + bytes.len());
            reply.extend(SIMPLE_REPLY_MAGIC.to_be_bytes());
            reply.extend(0_u32.to_be_bytes());
            reply.extend(handle.to_be_bytes());
            if kind == 0 {
                reply.extend(bytes);
            }
            machine.write_all(&reply)?;
        }
    }

    fn shake_hands(&self, machine: &mut UnixStream) -> io::Result<()> {
        machine.write_all(b"NBDMAGIC")?;
        machine.write_all(&OPTION_MAGIC.to_be_bytes())?;
        machine.write_all(&(FIXED_NEWSTYLE | NO_ZEROES).to_be_bytes())?;
        machine.read_exact(&mut [0; 4])?;
        loop {
            let mut head = [0; 16];
            machine.read_exact(&mut head)?;
            let (option, length) = (u32_at(&head, 8), u32_at(&head, 12));
            io::copy(&mut machine.take(length.into()), &mut io::sink())?;
            let mut reply = |kind: u32, data: &[u8]| {
                let mut reply = REPLY_MAGIC.to_be_bytes().to_vec();
                reply.extend(option.to_be_bytes());
                reply.extend(kind.to_be_bytes());
                reply.extend((data.len() as u32).to_be_bytes());
                reply.extend(data);
                machine.write_all(&reply)
            };
            // NBD_OPT_GO is answered with the size and flags, and with the sizes of requests; any
            // other option is refused, and QEMU goes on without it.
            if option != 7 {
                reply(0x8000_0001, &[])?;
                continue;
            }
            let mut export = vec![0, 0];
            export.extend(self.bytes.to_be_bytes());
            export.extend(DISK_FLAGS.to_be_bytes());
            reply(3, &export)?;
            let mut sizes = vec![0, 3];
            for size in [SECTOR as u32, 4096, REQUEST_MAX] {
                sizes.extend(size.to_be_bytes());
            }
            reply(3, &sizes)?;
            return reply(1, &[]);
        }
    }

    fn read(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(bytes, at)?;
        let end = at + bytes.len() as u64;
        for write in &self.cache {
            let (from, to) = (at.max(write.at), end.min(write.at + write.bytes.len() as u64));
            if from < to {
                let theirs = (from - write.at) as usize..(to - write.at) as usize;
                bytes[(from - at) as usize..(to - at) as usize]
                    .copy_from_slice(&write.bytes[theirs]);
            }
        }
        Ok(())
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.cache.push(Unflushed { at, bytes: bytes.to_vec() });
        while self.cache.iter().map(|write| write.bytes.len()).sum::<usize>() > CACHE_MAX {
            let oldest = self.cache.remove(0);
            self.file.write_all_at(&oldest.bytes, oldest.at)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        for write in self.cache.drain(..) {
            self.file.write_all_at(&write.bytes, write.at)?;
        }
        Ok(())
    }

    /// The power is gone: of what was not flushed, each write is there, or not, or some of its
    /// sectors.
    pub(crate) fn forget(&mut self, dice: &mut Dice, lost: &mut Lost) {
        for write in std::mem::take(&mut self.cache) {
            lost.unflushed += 1;
            let fate = dice.below(3);
            if fate == 0 {
                lost.gone += 1;
                continue;
            }
            let tears = fate == 1 && write.bytes.len() > SECTOR;
            lost.torn += u64::from(tears);
            for (number, block) in (0..).zip(write.bytes.chunks(BLOCK)) {
                let at = write.at + number * BLOCK as u64;
                let is_whole = at < BLOCK as u64 || block.starts_with(&JOURNAL);
                let piece = if is_whole { BLOCK } else { SECTOR };
                for (number, piece) in (0..).zip(block.chunks(piece)) {
                    if tears && dice.below(2) == 0 {
                        lost.sectors += piece.len().div_ceil(SECTOR) as u64;
                    } else {
                        let at = at + number * SECTOR as u64;
                        self.file.write_all_at(piece, at).unwrap();
                    }
                }
            }
        }
    }
}

/// A disk in a machine.
pub(crate) struct Served {
    left: Arc<AtomicU64>,
    thread: JoinHandle<Disk>,
}

impl Served {
    /// The power goes at the last of so many writes and flushes from now on.
    pub(crate) fn cut_at(&self, requests: u64) {
        self.left.store(requests.max(1), Ordering::SeqCst);
    }

    /// Whether the power is gone.
    pub(crate) fn is_cut(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }

    /// Takes it out of a machine that is gone.
    pub(crate) fn take_out(self) -> Disk {
        self.thread.join().unwrap()
    }
}

/// Counts one more; whether it was the last.
fn counted_down(left: &AtomicU64) -> bool {
    left.fetch_sub(1, Ordering::SeqCst) == 1
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes(bytes[at..at + 2].try_into().unwrap())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap())
}
