"""``alerts`` says who is told, and what became of it, without any secret."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

import cli
from session_monitor.delivery import delivery_log, targets
from session_monitor.delivery.outbox import Outbox
from session_monitor.delivery.sender import Sender
from tests.support import vendors
from tests.support.alerting import NOW, Clock, told, write_targets
from tests.support.command_line import data, run
from tests.support.receivers import StandIn

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "ALERTS.md"
SECRET = "abcdEFGHijklMNOPqrst1234"
HOOK = f"https://hooks.slack.com/services/T0123/B0456/{SECRET}"


def asked(folder, *arguments):
    """A command on this folder."""
    return run("alerts", *arguments, "--data-dir", folder)


def test_targets(tmp_path):
    """One is added, changed, listed and removed; what is typed as it is, is said to stand there."""
    added = asked(tmp_path, "target", "add", "ops", "slack", f"url={HOOK}")
    changed = asked(tmp_path, "target", "add", "ops", "slack", "url=env:SLACK_URL", "--json")
    asked(tmp_path, "target", "add", "script", "command", "argv=/bin/true --now")
    listed = asked(tmp_path, "target", "list")
    rows = data("alerts", "target", "list", "--data-dir", tmp_path)
    removed = asked(tmp_path, "target", "remove", "ops")

    assert added.stdout == "ops is told from now on: https://hooks.slack.com/…1234\n"
    assert "url stands in" in added.stderr
    assert (changed.returncode, changed.stderr) == (0, "")
    assert json.loads(changed.stdout)["data"]["options"] == {"url": "env:SLACK_URL"}
    assert [line.split() for line in listed.stdout.splitlines()[2:]] == [
        ["ops", "slack", "env:SLACK_URL"],
        ["script", "command", "/bin/true"],
    ]
    assert [row["name"] for row in rows["targets"]] == ["ops", "script"]
    assert removed.stdout == "ops is told nothing any more\n"
    for done in (added, changed, listed, removed):
        assert SECRET not in done.stdout + done.stderr


def test_mistakes(tmp_path):
    """Each has a code for scripts, and an exit code."""
    for arguments, status, code in [
        (["target", "add", "a b", "slack", f"url={HOOK}"], 2, "bad_target"),
        (["target", "add", "a", "slack"], 2, "bad_target"),
        (["target", "remove", "nobody"], 3, "target_not_found"),
    ]:
        done = asked(tmp_path, *arguments, "--json")
        assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (status, code)
        assert SECRET not in done.stdout + done.stderr
    (tmp_path / ".alerts.json").write_text("{")
    done = asked(tmp_path, "target", "add", "a", "slack", f"url={HOOK}", "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "bad_alerts")
    assert "is no JSON" in asked(tmp_path, "target", "list").stderr
    assert asked(tmp_path / "nowhere", "target", "list").returncode == 1


def test_log(tmp_path):
    """What waits comes first, then what ended, the latest first."""
    outbox = Outbox(str(tmp_path), lambda: NOW)
    for number in (1, 2, 3):
        outbox.put(told(number), ["phone"])
    first, second, third = outbox.waiting()
    entries = [each.entry("ntfy", delivery_log.DELIVERED, NOW + 1000) for each in (first, second)]
    delivery_log.append(str(tmp_path), entries)
    outbox.done([first, second])
    outbox.put_off([third._replace(tries=4, next_try=NOW + 5000, reason="503 Service Unavailable")])

    rows = data("alerts", "log", "--data-dir", tmp_path)
    text = asked(tmp_path, "log", "--limit", "2").stdout

    assert [(row["outcome"], row["event_id"][-1]) for row in rows] == [
        ("waits", "3"),
        ("delivered", "2"),
        ("delivered", "1"),
    ]
    assert rows[0]["next_try"] == "2026-11-28T20:02:30.000Z"
    assert rows[0]["reason"] == "503 Service Unavailable"
    assert text.splitlines()[-1] == "(1 more: --limit)"
    assert asked(tmp_path / "..", "log").stdout == "Nothing was told yet, and nothing waits.\n"


def test_a_try(tmp_path):
    """Each target is told something that means nothing; exit code 1 where one did not take it, and it is said why."""
    with StandIn("slack") as slack, StandIn("webhook") as webhook:
        webhook.plays.extend([403, 200])
        write_targets(tmp_path, slack.row("ops"), webhook.row("hook"))
        both = asked(tmp_path, "test", "--json")
        one = asked(tmp_path, "test", "hook")
        nobody = asked(tmp_path, "test", "nobody", "--json")
        log = asked(tmp_path, "log")
        listed = asked(tmp_path, "target", "list", "--json")

    assert both.returncode == 1
    rows = json.loads(both.stdout)["data"]
    assert [(row["target"], row["outcome"]) for row in rows] == [("ops", "delivered"), ("hook", "failed")]
    assert rows[1]["reason"].startswith("403 Forbidden: a secret: …")
    assert "Test of this channel" in slack.taken[0][1].seen
    assert one.returncode == 0
    assert re.fullmatch(r"hook: delivered in \d+ ms\n", one.stdout)
    assert (nobody.returncode, json.loads(nobody.stdout)["error"]["code"]) == (3, "target_not_found")
    assert [line.split()[1:3] for line in log.stdout.splitlines()[2:]] == [
        ["hook", "delivered"],
        ["hook", "failed"],
        ["ops", "delivered"],
    ]
    kept = (tmp_path / ".alerts" / "log.jsonl").read_text()
    for text in (kept, *(done.stdout + done.stderr for done in (both, one, nobody, log, listed))):
        assert vendors.TOKEN not in text


def test_the_document_has_an_example_of_each_kind():
    """Each can be typed as it stands there, and names options that there are."""
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)`(.*)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)

    assert [kind for kind, _, _ in rows] == list(targets.kinds())
    for kind, example, more in rows:
        name, as_typed, *words = shlex.split(example)
        target = targets.of_words(name, as_typed, words)
        assert target.kind == kind
        named = {word.partition("=")[0] for word in re.findall(r"`([a-z_]+(?:=[^`]*)?)`", more)} - {"tls", "none", "to"}
        assert {*target.options, *named} == set(target.receiver.options) - {"allow_http"}


def test_nobody_to_try(tmp_path):
    """It is said how somebody is named."""
    done = asked(tmp_path, "test", "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (3, "no_target")


@pytest.mark.parametrize("kind", vendors.ALL)
@pytest.mark.parametrize("play", ["ok", 403, 503, "cut", "redirect", "nobody"])
def test_no_secret_is_printed(tmp_path, capfd, kind, play):
    """Whatever becomes of it, whatever the receiver repeats: no output, no log and no file of the outbox has a secret."""
    secret = {"secret": "SIGNING-key-of-mine"} if kind in ("webhook", "dingtalk", "feishu") else {}
    more = {**secret, **({"token": "tk_BEARER-of-mine"} if kind in ("webhook", "ntfy", "alertmanager") else {})}
    clock = Clock()
    with StandIn(kind) as stand_in:
        write_targets(tmp_path, stand_in.row(**more))
        stand_in.plays.extend([] if play == "nobody" else [play] * 10)
        if play == "nobody":
            write_targets(tmp_path, {**stand_in.row(**more), "url": "http://127.0.0.1:1" + stand_in.row()["url"][22:]})
        outbox = Outbox(str(tmp_path), clock)
        outbox.put(told(1), ["one"])
        outbox.release()
        Sender(outbox, {}, now=clock).drain(3, clock.sleep)
        for words in (["test"], ["log"], ["log", "--json"], ["target", "list"], ["target", "list", "--json"]):
            cli.main(["alerts", *words, "--data-dir", str(tmp_path)])
    kept = "".join(path.read_text() for path in (tmp_path / ".alerts").rglob("*") if path.is_file())
    printed = "".join(capfd.readouterr())

    assert "Test of this channel" in printed
    for text in (printed, kept):
        for each in (vendors.TOKEN, vendors.ROUTING_KEY, "topic-of-mine", "SIGNING-key", "BEARER-of"):
            assert each not in text
