"""Does a real Prometheus read what we show, and does it say the same as we do?

Debian's Prometheus scrapes our web server over the sample, with the key in a file where it can run as another user; then
the sample's calls come once more, and a session is deleted.  Its sums are held against ``stats-model``; every query of the
dashboard is asked; the rules are tried by themselves and in it.  Debian's
node_exporter reads the file that is written for it.  As a program::

    python3 -m tests.campaigns.prometheus
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import NamedTuple

from session_monitor.metrics import families
from tests.support.alerting import write_targets
from tests.support.users import STRANGER
from tests.support.waiting import until
from tests.support.webserving import ROOT, SAMPLE, cli, ingest, program

PROGRAM, TOOL, COLLECTOR = "prometheus", "promtool", "prometheus-node-exporter"
DEPLOY = ROOT / "scripts" / "deploy"
RULES, RULES_TEST = DEPLOY / "prometheus-rules.yml", ROOT / "tests" / "metrics" / "data" / "prometheus-rules.test.yml"
_CONFIG = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [prometheus-rules.yml]
scrape_configs:
- job_name: session-monitor
  authorization: {{credentials_file: key}}
  static_configs: [{{targets: ['127.0.0.1:{port}']}}]
- job_name: without-a-key
  metrics_path: /metrics
  static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""
_KEY_FILE = "/etc/prometheus/session-monitor.key"
_VARIABLES = {"$__rate_interval": "30s", "$__range": "60s", "$instance": ".*", "$model": ".*", "$consumer": ".*"}
"""What stands for the variables of the dashboard."""
SUMS = {
    "asm_rounds_total": "calls",
    "asm_input_tokens_total": "input_tokens",
    "asm_output_tokens_total": "output_tokens",
    "asm_reasoning_output_tokens_total": "reasoning_tokens",
    "asm_cost_usd_total": "cost_usd",
    "asm_unpriced_rounds_total": "unpriced_rounds",
}
"""Counters, and what ``stats-model`` calls them."""


class Found(NamedTuple):
    """What came of it: what promtool says of the metrics, of the tests of the rules, and of the example in scripts/deploy.

    ``targets`` has the health of each job with its last error; ``theirs`` and ``ours`` the sums by metric and model, ``figures``
    how many series each query of the dashboard gave, ``firing`` the alerts in Prometheus, ``resets`` how many counters it
    took for begun anew after a session was deleted, ``before`` and ``after`` the calls that were shown by then.
    """

    lint: str
    rules: str
    config: int
    targets: dict
    is_stranger: bool
    theirs: dict
    ours: dict
    figures: dict
    firing: set
    resets: float
    before: float
    after: float


def run(prometheus, promtool):
    """All of it."""
    with tempfile.TemporaryDirectory(prefix="prometheus-") as name, contextlib.ExitStack() as stack:
        home = Path(name)
        home.chmod(0o711)
        log, folder = home / "access.log", home / "sessions"
        shutil.copy(SAMPLE, log)
        ingest(log, folder)
        write_targets(folder, {"name": "nobody", "kind": "command", "argv": ["/bin/true"]})
        cli(folder, "budget", "set", "all", "--total", "0.2")
        _, port, *_ = stack.enter_context(program(folder, "--quiet"))
        url = stack.enter_context(_running(home / "prometheus", prometheus, port, (folder / ".web-key").read_text()))
        until(lambda: _value(url, 'count_over_time(asm_build_info{job="session-monitor"}[30s])') >= 2, "two scrapes")
        with log.open("ab") as file:
            file.write(SAMPLE.read_bytes())
        ingest(log, folder)
        until(lambda: _value(url, _of_us("sum(asm_rounds_total{job})")) == 70, "all calls")
        ours, theirs = _ours(folder), _theirs(url)
        figures = {query: _figures(url, query) for query in _queries()}
        firing = until(lambda: _firing(url) if "AsmBudgetSpent" in _firing(url) else None, "an alert")
        before = _value(url, _of_us("sum(asm_rounds_total{job})"))
        cli(folder, "delete", "nightly-digest-2026-02-02", "--yes")
        until(lambda: _value(url, _of_us("asm_sessions{job}")) == 6, "the session's end")
        after = _value(url, _of_us("sum(asm_rounds_total{job})"))
        resets = sum(_value(url, f"sum(resets({each}[1m]))") for each in _counters())
        lint = _said([promtool, "check", "metrics"], cli_metrics(folder))
        rules = _said([promtool, "test", "rules", RULES_TEST])
        example = home / "prometheus" / "example.yml"
        example.write_text((DEPLOY / "prometheus.yml").read_text().replace(_KEY_FILE, str(home / "prometheus" / "key")))
        config = subprocess.run([promtool, "check", "config", example], capture_output=True, check=False).returncode
        told = (_targets(url), os.geteuid() == 0, theirs, ours, figures, firing, resets, before, after)
        return Found(lint, rules, config, *told)


def collected(collector):
    """What node_exporter, as another user, tells of the file that ``metrics`` writes for it."""
    with tempfile.TemporaryDirectory(prefix="collector-") as name:
        home = Path(name)
        home.chmod(0o711)
        folder, files = ingest(SAMPLE, home / "sessions"), home / "files"
        files.mkdir(mode=0o755)
        command = [sys.executable, ROOT / "scripts" / "cli.py", "metrics", "--data-dir", folder]
        subprocess.run([*command, "--output", files / "sessions.prom"], check=True)
        port = _free_port()
        words = ["--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={files}"]
        words += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
        process = subprocess.Popen([collector, *words], cwd="/", **_other_user())
        try:
            until(lambda: _is_ready(port, "/metrics"), "the start of node_exporter")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
                return answer.read().decode()
        finally:
            process.terminate()
            process.wait(20)


def _counters():
    """The names of all series that must not fall."""
    for name, (kind, _) in families.known().items():
        if kind == families.COUNTER:
            yield name
        elif kind == families.HISTOGRAM:
            yield from (f"{name}_{end}" for end in ("bucket", "sum", "count"))


def _of_us(query):
    return query.replace("{job}", '{job="session-monitor"}')


# -- Prometheus --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _running(folder, prometheus, port, key):
    """A Prometheus that scrapes this port: its address.  As root, it runs as another user than the web server."""
    own = _free_port()
    (folder / "data").mkdir(parents=True)
    (folder / "prometheus.yml").write_text(_CONFIG.format(port=port))
    (folder / "key").write_text(f"{key.strip()}\n")
    shutil.copy(RULES, folder)
    other = _other_user()
    for path in (folder, *folder.iterdir()) if other else ():
        os.chown(path, STRANGER, STRANGER)
    words = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data", "--log.level=warn"]
    words += [f"--web.listen-address=127.0.0.1:{own}"]
    with (folder / "prometheus.log").open("wb") as said:
        process = subprocess.Popen([prometheus, *words], stdout=said, stderr=said, cwd=folder, **other)
    try:
        until(lambda: _is_ready(own) or process.poll() is not None, "the start of Prometheus")
        assert process.poll() is None, (folder / "prometheus.log").read_text()
        yield f"http://127.0.0.1:{own}"
    finally:
        process.terminate()
        process.wait(20)


def _free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _other_user():
    """As whom somebody else's program runs, where that is possible."""
    return {"user": STRANGER, "group": STRANGER} if os.geteuid() == 0 else {}


