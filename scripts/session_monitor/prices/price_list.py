"""Which prices are known?

A price list is a JSON file with one model a line::

    {"schema": 1, "currency": "USD", "unit": "1M tokens", …
    "vendor_defaults": {"dashscope": {"cache_read": "0.2x", …}},
    "models": {
    "o3": {"vendor": "openai", "names": ["o3"], "prices": [{"from": null, "input": "10", …}, {"from": "2025-06-10", …}]},
    …
    }}

A key is a canonical name: of a maker's model its own, of what one who sells others' models takes for one of them
``SELLER/KEY``.  ``at_makers_price`` has each seller's keys for which it takes what their makers do.  A row of prices holds from its date on (``null``: since ever) until the next row's, in UTC.
Prices are text, in dollars per million tokens: ``input`` and ``output``, and where they differ from these
``cache_read``, ``cache_read_explicit`` (from a cache that the caller asked for), ``cache_write`` (kept five minutes),
``cache_write_1h``, ``reasoning``, ``audio_input``, ``audio_output``, ``image_input`` and ``image_output``.  ``tiers``
replace prices for prompts ``above`` so many tokens, ``windows`` at some hours of some days (``utc``: from and to,
``weekdays``: 1 is Monday).  Each row names its ``source`` and the day when it was ``observed`` there.

In the shipped list, a date has an origin, ``dated``: ``vendor`` (a page of the vendor's states it), ``source`` (the source does), or ``seen``:
nobody states it, and the price was new to us on that day; it may hold since any day ``after`` the one on which the old
price was seen last.  A row without a date was seen, too, and holds since ever, as nothing is known of a price before.

A person's own list has the same form with only what differs, and may have ``aliases`` (name to name), rows in another
``currency``, ``rates`` for it: ``{"CNY": [{"from": "2026-01-01", "usd": "0.14"}]}``, and ``sellers``: shell patterns of clusters
and routes to the words of ``sellers.json``, of which the first that fits counts.  ``patterns`` are prices as in ``models``,
under shell patterns of names as they were typed; what somebody publishes at a reseller under the name of another's model
has ``SELLER/PUBLISHER/KEY``; ``discounts`` are ``{"seller": "openai", "percent": "15"}``, which may
have ``from``, ``until`` (the last day) and ``model`` (a name or a pattern).  ``assume`` has the rules of ``assumptions``, such
as ``{"cache_write": "1h", "model": "claude-*", "consumer": "x"}``, of which the first that fits counts, too.
"""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from session_monitor.base import data_folder, data_tables, files, utf8

SCHEMA = 1
UNIT = "1M tokens"
CACHE_PRICES = ("cache_read", "cache_read_explicit", "cache_write", "cache_write_1h")
MEDIA_PRICES = ("audio_input", "audio_output", "image_input", "image_output")
PRICES = ("input", "output", *CACHE_PRICES, "reasoning", *MEDIA_PRICES)
DATE_ORIGINS = ("vendor", "source", "seen")
THIRD_PARTY = ("openrouter", "groq")
"""Vendors that sell others' models; their price says little of what another seller takes."""
SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "prices.json")
SELLERS = os.path.join(os.path.dirname(SHIPPED), "sellers.json")
"""Who sells what, which prices depend on as well (see ``sellers``)."""


class BadPriceListError(ValueError):
    """A price list that cannot be used: the file, the line where known, and what is wrong there."""

    def __init__(self, path: str, line: int | None, what: str) -> None:
        """``line`` counts from 1."""
        place = f"{path}, line {line}" if line else path
        super().__init__(f"{place}: {what}")


class PriceList(NamedTuple):
    """One file's prices; all keys are canonical, the rows as they stand in the file.

    ``digest`` changes with the file's text.
    """

    path: str = ""
    models: Mapping[str, dict[str, Any]] = {}
    aliases: Mapping[str, str] = {}
    rates: Mapping[str, list[dict[str, str]]] = {}
    vendor_defaults: Mapping[str, Mapping[str, str]] = {}
    digest: str = ""
    at_makers_price: Mapping[str, Collection[str]] = {}
    sellers: Mapping[str, str] = {}
    patterns: Mapping[str, dict[str, Any]] = {}
    discounts: Sequence[Mapping[str, str]] = ()
    assume: Sequence[Mapping[str, str]] = ()


class UndecodedPriceList(NamedTuple):
    """A list as it is in its file: most questions need to know that it is still the same, and not what is in it."""

    path: str
    raw: bytes

    @property
    def digest(self) -> str:
        """Changes with the file's bytes: a release changes them, and every start reads them, so that one sum is enough."""
        return _digest_of_bytes(self.raw)

    def decoded(self) -> PriceList:
        """The list; it is not checked.  Raises BadPriceListError where it is no JSON, perhaps when a model is asked for."""
        text = _decoded(self.raw)
        document = _by_line(self.path, text) or document_of(self.path, text)
        return of_document(self.path, text, document, document["models"], document.get("aliases", {}))


