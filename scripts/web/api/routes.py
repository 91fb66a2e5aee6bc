"""What is asked at each address of the API?"""

from __future__ import annotations

from collections.abc import Mapping

from .compare import CompareQuestion
from .names import NamesQuestion
from .overview import HealthQuestion, OverviewQuestion, StatsQuestion, SummaryQuestion
from .prices import CoverageQuestion, PricesQuestion
from .questions import Question
from .search import SearchQuestion
from .session import FindQuestion, HistoryQuestion, OutlineQuestion, RoundsQuestion, SessionQuestion, TextQuestion
from .sessions import SessionsQuestion

QUESTIONS: Mapping[str, type[Question]] = {
    "/api/health": HealthQuestion,
    "/api/overview": OverviewQuestion,
    "/api/sessions": SessionsQuestion,
    "/api/session": SessionQuestion,
    "/api/session/outline": OutlineQuestion,
    "/api/session/rounds": RoundsQuestion,
    "/api/session/text": TextQuestion,
    "/api/session/history": HistoryQuestion,
    "/api/session/find": FindQuestion,
    "/api/stats": StatsQuestion,
    "/api/summary": SummaryQuestion,
    "/api/search": SearchQuestion,
    "/api/names": NamesQuestion,
    "/api/prices": PricesQuestion,
    "/api/coverage": CoverageQuestion,
    "/api/compare": CompareQuestion,
}
"""By address, the question that a request there asks.  Some addresses answer otherwise: see ``site``."""
