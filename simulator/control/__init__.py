"""The control API: for tests, tools and the phone page."""