class _Lines(Mapping[str, "dict[str, Any]"]):
    """The models of a list, each decoded when it is asked for: a question needs a few of a thousand."""

    def __init__(self, path: str, text: str, lines: dict[str, str]) -> None:
        self._path = path
        self._text = text
        self._lines = lines
        self._decoded: dict[str, dict[str, Any]] = {}

    def __getitem__(self, key: str) -> dict[str, Any]:
        if key not in self._decoded:
            line = self._lines[key]
            try:
                self._decoded[key] = document_of(self._path, line)
            except BadPriceListError:
                document_of(self._path, self._text)  # which says in which line of the whole that is
                raise
        return self._decoded[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def _by_line(path: str, text: str) -> dict[str, Any] | None:
    """The document with its models as ``_Lines``; None where it is not written one model a line, as by ``dumped``."""
    head, marker, body = text.partition(_MODELS)
    if not marker or not body.endswith(_END):
        return None
    lines: dict[str, str] = {}
    for line in body[: -len(_END)].split(",\n"):
        key, colon, model = line.partition('": ')
        if not colon or not key.startswith('"') or "\\" in key or '"' in key[1:]:
            return None
        lines[key[1:]] = model
    return {**document_of(path, f"{head}{_MODELS}}}}}"), "models": _Lines(path, text, lines)}


_MODELS, _END = '"models": {\n', "\n}}\n"


def shipped() -> PriceList:
    """The list that comes with the monitor.  Raises BadPriceListError where it is no JSON."""
    return undecoded().decoded()


def undecoded() -> UndecodedPriceList:
    """The same, as it is in its file."""
    return UndecodedPriceList(SHIPPED, data_tables.content(SHIPPED))


def sellers_digest() -> str:
    """Changes with the bytes of ``SELLERS``."""
    return _digest_of_bytes(data_tables.content(SELLERS))


def _digest_of_bytes(raw: bytes) -> str:
    return f"{zlib.crc32(raw):08x}-{len(raw)}"


def of_document(
    path: str, text: str, document: Mapping[str, Any], models: dict[str, Any], aliases: dict[str, str]
) -> PriceList:
    """The list in a document, under keys that are canonical already."""
    return PriceList(
        path,
        models,
        aliases,
        document.get("rates", {}),
        document.get("vendor_defaults", {}),
        _digest(text),
        {seller: frozenset(keys) for seller, keys in document.get("at_makers_price", {}).items()},
        document.get("sellers", {}),
        document.get("patterns", {}),
        document.get("discounts", ()),
        tuple(document.get("assume", ())),
    )


def _digest(text: str) -> str:
    raw = utf8.encoded(text)
    return f"{zlib.crc32(raw):08x}-{zlib.adler32(raw):08x}-{len(raw)}"


def write(prices: PriceList) -> None:
    """Put a person's list in its file's place, one model a line; an empty one takes the file away."""
    stated = {name: dict(sorted(getattr(prices, name).items())) for name in _SORTED if getattr(prices, name)}
    stated.update({name: getattr(prices, name) for name in _ORDERED if getattr(prices, name)})
    if not (prices.models or stated):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(prices.path)
        return
    document: dict[str, Any] = {"schema": SCHEMA, "currency": "USD", "unit": UNIT, **stated}
    files.replace(prices.path, dumped(document, prices.models))


_SORTED = ("vendor_defaults", "rates", "aliases")
_ORDERED = ("sellers", "patterns", "discounts", "assume")
"""What stays in the order in which it was stated, as that counts."""


def dumped(document: Mapping[str, Any], models: Mapping[str, Any]) -> bytes:
    """A list's text: the document's own keys a line each, then one line a model, so that a diff can be read."""
    lines = [f"{_json(name)}: {_json(value)}" for name, value in document.items()]
    rows = ",\n".join(f"{_json(key)}: {_json(models[key])}" for key in sorted(models))
    return ("{" + ",\n".join([*lines, f'"models": {{\n{rows}\n}}']) + "}\n").encode(
        errors="backslashreplace"  # half a surrogate pair: written as JSON's own escape
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# -- reading ----------------------------------------------------------------------------------------------


def own_text_of(path: str) -> str:
    """The text of a person's list.  In the configuration folder it may be a link.  Raises OSError."""
    is_in_data_folder = os.path.basename(path) == data_folder.PRICES
    with files.reading(path if is_in_data_folder else os.path.realpath(path)) as file:
        return _decoded(file.read())


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").lstrip("\ufeff")


def document_of(path: str, text: str) -> dict[str, Any]:
    """The JSON object that it is.  Raises BadPriceListError."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadPriceListError(path, error.lineno, f"not JSON: {error.msg}") from None
    except (RecursionError, ValueError):  # thousands of brackets, or of digits
        raise BadPriceListError(path, None, "not a price list") from None
    if not isinstance(document, dict):
        raise BadPriceListError(path, 1, "a price list is a JSON object")
    return document
