"""A STUN server that tells everybody the same public address (RFC 5389)."""

import socket
import struct
import threading

MAGIC = 0x2112A442
BINDING_REQUEST, BINDING_SUCCESS = 0x0001, 0x0101
XOR_MAPPED_ADDRESS = 0x0020


class StunServer:
    """Answers on all interfaces until closed."""

    def __init__(self, public="203.0.113.7"):
        self._public = struct.unpack("!I", socket.inet_aton(public))[0]
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("0.0.0.0", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def uri(self):
        """host:port, by an address that other interfaces can send to."""
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
            host = probe.getsockname()[0]
        except OSError:
            host = "127.0.0.1"
        finally:
            probe.close()
        return f"{host}:{self._socket.getsockname()[1]}"

    def close(self):
        self._socket.close()

    def _serve(self):
        while True:
            try:
                message, sender = self._socket.recvfrom(2048)
            except OSError:
                return
            kind, _length, magic = struct.unpack("!HHI", message[:8])
            if kind == BINDING_REQUEST and magic == MAGIC:
                self._socket.sendto(self._answer(message[8:20], sender[1]), sender)

    def _answer(self, transaction, port):
        value = struct.pack("!BBHI", 0, 1, port ^ (MAGIC >> 16), self._public ^ MAGIC)
        attribute = struct.pack("!HH", XOR_MAPPED_ADDRESS, len(value)) + value
        head = struct.pack("!HHI", BINDING_SUCCESS, len(attribute), MAGIC)
        return head + transaction + attribute
