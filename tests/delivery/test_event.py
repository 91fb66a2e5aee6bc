"""An event is read as it was written, and what is none is refused with the reason."""

from __future__ import annotations

import json

import pytest

from session_monitor.delivery import event
from tests.support.alerting import told


def test_there_and_back():
    """JSON holds all of it, with the version."""
    document = json.loads(json.dumps(told().to_json()))

    assert document["schema_version"] == 1
    assert document.keys() - {"schema_version"} == set(event.Event._fields)
    assert event.from_json(document) == told()


def test_a_later_version_may_have_more():
    """What is not known is left out."""
    assert event.from_json({**told().to_json(), "mood": "grave"}) == told()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"id": ""}, "id is empty"),
        ({"id": None}, "id is no text"),
        ({"title": 3}, "title is no text"),
        ({"value": 4.15}, "value is no text"),
        ({"severity": "dire"}, "severity is none of info, warning, critical"),
        ({"state": None}, "state is no text"),
    ],
)
def test_what_is_no_event(changes, why):
    """It is said what is wrong."""
    with pytest.raises(event.BadEventError, match=why):
        event.from_json({**told().to_json(), **changes})
    with pytest.raises(event.BadEventError, match="no object"):
        event.from_json([changes])


def test_the_same_event_at_another_time():
    """Id and state make it the same; what was resolved is another one."""
    assert told().is_as(told(at="2026-11-28T21:00:00.000Z"))
    assert not told().is_as(told(state="resolved"))
    assert not told(1).is_as(told(2))
