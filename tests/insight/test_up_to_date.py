"""What is kept follows the session files, the prices and the rules, whatever happened to them."""

from __future__ import annotations

import json
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.base import data_folder, side_by_side
from session_monitor.insight import all_findings, judged_calls, session_insights, up_to_date
from session_monitor.insight.basis import content
from session_monitor.insight.kept import contents
from session_monitor.reports.report import Report
from session_monitor.sessions import file_names
from session_monitor.upkeep import removal
from tests.support import insights, judged, judged_sessions, scripted_sessions
from tests.support.calls import BOOK
from tests.support.priced import SMALL_BOOK


def report_of(folder, book=BOOK):
    """What may be asked."""
    return Report(str(folder), book, now=0)


def fresh(folder):
    """All that is kept where nothing was before."""
    for path in folder.glob(data_folder.INSIGHTS + "*"):
        path.unlink()
    all_findings.across(report_of(folder))
    return insights.kept_in(folder)


@settings(max_examples=12, deadline=None)
@given(
    scripts=st.fixed_dictionaries({"a": judged_sessions.SCRIPTS, "b": judged_sessions.SCRIPTS}),
    data=st.data(),
)
def test_what_is_kept_does_not_depend_on_how_it_grew(tmp_path_factory, scripts, data):
    """Sessions that grew by any pieces, with any questions between, are kept and judged as if all had been there at once."""
    home = tmp_path_factory.mktemp("grown")
    lines = insights.lines_of(scripts)
    while lines:
        number = data.draw(st.integers(1, len(lines)))
        folder = judged.ingested(home, lines[:number])
        lines = lines[number:]
        asked = data.draw(st.sampled_from(["all", "a", "nothing"]))
        if asked == "all":
            all_findings.across(report_of(folder))
        elif asked == "a":
            session_insights.of_session(report_of(folder), "a")
    all_findings.across(report_of(folder))

    grown = insights.kept_in(folder)
    assert grown == fresh(folder)
    assert grown.keys() <= {"a", "b"}


def test_only_what_is_new_is_read(tmp_path, monkeypatch):
    """Of a session that grew the new rounds are read, of one that did not none; a chunk that is full is not written again."""
    monkeypatch.setattr(contents, "AT_ONCE", 4)
    steps = scripted_sessions.lines(insights.looping(9), "a")
    folder = judged.ingested(tmp_path, [*steps[:6], *insights.lines_of({"b": insights.looping(3)})])
    all_findings.across(report_of(folder))
    judged.ingested(tmp_path, steps[6:])
    read, packed = [], []
    of_round, pack = content.of_round, contents.packed
    monkeypatch.setattr(
        content, "of_round", lambda stored, names: read.append(stored["round"]) or of_round(stored, names)
    )
    monkeypatch.setattr(contents, "packed", lambda *given: packed.append(pack(*given)) or packed[-1])

    all_findings.across(report_of(folder))

    assert read == [7, 8, 9, 10]
    assert [[first for first, _ in chunks] for chunks in packed] == [[5, 9]]


def test_a_session_alone(tmp_path):
    """Who asks about one session does not wait for the others to be judged."""
    folder = insights.folder_with(tmp_path, {"a": insights.looping(4), "b": insights.looping(4)})

    assert session_insights.of_session(report_of(folder), "a").findings
    assert insights.kept_in(folder).keys() == {"a"}
    assert session_insights.of_session(report_of(folder), "nobody") is None


def test_other_prices_and_rules(tmp_path, monkeypatch):
    """With other prices or rules all is judged anew, and no session file is read for it."""
    folder = insights.folder_with(tmp_path, {"a": insights.looping(4)})
    before = session_insights.of_session(report_of(folder), "a")
    monkeypatch.setattr(contents, "round_at", lambda *_: pytest.fail("a session file was read"))

    other = session_insights.of_session(report_of(folder, SMALL_BOOK), "a")
    (folder / data_folder.INSIGHT_RULES).write_text(
        json.dumps({"schema_version": 1, "rules": {"repeat_call": {"times": 9}}})
    )
    patient = session_insights.of_session(report_of(folder), "a")

    assert [each.kind for each in before.findings] == ["repeat_call"]
    assert before.findings[0].pico
    assert [(each.kind, each.pico) for each in other.findings] == [("repeat_call", None)]
    assert patient.findings == ()


