"""Logs of situations and agents as they were observed, mixed, and what a correct reader must say of each line."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

from tests.tools.access_log.agents import AGENTS
from tests.tools.access_log.outer_line import iso_millis
from tests.tools.access_log.sessions import Text
from tests.tools.access_log.shapes import SHAPES
from tests.tools.access_log.situations import SITUATIONS
from tests.tools.access_log.written import CHAT, Maker

AT_ONCE = 8
"""Strands whose lines are mixed."""
LONGEST = 40
"""Calls of an agent's session at most."""


class Observed:
    """Writes the lines and keeps their truth.

    ``truth`` has ``calls`` by request id (``what``, ``session`` and ``told``: see ``written.Written``), how many lines
    are no calls by reason (``passed_over``), how many of the skipped calls had an answer, and ``lines``.
    """

    def __init__(self, args):
        self._args = args
        self._rng = random.Random(args.seed)
        self._make = Maker(self._rng, Text(self._rng))
        self._make.start = args.start
        self._shape = SHAPES[args.shape]
        self._kinds = [*(SITUATIONS if args.situations else ()), *(AGENTS[name] for name in args.agents)]
        self._next = []
        self._calls, self._passed_over, self._skipped_answered = {}, Counter(), 0

    @property
    def truth(self):
        return self

    def as_dict(self):
        """The JSON form."""
        lines = len(self._calls) + sum(self._passed_over.values())
        passed_over = {"passed_over": dict(self._passed_over), "skipped_answered": self._skipped_answered}
        return {"lines": lines, "calls": self._calls, **passed_over}

    def lines(self):
        """Yield the log, entry by entry, until --lines or --bytes is reached, and each strand to its end."""
        args = self._args
        open_, written, number = [], 0, 0
        while True:
            due = number < args.lines if args.lines is not None else written < args.bytes
            while due and len(open_) < AT_ONCE:
                open_.append(self._strand())
            if not open_:
                return
            strand = self._rng.choice(open_)
            entry = next(strand, None)
            if entry is None:
                open_.remove(strand)
                continue
            line = self._line(entry, number)
            number += 1
            written += len(line)
            yield line

    def _strand(self):
        if not self._next:  # each kind comes before any comes again
            self._next = self._rng.sample(self._kinds, len(self._kinds))
        kind = self._next.pop()
        if kind in SITUATIONS:
            return kind(self._make)
        return kind(self._make, self._rng.randint(3, LONGEST))

    def _line(self, entry, number):
        request_id = f"req-{self._args.seed}-{number:07}"
        moment = self._args.start + timedelta(seconds=number / self._args.rate)
        outer = {
            "authority": "ai.example.com",
            "bytes_received": "700",
            "bytes_sent": "900",
            "duration": str((entry.attrs or {}).get("llm_service_duration", 250)),
            "method": "POST",
            "path": CHAT,
            "protocol": "HTTP/1.1",
            "request_id": request_id,
            "response_code": "200",
            "response_flags": "-",
            "response_code_details": "via_upstream",
            "route_name": "ai-route-lab.internal",
            "start_time": iso_millis(moment),
            "written": iso_millis(moment)[:-1],
            "upstream_cluster": "outbound|443||llm-lab.internal.dns",
            "user_agent": "OpenAI/Python 3.57.0",
            **entry.outer,
        }
        self._note(outer, entry)
        return self._shape(entry.attrs, outer, self._rng)

    def _note(self, outer, entry):
        if entry.told is None:
            self._passed_over[entry.passed_over] += 1
            self._skipped_answered += entry.passed_over == "skipped_calls" and outer["response_code"] == "200"
            return
        session = entry.session or entry.attrs["session_id"]
        seen = {"timestamp": outer["start_time"], "response_flags": outer["response_flags"]}
        told = {**{name: None if value == "-" else value for name, value in seen.items()}, **entry.told}
        if told.get("outcome") == "failed" and outer["response_flags"] == "-":
            told["response_flags"] = ""  # that the gateway set none is told of calls that failed
        self._calls[outer["request_id"]] = {"what": entry.what, "session": session, "told": told}
