"""Real mail servers on loopback for a test: dovecot with two mailboxes, aiosmtpd that delivers into them, and one that misbehaves."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from zhike.lib import clock

PASSWORD = "sample-password"
DOVECOT = """
protocols = imap
base_dir = {place}/run
state_dir = {place}/run
log_path = {place}/log
listen = 127.0.0.1
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
first_valid_uid = 1
mail_location = maildir:{place}/mail/%u
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{place}/cert.pem
ssl_key = <{place}/key.pem
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={place}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Dovecot:
    """A running one. `folder(user)` is where its mails lie."""

    place: Path
    port: int
    tls_port: int
    trust: ssl.SSLContext
    owner: int = 0
    delivered: int = 0

    def folder(self, user: str) -> Path:
        return self.place / "mail" / user

    def deliver(self, user: str, data: bytes) -> None:
        """Put a mail into somebody's inbox, as a delivery agent does."""
        for name in ("tmp", "new", "cur"):
            (self.folder(user) / name).mkdir(parents=True, exist_ok=True)
        self.delivered += 1
        name = f"{1_700_000_000 + self.delivered}.M{self.delivered}P1.sample"
        (self.folder(user) / "tmp" / name).write_bytes(data)
        (self.folder(user) / "tmp" / name).rename(self.folder(user) / "new" / name)
        self.own(user)

    def own(self, user: str) -> None:
        for path in (self.place / "mail", *self.folder(user).rglob("*"), self.folder(user)):
            os.chown(path, self.owner, -1)

    def made_anew(self, user: str) -> None:
        """The folder is made anew: its numbers begin again."""
        for path in self.folder(user).glob("dovecot*"):
            path.unlink()
        for path in (self.folder(user) / "cur").iterdir():
            path.rename(self.folder(user) / "new" / path.name.partition(":")[0])


def dovecot_program() -> str | None:
    return shutil.which("dovecot") or ("/usr/sbin/dovecot" if Path("/usr/sbin/dovecot").exists() else None)


@contextmanager
def dovecot(place: Path) -> Iterator[Dovecot]:
    """Needs root: its processes run as nobody."""
    program = dovecot_program()
    assert program is not None
    nobody = pwd.getpwnam("nobody")
    (place / "mail").mkdir(parents=True)
    (place / "run").mkdir()
    place.chmod(0o755)
    trust = _certificate(place)
    found = Dovecot(place, free_port(), free_port(), trust, nobody.pw_uid)
    os.chown(place / "mail", nobody.pw_uid, nobody.pw_gid)
    words = DOVECOT.format(
        place=place, port=found.port, tls_port=found.tls_port, password=PASSWORD, user="nobody", group="nogroup"
    )
    (place / "dovecot.conf").write_text(words)
    process = subprocess.Popen([program, "-F", "-c", str(place / "dovecot.conf")], stderr=subprocess.PIPE)
    try:
        _wait_for(found.port, process, place / "log")
        yield found
    finally:
        process.terminate()
        process.wait(20)
        if process.stderr:
            process.stderr.close()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            threading.Event().wait(0.05)
    raise AssertionError(f"dovecot does not run: {log.read_text() if log.exists() else process.communicate()[1]!r}")


