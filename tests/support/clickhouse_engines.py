"""Real engines of ClickHouse on this machine: Debian's server of 2018, and today's engine (chDB) behind an HTTP front."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from tests.support.command_line import ROOT

OLD, NEW = "old", "new"
KEY = "a key's text"
"""What the old one's user is known by."""
HOME = ROOT / ".venv" / "chdb"
_CHDB = "chdb==4.4.*"
_CONFIG = """<yandex>
 <logger><level>warning</level><log>{folder}/log</log><errorlog>{folder}/errors</errorlog></logger>
 <http_port>{http}</http_port><tcp_port>{tcp}</tcp_port><listen_host>127.0.0.1</listen_host>
 <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><mark_cache_size>536870912</mark_cache_size>
 <users_config>{folder}/users.xml</users_config><default_profile>default</default_profile>
 <default_database>default</default_database>
 {more}
</yandex>"""
_USERS = """<yandex>
 <profiles><default/></profiles><quotas><default/></quotas>
 <users><default><password>{key}</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
</yandex>"""


def program():
    """Debian's server; None where it lacks."""
    return shutil.which("clickhouse-server", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/bin")


def is_there(engine):
    """Whether this machine has an engine."""
    return bool(program()) if engine == OLD else bool(list(HOME.glob("lib/python3*/site-packages/chdb/__init__.py")))


def install(engine):
    """Bring an engine where it lacks: 100 MB with apt-get, and 600 MB with pip."""
    if is_there(engine):
        return
    if engine == OLD:
        subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "clickhouse-server"], check=True)
        return
    subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
    subprocess.run([HOME / "bin" / "pip", "install", "-q", _CHDB], check=True)


class Engine:
    """A running engine; ``address`` is where rows are shipped to."""

    def __init__(self, process, port, key=""):
        self.process = process
        self.port = port
        self.address = f"clickhouse://127.0.0.1:{port}/fleet" + ("?key=env:CLICKHOUSE_TEST_KEY" if key else "")
        self.environment = {"CLICKHOUSE_TEST_KEY": key} if key else {}
        self._headers = {"X-ClickHouse-User": "default", "X-ClickHouse-Key": key} if key else {}

    def ask(self, sql, database="fleet"):
        """The answer to a question, row by row, all values as texts."""
        query = urllib.parse.urlencode({"database": database, "default_format": "TabSeparated"})
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/?{query}", sql.encode(), self._headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            text = answer.read().decode()
        return [line.split("\t") for line in text.splitlines()]


@contextlib.contextmanager
def running(engine, folder, port=None, *, tcp=None, more=""):
    """An engine on this machine, with its data in a folder, until the block ends; ``more`` is for the old one's configuration."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        found = _old(folder, stack, port, tcp, more) if engine == OLD else _new(folder, stack)
        _wait(found)
        yield found


def _old(folder, stack, port, tcp, more):
    http, tcp = port or free_port(), tcp or free_port()
    for name in ("data", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "config.xml").write_text(_CONFIG.format(folder=folder, http=http, tcp=tcp, more=more))
    (folder / "users.xml").write_text(_USERS.format(key=KEY))
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(
            [program(), f"--config-file={folder / 'config.xml'}"], stdout=output, stderr=output, cwd=folder
        )
    stack.callback(_end, process)
    return Engine(process, http, KEY)


def _new(folder, stack):
    front = Path(__file__).with_name("chdb_front.py")
    with (folder / "errors").open("w") as errors:
        process = subprocess.Popen(
            [HOME / "bin" / "python", front, folder / "data"],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "PYTHONPATH": ""},
        )
    stack.callback(_end, process)
    with process.stdout:
        return Engine(process, int(process.stdout.readline()))


def _end(process):
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(engine):
    until = time.monotonic() + 60
    while True:
        try:
            engine.ask("SELECT 1", "default")
        except (urllib.error.URLError, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
            continue
        return


def free_port():
    """A port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
