from . import (
    whatsapp_calling_number_media,
    whatsapp_media_sidecar,
    whatsapp_media_unit,
    whatsapp_media_nonce,
    whatsapp_call_media,
    whatsapp_call_media_request,
    whatsapp_call_media_event,
    whatsapp_call_anchored,
    whatsapp_call_reattach,
    whatsapp_call_media_lost,
    whatsapp_media_watch,
)
