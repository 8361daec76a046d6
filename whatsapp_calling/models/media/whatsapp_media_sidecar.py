"""A media sidecar: the program that carries the sound of anchored calls.

An entry here is what the two agree on before they ever speak: a reference and a
secret. Its processes (units) register themselves with that; see whatsapp.media.unit.
"""

import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import config

from ...tools import crypto
from ...tools.recording_keys import new_pair

SHORTEST = 32  # characters of a secret that somebody types in; the sidecar wants them


class WhatsappMediaSidecar(models.Model):
    _name = "whatsapp.media.sidecar"
    _description = "WhatsApp Media Sidecar"
    _order = "name"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    ref = fields.Char(
        "Reference",
        required=True,
        copy=False,
        default=lambda self: f"sidecar-{secrets.token_hex(4)}",
        help="By it the sidecar says who it is: SIDECAR_REF in its configuration.",
    )
    company_ids = fields.Many2many(
        "res.company",
        string="Companies",
        help="Whose calls it may carry. Empty: those of all companies.",
    )
    secret = fields.Char(
        compute="_compute_secret",
        inverse="_inverse_secret",
        copy=False,
        help="Signs what Odoo and the sidecar ask of each other: SIDECAR_SECRET in its "
        "configuration. Empty: one is made. Stored encrypted and shown once.",
    )
    secret_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    # until the sidecar signs with it, the other one counts as well
    next_secret_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    secret_set = fields.Boolean(compute="_compute_secret")
    secret_pending = fields.Boolean(compute="_compute_secret")
    public_key = fields.Char(readonly=True, copy=False)
    private_key_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    unit_ids = fields.One2many("whatsapp.media.unit", "sidecar_id", readonly=True)
    state = fields.Selection(
        [
            ("never", "Never heard from"),
            ("up", "Running"),
            ("busy", "Running, but takes no more calls"),
            ("draining", "Shutting down"),
            ("down", "Not reached"),
        ],
        compute="_compute_state",
    )
    seen_at = fields.Datetime("Last heard from", compute="_compute_state")
    refused_at = fields.Datetime("Refused: wrong signature", readonly=True, copy=False)
    is_refused = fields.Boolean(compute="_compute_state")
    call_count = fields.Integer("Calls now", compute="_compute_state")
    capacity = fields.Integer(compute="_compute_state")

    _ref_uniq = models.Constraint(
        "UNIQUE(ref)", "Another media sidecar has this reference."
    )

    @api.constrains("ref")
    def _check_ref(self):
        for sidecar in self:
            if not sidecar.ref.replace("-", "").replace("_", "").isalnum():
                raise ValidationError(
                    self.env._(
                        "A reference consists of letters, digits, hyphens and "
                        "underscores, as it is part of an address: %(ref)s",
                        ref=sidecar.ref,
                    )
                )

    @api.depends("secret_encrypted", "next_secret_encrypted")
    def _compute_secret(self):
        for sidecar in self:
            # sudo: sidecar - that a secret is set may be known, never the secret
            hidden = sidecar.sudo()
            sidecar.secret = False
            sidecar.secret_set = bool(hidden.secret_encrypted)
            sidecar.secret_pending = bool(hidden.next_secret_encrypted)

    def _inverse_secret(self):
        for sidecar in self:
            typed = (sidecar.secret or "").strip()
            if typed and len(typed) < SHORTEST:
                raise ValidationError(
                    self.env._(
                        "A secret has %(count)s characters or more. Leave it empty, "
                        "and one is made.",
                        count=SHORTEST,
                    )
                )
            if typed:
                sidecar._keep(typed)
        # or the answer to saving would hold what was typed
        self.invalidate_recordset(["secret"])

    @api.depends("unit_ids.state", "unit_ids.seen_at", "refused_at")
    def _compute_state(self):
        for sidecar in self:
            units = sidecar.unit_ids
            up = units.filtered("up")
            states = set(up.mapped("state"))
            if not units:
                state = "never"
            elif "ready" in states:
                state = "up"
            elif "busy" in states:
                state = "busy"
            else:
                state = "draining" if "draining" in states else "down"
            sidecar.state = state
            sidecar.seen_at = max(units.mapped("seen_at"), default=False)
            refused, seen = sidecar.refused_at, sidecar.seen_at
            sidecar.is_refused = bool(refused and (not seen or refused > seen))
            sidecar.call_count = sum(up.mapped("call_count"))
            sidecar.capacity = sum(up.mapped("capacity"))

    @api.model_create_multi
    def create(self, vals_list):
        sidecars = super().create(vals_list)
        keys = self.env["whatsapp.calling.keys"]
        # sudo: sidecar - ciphertexts are no fields of the administrator's
        for sidecar in sidecars.sudo():
            public, private = new_pair()
            sidecar.public_key = public
            sidecar.private_key_encrypted = keys._encrypt(private)
            if not sidecar.secret_encrypted:
                sidecar._keep(secrets.token_urlsafe(32))
        return sidecars

    # ---- secrets

    def _keep(self, secret):
        """Store a secret; one that a running sidecar does not know yet waits."""
        self.ensure_one()
        encrypted = self.env["whatsapp.calling.keys"]._encrypt(secret)
        # sudo: sidecar - the ciphertext is no field of the administrator's
        hidden = self.sudo()
        if hidden.secret_encrypted and hidden.unit_ids.filtered("up"):
            hidden.next_secret_encrypted = encrypted
        else:
            hidden.write(
                {"secret_encrypted": encrypted, "next_secret_encrypted": False}
            )

    def _secrets(self):
        """The secrets that count, in clear: the one in use first.

        :raises crypto.CryptoError: the key that encrypted one is not here
        """
        self.ensure_one()
        hidden = self.sudo()
        found = [hidden.secret_encrypted, hidden.next_secret_encrypted]
        return [crypto.decrypt(each, config["data_dir"]) for each in found if each]

    def _signed_with(self, secret):
        """The sidecar knows this secret: if it is the new one, the old one is over."""
        hidden = self.sudo()
        if hidden.next_secret_encrypted and secret != self._secrets()[0]:
            hidden.write(
                {
                    "secret_encrypted": hidden.next_secret_encrypted,
                    "next_secret_encrypted": False,
                }
            )

    def _note_refused(self):
        """Somebody signed with a wrong secret in its name: noted once a minute, since
        whoever knows the name may ask."""
        now = fields.Datetime.now()
        if not self.refused_at or self.refused_at <= now - timedelta(minutes=1):
            self.refused_at = now

    def _private_key(self):
        """What opens the keys of recordings: 32 bytes in base64.

        :raises crypto.CryptoError: the key that encrypted it is not here
        """
        # sudo: sidecar - to take over a recording
        return crypto.decrypt(self.sudo().private_key_encrypted, config["data_dir"])

    # ---- what a person does

    def action_new_secret(self):
        """Make a new secret and show it this once.

        A running sidecar goes on with the old one until it is restarted with this.
        """
        self.ensure_one()
        self.check_access("write")
        secret = secrets.token_urlsafe(32)
        self._keep(secret)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "title": self.env._("The new secret, shown this once"),
                "message": secret,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # ---- finding one

    @api.model
    def _by_ref(self, ref):
        return self.search([("ref", "=", ref)], limit=1)

    @api.model
    def _pick(self, company, without=None):
        """The unit that carries the next call of a company, least loaded; or none.

        :param without: units that have just refused
        """
        return self.env["whatsapp.media.unit"]._least_loaded(company, without)
