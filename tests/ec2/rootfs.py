"""A small root file system for tests: this machine's own programs, with the libraries that they need and nothing else."""

import hashlib
import io
import json
import pathlib
import re
import shutil
import subprocess
import tarfile

PROGRAMS = ["/bin/bash", "/bin/cat", "/bin/ls", "/bin/uname", "/usr/bin/id", "/usr/sbin/sshd"]
SSHD = "UsePAM no\nPasswordAuthentication no\nSubsystem sftp internal-sftp\n"
# PrivSep needs its user; people log in as those that the machine makes.
PASSWD = "root:x:0:0:root:/root:/bin/bash\nsshd:x:101:65534::/run/sshd:/usr/sbin/nologin\nnobody:x:65534:65534::/:/usr/sbin/nologin\n"


def libraries(program):
    listed = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    return set(re.findall(r"(/\S+) \(0x", listed))


def make(folder: pathlib.Path, marker: str):
    """A root file system that sshd runs in, in that folder."""
    for name in ("etc/ssh", "root", "tmp", "home", "var/log", "run", "proc", "sys", "dev", "usr/bin", "usr/sbin", "usr/lib"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for link in ("bin", "sbin", "lib", "lib64"):
        target = "usr/lib" if link.startswith("lib") else f"usr/{link}"
        (folder / link).symlink_to(target)
    for program in PROGRAMS:
        place = "usr/sbin" if "sbin" in program else "usr/bin"
        shutil.copy(program, folder / place)
        for library in libraries(program):
            there = folder / ("usr/lib/" + pathlib.Path(library).name)
            if not there.exists():
                shutil.copy(library, there)
    (folder / "usr/bin/sh").symlink_to("bash")
    (folder / "etc/passwd").write_text(PASSWD)
    (folder / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n")
    (folder / "etc/ssh/sshd_config").write_text(SSHD)
    (folder / "etc/marker").write_text(marker)
    return folder


def tar(folder: pathlib.Path, file: pathlib.Path):
    with tarfile.open(file, "w:" + file.suffix.strip(".").replace("tar", "")) as archive:
        archive.add(folder, arcname=".")
    return file


def layer(files):
    """A layer of these files, by their paths."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(content), 0o644
            archive.addfile(info, io.BytesIO(content.encode()))
    return out.getvalue()


def oci_layout(layers, folder: pathlib.Path):
    """An OCI image in that folder, as `skopeo copy … oci:folder` leaves it."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def keep(content, kind):
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(content)}

    config = keep(json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode(), "config.v1+json")
    kept = [keep(content, "layer.v1.tar") for content in layers]
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": kept}
    entry = keep(json.dumps(manifest).encode(), "manifest.v1+json")
    other = {**entry, "platform": {"architecture": "arm64", "os": "linux"}, "digest": "sha256:" + "0" * 64}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [other, {**entry, "platform": {"architecture": "amd64", "os": "linux"}}]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder
