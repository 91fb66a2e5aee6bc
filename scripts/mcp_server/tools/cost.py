"""What did a session cost, by kind of token and by model?"""

from __future__ import annotations

from typing import Any

from . import answers, asked
from .answers import Answer
from .folder import FolderDesk

_MOST_MODELS = 6


def get_cost(desk: FolderDesk, arguments: dict[str, Any]) -> Answer:
    """As the command line tells it, with what has to be known of it in words."""
    report = desk.report()
    session_id = asked.session_id(desk, report, arguments["session"])
    cost = report.cost(session_id)
    if cost is None:
        raise asked.gone(session_id)
    told = cost.to_json()
    models, unpriced = told["models"], told["unpriced_models"]
    return {
        **told,
        "models": models[:_MOST_MODELS],
        "more_models": max(0, len(models) - _MOST_MODELS),
        "unpriced_models": unpriced[:_MOST_MODELS],
        "remarks": answers.remarks(cost.row.spending),
        "coverage": desk.coverage(),
    }
