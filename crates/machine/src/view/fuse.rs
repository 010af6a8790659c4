//! As much of FUSE's protocol (linux/fuse.h, version 7.31) as one file in a few folders takes: what the kernel asks, and
//! how it is answered. A library for all of it weighs more than the rest of this crate.

use std::fs::File;
use std::io::{self, Write};

/// So many bytes the kernel may write, or read, at once.
pub(super) const LARGEST: usize = 1 << 20;
/// A request's head, the head of a write, and what it writes.
pub(super) const BUFFER: usize = LARGEST + 4096;
/// The number of the folder at which the file system is mounted.
pub(super) const ROOT: u64 = 1;

const HEAD: usize = 40;
const VERSION: (u32, u32) = (7, 31);
/// `FUSE_ASYNC_READ`, `FUSE_BIG_WRITES`, `FUSE_MAX_PAGES`.
const FLAGS: u32 = 1 | 1 << 5 | 1 << 22;
const PAGE: usize = 4096;
/// `FOPEN_DIRECT_IO`: the loop device above has a cache of its own.
const DIRECT: u32 = 1;
/// `FUSE_NOTIFY_DELETE`.
const NOTIFY_DELETE: i32 = 6;

/// What the kernel asks.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ask<'a> {
    Init,
    Lookup(&'a [u8]),
    Attributes,
    Open,
    Read {
        at: u64,
        length: usize,
    },
    Write {
        at: u64,
        bytes: &'a [u8],
    },
    Sync,
    Punch {
        at: u64,
        length: u64,
    },
    /// It is told that it is done.
    Nothing,
    /// It wants no answer.
    Silence,
    Other,
}

/// A request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request<'a> {
    pub unique: u64,
    pub node: u64,
    pub ask: Ask<'a>,
}

/// Reads a request; `None` for one that is cut off.
pub(super) fn parse(bytes: &[u8]) -> Option<Request<'_>> {
    let (opcode, unique, node) = (u32_at(bytes, 4)?, u64_at(bytes, 8)?, u64_at(bytes, 16)?);
    let body = bytes.get(HEAD..)?;
    let size = |at| Some(usize::try_from(u32_at(body, at)?).ok()?.min(LARGEST));
    let ask = match opcode {
        1 => Ask::Lookup(body.strip_suffix(&[0]).unwrap_or(body)),
        // FORGET, INTERRUPT, BATCH_FORGET
        2 | 36 | 42 => Ask::Silence,
        3 => Ask::Attributes,
        // OPEN, OPENDIR
        14 | 27 => Ask::Open,
        15 => Ask::Read { at: u64_at(body, 8)?, length: size(16)? },
        16 => Ask::Write { at: u64_at(body, 8)?, bytes: body.get(40..40 + size(16)?)? },
        20 => Ask::Sync,
        // FLUSH, RELEASE, RELEASEDIR, ACCESS, DESTROY
        18 | 25 | 29 | 34 | 38 => Ask::Nothing,
        26 => Ask::Init,
        // FALLOCATE with FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, and ZERO_RANGE in the latter's place.
        43 if matches!(u32_at(body, 24)?, 0x03 | 0x11) => {
            Ask::Punch { at: u64_at(body, 8)?, length: u64_at(body, 16)? }
        }
        _ => Ask::Other,
    };
    Some(Request { unique, node, ask })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Folder,
    File { size: u64 },
}

/// An answer's bytes behind its head.
#[derive(Default)]
pub(super) struct Answer(Vec<u8>);

impl Answer {
    pub fn init() -> Answer {
        let pages = u32::try_from(LARGEST / PAGE).unwrap_or_default();
        let largest = u32::try_from(LARGEST).unwrap_or_default();
        // Background requests and their congestion threshold, both 16 bits wide.
        let background = 64 | 48 << 16;
        Answer::default().u32s(&[VERSION.0, VERSION.1, largest, FLAGS, background, largest, 1, pages]).u32s(&[0; 8])
    }

    /// A name's node, which stays what it is.
    pub fn entry(number: u64, node: Node) -> Answer {
        Answer::default().u64s(&[number, 0, u64::MAX, 0]).u32s(&[0, 0]).attributes(number, node)
    }

    /// A node's attributes, as they are now.
    pub fn node(number: u64, node: Node) -> Answer {
        Answer::default().u64s(&[0]).u32s(&[0, 0]).attributes(number, node)
    }

