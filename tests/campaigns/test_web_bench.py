"""The benchmark of the web server, in short: it runs to its end; how large its figures are is not for a test to say."""

from __future__ import annotations

from tests.campaigns import web_bench


def test_all_is_measured(tmp_path):
    """Every address is asked by two clients at a time, the plain way answers too, and a long session has its size."""
    rows = web_bench.compare(web_bench.generated(tmp_path, "300K"), 2, 3, 1)
    long = web_bench.first_data(tmp_path, 60)

    assert set(rows) == set(web_bench.PATHS)
    assert all(rows[path]["times_as_long"] > 0 for path in web_bench.PLAIN)
    assert all(row["median"] <= row["p99"] <= row["slowest"] for row in rows.values())
    assert all(row["first"] > 0 for row in long.values())
    assert all(row["size"] > 0 for path, row in long.items() if path.startswith("/api/"))
