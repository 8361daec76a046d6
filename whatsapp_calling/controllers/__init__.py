from . import diagnostics, ping, softphone, webhook, webmanifest
