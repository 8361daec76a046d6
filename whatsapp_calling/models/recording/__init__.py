from . import (
    whatsapp_calling_recording_policy,
    whatsapp_call_recording,
    whatsapp_call_listen,
    whatsapp_call_turn,
    whatsapp_call_recorded,
    whatsapp_call_recording_upload,
    whatsapp_call_consent,
    whatsapp_call_recording_view,
    whatsapp_call_capture,
    whatsapp_call_legal_hold,
    whatsapp_call_retention,
    whatsapp_call_erasure,
)
