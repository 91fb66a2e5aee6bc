"""How do sums, sessions and calls read in a file for other programs?"""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from session_monitor.calls import coverage
from session_monitor.calls.usage import PART_WORDS
from session_monitor.exports import formats
from session_monitor.exports import tables as export_tables
from session_monitor.exports.formats import Document
from session_monitor.exports.tables import ExportTable
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.prices import money
from session_monitor.prices.cost import NOTES
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import ALL, Selection
from session_monitor.sessions.store import Store
from session_monitor.text import safe
from tests.support import calls
from tests.support.calls import BOOK

NOW = "2026-02-03T00:00:00.000Z"
DAY = 86_400_000
FIRST_OF_FEBRUARY = 1_769_904_000_000
FORMS = (formats.JSON, formats.JSON_LINES, formats.CSV, formats.MARKDOWN)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Three sessions on two days, with two models that have a price, one that has none, and a failed call."""
    home = tmp_path_factory.mktemp("exported")
    lines = [
        calls.line("a", start_time="2026-02-01T09:30:15.120Z", model="gpt-4o", cached_token=4, input_token=1000),
        calls.line("a", start_time="2026-02-02T09:30:15Z", model="gpt-4o-mini", output_token=70, consumer="team"),
        calls.line("b|`=1+1", start_time="2026-02-01T23:59:59Z", model="gpt-4o", llm_service_duration=1200),
        calls.line("c", start_time="2026-02-02T00:00:00Z", model="nobody-knows-it"),
        calls.line("c", start_time="2026-02-02T00:00:01Z", model=None, code="503"),
    ]
    (home / "access.log").write_bytes(b"".join(line + b"\n" for line in lines))
    folder = home / "sessions"
    folder.mkdir()
    Ingest([str(home / "access.log")], Store(str(folder)), Checkpoint(f"{folder}/.state.json", str(folder))).poll()
    return Report(str(folder), BOOK)


def report(found, form=formats.JSON, meant=ALL):
    """A report as text."""
    summary, tables = found.ask(lambda index: export_tables.report(index, meant, timezone.utc))
    return "".join(formats.pieces(Document(NOW, tables, coverage.Coverage(lines=5, calls=5), summary), form))


def rounds(found, form=formats.JSON_LINES, meant=ALL):
    """The calls as text."""

    def question(index):
        number, table = export_tables.rounds(index, meant)
        text = "".join(formats.pieces(Document(NOW, (table,), None), form))
        return number, text

    return found.ask(question)


def of_lines(text):
    """The values of lines of JSON."""
    return list(map(json.loads, text.splitlines()))


def of_csv(text):
    """The rows of CSV, by their headings."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_report_is_the_documented_document(found):
    """A report has its keys in their order, and its sums are the report's own."""
    written = json.loads(report(found))

    assert list(written) == ["schema_version", "generated_at", "summary", "by_model", "by_date", "coverage"]
    overview, by_model = found.overview(), found.by_name("model")
    assert (written["schema_version"], written["generated_at"], written["coverage"]["lines"]) == (1, NOW, 5)
    assert written["summary"] == {"sessions": 3, **overview.sums.to_json()}
    assert written["by_model"] == [
        {"model": row.name, "sessions": row.sessions, **row.sums.to_json()} for row in by_model.rows
    ]
    assert [row["date"] for row in written["by_date"]] == ["2026-02-01", "2026-02-02"]
    assert [row["models"] for row in written["by_date"]] == [["gpt-4o"], ["gpt-4o-mini", "nobody-knows-it"]]
    for rows in (written["by_model"], written["by_date"]):
        assert sum(row["calls"] for row in rows) == overview.sums.calls
        assert _dollars(rows) == overview.sums.spending.pico


def _dollars(rows):
    return sum(int(money.fraction(row["cost_usd"]) * money.PICO) for row in rows if row["cost_usd"])


