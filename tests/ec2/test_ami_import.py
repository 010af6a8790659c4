"""`kogumo ami import`: what comes from outside becomes an image that boots, or is refused and leaves nothing."""

import io
import os
import tarfile

import pytest
import rootfs
from asking import one, refused
from clouds import eventually
from machines import image, key_file, needs_machines, needs_ssh, printed, run, ssh, wait


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    needs_ssh()
    return rootfs.make(tmp_path_factory.mktemp("rootfs") / "root", "of a folder")


def imported(cloud, account, *words):
    done = cloud.kogumo("ami", "import", *words, AWS_ACCESS_KEY_ID=account)
    return done.stdout.strip(), done.stderr


def not_imported(cloud, account, *words):
    done = cloud.kogumo("ami", "import", *words, AWS_ACCESS_KEY_ID=account, check=False)
    assert done.returncode != 0 and done.stdout == ""
    return done.stderr


def test_a_folder_boots(cloud, ec2, account, root, tmp_path, name):
    needs_machines(cloud)
    ami, told = imported(cloud, account, root, "--name", name, "--description", "mine", "--size", "2")
    assert "no sudo" in told and "no sshd" not in told
    (own,) = ec2.describe_images(Owners=["self"])["Images"]
    assert (own["ImageId"], own["Name"], own["Description"], own["OwnerId"]) == (ami, name, "mine", account)
    assert (own["State"], own["Architecture"], own["Public"]) == ("available", "x86_64", False)
    assert own["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 2
    key = key_file(ec2, tmp_path, name)
    group = ec2.create_security_group(GroupName=name, Description="ssh")["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
    id = run(ec2, ami, KeyName=name, SecurityGroupIds=[group], UserData="#!/bin/sh\necho \"RAN $(cat /etc/marker)\"\n")
    address = wait(ec2, id, "running")["PublicIpAddress"]
    assert "has no sudo" in printed(ec2, id, "RAN of a folder")
    eventually(lambda: ssh(key, address, "true", check=False).returncode == 0)
    assert ssh(key, address, "cat /etc/marker; id -un; ls /usr/sbin") == "of a folderec2-user\nsshd"
    # What is taken of it goes on without it: the files below stay as long as something needs them.
    snapped = ec2.create_image(InstanceId=id, Name=name + "-2")["ImageId"]
    ec2.deregister_image(ImageId=ami)
    eventually(lambda: ec2.describe_images(ImageIds=[snapped])["Images"][0]["State"] == "available")
    snapshot = ec2.describe_images(ImageIds=[snapped])["Images"][0]["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    registered = ec2.register_image(
        Name=name + "-3", RootDeviceName="/dev/xvda", Architecture="x86_64", BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}]
    )["ImageId"]
    again = run(ec2, registered, UserData="#!/bin/sh\necho \"AGAIN $(cat /etc/marker)\"\n")
    printed(ec2, again, "AGAIN of a folder")
    ec2.terminate_instances(InstanceIds=[id, again])
    wait(ec2, again, "terminated")


def test_archives_and_oci_images(cloud, ec2, account, root, tmp_path, name):
    for end in ("tar", "tar.gz", "tar.xz"):
        file = rootfs.tar(root, tmp_path / f"root.{end}") if end != "tar" else tar_of(root, tmp_path / "root.tar")
        ami, _ = imported(cloud, account, file, "--name", f"{name}-{end}")
        assert one(ec2.describe_images(ImageIds=[ami]), "Images")["Name"] == f"{name}-{end}"
    top = rootfs.layer({"etc/marker": "of a layer", "root/.wh..wh..opq": "", "tmp/.wh.x": ""})
    layout = rootfs.oci_layout([tar_of(root, tmp_path / "base.tar").read_bytes(), top], tmp_path / "oci")
    of_folder, _ = imported(cloud, account, layout, "--name", f"{name}-oci")
    of_tar, _ = imported(cloud, account, tar_of(layout, tmp_path / "oci.tar"), "--name", f"{name}-oci-tar")
    if needs_machines(cloud) is None:
        id = run(ec2, of_tar, UserData="#!/bin/sh\necho \"RAN $(cat /etc/marker)\"\n")
        printed(ec2, id, "RAN of a layer")
        ec2.terminate_instances(InstanceIds=[id])
        wait(ec2, id, "terminated")
    assert of_folder != of_tar


