"""Speech: what the sidecar says (`Prompts`, `speak_note`) and what it understands
(`Transcriber`). Engines without keys are local; vendors are asked only when the
settings of a call name them, and their keys stay in memory.
"""

from .errors import SpeechError
from .prompts import Prompts, speak_note

__all__ = ["Prompts", "SpeechError", "speak_note"]
