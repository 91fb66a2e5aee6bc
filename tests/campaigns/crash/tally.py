"""What did a campaign do?"""

from __future__ import annotations

from dataclasses import dataclass, field

ENOUGH = 20
"""After so many failures a campaign ends."""


@dataclass
class Tally:
    """What a campaign did."""

    done: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def count(self, what):
        self.done[what] = self.done.get(what, 0) + 1

    def check(self, wrong, where):
        """Note what is wrong; False where that is enough."""
        if wrong:
            self.failures.append("\n  ".join([where, *wrong[:4]]))
        return len(self.failures) < ENOUGH
