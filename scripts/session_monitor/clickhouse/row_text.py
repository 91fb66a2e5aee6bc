"""How does a text read in a row, whatever strangers wrote into it?

Half a surrogate pair, which JSON of a log may hold, is no character that a store could take.  It goes as U+FFFD and its
number; so does U+FFFD itself where a number could be read behind it.  ``read`` gives what was written.
"""

from __future__ import annotations

import json
import re

_MARK = "\ufffd"
_ODD = re.compile("[\ud800-\udfff]|\ufffd(?=d[89a-f][0-9a-f]{2}|fffd)")
_MARKED = re.compile("\ufffd(d[89a-f][0-9a-f]{2}|fffd)")


def written(text: str) -> str:
    """A text as a store can take it; the same for all but odd ones."""
    return _ODD.sub(lambda found: f"{_MARK}{ord(found[0]):04x}", text)


def read(text: str) -> str:
    """What ``written`` made this from."""
    return _MARKED.sub(lambda found: chr(int(found[1], 16)), text) if _MARK in text else text


def quoted(text: str | None) -> str:
    """A text, or null, in JSON."""
    return "null" if text is None else json.dumps(written(text), ensure_ascii=False)
