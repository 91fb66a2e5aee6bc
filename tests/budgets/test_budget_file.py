"""The file of budgets is whole, for its user alone, and a mistake in it is told with its place."""

from __future__ import annotations

import json

import pytest

from session_monitor.budgets import budget, budget_file
from session_monitor.budgets.budget_file import BadBudgetsError, Budgets

ONE = budget.made("daily", "5", None, "80%", name="all")
TWO = budget.made("session", "2", None, "50%", name="each", model="claude-*")


def test_what_is_written_is_read(tmp_path):
    """In its order; the file is for its user alone."""
    budget_file.write(Budgets(budget_file.path_of(str(tmp_path)), (ONE, TWO)))

    assert budget_file.read(str(tmp_path)).budgets == (ONE, TWO)
    assert (tmp_path / ".budgets.json").stat().st_mode & 0o777 == 0o600


def test_without_a_file_there_are_none(tmp_path):
    """And it has no state."""
    assert budget_file.read(str(tmp_path)).budgets == ()
    assert budget_file.state(str(tmp_path)) is None


def test_its_state_changes_with_it(tmp_path):
    """Which asking for reads nothing."""
    budgets = Budgets(budget_file.path_of(str(tmp_path)), (ONE,))
    budget_file.write(budgets)
    before = budget_file.state(str(tmp_path))
    budget_file.write(budgets.put(TWO))

    assert budget_file.state(str(tmp_path)) != before


def test_putting_and_taking_away():
    """A budget of a name that is there keeps its place."""
    both = Budgets("", (ONE, TWO))
    other = budget.made("weekly", "9", None, "80%", name="all")

    assert both.put(other).budgets == (other, TWO)
    assert Budgets("", (ONE,)).put(TWO) == both
    assert both.without("all").budgets == (TWO,)
    assert both.find("each") == TWO
    assert both.find("none") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "schema_version"),
        ('{"schema_version": 2, "budgets": []}', "schema_version must be 1"),
        ('{"schema_version": 1, "budgets": {}}', "must be a list"),
        ('{"schema_version": 1, "budgets": [{"name": "a", "daily": "x"}]}', r"budgets\[0\]: 'x' is no amount"),
        (
            json.dumps({"schema_version": 1, "budgets": [{"name": "a", "daily": "1"}, {"name": "a", "total": "1"}]}),
            r"budgets\[1\]: there are two budgets a",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path, text, said):
    """The file's path stands before it."""
    (tmp_path / ".budgets.json").write_text(text, encoding="utf-8")

    with pytest.raises(BadBudgetsError, match=said) as told:
        budget_file.read(str(tmp_path))
    assert str(tmp_path / ".budgets.json") in str(told.value)


def test_what_is_no_file_is_not_read(tmp_path):
    """Nobody reads another's pipe or link by that name."""
    (tmp_path / "elsewhere").write_text("{}", encoding="utf-8")
    (tmp_path / ".budgets.json").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OSError, match="link"):
        budget_file.read(str(tmp_path))
