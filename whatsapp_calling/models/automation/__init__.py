from . import (
    whatsapp_calling_happening,
    whatsapp_calling_happening_dealing,
    whatsapp_calling_hook,
    whatsapp_calling_delivery,
)
