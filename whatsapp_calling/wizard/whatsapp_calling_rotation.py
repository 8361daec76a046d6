"""Changing the encryption key: which keys there are, and the steps to a new one."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import config

from ..tools import crypto


class WhatsappCallingRotation(models.TransientModel):
    _name = "whatsapp.calling.rotation"
    _description = "Encryption Key of WhatsApp Calling"

    line_ids = fields.One2many(
        "whatsapp.calling.rotation.line",
        "rotation_id",
        default=lambda self: self._default_lines(),
    )
    problem = fields.Char(compute="_compute_steps")
    given = fields.Boolean("From the environment", compute="_compute_steps")
    stale_count = fields.Integer("Secrets with an older key", compute="_compute_steps")
    missing_count = fields.Integer(
        "Secrets whose key is missing", compute="_compute_steps"
    )

    @api.model
    def _default_lines(self):
        overview = self.env["whatsapp.calling.keys"]._overview()
        return [fields.Command.create(key) for key in overview["keys"]]

    @api.depends("line_ids")
    def _compute_steps(self):
        problem = self.env["whatsapp.calling.keys"]._overview()["problem"]
        given = bool(problem) or not crypto.may_add_key(config["data_dir"])
        for rotation in self:
            count = {"first": 0, "other": 0, "missing": 0}
            for line in rotation.line_ids:
                count[line.state] += line.secrets
            rotation.problem = problem
            rotation.given = given
            rotation.stale_count = count["other"]
            rotation.missing_count = count["missing"]

    def action_new_key(self):
        """Make a key in our own file, and encrypt everything with it.

        The file comes first and the transaction after it: whatever is killed in
        between, each secret's key is in the file.
        """
        self.ensure_one()
        if self.missing_count and self._keys_at_hand():
            # with one at hand a new one would help nothing
            raise UserError(
                self.env._(
                    "Bring the missing key back first, or enter the secrets that "
                    "need it again."
                )
            )
        try:
            crypto.add_key(config["data_dir"])
        except crypto.CryptoError as error:
            raise UserError(str(error)) from error
        key_id, place = crypto.key_sources(config["data_dir"])[0]
        if self.missing_count:
            return self._told(
                self.env._(
                    "There is a new key, %(key)s. Enter the secrets of each account "
                    "now, and back up %(file)s.",
                    key=key_id,
                    file=place,
                ),
                sticky=True,
            )
        count = self.env["whatsapp.calling.keys"]._encrypt_again()
        return self._told(
            self.env._(
                "The new key is %(key)s; secrets encrypted anew with it: %(count)s. "
                "Back up %(file)s.",
                key=key_id,
                count=count,
                file=place,
            ),
            sticky=True,
        )

    def _keys_at_hand(self):
        return self.line_ids.filtered(lambda line: line.state != "missing")

    def action_encrypt_again(self):
        """Encrypt all secrets with the first key: all of them or none."""
        self.ensure_one()
        count = self.env["whatsapp.calling.keys"]._encrypt_again()
        return self._told(
            self.env._("All secrets have the new key: %(count)s changed.", count=count)
        )

    def _told(self, message, sticky=False):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": message,
                "sticky": sticky,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }


class WhatsappCallingRotationLine(models.TransientModel):
    _name = "whatsapp.calling.rotation.line"
    _description = "Encryption Key"
    _order = "id"

    rotation_id = fields.Many2one(
        "whatsapp.calling.rotation", required=True, ondelete="cascade"
    )
    key_id = fields.Char(required=True)
    source = fields.Char("Where it is")
    secrets = fields.Integer()
    state = fields.Selection(
        [
            ("first", "Encrypts new secrets"),
            ("other", "Still decrypts"),
            ("missing", "Missing"),
        ],
        required=True,
    )
