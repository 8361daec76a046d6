"""The phone page: a phone for a person, in the browser."""
