"""What does each address of the API answer?

Each is worked out from a request by a function here, as a ``Question`` for the desk: which key tells it from others, and
what gives its data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Callable

from web.server.exchange import Request

from .overview import health, overview, stats, summary
from .questions import Question, Setting
from .search import _search
from .session import _rounds, _text, find, history, session
from .sessions import _sessions

# -- all sessions ------------------------------------------------------------------------------------------------------


# -- one session -------------------------------------------------------------------------------------------------------


QUESTIONS: Mapping[str, Callable[[Request, Setting], Question]] = {
    "/api/health": health,
    "/api/overview": overview,
    "/api/sessions": _sessions,
    "/api/session": session,
    "/api/session/rounds": _rounds,
    "/api/session/text": _text,
    "/api/session/history": history,
    "/api/session/find": find,
    "/api/stats": stats,
    "/api/summary": summary,
    "/api/search": _search,
}
"""By address, what is asked there."""


# -- a session as a file -----------------------------------------------------------------------------------------------
