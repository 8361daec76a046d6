from . import (
    whatsapp_call_transfer,
    whatsapp_call_hold,
    whatsapp_call_transferring,
    whatsapp_call_transfer_outcome,
    whatsapp_call_consult,
    whatsapp_call_monitor,
    whatsapp_call_listening,
    whatsapp_call_transfer_targets,
    whatsapp_call_digits,
    whatsapp_call_controls,
    whatsapp_call_live,
)
