"""Timers and switches: one for every length of time and every point in doubt."""

from dataclasses import asdict, dataclass, fields


@dataclass
class Switches:
    """Seconds where a number is a time. Changed with POST /control/settings."""

    # -- timers -----------------------------------------------------------------
    ring_timeout_inbound: float = 45.0  # 30-60 s (user-initiated calls)
    ring_timeout_outbound: float = 60.0  # not documented; the consumer app's time
    connect_delay: float = 1.0  # API call to the connect webhook of an outbound call
    ringing_delay: float = 0.3  # connect webhook to RINGING
    no_media_start: float = 20.0  # accepted without a packet (calling FAQ)
    no_media_mid: float = 30.0  # nothing in mid-call (calling FAQ)
    terminate_delay: float = 0.05  # end of a call to its terminate webhook
    automatic_permission_delay: float = 0.2  # end of a call to its automatic reply
    message_sent_delay: float = 0.05
    message_delivered_delay: float = 0.15
    temporary_permission: float = 604800.0
    request_expiry: float = 604800.0
    service_window: float = 86400.0
    day: float = 86400.0  # the 24 hours of every daily limit
    week: float = 604800.0
    media_url_ttl: float = 300.0
    webhook_timeout: float = 20.0
    webhook_retry_first: float = 5.0
    webhook_retry_factor: float = 2.0
    webhook_tries: int = 8
    capture_delay: float = 1.0  # end to WhatsApp's recording; under a minute (docs)
    capture_kept: float = 604800.0  # how long it can be fetched
    template_review: float = 3.0  # a new template's review; negative: by hand only
    restriction: float = 604800.0  # a pause for low quality
    clock_skew: float = 0.0  # of the Date header of Graph's answers

    # -- limits -----------------------------------------------------------------
    concurrent_calls: int = 1000  # the later FAQ names 5000
    connects_per_day: int = 10000
    connected_per_day: int = 100
    requests_per_day: int = 1
    requests_per_week: int = 2
    nudge_after: int = 2  # unanswered calls in a row
    revoke_after: int = 4
    permission_queries_per_second: int = 100  # older text: 5
    messages_per_second: int = 80
    pair_burst: int = 45  # messages to one user before 1 per pair_gap
    pair_gap: float = 6.0
    block_list: int = 64000
    button_text: int = 20  # 25 in another source

    # -- points in doubt ----------------------------------------------------------
    strict_sdp: bool = True
    sdp_error_code: int = 138008  # or 100
    ended_call_code: int = 100  # action on a call that is over
    calling_disabled_http: int = 401  # or 403
    unanswered_status: str = "COMPLETED"  # or FAILED
    rejected_status: str = "COMPLETED"  # terminate after REJECTED; or FAILED, REJECTED
    errors_place: str = "both"  # value, call, both, none
    answer_setup: str = "active"  # actpass, passive
    success_only: bool = False  # answers of call actions without messaging_product
    connect_success_member: bool = False
    expiry_key: str = "expiration_time"  # or expiration
    permission_words: str = "default"  # or openapi: granted, denied
    window_error: str = "at_send"  # or webhook: 200 and a failed status
    contacts_on_connect: bool = True
    contacts_on_outbound: bool = True
    contacts_on_status: bool = False
    contacts_on_terminate: bool = True
    opaque_in_connect: bool = True
    swap_outbound: bool = False  # from/to of outbound webhooks the other way round
    legacy_connection: bool = False  # connection.webrtc.sdp beside session
    reply_type_member: bool = True  # messages[].type of a permission reply
    reply_context_from: str = "customer"  # or business
    reply_expiry_text: bool = True  # expiration_timestamp as a string
    revocation_webhook: bool = True  # also when the user revokes by hand
    capture_link: bool = True  # a link beside the media id of a recording
    capture_from: str = "customer"  # or business: whom `from` names
    transcript_member: str = "call_transcript"  # or call_transcription
    upper_case_fingerprint: bool = False  # SHA-256 in WhatsApp's SDP
    early_media_answers: bool = True  # a packet before accept answers the call
    callback_when_closed: bool = False
    blocked_may_call: bool = False  # blocking is documented for messages only
    missing_fields: str = ""  # fields that this Graph version does not have: a,b
    require_appsecret_proof: bool = False
    escape_slashes: bool = True
    media: bool = True  # False: every call is signalling only
    deepgram_keys: str = "demo-deepgram-key"  # that are accepted: a,b
    elevenlabs_keys: str = "demo-elevenlabs-key"
    speech_idle: float = 10.0  # seconds without audio or KeepAlive: close 1011
    keep_heard: float = 3600.0  # seconds of what a phone heard

    def change(self, values: dict) -> None:
        """Set some; raises ValueError for unknown names and wrong types."""
        known = {f.name: f.type for f in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"unknown setting {name}")
            current = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if isinstance(current, float | int) and not isinstance(current, bool):
                if not number:
                    raise ValueError(f"{name} must be a number")
                value = type(current)(value)
            elif type(value) is not type(current):
                raise ValueError(f"{name} must be {type(current).__name__}")
            setattr(self, name, value)

    def as_dict(self) -> dict:
        """Every setting with its value."""
        return asdict(self)
