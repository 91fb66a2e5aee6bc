"""Has whoever asks a database the same answers as who asks the folder whose rounds it holds?

The questions are those of ``tests.campaigns.same_answers``, and a few more; so whatever is asked there is asked here.
"""

from __future__ import annotations

import difflib
import json
import re
import shlex

from tests.campaigns.same_answers.asked import questions
from tests.campaigns.same_answers.masks import OF_COMMANDS, masked

ZONES = ("UTC", "Asia/Shanghai")
OF_FOLDERS = ("doctor", "metrics", "tail", "verify")
"""What is done on a gateway's machine alone."""
UNLIKE = ("stats-gateway", "url")
"""What tells of the gateway, which a folder does not name, or has a key, which is each folder's own."""
LATEST = ("list", "search")
"""Where some of many are asked for, it depends on the order in which sessions became known which of those that are equal come."""
UNORDERED = (*LATEST, "export")
"""What is equal comes in that order."""
BEFORE = (
    "budget set all --daily 10",
    "budget set deep --session 0.5 --model 'gpt-*'",
    "star {first}",
    "tag {middle} night-run",
    "note {late} 'to be looked at'",
    "archive {second}",
)
"""What is said of both first: what people note is in the folder that stands for a database, too."""
MORE = (
    "budget list",
    "budget status",
    "list --tag night-run",
    "list --starred",
    "list --status ended",
    "note {late}",
    "search looked --in notes",
    "status {largest}",
)
"""What is asked besides."""


def differences(ask, folder, address, names):
    """Questions, each with the first lines in which the answers differ.

    ``ask`` runs a command and gives its exit code, what it printed and what it complained; ``names`` are those of
    ``same_answers.names`` for the folder.
    """
    for line in BEFORE:
        for place in (folder, address):
            code, _, complained = ask([*_words(line, names), "--data-dir", place])
            assert code == 0, (line, complained)
    for words in asked(names):
        own, fleet = (ask([*words, "--data-dir", place]) for place in (folder, address))
        own, fleet = (_masked(words[0], answer, names["day"][:7]) for answer in (own, fleet))
        if _plain(words, own) != _plain(words, fleet):
            yield f"{shlex.join(words)}: {_first(own, fleet)}"


def asked(names):
    """The words of each question, as text and as JSON where it has both."""
    for line in (*questions("commands_each_log"), *MORE):
        words = _words(line, names)
        if words[0] not in (*OF_FOLDERS, *UNLIKE):
            yield words
            if "--json" not in words:
                yield [*words, "--json"]
    for line in questions("commands_each_log_as_they_are"):
        words = _words(line, names)
        if words[0] not in OF_FOLDERS:
            yield words


def _words(line, names):
    words = [re.sub(r"\{(\w+)\}", lambda name: str(names[name[1]]), word) for word in shlex.split(line)]
    if words[0] in LATEST:
        if "--limit" in words:
            at = words.index("--limit")
            del words[at : at + 2]
        words += ["--limit", "1000"]
    return words


def _masked(command, answer, month):
    """An answer without the moments of today, at which it was asked, or something was noted; calls are all of that month."""
    code, printed, complained = answer
    printed = _MOMENT.sub(lambda at: at[0] if at[0].startswith(month.encode()) else b"*", printed)
    return code, masked(OF_COMMANDS, command, printed), complained


_MOMENT = re.compile(rb"\b\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)")


def _plain(words, answer):
    """An answer in no order where what is equal has none."""
    code, printed, complained = answer
    try:
        told = json.loads(printed)
    except ValueError:
        return code, sorted(printed.splitlines()) if words[0] in UNORDERED else printed, complained
    return code, _in_no_order(told) if words[0] in UNORDERED else told, complained


def _in_no_order(told):
    if isinstance(told, dict):
        return {name: _in_no_order(value) for name, value in told.items()}
    return sorted(json.dumps(each, sort_keys=True) for each in told) if isinstance(told, list) else told


def _first(own, fleet):
    if (own[0], own[2]) != (fleet[0], fleet[2]):
        return f"{own[0], own[2][:200]} and {fleet[0], fleet[2][:200]}"
    texts = [answer[1].decode().splitlines() for answer in (own, fleet)]
    lines = [line for line in difflib.ndiff(*texts) if line[0] in "-+"][:2]
    at = next((at for at, letters in enumerate(zip(*lines)) if at and len(set(letters)) > 1), 0)
    return " | ".join(f"{line[:60]} … {line[max(60, at - 40) : at + 60]}" for line in lines)
