"""What people do with an instance by ssh: log in with keys of each kind, copy files, go over a bastion, look around."""

import base64
import json
import socket
import subprocess
import urllib.request

import pytest
from clouds import eventually, free_port
from machines import SSH, console, image, instance, key_file, needs_machines, needs_ssh, run, ssh, wait


@pytest.fixture
def ami(cloud, account):
    needs_machines(cloud)
    needs_ssh()
    return image(cloud, account)


@pytest.fixture
def group(ec2, name):
    id = ec2.create_security_group(GroupName=name, Description="ssh")["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=id, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
    return id


def reachable(ec2, id, key, user="ec2-user"):
    """The public address, once somebody can log in."""
    address = wait(ec2, id, "running")["PublicIpAddress"]
    eventually(lambda: ssh(key, address, "true", user=user, check=False).returncode == 0)
    return address


def greeting(address):
    """What answers at port 22 of an address that no instance of the cloud has for this machine; nothing does."""
    try:
        with socket.create_connection((address, 22), timeout=0.5) as connection:
            connection.settimeout(0.5)
            return connection.recv(8)
    except OSError:
        return b""


def end(ec2, *ids):
    ec2.terminate_instances(InstanceIds=list(ids))
    for id in ids:
        wait(ec2, id, "terminated")


def test_keys_of_each_kind(ec2, ami, group, name, tmp_path):
    ids = {}
    for kind in ("rsa", "ed25519"):
        made = tmp_path / f"made-{kind}"
        made.write_text(ec2.create_key_pair(KeyName=f"{name}-{kind}", KeyType=kind)["KeyMaterial"])
        made.chmod(0o600)
        own = tmp_path / f"own-{kind}"
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", own], check=True)
        ec2.import_key_pair(KeyName=f"{name}-own-{kind}", PublicKeyMaterial=own.with_suffix(".pub").read_bytes())
        ids[run(ec2, ami, KeyName=f"{name}-{kind}", SecurityGroupIds=[group])] = made
        ids[run(ec2, ami, KeyName=f"{name}-own-{kind}", SecurityGroupIds=[group])] = own
    for id, key in ids.items():
        address = reachable(ec2, id, key)
        for user in ("ec2-user", "ubuntu"):
            assert ssh(key, address, "id -un; sudo id -un", user=user) == f"{user}\nroot"
        others = [other for other in ids.values() if other != key]
        assert ssh(others[0], address, "true", check=False).returncode != 0
    # What the console says of the host is what a client sees.
    id, key = next(iter(ids.items()))
    scanned = subprocess.run(["ssh-keyscan", "-t", "ed25519", instance(ec2, id)["PublicIpAddress"]], capture_output=True, text=True).stdout
    assert scanned.split()[2] in console(ec2, id)
    end(ec2, *ids)


def test_over_a_bastion(ec2, ami, group, name, tmp_path):
    key = key_file(ec2, tmp_path, name)
    bastion = run(ec2, ami, KeyName=name, SecurityGroupIds=[group])
    inner = ec2.create_security_group(GroupName=name + "-inner", Description="inner")["GroupId"]
    for port in (22, 8000):
        ec2.authorize_security_group_ingress(
            GroupId=inner, IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": [{"GroupId": group}]}]
        )
    serves = "#!/bin/sh\nmkdir /srv/web; echo inside > /srv/web/index.html; cd /srv/web; exec python3 -m http.server 8000\n"
    target = run(ec2, ami, KeyName=name, SecurityGroupIds=[inner], UserData=serves)
    address = reachable(ec2, bastion, key)
    private = wait(ec2, target, "running")["PrivateIpAddress"]
    # scp there and back.
    (tmp_path / "file").write_text("carried")
    copy = ["scp", *SSH, "-i", str(key)]
    subprocess.run([*copy, str(tmp_path / "file"), f"ec2-user@{address}:there"], check=True)
    subprocess.run([*copy, f"ec2-user@{address}:there", str(tmp_path / "back")], check=True)
    assert (tmp_path / "back").read_text() == "carried"
    # A jump, and a forwarded port.
    proxy = "ProxyCommand=ssh " + " ".join(SSH) + f" -i {key} -W %h:%p ec2-user@{address}"
    eventually(lambda: ssh(key, private, "hostname", options=["-o", proxy], check=False).returncode == 0)
    assert ssh(key, private, "hostname", options=["-o", proxy]) == "ip-" + private.replace(".", "-")
    port = free_port()
    tunnel = subprocess.Popen(["ssh", *SSH, "-i", str(key), "-N", "-L", f"127.0.0.1:{port}:{private}:8000", f"ec2-user@{address}"])
    try:

        def read():
            try:
                return urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=3).read()
            except OSError:
                return None

        assert eventually(read) == b"inside\n"
    finally:
        tunnel.terminate()
        tunnel.wait()
    assert b"SSH" not in greeting(private)
    end(ec2, bastion, target)


