//! Both sessions, and with them the codecs and the words, in a program without std. That it links is
//! all that it is for.

#![no_std]

extern crate alloc;

use core::{
    alloc::{GlobalAlloc, Layout},
    panic::PanicInfo,
    ptr, slice,
    time::Duration,
};

use kazasu_hal::{Fault, Mono, Polling};
use kazasu_link::{Input, Session};
use kazasu_wire::felica;

/// A microcontroller brings its own.
struct NoMemory;

// SAFETY: a null pointer says that there is none.
unsafe impl GlobalAlloc for NoMemory {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static MEMORY: NoMemory = NoMemory;

#[panic_handler]
fn panicked(_: &PanicInfo<'_>) -> ! {
    loop {}
}

fn run(mut session: impl Session, bytes: &[u8]) -> Result<usize, Fault> {
    session.handle(Mono(Duration::from_millis(1)), Input::Bytes(bytes))?;
    let mut count = 0;
    while session.poll_output().is_some() {
        count += 1;
    }
    Ok(count)
}

/// How much the sessions want done behind these bytes.
///
/// # Safety
/// `bytes` points to `count` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kazasu_run(bytes: *const u8, count: usize) -> usize {
    // SAFETY: whoever calls it says so.
    let bytes = unsafe { slice::from_raw_parts(bytes, count) };
    let now = Mono::default();
    let pn532 = run(kazasu_pn532::Session::new(now, &kazasu_pn532::Settings::default()), bytes);
    let rcs380 = run(kazasu_rcs380::Session::new(now, Polling::Normal), bytes);
    let card = usize::from(felica::PollingAnswer::decode(bytes).is_ok());
    pn532.unwrap_or_default() + rcs380.unwrap_or_default() + card
}
