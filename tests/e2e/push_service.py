"""A push service on this machine, and the keys of a browser that subscribed to it."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.waiting import wait_until


def _encoded(content):
    return base64.urlsafe_b64encode(content).decode().strip("=")


class PushService:
    """Takes pushes and reads them as the browser would (RFC 8291).

    :ivar pushes: (headers, JSON) of each, in order
    """

    def __init__(self):
        self.pushes = []
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._public = self._private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        self._auth = b"0123456789abcdef"
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def subscription(self):
        """What `register_devices` takes of a browser."""
        port = self._server.server_address[1]
        keys = {"p256dh": _encoded(self._public), "auth": _encoded(self._auth)}
        return {"endpoint": f"http://127.0.0.1:{port}/browser", "keys": keys}

    def wait(self, count):
        return wait_until(
            lambda: len(self.pushes) >= count and self.pushes, 10, f"{count} pushes"
        )

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _handler(self):
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.pushes.append((dict(self.headers), service._decrypted(body)))
                self.send_response(201)
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler

    def _decrypted(self, body):
        salt, sender = body[:16], body[21:86]
        other = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = self._private.exchange(ec.ECDH(), other)
        context = b"WebPush: info\x00" + self._public + sender
        secret = self._derive(shared, self._auth, context, 32)
        key = self._derive(secret, salt, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = self._derive(secret, salt, b"Content-Encoding: nonce\x00", 12)
        return json.loads(AESGCM(key).decrypt(nonce, body[86:], None).rstrip(b"\x02"))

    def _derive(self, secret, salt, info, length):
        return HKDF(hashes.SHA256(), length, salt, info).derive(secret)
