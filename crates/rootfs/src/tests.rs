//! Archives as people make them, and as nobody should.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};
use tar::{Builder, EntryType, Header};

use super::{Summary, unpack};

/// An entry: its path as it stands in the header, its kind, what it links to, its content.
type One<'a> = (&'a str, EntryType, &'a str, &'a [u8]);

fn tar(entries: &[One]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, kind, link, content) in entries {
        let mut header = Header::new_gnu();
        // As a stranger writes it: the crate's own setters refuse what these tests are about.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1);
        header.set_cksum();
        builder.append(&header, *content).expect("an entry");
    }
    builder.into_inner().expect("a tar")
}

fn file<'a>(path: &'a str, content: &'a str) -> One<'a> {
    (path, EntryType::Regular, "", content.as_bytes())
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("kogumo-rootfs-{}-{name}", std::process::id()));
    let _from_before = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Unpacks beside a file that nobody may touch, and tells whether that is so.
fn try_it(name: &str, bytes: &[u8]) -> (PathBuf, Result<Summary, String>) {
    let base = folder(name);
    fs::write(base.join("outside"), "untouched").expect("a file");
    let into = base.join("image");
    let done = unpack(bytes, &into).map_err(|trouble| trouble.to_string());
    assert_eq!(fs::read_to_string(base.join("outside")).expect("a file"), "untouched", "{name}");
    let left: Vec<_> = fs::read_dir(&base).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 1 + usize::from(done.is_ok()), "{name}: {left:?}");
    (into, done)
}

#[test]
fn a_tar_becomes_a_folder() {
    let bytes = tar(&[
        ("./", EntryType::Directory, "", b""),
        ("./etc/", EntryType::Directory, "", b""),
        file("./etc/os-release", "ID=test\n"),
        ("./usr/bin", EntryType::Directory, "", b""),
        ("./bin", EntryType::Symlink, "usr/bin", b""),
        // Through the link, as in every distribution of today.
        file("./bin/sh", "#!"),
        ("./bin/ash", EntryType::Link, "./usr/bin/sh", b""),
        ("./run/pipe", EntryType::Fifo, "", b""),
        ("./dev/sda", EntryType::Block, "", b""),
        ("./etc/mtab", EntryType::Symlink, "/proc/mounts", b""),
    ]);
    let (into, done) = try_it("plain", &bytes);
    assert_eq!(done.expect("unpacked"), Summary { entries: 10, bytes: 10, devices: 1, layers: 0 });
    assert_eq!(fs::read_to_string(into.join("usr/bin/ash")).expect("a file"), "#!");
    assert_eq!(fs::metadata(into.join("usr/bin/sh")).expect("a file").nlink(), 2);
    assert_eq!(fs::metadata(into.join("usr/bin/sh")).expect("a file").permissions().mode() & 0o7777, 0o755);
    assert_eq!(fs::read_link(into.join("etc/mtab")).expect("a link"), Path::new("/proc/mounts"));
    assert!(fs::metadata(into.join("run/pipe")).expect("a pipe").file_type().is_fifo());
    assert!(!into.join("dev/sda").exists());
}

#[test]
fn compressed_ones_too() {
    let bytes = tar(&[file("etc/a", "1")]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&bytes).expect("room");
    let zstd = ruzstd::encoding::compress_to_vec(bytes.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
    for (name, bytes) in [("gzip", gzip.finish().expect("gzip")), ("zstd", zstd)] {
        let (into, done) = try_it(name, &bytes);
        done.expect(name);
        assert_eq!(fs::read_to_string(into.join("etc/a")).expect("a file"), "1");
    }
}

#[test]
fn nothing_leads_out() {
    let link = |name: &'static str, to: &'static str| (name, EntryType::Symlink, to, &b""[..]);
    let refused: [(&str, Vec<One>); 6] = [
        ("climbs", vec![file("etc/a", "1"), file("../outside", "x")]),
        ("climbs inside", vec![file("etc/../../outside", "x")]),
        ("hard link out", vec![file("etc/a", "1"), ("etc/b", EntryType::Link, "../outside", b"")]),
        ("hard link to nothing", vec![("etc/b", EntryType::Link, "/etc/shadow", b"")]),
        (
            "through a link out",
            vec![link("etc", "../.."), file("etc/outside/x", "x"), file("etc", "x"), file("../o", "")],
        ),
        ("nothing in it", vec![file("readme", "hello")]),
    ];
    for (name, entries) in refused {
        assert!(try_it(&name.replace(' ', "-"), &tar(&entries)).1.is_err(), "{name}");
    }
    // These are harmless: the links lead to places inside.
    let entries = [
        link("usr", "/"),
        file("usr/outside", "x"),
        link("up", "../../../.."),
        file("up/outside", "y"),
        file("etc/a", ""),
    ];
    let (into, done) = try_it("harmless", &tar(&entries));
    done.expect("unpacked");
    assert_eq!(fs::read_to_string(into.join("outside")).expect("a file"), "y");
}

#[test]
fn what_is_no_archive_is_said_to_be_none() {
    for (name, bytes) in
        [("empty", &b""[..]), ("text", b"hello"), ("zeros", &[0; 4096]), ("noise", &[0x1f, 0x8b, 1, 2, 3, 4, 5])]
    {
        assert!(try_it(name, bytes).1.is_err(), "{name}");
    }
    let mut cut = tar(&[file("etc/a", &"a".repeat(4000))]);
    cut.truncate(2000);
    let (_, done) = try_it("cut", &cut);
    assert!(done.expect_err("cut").contains("broke off"));
}

#[test]
fn a_name_may_not_eat_the_memory() {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::GNULongName);
    header.set_size(1 << 33);
    header.set_cksum();
    let done = try_it("long-name", header.as_bytes()).1;
    assert!(done.expect_err("too long").contains("1 MiB"));
}