@pytest.mark.parametrize(
    "meant",
    [
        ALL,
        Selection(models=("gpt-*",)),
        Selection(sessions=("a", "c")),
        Selection(since=FIRST_OF_FEBRUARY + DAY),
        Selection(until=FIRST_OF_FEBRUARY + DAY),
        Selection(consumers=("TEAM",)),
        Selection(sessions=("none",)),
    ],
)
@pytest.mark.parametrize("form", [formats.JSON_LINES, formats.CSV])
def test_calls_add_up_to_the_report(found, form, meant):
    """Whatever is asked for, the rows of calls sum up to what a report of the same says: calls, tokens and dollars."""
    number, text = rounds(found, form, meant)
    rows = of_lines(text) if form == formats.JSON_LINES else of_csv(text)

    sums = found.overview(meant).sums
    assert len(rows) == number == sums.calls
    for name in ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens"):
        assert sum(int(row[name] or 0) for row in rows) == getattr(sums, name)
    assert _dollars(rows) == sums.spending.pico
    assert sum(str(row["failed"]).lower() == "true" for row in rows) == sums.failed
    listed = [row["cost_notes"] if form == formats.JSON_LINES else row["cost_notes"].split("; ") for row in rows]
    for note in NOTES:
        noted = [row for row, notes in zip(rows, listed) if note in notes]
        assert (len(noted), _dollars(noted)) == sums.spending.noted.get(note, (0, 0))[:2]


def test_a_call_has_its_columns(found):
    """A row tells when and whose a call was, its tokens, how it ended, and what it cost, or why that is not known."""
    _, text = rounds(found)
    rows = {(row["session_id"], row["round"]): row for row in of_lines(text)}

    assert list(rows) == [("a", 1), ("a", 2), ("b|`=1+1", 1), ("c", 1), ("c", 2)]
    assert rows["a", 2] == {
        "session_id": "a",
        "round": 2,
        "timestamp": "2026-02-02T09:30:15.000Z",
        "model": "gpt-4o-mini",
        "consumer": "team",
        "input_tokens": 10,
        "output_tokens": 70,
        "cached_tokens": None,
        "cache_write_tokens": 0,
        "reasoning_tokens": 0,
        "total_tokens": 80,
        **dict.fromkeys(PART_WORDS, 0),
        "at_least": False,
        "response_code": 200,
        "outcome": "ok",
        "failed": False,
        "first_token_ms": None,
        "duration_ms": None,
        "cost_usd": "0.0000435",
        "unpriced": None,
        "cost_notes": ["seller_unknown"],
        "other_reading_usd": None,
        "route_name": None,
        "upstream_cluster": None,
        "seller": None,
        "price_model": "gpt-4o-mini",
        "price_from": None,
        "price_source": "litellm",
    }
    assert rows["a", 1]["timestamp"] == "2026-02-01T09:30:15.120Z"
    assert rows["b|`=1+1", 1]["duration_ms"] == 1200
    assert (rows["c", 1]["cost_usd"], rows["c", 1]["unpriced"]) == (None, "unknown_model")
    refused = rows["c", 2]
    assert (refused["outcome"], refused["failed"], refused["response_code"]) == ("failed", True, 503)
    assert (refused["model"], refused["unpriced"]) == (None, "no_model")


def test_audio_and_writes_for_an_hour_have_their_columns(tmp_path):
    """What is told of the kinds that few calls have is there beside the others."""
    details = {"ephemeral_1h_input_tokens": 3, "audio_tokens": 2}
    store = Store(str(tmp_path))
    store.add(calls.call("s", input_token_details=details), ("g", 0, 10))
    store.flush()

    (row,) = of_lines(rounds(Report(str(tmp_path), BOOK))[1])

    told = {"cache_write_1h_tokens": 3, "audio_input_tokens": 2}
    assert {word: row[word] for word in PART_WORDS} == {**dict.fromkeys(PART_WORDS, 0), **told}


def test_other_readings_of_calls_add_up(tmp_path):
    """Each call that the log leaves open has the cost by the other reading; together they are that of the sum.  None else has."""
    store = Store(str(tmp_path))
    for number, details in enumerate(
        ({"cache_creation_input_tokens": 7, "cache_read_input_tokens": 0}, {"cache_read_input_tokens": 5}, {})
    ):
        call = calls.call("s", model="claude-sonnet-4-5", input_token_details=details)
        store.add(call, ("g", number * 10, number * 10 + 10))
    store.flush()
    found = Report(str(tmp_path), BOOK)

    rows, noted = of_lines(rounds(found)[1]), found.overview(ALL).sums.spending.noted

    told = [row["other_reading_usd"] for row in rows]
    assert told[2] is None
    for note, other in zip(("cache_write_5m", "cache_inside"), told):
        assert other == noted[note].to_json()["other_reading_usd"]