def test_sessions_that_are_gone(tmp_path):
    """Nothing is found in sessions that were deleted, by the program or by hand; deleted by it, nothing is left of them."""
    folder = insights.folder_with(tmp_path, {name: insights.looping(4) for name in ("a", "b", "c")})
    all_findings.across(report_of(folder))

    assert len(removal.delete(str(folder), removal.find(str(folder), ["a"]).values())) == 1
    assert insights.kept_in(folder).keys() == {"b", "c"}
    (folder / file_names.file_name("b")).unlink()
    found = all_findings.across(report_of(folder))

    assert {row.session_id for row in found.rows} == {"c"}
    assert found.judged == 1
    assert insights.kept_in(folder).keys() == {"c"}


def test_another_making_of_the_index(tmp_path):
    """Where the main index is made anew its numbers mean other sessions, and all is kept anew."""
    folder = insights.folder_with(tmp_path, {"a": insights.looping(4), "b": {"steps": [{"user": "Hi", "say": "Hi"}]}})
    before = all_findings.across(report_of(folder))
    for path in folder.glob(data_folder.INDEX + "*"):
        path.unlink()
    shutil.copy(folder / "a.json", tmp_path / "a.json")
    (folder / "a.json").unlink()
    all_findings.across(report_of(folder))
    shutil.move(tmp_path / "a.json", folder / "a.json")

    assert all_findings.across(report_of(folder)) == before


def test_several_processes_judge_the_same(tmp_path, monkeypatch):
    """What several processes find is what one finds."""
    folder = insights.folder_with(tmp_path, {f"s{number}": insights.looping(4) for number in range(5)})
    alone = fresh(folder)
    monkeypatch.setattr(up_to_date, "MANY", 0)
    monkeypatch.setattr(up_to_date, "AT_ONCE", 1)
    monkeypatch.setattr(side_by_side, "workers", lambda: 2)

    assert fresh(folder) == alone


def test_what_is_in_stays_in(tmp_path, monkeypatch):
    """Who is interrupted finds again what was judged by then; progress is told in bytes, up to all of them."""
    folder = insights.folder_with(tmp_path, {f"s{number}": insights.looping(4) for number in range(4)})
    monkeypatch.setattr(up_to_date, "AT_ONCE", 1)
    heard = []

    def stop(done, total):
        heard.append((done, total))
        if len(heard) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        all_findings.across(report_of(folder), progress=stop)
    assert len(insights.kept_in(folder)) == 2
    judged_now = []
    judge = judged_calls.judged
    monkeypatch.setattr(judged_calls, "judged", lambda *given: judged_now.append(given) or judge(*given))
    all_findings.across(report_of(folder), progress=lambda done, total: heard.append((done, total)))

    assert len(judged_now) == 2
    assert heard[-1][0] == heard[-1][1]


def test_what_another_question_put_in_meanwhile(tmp_path, monkeypatch):
    """It is not put in once more; what a question could not put in is judged by the next."""
    folder = insights.folder_with(tmp_path, {"a": insights.looping(4), "b": insights.looping(4)})
    monkeypatch.setattr(up_to_date, "AT_ONCE", 1)
    asked, judge = [], judged_calls.judged

    def judged_beside(*given):
        if not heard:
            heard.append("beside")
            asked.append(all_findings.across(report_of(folder)))
        return judge(*given)

    monkeypatch.setattr(judged_calls, "judged", judged_beside)
    heard = []
    found = all_findings.across(report_of(folder), progress=lambda *done: heard.append(done))

    assert found == asked[0]
    assert len(heard) == 3
    with insights.in_file(folder) as db:
        assert db.execute("SELECT count(*), count(DISTINCT session) FROM finding").fetchone() == (2, 2)
