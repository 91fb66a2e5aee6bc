"""Does a real Alertmanager take what it is sent, and does who takes Alertmanager's posts take ours?

Events are sent to Debian's Alertmanager through outbox and sender, and its API is asked what it holds; it posts them on to a
webhook, whose form is held against that of our webhook with ``format`` alertmanager.  As a program::

    python3 -m tests.campaigns.alertmanager
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

from session_monitor.base import timestamps
from session_monitor.delivery import delivery_log
from session_monitor.delivery.outbox import Outbox
from session_monitor.delivery.sender import Sender
from tests.support.alerting import told, write_targets
from tests.support.receivers import StandIn
from tests.support.waiting import until

PROGRAM = "prometheus-alertmanager"
_CONFIG = """\
route: {{receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
- name: hook
  webhook_configs:
  - url: '{}/from-alertmanager'
    send_resolved: true
"""


class Found(NamedTuple):
    """What Alertmanager held after what fired and after that was over, what it posted, what we post, and our log."""

    firing: list
    over: list
    theirs: dict
    ours: dict
    log: list


def run(folder, program):
    """Send some to a real one, and let one of them be over."""
    folder = Path(folder)
    with StandIn("webhook") as theirs, StandIn("webhook") as ours, running(folder, program, theirs.url) as url:
        write_targets(
            folder, {"name": "am", "kind": "alertmanager", "url": url}, ours.row("hook", format="alertmanager")
        )
        now = timestamps.now()
        events = [
            told(number, at=timestamps.rfc3339(now - 5000), url="https://m.example/session?id=1") for number in (1, 2)
        ]
        events.append(told(3, title="预算 \x1b[31m 🙂" * 300, consumer="团队-甲", at=events[0].at, severity="critical"))
        _send(folder, events)
        firing = until(lambda: _three(url), "three alerts in Alertmanager")
        _send(folder, [events[0]._replace(state="resolved", at=timestamps.rfc3339(now), value="1")])
        over = until(lambda: _two(url), "the end of one of them")
        until(lambda: _resolved(theirs), "the post of what is over")
        posted = next(post for post in map(_document, theirs.posts) if len(post["alerts"]) > 1)
        log = [(entry.target, entry.outcome, entry.reason) for entry in delivery_log.entries(str(folder))]
        return Found(firing, over, posted, _document(ours.posts[0]), log)


@contextlib.contextmanager
def running(folder, program, hook):
    """A real Alertmanager that posts to this address; its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "alertmanager.yml").write_text(_CONFIG.format(hook))
    words = ["--config.file", folder / "alertmanager.yml", "--storage.path", folder / "data"]
    more = [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=warn"]
    with (folder / "alertmanager.log").open("wb") as log:
        process = subprocess.Popen([program, *words, *more], stdout=log, stderr=log)
    try:
        until(lambda: _is_ready(port) or process.poll() is not None, "Alertmanager's start")
        assert process.poll() is None, (folder / "alertmanager.log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _is_ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _send(folder, events):
    outbox = Outbox(str(folder))
    for event in events:
        outbox.put(event, ["am", "hook"])
    outbox.release()
    Sender(outbox, {}).drain(30)


def _alerts(url):
    with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=10) as answer:
        return json.load(answer)


def _three(url):
    found = _alerts(url)
    return found if len(found) == 3 else None


def _two(url):
    found = _alerts(url)
    return found if len(found) == 2 else None


def _document(posted):
    return json.loads(posted.body)


def _resolved(stand_in):
    return any(
        alert["status"] == "resolved" for posted in list(stand_in.posts) for alert in _document(posted)["alerts"]
    )


def main():
    """Do it, and say what was found."""
    program = shutil.which(PROGRAM)
    if program is None:
        print(f"needs the program {PROGRAM!r}, which this machine lacks: apt-get install {PROGRAM}")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        found = run(folder, program)
    print(f"{len(found.firing)} held, {len(found.over)} after one was over; the log: {found.log}")
    print(f"keys of its posts that ours lack: {sorted(found.theirs.keys() - found.ours.keys())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
