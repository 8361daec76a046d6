"""Calls: their states, timers and webhooks, inbound and outbound."""
