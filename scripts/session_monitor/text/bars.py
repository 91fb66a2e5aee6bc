"""How does a share look as a bar?"""

from __future__ import annotations

_EIGHTHS = "▏▎▍▌▋▊▉█"
_ASCII = "#"


def are_in(encoding: str | None) -> bool:
    """Whether an output of this encoding holds blocks; else a bar is of ASCII."""
    try:
        _EIGHTHS.encode(encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def bar(part: int, whole: int, columns: int, *, has_blocks: bool) -> str:
    """How much of the whole a part is, in at most so many columns; something for a little, and nothing for nothing."""
    if part <= 0 or whole <= 0:
        return ""
    steps = len(_EIGHTHS) if has_blocks else 1
    filled = max(1, min(round(part * columns * steps / whole), columns * steps))
    if not has_blocks:
        return _ASCII * filled
    full, rest = divmod(filled, steps)
    return _EIGHTHS[-1] * full + (_EIGHTHS[rest - 1] if rest else "")
