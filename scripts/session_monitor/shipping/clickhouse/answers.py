"""What does it mean for who ships that a ClickHouse did not do something?"""

from __future__ import annotations

import functools
from typing import Any

from session_monitor.base import data_tables
from session_monitor.clickhouse.client import EngineError
from session_monitor.shipping.replies import AGAIN, REFUSED, STUCK, Reply

_TOO_LARGE = 413
_PASSING = (0, 200, 408, 425, 429)
_NOT_IT = "see that the address is that of a ClickHouse server's HTTP interface, mostly port 8123, or 8443 with TLS"


def judged(error: EngineError) -> Reply:
    """Whether it passes, whether the rows are wrong, or whether a person has to mend something.  There is nothing of the rows in the words."""
    codes = _codes()
    if error.status == _TOO_LARGE or error.number in codes["refused"]:
        return Reply(REFUSED, str(error))
    advice = codes["stuck"].get(str(error.number))
    if advice:
        return Reply(STUCK, f"{error} ({advice})")
    if error.number or error.is_for_now or error.status >= 500:
        return Reply(AGAIN, str(error))
    return Reply(STUCK, str(error) if error.status in _PASSING else f"{error} ({_NOT_IT})")


@functools.lru_cache(1)
def _codes() -> dict[str, Any]:
    table = data_tables.beside(__file__, "replies.json")
    return {**table, "refused": frozenset(table["refused"].values())}
