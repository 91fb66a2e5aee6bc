"""What does ``env:NAME`` or ``file:PATH`` stand for, and how is something told without the secrets in it?"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterable, Mapping

from session_monitor.text import safe

ENVIRONMENT, FILE = "env:", "file:"
MOST_TOLD = 200
"""Characters of what a receiver answered."""
_SHORTEST = 4
"""Characters of a secret below which it is not looked for: it would be found everywhere."""
_LAST = 4
_MOST_OF_A_FILE = 1 << 16


class NoSecretError(ValueError):
    """A secret that cannot be had; the argument says why, without it."""


def is_reference(value: str) -> bool:
    """Whether it says only where the secret is."""
    return value.startswith((ENVIRONMENT, FILE))


def resolved(value: str, environment: Mapping[str, str]) -> str:
    """The secret itself, without white space around it.  Raises NoSecretError."""
    if value.startswith(ENVIRONMENT):
        name = value[len(ENVIRONMENT) :]
        found = environment.get(name, "").strip()
        if not found:
            raise NoSecretError(f"the environment has no {safe.cell(name)}: set it where the monitor is started")
        return found
    return _of_file(value[len(FILE) :]) if value.startswith(FILE) else value


def _of_file(path: str) -> str:
    named = safe.cell(path)
    try:
        with open(path, "rb") as file:
            found = file.read(_MOST_OF_A_FILE).decode().strip()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise NoSecretError(f"{named}: {why}. See that this user may read it") from None
    if not found or "\n" in found:
        raise NoSecretError(
            f"{named} must hold the secret, and nothing else: it has {'several lines' if found else 'none'}"
        )
    return found


# -- telling -----------------------------------------------------------------------------------------------------------


def shown(value: str) -> str:
    """A secret so that its owner knows it again: scheme and host of an address, and the last four characters.

    What says only where it is, is told as it is.
    """
    if is_reference(value):
        return safe.cell(value)
    where = place(value)
    last = value[-_LAST:] if len(value) >= 4 * _LAST else ""
    return safe.cell(f"{where}/…{last}" if where else f"…{last}")


def place(address: str) -> str:
    """Scheme, host and port of an address; nothing where it is none."""
    try:
        parts = urllib.parse.urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if not parts.scheme or not host:
        return ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"


def without(text: str, known: Iterable[str]) -> str:
    """The text with ``…`` for the secrets in it, in any of their ways to be written; clean, and cut."""
    forms = {form for secret in known for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "…")
    text = safe.cell(text)
    return text if len(text) <= MOST_TOLD else text[: MOST_TOLD - 1] + "…"


def _forms(secret: str) -> Iterable[str]:
    for each in (secret, *_parts(secret)):
        if len(each) >= _SHORTEST:
            quoted = urllib.parse.quote(each, safe="")
            yield from (each, quoted, quoted.lower(), urllib.parse.quote_plus(each), json.dumps(each)[1:-1])
            yield each.replace("/", "\\/")


def _parts(address: str) -> Iterable[str]:
    """What of an address may be secret by itself: long parts of its path, and values in its query."""
    if not place(address):
        return
    parts = urllib.parse.urlsplit(address)
    path = urllib.parse.unquote(parts.path)
    yield f"{parts.path}?{parts.query}" if parts.query else parts.path
    yield from (path, parts.query, parts.fragment)
    yield from (each for each in path.split("/") if len(each) >= 8)
    yield from (value for _, value in urllib.parse.parse_qsl(parts.query))
