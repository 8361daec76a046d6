"""Signatures of outgoing webhooks, as the Standard Webhooks specification says.

Receivers check them with a library there is for most languages
(https://github.com/standard-webhooks/standard-webhooks). Here it is only this.
"""

import base64
import binascii
import hashlib
import hmac
import secrets

PREFIX = "whsec_"


def new_secret():
    """A secret of 24 random bytes, in the specification's spelling."""
    return PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def is_secret(text):
    """Whether a text is a secret that can sign: 16 bytes or more in base64."""
    try:
        return len(_key(text)) >= 16
    except (binascii.Error, ValueError):
        return False


def signed_headers(secret, delivery_ref, moment, body):
    """The headers that prove who sent `body`.

    :param delivery_ref: the same for each try: by it receivers tell repeats apart
    :param moment: epoch seconds of the sending, int
    :param bytes body: what is sent, byte for byte
    """
    signed = f"{delivery_ref}.{moment}.".encode() + body
    digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return {
        "webhook-id": delivery_ref,
        "webhook-timestamp": str(moment),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def _key(secret):
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
