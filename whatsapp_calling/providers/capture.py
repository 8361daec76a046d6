"""In which words WhatsApp says that it records a call."""

# In these WhatsApp can say that it records (call-recording page, 2026-08-31).
CAPTURE_LANGUAGES = {
    "en": "English",
    "en_US": "English (US)",
    "en_AU": "English (Australia)",
    "en_CA": "English (Canada)",
    "en_GB": "English (UK)",
    "en_IN": "English (India)",
    "en_NZ": "English (New Zealand)",
    "nl": "Dutch",
    "fr": "French",
    "de": "German",
    "hi": "Hindi",
    "it": "Italian",
    "kn": "Kannada",
    "pt": "Portuguese",
    "es": "Spanish",
    "es_ES": "Spanish (Spain)",
    "te": "Telugu",
    "vi": "Vietnamese",
}
CAPTURE_PURPOSE_LIMIT = 250  # characters of why a call is recorded
