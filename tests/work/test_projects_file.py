"""Projects are kept by their folders, each once; a mistake in the file is told and nothing is written over it."""

from __future__ import annotations

import os

import pytest

from session_monitor.work import projects_file
from session_monitor.work.piece import WorkMistakeError
from session_monitor.work.projects_file import BadProjectsFileError, Project


def test_there_and_gone(tmp_path):
    """By path or name; adding one that is there gives it another name; the file is private."""
    data = str(tmp_path)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    assert projects_file.add(data, one) == Project(one, "one")
    projects_file.add(data, two, "2")
    projects_file.add(data, f"{one}/../one", "Uno")
    assert projects_file.read(data) == [Project(one, "Uno"), Project(two, "2")]
    assert os.stat(projects_file.path_of(data)).st_mode & 0o777 == 0o600
    assert projects_file.remove(data, "nobody") is None
    assert projects_file.remove(data, one).name == "Uno"
    os.rmdir(two)
    assert projects_file.remove(data, two).name == "2"
    assert projects_file.read(data) == []


def test_what_cannot_be_added(tmp_path, monkeypatch):
    """What is no folder, and one too many."""
    with pytest.raises(WorkMistakeError, match="no folder"):
        projects_file.add(str(tmp_path), "/nowhere")
    monkeypatch.setattr(projects_file, "MOST", 1)
    projects_file.add(str(tmp_path), "/")
    with pytest.raises(WorkMistakeError, match="1 projects at most"):
        projects_file.add(str(tmp_path), str(tmp_path))


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"schema_version": 9, "projects": []}',
        '{"schema_version": 1}',
        '{"schema_version": 1, "projects": [{"path": "relative", "name": "n"}]}',
        '{"schema_version": 1, "projects": [{"path": "/", "name": 1}]}',
        '{"schema_version": 1, "projects": [{"path": "/"}]}',
    ],
)
def test_a_mistake(tmp_path, text):
    """Is told with the file's name."""
    path = tmp_path / ".projects.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadProjectsFileError, match=r"\.projects\.json"):
        projects_file.add(str(tmp_path), "/")
    assert path.read_text(encoding="utf-8") == text
