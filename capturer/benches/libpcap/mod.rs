//! libpcap's user-space BPF, where it is installed, to be timed beside ours. It is loaded while running and never linked.
#![expect(unsafe_code, reason = "calls into a C library")]

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;

use libloading::{Library, Symbol};

/// pcap(3PCAP): `DLT_EN10MB`.
const ETHERNET: c_int = 1;
const WHOLE_FRAMES: c_int = 262_144;
const ANY_NETMASK: u32 = u32::MAX;

/// `struct bpf_program`.
#[repr(C)]
struct Program {
    len: u32,
    instructions: *mut c_void,
}

/// `struct pcap_pkthdr`.
#[repr(C)]
struct Header {
    seconds: i64,
    microseconds: i64,
    captured_len: u32,
    wire_len: u32,
}

type OfflineFilter = unsafe extern "C" fn(*const Program, *const Header, *const u8) -> c_int;

/// A filter that libpcap compiled.
pub struct Filter {
    program: Program,
    ask: OfflineFilter,
    _library: Library,
}

impl Filter {
    /// `None` where libpcap isn't installed or doesn't take the filter.
    pub fn compile(text: &str) -> Option<Self> {
        let text = CString::new(text).ok()?;
        // SAFETY: libpcap's initialisers do nothing but set it up; its functions have these signatures, pcap(3PCAP),
        // and the handle is closed after its last use. A compiled program needs no handle.
        unsafe {
            let library = Library::new("libpcap.so.0.8").ok()?;
            let open: Symbol<'_, unsafe extern "C" fn(c_int, c_int) -> *mut c_void> =
                library.get(b"pcap_open_dead").ok()?;
            let compile: Symbol<
                '_,
                unsafe extern "C" fn(*mut c_void, *mut Program, *const c_char, c_int, u32) -> c_int,
            > = library.get(b"pcap_compile").ok()?;
            let close: Symbol<'_, unsafe extern "C" fn(*mut c_void)> = library.get(b"pcap_close").ok()?;
            let ask = *library.get::<OfflineFilter>(b"pcap_offline_filter").ok()?;
            let handle = open(ETHERNET, WHOLE_FRAMES);
            let mut program = Program { len: 0, instructions: ptr::null_mut() };
            let done = compile(handle, &raw mut program, text.as_ptr(), 1, ANY_NETMASK);
            close(handle);
            (done == 0).then_some(Self { program, ask, _library: library })
        }
    }

    /// Whether a frame that was captured whole passes.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        let len = bytes.len() as u32;
        let header = Header { seconds: 0, microseconds: 0, captured_len: len, wire_len: len };
        // SAFETY: program and library live as long as self, and `bytes` has as many bytes as the header says.
        unsafe { (self.ask)(&raw const self.program, &raw const header, bytes.as_ptr()) != 0 }
    }
}
