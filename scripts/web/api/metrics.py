"""What does Prometheus read off?

Each request is answered as of its own moment, so no answer is remembered; what calls add up to is, until they change.
"""

from __future__ import annotations

from session_monitor.metrics import text_format
from session_monitor.reports.report import NoSuchFolderError
from web.answers.desk import Desk
from web.server.exchange import AnswerBody, Refusal

PATH = "/metrics"


def scraped(desk: Desk) -> AnswerBody:
    """The metrics of this moment.  Raises ``Refusal``, which Prometheus takes for a scrape that failed."""
    if not desk.folder.state().is_there:
        raise _no_data()
    try:
        families = desk.ask(lambda report: desk.scrapes.families(report, desk.now()))
    except NoSuchFolderError:
        raise _no_data() from None
    return AnswerBody(text_format.text(families).encode(), text_format.CONTENT_TYPE)


def _no_data() -> Refusal:
    return Refusal(503, "no_data", "there is no data folder", (("Retry-After", "1"),))
