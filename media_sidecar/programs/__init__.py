"""What can have a call in place of a person, by the kind that Odoo names."""

from .voicemail import Voicemail

PROGRAMS = {"voicemail": Voicemail}
