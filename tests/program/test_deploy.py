"""What lies in scripts/deploy is sound: units, a cron line, a container, compose and a side-car, with commands that run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "scripts" / "deploy"
SAMPLE = ROOT / "tests" / "data" / "sample" / "access.log"
UNITS = sorted(DEPLOY.glob("*.service"))
PROGRAMS = {
    "session-monitor": "main.py",
    "session-monitor-web": "scripts/webserver.py",
    "session-monitor-cli": "scripts/cli.py",
}
HOME = "/opt/agent-session-monitor/"
"""Where the folder of the project lies in the examples."""
PLACES = {"--output-dir", "--data-dir"}


def of_unit(path):
    """The words of a unit's command."""
    return shlex.split(re.search(r"^ExecStart=(.*)$", path.read_text(), re.MULTILINE)[1])


def of_cron():
    """The words of the cron line, whose first six are times and a user."""
    (line,) = (line for line in (DEPLOY / "session-monitor.cron").read_text().splitlines() if line[0] == "*")
    return line.split()[6:]


def of_containerfile():
    """The words that a container runs by itself."""
    return yaml.safe_load(re.search(r"^CMD (.*)$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)[1])


def parsed(name):
    """What a YAML file holds."""
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


COMMANDS = {
    **{path.name: of_unit(path) for path in UNITS},
    "cron": of_cron(),
    "Containerfile": of_containerfile(),
    **{f"compose {name}": each["command"] for name, each in parsed("compose.yaml")["services"].items()},
    **{
        f"sidecar {each['name']}": each["args"]
        for each in parsed("sidecar.yaml")["spec"]["template"]["spec"]["containers"]
    },
}


def here(words, folder):
    """The same command in this checkout, on the sample log, on a folder of our own."""
    words = words[1:] if words[0].endswith("python3") else words
    program = words[0][len(HOME) :] if words[0].startswith(HOME) else PROGRAMS[words[0]]
    options = list(words[1:])
    for number, word in enumerate(options[:-1]):
        if word == "--log-path":
            assert options[number + 1].endswith("/access.log")
            options[number + 1] = str(SAMPLE)
        if word in PLACES:
            options[number + 1] = str(folder)
        if word == "--port":
            options[number + 1] = "0"
        if word == "--to":
            assert options[number + 1].startswith("clickhouse://")
            options[number + 1] = f"file:{folder}-shipped"
    if program == "scripts/cli.py":
        return program, [sys.executable, str(ROOT / program), *(word for word in options if word != "--follow")]
    return program, [
        sys.executable,
        str(ROOT / program),
        *("--once" if word == "--follow" else word for word in options),
    ]


@pytest.mark.parametrize("where", COMMANDS)
def test_commands_run(where, tmp_path):
    """Each command is one of ours with options that exist: the monitor reads the sample, the page is served."""
    program, words = here(COMMANDS[where], tmp_path / "sessions")
    own = {
        **os.environ,
        "SESSION_MONITOR_CONFIG": "",
        "SESSION_MONITOR_DATA_DIR": str(tmp_path / "sessions"),
        "SESSION_MONITOR_LOG_PATH": str(SAMPLE),
    }
    if program == "main.py":
        done = subprocess.run(words, env=own, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert len(list((tmp_path / "sessions").glob("[!.]*.json"))) == 7
        return
    (tmp_path / "sessions").mkdir(mode=0o700)
    if program == "scripts/cli.py":
        done = subprocess.run(words, env=own, capture_output=True, text=True, check=False)
        assert (done.returncode, "sent 0 rounds" in done.stderr) == (0, True)
        return
    with subprocess.Popen(words, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        greeting = server.stdout.readline()
        server.kill()
        assert greeting.startswith("Serving "), server.stderr.read()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this machine has no systemd-analyze")
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_units_are_sound(unit, tmp_path):
    """Systemd has nothing to say against a unit whose folder is where it says, and calls it well protected."""
    text = unit.read_text().replace("/usr/bin/python3", sys.executable).replace(HOME, f"{ROOT}/")
    (tmp_path / unit.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / unit.name], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert [line for line in done.stderr.splitlines() if unit.name in line] == []
    weighed = ["systemd-analyze", "security", "--offline=true", "--threshold=20", tmp_path / unit.name]
    done = subprocess.run(weighed, capture_output=True, text=True, check=False)
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze weighs no files: it is older than version 250")
    assert done.returncode == 0, done.stdout


def test_monitor_and_page_work_on_one_folder():
    """In every example the page serves what the monitor writes, as the same user: one is of no use without the other."""
    settings = [
        dict(re.findall(r"^(User|StateDirectory|UMask)=(.*)$", path.read_text(), re.MULTILINE)) for path in UNITS
    ]
    assert settings[0] == settings[1]
    folders = {word for path in UNITS for word in of_unit(path) if word.startswith("/var/lib/")}
    assert folders == {f"/var/lib/{settings[0]['StateDirectory']}"}

    services = parsed("compose.yaml")["services"]
    assert all("sessions:/data" in each["volumes"] for each in services.values())
    assert "SESSION_MONITOR_DATA_DIR=/data" in (DEPLOY / "Containerfile").read_text()


def test_the_sidecar_shares_what_there_is():
    """What the side-car mounts is the gateway's own log volume or declared in it, and it reads the log as the gateway's user."""
    spec = parsed("sidecar.yaml")["spec"]["template"]["spec"]
    declared = {each["name"] for each in spec["volumes"]} | {"log"}
    for each in (*spec["containers"], *spec["initContainers"]):
        assert {mount["name"] for mount in each["volumeMounts"]} <= declared
    assert {each["securityContext"]["runAsUser"] for each in spec["containers"]} == {1337}
    (claimed,) = (
        each["persistentVolumeClaim"]["claimName"] for each in spec["volumes"] if "persistentVolumeClaim" in each
    )
    assert parsed("claim.yaml")["metadata"]["name"] == claimed


GATEWAY = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: higress-gateway, namespace: higress-system}
spec:
  selector: {matchLabels: {app: higress-gateway}}
  template:
    metadata: {labels: {app: higress-gateway}}
    spec:
      containers:
        - {name: higress-gateway, image: gateway, volumeMounts: [{name: log, mountPath: /var/log/proxy}]}
      volumes:
        - {name: log, emptyDir: {}}
"""
"""What matters here of the Deployment that Higress' chart makes with global.o11y.enabled."""


@pytest.mark.skipif(not shutil.which("kubectl"), reason="this machine has no kubectl")
def test_the_sidecar_is_a_patch_that_kubectl_takes(tmp_path):
    """Kubectl puts it beside the gateway's container, which stays as it is, on the log volume that is there."""
    (tmp_path / "gateway.yaml").write_text(GATEWAY)
    patch = ["kubectl", "patch", "--local", "-f", tmp_path / "gateway.yaml", "-o", "yaml"]
    own = {**os.environ, "KUBECONFIG": str(tmp_path / "none"), "HOME": str(tmp_path)}
    done = subprocess.run(
        [*patch, "--patch-file", DEPLOY / "sidecar.yaml"], env=own, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    made = yaml.safe_load(done.stdout)["spec"]["template"]["spec"]
    before = yaml.safe_load(GATEWAY)["spec"]["template"]["spec"]
    assert before["containers"][0] in made["containers"]
    assert [each["name"] for each in made["containers"] if each != before["containers"][0]] == [
        "session-monitor",
        "session-monitor-web",
    ]
    assert {"name": "log", "emptyDir": {}} in made["volumes"]


def test_the_container_is_built_from_what_there_is():
    """Each file that the container's recipe copies is in the project."""
    copied = re.findall(r"^COPY (?!--)(.*) \S+$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    assert [name for line in copied for name in line.split() if not (ROOT / name).exists()] == []
