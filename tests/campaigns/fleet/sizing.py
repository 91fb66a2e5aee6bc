"""Rows, bytes, parts and answers of a store by the number of its gateways: what an engine does here, and what that comes to.

Rows are made by the engine itself (``rows.json``), up to as many as are asked for, and questions are put to them as they grow.
Then rows come as those who ship send them, in small requests, as fast as they are taken and at a steady pace.  What is measured
and what is reckoned from it are printed apart.
"""

from __future__ import annotations

import gzip
import math
import statistics
import threading
import time

from session_monitor.base import data_tables
from session_monitor.shipping.clickhouse import stores
from session_monitor.shipping.replication.replicator import EVERY
from session_monitor.shipping.replication.store import ROUNDS
from session_monitor.shipping.replies import TAKEN

GATEWAYS = (1, 100, 10_000)
_STEPS = (10, 3, 1)
"""The parts of all rows at which questions are asked: a tenth, a third, all."""
_BLOCK = 500_000
_TURNS = 5
_SECONDS = 20.0
_SENDERS = 4
_PACE = 20.0
"""Requests a second: those of a hundred gateways that send once in five seconds each."""
_DAY = 86_400
_PASS = 300
"""Seconds between two passes of cron, where those ship."""
_SIZES = (1, 10, 100, 10_000)
_LIVE = "FROM system.parts WHERE database = 'fleet' AND table IN ('rounds', 'rounds_local') AND active"


