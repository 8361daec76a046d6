"""The media sidecar: stands in a call's sound between browser and WhatsApp."""