def tar_of(folder, file):
    with tarfile.open(file, "w") as archive:
        archive.add(folder, arcname=".")
    return file


def crafted(file, *entries):
    with tarfile.open(file, "w") as archive:
        for path, kind, link, content in entries:
            info = tarfile.TarInfo(path)
            info.type, info.linkname, info.size = kind, link, len(content)
            archive.addfile(info, io.BytesIO(content))
    return file


def test_what_is_malicious_is_refused(cloud, ec2, account, tmp_path, name):
    outside = tmp_path / "outside"
    outside.write_text("untouched")
    file, link, hard = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
    start = ("etc/os-release", file, "", b"ID=x\n")
    for why, entries in {
        "climbs": [start, ("../../../../../../../../" + str(outside).strip("/"), file, "", b"x")],
        "no /etc/shadow": [start, ("etc/mine", hard, "/etc/shadow", b"")],
        "no file of that": [("readme", file, "", b"hello")],
    }.items():
        told = not_imported(cloud, account, crafted(tmp_path / "evil.tar", *entries), "--name", name)
        assert why in told or "no root file system" in told, told
    # A link that leads out leads to a place inside; a device is not made.
    harmless = crafted(tmp_path / "links.tar", start, ("out", link, "/", b""), (f"out{outside}", file, "", b"x"), ("dev/sda", tarfile.BLKTYPE, "", b""))
    assert "device" in imported(cloud, account, harmless, "--name", name)[1]
    assert outside.read_text() == "untouched"
    assert "already in use" in not_imported(cloud, account, harmless, "--name", name)
    assert "arm64" in not_imported(cloud, account, harmless, "--name", name + "2", "--architecture", "arm64")
    (tmp_path / "noise.tar.gz").write_bytes(b"\x1f\x8b" + os.urandom(100))
    not_imported(cloud, account, tmp_path / "noise.tar.gz", "--name", name + "3")
    assert len(ec2.describe_images(Owners=["self"])["Images"]) == 1
    with refused("InvalidAMIID.NotFound"):
        cloud.client("ec2", key="210987654321").describe_images(ImageIds=[ec2.describe_images(Owners=["self"])["Images"][0]["ImageId"]])


def test_debootstrap_is_asked_as_it_wants(cloud, ec2, account, tmp_path, name):
    """A program that takes its arguments as debootstrap does stands in for it: the real one needs a mirror, and a minute."""
    stand_in = tmp_path / "bin" / "debootstrap"
    stand_in.parent.mkdir()
    stand_in.write_text("""#!/bin/sh
while :; do case "$1" in
--variant=minbase) shift;;
--include=*) shift;;
-*) echo "E: unrecognized or invalid option $1"; exit 1;;
*) break;;
esac; done
test "$1" = bookworm && test "$3" = http://mirror.example/debian || exit 1
mkdir -p "$2/etc" "$2/bin" && echo debian > "$2/etc/marker" && cp /bin/true "$2/bin/sh"
""")
    stand_in.chmod(0o755)
    path = f"{stand_in.parent}:{os.environ['PATH']}"
    words = ("--mirror", "http://mirror.example/debian", "--include", "curl,less", "--name", name)
    done = cloud.kogumo("ami", "import", "--debootstrap", "bookworm", *words, AWS_ACCESS_KEY_ID=account, PATH=path)
    assert one(ec2.describe_images(ImageIds=[done.stdout.strip()]), "Images")["Name"] == name
    refused_one = cloud.kogumo("ami", "import", "--debootstrap", "--evil", AWS_ACCESS_KEY_ID=account, PATH=path, check=False)
    assert refused_one.returncode != 0
