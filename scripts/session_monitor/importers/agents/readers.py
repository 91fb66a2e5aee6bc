"""Which room reads the files of which agent?"""

from __future__ import annotations

from collections.abc import Mapping

from . import claude_code, codex, gemini, openclaw, opencode, qwen
from .found import Reader

READERS: Mapping[str, Reader] = {
    room.AGENT: room.calls for room in (claude_code, codex, openclaw, gemini, qwen, opencode)
}
"""By the agent's name."""
