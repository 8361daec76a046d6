"""Prepared SDP still connects: two aiortc peers that see nothing else.

What was left out is not missed, and an upper-case fingerprint is understood.
"""

import asyncio

import pytest

from whatsapp_calling.providers.sdp import (
    prepare_answer,
    prepare_offer,
    remote_for_browser,
)

aiortc = pytest.importorskip("aiortc")


def peer():
    # Without servers: the default asks a public one and waits for it.
    connection = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
    connection.addTrack(aiortc.mediastreams.AudioStreamTrack())
    return connection


async def connected(connection):
    done = asyncio.Event()

    @connection.on("connectionstatechange")
    def changed():
        if connection.connectionState in ("connected", "failed", "closed"):
            done.set()

    changed()
    await asyncio.wait_for(done.wait(), 20)
    return connection.connectionState


async def test_two_peers_connect_over_prepared_sdp():
    caller, callee = peer(), peer()
    try:
        await caller.setLocalDescription(await caller.createOffer())
        offer = prepare_offer(caller.localDescription.sdp)
        await callee.setRemoteDescription(
            aiortc.RTCSessionDescription(remote_for_browser(offer, "offer"), "offer")
        )
        await callee.setLocalDescription(await callee.createAnswer())
        answer = prepare_answer(callee.localDescription.sdp)
        await caller.setRemoteDescription(
            aiortc.RTCSessionDescription(remote_for_browser(answer, "answer"), "answer")
        )
        states = await asyncio.gather(connected(caller), connected(callee))
        assert states == ["connected", "connected"]
    finally:
        await asyncio.gather(caller.close(), callee.close())
