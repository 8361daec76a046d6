# each extends what those before it define
from . import (
    call,
    number,
    account,
    customer,
    media,
    controls,
    recording,
    voicemail,
    automation,
)

from . import (
    res_company,
    ir_ui_menu,
    res_config_settings,
    ir_websocket,
    mail_thread,
    res_partner,
    res_partner_calls,
    res_users,
)
