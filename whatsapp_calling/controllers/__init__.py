from . import diagnostics, media, ping, recording, softphone, webhook, webmanifest
