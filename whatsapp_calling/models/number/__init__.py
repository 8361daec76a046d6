from . import (
    whatsapp_calling_number,
    whatsapp_calling_hours,
    whatsapp_calling_toggle,
    whatsapp_calling_settings,
    whatsapp_calling_pickup,
    whatsapp_calling_number_choice,
)
