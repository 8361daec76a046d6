from . import base_automation, whatsapp_calling_happening
