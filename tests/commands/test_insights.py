"""insights as a user runs it."""

from __future__ import annotations

import json
import re

import pytest

from session_monitor.insight.basis import limits
from tests.support import corpus
from tests.support.command_line import ROOT, data, line, run, sessions
from tests.support.judged import ingested

STUCK, CACHE, FORK, WELL = "stuck/cycle_of_four", "cache/time_in_system", "events/fork", "healthy/chat"
YEAR = ("--since", "2026-01-01", "--timezone", "UTC")


@pytest.fixture(scope="module")
def logged():
    """The lines of an agent that is stuck, one that misses its cache, one that goes back, and one that is well."""
    cases = corpus.cases()
    return corpus.log_of({name: cases[name] for name in (STUCK, CACHE, FORK, WELL)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory, logged):
    """Their sessions, which no test changes."""
    return ingested(tmp_path_factory.mktemp("insights"), logged)


@pytest.fixture
def own(tmp_path, logged):
    """Their sessions, for one test alone."""
    return ingested(tmp_path, logged)


def kinds(told):
    """Which kinds of findings an answer has, in order."""
    return [each["kind"] for each in told["findings"]]


# -- what is told ------------------------------------------------------------------------------------------------------


def test_of_all_sessions(folder):
    """The gravest come first, with their rounds, what is at stake, what was found and what to do; then what all come to."""
    told = data("insights", *YEAR, "--data-dir", folder)
    text = run("insights", *YEAR, "--data-dir", folder).stdout

    assert told["findings"][0]["session_id"] == STUCK
    assert set(kinds(told)) >= {"cycle", "cache_missed", "system_changed", "fork"}
    assert (told["total"], told["sessions_judged"], told["sessions_not_judged"]) == (len(told["findings"]), 4, 0)
    assert told["period"]["since"] == "2026-01-01T00:00:00.000Z"
    assert text.startswith("🔎 1 critical, 1 warning, ")
    assert (
        f"✗ cycle $0.0359, rounds 2 to 25 of {STUCK}\n  The same 4 steps (read_file, search, list_files) came" in text
    )
    assert "What to do\n  cycle: Stop the agent" in text


def test_what_all_come_to_is_a_bound(folder):
    """Two findings may be about the same tokens, so it is not told as a sum."""
    assert re.search(
        r"^🔎 .* to .*, at most \$[\d.]+ at stake$", run("insights", *YEAR, "--data-dir", folder).stdout, re.MULTILINE
    )


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_from_the_first_day_of_a_calendar_to_its_last(folder, zone):
    """All there is, also where those days begin or end outside of the calendar in a zone."""
    told = run("insights", "--since", "0001-01-01", "--until", "9999-12-31", "--timezone", zone, "--data-dir", folder)
    assert re.search(r"^🔎 .* sessions of .* to 9999-12-31", told.stdout)


def test_up_to_the_first_day_of_a_calendar(folder):
    """The days before it, of which there are none, are no reason not to answer."""
    told = run("insights", "--until", "0001-01-01", "--timezone", "UTC", "--json", "--data-dir", folder)
    assert json.loads(told.stdout)["data"]["period"]["since"] == "0001-01-01T00:00:00.000Z"


def test_without_a_price(tmp_path, logged):
    """Where nothing has a price tokens are told in place of money, and no sum is $0.00."""
    unpriced = [line.replace(b"gpt-5", b"no-such-model") for line in logged]
    folder = ingested(tmp_path, unpriced)

    every = run("insights", *YEAR, "--data-dir", folder).stdout
    one = run("insights", STUCK, "--data-dir", folder).stdout

    assert "at stake" not in every
    assert "$" not in every + one
    assert re.search(r"^✗ cycle [\d,]+ tokens, rounds 2 to 25$", one, re.MULTILINE)
    assert re.search(r"^TOTAL +[\d,]+ +-$", one, re.MULTILINE)


def test_it_is_small(folder):
    """Of all sessions so few are told that an agent may read it; and how many more there are, and how they are asked for."""
    text = run("insights", *YEAR, "--limit", "2", "--data-dir", folder).stdout

    assert len(run("insights", *YEAR, "--data-dir", folder).stdout.encode()) < 2000
    assert len(re.findall("^[✗⚠·] ", text, re.MULTILINE)) == 2
    assert re.search(r"^\d more: --limit \d tells all of them\.$", text, re.MULTILINE)


def test_of_one_session(folder):
    """All that is found in it, which words of its prompts changed, where its money went, and its cache."""
    text = run("insights", "time_in_system", "--data-dir", folder).stdout

    assert text.startswith(f"🔎 1 warning, 2 for information: {CACHE}\n   9 rounds\n")
    assert "⚠ cache_missed ~$0.115, rounds 2 to 9" in text
    assert re.search(
        r"^  From round 1 to 2, line 1 of message 1 \(system\): .* became \"It is 2026", text, re.MULTILINE
    )
    assert re.search(r"^Sent again, paid anew +~[\d,]+ +~\$0\.10", text, re.MULTILINE)
    assert "TOTAL                  116,002   $0.1459" in text
    assert "0.0 % of the prompts came from a cache" in text
    assert "prefix_changed 101,888 tokens in 8 calls" in text


def test_its_money_adds_up(folder):
    """The parts of a session's costs are what it cost, to the last digit; in JSON as everywhere."""
    for session in (STUCK, CACHE, FORK):
        told = data("insights", session, "--data-dir", folder)
        parts = [money(each["cost_usd"]) for each in told["context"]["parts"].values()]
        assert sum(parts) == money(data("cost", session, "--data-dir", folder)["cost_usd"])
        assert set(told["context"]) == {
            *("session_id", "rounds", "unjudged_rounds", "unpriced_rounds", "resent_percent", "resent_full_price_usd"),
            *("parts", "basis", "messages", "other_messages"),
        }
        assert told["cache"]["causes"] == [] or session == CACHE


def money(text):
    """Dollars as pico-dollars."""
    whole, _, decimals = text.partition(".")
    return int(whole + decimals.ljust(12, "0"))


def test_what_is_asked_for_alone(folder):
    """Kinds, severities, sessions and times choose; no time is given where it is of one session."""
    assert set(kinds(data("insights", *YEAR, "--kind", "fork", "--kind", "cycle", "--data-dir", folder))) == {
        "fork",
        "cycle",
    }
    assert kinds(data("insights", *YEAR, "--severity", "critical", "--data-dir", folder)) == ["cycle"]
    assert data("insights", *YEAR, "--session", WELL, "--data-dir", folder)["findings"] == []
    assert kinds(data("insights", CACHE, "--kind", "cache_missed", "--limit", "1", "--data-dir", folder)) == [
        "cache_missed"
    ]
    assert kinds(data("insights", "--days", "1", "--until", "2026-11-02", "--timezone", "UTC", "--data-dir", folder))
    none = run("insights", *YEAR, "--session", WELL, "--severity", "critical", "--data-dir", folder)
    assert (none.returncode, none.stdout.startswith("🔎 None of that kind in 1 session ")) == (0, True)
    done = run("insights", CACHE, "--since", "7d", "--data-dir", folder)
    assert (done.returncode, "leave --since out" in done.stderr) == (2, True)


def test_a_session_without_content(tmp_path):
    """What nothing is logged of is said not to be judged, in all sessions and in one."""
    folder = sessions(
        tmp_path / "s", *(line("bare", number, messages=None, question=None, answer=None) for number in (1, 2))
    )

    assert "not judged: 1 session without content" in run("insights", *YEAR, "--data-dir", folder).stdout
    assert (
        "2 rounds, not judged: the log holds no content of them" in run("insights", "bare", "--data-dir", folder).stdout
    )


def test_nothing_there(folder, tmp_path):
    """Where no session talked in the last days it says when they did; a session that is not there is named."""
    empty = run("insights", "--until", "2026-06-01", "--data-dir", folder)
    assert (empty.returncode, "so --since 2026-11-02 shows the newest day" in empty.stdout) == (0, True)
    assert run("insights", "nobody", "--data-dir", folder).returncode == 3
    assert run("insights", "--data-dir", tmp_path / "none").returncode == 1


def test_names_that_steer(tmp_path):
    """What strangers called a tool or a session steers no terminal."""
    script = json.loads(
        json.dumps(corpus.cases()["stuck/same_call_anthropic"]).replace("read_file", "read\\u001b[31m\\u202e")
    )
    folder = ingested(tmp_path, corpus.log_of({"s\x1b[2J": script}))
    for words in (YEAR, ("last",)):
        text = run("insights", *words, "--data-dir", folder).stdout
        assert "repeat_call" in text
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)


