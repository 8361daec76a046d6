"""The key pair of a media sidecar's entry: recordings are sealed for Odoo with it."""

import base64

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

_RAW = serialization.Encoding.Raw


def new_pair():
    """A new X25519 pair.

    :return: (public, private), each 32 bytes in base64
    """
    private = X25519PrivateKey.generate()
    public = private.public_key().public_bytes(_RAW, serialization.PublicFormat.Raw)
    secret = private.private_bytes(
        _RAW, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    return base64.b64encode(public).decode(), base64.b64encode(secret).decode()
