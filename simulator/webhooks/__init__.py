"""Webhooks: their bodies, their faults, their delivery."""
