"""A busy life of a log, and what must be there at its end."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import re
import shutil
import traceback
from pathlib import Path

import main as program
from session_monitor.base import data_folder
from session_monitor.ingest.ingest import Ingest, Processes
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.sessions import file_names
from session_monitor.sessions.store import Store
from tests.campaigns.crash.child import in_child, quick
from tests.campaigns.crash.ways_to_end import Shim
from tests.support import calls
from tests.support.indexes import taken_for_the_same

ROOT = Path(__file__).resolve().parent.parent.parent.parent


LONG, SHORT = "agent:main:1", ("b/../c", "会话", "agent:x")


PATTERN = "agent:*"


ODD = "access.log-2025010"
"""How the names of odd siblings begin."""


TELLING = (ODD, "perhaps a backup was put back")
"""What may be said of a bad day."""


class Gateway:
    """What writes the log and rotates it, with a ledger of all calls that stand in whole lines."""

    def __init__(self, folder, rng):
        self.logs, self.rng = folder / "logs", rng
        self.logs.mkdir()
        self.path = self.logs / "access.log"
        self.path.touch()
        self.ledger: dict[str, list[dict]] = {}
        self.number = self.copies = 0

    def call(self, session, texts, answer=30):
        """Append one call; its texts are made of what digests are made of, to be taken for a part of them."""
        self._append(self._line(session, texts, answer))

    def calls_in_halves(self, session, texts):
        """Append the first half of a call's line, and after whatever happens then the other half."""
        before = self.ledger.setdefault(session, [])
        line = self._line(session, texts, 30)
        call = before.pop()
        self._append(line[: len(line) // 2])
        yield
        self._append(line[len(line) // 2 :])
        before.append(call)

    def _line(self, session, texts, answer):
        self.number += 1
        text = "".join(self.rng.choices("ABCDEFGHabcdefgh01234567+/", k=answer))
        call = {"chat_id": f"L{self.number}", "answer": text, "model": f"m{self.number % 3}"}
        self.ledger.setdefault(session, []).append({**call, "messages": [calls.message(each) for each in texts]})
        return calls.line(session, texts, start_time=f"2026-02-01T09:{self.number % 60:02}:15Z", **call) + b"\n"

    def _append(self, data):
        with open(self.path, "ab", buffering=0) as file:
            file.write(data)

    def rotate(self):
        """Rename and create."""
        self._shift()
        self.path.rename(f"{self.path}.1")
        self.path.touch()

    def copy(self):
        """The first half of copy and truncate."""
        self._shift()
        shutil.copyfile(self.path, f"{self.path}.1")

    def truncate(self):
        """The second half."""
        os.truncate(self.path, 0)

    def compress(self, number):
        """Compress a rotated file."""
        path = Path(f"{self.path}.{number}")
        Path(f"{path}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        path.unlink()

    def _shift(self):
        found = [path.name[len("access.log.") :].partition(".") for path in self.logs.glob("access.log.*")]
        for number, dot, extension in sorted(found, key=lambda each: -int(each[0])):
            rest = dot + extension
            os.rename(f"{self.path}.{number}{rest}", f"{self.path}.{int(number) + 1}{rest}")

    def odd_siblings(self):
        """Things appear beside the log that are called like rotated files, and hold nothing of it."""
        packed = gzip.compress(self.rng.getrandbits(9000).to_bytes(1125, "big").hex().encode(), mtime=0)
        for number, data in enumerate([packed[:-40], bytes(range(256)), b""]):
            (self.logs / f"{ODD}{number}.gz").write_bytes(data)
        (self.logs / f"{ODD}3").mkdir()
        (self.logs / f"{ODD}4").symlink_to("nothing")

    def differences(self, out, *, ordered=True):
        """What is wrong with the sessions of this folder, in words, read without the project's code."""
        wrong, found = [], {}
        for path in sorted(out.iterdir()):
            if ".unusable" in path.name:
                wrong.append(f"{path.name} is there")
            elif path.suffix == ".json" and not path.name.startswith("."):
                with contextlib.suppress(ValueError):
                    document = json.loads(path.read_bytes())
                    found[document["session_id"]] = document
                    continue
                wrong.append(f"{path.name} is not valid JSON")
        for session in sorted({*found, *self.ledger}):
            rounds = _with_messages(found.get(session, {"rounds": []})["rounds"])
            expected = self.ledger.get(session, [])
            if not ordered:
                rounds, expected = (sorted(each, key=lambda call: call["chat_id"]) for each in (rounds, expected))
            if rounds != expected:
                names = [[call["chat_id"] for call in each] for each in (rounds, expected)]
                wrong.append(f"{session} has {names[0]} instead of {names[1]}")
        for session, document in found.items():
            number = len(document["rounds"])
            totals = [document[key] for key in ("messages_count", "total_input_tokens", "total_output_tokens")]
            if totals != [number, 10 * number, 5 * number]:
                wrong.append(f"{session} has {number} rounds and the totals {totals}")
        return wrong


def _with_messages(rounds):
    """Each round as the ledger has it."""
    found, sent = [], {}
    for each in rounds:
        before = sent.get(each.get("history_of", each["round"] - 1), [])
        sent[each["round"]] = before[: each.get("messages_from_history", 0)] + each["messages"]
        told = {key: each.get(key) for key in ("chat_id", "answer", "model")}
        found.append({"messages": sent[each["round"]], **told})
    return found


def account(out):
    """What a folder says in the end, but for how the files came to be: the sessions, and how far the logs were read."""
    found = {}
    for path in sorted(out.iterdir()):
        if path.suffix == ".json" and not path.name.startswith("."):
            document = json.loads(path.read_bytes())
            del document["crc32"]
            document["positions"] = document["positions"]["applied"]
            found[path.name] = document
    state = json.loads((out / ".state.json").read_bytes())
    for name, view in state["views"].items():
        kept = ("gid", "sequence", "head", "offset", "mark_sha256", "size_seen", "gone", "coverage")
        found["view", name] = [{key: each[key] for key in kept} for each in view["generations"]]
    return found


class Course:
    """The log, the output folder, and a monitor that follows the one into the other."""

    def __init__(self, folder, seed, jobs=1):
        """So many ``jobs`` take in what is new."""
        self.folder, self.out, self.jobs = folder, folder / "out", jobs
        self.out.mkdir(mode=0o700)
        self.gateway = Gateway(folder, random.Random(seed))
        self.monitor = self.fresh(self.out)
        self.is_damaged = False

    def fresh(self, out, session_key=None):
        """A monitor that starts now."""
        checkpoint = Checkpoint(str(out / ".state.json"), str(out))
        log = [str(self.gateway.path)]
        jobs = Processes(self.jobs, 0)
        return Ingest(log, Store(str(out)), checkpoint, session_key=session_key, jobs=jobs, clock=lambda: 0.0)

    def looks(self):
        """The life of the log; yields where the monitor looks: in the same process, in a new one, with a filter."""
        gateway, texts = self.gateway, [f"message {n}" for n in range(600)]
        gateway.call(LONG, texts)
        for session in SHORT:
            gateway.call(session, ["a"])
        yield "follow"
        for number in range(2):  # many sessions at once
            for n in range(7):
                gateway.call(f"many {n}", [f"{number}"], 100)
            yield "once" if number else "follow"
        gateway.call(LONG, [*texts, "and"], 14_000)  # much text over a long footer
        gateway.call(SHORT[0], ["a", "b"])
        yield "follow"
        gateway.rotate()
        gateway.call(LONG, [*texts, "and", "more"], 3000)
        gateway.call(SHORT[1], ["c", "d"], 6000)
        yield "once"
        gateway.call(SHORT[0], ["b"])
        gateway.rotate()
        gateway.call(SHORT[2], ["a", "b"], 800)
        yield "filtered"
        yield "once"
        gateway.call(LONG, ["all", "new"])  # a footer shorter than the old one
        gateway.call(SHORT[1], ["e"])
        yield "follow"
        gateway.copy()
        yield "follow"
        gateway.truncate()
        gateway.call(SHORT[0], ["after"], 5000)
        gateway.call(LONG, ["all", "new", "again"], 9000)
        gateway.call("late", [])
        yield "once"
        gateway.compress(2)
        for _ in gateway.calls_in_halves(SHORT[2], ["half"]):
            gateway.rng.random()
            yield "follow"
        kept = self._sessions()
        for session in (SHORT[0], "late", LONG):
            gateway.call(session, ["z"] * 40, 2000)
        yield "once"
        yield from self._bad_days(kept)

    def _bad_days(self, kept):
        """Odd things appear beside the log, backups of session files are put back, and the index is taken away."""
        gateway = self.gateway
        gateway.odd_siblings()
        gateway.call(SHORT[1], ["beside odd siblings"])
        self.index_away("-shm")
        yield "once"
        self._put_back(kept, [LONG, SHORT[0]])
        gateway.call(LONG, ["after a backup"])
        yield "follow"
        gateway.call("late", ["before a backup"])
        self.index_away("")
        yield "once"
        self._put_back(kept, ["late", *SHORT])
        for session in ("late", SHORT[0]):
            gateway.call(session, ["after another"], 3000)
        self.index_away("", b"garbage " * 1000)
        yield "once"

    def _sessions(self):
        return {name: data for name, data in saved(self.out).items() if name.endswith(".json") and name[0] != "."}

    def _put_back(self, kept, session_ids):
        """These are as they were then, in place, and one of them as another file."""
        for number, name in enumerate(filter(kept.__contains__, map(file_names.file_name, session_ids))):
            path = self.out / (name + ".new" if number else name)
            path.write_bytes(kept[name])
            path.rename(self.out / name)

    def index_away(self, end, instead=None):
        """A file of the index is removed, if there is one, or has something else in its place."""
        path = self.out / (data_folder.INDEX + end)
        if path.exists():
            path.unlink()
            if instead is not None:
                path.write_bytes(instead)

    def looks_with_damage(self):
        """The same, and a last look that finds a file damaged in the middle of what was committed."""
        yield from self.looks()
        path = self.out / f"{LONG}.json"
        data = path.read_bytes()
        path.write_bytes(data[:2000] + bytes(20) + data[2020:-20])
        self.is_damaged = True
        self.gateway.call(LONG, ["z"])
        yield "once"

    def arguments(self, kind):
        """How the program is called for a look."""
        key = ["--session-key", PATTERN] if kind == "filtered" else []
        key += ["--jobs", str(self.jobs)]
        return ["--log-path", str(self.gateway.path), "--output-dir", str(self.out), "--once", "--quiet", *key]

    def look(self, kind):
        """One look; gives 1 where it failed and said so."""
        if kind != "follow":
            code = program.main(self.arguments(kind))
            self.monitor = self.fresh(self.out)  # only one can be at work
            return code
        try:
            self.monitor.poll()
        except OSError:
            return 1
        return 0

    def expected(self, kind, saved):
        """What this look must end in: found out by looking once more, undisturbed; and how many operations it has."""
        shim = Shim()

        def undisturbed():
            with shim:
                assert self.look(kind) == self.is_damaged
                return shim.names

        # From where the looks begin that it is held against: there the index has to be opened.
        restore(self.out, saved)
        names = in_child(undisturbed).result
        with quick():
            self.fresh(self.out).poll()
        wrong = self.differences(self.out)
        assert not wrong, wrong
        found = account(self.out)
        restore(self.out, saved)
        return found, names

    def differences(self, out):
        """What is wrong with the sessions of this folder."""
        aside = [] if self.is_damaged else [path.name for path in out.iterdir() if ".corrupt-" in path.name]
        return [*(f"{name} is there" for name in aside), *self.gateway.differences(out)]

    def wrong(self, out, kind, expected):
        """What new runs make of a folder, held against what it must be."""
        said = []
        try:
            with quick():
                for key in [PATTERN, None] if kind == "filtered" else [None]:
                    poll = self.fresh(out, key).poll()
                    said += [*poll.problems, *poll.notices]
            said = [text for text in said if not any(part in text for part in TELLING)]
            wrong = [*([] if self.is_damaged else said), *self.differences(out)]
            return wrong or _differences(account(out), expected)
        except Exception:  # noqa: BLE001 -- whatever it is, it is a finding
            return [traceback.format_exc()]


def _differences(found, expected):
    """Where two accounts begin to differ."""
    wrong = []
    for key in sorted({*found, *expected}, key=str):
        texts = [str(each.get(key)) for each in (found, expected)]
        if texts[0] != texts[1]:
            start = max(0, next((n for n, (a, b) in enumerate(zip(*texts)) if a != b), 0) - 40)
            wrong.append(f"{key} has {texts[0][start : start + 120]!r} instead of {texts[1][start : start + 120]!r}")
    return wrong


def saved(out):
    """All files of a folder."""
    return {path.name: path.read_bytes() for path in out.iterdir()}


def restore(out, contents):
    """Make the folder hold these files, and no others.

    They stand for the files of that moment, no copies: so the read positions have the number that their file has now.
    """
    out.mkdir(mode=0o700, exist_ok=True)
    for path in out.iterdir():
        path.unlink()
    for name, content in contents.items():
        (out / name).write_bytes(content)
    state = out / ".state.json"
    if state.exists():
        state.write_bytes(re.sub(rb'"inode": ?\d+', b'"inode":%d' % state.stat().st_ino, state.read_bytes(), count=1))
    if data_folder.INDEX in contents:  # after a power loss, too, its files are those that were made
        taken_for_the_same(out)


def subfolder(folder, name):
    """A new folder of this name in it."""
    path = folder / name
    path.mkdir()
    return path
