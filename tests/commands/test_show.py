"""show as a user runs it: as text, JSON, Markdown and HTML."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.command_line import data, line, run, sessions
from tests.support.stored_rounds import keep, round_of


def test_show_is_the_documented_picture(weather):
    """The documented headings in their order, the rounds with what was sent, said and called."""
    done = run("show", "agent:main", "--data-dir", weather)

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == lines[2] == lines[-1] == "=" * 100
    assert [text for text in lines[1:-1] if text and set(text) != {"="}] == [
        "📊 Session Detail: agent:main",
        "🕐 Created:  2026-02-01T08:01:15+08:00",
        "🕑 Updated:  2026-02-01T08:03:15+08:00",
        "🤖 Model:    qwen-max",
        "💬 Messages: 3 (1 failed)",
        "📈 Token Statistics:",
        "   Input:                         1,260 tokens",
        "     of which cached:          not told",
        "   Output:                           15 tokens",
        "     of which reasoning:              0 tokens",
        "   Total:                         1,275 tokens",
        "💰 Estimated Cost: $0.00206 USD",
        "   not in it: 1 round unpriced, 15 tokens (no model)",
        "   assumed in 2 rounds, $0.00206: the log does not tell who sold it; priced as the maker does",
        "📝 Conversation Rounds (3):",
        "─" * 100,
        "  Round 1 @ 2026-02-01T08:01:15+08:00 · qwen-max · conversation 1",
        "    Tokens: 10 in → 5 out",
        "    Cost: $0.0000480 (input $0.0000160, output $0.0000320)",
        "    🔧 Tool calls: Yes",
        "    Messages (2):",
        "      [system] You help.",
        "      [user] Check Beijing weather",
        "    ❓ Question: Check Beijing weather",
        "    🛠️  Tool Calls:",
        '       - get_weather({"location":"北京"})',
        "  Round 2 @ 2026-02-01T08:02:15+08:00 · qwen-max · conversation 1",
        "    Tokens: 1,240 in → 5 out",
        "    Cost: $0.00202 (input $0.00198, output $0.0000320)",
        "    🔧 Tool calls: the log does not tell",
        "    Messages (2 new, after 2 sent before):",
        '      [assistant] → get_weather({"location":"北京"})',
        "      [tool] 15 degrees",
        "    ✅ Answer: 15 degrees",
        "    🧠 Reasoning: Sunny.",
        "  Round 3 @ 2026-02-01T08:03:15+08:00 · conversation 2",
        "    Tokens: 10 in → 5 out",
        "    Cost: not known (the log names no model)",
        "    ❌ Failed: 503 overflow",
        "    🔧 Tool calls: No",
        "    Messages (1):",
        "      [user] question 3",
        "    ❓ Question: question 3",
        "    ✅ Answer: answer 3",
    ]


def test_show_sessions_of_the_sample(sample):
    """A session of the sample can be shown, as text and as JSON, under the id that list gives."""
    for row in data("list", "--data-dir", sample, "--limit", "5"):
        done = run("show", row["session_id"], "--data-dir", sample)

        assert (done.returncode, done.stderr) == (0, "")
        assert f"📝 Conversation Rounds ({row['messages_count']}):" in done.stdout
        shown = data("show", row["session_id"], "--data-dir", sample)
        of_list = row.keys() - {"whole", "first_failed", "title", "consumers", "tool_calls", "cached_share"}
        assert {key: shown[key] for key in of_list} == {key: row[key] for key in of_list}
        assert row["whole"].items() <= shown.items()
        assert [entry["round"] for entry in shown["rounds"]] == list(range(1, row["messages_count"] + 1))


def test_show_messages(weather):
    """Each round has what is new, or its full list; --no-messages leaves them out."""
    whole = data("show", "agent:main", "--data-dir", weather, "--messages", "full")["rounds"]
    new = data("show", "agent:main", "--data-dir", weather)["rounds"]
    assert new == data("show", "agent:main", "--data-dir", weather, "--messages", "new")["rounds"]
    none = data("show", "agent:main", "--data-dir", weather, "--no-messages")["rounds"]
    assert none == data("show", "agent:main", "--data-dir", weather, "--messages", "none")["rounds"]

    assert [len(entry["messages"]) for entry in whole] == [2, 4, 1]
    assert [len(entry["messages"]) for entry in new] == [2, 2, 1]
    assert [entry.get("messages_from_history", 0) for entry in new] == [0, 2, 0]
    assert whole[1]["messages"] == new[0]["messages"] + new[1]["messages"]
    assert [entry.get("messages_from_history", 0) for entry in whole] == [0, 2, 0]
    assert not any(key in entry for entry in none for key in ("messages", "messages_from_history"))
    assert none[0]["question"] == "Check Beijing weather"

    text = run("show", "agent:main", "--data-dir", weather, "--messages", "full").stdout
    assert "    Messages (4):\n      [system] You help." in text
    assert "[tool] 15 degrees" in text
    text = run("show", "agent:main", "--data-dir", weather, "--no-messages").stdout
    assert "Messages (" not in text
    assert "[system]" not in text


def test_show_what_the_log_does_not_tell(tmp_path):
    """As JSON a round without tokens has null for them, one that was left says so; without messages nothing is left of them."""
    rounds = [
        round_of(1, has_tool_calls=None, outcome="left", no_tokens=True),
        round_of(2, thread=2, history_of=0),
        round_of(3, history_of=1, messages_from_history=1, at_least=True, token_notes=["partly_told"]),
    ]
    folder = keep(tmp_path / "sessions", "s", *rounds)

    left, other, partly = data("show", "s", "--data-dir", folder, "--messages", "none")["rounds"]
    assert (left["outcome"], left["has_tool_calls"], left["total_tokens"], left["cost_usd"]) == (
        "left",
        None,
        None,
        None,
    )
    assert (left["thread"], other["thread"], partly["thread"], partly["at_least"]) == (1, 2, 1, True)
    assert not any(key in entry for entry in (left, other, partly) for key in ("messages_from_history", "history_of"))
    text = run("show", "s", "--data-dir", folder).stdout
    assert "    Messages (1 new, after 1 sent before, goes on from round 1):" in text
    assert "    At least: one of the counts is missing or unreadable" in text
    assert "$0.00 " not in text


def test_show_an_unknown_session(weather):
    """An id that is no part of any is exit code 3, and ids that may have been meant are named on stderr."""
    for wrong in ("agent:mian", "aget:main"):
        done = run("show", wrong, "--data-dir", weather)

        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr.startswith(f"cli.py: no session {wrong} in {weather}; did you mean\n  agent:main\n")

    assert "'list' shows" in run("show", "zzz", "--data-dir", weather).stderr


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ("2", [2]),
        ("2-3", [2, 3]),
        ("2-", [2, 3]),
        ("-2", [1, 2]),
        ("last", [3]),
        ("last:2", [2, 3]),
        ("last:99", [1, 2, 3]),
        ("4-", []),
    ],
)
def test_show_some_rounds(weather, wanted, numbers):
    """--rounds picks rounds by number or the newest ones, each as it is among all of them."""
    whole = data("show", "last", "--data-dir", weather)
    some = data("show", "last", "--data-dir", weather, f"--rounds={wanted}")
    text = run("show", "last", "--data-dir", weather, f"--rounds={wanted}").stdout

    assert some["rounds"] == [entry for entry in whole["rounds"] if entry["round"] in numbers]
    assert {**some, "rounds": whole["rounds"]} == whole
    assert [int(number) for number in re.findall(r"^  Round (\d+) @", text, re.MULTILINE)] == numbers
    assert ("(none of those asked for: the last is round 3)" in text) == (not numbers)


def test_formats(weather):
    """--format json is --json, --format text the default; two that exclude each other are exit code 2."""
    asked = ["show", "last", "--data-dir", weather]

    assert run(*asked, "--format", "json").stdout == run(*asked, "--json").stdout
    assert run(*asked, "--format", "text").stdout == run(*asked).stdout
    assert run(*asked, "--json", "--format", "json").returncode == 0
    wrong = run(*asked, "--json", "--format", "text")
    assert (wrong.returncode, json.loads(wrong.stdout or "{}").get("error", {}).get("code")) == (2, "bad_format")


def test_long_texts_are_shortened(tmp_path):
    """A long text is cut with a hint that says how much is missing; --full shows all of it."""
    lines, text = "\n".join(f"line {number}" for number in range(40)), "x" * 2000
    folder = sessions(tmp_path / "sessions", line("s", answer=text, reasoning=lines))

    short, full = (run("show", "s", "--data-dir", folder, *more).stdout for more in ([], ["--full"]))

    assert "… 1,400 more characters (--full shows them)" in short
    assert "line 11\n" in short
    assert "line 12\n" not in short
    assert text in full
    assert "line 39\n" in full
    assert "--full" not in full


@pytest.mark.parametrize("cut", [1, 40, 400, 900])
def test_a_torn_session_file_is_shown(tmp_path, cut):
    """A file whose tail was torn off, by a crash or while it is written, is shown as far as its rounds are whole."""
    folder = sessions(tmp_path / "sessions", *(line("s", number) for number in range(1, 6)))
    torn = (folder / "s.json").read_bytes()[:-cut]
    (folder / "s.json").write_bytes(torn)
    whole = len(re.findall(rb'"log":\[[^]]*\],"crc32":"[0-9a-f]{8}"\}\n', torn))

    shown = data("show", "s", "--data-dir", folder)

    assert [entry["answer"] for entry in shown["rounds"]] == [f"answer {number}" for number in range(1, whole + 1)]
    assert shown["messages_count"] == whole > 0
    assert f"Conversation Rounds ({whole}):" in run("show", "s", "--data-dir", folder).stdout
    assert data("list", "--data-dir", folder)[0]["messages_count"] == whole


# -- as Markdown and HTML ----------------------------------------------------------------------------------------------


@pytest.fixture
def marked_up(tmp_path):
    """A session whose answer holds what Markdown and HTML are made of."""
    first = [{"role": "user", "content": "Hi?"}]
    lines = [
        line("a", 1, messages=first, question="Hi?", answer="</div>```<b>Yes"),
        line("a", 2, messages=[*first, {"role": "tool", "content": "So?"}], question="", answer=""),
    ]
    return sessions(tmp_path / "sessions", *lines)


def shown(folder, *arguments, encoding="utf-8"):
    """What `show` prints of the session."""
    done = run("show", "a", "--data-dir", folder, *arguments, environment={"PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_show_as_markdown(marked_up):
    """`show --format md` is the session as Markdown; rounds and messages are chosen as for text."""
    text = shown(marked_up, "--format", "md")

    assert text.startswith("# Session `a`\n")
    assert re.findall(r"^### Round (\d)", text, re.MULTILINE) == ["1", "2"]
    assert "````text\n</div>```<b>Yes\n````" in text
    latest = shown(marked_up, "--format", "md", "--rounds", "last")
    assert re.findall(r"^### Round (\d)", latest, re.MULTILINE) == ["2"]
    assert "So?" in text
    assert "So?" not in shown(marked_up, "--format", "md", "--messages", "none")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_show_as_html(marked_up, encoding):
    """`show --format html` is a whole page, whatever the output can hold."""
    text = shown(marked_up, "--format", "html", encoding=encoding)

    assert text.startswith("<!doctype html>")
    assert text.endswith("</html>\n")
    assert "&lt;/div&gt;```&lt;b&gt;Yes" in text
    assert f"10 in {'→' if encoding == 'utf-8' else '&#8594;'} 5 out" in text


def test_a_format_of_show_and_json():
    """--json with Markdown or HTML is an error, not a guess."""
    for form in ("md", "html"):
        assert run("show", "a", "--json", "--format", form).returncode == 2


def test_sums_without_rounds(weather):
    """With --rounds none there are the sums and no rounds, and no word of them, as text and as JSON."""
    told = data("show", "agent:main", "--data-dir", weather, "--rounds", "none")
    whole = data("show", "agent:main", "--data-dir", weather)
    assert told == {name: value for name, value in whole.items() if name != "rounds"}

    text = run("show", "agent:main", "--data-dir", weather).stdout
    brief = run("show", "agent:main", "--data-dir", weather, "--rounds", "none").stdout
    assert text.startswith(brief.rstrip())
    assert "Round" not in brief


def test_facts_of_rounds_have_names(weather):
    """What files keep as lists of values has names in JSON."""
    first, second, _ = data("show", "agent:main", "--data-dir", weather)["rounds"]

    assert first["tools_called"] == [{"tool": "get_weather", "calls": 1}]
    assert second["tool_results"] == [{"tool": "get_weather", "results": 1, "failed": 0, "characters": 10}]
    assert list(first["log"]) == ["generation", "start", "end"]
    assert first["log"]["end"] == second["log"]["start"]
