-- A copied database calls and texts nobody: no secrets, nothing left to send, and
-- paused until an administrator says that it is no copy.
UPDATE whatsapp_calling_account
   SET token_encrypted = NULL, app_secret_encrypted = NULL, state = 'draft';
UPDATE whatsapp_calling_number SET calling_enabled = FALSE, settings_sent = NULL;
UPDATE whatsapp_calling_hook SET active = FALSE, secret_encrypted = NULL;
UPDATE whatsapp_calling_delivery
   SET state = 'failed', next_at = NULL
 WHERE state IN ('queued', 'sending');
UPDATE whatsapp_media_sidecar
   SET secret_encrypted = NULL, next_secret_encrypted = NULL,
       private_key_encrypted = NULL;
DELETE FROM whatsapp_media_unit;
UPDATE whatsapp_call_request
   SET state = 'cancelled', payload = NULL
 WHERE state IN ('queued', 'sending');
INSERT INTO ir_config_parameter (key, value)
VALUES ('whatsapp_calling.confirmed_uuid', 'neutralized')
    ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value;
-- Nobody listens to customers in a copy.
UPDATE whatsapp_call_recording SET key_encrypted = NULL;
UPDATE whatsapp_calling_speech
   SET stt_key_encrypted = NULL, tts_key_encrypted = NULL,
       stt_engine = 'local', tts_engine = 'local';
-- What somebody was typing in.
DELETE FROM whatsapp_calling_connect;
