"""today: how do the projects stand, what was done there lately, and what did it cost?"""

from __future__ import annotations

import argparse
import os
from typing import Any

from commands.shared import currencies, failures, filters, parsers, working
from commands.shared.data import Data
from commands.shared.failures import FAILED, USAGE, Failure
from commands.shared.output import Output
from session_monitor.base import data_folder, timestamps
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import Selection
from session_monitor.text import safe
from session_monitor.work import git, project_state, projects_file, todo_marks
from session_monitor.work.piece import WorkMistakeError
from session_monitor.work.projects_file import Project
from session_monitor.work.work_file import FolderWork

from . import day
from .day import Day, ProjectDay, WorkDone

_ADD, _REMOVE, _INIT, _PROJECTS = "add", "remove", "init", "projects"
_NEEDED = {_ADD: "today add PATH", _REMOVE: "today remove PATH"}
_MOST_WORK = 5
_ABOUT = """
Without 'today init' or 'today add' it tells of the repository that one is in. git is asked within bounds of time; marks (TODO, FIXME,
HACK, XXX) are of files that git knows and that were changed within 48 hours. The projects stand in .projects.json of the data folder.
"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    about = (
        "tell how your projects stand: commits, what is not committed or pushed, marks, pieces of work and their costs"
    )
    examples = ("today", "today --ai", "today --share --since yesterday", "today init", "today projects")
    command = parsers.command(commands, (shared, currencies.parser()), "today", about, *examples)
    command.epilog += _ABOUT
    command.add_argument(
        "action",
        nargs="?",
        choices=(_ADD, _REMOVE, _INIT, _PROJECTS),
        metavar="ACTION",
        help="add PATH, remove PATH (or its name), init (this repository or folder), or projects: which there are",
    )
    command.add_argument("path", nargs="?", metavar="PATH", help="a project's folder")
    command.add_argument(
        "-n", "--name", metavar="NAME", help="with add and init: how it is called (default: as its folder)"
    )
    command.add_argument(
        "--since", default="24h", metavar="TIME", help="2026-02-01, today, yesterday, or 24h, 7d ago (default: 24h)"
    )
    form = command.add_mutually_exclusive_group()
    form.add_argument("--ai", action="store_true", help="as Markdown, for an agent that is to go on")
    form.add_argument("--share", action="store_true", help="as a stand-up for other people: no paths, no marks")
    command.set_defaults(run=_today)


def _today(options: argparse.Namespace, output: Output, data: Data) -> None:
    if options.action in _NEEDED and not options.path:
        raise Failure("invalid_input", f"name the project: {_NEEDED[options.action]}", USAGE)
    if options.action == _PROJECTS:
        _tell_projects(output, projects_file.read(data.folder))
    elif options.action is not None:
        _change(options, output, data)
    else:
        _tell_day(options, output, data)


# -- which projects ----------------------------------------------------------------------------------------------------


def _change(options: argparse.Namespace, output: Output, data: Data) -> None:
    with failures.of_noting(data.folder):
        data_folder.make(data.folder)
        try:
            if options.action == _REMOVE:
                changed = projects_file.remove(data.folder, options.path)
            else:
                changed = projects_file.add(data.folder, _path(options), options.name)
        except WorkMistakeError as mistake:
            raise Failure("invalid_input", safe.clean(str(mistake)), FAILED) from None
    if changed is None:
        text = f"no project {safe.clean(options.path)}: 'today projects' shows those that there are"
        raise Failure("project_not_found", text, FAILED)
    if output.is_json:
        output.print_json(output.to_json(changed._asdict()))
        return
    verb = "is no project any more" if options.action == _REMOVE else "is a project"
    output.tell(f"{safe.cell(changed.name)} {verb} ({safe.cell(changed.path)}).", "  ")


def _path(options: argparse.Namespace) -> str:
    """What is to be added; of ``init`` the whole repository that this folder is in."""
    if options.action == _ADD:
        return str(options.path)
    here = options.path or os.getcwd()
    return git.root_of(here) or str(here)


def _tell_projects(output: Output, projects: list[Project]) -> None:
    if output.is_json:
        output.print_json(output.to_json([each._asdict() for each in projects]))
        return
    for each in projects:
        output.tell(f"{safe.cell(each.name)}  {safe.cell(each.path)}", "  ")
    if not projects:
        output.tell("No projects yet: 'today init' adds the one that you are in.", "  ")


# -- how they stand ----------------------------------------------------------------------------------------------------


def _tell_day(options: argparse.Namespace, output: Output, data: Data) -> None:
    since = filters.time_of(options.since)
    found = _day(data, _wanted(data), since)
    if output.is_json:
        output.print_json(output.to_json(found.to_json()))
        return
    form = day.for_agents if options.ai else day.to_share if options.share else day.for_people
    for line in form(found, output.currency):
        output.tell(line)
    output.tell_rate()


def _wanted(data: Data) -> list[Project]:
    """The projects, else the repository that one is in.  Raises ``Failure``."""
    projects = projects_file.read(data.folder)
    if projects:
        return projects
    root = git.root_of(os.getcwd())
    if root is None:
        raise Failure(
            "no_projects", "there are no projects yet: 'today add PATH' adds one, 'today init' the one here", FAILED
        )
    return [Project(root, os.path.basename(root))]


def _day(data: Data, projects: list[Project], since: int) -> Day:
    pieces = working.read(data.folder)
    report = data.report() if os.path.isdir(data.folder) else None
    overview = None if report is None else report.overview(Selection(since=since))
    return Day(since, [_project(each, since, pieces, report) for each in projects], overview)


def _project(project: Project, since: int, pieces: FolderWork | None, report: Report | None) -> ProjectDay:
    state = project_state.of(project.path, since)
    marks = todo_marks.fresh(state.root, timestamps.now()) if state.root else []
    return ProjectDay(project, state, marks, _work(project, since, pieces, report))


def _work(project: Project, since: int, pieces: FolderWork | None, report: Report | None) -> list[WorkDone]:
    """What is under way there or ended since then, the latest first; else the last one that there was."""
    within = os.path.realpath(project.path).rstrip(os.sep) + os.sep
    there = [each for each in (pieces.by_id.values() if pieces else ()) if (each.scope + os.sep).startswith(within)]
    there.sort(key=lambda each: each.started, reverse=True)
    lately = [each for each in there if each.is_under_way or day.moment(each.ended) >= since]
    return [
        WorkDone(each, None if report is None else report.session(each.session_id))
        for each in (lately[:_MOST_WORK] or there[:1])
    ]
