from . import whatsapp_calling_reference
