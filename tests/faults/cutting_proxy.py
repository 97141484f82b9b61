"""A way to a server on which answers come late, or end in the middle."""

from __future__ import annotations

import random
import socket
import threading
import time
from contextlib import suppress

_BLOCK = 65536


class CuttingProxy:
    """Hands bytes on between clients and a server on this machine.

    Attributes:
        cut_one_in: How many answers there are for each that is cut; 0 cuts none.
        delay: Seconds by which answers come late.
        cuts: How many were cut.
    """

    def __init__(self, port: int, seed: int = 7) -> None:
        self.cut_one_in = 0
        self.delay = 0.0
        self.cuts = 0
        self._server_port = port
        self._chance = random.Random(seed)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for one in (self._listening, *self._sockets):
            # The thread that waits on it wakes up.
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
                self._sockets += [client, server]
                for source, target, is_answer in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._hand_on, args=(source, target, is_answer), daemon=True).start()

    def _hand_on(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while block := source.recv(_BLOCK):
                if is_answer:
                    time.sleep(self.delay)
                    if self.cut_one_in and not self._chance.randrange(self.cut_one_in):
                        self.cuts += 1
                        target.sendall(block[: self._chance.randrange(len(block))])
                        break
                target.sendall(block)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
