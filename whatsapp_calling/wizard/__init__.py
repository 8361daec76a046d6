from . import whatsapp_call_diagnosis
