//! What the calls of the service to the kernel can come back with.

use crate::support::Call;

/// The calls that are looked at, in strace's words. `write` to another thread's bell (eventfd) and
/// waiting are left out: the kernel lets neither fail.
pub(super) const SERVICE: &str = "%file,%network,getrandom,read,readv,pread64,pwrite64,writev,fsync,fdatasync,ftruncate,fcntl,\
     flock,fallocate,fchmod,fchown,epoll_ctl";
/// Those of a start.
pub(super) const START: &str = "%file,%network,getrandom,read,readv,pread64,pwrite64,writev,fsync,fdatasync,ftruncate,fcntl,\
     flock,fallocate,fchmod,fchown,epoll_ctl,write,epoll_create1,eventfd2";

/// One kind of call.
struct Row {
    name: &'static str,
    /// Part of the arguments, as strace shows them.
    with: &'static str,
    faults: &'static [&'static str],
}

const fn row(name: &'static str, with: &'static str, faults: &'static [&'static str]) -> Row {
    Row { name, with, faults }
}

const WRITE: &[&str] =
    &["error=EIO", "error=ENOSPC", "error=EDQUOT", "error=EINTR", "retval=0", "delay_enter=200000"];
const READ: &[&str] = &["error=EIO", "error=EINTR", "delay_enter=200000"];
const SYNC: &[&str] =
    &["error=EIO", "error=ENOSPC", "error=EDQUOT", "error=EINTR", "delay_enter=200000"];
const NAME: &[&str] = &["error=EIO", "error=ENOSPC", "error=EDQUOT", "error=EROFS", "error=ENOMEM"];
const LOOK: &[&str] = &["error=EIO", "error=ENOMEM", "error=EACCES"];
const OPEN: &[&str] =
    &["error=EMFILE", "error=ENFILE", "error=EIO", "error=EACCES", "error=ENOMEM"];
const MEMORY: &[&str] = &["error=ENOMEM", "error=ENOBUFS"];
const SEND: &[&str] = &["error=EPIPE", "error=ECONNRESET", "error=ENOBUFS", "delay_enter=200000"];
const NEVER: &[&str] = &[];

/// What each can come back with on Linux without having done anything (its manual page, ERRORS);
/// the first row that fits counts. What would be a lie is not here: EAGAIN of a socket that has
/// something to read, or success of what was not done.
const ROWS: &[Row] = &[
    row("write", "eventfd", NEVER),
    // The ready line and the log.
    row("write", "pipe:", &["error=EPIPE", "error=EIO"]),
    row("write", "", WRITE),
    row("pwrite64", "", WRITE),
    row("read", "UNIX", NEVER),
    row("read", "", READ),
    row("pread64", "", READ),
    row("fsync", "", SYNC),
    row("fdatasync", "", SYNC),
    row("ftruncate", "", &["error=EIO", "error=ENOSPC", "error=EDQUOT", "error=EINTR"]),
    row("fallocate", "", &["error=EIO", "error=ENOSPC", "error=EDQUOT", "error=EINTR"]),
    row("openat", "O_CREAT", &["error=ENOSPC", "error=EDQUOT", "error=EROFS", "error=EMFILE"]),
    row("openat", "", OPEN),
    row("open", "", OPEN),
    row("mkdir", "", NAME),
    row("rename", "", NAME),
    row("unlink", "", NAME),
    row("chmod", "", &["error=EIO", "error=EROFS", "error=EPERM"]),
    row("fchmod", "", &["error=EIO", "error=EROFS", "error=EPERM"]),
    row("fchown", "", &["error=EIO", "error=EROFS", "error=EPERM"]),
    row("statx", "", LOOK),
    row("newfstatat", "", LOOK),
    row("fstat", "", LOOK),
    row("access", "", LOOK),
    row("readlink", "", LOOK),
    row("getcwd", "", LOOK),
    row("lseek", "", NEVER),
    row("flock", "", &["error=ENOLCK", "error=EINTR", "error=EAGAIN"]),
    // Giving back exactly what was taken needs nothing, on a disk of this machine.
    row("fcntl", "F_UNLCK", NEVER),
    row("fcntl", "F_GETLK", &["error=ENOLCK"]),
    row("fcntl", "F_SETLK", &["error=ENOLCK", "error=EAGAIN"]),
    row("fcntl", "F_DUPFD", &["error=EMFILE"]),
    row("fcntl", "F_GETFD", NEVER),
    // A system without it, or a filter that hides it.
    row("getrandom", "", &["error=ENOSYS", "error=EINTR", "error=EPERM"]),
    row("socket", "", &["error=EMFILE", "error=ENFILE", "error=ENOBUFS", "error=EACCES"]),
    row("epoll_create1", "", &["error=EMFILE", "error=ENFILE", "error=ENOMEM"]),
    row("eventfd2", "", &["error=EMFILE", "error=ENFILE", "error=ENOMEM"]),
    // The first thing that tokio does, which panics where a program may open nothing at all.
    row("socketpair", "", NEVER),
    row("bind", "", &["error=EADDRINUSE", "error=EACCES", "error=ENOMEM"]),
    row("listen", "", &["error=EADDRINUSE"]),
    row(
        "accept4",
        "",
        &[
            "error=EMFILE",
            "error=ENFILE",
            "error=ENOBUFS",
            "error=ECONNABORTED",
            "error=EPERM",
            "delay_enter=200000",
        ],
    ),
    row("epoll_ctl", "EPOLL_CTL_DEL", &["error=ENOMEM"]),
    row("epoll_ctl", "", &["error=ENOMEM", "error=ENOSPC"]),
    row("setsockopt", "", MEMORY),
    row("getsockopt", "", MEMORY),
    row("getsockname", "", MEMORY),
    row("getpeername", "", MEMORY),
    row("shutdown", "", &["error=ENOTCONN"]),
    row(
        "recvfrom",
        "",
        &["error=ECONNRESET", "error=ETIMEDOUT", "error=ENOMEM", "retval=0", "delay_enter=200000"],
    ),
    row("writev", "", SEND),
    row("sendto", "", SEND),
    row("sendmsg", "", SEND),
];

/// What this call can come back with. Fails the test at a call that has no row: somebody has to
/// think about it first.
pub(super) fn faults_of(call: &Call) -> &'static [&'static str] {
    let fits = |row: &&Row| call.name == row.name && call.arguments.contains(row.with);
    ROWS.iter().find(fits).unwrap_or_else(|| panic!("no row for {call:?}")).faults
}

/// Calls with how manieth each is of its thread's and name's.
pub(super) fn numbered(calls: &[Call]) -> Vec<(usize, &Call)> {
    let nth = |(at, call): (usize, &Call)| {
        let same = |other: &&Call| other.thread == call.thread && other.name == call.name;
        calls.iter().take(at + 1).filter(same).count()
    };
    calls.iter().enumerate().map(|(at, call)| (nth((at, call)), call)).collect()
}

/// What a call is done to: the file or the kind of socket, and what lock.
pub(super) fn target(call: &Call) -> String {
    // A name follows the folder that it is looked up from, a socket the poll that it is put into.
    let second = call.arguments.starts_with("AT_FDCWD") || call.name == "epoll_ctl";
    let at = if second { 3 } else { 1 };
    let file = call.arguments.split(['<', '>', '"']).nth(at).unwrap_or_default();
    let file = file.rsplit('/').next().unwrap_or_default();
    let file = file.split(':').next().unwrap_or_default();
    let lock = call.arguments.split("l_type=").nth(1).unwrap_or_default();
    format!("{file} {lock}")
}
