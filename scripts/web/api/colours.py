"""Which model has which colour?

The same one on all pages and for all who look at them, so it follows from all models of the folder.  They have their turn
in the order of their first calls, so that a new one takes no colour from those that were there: each has the one that
follows from its name, or the next that none before it has.  Of the second seven each has one, too, in stripes; the
others have none of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from session_monitor.index.database import Index
from session_monitor.reports.report import Report
from session_monitor.reports.selected import naming
from web.asking import parameters
from web.asking.questions import Question, Setting, no_session
from web.server.exchange import Request

COLOURS = 7
_SEED = 6312
"""With this beginning the names that are seen most often have colours that differ."""
_PRIME = 16_777_619


class ModelColour(NamedTuple):
    """A model's colour, from 1 on, and whether it is in stripes."""

    model: str
    colour: int
    striped: bool


def assigned(models: Sequence[str]) -> list[ModelColour]:
    """The colours of models in the order of their first calls, as far as there are colours."""
    found: list[ModelColour] = []
    for striped, some in ((False, models[:COLOURS]), (True, models[COLOURS : 2 * COLOURS])):
        free = set(range(COLOURS))
        for model in some:
            own = _by_name(model)
            colour = next(each % COLOURS for each in range(own, own + COLOURS) if each % COLOURS in free)
            free.remove(colour)
            found.append(ModelColour(model, colour + 1, striped))
    return found


def _by_name(model: str) -> int:
    mixed = _SEED
    for letter in model:
        mixed = ((mixed ^ ord(letter)) * _PRIME) & 0xFFFFFFFF
    return (mixed ^ (mixed >> 15)) % COLOURS


@dataclass(frozen=True)
class ColoursQuestion(Question):
    """Which colours have the models of all sessions?"""

    has_coverage = False
    is_of_all = True

    @classmethod
    def of(cls, _request: Request, _setting: Setting) -> ColoursQuestion:
        """The same for every request."""
        return cls()

    def answer(self, report: Report, _setting: Setting) -> dict[str, Any]:
        """Those that there are, in the order of the models' first calls."""
        return _told(assigned(report.ask(naming.models_by_first_use)))


@dataclass(frozen=True)
class SessionColoursQuestion(Question):
    """Which colours have the models of this session?  They are those that they have among all, of which no other is told."""

    session_id: str

    has_coverage = False

    @classmethod
    def of(cls, request: Request, _setting: Setting) -> SessionColoursQuestion:
        """What a request asks."""
        return cls(parameters.session_id(request))

    def answer(self, report: Report, _setting: Setting) -> dict[str, Any]:
        """Those that there are, in the order of the models' first calls."""

        def own(index: Index) -> list[ModelColour] | None:
            number = index.session_number(self.session_id)
            if number is None:
                return None
            models = naming.models_of(index, number)
            return [each for each in assigned(naming.models_by_first_use(index)) if each.model in models]

        found = report.ask(own)
        if found is None:
            raise no_session()
        return _told(found)


def _told(colours: list[ModelColour]) -> dict[str, Any]:
    return {"models": [each._asdict() for each in colours]}
