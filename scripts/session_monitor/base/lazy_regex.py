"""How does a regular expression cost nothing until it is used?

Compiling one takes a millisecond or so, and a pass from cron, every minute, uses hardly any of them.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Lazy:
    def __init__(self, text: str | bytes, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(re.compile(self._text, self._flags), name)  # which keeps what it compiled
        vars(self)[name] = attribute
        return attribute


def lazy(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """The pattern, which is compiled when it is first used."""
    return cast("re.Pattern[AnyStr]", _Lazy(text, flags))
