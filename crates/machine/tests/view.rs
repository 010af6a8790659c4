//! Encrypted volumes on the real kernel: what a device shows, and what lies in the file below it.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kogumo_machine::linux::{block, copy};
use kogumo_machine::view;

const SIZE: u64 = 64 << 20;

/// None where there is no FUSE; it says so.
fn volume(name: &str) -> Option<(PathBuf, PathBuf)> {
    if !Path::new("/dev/fuse").exists() || !Path::new("/dev/loop-control").exists() || !is_root() {
        eprintln!("SKIPPED: encrypted volumes need root, /dev/fuse and loop devices");
        return None;
    }
    let folder = std::env::temp_dir().join(format!("kogumo-view-{name}-{}", std::process::id()));
    let file = folder.join("vol-1.img");
    block::create(&file, SIZE).expect("a volume");
    Some((folder, file))
}

fn is_root() -> bool {
    fs::read_to_string("/proc/self/status").unwrap_or_default().contains("\nUid:\t0\t0")
}

fn attach(file: &Path) -> PathBuf {
    let key: Vec<u8> = (0..64).collect();
    view::attach(Path::new(env!("CARGO_BIN_EXE_kogumo-machine-keeper")), file, &key).expect("a device")
}

/// The processes that show a volume.
fn views(file: &Path) -> usize {
    let commands = fs::read_dir("/proc").expect("processes").flatten();
    let commands = commands.filter_map(|process| fs::read_to_string(process.path().join("cmdline")).ok());
    commands.filter(|line| line.contains("volume-view") && line.contains(&*file.to_string_lossy())).count()
}

fn eventually(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn size(device: &Path) -> u64 {
    let sectors = Path::new("/sys/block").join(device.file_name().expect("a name")).join("size");
    fs::read_to_string(sectors).expect("a size").trim().parse::<u64>().expect("a number") * 512
}

#[test]
fn a_device_shows_what_its_file_hides() {
    let Some((folder, file)) = volume("shown") else { return };
    let device = attach(&file);
    assert_eq!(block::attached_below(&file), [(device.clone(), file.clone())]);
    assert_eq!(size(&device), SIZE);
    let text = [b'k'; 8192];
    {
        let opened = File::options().read(true).write(true).open(&device).expect("a device");
        opened.write_all_at(&text, 1 << 20).expect("written");
        opened.sync_all().expect("kept");
    }
    let mut raw = vec![0; 8192];
    File::open(&file).expect("a file").read_exact_at(&mut raw, 1 << 20).expect("read");
    assert!(raw != [0; 8192] && !raw.windows(16).any(|window| window == [b'k'; 16]));
    // Sparse where nothing was written.
    assert!(std::os::unix::fs::MetadataExt::blocks(&fs::metadata(&file).expect("a file")) * 512 < SIZE / 4);
    // It grows with the file.
    File::options().write(true).open(&file).and_then(|file| file.set_len(2 * SIZE)).expect("room");
    block::grown(&device).expect("grown");
    assert_eq!(size(&device), 2 * SIZE);
    block::detach(&device).expect("detached");
    eventually("the view ends", || views(&file) == 0);
    // Another view of it reads what the first one wrote.
    let device = attach(&file);
    let mut read = vec![0; 8192];
    File::open(&device).expect("a device").read_exact_at(&mut read, 1 << 20).expect("read");
    assert_eq!(read, text);
    block::detach(&device).expect("detached");
    eventually("the view ends", || views(&file) == 0);
    fs::remove_dir_all(folder).expect("gone");
}

#[test]
fn a_volume_is_torn_away() {
    let Some((folder, file)) = volume("torn") else { return };
    let device = attach(&file);
    let held = File::options().read(true).write(true).open(&device).expect("a device");
    held.write_all_at(&[b'a'; 4096], 0).expect("written");
    held.sync_all().expect("kept");
    copy::copy(&file, &file).expect("a copy in its place");
    block::grown(&device).expect("looked at");
    // Whoever still holds the device has nothing of the volume any more.
    eventually("the device is nobody's", || block::attached_below(&file).is_empty());
    held.write_all_at(&[b'b'; 4096], 0).expect("written");
    held.sync_all().expect("kept");
    let again = attach(&file);
    let mut read = vec![0; 4096];
    File::open(&again).expect("a device").read_exact_at(&mut read, 0).expect("read");
    assert_eq!(read, [b'a'; 4096]);
    for device in [&device, &again] {
        block::detach(device).expect("detached");
    }
    drop(held);
    eventually("the views end", || views(&file) == 0);
    fs::remove_dir_all(folder).expect("gone");
}
