"""Meta's Graph API, as far as calling needs it."""
