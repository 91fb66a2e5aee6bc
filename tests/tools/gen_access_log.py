#!/usr/bin/env python3
"""Generate a deterministic Higress gateway access log with LLM calls in it.

The bytes follow the real producers, not a guess at them:

* The outer line is Envoy's ``accessLogFormat`` of the Higress helm chart (``helm/core/templates/configmap.yaml``)
  with ``accessLogEncoding: TEXT``.  It *looks* like JSON, but it is a text template: request headers such as
  ``user-agent`` and ``path`` are pasted in unescaped, so a double quote in one of them makes the outer line invalid
  JSON.  Every value is a string, an absent value is ``-``, and the time is in ``start_time`` (the start of the
  request; the line is written when it *ends*, so ``start_time`` is not monotonic in the file).
* ``ai_log`` is what the ``ai-statistics`` plugin writes: a Go ``map[string]interface{}`` through ``json.Marshal``
  (sorted keys, ``< > &`` as ``\\u003c \\u003e \\u0026``), marshalled a second time as a JSON string.
  ``gjson`` values inside it (``messages``) are Go maps too, so their keys are sorted as well; the tool calls of a
  *streamed* answer are a Go struct (fields in declaration order, ``index`` 0 left out).
* A configured attribute that could not be extracted is written as ``null`` (not left out).
* A value whose ``fmt.Sprint`` is longer than the plugin's ``value_length_limit`` becomes a *string*: the first half
  of the limit + `` [truncated] `` + the last half, cut at byte positions (so a cut character turns into ``\\ufffd``).
* A failed call has the request's attributes only: no model, no tokens.  A client that went away leaves even less.

Examples::

    gen_access_log.py --profile agent --bytes 100M --seed 1 --out access.log --truth truth.json
    gen_access_log.py --profile mixed --lines 10000 --noise 0.3 --rate 50 --out access.log
    gen_access_log.py --style skill --lines 20 --out -
    gen_access_log.py --situations --agents claude-code openclaw --lines 2000 --out access.log --truth truth.json

``--clean`` leaves out everything that is legal but awkward (nulls, numbers in strings, missing session ids, odd
session ids, broken lines, failed calls): a log that a naive reader can follow.

``--situations`` and ``--agents`` write what the real plugin was seen to write, and what real agents were seen to send,
instead of sessions of a profile; their truth says of every single call what a reader must say.
"""

import argparse
import contextlib
import json
import sys
from datetime import datetime, timezone
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from tests.tools.access_log.agents import AGENTS
from tests.tools.access_log.imitated import PROFILES
from tests.tools.access_log.observed import Observed
from tests.tools.access_log.profiles import Generator
from tests.tools.access_log.shapes import SHAPES


def size(text):
    """argparse type: 500, 10k, 100M, 1G (powers of 1000)."""
    factor = {"k": 1000, "m": 1000**2, "g": 1000**3}.get(text[-1:].lower())
    return int(float(text[:-1]) * factor) if factor else int(text)


def iso_time(text):
    """argparse type: an ISO time; UTC where it has no zone."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)


def parse_args(argv=None):
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0], allow_abbrev=False)
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--lines", type=int, help="number of lines (default 1000)")
    amount.add_argument("--bytes", type=size, help="stop at this size, e.g. 100M")
    parser.add_argument("--out", default="-", help="the log; - is standard output (default)")
    parser.add_argument("--truth", help="write what a correct reader must find, as JSON")
    parser.add_argument("--sessions", type=int, help="number of sessions (default: as many as the profile needs)")
    parser.add_argument("--concurrency", type=int, default=32, help="sessions that talk at the same time")
    parser.add_argument("--profile", choices=PROFILES, default="chat")
    parser.add_argument("--style", choices=("real", "skill"), default="real", help="the outer line's shape")
    parser.add_argument("--noise", type=float, default=0.0, help="fraction of lines that are no LLM call")
    parser.add_argument(
        "--start", type=iso_time, default=iso_time("2026-02-01T09:30:00Z"), help="time of the first line"
    )
    parser.add_argument("--rate", type=float, default=1.0, help="lines per second, for the timestamps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--max-context", type=size, default=250_000, help="an agent compacts a history longer than this"
    )
    parser.add_argument("--clean", action="store_true", help="nothing awkward (see above)")
    parser.add_argument(
        "--hostile-ids", action="store_true", help="session ids that attack paths, pages and file systems"
    )
    parser.add_argument("--failures", type=float, default=0.02, help="fraction of calls that fail")
    parser.add_argument("--no-session", type=float, default=0.01, help="fraction of calls without a session id")
    parser.add_argument("--string-numbers", type=float, default=0.01, help='fraction of calls with "10" for 10')
    parser.add_argument(
        "--broken-outer", type=float, default=0.005, help="fraction with a user agent that breaks the outer JSON"
    )
    parser.add_argument("--cut", type=float, default=0.001, help="fraction of lines that are cut off")
    seen = parser.add_argument_group("instead of a profile")
    seen.add_argument("--situations", action="store_true", help="all that can become of a call, and what is no call")
    seen.add_argument("--agents", nargs="+", choices=AGENTS, default=[], help="sessions of these agents")
    seen.add_argument("--shape", choices=SHAPES, default="text", help="in which shape lines reach the file")
    args = parser.parse_args(argv)
    if args.lines is None and args.bytes is None:
        args.lines = 1000
    if args.style == "skill":
        args.broken_outer = 0.0
    return args


def main(argv=None):
    """Write the log and the truth."""
    args = parse_args(argv)
    generator = (Observed if args.situations or args.agents else Generator)(args)
    with contextlib.ExitStack() as stack:
        out = sys.stdout.buffer if args.out == "-" else stack.enter_context(open(args.out, "wb"))
        out.writelines(generator.lines())
    if args.truth:
        with open(args.truth, "w", encoding="utf-8") as file:
            json.dump(generator.truth.as_dict(), file, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()
