from . import (
    whatsapp_call_speech_told,
    whatsapp_calling_sample,
    whatsapp_call_assistant,
    whatsapp_calling_speech,
    whatsapp_call_follow_up,
    whatsapp_call_voice_note,
    whatsapp_call_no_answer,
    whatsapp_call_voicemail,
    whatsapp_call_voicemail_told,
)
