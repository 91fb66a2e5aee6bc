"""A store of several servers of 2018: its rows spread over them as shards, or the same on each as replicas, with a ZooKeeper."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from session_monitor.shipping.clickhouse import tables
from tests.support import clickhouse_engines
from tests.support.clickhouse_engines import KEY, OLD

_CLUSTER = "<remote_servers><fleet>{}</fleet></remote_servers>"
_SHARD = (
    "<shard><replica><host>127.0.0.1</host><port>{}</port><user>default</user><password>{}</password></replica></shard>"
)
_REPLICA = (
    "<zookeeper><node><host>127.0.0.1</host><port>{}</port></node></zookeeper><macros><replica>{}</replica></macros>"
    "<interserver_http_port>{}</interserver_http_port><interserver_http_host>127.0.0.1</interserver_http_host>"
)
_SPREAD = "CREATE TABLE {0} AS {0}_local ENGINE = Distributed(fleet, fleet, {0}_local, cityHash64(gateway, session))"
_ENGINE = re.compile(r"ENGINE = (Replacing)?MergeTree(?:\((version)\))?")
_KEEPER = Path("/usr/share/zookeeper/bin/zkServer.sh")
_KEEPER_CONFIG = "tickTime=500\ndataDir={}\nclientPort={}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n"
_PATIENCE = 60


@contextlib.contextmanager
def sharded(home, count):
    """So many servers, of which the first has everything: a session's rows are all on one of them, so that the newest of a round holds."""
    ports = [clickhouse_engines.free_port() for _ in range(count)]
    cluster = _CLUSTER.format("".join(_SHARD.format(each, KEY) for each in ports))
    made = tables.making(modern=False)
    own = "|".join(tables.GROWING)
    made = [re.sub(rf"^(CREATE TABLE IF NOT EXISTS ({own}))\b", r"\1_local", each) for each in made]
    made[-1:-1] = [_SPREAD.format(each) for each in tables.GROWING]  # the view, which is the last, is of these
    with contextlib.ExitStack() as stack:
        engines = [
            stack.enter_context(clickhouse_engines.running(OLD, home / str(port), tcp=port, more=cluster))
            for port in ports
        ]
        for engine in engines:
            _make(engine, made)
        _say_made(engines[0])
        yield engines[0]


@contextlib.contextmanager
def replicated(home):
    """Two servers with the same rows: the first is shipped to, the second asked."""
    with contextlib.ExitStack() as stack:
        keeper = stack.enter_context(_keeper(home / "keeper"))
        first, second = (
            stack.enter_context(
                clickhouse_engines.running(
                    OLD, home / name, more=_REPLICA.format(keeper, name, clickhouse_engines.free_port())
                )
            )
            for name in ("first", "second")
        )
        for engine in (first, second):
            _make(engine, map(_as_replica, tables.making(modern=False)))
        _say_made(first)
        yield _Pair(first, second)


class _Pair:
    """Two replicas: where it is shipped to, and what the other one has got of it."""

    def __init__(self, first, second):
        self.port, self.address, self.environment = first.port, first.address, first.environment
        self._second = second

    def ask(self, sql):
        """The second one's answer, with all that the first one has."""
        self._second.ask("SYSTEM SYNC REPLICA rounds")
        return self._second.ask(sql)


def _make(engine, statements):
    engine.ask("CREATE DATABASE fleet", "default")
    for statement in statements:
        engine.ask(statement)


def _say_made(engine):
    """Nothing lacks, so that who ships makes no table."""
    engine.ask(f"INSERT INTO schema_version (version) VALUES ({tables.version()})")


def _as_replica(statement):
    name = statement.split()[5]

    def engine(found):
        kind, version = found.groups("")
        return f"ENGINE = Replicated{kind}MergeTree('/fleet/{name}', '{{replica}}'{version and ', version'})"

    return _ENGINE.sub(engine, statement)


@contextlib.contextmanager
def _keeper(folder):
    """A ZooKeeper; its port."""
    port = clickhouse_engines.free_port()
    folder.mkdir(parents=True)
    config = folder / "zoo.cfg"
    config.write_text(_KEEPER_CONFIG.format(folder, port))
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(
            [_KEEPER, "start-foreground", config], stdout=output, stderr=output, start_new_session=True
        )
    try:
        end = time.monotonic() + _PATIENCE
        while not _answers(port):
            if time.monotonic() > end:
                raise SystemExit("the ZooKeeper does not answer")
            time.sleep(0.2)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # the script, and the Java that it began
        process.wait()


def _answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as asked:
        asked.sendall(b"srvr")
        return b"Mode" in asked.recv(1000)
    return False


def install_keeper():
    """Bring ZooKeeper where it lacks (45 packages with Java)."""
    if not _KEEPER.exists() or not shutil.which("java"):
        subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "zookeeper"], check=True)
