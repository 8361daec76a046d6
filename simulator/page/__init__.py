"""The phone page: a WhatsApp phone for a person."""
