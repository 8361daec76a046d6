"""Permission requests of the last week go on counting, and the open ones stay open.

They had been noted on the permission alone; now each is a message of its own.
"""


def migrate(cr, version):
    cr.execute(
        """
        INSERT INTO whatsapp_calling_message (
            permission_id, number_id, contact_id, company_id, kind, state, counts,
            asked_at, user_id, message_ref,
            create_uid, write_uid, create_date, write_date)
        SELECT id, number_id, contact_id, company_id, 'permission', 'sent', TRUE,
               requested_at, requested_by_id, request_ref,
               create_uid, write_uid, requested_at, requested_at
          FROM whatsapp_call_permission permission
         WHERE requested_at > now() AT TIME ZONE 'UTC' - interval '7 days'
           AND NOT EXISTS (SELECT FROM whatsapp_calling_message message
                            WHERE message.permission_id = permission.id)
        """
    )
    cr.execute(
        """
        UPDATE whatsapp_call_permission SET request_open = TRUE
         WHERE requested_at IS NOT NULL
           AND (answered_at IS NULL OR answered_at < requested_at)
        """
    )
