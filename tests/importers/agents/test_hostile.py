"""Whatever stands where agents write something else: no reader fails, and what it gives can be written down."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.recording import log_line
from tests.support.agent_files import DATA, DUMP, database, found

JUNK = (
    None,
    True,
    -1,
    0,
    1e300,
    10**30,
    float("nan"),
    "",
    "x",
    "\ud800",
    "2026-13-45T99:99:99Z",
    [],
    {},
    [[]],
    [{}],
    {"a": {}},
)
CASES = [(case, path) for case in sorted(DATA.iterdir()) for path in sorted((case / "in").rglob("*")) if path.is_file()]


def places(value, path=()):
    """Where in a document something stands."""
    yield path
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in below:
        yield from places(each, (*path, key))


def exchanged(value, path, junk):
    """The document with something else at that place."""
    if not path:
        return junk
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = exchanged(copied[path[0]], path[1:], junk)
    return copied


@pytest.mark.parametrize(("case", "path"), CASES, ids=lambda each: each.name)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_value_at_any_place(tmp_path_factory, case, path, data):
    """In a file's lines, and in what stands in a database."""
    agent = case.name.partition(".")[0]
    folder = tmp_path_factory.mktemp("agent")
    if path.name.endswith(DUMP):
        dump = json.loads(path.read_text(encoding="utf-8"))
        table = data.draw(st.sampled_from([name for name in dump["schema"] if dump.get(name)]))
        dump["schema"] = {
            name: f"CREATE TABLE {name}({', '.join(dump[name][0])})" for name in dump["schema"] if dump.get(name)
        }
        at = data.draw(st.sampled_from([each for each in places(dump[table]) if len(each) > 1]))
        dump[table] = exchanged(dump[table], at, data.draw(st.sampled_from(JUNK[:5] + JUNK[6:9] + JUNK[10:])))
        database(folder / path.name[: -len(DUMP)], dump)
    else:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        at = data.draw(st.sampled_from([each for each in places(lines) if each]))
        lines = exchanged(lines, at, data.draw(st.sampled_from(JUNK)))
        (folder / path.name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    for with_texts in (False, True):
        calls, _ = found(agent, folder, with_texts=with_texts)
        for each in calls:
            assert log_line.line(each.call).count(b"\n") == 1
            assert each.call.usage is None or each.call.usage.total_tokens >= 0
