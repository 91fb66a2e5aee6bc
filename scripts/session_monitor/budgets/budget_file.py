"""Where do a person's budgets stand, and how do they change?"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from session_monitor.base import data_folder, files

from . import budget
from .budget import Budget, BudgetMistakeError

SCHEMA = 1
MOST = 1000


class BadBudgetsError(Exception):
    """A file of budgets cannot be used: says where, and why."""


class Budgets(NamedTuple):
    """The budgets of a data folder, in the order in which they were set."""

    path: str
    budgets: tuple[Budget, ...] = ()

    def find(self, name: str) -> Budget | None:
        """The budget of this name."""
        return next((each for each in self.budgets if each.name == name), None)

    def put(self, new: Budget) -> Budgets:
        """The same with this one, in the place of one of its name."""
        if self.find(new.name) is None:
            return self._replace(budgets=(*self.budgets, new))
        return self._replace(budgets=tuple(new if each.name == new.name else each for each in self.budgets))

    def without(self, name: str) -> Budgets:
        """The same without this one."""
        return self._replace(budgets=tuple(each for each in self.budgets if each.name != name))


def path_of(folder: str) -> str:
    """Where a data folder's budgets stand."""
    return os.path.join(folder, data_folder.BUDGETS)


def state(folder: str) -> tuple[int, int] | None:
    """Changes when the file does; None where there is none."""
    try:
        status = os.stat(path_of(folder))
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def read(folder: str) -> Budgets:
    """The budgets of a data folder; none where there is no file.  Raises ``BadBudgetsError``, and ``OSError``."""
    path = path_of(folder)
    try:
        with files.reading(path) as file:
            text = file.read()
    except FileNotFoundError:
        return Budgets(path)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadBudgetsError(f"{path}: this is no JSON: {error}") from None
    if not isinstance(document, dict) or document.get("schema_version") != SCHEMA:
        raise BadBudgetsError(f"{path}: schema_version must be {SCHEMA}: this version knows no other")
    listed = document.get("budgets")
    if not isinstance(listed, list) or len(listed) > MOST:
        raise BadBudgetsError(f"{path}: budgets must be a list of up to {MOST}")
    return Budgets(path, tuple(_checked(path, listed)))


def _checked(path: str, listed: Iterable[object]) -> Sequence[Budget]:
    budgets: dict[str, Budget] = {}
    for at, each in enumerate(listed):
        try:
            one = budget.of_json(each)
        except BudgetMistakeError as mistake:
            raise BadBudgetsError(f"{path}: budgets[{at}]: {mistake}") from None
        if one.name in budgets:
            raise BadBudgetsError(f"{path}: budgets[{at}]: there are two budgets {one.name}")
        budgets[one.name] = one
    return list(budgets.values())


def write(budgets: Budgets) -> None:
    """Put them on disk, whole and for this user alone.  Raises ``OSError``."""
    document = {"schema_version": SCHEMA, "budgets": [each.to_json() for each in budgets.budgets]}
    files.replace(budgets.path, (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())
