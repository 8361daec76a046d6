"""The HTTP status that comes with WhatsApp's error codes.

From Meta's calling troubleshooting page and its page of Cloud API error codes; a code
that is not here comes in webhooks only, or with a status that Meta does not state.
"""

_STATUSES = {
    400: (
        *(33, 100, 130403, 130497, 131008, 131009, 131021, 131026, 131030, 131044),
        *(131047, 131051, 131052, 131053, 131055, 131062, 131063, 132000, 132001),
        *(132005, 132007, 132012, 132015, 132016, 138001, 138003, 138008, 138009),
        *(138012, 138013, 138014, 138015, 138017, 138018, 138019, 138020, 138021),
        *(138022, 138023, 139100, 139101, 139102),
    ),
    401: (0, 190, 138000, 138006),
    403: (3, 10, 131005, 131031),
    429: (4, 613, 80007, 130429, 131048, 131056, 138002, 138005),
    500: (1, 131000, 138004, 138007, 139103),
    503: (2, 131016),
}
_STATUS_OF = {code: status for status, codes in _STATUSES.items() for code in codes}


def http_status(code):
    """The HTTP status that Meta states for an error code, or None."""
    return _STATUS_OF.get(code)