def test_a_row_of_markdown_marks_what_was_assumed(found):
    """As in a table of sums: a cost that rests on an assumption has its mark, a free call none."""
    text = rounds(found, formats.MARKDOWN)[1]

    (row,) = (line for line in text.splitlines() if line.startswith("| `a` | 2 |"))
    assert row.endswith("| ~$0.0000435 |")


@pytest.mark.parametrize(("code", "cost", "reason"), [("200", None, "no_tokens"), ("429", "0", None)])
def test_tokens_that_are_not_told_are_no_number(tmp_path, code, cost, reason):
    """Where a call tells no tokens its cells are empty, and null in JSON: not even a call that was refused says 0."""
    untold = dict.fromkeys(("input_token", "output_token", "total_token"))
    store = Store(str(tmp_path))
    store.add(calls.call("s", code=code, model="gpt-4o", **untold), ("g", 0, 10))
    store.flush()
    found = Report(str(tmp_path), BOOK)

    ((row,), (cells,)) = of_lines(rounds(found)[1]), of_csv(rounds(found, formats.CSV)[1])

    kinds = [name for name in row if name.endswith("_tokens")]
    assert len(kinds) == 13
    assert {row[name] for name in kinds} == {None}
    assert {cells[name] for name in kinds} == {""}
    assert (row["cost_usd"], row["unpriced"]) == (cost, reason)


def test_calls_are_read_as_they_are_taken(found):
    """A million calls take no more memory than a few: a row is read when it is written."""

    def question(index):
        _, table = export_tables.rounds(index, ALL)
        seen = []
        index.db.set_trace_callback(seen.append)
        pieces = formats.pieces(Document(NOW, (table,), None), formats.CSV)
        heading = next(pieces)
        assert seen == []
        return heading, next(pieces)

    heading, row = found.ask(question)
    assert heading.startswith("session_id,round,timestamp,")
    assert row.startswith("a,1,2026-02-01T09:30:15.120Z,gpt-4o,")


def test_sessions_are_those_of_the_list(found):
    """A row a session has all that the list has as JSON, in every format."""
    rows = found.sessions().rows

    def written(form):
        return "".join(formats.pieces(Document(NOW, (export_tables.sessions(rows),), None), form))

    nothing_noted = {"name": None, "starred": False, "archived": None, "tags": [], "notes": []}
    no_work = dict.fromkeys(
        [f"work_{name}" for name in ("name", "state", "started", "ended", "git_root", "branch")]
        + ["files_count", "commits_count"]
    )
    expected = [{**row.to_json(), **nothing_noted, **no_work} for row in rows]
    assert of_lines(written(formats.JSON_LINES)) == expected
    document = json.loads(written(formats.JSON))
    assert list(document) == ["schema_version", "generated_at", "sessions", "coverage"]
    assert (document["sessions"], document["coverage"]) == (expected, None)
    table = of_csv(written(formats.CSV))
    assert set(table[0]) == set(expected[0]) - {"whole"}  # which is a row of its own
    assert [row["session_id"] for row in table] == [row["session_id"] for row in expected]
    assert [row["cost_usd"] or None for row in table] == [row["cost_usd"] for row in expected]
    assert table[-1]["models"] == "; ".join(expected[-1]["models"])


def test_a_report_as_csv_is_two_tables_under_one_heading(found):
    """The first column says of which table a row is; what a table lacks is empty."""
    rows = of_csv(report(found, formats.CSV))

    assert [row["table"] for row in rows] == ["by_model"] * 4 + ["by_date"] * 2
    assert [row["date"] for row in rows] == [""] * 4 + ["2026-02-01", "2026-02-02"]
    assert [row["start"] for row in rows][-2:] == ["2026-02-01T00:00:00.000Z", "2026-02-02T00:00:00.000Z"]
    document = json.loads(report(found))
    for row, expected in zip(rows, [*document["by_model"], *document["by_date"]]):
        assert int(row["total_tokens"]) == expected["total_tokens"]
        assert (row["cost_usd"] or None) == expected["cost_usd"]


def test_a_report_as_lines_says_of_each_what_it_is(found):
    """Each line of a report names its table: the summary first, the coverage last."""
    lines = of_lines(report(found, formats.JSON_LINES))

    assert [line["table"] for line in lines] == ["summary", *["by_model"] * 4, *["by_date"] * 2, "coverage"]
    assert lines[0]["calls"] == 5


