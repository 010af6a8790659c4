"""A real browser for tests: Chromium, driven by its debugging protocol over a pipe, so that no driver is needed."""

import json
import os
import shutil
import subprocess
import tempfile
import time


class Chromium:
    """One page of a browser of its own. Names below `hosts` lead to `127.0.0.1:port` of the cloud."""

    def __init__(self, port, hosts="*.amazoncognito.com", language="en"):
        self.profile = tempfile.mkdtemp(prefix="kogumo-chromium-")
        (to_read, self.to), (self.heard, to_write) = os.pipe(), os.pipe()
        browser = [
            "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--ignore-certificate-errors", "--remote-debugging-pipe",
            f"--host-resolver-rules=MAP {hosts} 127.0.0.1:{port}", f"--accept-lang={language}", f"--user-data-dir={self.profile}", "about:blank",
        ]
        script = f'exec "$@" 3<&{to_read} 4>&{to_write} 2>/dev/null'
        self.process = subprocess.Popen(["bash", "-c", script, "bash", *browser], pass_fds=(to_read, to_write), stdout=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.said, self.count, self.session = b"", 0, None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.to)
        os.close(self.heard)
        shutil.rmtree(self.profile, ignore_errors=True)

    def ask(self, method, **params):
        """A command of the protocol, and its answer."""
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.said:
                more = os.read(self.heard, 1 << 16)
                assert more, "the browser is gone"
                self.said += more
            line, self.said = self.said.split(b"\0", 1)
            answer = json.loads(line)
            if answer.get("id") == self.count:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def run(self, script):
        """The value of a JavaScript expression on the page."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, script, seconds=20):
        """The value, once it is true; pages may come and go meanwhile."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                value = self.run(script)
            except AssertionError:
                value = None
            if value:
                return value
            time.sleep(0.02)
        raise AssertionError(f"never true: {script}; the page is {self.url} and says: {self.text}")

    def open(self, url):
        self.ask("Page.navigate", url=url)
        self.until(READY)

    def leave(self, script):
        """Does what leads to another page, and waits for that."""
        self.run("window.old = true; 1")
        self.run(f"setTimeout(() => {{ {script} }}); 1")
        self.until(f"!window.old && {READY}")

    def submit(self, **filled):
        """Fills in the inputs as a person does, and presses the button."""
        for name, value in filled.items():
            self.run(f"document.querySelector('input[name={json.dumps(name)}]:not([type=hidden])').focus(); 1")
            self.run("document.activeElement.select(); 1")
            self.ask("Input.insertText", text=value)
        self.leave("document.querySelector('button[type=submit]').click()")

    def follow(self, words):
        """Clicks on the link with these words."""
        self.leave(f"[...document.links].find(link => link.textContent.includes({json.dumps(words)})).click()")

    @property
    def url(self):
        return self.run("location.href")

    @property
    def text(self):
        return self.run("document.body ? document.body.innerText : ''")


READY = "location.href != 'about:blank' && document.readyState == 'complete'"
