"""Who called before there was a switch for it goes on calling."""


def migrate(cr, version):
    cr.execute(
        """
        UPDATE res_company SET whatsapp_calling_enabled = TRUE
         WHERE whatsapp_calling_enabled IS NOT TRUE
           AND id IN (SELECT company_id FROM whatsapp_calling_number
                       WHERE calling_enabled)
        """
    )