def told(engine, _home, options):
    """Measure, reckon, and print both; True, unless an insert failed otherwise than by too many parts."""
    store = stores.of(engine.address, engine.environment)
    store.open("sizing")
    store.close()
    columns = data_tables.beside(__file__, "rows.json")
    print("-- measured: questions as rows grow (the quickest of five, in seconds) --")
    rows = 0
    for step in _STEPS:
        rows = _grown(engine, columns, rows, options.rows // step)
        _ask(engine, columns, rows)
    engine.ask("OPTIMIZE TABLE rounds FINAL")
    _ask(engine, columns, rows, "merged to a part a month")
    size = _size(engine)
    wire = _wire(engine, columns)
    is_good, fastest = _inserts(engine, columns)
    _reckoned(options.per_day, size, wire, fastest)
    return is_good


# -- rows and questions ------------------------------------------------------------------------------------------------


def _made(columns, first, count):
    given = ", ".join(f"{expression} AS {name}" for name, expression in columns["with"].items())
    chosen = ", ".join(f"{expression} AS {name}" for name, expression in columns["columns"].items())
    return f"SELECT {chosen} FROM (SELECT *, {given} FROM (SELECT number + {first} AS n FROM numbers({count})))"


def _grown(engine, columns, rows, wanted):
    began = time.monotonic()
    for first in range(rows, wanted, _BLOCK):
        count = min(_BLOCK, wanted - first)
        engine.ask(f"INSERT INTO rounds ({', '.join(columns['columns'])}) {_made(columns, first, count)}")
    print(f"  {wanted - rows} rows made in {time.monotonic() - began:.0f} s", flush=True)
    return wanted


def _ask(engine, columns, rows, how="as it came"):
    parts, size = engine.ask(f"SELECT count(), sum(bytes_on_disk) {_LIVE}")[0]
    print(f"  {rows} rows, {how}: {parts} parts, {int(size) / 2**20:.0f} MiB")
    for words, question in columns["questions"].items():
        times = []
        for _ in range(_TURNS):
            began = time.monotonic()
            engine.ask(question)
            times.append(time.monotonic() - began)
        print(f"    {min(times):7.3f}  {words}", flush=True)


def row_bytes(engine):
    """Bytes of a row on disk, as parts are by now."""
    rows, size = map(int, engine.ask(f"SELECT sum(rows), sum(bytes_on_disk) {_LIVE}")[0])
    return size / max(rows, 1)


def _size(engine):
    """Bytes of a row on disk; prints which columns take most of them."""
    rows = int(engine.ask(f"SELECT sum(rows) {_LIVE}")[0][0])
    sql = "SELECT name, data_compressed_bytes FROM system.columns WHERE database = 'fleet' AND table = 'rounds'"
    largest = sorted(((int(count) / rows, name) for name, count in engine.ask(sql)), reverse=True)[:8]
    words = ", ".join(f"{name} {count:.1f}" for count, name in largest)
    size = row_bytes(engine)
    print(f"-- measured: bytes --\n  {size:.1f} bytes a row on disk, merged: {words}")
    return size


def _lines(engine, columns, first, count):
    return [line.encode() + b"\n" for (line,) in engine.ask(f"{_made(columns, first, count)} FORMAT JSONEachRow")]


def _wire(engine, columns):
    """Bytes of a row in a request of so many, gzipped."""
    found = {}
    for count in _SIZES:
        data = b"".join(_lines(engine, columns, 0, count))
        found[count] = len(gzip.compress(data, 1)) / count
        print(f"  a request of {count} rows: {len(data) / count:.0f} bytes a row, gzipped {found[count]:.0f}")
    return found


# -- requests ----------------------------------------------------------------------------------------------------------


def _inserts(engine, columns):
    """Small requests as fast as they are taken, and at a pace; whether all were taken, and the most a second."""
    print("-- measured: requests of 10 rows, all into one month --")
    lines = [line for line in _lines(engine, columns, 20_000_000, 100_000) if b'"month":202603' in line]
    blocks = [lines[first : first + 10] for first in range(0, len(lines) - 10, 10)]
    fastest, is_good = _sent(engine, blocks, None)
    steady, is_steady = _sent(engine, blocks[::-1], _PACE)
    return is_good and is_steady and steady > 0, fastest


def _sent(engine, blocks, pace):
    """Requests by some who send at once, for a while; how many a second were taken, and whether all that were sent."""
    queue = iter(blocks)
    taken, others, lock = [], [], threading.Lock()
    began = time.monotonic()

    def send():
        store = stores.of(engine.address, engine.environment)
        store.open("sizing")
        while time.monotonic() - began < _SECONDS:
            with lock:
                block, number = next(queue, None), len(taken) + len(others)
            if block is None:
                break
            asked = time.monotonic()
            reply = store.put(ROUNDS, block)
            with lock:
                (taken if reply.what == TAKEN else others).append((time.monotonic() - asked, reply.reason))
            if pace:
                time.sleep(max(0.0, began + (number + 1) / pace - time.monotonic()))
        store.close()

    threads = [threading.Thread(target=send) for _ in range(_SENDERS)]
    for each in threads:
        each.start()
    most = 0
    while any(each.is_alive() for each in threads):
        most = max(most, int(engine.ask(f"SELECT count() {_LIVE}")[0][0]))
        time.sleep(0.5)
    seconds = time.monotonic() - began
    times = sorted(each for each, _ in taken)
    print(
        f"  {'as fast as they are taken' if pace is None else f'{pace:.0f} a second'}: {len(taken) / seconds:.0f} a second taken, "
        f"median {1000 * statistics.median(times):.0f} ms, 99 % {1000 * times[len(times) * 99 // 100]:.0f} ms; "
        f"at most {most} active parts; "
        f"not taken: {sorted({reason for _, reason in others}) or 'none'}",
        flush=True,
    )
    return len(taken) / seconds, all("252" in reason or "parts" in reason for _, reason in others)


# -- what that comes to ------------------------------------------------------------------------------------------------


def _reckoned(per_day, size, wire, fastest):
    """The table: what gateways with so many calls a day each come to."""
    per_slot = per_day * EVERY / 1000 / _DAY
    followed = (
        _DAY * 1000 / EVERY * (1 - math.exp(-per_slot))
    )  # a gateway sends in those of its times in which a call came
    passed = _DAY / _PASS * (1 - math.exp(-per_day * _PASS / _DAY))
    near = min(wire, key=lambda count: abs(count - per_day / passed))
    print(
        f"-- reckoned: gateways with {per_day} calls a day each; a part a request, "
        f"{fastest:.0f} requests a second measured as the most of one server --",
        f"  {'gateways':>8} {'rows a day':>12} {'disk a day':>11} {'a year':>9} {'sent a day':>11} "
        f"{'requests/s':>10} {'parts a day':>12} {'with passes every 5 min: requests/s':>36} {'parts a day':>12}",
        sep="\n",
    )
    for gateways in GATEWAYS:
        rows = gateways * per_day
        print(
            f"  {gateways:8} {rows:12} {_bytes(rows * size):>11} {_bytes(365 * rows * size):>9} {_bytes(rows * wire[near]):>11} "
            f"{gateways * followed / _DAY:10.1f} {gateways * followed:12.0f} {gateways * passed / _DAY:36.1f} {gateways * passed:12.0f}"
        )


def _bytes(number):
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} TB"