def _certificate(place: Path) -> ssl.SSLContext:
    """A certificate of 127.0.0.1, and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sample")])
    now = clock.wall()
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (place / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (place / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return ssl.create_default_context(cafile=str(place / "cert.pem"))


class HangUp(Exception):
    """Raised by who takes a mail: the server has it and ends the line without saying so."""


@contextmanager
def post_office(deliver: Callable[[str, bytes], None], tls: Path | None = None) -> Iterator[int]:
    """A real SMTP server (aiosmtpd); every mail it takes is given to `deliver(address, mail)`. Answers its port."""
    from aiosmtpd.controller import Controller

    class Handler:
        async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
            for address in envelope.rcpt_tos:
                sender = f"Return-Path: <{envelope.mail_from or ''}>\r\n".encode()
                try:
                    deliver(address, sender + envelope.content)
                except HangUp:
                    server.transport.abort()
            return "250 taken"

    context = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls / "cert.pem", tls / "key.pem")
    port = free_port()
    controller = Controller(Handler(), hostname="127.0.0.1", port=port, tls_context=context)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@contextmanager
def dripping_server(*answers: bytes, seconds: float = 20.0) -> Iterator[int]:
    """Says one of `answers` for each line it hears (the first at once), then a byte of an endless one every 50 ms, so that no time
    without a byte ever runs out. It gives up after `seconds`. Answers its port."""
    over = threading.Event()

    def serve() -> None:
        with contextlib.suppress(OSError):
            line, _ = listening.accept()
            with line, line.makefile("rb") as heard:
                for number, answer in enumerate(answers):
                    if number:
                        tag = heard.readline().split(b" ")[0]
                    line.sendall(answer.replace(b"TAG", tag if number else b""))
                if answers:
                    heard.readline()
                for _ in range(int(seconds / 0.05)):
                    if over.wait(0.05):
                        return
                    line.sendall(b"*")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            thread.join(12)


@dataclass
class Rude:
    """An SMTP server that does one thing wrong."""

    fault: str
    port: int = 0
    taken: list[bytes] = field(default_factory=list)
    """Mails whose end arrived."""


@contextmanager
def rude_server(fault: str) -> Iterator[Rude]:
    """`fault`: no banner, refuses sender, refuses recipient, later, full, drops in data, hangs after end, drops after end, talks
    nonsense after end, refuses mail, slow, none."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(10)
    found = Rude(fault, listening.getsockname()[1])
    over = threading.Event()

    def serve() -> None:
        try:
            line, _ = listening.accept()
        except OSError:
            return
        with line:
            line.settimeout(10)
            try:
                _rudely(found, line, over)
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        listening.close()
        thread.join(12)


ANSWERS = {
    ("refuses sender", b"MAIL"): b"553 not you\r\n",
    ("refuses recipient", b"RCPT"): b"550 5.1.1 no such user\r\n",
    ("later", b"RCPT"): b"451 greylisted\r\n",
    ("full", b"DATA"): b"452 no room\r\n",
}


def _rudely(found: Rude, line: socket.socket, over: threading.Event) -> None:
    if found.fault == "no banner":
        over.wait(10)
        return
    line.sendall(b"220 sample\r\n")
    stream = line.makefile("rb")
    for command in stream:
        verb = command[:4].upper()
        if found.fault == "slow":
            over.wait(0.2)
        if answer := ANSWERS.get((found.fault, verb)):
            line.sendall(answer)
        elif verb == b"DATA":
            line.sendall(b"354 go on\r\n")
            if found.fault == "drops in data":
                stream.read(1000)
                stream.close()
                line.close()
                return
            mail = b""
            while not mail.endswith(b"\r\n.\r\n"):
                if not (piece := stream.readline()):
                    return
                mail += piece
            found.taken.append(mail)
            if found.fault == "hangs after end":
                over.wait(10)
                return
            if found.fault == "drops after end":
                return
            if found.fault == "talks nonsense after end":
                line.sendall(b"\xc4\xe3\xba\xc3\r\n")
                return
            line.sendall(b"554 no spam\r\n" if found.fault == "refuses mail" else b"250 taken\r\n")
        else:
            line.sendall(b"250 sample\r\n")


def fresh_dovecot() -> Iterator[Dovecot]:
    """For a fixture: a server of its own; skips where there is no dovecot, or nobody who may start it."""
    if dovecot_program() is None or os.geteuid() != 0:
        pytest.skip("needs dovecot (Debian: apt-get install dovecot-imapd) and root to run it as nobody")
    place = Path(tempfile.mkdtemp(prefix="zhike-dovecot-"))
    with dovecot(place) as running:
        yield running
    shutil.rmtree(place, ignore_errors=True)
