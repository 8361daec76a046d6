"""The sound of a call: ICE-lite, DTLS-SRTP, Opus, DTMF and what a phone heard."""