def _is_ready(port, path="/-/ready"):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _asked(url, path, **parameters):
    with urllib.request.urlopen(f"{url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=30) as answer:
        return json.load(answer)["data"]


def _value(url, query):
    """The one value of a query; 0 where there is none yet."""
    found = _asked(url, "query", query=query)["result"]
    return float(found[0]["value"][1]) if found else 0.0


def _firing(url):
    return {each["labels"]["alertname"] for each in _asked(url, "alerts")["alerts"] if each["state"] == "firing"}


def _targets(url):
    return {
        each["labels"]["job"]: (each["health"], each["lastError"]) for each in _asked(url, "targets")["activeTargets"]
    }


# -- what is held against what -----------------------------------------------------------------------------------------


def _theirs(url):
    """The sums of Prometheus, by metric and model."""
    return {
        (name, row["metric"].get("model")): float(row["value"][1])
        for name in SUMS
        for row in _asked(url, "query", query=_of_us(f"sum by (model) ({name}{{job}})"))["result"]
    }


def _ours(folder):
    """The same as ``stats-model`` has them, where they are known."""
    return {
        (name, row["model"]): float(row[field])
        for row in cli(folder, "stats-model")["data"]["models"]
        for name, field in SUMS.items()
        if row[field] is not None and not ("tokens" in name and row["without_tokens"] == row["calls"])
    }


def _queries():
    """All that the dashboard asks."""
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
    return [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]


def _figures(url, query):
    """How many series it gives that have a value."""
    for name, value in _VARIABLES.items():
        query = query.replace(name, value)
    assert "$" not in query
    return sum(row["value"][1] != "NaN" for row in _asked(url, "query", query=query)["result"])


def cli_metrics(folder):
    """What ``metrics`` prints."""
    return subprocess.run(
        [sys.executable, ROOT / "scripts" / "cli.py", "metrics", "--data-dir", folder], capture_output=True, check=True
    ).stdout


def _said(command, given=None):
    """What a program says of what it is given; "ok" where that is nothing but its success."""
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    said = re.sub(r"Unit Testing: .*|SUCCESS|\s", "", done.stdout.decode() + done.stderr.decode())
    return "ok" if done.returncode == 0 and not said else f"{done.returncode}: {said}"


def main():
    """Do it, and say what was found."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    programs = [shutil.which(name) for name in (PROGRAM, TOOL)]
    if None in programs:
        print(f"needs {PROGRAM} and {TOOL}, which this machine lacks: apt-get install {PROGRAM}")
        return 1
    found = run(*programs)
    print(f"promtool check metrics: {found.lint}; test rules: {found.rules}")
    print(f"targets: {found.targets}")
    same = sum(abs(found.theirs.get(key, -1) - value) < 1e-9 for key, value in found.ours.items())
    print(f"{same} of {len(found.ours)} sums are the same; of {len(found.theirs)} that Prometheus has")
    for query, number in found.figures.items():
        print(f"{number:4} series: {query}")
    print(f"firing: {sorted(found.firing)}; calls before and after one was deleted: {found.before}, {found.after}")
    print(f"counters taken for begun anew: {found.resets}")
    collector = shutil.which(COLLECTOR)
    if collector:
        print(f"{len(re.findall('^asm_', collected(collector), re.MULTILINE))} series in node_exporter")
    return 0


if __name__ == "__main__":
    sys.exit(main())
