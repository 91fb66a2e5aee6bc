"""/metrics: what Prometheus asks for and with which headers, who may see it, and what it says where there is no data."""

from __future__ import annotations

import gzip
import shutil

import pytest

from tests.support.calls import line
from tests.support.scraped import names, parsed, total
from tests.support.webserving import ELSEWHERE, MAIN, ingest, ingest_calls, serving

PROMETHEUS = {
    "Accept": (
        "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
    ),
    "Accept-Encoding": "gzip",
    "X-Prometheus-Scrape-Timeout-Seconds": "10",
    "User-Agent": "Prometheus/3.5.0",
}
"""What a Prometheus 3 sends."""


def test_a_scrape(running):
    """It is told which format it is, and gets it packed."""
    found = running.ask("/metrics", PROMETHEUS)

    assert found.status == 200
    assert found.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert found.headers["Content-Encoding"] == "gzip"
    series = parsed(gzip.decompress(found.body).decode())
    summary = running.ask("/api/summary").data
    assert total(series, "asm_rounds_total") == summary["calls"]
    assert total(series, "asm_sessions_active") == summary["active_now"]
    assert running.ask("/metrics").body.startswith(b"# HELP")


def test_it_takes_no_parameters(running):
    """What was meant by one would be missing in the answer."""
    assert running.ask("/metrics", match="x").code == "bad_parameter"
    assert running.ask("/metrics/").status == 404


@pytest.mark.parametrize("way", ["header", "address"])
def test_with_a_key(running, way):
    """As all who are not trusted: Prometheus sends it in a header, or in the address."""
    keys = running.keys()

    def asked(key):
        header = {"Authorization": f"Bearer {key}"} if way == "header" else {}
        return running.ask("/metrics", {**ELSEWHERE, **header}, **({"key": key} if way == "address" else {}))

    assert asked(keys.main).status == 200
    assert asked("wrong").status == 401
    refused = asked(keys.of_session(MAIN))
    assert (refused.status, refused.code) == (403, "one_session_only")
    assert b"asm_" not in refused.body


def test_it_follows_the_data(tmp_path):
    """The next scrape has what came since, and calls that were deleted stay counted."""
    folder = ingest_calls(tmp_path, [line("a")])
    with serving(folder) as running:

        def rounds():
            return total(parsed(running.ask("/metrics").body.decode()), "asm_rounds_total")

        assert rounds() == 1
        with (tmp_path / "access.log").open("ab") as log:
            log.write(line("b") + b"\n")
        ingest(tmp_path / "access.log", folder)
        assert rounds() == 2


def test_without_a_data_folder(tmp_path):
    """There is nothing to tell: the scrape fails, and whoever watches sees that.  Once there is one, it is told."""
    folder = ingest_calls(tmp_path, [line("a")])
    shutil.move(folder, tmp_path / "away")
    with serving(folder) as running:
        found = running.ask("/metrics", PROMETHEUS)
        assert (found.status, found.code) == (503, "no_data")
        shutil.move(tmp_path / "away", folder)

    with serving(folder) as running:
        assert "asm_rounds_total" in names(parsed(running.ask("/metrics").body.decode()))


def test_texts_that_are_not_served_change_nothing(folder):
    """There are none in it."""
    with serving(folder) as open_, serving(folder, redacts=True) as redacting:
        assert open_.ask("/metrics").body == redacting.ask("/metrics").body