    pub fn open() -> Answer {
        Answer::default().u64s(&[0]).u32s(&[DIRECT, 0])
    }

    pub fn written(count: usize) -> Answer {
        Answer::default().u32s(&[u32::try_from(count).unwrap_or(u32::MAX), 0])
    }

    pub fn bytes(bytes: Vec<u8>) -> Answer {
        Answer(bytes)
    }

    fn u32s(mut self, numbers: &[u32]) -> Answer {
        numbers.iter().for_each(|number| self.0.extend(number.to_ne_bytes()));
        self
    }

    fn u64s(mut self, numbers: &[u64]) -> Answer {
        numbers.iter().for_each(|number| self.0.extend(number.to_ne_bytes()));
        self
    }

    /// `struct fuse_attr`
    fn attributes(self, number: u64, node: Node) -> Answer {
        let (mode, links, size) = match node {
            Node::Folder => (libc::S_IFDIR | 0o700, 2, 0),
            Node::File { size } => (libc::S_IFREG | 0o600, 1, size),
        };
        self.u64s(&[number, size, size.div_ceil(512), 0, 0, 0]).u32s(&[0, 0, 0, mode, links, 0, 0, 0, PAGE as u32, 0])
    }
}

/// Answers a request; an error is its number.
pub(super) fn answer(mut kernel: &File, unique: u64, answer: Result<Answer, i32>) -> io::Result<()> {
    let (error, body) = match answer {
        Ok(answer) => (0, answer.0),
        Err(number) => (-number, Vec::new()),
    };
    send(&mut kernel, error, unique, &body)
}

/// Tells the kernel that a name is no more, though whoever has the file open goes on with it.
pub(super) fn deleted(mut kernel: &File, folder: u64, node: u64, name: &[u8]) -> io::Result<()> {
    let length = u32::try_from(name.len()).unwrap_or_default();
    let mut body = Answer::default().u64s(&[folder, node]).u32s(&[length, 0]).0;
    body.extend(name);
    body.push(0);
    send(&mut kernel, NOTIFY_DELETE, 0, &body)
}

fn send(kernel: &mut &File, error: i32, unique: u64, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(16 + body.len()).unwrap_or(u32::MAX);
    let mut message = Vec::with_capacity(16 + body.len());
    message.extend(length.to_ne_bytes());
    message.extend(error.to_ne_bytes());
    message.extend(unique.to_ne_bytes());
    message.extend(body);
    // The kernel takes an answer whole or not at all.
    kernel.write_all(&message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(opcode: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(u32::try_from(HEAD + body.len()).expect("short").to_ne_bytes());
        bytes.extend(opcode.to_ne_bytes());
        bytes.extend(9_u64.to_ne_bytes());
        bytes.extend(2_u64.to_ne_bytes());
        bytes.extend([0; 16]);
        bytes.extend(body);
        bytes
    }

    #[test]
    fn requests_are_read() {
        let ask = |opcode, body: &[u8]| {
            let bytes = request(opcode, body);
            let read = parse(&bytes).map(|request| (request.unique, request.node, format!("{:?}", request.ask)));
            read.map(|(unique, node, ask)| (unique + node, ask))
        };
        assert_eq!(ask(1, b"tmp\0"), Some((11, format!("{:?}", Ask::Lookup(b"tmp")))));
        let body = Answer::default().u64s(&[0, 512]).u32s(&[5, 0]).u64s(&[0]).u32s(&[0, 0]).0;
        assert_eq!(ask(15, &body), Some((11, "Read { at: 512, length: 5 }".into())));
        let write = [body, b"bytes".to_vec()].concat();
        assert_eq!(ask(16, &write), Some((11, format!("{:?}", Ask::Write { at: 512, bytes: b"bytes" }))));
        // Cut off.
        assert_eq!(ask(16, &write[..44]), None);
        assert_eq!(ask(99, &[]), Some((11, "Other".into())));
    }

    #[test]
    fn answers_have_the_kernels_lengths() {
        let file = Node::File { size: 1 };
        assert_eq!((Answer::init().0.len(), Answer::entry(2, file).0.len()), (64, 128));
        assert_eq!((Answer::node(2, file).0.len(), Answer::open().0.len(), Answer::written(1).0.len()), (104, 16, 8));
    }
}