# -- limits ------------------------------------------------------------------------------------------------------------


def rule(folder, kind):
    """What holds of a kind."""
    return next(each for each in data("insights", "--rules", "--data-dir", folder)["rules"] if each["kind"] == kind)


def test_limits_are_set(own):
    """A limit, a kind that is off, and what a finding has to be worth change what is found; the usual brings it back."""
    asked = ("insights", STUCK, "--data-dir", own)
    assert kinds(data(*asked)) == ["cycle"]

    for words, severity in ((("--set", "cycle", "critical=7"), "warning"), (("--usual", "cycle"), "critical")):
        assert run("insights", *words, "--data-dir", own).returncode == 0
        assert [each["severity"] for each in data(*asked)["findings"]] == [severity]
    run("insights", "--off", "cycle", "--data-dir", own)
    assert "cycle" not in kinds(data(*asked))
    assert not rule(own, "cycle")["is_on"]
    run("insights", "--usual", "cycle", "--data-dir", own)
    run("insights", "--set", "least", "usd=10", "--data-dir", own)
    run("insights", "--set", "least", "tokens=1000000000", "--data-dir", own)
    assert kinds(data(*asked)) == []
    run("insights", "--usual", "least", "--data-dir", own)
    assert kinds(data(*asked)) == ["cycle"]


