"""How is ccusage had, and how is it given the calls of a log?

It reads what Claude Code writes, in which each message stands once and no history is sent again.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / ".venv" / "ccusage"
VERSION = "20.0.24"
PROGRAM = PLACE / "node_modules" / ".bin" / "ccusage"


def install(*, is_wanted):
    """Bring it where it lacks, if that is wanted; else end this program, and say how."""
    if PROGRAM.exists():
        return
    packages = [f"ccusage@{VERSION}", f"@ccusage/ccusage-linux-x64@{VERSION}"]
    command = ["npm", "install", "--no-save", "--prefix", str(PLACE), *packages]
    if not is_wanted:
        sys.exit(f"ccusage lacks: --install runs {' '.join(command)}")
    subprocess.run(command, check=True, stdout=sys.stderr)


def transcripts(log, folder):
    """Write the calls of a log as Claude Code would have; gives how many there are, and the bytes of its files."""
    sent, files, number = {}, {}, 0
    (folder / "projects" / "-srv").mkdir(parents=True)
    with log.open("rb") as lines:
        for line in lines:
            try:
                outer = json.loads(line)
                call = json.loads(outer["ai_log"])
                tokens = tuple(int(call.get(name) or 0) for name in ("input_token", "cached_tokens", "output_token"))
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
            session = hashlib.md5(str(call.get("session_id")).encode(), usedforsecurity=False).hexdigest()
            name = f"{session[:8]}-{session[8:12]}-4{session[13:16]}-8{session[17:20]}-{session[20:]}"
            messages = call.get("messages") or []
            fresh, sent[name] = messages[sent.get(name, 0) :], len(messages)
            number += 1
            if name not in files:
                files[name] = (folder / "projects" / "-srv" / f"{name}.jsonl").open("w", encoding="utf-8")
            files[name].writelines(_as_written(name, number, outer.get("start_time"), call, fresh, tokens))
    for file in files.values():
        file.close()
    return number, sum(path.stat().st_size for path in folder.rglob("*.jsonl"))


def _as_written(session, number, at, call, fresh, tokens):
    """The lines of a call: what was said since the one before, and the answer with what it used."""
    same = {"sessionId": session, "timestamp": at}
    given, cached, made = tokens
    usage = {"input_tokens": max(0, given - cached), "cache_read_input_tokens": cached, "output_tokens": made}
    answer = {"id": f"msg_{number:020d}", "model": call.get("model"), "role": "assistant", "usage": usage}
    answer["content"] = [{"type": "text", "text": call.get("answer") or ""}, *(call.get("tool_calls") or [])]
    for place, message in enumerate(fresh):
        if message.get("role") != "assistant":
            yield _line({**same, "type": "user", "uuid": f"{number}-{place}", "message": message})
    yield _line({**same, "type": "assistant", "uuid": str(number), "requestId": f"req_{number}", "message": answer})


def _line(entry):
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n"


def command():
    """What adds up all sessions of the folder that CLAUDE_CONFIG_DIR names."""
    return [PROGRAM, "claude", "session", "--json", "--offline"]