fn blob(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An OCI layout as a tar; the last layer may be another than its digest says.
fn layout(layers: &[Vec<u8>], spoilt: bool) -> Vec<u8> {
    let mut files: Vec<(String, Vec<u8>)> = vec![("oci-layout".into(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec())];
    let descriptor = |kind: &str, bytes: &[u8]| {
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"sha256:{}","size":{}}}"#,
            blob(bytes),
            bytes.len()
        )
    };
    let config = b"{}".to_vec();
    let list: Vec<String> = layers.iter().map(|layer| descriptor("layer.v1.tar", layer)).collect();
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[{}]}}"#,
        descriptor("config.v1+json", &config),
        list.join(",")
    )
    .into_bytes();
    let index = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, descriptor("manifest.v1+json", &manifest));
    for bytes in layers.iter().chain([&config, &manifest]) {
        files.push((format!("blobs/sha256/{}", blob(bytes)), bytes.clone()));
    }
    if spoilt && let Some((_, bytes)) = files.get_mut(1) {
        bytes.push(0);
    }
    files.push(("index.json".into(), index.into_bytes()));
    let entries: Vec<One> =
        files.iter().map(|(path, bytes)| (path.as_str(), EntryType::Regular, "", bytes.as_slice())).collect();
    tar(&entries)
}

#[test]
fn layers_lie_on_each_other() {
    let base = tar(&[file("etc/gone", "1"), file("etc/kept", "1"), file("var/old/a", "1"), file("etc/changed", "1")]);
    let next = tar(&[
        file("etc/.wh.gone", ""),
        file("var/old/new", "2"),
        // It means the layers below, though it comes after a file of its own layer.
        file("var/old/.wh..wh..opq", ""),
        file("etc/changed", "2"),
    ]);
    let nothing = tar(&[]);
    let (into, done) = try_it("layers", &layout(&[base.clone(), next, nothing], false));
    assert_eq!(done.expect("unpacked").layers, 3);
    let has = |path: &str| into.join(path).exists();
    assert_eq!((has("etc/gone"), has("etc/kept"), has("var/old/a"), has("var/old/new")), (false, true, false, true));
    assert_eq!(fs::read_to_string(into.join("etc/changed")).expect("a file"), "2");
    let (_, spoilt) = try_it("spoilt", &layout(&[base], true));
    assert!(spoilt.expect_err("spoilt").contains("not what its digest says"));
}

#[test]
fn a_whiteout_removes_nothing_outside() {
    let base = tar(&[file("etc/a", "1"), ("out", EntryType::Symlink, "/../../..", b"")]);
    let next = tar(&[file("out/.wh.outside", ""), file("etc/.wh...", "")]);
    assert!(try_it("whiteouts", &layout(&[base, next], false)).1.is_err());
}

#[test]
fn docker_saves_a_list_of_layers() {
    let layer = tar(&[file("etc/a", "1")]);
    let manifest = br#"[{"Config":"c.json","RepoTags":["a:latest"],"Layers":["l/layer.tar"]}]"#;
    let bytes = tar(&[
        ("l/layer.tar", EntryType::Regular, "", &layer),
        ("manifest.json", EntryType::Regular, "", manifest),
        file("c.json", "{}"),
    ]);
    let (into, done) = try_it("docker", &bytes);
    assert_eq!(done.expect("unpacked").layers, 1);
    assert!(into.join("etc/a").exists());
}