def test_a_report_as_markdown(found):
    """Tables that a person reads, with names as code and what has no price as not known."""
    lines = report(found, formats.MARKDOWN).splitlines()

    assert lines[0] == f"# Report of {NOW}"
    assert "## By model" in lines
    assert "## By date" in lines
    assert any(
        line.startswith("| `nobody-knows-it` | 1 | 1 | 0 | 0 | 10 | 5 | - | not known | 0 | 1 |") for line in lines
    )
    assert lines[-1] == "Coverage: 5 lines read; 5 calls; 0 lines passed over"
    _, text = rounds(found, formats.MARKDOWN)
    assert {line.count("|") for line in text.splitlines() if line.startswith("|")} == {13}


@pytest.mark.parametrize(
    ("at_least", "unpriced", "shown"), [(0, 0, "$1.00"), (2, 0, "≥$1.00"), (0, 1, "$1.00+"), (2, 1, "≥$1.00+")]
)
def test_a_cost_in_markdown_says_what_it_is(at_least, unpriced, shown):
    """A lower bound, or a sum that leaves calls out, is marked as in the tables of the terminal."""
    row = {"cost_usd": "1", "at_least": at_least, "unpriced_rounds": unpriced}
    table = ExportTable("by_model", tuple(row), tuple(row), [row])

    lines = "".join(formats.pieces(Document(NOW, (table,), None), formats.MARKDOWN)).splitlines()

    assert lines[2].startswith("| Cost (USD) | Lower bound |")
    assert lines[4].split(" | ")[0] == f"| {shown}"


TEXTS = st.text(st.one_of(st.characters(exclude_categories=[]), st.sampled_from("=+-@\t\r\n\"',;|`")), max_size=30)


def one_row(form, text, *, is_readable=True):
    """A table of one row with that text for a session's id and among its models."""
    columns = ("session_id", "models", "cost_usd", "round")
    row = {"session_id": text, "models": [text, "b"], "cost_usd": "-0.5", "round": -1}
    document = Document(NOW, (ExportTable("sessions", columns, columns, [row]),), None)
    return "".join(formats.pieces(document, form, is_readable=is_readable))


@given(TEXTS)
@example('=HYPERLINK("http://x","y")')
@example(" \t=1+1")
@example("\r@SUM(1)")
@example("＝1+1")
def test_no_cell_is_a_formula(text):
    """What a spreadsheet would take for a formula is text to it; our own numbers stay numbers."""
    heading, row = csv.reader(io.StringIO(one_row(formats.CSV, text), newline=""))

    assert heading == ["session_id", "models", "cost_usd", "round"]
    assert row[2:] == ["-0.5", "-1"]
    assert not re.match(r"\s*[=+\-@\t\r＝＋－＠]", row[0])
    assert row[0].lstrip("'") == safe.clean(text).lstrip("'")
    assert (row[0] == "'" + safe.clean(text)) == bool(re.match(r"\s*[=+\-@\t\r＝＋－＠]", text))


@given(TEXTS, st.sampled_from(FORMS), st.booleans())
def test_nothing_steers_a_terminal(text, form, is_readable):
    """No format lets a control or bidi character through, nor anything that has no bytes; JSON says the same still."""
    written = one_row(form, text, is_readable=is_readable)

    assert written.encode()
    plain = written.replace("\r\n", "\n")
    assert safe.clean(plain, newlines=True) == plain
    if form == formats.JSON:
        assert json.loads(written)["sessions"][0]["session_id"] == text
    if form == formats.JSON_LINES:
        assert of_lines(written)[0]["session_id"] == text
        assert written.count("\n") == 1
    if form == formats.MARKDOWN:
        assert len(written.strip().splitlines()) == 5


def test_numbers_in_markdown():
    """They have commas between thousands, but for the number of a round, which is a name; what is not there is a dash."""
    row = {"session_id": "a|b", "round": 12345, "input_tokens": 12345, "at_least": True, "failed": False, "models": []}
    row.update(duration_ms=None, cost_usd=None, cache_savings_usd="0.5")
    table = ExportTable("rounds", tuple(row), tuple(row), [row])
    heading, _, cells = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in "".join(formats.pieces(Document(NOW, (table,), None), formats.MARKDOWN)).splitlines()[2:]
    ]

    assert heading == [
        *("Session id", "Round", "Input tokens", "Lower bound", "Failed", "Models"),
        *("Duration (ms)", "Cost (USD)", "Cache savings (USD)"),
    ]
    assert cells[1:] == ["12345", "12,345", "yes", "no", "-", "-", "not known", "$0.500"]
