//! What is imported, as one stream: a file as it is, a folder as a tar that is made while it is sent.

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use hyper::body::Bytes;
use kogumo_base::Trouble;
use tokio::sync::mpsc;

use super::debootstrap::Made;

/// Bytes at once.
const CHUNK: usize = 256 << 10;
/// Chunks that wait for the cloud.
const AHEAD: usize = 8;

/// The chunks of a body; an error ends it.
pub type Chunks = mpsc::Receiver<io::Result<Bytes>>;

pub enum Source {
    File(File),
    Folder(PathBuf),
    /// A folder that goes with this.
    Made(Made),
}

impl Source {
    /// # Errors
    /// There is nothing of that name, or it cannot be read.
    pub fn open(path: &Path) -> Result<Source, Trouble> {
        let failed = |e| Trouble::from_cause(format!("cannot read {}", path.display()), e);
        let meta = fs::metadata(path).map_err(failed)?;
        if meta.is_dir() {
            fs::read_dir(path).map_err(failed)?;
            return Ok(Source::Folder(path.to_owned()));
        }
        File::open(path).map(Source::File).map_err(failed)
    }

    /// A thread reads it, as fast as the cloud takes it.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn stream(self) -> Result<Chunks, Trouble> {
        let (sender, chunks) = mpsc::channel(AHEAD);
        let read = move || {
            let mut out = BufWriter::with_capacity(CHUNK, Sender(sender.clone()));
            let done = match self {
                Source::File(mut file) => io::copy(&mut file, &mut out).map(drop),
                Source::Folder(folder) => pack(&folder, &mut out),
                Source::Made(made) => pack(made.path(), &mut out),
            };
            if let Err(error) = done.and_then(|()| out.flush()) {
                let _cloud_gone = sender.blocking_send(Err(error));
            }
        };
        std::thread::Builder::new().spawn(read).map_err(|e| Trouble::from_cause("no thread", e))?;
        Ok(chunks)
    }
}

struct Sender(mpsc::Sender<io::Result<Bytes>>);

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::Error::other("the cloud has stopped to listen"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A folder as a tar: links as links, owners as numbers; of what is mounted in it (`/proc`), only the place.
fn pack(folder: &Path, out: &mut dyn Write) -> io::Result<()> {
    let mut tar = tar::Builder::new(out);
    tar.follow_symlinks(false);
    let disk = fs::metadata(folder)?.dev();
    let mut waiting = vec![PathBuf::new()];
    while let Some(below) = waiting.pop() {
        let mut entries: Vec<_> = fs::read_dir(folder.join(&below))?.collect::<io::Result<_>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = below.join(entry.file_name());
            let meta = fs::symlink_metadata(entry.path())?;
            if !has_place(&meta) {
                continue;
            }
            tar.append_path_with_name(entry.path(), &name)?;
            if meta.is_dir() && meta.dev() == disk {
                waiting.push(name);
            }
        }
    }
    tar.finish()
}

/// A socket means nothing without the program that listens at it; a machine has devices of its own.
fn has_place(meta: &Metadata) -> bool {
    let kind = meta.file_type();
    !kind.is_socket() && !kind.is_block_device() && !kind.is_char_device()
}
