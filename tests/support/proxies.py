"""Real proxies with the settings that Debian ships, in front of a server of the tests."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import tempfile
from pathlib import Path

from tests.support.needs import need_file, need_tool
from tests.support.users import need_users
from tests.support.waiting import until

_NGINX, _HAPROXY = Path("/etc/nginx/nginx.conf"), Path("/etc/haproxy/haproxy.cfg")


@contextlib.contextmanager
def nginx(location, *more):
    """The port of an nginx with this location, and ``more`` lines for its server; its workers are www-data's."""
    need_users()
    program, shipped = need_tool("nginx"), need_file(_NGINX, "with nginx").read_text(encoding="utf-8")
    with _place() as (home, port):
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        own = [f"{kind}_temp_path {home}/{kind};" for kind in kinds]
        own += ["server {", f"listen 127.0.0.1:{port};", *more, location, "}"]
        text = re.sub(r"(?m)^\s*(pid|error_log|access_log|include /etc/nginx/(sites|conf|modules)).*$", "", shipped)
        text, changed = re.subn(r"(?m)^http \{$", lambda _: "\n".join(("http {", "access_log off;", *own)), text)
        assert changed == 1, shipped
        assert re.search(r"(?m)^user www-data;$", text)
        (home / "nginx.conf").write_text(f"pid {home}/pid;\nerror_log stderr;\n{text}", encoding="utf-8")
        with _running(port, program, "-c", home / "nginx.conf", "-p", home, "-e", "stderr", "-g", "daemon off;"):
            yield port


@contextlib.contextmanager
def haproxy(backend, *, mode="http", keeps_root=False):
    """The port of a haproxy before this backend, whose name is monitor; it is haproxy's own user's, or root's."""
    need_users()
    program, shipped = need_tool("haproxy"), need_file(_HAPROXY, "with haproxy").read_text(encoding="utf-8")
    with _place() as (home, port):
        text = re.sub(r"(?m)^\s*(stats socket|daemon).*$", "", shipped)
        assert re.search(r"(?m)^\s*user haproxy$", text)
        if keeps_root:
            text = re.sub(r"(?m)^\s*(user|group) .*$", "", text)
        front = f"frontend front\n    bind 127.0.0.1:{port}\n    mode {mode}\n    default_backend monitor\n"
        (home / "haproxy.cfg").write_text(f"{text}\n{front}\n{backend}\n", encoding="utf-8")
        with _running(port, program, "-db", "-f", home / "haproxy.cfg"):
            yield port


@contextlib.contextmanager
def _place():
    """A folder that others may enter, and a port that is free just now."""
    with tempfile.TemporaryDirectory() as home, socket.socket() as free:
        os.chmod(home, 0o711)
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", 0))
        yield Path(home), free.getsockname()[1]


@contextlib.contextmanager
def _running(port, *command):
    """The program at work until it is no longer needed."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([str(each) for each in command], stdout=said, stderr=said)

        def is_there():
            if process.poll() is not None:
                said.seek(0)
                raise AssertionError(said.read().decode())
            with socket.socket() as opened:
                return opened.connect_ex(("127.0.0.1", port)) == 0

        try:
            until(is_there, f"{command[0]} listens")
            yield
        finally:
            process.terminate()
            process.wait()
