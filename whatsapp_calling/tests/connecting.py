"""WhatsApp's answers about tokens, apps and accounts, for tests of the set-up."""

WABA = "190000000000009"
APP = "390000000000001"
NEEDED = ["whatsapp_business_management", "whatsapp_business_messaging"]


def token(**members):
    """The answer of debug_token."""
    data = {"app_id": APP, "is_valid": True, "expires_at": 0, "scopes": NEEDED}
    return {"data": {"data_access_expires_at": 0, **data, **members}}


def waba(**members):
    return {"id": WABA, "name": "Calls Vienna GmbH", "currency": "EUR", **members}


def numbers(*refs):
    rows = [
        {
            "id": ref,
            "display_phone_number": f"+43 720 88{ref[-4:]}",
            "verified_name": f"Line {ref[-1]}",
            "quality_rating": "GREEN",
        }
        for ref in refs
    ]
    return {"data": rows}


def subscribed(app=APP, override=None):
    row = {"whatsapp_business_api_data": {"id": app, "name": "Calls", "link": ""}}
    if override:
        row["override_callback_uri"] = override
    return {"data": [row]}


def app(callback_url=None, fields=("calls", "messages")):
    """What the app sends of WhatsApp's webhooks, and where to by itself."""
    row = {
        "object": "whatsapp_business_account",
        "active": True,
        "fields": [{"name": name, "version": "v25.0"} for name in fields],
    }
    if callback_url:
        row["callback_url"] = callback_url
    return {"data": [row]}


class ConnectingMixin:
    """`settle` sends what a trial asks, until all is answered."""

    def settle(self, trial):
        requests = self.env["whatsapp.call.request"]
        mine = [
            ("record_model", "=", trial._name),
            ("record_id", "=", trial.id),
            ("state", "=", "queued"),
        ]
        while request := requests.search(mine, order="id", limit=1):
            self.send_due(request=request)

    def states(self, trial):
        """{key: state} of the lines."""
        return {line["key"]: line["state"] for line in trial.lines}

    def line(self, trial, key):
        return next(line for line in trial.lines if line["key"] == key)
