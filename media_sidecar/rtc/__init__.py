"""The sidecar's media legs: ICE, DTLS-SRTP, RTP, Opus, digits and their clock.

`leg.Leg` is one WebRTC end, towards WhatsApp or towards a browser. `receive.Receiver`
turns its packets into sound, `opus` is libopus, `ticker.Ticker` the one timer of the
process. aiortc and aioice are touched by `private` alone.
"""
