from . import (
    whatsapp_call_diagnosis,
    whatsapp_calling_copy,
    whatsapp_calling_rotation,
    whatsapp_calling_send,
)
