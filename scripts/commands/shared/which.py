"""How does somebody say which session and which of its rounds?"""

from __future__ import annotations

import argparse

from session_monitor.conversations import conversation
from session_monitor.conversations.conversation import Wanted

SESSION = "an id, a unique part of one, 'last', or a link to its page"


def rounds(text: str) -> Wanted:
    """Which rounds are meant, for argparse."""
    found = conversation.wanted(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} names no rounds: write 14, 10-20, 10- or last:5")
    return found
