"""A customer's medium: fetched where WhatsApp keeps it, whole or not at all."""

import base64
import hashlib

import pytest

from tests.providers.payloads import NUMBER
from whatsapp_calling.providers import PROVIDERS, Credentials, ProviderError

meta = PROVIDERS["meta"]
VOICE = b"OggS" + bytes(range(256)) * 40
SHA256 = base64.b64encode(hashlib.sha256(VOICE).digest()).decode()
LATER = "link of five minutes"


def medium(graph, **members):
    return {
        "messaging_product": "whatsapp",
        "url": f"{graph.url}/whatsapp_business/attachments/?mid=1&hash={LATER}",
        "mime_type": "audio/ogg; codecs=opus",
        "sha256": SHA256,
        "file_size": len(VOICE),
        "id": "1",
        **members,
    }


def fetch(graph):
    known = Credentials(token="demo-token-1", base_url=graph.url, timeout=(1, 5))
    return meta.send(known, "get_media", NUMBER, {"media_ref": "1"})


def refused(graph):
    with pytest.raises(ProviderError) as caught:
        fetch(graph)
    return caught.value


@pytest.mark.parametrize("digest", [SHA256, hashlib.sha256(VOICE).hexdigest()])
def test_a_voice_message_is_fetched_with_the_token(graph, digest):
    graph.answers = [(200, {}, medium(graph, sha256=digest)), (200, {}, VOICE)]
    answer = fetch(graph)
    look, file = graph.asked
    assert (look.path, look.query) == ("/v25.0/1", {"phone_number_id": NUMBER})
    assert file.path == "/whatsapp_business/attachments/"
    assert file.headers["Authorization"] == "Bearer demo-token-1"
    assert answer.content == VOICE
    assert answer.data == {
        "mime_type": "audio/ogg; codecs=opus",
        "sha256": digest,
        "size": len(VOICE),
    }
    assert "OggS" not in repr(answer)


@pytest.mark.parametrize("digest", [None, "", "AAAA", "ä", SHA256[:-4] + "AAA="])
def test_a_file_with_another_checksum_is_not_taken(graph, digest):
    graph.answers = [(200, {}, medium(graph, sha256=digest)), (200, {}, VOICE)]
    assert "checksum" in refused(graph).message


def test_what_says_that_it_is_too_large_is_not_fetched(graph):
    graph.answers = [(200, {}, medium(graph, file_size=16 * 1024 * 1024 + 1))]
    error = refused(graph)
    assert (error.kind, error.message) == ("refused", "The file is larger than 16 MB.")
    assert len(graph.asked) == 1


def test_what_turns_out_to_be_too_large_is_not_taken(graph):
    flood = bytes(16 * 1024 * 1024 + 70_000)
    graph.answers = [(200, {}, medium(graph)), (200, {}, flood)]
    assert refused(graph).message == "The file is larger than 16 MB."


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "http://lookaside.fbsbx.com/x",
        "https://evil.example/x",
        "https://fbsbx.com.evil.example/x",
        "https://lookaside.fbsbx.com@evil.example/x",
        "https://evilfbsbx.com/x",
        "file:///etc/passwd",
        "http://127.0.0.1:1/x",
        "https://[",
    ],
)
def test_nobody_but_whatsapp_is_handed_the_token(graph, url):
    graph.answers = [(200, {}, medium(graph, url=url))]
    assert "does not lie with WhatsApp" in refused(graph).message
    assert len(graph.asked) == 1


def test_a_link_that_ran_out_is_told_as_such(graph):
    graph.answers = [(200, {}, medium(graph)), (404, {}, b"")]
    assert refused(graph).http_status == 404


# ---- what we send


def test_a_medium_is_uploaded_as_a_form_with_its_type(graph):
    graph.answers = [(200, {}, {"id": "8000"})]
    known = Credentials(token="demo-token-1", base_url=graph.url, timeout=(1, 5))
    payload = {"content": VOICE, "mime_type": "audio/ogg", "file_name": "note.ogg"}
    answer = meta.send(known, "upload_media", NUMBER, payload)
    (asked,) = graph.asked
    assert (asked.method, asked.path) == ("POST", f"/v25.0/{NUMBER}/media")
    assert asked.body == {
        "messaging_product": "whatsapp",
        "type": "audio/ogg",
        "file": ("note.ogg", "audio/ogg", VOICE),
    }
    assert asked.headers["Authorization"] == "Bearer demo-token-1"
    assert answer.media_ref == "8000"


def test_an_upload_without_a_media_id_did_not_succeed(graph):
    graph.answers = [(200, {}, {"success": True})]
    known = Credentials(token="demo-token-1", base_url=graph.url, timeout=(1, 5))
    payload = {"content": VOICE, "mime_type": "audio/ogg", "file_name": "note.ogg"}
    with pytest.raises(ProviderError) as caught:
        meta.send(known, "upload_media", NUMBER, payload)
    assert (caught.value.kind, caught.value.certain) == ("nonsense", False)
