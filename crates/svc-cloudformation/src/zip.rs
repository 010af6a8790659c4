//! A zip file of a few small texts, stored as they are: what inline code of functions is packed into.
//! Format: PKWARE's APPNOTE, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (end).

/// 1980-01-01, the earliest date zip files know: the same code makes the same archive.
const DATE: u16 = 0x21;
/// A regular file that everybody may read, as Unix has it.
const MODE: u32 = 0o100_644 << 16;

/// Packs files, given as name and text. Names are plain; all of it has to stay below 4 GiB.
pub fn pack(files: &[(&str, &str)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let offset = length(&bytes);
        let mut entry = Vec::new();
        // Version needed 2.0, UTF-8 names, stored, time, date.
        for number in [20, 0x800, 0, 0, DATE] {
            entry.extend_from_slice(&number.to_le_bytes());
        }
        let size = length(text.as_bytes());
        for number in [crc32(text.as_bytes()), size, size] {
            entry.extend_from_slice(&number.to_le_bytes());
        }
        entry.extend_from_slice(&u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
        entry.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(b"PK\x03\x04");
        bytes.extend_from_slice(&entry);
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(text.as_bytes());
        // Made by Unix; then the same facts, no comment, one disk, no attributes but the mode.
        directory.extend_from_slice(b"PK\x01\x02\x14\x03");
        directory.extend_from_slice(&entry);
        directory.extend_from_slice(&[0; 6]);
        directory.extend_from_slice(&MODE.to_le_bytes());
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let count = u16::try_from(files.len()).unwrap_or(u16::MAX).to_le_bytes();
    let offset = length(&bytes);
    bytes.extend_from_slice(&directory);
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    bytes.extend_from_slice(&count);
    bytes.extend_from_slice(&count);
    bytes.extend_from_slice(&length(&directory).to_le_bytes());
    bytes.extend_from_slice(&offset.to_le_bytes());
    bytes.extend_from_slice(&[0, 0]);
    bytes
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// CRC-32 as zip has it (polynomial 0xEDB88320, reflected).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_of_the_standard_check() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn python_can_read_it() {
        let path = std::env::temp_dir().join(format!("kogumo-zip-{}.zip", kogumo_base::uuid()));
        std::fs::write(&path, pack(&[("index.py", "print('こんにちは')\n"), ("b.txt", "")])).expect("written");
        let script = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(z.namelist(), z.read('index.py').decode())";
        let out = std::process::Command::new("python3").args(["-c", script]).arg(&path).output().expect("python3");
        let _ = std::fs::remove_file(&path);
        assert_eq!(String::from_utf8_lossy(&out.stdout), "['index.py', 'b.txt'] print('こんにちは')\n\n");
    }
}
