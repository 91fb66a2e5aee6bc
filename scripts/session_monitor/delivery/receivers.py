"""What differs from one kind of receiver to the next?  As receivers.json has it, beside this."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from session_monitor.base import data_tables

NONE, DIGEST, BATCH = "none", "digest", "batch"
"""How several that wait become one message: not at all, as a short text of all, or as a list of all."""


class KindOption(NamedTuple):
    """One option that targets of a kind have: its ``form`` is text, url, words, addresses, flag, port or choice."""

    name: str
    form: str
    required: bool = False
    secret: bool = False
    default: Optional[str] = None  # noqa: UP045 -- as in event
    choices: tuple[str, ...] = ()


class Receiver(NamedTuple):
    """One kind of receiver.

    ``success`` are the status codes that it answers with, or "2xx"; ``limits`` those of its texts, ``answer`` how its body is
    read.  ``burst`` messages at once and ``a_minute`` in the long run are ours; ``vendor`` are theirs: so many in so many seconds.
    """

    kind: str
    title: str
    options: dict[str, KindOption]
    folding: str
    burst: int
    a_minute: int
    vendor: tuple[tuple[int, int], ...]
    success: Any
    limits: Mapping[str, Any]
    answer: Mapping[str, Any]

    @property
    def is_for_people(self) -> bool:
        """Whether a person reads it as it is, who is annoyed by what comes twice."""
        return self.folding == DIGEST


@functools.lru_cache(maxsize=1)
def all_kinds() -> dict[str, Receiver]:
    """Every kind, by its name."""
    return {kind: _receiver(kind, row) for kind, row in data_tables.beside(__file__, "receivers.json").items()}


def _receiver(kind: str, row: Mapping[str, Any]) -> Receiver:
    return Receiver(
        kind=kind,
        title=row["title"],
        options={name: _option(name, each) for name, each in row["options"].items()},
        folding=row["folding"],
        burst=row["pace"]["burst"],
        a_minute=row["pace"]["a_minute"],
        vendor=tuple((number, seconds) for number, seconds in row["vendor"]),
        success=row["success"],
        limits=row.get("limits", {}),
        answer=row.get("answer", {"form": "status"}),
    )


def _option(name: str, row: Mapping[str, Any]) -> KindOption:
    return KindOption(name, **{**row, "choices": tuple(row.get("choices", ()))})
