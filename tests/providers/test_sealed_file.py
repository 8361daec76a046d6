"""Sealed recordings: what was written is read in any range, what was touched is not."""

import base64
import hashlib
import io

import pytest

from whatsapp_calling.tools import sealed_file
from whatsapp_calling.tools.sealed_file import SealedFile, SealedFileError

KEY = bytes(range(32))


def sound(size):
    """Bytes of which no two chunks are alike."""
    blocks = -(-size // 32)
    digests = (hashlib.sha256(b"%d" % i).digest() for i in range(blocks))
    return b"".join(digests)[:size]


UID = "0123456789abcdef" * 2


def opened(sealed, key=KEY):
    return SealedFile(io.BytesIO(sealed), len(sealed), key)


def test_the_header_says_chunk_size_and_track():
    sealed = sealed_file.seal(b"", KEY, "mix")
    assert sealed[:16].hex() == "574352310001000003" + "00" * 7
    assert opened(sealed).track == "mix"


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 200, 1234])
def test_any_range_of_any_length_is_what_was_written(size):
    plain = sound(size)
    found = opened(sealed_file.seal(plain, KEY, "agent", chunk=100))
    assert found.plain_size == size
    ends = sorted({0, 1, 99, 100, 101, 199, 200, size})
    for start in ends:
        for end in ends:
            assert b"".join(found.pieces(start, end)) == plain[start:end], (start, end)


def test_only_the_chunks_of_a_range_are_opened():
    sealed = bytearray(sealed_file.seal(sound(1000), KEY, "caller", chunk=100))
    sealed[16 + 7 * 116] ^= 1  # the eighth chunk
    found = opened(bytes(sealed))
    assert b"".join(found.pieces(100, 700)) == sound(1000)[100:700]
    with pytest.raises(SealedFileError, match="damaged"):
        list(found.pieces(700, 701))


def touched():
    sealed = sealed_file.seal(sound(1000), KEY, "caller", chunk=100)
    return {
        "last chunk gone": sealed[:-116],
        "last byte gone": sealed[:-1],
        "first two swapped": sealed[:16]
        + sealed[132:248]
        + sealed[16:132]
        + sealed[248:],
        "other track": sealed[:8] + b"\x01" + sealed[9:],
        "longer": sealed + sealed[-116:],
    }


@pytest.mark.parametrize("what", touched())
def test_what_was_cut_off_moved_or_altered_is_refused(what):
    with pytest.raises(SealedFileError):
        opened(touched()[what]).verify()


def test_what_was_left_alone_is_not_refused():
    opened(sealed_file.seal(sound(1000), KEY, "caller", chunk=100)).verify()


@pytest.mark.parametrize(
    "content", [b"", b"OggS", b"OggS" + bytes(40), sealed_file.MAGIC * 8]
)
def test_what_is_no_sealed_file_is_told(content):
    with pytest.raises(SealedFileError):
        opened(content)


def test_another_key_opens_nothing():
    sealed = sealed_file.seal(sound(10), KEY, "mix")
    with pytest.raises(SealedFileError, match="key is another one's"):
        opened(sealed, key=bytes(32)).verify()


def test_only_the_owner_of_the_private_key_reads_a_key():
    private, public = sealed_file.new_key_pair()
    sealed = sealed_file.seal_key(KEY, public, UID)
    assert sealed_file.unseal_key(sealed, private, UID) == KEY
    other, _public = sealed_file.new_key_pair()
    with pytest.raises(SealedFileError, match="another Odoo"):
        sealed_file.unseal_key(sealed, other, UID)


def test_a_key_is_bound_to_its_recording():
    private, public = sealed_file.new_key_pair()
    sealed = sealed_file.seal_key(KEY, public, UID)
    with pytest.raises(SealedFileError):
        sealed_file.unseal_key(sealed, private, "f" * 32)


@pytest.mark.parametrize(
    "text",
    ["", "?", None, base64.b64encode(bytes(40)), base64.b64encode(bytes(80)).decode()],
    ids=["empty", "no base64", "none", "short", "zeros"],
)
def test_nonsense_is_no_key(text):
    private, _public = sealed_file.new_key_pair()
    with pytest.raises(SealedFileError):
        sealed_file.unseal_key(text, private, UID)
