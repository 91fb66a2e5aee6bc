"""What is asked at each address of the API?"""

from __future__ import annotations

from collections.abc import Mapping

from web.asking.questions import Question

from .alerts import AlertsQuestion
from .budgets import BudgetsQuestion
from .changes import DriversQuestion, LatencyQuestion, PromptsQuestion
from .colours import ColoursQuestion, SessionColoursQuestion
from .compare import CompareQuestion
from .insights import ChangedQuestion, InsightsQuestion, SessionInsightsQuestion
from .names import NamesQuestion
from .overview import HealthQuestion, OverviewQuestion, StatsQuestion, SummaryQuestion
from .prices import CoverageQuestion, PricesQuestion
from .search import SearchQuestion
from .session import FindQuestion, HistoryQuestion, OutlineQuestion, RoundsQuestion, SessionQuestion, TextQuestion
from .sessions import SessionsQuestion
from .work import WorkDiffQuestion, WorkQuestion

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
    "/api/colours": ColoursQuestion,
    "/api/session/colours": SessionColoursQuestion,
    "/api/prices": PricesQuestion,
    "/api/coverage": CoverageQuestion,
    "/api/compare": CompareQuestion,
    "/api/latency": LatencyQuestion,
    "/api/drivers": DriversQuestion,
    "/api/prompts": PromptsQuestion,
    "/api/insights": InsightsQuestion,
    "/api/session/insights": SessionInsightsQuestion,
    "/api/session/changed": ChangedQuestion,
    "/api/budgets": BudgetsQuestion,
    "/api/alerts": AlertsQuestion,
    "/api/work": WorkQuestion,
    "/api/work/diff": WorkDiffQuestion,
}
"""By address, the question that a request there asks.  Some addresses answer otherwise: see ``site``."""
