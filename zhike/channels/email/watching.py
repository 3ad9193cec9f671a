"""A connection that is cut when one step of it takes too long in all. A server that sends a byte now and then never lets a timeout of
the socket run out: that one counts from the last byte, this one from the beginning of the step.
"""

from __future__ import annotations

import contextlib
import imaplib
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator


class Watch:
    """Of one connection. It keeps a second handle of the socket, so that it can cut it whatever is wrapped around it meanwhile."""

    def __init__(self) -> None:
        self._twin: socket.socket | None = None
        self.is_late = False

    def over(self, sock: socket.socket) -> None:
        self._twin = socket.fromfd(sock.fileno(), sock.family, sock.type)

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Raises TimeoutError where what is done inside fails because it was cut."""
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
            if self.is_late:  # what was read up to the cut may look like an answer
                raise TimeoutError("timed out")
        except Exception as error:
            if self.is_late:
                raise TimeoutError("timed out") from error
            raise
        finally:
            timer.cancel()

    def _cut(self) -> None:
        self.is_late = True
        if self._twin is not None:
            with contextlib.suppress(OSError):
                self._twin.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        if self._twin is not None:
            self._twin.close()


class WatchedImap(imaplib.IMAP4):
    def __init__(self, watch: Watch, host: str, port: int, timeout: float) -> None:
        self.watch = watch
        super().__init__(host, port, timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        sock: socket.socket = super()._create_socket(timeout)  # type: ignore[misc] # the library's own hook, not in its stubs
        self.watch.over(sock)
        return sock


class WatchedImapTls(WatchedImap):
    def __init__(self, watch: Watch, host: str, port: int, timeout: float, trust: ssl.SSLContext) -> None:
        self.trust = trust
        super().__init__(watch, host, port, timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return self.trust.wrap_socket(super()._create_socket(timeout), server_hostname=self.host)


class WatchedSmtp(smtplib.SMTP):
    def __init__(self, watch: Watch, host: str, port: int, name: str, timeout: float) -> None:
        self.watch = watch
        super().__init__(host, port, local_hostname=name, timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc] # as above
        self.watch.over(sock)
        return sock


class WatchedSmtpTls(WatchedSmtp):
    def __init__(self, watch: Watch, host: str, port: int, name: str, timeout: float, trust: ssl.SSLContext) -> None:
        self.trust = trust
        super().__init__(watch, host, port, name, timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.trust.wrap_socket(super()._get_socket(host, port, timeout), server_hostname=host)