def test_limits_of_every_kind(own):
    """Dollars are text, windows are set model by model beside those that are set; a star marks them."""
    run("insights", "--set", "cache_missed", "pause_usd=0.5", "--data-dir", own)
    for window in ("mine=1000", "other=2000"):
        run("insights", "--set", "near_window", f"windows.{window}", "--data-dir", own)

    assert rule(own, "cache_missed")["limits"]["pause_usd"] == "0.5"
    assert rule(own, "near_window")["limits"]["windows"] == {"mine": 1000, "other": 2000}
    text = run("insights", "--rules", "--data-dir", own).stdout
    assert "pause_usd=0.5 *" in text
    assert "windows=mine:1000 other:2000 *" in text
    assert (own / ".insights.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "nothing", "times=5"), "there is no such kind of finding"),
        (("--set", "cycle", "times=none"), "times must be a whole number above 0"),
        (("--set", "cycle", "tims=5"), "tims is no limit of it"),
        (("--set", "cycle", "times"), "write LIMIT=VALUE"),
        (("--set", "near_window", "percent=101"), "percent must be 1 to 100"),
        (("--set", "near_window", "windows=5"), "windows must be an object"),
        (("--set", "cache_missed", "pause_usd=much"), 'pause_usd must be text such as "0.05"'),
        (("--set", "least", "euros=5"), "nothing that a finding can be worth"),
        (("--off", "nothing"), "there is no such kind of finding"),
        (("--usual", "nothing"), "there is no such kind of finding"),
        (("--dismiss", "cycle@2"), "name the session of the finding"),
        ((STUCK, "--dismiss", "cycle"), "is no finding: write its kind and its first round"),
    ],
)
def test_what_is_no_limit(folder, words, said):
    """It is said, with what there is; nothing is written."""
    done = run("insights", *words, "--data-dir", folder)

    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not (folder / ".insights.json").exists()


def test_a_file_with_mistakes(own):
    """What is wrong in it is said beside the answer, which is by the usual limits in its place; it is not written over."""
    (own / ".insights.json").write_text('{"schema_version": 1, "rules": {"cycle": {"times": -1}}}')
    done = run("insights", STUCK, "--data-dir", own)
    assert (done.returncode, "rule cycle: times must be a whole number" in done.stderr) == (0, True)
    assert "✗ cycle" in done.stdout

    (own / ".insights.json").write_text("{")
    assert "✗ cycle" in run("insights", STUCK, "--data-dir", own).stdout
    done = run("insights", "--off", "cycle", "--json", "--data-dir", own)
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "bad_insight_rules")
    assert (own / ".insights.json").read_text() == "{"


def test_the_document_has_all_kinds():
    """docs/INSIGHTS.md has a row for each kind, in their order, with its limits."""
    text = (ROOT / "docs" / "INSIGHTS.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| .* \| (?:`(.*)` )?\|$", text, re.MULTILINE))
    usual = {kind: limits.own_limits(kind) or {} for kind in limits.kinds()}

    assert rows == {
        kind: ", ".join(f"{name}={value}" for name, value in of_kind.items() if value != {})
        for kind, of_kind in usual.items()
    }


# -- what is not told again --------------------------------------------------------------------------------------------


def test_dismissing(own):
    """A finding that is dismissed is told no more, here and among all; it can be told again."""
    done = data("insights", STUCK, "--dismiss", "cycle@2", "--data-dir", own)
    assert done == {"session_id": STUCK, "kind": "cycle", "first_round": 2, "is_dismissed": True}
    assert kinds(data("insights", STUCK, "--data-dir", own)) == []
    assert "dismissed: cycle@2" in run("insights", STUCK, "--data-dir", own).stdout
    assert "cycle" not in kinds(data("insights", *YEAR, "--data-dir", own))

    assert "is told again" in run("insights", STUCK, "--restore", "cycle@2", "--data-dir", own).stdout
    assert kinds(data("insights", STUCK, "--data-dir", own)) == ["cycle"]
    for words in (("--restore", "cycle@2"), ("--dismiss", "cycle@3"), ("--dismiss", "fork@2")):
        assert run("insights", STUCK, *words, "--data-dir", own).returncode == 3


# -- beside other answers ----------------------------------------------------------------------------------------------


def test_beside_other_answers(own):
    """Show and summary tell what is known by now; where nobody asked yet they tell nothing, and nobody is judged for them."""
    show, summary = ("show", STUCK, "--rounds", "none", "--data-dir", own), ("summary", "--data-dir", own)
    assert "Found" not in run(*show).stdout
    assert "Findings" not in run(*summary).stdout
    assert not (own / ".insights.sqlite3").exists()

    run("insights", STUCK, "--data-dir", own)

    assert "🔎 Found: 1 critical" in run(*show).stdout
    assert "Findings: 1 critical, in the 1 session looked at so far" in run(*summary).stdout
    assert "Found" not in run("show", CACHE, "--rounds", "none", "--data-dir", own).stdout


def test_of_a_session_that_went_on(own, logged):
    """What is known of an earlier state says up to which round."""
    run("insights", STUCK, "--data-dir", own)
    more = [line(STUCK, 30, messages=[{"role": "user", "content": "And now?"}])]
    ingested(own.parent, [each.encode() for each in more])

    assert "🔎 Found up to round 26: 1 critical" in run("show", STUCK, "--rounds", "none", "--data-dir", own).stdout
