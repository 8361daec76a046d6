"""Secrets go over https, or in plain http to this machine and to no other."""

import pytest

from whatsapp_calling.tools.address import is_local, is_safe


@pytest.mark.parametrize(
    "url", ["https://graph.facebook.com", "http://localhost:8070", "http://127.0.0.1/x"]
)
def test_nobody_on_the_way_reads_what_goes_there(url):
    assert is_safe(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://graph.facebook.com",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost@example.com",
        "http://[",
        "ftp://localhost",
        "",
        None,
    ],
)
def test_anywhere_else_it_travels_in_the_open(url):
    assert not is_safe(url) and not is_local(url)
