"""Delivers webhooks: signature, faults, time-out and retries.

Meta signs the raw body with the app's secret, waits about 20 s for a 200 and sends
again with growing gaps (create-webhook-endpoint page). Neither order nor
exactly-once is promised, so every webhook is its own task here.
"""

import asyncio
import copy
import time
from typing import TYPE_CHECKING

import aiohttp

from ..faults import WEBHOOK, Fault
from ..model import App, Number, Waba
from . import bodies, mend
from .delivery import Delivery, sign

if TYPE_CHECKING:
    from ..world import World

KEPT = 20000
USER_AGENT = "facebookexternalua"


class Sender:
    """Sends webhooks to the apps that are subscribed."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.deliveries: list[Delivery] = []
        self._session: aiohttp.ClientSession | None = None
        self._held: dict[str, list[Delivery]] = {}
        self._batches: dict[str, list[tuple[dict, Delivery]]] = {}
        self._generation = 0

    def session(self) -> aiohttp.ClientSession:
        """The HTTP client; Meta keeps many connections open."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30),
                auto_decompress=False,
            )
        return self._session

    def targets(self, waba_id: str, field_name: str) -> list[tuple[App, str]]:
        """Apps that get this field of this business account, each with its URL."""
        waba = self.world.wabas[waba_id]
        found = []
        for app_id, subscription in waba.subscriptions.items():
            app = self.world.apps.get(app_id)
            if app is None or field_name not in app.fields:
                continue
            url = subscription.get("override_callback_uri") or app.webhook
            if url:
                found.append((app, url))
        return found

    def send(
        self,
        number: Number,
        field_name: str,
        value: dict,
        names: tuple[str, ...],
        call_id: str | None = None,
        wa_id: str | None = None,
    ) -> list[Delivery]:
        """Send one change to every subscribed app; returns what is under way."""
        body = bodies.envelope(number, field_name, value)
        return self._send(number.waba_id, field_name, body, names, call_id, wa_id)

    def send_account(
        self, waba: Waba, field_name: str, value: dict, names: tuple[str, ...]
    ) -> list[Delivery]:
        """The same for a change about the business account, not about a number."""
        body = bodies.account_envelope(waba, field_name, value)
        return self._send(waba.waba_id, field_name, body, names)

    def _send(
        self,
        waba_id: str,
        field_name: str,
        body: dict,
        names: tuple[str, ...],
        call_id: str | None = None,
        wa_id: str | None = None,
    ) -> list[Delivery]:
        faults = self.world.faults.take(WEBHOOK, names, wa_id)
        body = _bend(body, faults)
        sent = []
        for app, url in self.targets(waba_id, field_name):
            sent.append(self._dispatch(app, url, body, names, call_id, faults))
        return sent

    def _dispatch(
        self,
        app: App,
        url: str,
        body: dict,
        names: tuple[str, ...],
        call_id: str | None,
        faults: list[Fault],
    ) -> Delivery:
        by_kind = {fault.kind: fault for fault in faults}
        raw = bodies.serialise(body, self.world.switches.escape_slashes)
        if "not_json" in by_kind:
            raw = raw[: len(raw) // 2]
        delivery = self._make(app, url, raw, names, call_id)
        if "wrong_signature" in by_kind:
            delivery.signature = sign("not the secret", raw)
        elif "no_signature" in by_kind:
            delivery.signature = None
        if "drop" in by_kind:
            delivery.attempts.append({"at": time.time(), "status": "dropped"})
            delivery.done.set()
            return delivery
        if "batch" in by_kind:
            self._batch(app, body, delivery, by_kind["batch"])
            return delivery
        if "hold" in by_kind:
            self._held.setdefault(app.app_id, []).append(delivery)
            return delivery
        delay = by_kind["delay"].values.get("seconds", 1.0) if "delay" in by_kind else 0
        self.world.spawn(self._deliver(delivery, delay))
        if "duplicate" in by_kind:
            order = by_kind["duplicate"].values
            for copy_number in range(1, order.get("times", 1) + 1):
                twin = self._make(app, url, raw, names, call_id)
                pause = delay + copy_number * order.get("gap", 0.0)
                self.world.spawn(self._deliver(twin, pause))
        for held in self._held.pop(app.app_id, []):
            self.world.spawn(self._after(delivery, held))
        return delivery

    def _make(
        self,
        app: App,
        url: str,
        raw: bytes,
        names: tuple[str, ...],
        call_id: str | None,
    ) -> Delivery:
        signature = sign(app.app_secret, raw)
        delivery = Delivery(app, url, raw, names, call_id, signature)
        self.deliveries.append(delivery)
        if len(self.deliveries) > KEPT:
            del self.deliveries[: KEPT // 10]
        return delivery

    async def _after(self, first: Delivery, second: Delivery) -> None:
        await first.done.wait()
        await self._deliver(second)

    def _batch(self, app: App, body: dict, delivery: Delivery, fault: Fault) -> None:
        """Collect bodies and send them as one POST with several entries."""
        waiting = self._batches.setdefault(app.app_id, [])
        waiting.append((body, delivery))
        if len(waiting) >= fault.values.get("size", 2):
            self._flush(app)
        elif len(waiting) == 1:
            self.world.later(fault.values.get("seconds", 5.0), lambda: self._flush(app))

    def _flush(self, app: App) -> None:
        waiting = self._batches.pop(app.app_id, [])
        if not waiting:
            return
        merged = {
            "object": "whatsapp_business_account",
            "entry": [entry for body, _ in waiting for entry in body["entry"]],
        }
        raw = bodies.serialise(merged, self.world.switches.escape_slashes)
        lead = waiting[0][1]
        lead.body, lead.signature = raw, sign(app.app_secret, raw)
        lead.names = tuple(name for _, d in waiting for name in d.names)
        for _, other in waiting[1:]:
            other.attempts.append({"at": time.time(), "status": f"in {lead.id}"})
            other.done.set()
        self.world.spawn(self._deliver(lead))

    def raw(self, app: App, body: bytes, signature: str | None, url: str) -> Delivery:
        """Send a given body, as is. For tests."""
        delivery = self._make(app, url, body, ("raw",), None)
        delivery.signature = signature
        self.world.spawn(self._deliver(delivery))
        return delivery

    async def _deliver(self, delivery: Delivery, delay: float = 0) -> None:
        """Post until a 200 or until the tries are used up."""
        generation = self._generation
        if delay:
            await asyncio.sleep(delay)
        switches = self.world.switches
        gap = switches.webhook_retry_first
        for attempt in range(max(1, switches.webhook_tries)):
            if attempt:
                await asyncio.sleep(gap)
                gap *= switches.webhook_retry_factor
            if generation != self._generation:
                break
            result = await self._post(delivery)
            delivery.attempts.append(result)
            self.world.hub.send("webhook", {"webhook": delivery.as_dict()})
            if result["status"] == 200:
                break
            delivery.done.set()
        delivery.done.set()

    async def _post(self, delivery: Delivery) -> dict:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "Accept": "*/*",
        }
        if delivery.signature:
            headers["X-Hub-Signature-256"] = delivery.signature
        started = time.time()
        status: int | str
        try:
            async with self.session().post(
                delivery.url,
                data=delivery.body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(self.world.switches.webhook_timeout),
            ) as response:
                await response.read()
                status = response.status
        except TimeoutError:
            status = "timeout"
        except aiohttp.ClientError as error:
            status = f"error: {type(error).__name__}"
        took = round((time.time() - started) * 1000, 1)
        return {"at": started, "status": status, "ms": took}

    async def handshake(self, url: str, verify_token: str) -> bool:
        """GET with hub.challenge, as when a URL is saved; True when it is echoed."""
        challenge = str(int(time.time() * 1000) % 10**10)
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": verify_token,
        }
        try:
            async with self.session().get(
                url,
                params=query,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(self.world.switches.webhook_timeout),
            ) as response:
                text = await response.text()
                return response.status == 200 and text == challenge
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False

    def forget(self) -> None:
        """Give up retries and what is held back."""
        self._generation += 1
        self.deliveries.clear()
        self._held.clear()
        self._batches.clear()

    async def close(self) -> None:
        self.forget()
        if self._session:
            await self._session.close()


def _bend(body: dict, faults: list[Fault]) -> dict:
    """Apply the faults that change the body."""
    changing = ("missing", "patch", "swap_from_to", "upper_case", "lower_case")
    if not any(fault.kind in changing for fault in faults):
        return body
    body = copy.deepcopy(body)
    for fault in faults:
        if fault.kind == "missing":
            mend.remove(body, fault.values.get("members", ["contacts"]))
        elif fault.kind == "patch":
            mend.patch(body, fault.values.get("values", {}))
        elif fault.kind == "swap_from_to":
            mend.swap_from_to(body)
        elif fault.kind in ("upper_case", "lower_case"):
            mend.change_case(body, fault.kind == "upper_case")
    return body
