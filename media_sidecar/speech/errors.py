"""What goes wrong with speech, in words an operator can act on."""


class SpeechError(Exception):
    """A text could not be spoken or heard.

    :param engine: local, elevenlabs, deepgram or deepgram_flux
    :param message: a plain sentence: what happened and what the vendor said
    :param status: the vendor's HTTP status or close code, 0 when there is none
    """

    def __init__(self, engine: str, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.engine = engine
        self.status = status
        self.message = message

    def data(self) -> dict:
        """What the events `tts_failed` and `stt_failed` carry."""
        return {
            "engine": self.engine,
            "status": self.status,
            "message": self.message,
        }
