"""A mail server of the other sort: it takes letters and keeps them."""

import email
import email.policy
import socketserver
import threading


class Post(socketserver.StreamRequestHandler):
    """One conversation of SMTP (RFC 5321), as far as a relay goes."""

    def handle(self):
        self.say("220 post")
        while line := self.rfile.readline():
            word = line.split(b":")[0].split()[0].upper().decode()
            if word == "DATA":
                self.say("354 go on")
                self.say(self.server.judge(self.letter()))
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 post" if word in ("EHLO", "HELO") else "250 ok")

    def letter(self):
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b"..") else line)
        return email.message_from_bytes(b"".join(lines), policy=email.policy.default)

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")


class PostOffice(socketserver.ThreadingTCPServer):
    """Takes letters, but for those to addresses that begin with a number: it answers that number."""

    allow_reuse_address, daemon_threads = True, True

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), Post)
        self.letters, self.refused = [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def judge(self, letter):
        number = letter["To"][:3]
        if number.isdigit():
            self.refused.append(letter)
            return f"{number} not this one"
        self.letters.append(letter)
        return "250 taken"

    def close(self):
        self.shutdown()
        self.server_close()
