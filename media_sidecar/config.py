"""The sidecar's configuration: environment variables, or a TOML file with their names.

A variable of the environment beats the file, so that a secret need not be in it.

| name | default | what |
|---|---|---|
| ODOO_URL | | where Odoo is, as the sidecar reaches it |
| ODOO_DATABASE | | sent as X-Odoo-Database when one Odoo serves several |
| SIDECAR_REF | | the reference of the sidecar in Odoo |
| SIDECAR_SECRET, SIDECAR_SECRET_FILE | | its secret in Odoo, 32 characters or more |
| SIDECAR_URL | http://localhost:<LISTEN_PORT> | how Odoo reaches the first worker |
| LISTEN_HOST | 127.0.0.1 | address of the API |
| LISTEN_PORT | 8071 | port of the first worker; the next ones follow |
| PUBLIC_ADDRESS | all of the machine | told to browsers and WhatsApp, by commas |
| WORKERS | 1 | processes, one per core; each is a unit with a URL of its own |
| CAPACITY | 30 | calls of one worker |
| LAG_LIMIT_MS | 20 | p99 lateness of the media loop above which no call is taken |
| STATE_DIR | ~/.local/state/media_sidecar | outbox, recordings, prompts (mode 0700) |
| UDP_PORTS | any | first-last, for a firewall; a call takes two, and one per listener |
| STUN_SERVER | none | host:port, asked for our address, at most 500 ms |
| TURN_SERVER, TURN_USERNAME, TURN_PASSWORD | none | host:port of a relay (UDP) |
| DRAIN_SECONDS | 3600 | how long SIGTERM waits for the calls that are on |
| LOG_LEVEL | INFO | DEBUG, INFO, WARNING, ERROR |
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from .errors import ConfigError

NAMES = [line.split("|")[1] for line in __doc__.splitlines() if line.startswith("| ")]
NAMES = [name.strip() for cell in NAMES[1:] for name in cell.split(",")]
SHORTEST_SECRET = 32
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class Config:
    """What a process needs to know; `unit()` gives that of one worker."""

    odoo_url: str
    ref: str
    secret: str
    url: str
    listen_host: str = "127.0.0.1"
    listen_port: int = 8071
    odoo_database: str = ""
    public_addresses: tuple[str, ...] = ()
    workers: int = 1
    capacity: int = 30
    lag_limit_ms: float = 20
    state_dir: Path = Path("~/.local/state/media_sidecar")
    udp_ports: tuple[int, int] | None = None
    stun: tuple[str, int] | None = None
    turn: tuple[str, int] | None = None
    turn_username: str = ""
    turn_password: str = ""
    drain_seconds: float = 3600
    log_level: str = "INFO"

    def __repr__(self) -> str:
        """Without secrets: a configuration ends up in logs."""
        return f"Config(ref={self.ref!r}, url={self.url!r}, odoo={self.odoo_url!r})"

    def unit(self, number: int) -> "Config":
        """The configuration of worker `number`: a port, URL and folder of its own."""
        return replace(
            self,
            url=_shift_port(self.url, number),
            listen_port=self.listen_port + number if self.listen_port else 0,
            state_dir=self.state_dir / f"unit-{number}",
        )


def load(file: Path | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """Read the configuration; raises ConfigError with a sentence for the admin."""
    values = _from_file(file) if file else {}
    values |= {name: environ[name] for name in NAMES if environ.get(name)}
    port = _number(values, "LISTEN_PORT", 8071, 0, 65535)
    config = Config(
        odoo_url=_address(values, "ODOO_URL").rstrip("/"),
        odoo_database=values.get("ODOO_DATABASE", ""),
        ref=_wanted(values, "SIDECAR_REF"),
        secret=_secret(values),
        url=_address(values, "SIDECAR_URL", f"http://localhost:{port}").rstrip("/"),
        listen_host=values.get("LISTEN_HOST", "127.0.0.1"),
        listen_port=port,
        public_addresses=tuple(
            part.strip()
            for part in values.get("PUBLIC_ADDRESS", "").split(",")
            if part.strip()
        ),
        workers=_number(values, "WORKERS", 1, 1, 64),
        capacity=_number(values, "CAPACITY", 30, 1, 1000),
        lag_limit_ms=_number(values, "LAG_LIMIT_MS", 20, 1, 10000),
        state_dir=Path(values.get("STATE_DIR") or Config.state_dir).expanduser(),
        udp_ports=_ports(values),
        stun=_server(values, "STUN_SERVER"),
        turn=_server(values, "TURN_SERVER"),
        turn_username=values.get("TURN_USERNAME", ""),
        turn_password=values.get("TURN_PASSWORD", ""),
        drain_seconds=_number(values, "DRAIN_SECONDS", 3600, 0, 86400),
        log_level=values.get("LOG_LEVEL", "INFO").upper(),
    )
    if config.log_level not in LEVELS:
        raise ConfigError(f"LOG_LEVEL must be one of {', '.join(LEVELS)}.")
    return config


def _from_file(file: Path) -> dict[str, str]:
    try:
        content = tomllib.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error
    values = {name.upper(): str(value) for name, value in content.items()}
    unknown = sorted(set(values) - set(NAMES))
    if unknown:
        raise ConfigError(f"{file} has names nobody reads: {', '.join(unknown)}.")
    return values


def _wanted(values: Mapping[str, str], name: str) -> str:
    if not values.get(name):
        raise ConfigError(f"{name} is not set: it is part of the sidecar in Odoo.")
    return values[name]


def _secret(values: Mapping[str, str]) -> str:
    secret = values.get("SIDECAR_SECRET")
    if not secret and values.get("SIDECAR_SECRET_FILE"):
        try:
            secret = Path(values["SIDECAR_SECRET_FILE"]).read_text().strip()
        except OSError as error:
            raise ConfigError(f"SIDECAR_SECRET_FILE cannot be read: {error}") from error
    if not secret:
        raise ConfigError(
            "SIDECAR_SECRET is not set: copy it from the sidecar in Odoo."
        )
    if len(secret) < SHORTEST_SECRET:
        raise ConfigError(f"SIDECAR_SECRET needs {SHORTEST_SECRET} characters or more.")
    return secret


def _address(values: Mapping[str, str], name: str, default: str = "") -> str:
    text = values.get(name) or default or _wanted(values, name)
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{name} must begin with http:// or https://, then a host.")
    return text


def _number(values, name: str, default: int, least: int, most: int) -> int:
    text = values.get(name) or str(default)
    if not text.isdecimal() or not least <= int(text) <= most:
        raise ConfigError(f"{name} must be a number from {least} to {most}.")
    return int(text)


def _ports(values) -> tuple[int, int] | None:
    text = values.get("UDP_PORTS")
    if not text:
        return None
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal()):
        raise ConfigError("UDP_PORTS must be two numbers, as 40000-40199.")
    if not 0 < int(first) <= int(last) < 65536:
        raise ConfigError("UDP_PORTS must rise, from 1 to 65535 at most.")
    return int(first), int(last)


def _server(values, name: str) -> tuple[str, int] | None:
    text = values.get(name)
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigError(
            f"{name} must be a host and a port, as stun.example.com:3478."
        )
    return host.strip("[]"), int(port)


def _shift_port(url: str, by: int) -> str:
    """`url` with its port moved; the scheme's own port counts as written."""
    if not by:
        return url
    parts = urlsplit(url)
    port = (parts.port or (443 if parts.scheme == "https" else 80)) + by
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return urlunsplit(parts._replace(netloc=f"{host}:{port}"))
