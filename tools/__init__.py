"""Set-up, demo and test machinery of the project (not part of the addons)."""
