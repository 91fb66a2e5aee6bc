"""Which projects does somebody want to hear of every day?

Their file is put in place whole, under the lock of all that people set.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from session_monitor.base import data_folder, files, stated_file

from .piece import WorkMistakeError, checked_name

SCHEMA = 1
MOST = 50
"""Projects of a folder."""


class BadProjectsFileError(files.MistakeInFileError):
    """The file of projects cannot be used: says where, and why."""

    code = "bad_projects"


class Project(NamedTuple):
    """A folder, by its whole path, and how it is called."""

    path: str
    name: str


def path_of(folder: str) -> str:
    """Where a data folder's file stands."""
    return os.path.join(folder, data_folder.PROJECTS)


def read(folder: str) -> list[Project]:
    """The projects, in the order in which they were added; none where there is no file.  Raises ``BadProjectsFileError``."""
    path = path_of(folder)
    document = stated_file.asked(path, SCHEMA, BadProjectsFileError)
    if document is None:
        return []
    listed = document.get("projects")
    if not isinstance(listed, list) or len(listed) > MOST:
        raise _mistake(path, f"projects must be a list of {MOST} at most")
    return [_project(path, at, each) for at, each in enumerate(listed)]


def _project(path: str, at: int, value: Any) -> Project:
    if not isinstance(value, dict) or set(value) != set(Project._fields):
        raise _mistake(path, f'projects[{at}] must be {{"path": PATH, "name": NAME}}')
    if not isinstance(value["path"], str) or not os.path.isabs(value["path"]) or not isinstance(value["name"], str):
        raise _mistake(path, f"projects[{at}]: path must be a whole path, and name a text")
    return Project(value["path"], value["name"])


def _mistake(path: str, text: str) -> files.MistakeInFileError:
    return stated_file.mistake(path, text, BadProjectsFileError)


def add(folder: str, path: str, name: str | None = None) -> Project:
    """Add a project, or give one that is there another name.

    Raises ``WorkMistakeError`` where there is no such folder or there are too many, ``BadProjectsFileError`` and ``OSError``.
    """
    path = os.path.realpath(path)
    if not os.path.isdir(path):
        raise WorkMistakeError(f"there is no folder {path}")
    made = Project(path, checked_name(name or os.path.basename(path) or path))
    with _changing(folder) as projects:
        known = next((at for at, each in enumerate(projects) if each.path == path), None)
        if known is not None:
            projects[known] = made
        elif len(projects) >= MOST:
            raise WorkMistakeError(f"there are {MOST} projects at most: remove one")
        else:
            projects.append(made)
    return made


def remove(folder: str, wanted: str) -> Project | None:
    """Remove a project by its path or name; None where there is none.  Raises as ``add`` does."""
    with _changing(folder) as projects:
        for each in projects:
            if wanted == each.name or os.path.realpath(wanted) == each.path or wanted == each.path:
                projects.remove(each)
                return each
    return None


@contextlib.contextmanager
def _changing(folder: str) -> Iterator[list[Project]]:
    with data_folder.changing(folder):
        projects = read(folder)
        yield projects
        document = {"schema_version": SCHEMA, "projects": [each._asdict() for each in projects]}
        content = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        files.replace(path_of(folder), content.encode("utf-8", "backslashreplace"))
