"""What does a refresh do to the shipped prices?

data/ holds what the sources say beside what is read from it (litellm/ and genai/: x.json or x.txt, and
x.expected.json), and merges with what comes of them (merge/). A new case is a new file.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import refresh_prices
from price_sources import by_hand, changes, genai, litellm, merge, wheels
from price_sources.rows import Findings, Offer
from session_monitor.own_prices import price_check
from session_monitor.prices import price_list

DATA = Path(__file__).parent / "data"
SCRIPT = Path(refresh_prices.__file__)
OBSERVED = "2026-11-12"


def cases(folder, ending):
    """The files of one folder, as parameters named after them."""
    files = sorted(path for path in (DATA / folder).glob(f"*{ending}") if ".expected" not in path.name)
    return [pytest.param(path, id=path.stem) for path in files]


def expected(path):
    """What is to be read from a source's file."""
    return json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))


def told(findings):
    """Findings in the form of the expectations: what is not said is left out."""
    offers = {}
    for offer in findings.offers:
        values = {"name": offer.name, "vendor": offer.vendor, "beside": offer.beside, "moves": offer.moves}
        offers[offer.key] = {**{name: value for name, value in values.items() if value}, "rows": offer.rows}
    return {"offers": offers, "left_out": findings.left_out}


# --- Reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", cases("litellm", ".json"))
def test_litellm_is_read(path):
    """A piece of litellm's file becomes these rows, and a word for each price that cannot be one."""
    assert expected(path) == told(litellm.parse(json.loads(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("path", cases("genai", ".txt"))
def test_genai_prices_is_read(path):
    """A piece of genai-prices' module becomes these rows, without being run."""
    assert expected(path) == told(genai.parse(path.read_text(encoding="utf-8")))


def test_another_form_of_genai_prices_is_an_error():
    """A module that has no list of providers is not taken for one without prices."""
    with pytest.raises(ValueError, match="no list of providers"):
        genai.parse("providers = load()")


# --- Merging ----------------------------------------------------------------------------------------------------------


def merged(case, old, observed=OBSERVED):
    """The outcome of a case's merge into a document."""
    parsed = {
        source: Findings([Offer(key, key, **offer) for key, offer in case[name].items()], [])
        for source, name in (("litellm", "litellm"), ("genai-prices", "genai"))
        if name in case
    }
    versions = dict.fromkeys(parsed, "1.0")
    return merge.merge(old, parsed, versions, case.get("manual", {}), observed, case.get("accepted", ()))


def old_of(case):
    """The document of before."""
    shared = case.get("old_at_makers_price", {})
    return {"models": case["old"], "sources": case.get("sources", {}), "at_makers_price": shared}


@pytest.fixture(params=cases("merge", ".json"))
def case(request):
    """One merge."""
    return json.loads(request.param.read_text(encoding="utf-8"))


def test_merge(case):
    """Each case's promise, in the models and in the lines that a maintainer reads."""
    outcome = merged(case, old_of(case))

    assert case["models"] == outcome.models, case["promise"]
    assert case.get("at_makers_price", {}) == outcome.document["at_makers_price"], case["promise"]
    assert case["changes"] == [list(change) for change in outcome.changes], case["promise"]


def test_merge_makes_a_list_that_passes_the_check(case):
    """Whatever is merged is a price list."""
    outcome = merged(case, old_of(case))

    price_check.check({**outcome.document, "models": outcome.models})


def test_second_merge_changes_nothing(case):
    """The same sources on a later day leave every byte, the dates in the header included."""
    once = merged(case, old_of(case))
    document = {**once.document, "models": once.models}
    twice = merged(case, document, "2026-12-24")

    assert price_list.dumped(once.document, once.models) == price_list.dumped(twice.document, twice.models)
    assert [change for change in twice.changes if change.kind in changes.APPLIED] == []


def test_header_names_versions_and_the_day():
    """The header says what was read and when, and changes only with what it says."""
    case = {"litellm": {}, "genai": {}, "manual": {"vendor_defaults": {"zai": {"cache_read": "0.2x"}}}}
    document = merged(case, {}).document

    source = {"version": "1.0", "retrieved": OBSERVED, "licence": "MIT"}
    assert {"litellm": source, "genai-prices": source} == document["sources"]
    assert (document["generated"], document["vendor_defaults"]) == (OBSERVED, {"zai": {"cache_read": "0.2x"}})


def test_name_settled_as_one_that_is_not_there_is_an_error():
    """A slip in manual.json is named, and nothing is guessed."""
    with pytest.raises(ValueError, match="o8 is to be as o9, which is not there"):
        by_hand.settled({"models": {"o8": {"as": "o9"}}})


def test_manual_rows_are_those_of_the_shipped_table():
    """What is settled by hand stands in the shipped table as it is in manual.json."""
    manual = json.loads(Path(refresh_prices.MANUAL).read_text(encoding="utf-8"))
    shipped = price_list.shipped().models

    for key, entry in by_hand.settled(manual).items():
        assert ("drop" in entry) == (key not in shipped)
        if "prices" in entry:
            assert entry["prices"] == shipped[key]["prices"]


# --- The program ------------------------------------------------------------------------------------------------------


@pytest.fixture
def at_hand(tmp_path):
    """Two small wheels, as the options that name them."""
    offered = {"o9": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2e-06}}
    offered["o9"]["output_cost_per_token"] = 8e-06
    paths = [tmp_path / "litellm-9.8.7-py3-none-any.whl", tmp_path / "genai_prices-0.9.0-py3-none-any.whl"]
    texts = [(litellm.MEMBER, json.dumps(offered)), (genai.MEMBER, "providers: list[Provider] = []")]
    for path, (member, text) in zip(paths, texts):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, text)
    return ["--litellm-wheel", str(paths[0]), "--genai-wheel", str(paths[1])]


def run(*arguments):
    """The program, in a process of its own."""
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_refresh_writes_a_table_and_says_what_is_new(at_hand, tmp_path):
    """The first run writes, with a diff to read; the second says that nothing changed, and writes nothing."""
    table = tmp_path / "prices.json"
    first = run(*at_hand, "--output", table, "--observed", OBSERVED)
    written = table.stat()
    second = run(*at_hand, "--output", table)

    assert (first.returncode, second.returncode) == (0, 0)
    assert "  o9: openai: 2/8\n" in first.stdout
    assert second.stdout.endswith("nothing changed\n")
    assert written.st_mtime_ns == table.stat().st_mtime_ns
    assert price_check.read(str(table)).models["o9"]["prices"][0]["input"] == "2"
    assert json.loads(table.read_text(encoding="utf-8"))["generated"] == OBSERVED
    assert written.st_mode & 0o777 == 0o644


def test_dry_run_writes_nothing(at_hand, tmp_path):
    """--dry-run only tells."""
    done = run(*at_hand, "--output", tmp_path / "prices.json", "--dry-run")

    assert "not written (--dry-run)" in done.stdout
    assert not (tmp_path / "prices.json").exists()


def test_refused_change_is_told_by_the_exit_status(at_hand, tmp_path):
    """A refused change leaves the row, ends with 1 and says what to do; --accept makes it."""
    table = tmp_path / "prices.json"
    rows = [{"from": None, "input": "200", "output": "8", "source": "litellm", "observed": "2026-01-01"}]
    table.write_bytes(price_list.dumped({"schema": 1}, {"o9": {"vendor": "openai", "names": ["o9"], "prices": rows}}))
    refused = run(*at_hand, "--output", table)

    assert refused.returncode == 1
    assert "input changes more than 5 times" in refused.stdout
    assert "--accept MODEL" in refused.stdout
    assert rows == price_check.read(str(table)).models["o9"]["prices"]
    assert run(*at_hand, "--output", table, "--accept", "o9").returncode == 0
    assert len(price_check.read(str(table)).models["o9"]["prices"]) == 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("litellm-1.0-py3-none-any.whl", b"no zip", "cannot be read as a wheel"),
        ("litellm.whl", b"", "keep the one under which pip saves it"),
        ("litellm-1.0-py3-none-any.whl", None, "cannot be read as a wheel"),
    ],
)
def test_unusable_wheel_is_an_error_that_says_so(tmp_path, name, content, message):
    """A file that is no wheel ends the program with 2, a sentence and no traceback."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = run("--litellm-wheel", tmp_path / name, "--output", tmp_path / "prices.json")

    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_wheel_is_named(at_hand, tmp_path):
    """One package's wheel in the other's place is found out."""
    done = run("--litellm-wheel", at_hand[3], "--output", tmp_path / "prices.json")

    assert done.returncode == 2
    assert "is it the right package's?" in done.stderr


def test_wrong_date_is_refused():
    """A day that is none is an error of the command line."""
    done = run("--observed", "yesterday")

    assert done.returncode == 2
    assert "no date like 2026-05-01" in done.stderr


# --- With the real packages -------------------------------------------------------------------------------------------


def test_shipped_table_is_what_its_sources_make_of_it(tmp_path):
    """The versions that the table names, fetched with pip, change nothing in it on their day: it was made by this program."""
    table = tmp_path / "prices.json"
    shutil.copyfile(price_list.SHIPPED, table)
    sources = json.loads(table.read_text(encoding="utf-8"))["sources"]
    fetched = []
    try:
        for package in ("litellm", "genai-prices"):
            folder = tmp_path / package
            folder.mkdir()
            fetched.append(wheels.download(package, sources[package]["version"], str(folder)))
    except wheels.WheelError as error:
        reason = f"needs a package index that pip can reach: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    day = max(source["retrieved"] for source in sources.values())
    done = run("--litellm-wheel", fetched[0], "--genai-wheel", fetched[1], "--output", table, "--observed", day)
    with contextlib.suppress(OSError):
        os.unlink(fetched[0])  # 41 MB that need not stay until pytest clears its folders

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("nothing changed\n")
    assert table.read_bytes() == Path(price_list.SHIPPED).read_bytes()
