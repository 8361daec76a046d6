from . import softphone, webhook
