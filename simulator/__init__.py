"""WhatsApp's side of a call on one machine: Graph, webhooks, phones and media."""
