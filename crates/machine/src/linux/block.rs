//! Volumes as block devices: files behind the kernel's loop devices (loop(4)), and file systems on them.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kogumo_base::Trouble;

/// linux/loop.h.
const LOOP_CTL_GET_FREE: libc::c_ulong = 0x4C82;
const LOOP_CONFIGURE: libc::c_ulong = 0x4C0A;
const LOOP_CLR_FD: libc::c_ulong = 0x4C01;
const LOOP_SET_CAPACITY: libc::c_ulong = 0x4C07;
const LO_FLAGS_AUTOCLEAR: u32 = 4;

/// How often another may take a free device before us.
const TRIES: u32 = 64;

/// How long a device stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Until nobody has it open or mounted.
    WhileUsed,
    /// Until it is detached.
    UntilDetached,
}

/// A loop device, held open.
pub struct Device {
    path: PathBuf,
    file: File,
}

#[repr(C)]
struct Info {
    device: u64,
    inode: u64,
    rdevice: u64,
    offset: u64,
    size_limit: u64,
    number: u32,
    encrypt_type: u32,
    encrypt_key_size: u32,
    flags: u32,
    file_name: [u8; 64],
    crypt_name: [u8; 64],
    encrypt_key: [u8; 32],
    init: [u64; 2],
}

#[repr(C)]
struct Config {
    fd: u32,
    block_size: u32,
    info: Info,
    reserved: [u64; 8],
}

impl Device {
    /// `/dev/loop3`
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its numbers.
    pub fn number(&self) -> Result<u64, Trouble> {
        let meta = self.file.metadata().map_err(|e| Trouble::from_cause("the device has gone", e))?;
        Ok(meta.rdev())
    }
}

/// Makes a block device of a file.
///
/// # Errors
/// The file cannot be opened, or the kernel has no loop devices.
pub fn attach(volume: &Path, hold: Hold) -> Result<Device, Trouble> {
    let failed = |e| Trouble::from_cause(format!("cannot make a device of {}", volume.display()), e);
    let backing = File::options().read(true).write(true).open(volume).map_err(failed)?;
    let control = File::options().read(true).write(true).open("/dev/loop-control").map_err(failed)?;
    let mut tries = 0;
    loop {
        let number = ioctl(control.as_raw_fd(), LOOP_CTL_GET_FREE, 0).map_err(failed)?;
        let path = PathBuf::from(format!("/dev/loop{number}"));
        make_node(&path, number)?;
        let file = File::options().read(true).write(true).open(&path).map_err(failed)?;
        match configure(&file, &backing, hold) {
            Ok(()) => return Ok(Device { path, file }),
            Err(e) if e.raw_os_error() == Some(libc::EBUSY) && tries < TRIES => tries += 1,
            Err(e) => return Err(failed(e)),
        }
    }
}

/// A device that is there.
///
/// # Errors
/// It has gone.
pub fn open(path: &Path) -> Result<Device, Trouble> {
    let file = File::options().read(true).write(true).open(path);
    let file = file.map_err(|e| Trouble::from_cause(format!("cannot open {}", path.display()), e))?;
    Ok(Device { path: path.to_owned(), file })
}

/// Where no udev makes device files (in a container), we do.
fn make_node(path: &Path, number: i32) -> Result<(), Trouble> {
    if path.exists() {
        return Ok(());
    }
    let device = rustix::fs::makedev(7, number.cast_unsigned());
    let mode = rustix::fs::Mode::from(0o660);
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::BlockDevice, mode, device)
        .map_err(|e| Trouble::from_cause(format!("cannot make {}", path.display()), e))
}

fn configure(device: &File, backing: &File, hold: Hold) -> std::io::Result<()> {
    let flags = if hold == Hold::WhileUsed { LO_FLAGS_AUTOCLEAR } else { 0 };
    let info = Info {
        device: 0,
        inode: 0,
        rdevice: 0,
        offset: 0,
        size_limit: 0,
        number: 0,
        encrypt_type: 0,
        encrypt_key_size: 0,
        flags,
        file_name: [0; 64],
        crypt_name: [0; 64],
        encrypt_key: [0; 32],
        init: [0; 2],
    };
    let config = Config { fd: backing.as_raw_fd().cast_unsigned(), block_size: 0, info, reserved: [0; 8] };
    ioctl(device.as_raw_fd(), LOOP_CONFIGURE, (&raw const config) as libc::c_ulong).map(drop)
}

fn ioctl(fd: RawFd, request: libc::c_ulong, argument: libc::c_ulong) -> std::io::Result<i32> {
    // SAFETY: the requests used here take a number, or a pointer to a `Config` that lives through the call.
    #[allow(unsafe_code)]
    let answer = unsafe { libc::ioctl(fd, request as libc::Ioctl, argument) };
    if answer < 0 { Err(std::io::Error::last_os_error()) } else { Ok(answer) }
}

