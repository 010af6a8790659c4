"""Clouds that an ordinary user runs, and the way into them: `kogumo net connect`."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest
from clouds import Cloud, binary, free_port
from machines import ssh


class Ordinary(Cloud):
    """A cloud of a user's, with data that outlive it."""

    def __init__(self, folder, user, group):
        self.folder, self.user, self.group = folder, user, group
        self.program, self.data = folder / "kogumo", folder / "data"
        shutil.copyfile(binary(), self.program)
        self.data.mkdir()
        for path, mode in [(folder, 0o755), (self.program, 0o755), (self.data, 0o700)]:
            path.chmod(mode)
        os.chown(self.data, user, group)
        self.port, self.host = free_port(), "127.0.0.1"
        self.url, self.log = f"http://127.0.0.1:{self.port}", folder / "log"
        self.start()

    def start(self):
        command = [self.program, "up", "--listen", f"127.0.0.1:{self.port}", "--data", self.data]
        environment = {**os.environ, "HOME": str(self.data)}
        with open(self.log, "wb") as sink:
            self.process = subprocess.Popen(command, stdout=sink, stderr=sink, cwd="/", env=environment, **self.identity())
        return self.wait_until_ready()

    def identity(self):
        return {"user": self.user, "group": self.group, "extra_groups": []}

    def doctor(self):
        return subprocess.run([self.program, "doctor"], capture_output=True, text=True, cwd="/", **self.identity()).stdout

    def processes(self):
        """The processes of the user's, and of those that were lent to them."""
        found = []
        for status in pathlib.Path("/proc").glob("[0-9]*/status"):
            try:
                lines = status.read_text().splitlines()
            except OSError:
                continue
            uid = int(next(line for line in lines if line.startswith("Uid:")).split()[1])
            if uid == self.user or uid in self.lent():
                found.append(int(status.parent.name))
        return found

    def lent(self):
        names = {line.split(":")[0] for line in open("/etc/passwd") if int(line.split(":")[2]) == self.user}
        rows = [line.split(":") for line in open("/etc/subuid") if line.split(":")[0] in names]
        return range(int(rows[0][1]), int(rows[0][1]) + int(rows[0][2])) if rows else range(0)

    def proxy(self):
        return ["-o", f"ProxyCommand=env KOGUMO_ENDPOINT={self.url} {self.program} net connect %h %p"]

    def ssh(self, key, address, command, **more):
        return ssh(key, address, command, options=self.proxy(), **more)


def needs_root():
    if os.getuid() != 0:
        pytest.skip("SKIPPED: only root can become others")


@pytest.fixture
def nobodys():
    """A cloud of nobody's, to whom no users are lent."""
    needs_root()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kogumo-nobody-"))
    cloud = Ordinary(folder, 65534, 65534)
    yield cloud
    cloud.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def user():
    """A user of this machine's for the tests, with users that are lent to them, who goes with the tests."""
    needs_root()
    for program in ("newuidmap", "useradd"):
        if not shutil.which(program):
            pytest.skip(f"SKIPPED: {program} is needed: apt-get install uidmap passwd")
    name = f"kogumo-t{os.getpid()}"
    subprocess.run(["useradd", "--no-create-home", "--shell", "/bin/sh", name], check=True, capture_output=True)
    try:
        yield name
    finally:
        subprocess.run(["userdel", name], check=False, capture_output=True)


@pytest.fixture(scope="module")
def somebodys(user):
    """A cloud of an ordinary user's, for all tests of a file."""
    import pwd

    folder = pathlib.Path(tempfile.mkdtemp(prefix="kogumo-somebody-"))
    entry = pwd.getpwnam(user)
    cloud = Ordinary(folder, entry.pw_uid, entry.pw_gid)
    if "Kogumo is root of one of its own" not in (report := cloud.doctor()):
        cloud.stop()
        shutil.rmtree(folder)
        pytest.skip("SKIPPED: this kernel gives ordinary users no user namespaces:\n" + report.split("Sandboxes:")[0])
    yield cloud
    cloud.stop()
    shutil.rmtree(folder)
