"""A setting that no argument gives is the environment's, else the person's, else the machine's, else the built-in one."""

from __future__ import annotations

import json
import os

import pytest

from session_monitor.base import settings
from session_monitor.base.settings import BUILT_IN, CONFIG, BadConfigError, BadSettingError


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Writes the person's and the machine's config file; returns the environment in which they are looked for."""
    monkeypatch.setattr(settings, "SYSTEM", str(tmp_path / "machine.json"))
    own = tmp_path / "xdg" / "agent-session-monitor" / "config.json"

    def write(own_settings=None, of_machine=None):
        for path, document in ((own, own_settings), (tmp_path / "machine.json", of_machine)):
            path.parent.mkdir(parents=True, exist_ok=True)
            if document is not None:
                path.write_text(document if isinstance(document, str) else json.dumps(document))
        return {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}

    return write


def test_who_goes_before_whom(config, tmp_path):
    """The environment goes before one's own file, and that before the machine's; each setting says where it is from."""
    environment = config({"data_dir": "/own", "timezone": "UTC"}, {"data_dir": "/of-all", "log_path": "/log"})
    environment["SESSION_MONITOR_TIMEZONE"] = "Asia/Shanghai"
    environment["SESSION_MONITOR_BASE_URL"] = ""

    assert settings.found(environment) == {
        "data_dir": ("/own", str(tmp_path / "xdg/agent-session-monitor/config.json")),
        "log_path": (["/log"], str(tmp_path / "machine.json")),
        "timezone": ("Asia/Shanghai", "SESSION_MONITOR_TIMEZONE"),
    }


def test_options(config):
    """An option that was given stays; what was not given is settled, and its origin told."""
    environment = {**config(of_machine={"data_dir": "/of-all"}), "SESSION_MONITOR_LOG_PATH": f"/a{os.pathsep}/b"}
    options = {"given": "/mine", "data_dir": settings.DATA_DIR, "zone": settings.TIMEZONE, "log": settings.LOG_PATH}

    origins = settings.settle(options, environment)

    assert options == {"given": "/mine", "data_dir": "/of-all", "zone": "local", "log": ["/a", "/b"]}
    assert origins == {"data_dir": settings.SYSTEM, "zone": BUILT_IN, "log": "SESSION_MONITOR_LOG_PATH"}


def test_nothing_is_read_without_need(config):
    """Where all options were given, a mistake in a config file is none."""
    assert settings.settle({"data_dir": "/mine"}, config("no JSON")) == {}


def test_another_file(config, tmp_path):
    """One variable names the only file that counts, or none at all."""
    environment = config({"data_dir": "/own"}, {"timezone": "UTC"})
    other = tmp_path / "other.json"
    other.write_text('{"data_dir": "/other"}')

    assert settings.found({**environment, CONFIG: str(other)}) == {"data_dir": ("/other", str(other))}
    assert settings.found({**environment, CONFIG: str(tmp_path / "none.json")}) == {}
    assert settings.found({**environment, CONFIG: ""}) == {}


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("{", r"config\.json is no JSON: "),
        ("\xff", r"config\.json is no JSON: "),
        ([], r"must be an object, such as"),
        ({"data-dir": "/x"}, r"'data-dir' is no setting: there are data_dir, log_path, timezone, base_url, otlp"),
        ({"data_dir": ""}, r"data_dir must be a text, not empty"),
        ({"data_dir": ["/x"]}, r"data_dir must be a text, not empty"),
        ({"timezone": 8}, r"timezone must be a text, not empty"),
        ({"log_path": []}, r"log_path must be a text, or a list of texts, not empty"),
        ({"log_path": ["/x", None]}, r"log_path must be a text, or a list of texts, not empty"),
        ({"data_dir": "sessions"}, r"data_dir: sessions must be a whole path"),
    ],
)
def test_mistakes(config, document, complaint):
    """A mistake is told with its file; none of the settings counts then."""
    if document == "\xff":
        environment = config()
        path = settings.config_files(environment)[0]
        with open(path, "wb") as file:
            file.write(b"\xff")
    else:
        environment = config(document)

    with pytest.raises(BadConfigError, match=complaint) as mistake:
        settings.found(environment)
    assert str(mistake.value).startswith(settings.config_files(environment)[0])


def test_home(monkeypatch):
    """``~`` in a config file is the person's home, whoever asks from which folder."""
    monkeypatch.setenv("HOME", "/home/a")

    assert settings.checked("data_dir", "~/sessions") == "/home/a/sessions"
    assert settings.checked("log_path", ["~/a.log", "/b.log"]) == ["/home/a/a.log", "/b.log"]
    with pytest.raises(BadSettingError):
        settings.checked("no-such", "x")


def test_somebody_elses_file(config, monkeypatch):
    """A file that may not be read, such as that of the HOME of who started a service, is as none."""

    def refused(path):
        raise PermissionError(13, "Permission denied", path)

    environment = {**config({"data_dir": "/own"}), "SESSION_MONITOR_TIMEZONE": "UTC"}
    monkeypatch.setattr(settings, "read", refused)

    assert settings.found(environment) == {"timezone": ("UTC", "SESSION_MONITOR_TIMEZONE")}
