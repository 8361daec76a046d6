from . import diagnostics, media, ping, softphone, webhook, webmanifest
