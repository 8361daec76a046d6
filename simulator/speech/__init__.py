"""The speech vendors: Deepgram (live v1 and Flux) and ElevenLabs, by the letter."""