def test_what_is_inside(cloud, ec2, ami, group, name, tmp_path):
    key = key_file(ec2, tmp_path, name)
    id = run(ec2, ami, InstanceType="t2.micro", KeyName=name, SecurityGroupIds=[group], InstanceInitiatedShutdownBehavior="stop")
    address = reachable(ec2, id, key)
    tools = "sh ip iptables curl python3 mkfs.ext4 mount sudo".split()
    assert len(ssh(key, address, "which " + " ".join(tools)).splitlines()) == len(tools)
    # The type's figures, not this machine's.
    memory = dict(line.split(":") for line in ssh(key, address, "cat /proc/meminfo").splitlines())
    assert int(memory["MemTotal"].split()[0]) == 1 << 20 and int(memory["SwapTotal"].split()[0]) == 0
    assert ssh(key, address, "nproc; grep -c ^processor /proc/cpuinfo; lscpu -p=CPU | grep -vc ^#; getconf _NPROCESSORS_CONF").split() == ["1"] * 4
    assert float(ssh(key, address, "cat /proc/uptime").split()[0]) < 120
    # And they are felt: memory beyond the type's ends whoever takes it, and two loops share one processor.
    assert ssh(key, address, "python3 -c 'bytearray(1200 << 20)'", check=False).returncode != 0
    loops = "(timeout 1 sh -c 'while :; do :; done' & timeout 1 sh -c 'while :; do :; done' & wait); times | tail -1"
    minutes_seconds = ssh(key, address, f"bash -c \"{loops}\"").split()[0]
    assert float(minutes_seconds.split("m")[1].rstrip("s")) < 1.3
    # A shutdown from inside stops it; user data may be changed then, and is not run again.
    ssh(key, address, "sudo shutdown -h now", check=False)
    stopped = wait(ec2, id, "stopped")
    assert stopped["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    ec2.modify_instance_attribute(InstanceId=id, UserData={"Value": b"#!/bin/sh\necho NEVER\n"})
    ec2.start_instances(InstanceIds=[id])
    address = reachable(ec2, id, key)
    token = "TOKEN=$(curl -sX PUT http://169.254.169.254/latest/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')"
    get = f"{token}; curl -s -H \"X-aws-ec2-metadata-token: $TOKEN\" http://169.254.169.254/latest/"
    assert "NEVER" in ssh(key, address, get + "user-data") and "NEVER" not in console(ec2, id)
    document = ssh(key, address, get + "dynamic/instance-identity/document")
    assert json.loads(document)["instanceId"] == id
    signature = ssh(key, address, get + "dynamic/instance-identity/signature")
    (tmp_path / "public.pem").write_bytes(cloud.get("/_kogumo/instance-identity.pem").read())
    (tmp_path / "signature").write_bytes(base64.b64decode(signature))
    verify = ["openssl", "dgst", "-sha256", "-verify", tmp_path / "public.pem", "-signature", tmp_path / "signature"]
    assert subprocess.run(verify, input=document.encode(), capture_output=True).stdout == b"Verified OK\n"
    ec2.modify_instance_metadata_options(InstanceId=id, HttpTokens="required", HttpEndpoint="enabled")
    assert ssh(key, address, "curl -so /dev/null -w '%{http_code}' http://169.254.169.254/latest/meta-data/") == "401"
    ec2.modify_instance_metadata_options(InstanceId=id, HttpEndpoint="disabled")
    assert ssh(key, address, "curl -so /dev/null -w '%{http_code}' http://169.254.169.254/latest/meta-data/") == "403"
    end(ec2, id)


def test_after_a_reboot(ec2, ami, group, name, tmp_path):
    """A reboot by the API, one from inside, and an init that is killed: the network and the disks are there again."""
    key = key_file(ec2, tmp_path, name)
    disk = [{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1}}]
    id = run(ec2, ami, KeyName=name, SecurityGroupIds=[group], BlockDeviceMappings=disk)
    address = reachable(ec2, id, key)

    def boot():
        done = ssh(key, address, "cat /run/booted 2>/dev/null || { date +%N%s | sudo tee /run/booted; }; ls /dev/sdf", check=False)
        return done.stdout.split()[0] if done.returncode == 0 else None

    boots = [boot()]
    for reboot in (lambda: ec2.reboot_instances(InstanceIds=[id]), lambda: ssh(key, address, "sudo reboot", check=False)):
        reboot()
        boots.append(eventually(lambda: (now := boot()) and now not in boots and now, 30))
    assert None not in boots and len(set(boots)) == 3
    end(ec2, id)
