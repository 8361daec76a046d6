"""The encryption keys of the secrets: which there are, which are missing, a new one.

Every ciphertext names its key, so several can be at hand at once; to change the key
is to put a new one in front and to encrypt all secrets again.
"""

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL, config

from ...tools import crypto


class WhatsappCallingKeys(models.AbstractModel):
    _name = "whatsapp.calling.keys"
    _description = "Encryption Keys of WhatsApp Calling"

    @api.model
    def _encrypt(self, text):
        """The ciphertext of a secret that was typed in.

        :raises UserError: no key can be used; one is made only where there is no
            secret yet, or a lost key would be replaced and nobody would notice
        """
        data_dir = config["data_dir"]
        try:
            if not crypto.key_ids(data_dir) and self._secrets():
                raise UserError(
                    self.env._(
                        "The encryption key of the secrets is missing on this server. "
                        "Bring it back; or make a new one in Settings > WhatsApp "
                        "Calling > Encryption key, and enter all secrets again."
                    )
                )
            return crypto.encrypt(text, data_dir=data_dir)
        except crypto.CryptoError as error:
            raise UserError(str(error)) from error

    @api.model
    def _secrets(self, lock=False):
        """[(model, field, id, ciphertext)] of every secret, in all companies.

        :param lock: nobody may write one meanwhile
        """
        self.env.flush_all()
        found = []
        for model, field in self._secret_fields():
            rows = self.env.execute_query(
                SQL(
                    "SELECT id, %(field)s FROM %(table)s"
                    " WHERE %(field)s IS NOT NULL ORDER BY id %(lock)s",
                    lock=SQL("FOR UPDATE") if lock else SQL(),
                    field=SQL.identifier(field),
                    table=SQL.identifier(self.env[model]._table),
                )
            )
            found += [(model, field, res_id, value) for res_id, value in rows]
        return found

    def _secret_fields(self):
        """(model, field) of all that holds ciphertexts, by its name."""
        return [
            (name, field.name)
            for name, model in self.env.registry.items()
            if name.startswith("whatsapp.") and model._auto and not model._abstract
            for field in model._fields.values()
            if field.store and field.name.endswith("_encrypted")
        ]

    @api.model
    def _overview(self):
        """What there is, for the screen of the keys; never a key itself.

        :return: {"keys": [{"key_id", "source", "secrets", "state"}], "problem": why
            no key can be used, or ""}; state is "first" (encrypts new secrets),
            "other" (only decrypts) or "missing"
        """
        needed = [crypto.key_id_of(value) for *_where, value in self._secrets()]
        problem, sources = "", []
        try:
            sources = crypto.key_sources(config["data_dir"])
        except crypto.CryptoError as error:
            problem = str(error)
        keys = [
            {
                "key_id": key_id,
                "source": source,
                "secrets": needed.count(key_id),
                "state": "other" if place else "first",
            }
            for place, (key_id, source) in enumerate(sources)
        ]
        at_hand = dict(sources)
        keys += [
            {
                "key_id": key_id or "?",
                "source": "",
                "secrets": needed.count(key_id),
                "state": "missing",
            }
            for key_id in sorted(set(needed))
            if key_id not in at_hand
        ]
        return {"keys": keys, "problem": problem}

    @api.model
    def _encrypt_again(self):
        """Every secret with the first key, or none at all.

        :return: how many were not encrypted with it before
        :raises UserError: a key is missing, so that some could not be read
        """
        data_dir, changed = config["data_dir"], 0
        for model, field, res_id, value in self._secrets(lock=True):
            try:
                if crypto.is_current(value, data_dir):
                    continue
                text = crypto.decrypt(value, data_dir)
                value = crypto.encrypt(text, data_dir)
            except crypto.CryptoError as error:
                raise UserError(
                    self.env._(
                        "Nothing was changed, because a secret cannot be read: "
                        "%(problem)s",
                        problem=error,
                    )
                ) from error
            # sudo: secret - ciphertexts are no fields of anybody's
            self.env[model].sudo().browse(res_id)[field] = value
            changed += 1
        return changed

    @api.model
    def _watch(self):
        """Raise a notice where the key of a secret is missing, resolve it after."""
        notices = self.env["whatsapp.calling.notice"]
        # sudo: account - looked after by the server
        accounts = self.env["whatsapp.calling.account"].sudo()
        try:
            at_hand, problem = crypto.key_ids(config["data_dir"]), ""
        except crypto.CryptoError as error:
            at_hand, problem = [], str(error)
        for account in accounts.search([("active", "=", True)]):
            values = [account.token_encrypted, account.app_secret_encrypted]
            needed = {crypto.key_id_of(value) for value in values if value}
            needed |= self.env["whatsapp.call.recording"]._needed_keys(account)
            missing = needed - set(at_hand)
            if missing:
                detail = problem or self.env._(
                    "Missing key: %(keys)s", keys=", ".join(sorted(missing))
                )
                notices._raise_notice(account, "key_missing", detail=detail)
            else:
                notices._resolve_notice(account, "key_missing")
