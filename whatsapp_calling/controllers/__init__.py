from . import (
    diagnostics,
    media,
    ping,
    recording,
    recording_upload,
    softphone,
    webhook,
    webmanifest,
)