/// The devices that are made of files below `folder`: the device and its file. One whose file has been replaced is nobody's
/// any more and goes with its last user.
pub fn attached_below(folder: &Path) -> Vec<(PathBuf, PathBuf)> {
    let entries = fs::read_dir("/sys/block").map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
    let one = |entry: &fs::DirEntry| {
        let backing = fs::read_to_string(entry.path().join("loop/backing_file")).ok()?;
        let backing = PathBuf::from(backing.trim_end());
        backing.starts_with(folder).then(|| (Path::new("/dev").join(entry.file_name()), backing))
    };
    entries.iter().filter_map(one).collect()
}

/// Takes a device away; while it is still mounted it goes when the last user does.
///
/// # Errors
/// The device cannot be opened or is none.
pub fn detach(device: &Path) -> Result<(), Trouble> {
    let failed = |e| Trouble::from_cause(format!("cannot detach {}", device.display()), e);
    let file = File::open(device).map_err(failed)?;
    match ioctl(file.as_raw_fd(), LOOP_CLR_FD, 0) {
        Err(e) if e.raw_os_error() != Some(libc::ENXIO) => Err(failed(e)),
        _ => Ok(()),
    }
}

/// Tells a device that its file has grown.
///
/// # Errors
/// The device cannot be opened or is none.
pub fn grown(device: &Path) -> Result<(), Trouble> {
    let failed = |e| Trouble::from_cause(format!("cannot resize {}", device.display()), e);
    let file = File::open(device).map_err(failed)?;
    ioctl(file.as_raw_fd(), LOOP_SET_CAPACITY, 0).map(drop).map_err(failed)
}

/// Makes an empty volume of `bytes`. It takes no space until it is written to.
///
/// # Errors
/// The file cannot be made.
pub fn create(volume: &Path, bytes: u64) -> Result<(), Trouble> {
    let failed = |e| Trouble::from_cause(format!("cannot make {}", volume.display()), e);
    if let Some(folder) = volume.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    File::options()
        .create(true)
        .write(true)
        .truncate(true)
        .open(volume)
        .and_then(|file| file.set_len(bytes))
        .map_err(failed)
}

/// Makes a file system on a root volume.
///
/// # Errors
/// This machine has no mkfs.ext4, or it failed.
pub fn format(volume: &Path) -> Result<(), Trouble> {
    // Without a journal: a machine that is killed keeps what the kernel has, and the host's file system has its own.
    let options = ["-q", "-F", "-O", "^has_journal", "-m", "0", "-E", "lazy_itable_init=1,nodiscard"];
    run(program("mkfs.ext4")?, &options.map(str::as_ref), volume)
}

/// Lets the file system of a root volume fill it, if it does not: a file, or a device that is not mounted.
///
/// # Errors
/// This machine has no resize2fs, or it failed.
pub fn fill(volume: &Path) -> Result<(), Trouble> {
    let failed = |e| Trouble::from_cause(format!("cannot read {}", volume.display()), e);
    let mut file = File::open(volume).map_err(failed)?;
    let room = file.seek(SeekFrom::End(0)).map_err(failed)?;
    let mut superblock = [0; 1024];
    file.read_exact_at(&mut superblock, 1024).map_err(failed)?;
    if ext4_bytes(&superblock).is_none_or(|bytes| bytes >= room) {
        return Ok(());
    }
    // Forced: it wants the file system checked first, of which this is a copy that was taken while it stood still.
    run(program("resize2fs")?, &["-f".as_ref()], volume)
}

/// How large an ext4 file system is, by its superblock (the kernel's filesystems/ext4/super.rst).
fn ext4_bytes(superblock: &[u8; 1024]) -> Option<u64> {
    let number = |at: usize| Some(u32::from_le_bytes(*superblock.get(at..)?.first_chunk()?));
    let magic = superblock.get(0x38..0x3a)? == [0x53, 0xef];
    let blocks = u64::from(number(0x04)?) | u64::from(number(0x150)?) << 32;
    let size = 1024_u64.checked_shl(number(0x18)?)?;
    magic.then(|| blocks.checked_mul(size)).flatten()
}

fn run(program: PathBuf, options: &[&std::ffi::OsStr], volume: &Path) -> Result<(), Trouble> {
    let name = program.display().to_string();
    let output = Command::new(program).args(options).arg(volume).stdin(Stdio::null()).output();
    let output = output.map_err(|e| Trouble::from_cause(format!("cannot run {name}"), e))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Trouble::new(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

/// A program of the host's, also where the path of an unprivileged user does not lead.
pub(crate) fn program(name: &str) -> Result<PathBuf, Trouble> {
    let path = std::env::var("PATH").unwrap_or_default();
    let places = path.split(':').chain(["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/local/bin"]);
    let mut found = places.filter(|place| !place.is_empty()).map(|place| Path::new(place).join(name));
    found.find(|path| path.is_file()).ok_or_else(|| Trouble::new(format!("this machine has no {name}")))
}
