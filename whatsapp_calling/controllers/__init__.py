from . import softphone, webhook, webmanifest
