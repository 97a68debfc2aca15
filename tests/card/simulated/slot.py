"""A slot of vpcd, seen from the slot: a socket that speaks as vpcd does.

The real one, under pcscd, is in ``tests/interop``; what is here it cannot be made to send.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

OFF, ON, RESET, ATR = (bytes((number,)) for number in (0, 1, 2, 4))
SECONDS = 10.0


class Vpcd:
    """The listening side.  Every ask is one exchange; length and body go out apart, as vpcd sends them."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(SECONDS)
        self.port = self.server.getsockname()[1]
        self.link: socket.socket | None = None

    def accept(self) -> None:
        if self.link is not None:
            self.link.close()
        self.link, _ = self.server.accept()
        self.link.settimeout(SECONDS)

    def tell(self, body: bytes) -> None:
        assert self.link is not None
        self.link.sendall(len(body).to_bytes(2))
        self.link.sendall(body)

    def ask(self, body: bytes) -> bytes:
        self.tell(body)
        return self.take(int.from_bytes(self.take(2)))

    def take(self, length: int) -> bytes:
        assert self.link is not None
        data = b""
        while len(data) < length:
            part = self.link.recv(length - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def close(self) -> None:
        for end in (self.link, self.server):
            if end is not None:
                end.close()


Insert = Callable[..., Vpcd]
"""Puts a fresh probe card into the slot: ``t0``, ``principal``, ``proof`` as for ``SimTransport.insert``."""
