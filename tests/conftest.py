"""Settings that hold for every test.

A test that needs a program of the machine's (tmux, logrotate, ...) asks ``tests.support.needs.need_tool`` for it.
"""

from __future__ import annotations

import os
import signal

from hypothesis import settings

# A slow machine is no failure: examples are bounded in number, not in time.  The same ones each time in CI, so that a change is
# only failed by what it changed.
_ALWAYS = {"deadline": None, **({"derandomize": True, "print_blob": True} if os.environ.get("CI") == "true" else {})}
# What a Python of its own could break, it breaks in few of them; the newest one looks for what we did wrong.
settings.register_profile("usual", max_examples=50, **_ALWAYS)
settings.register_profile("few", max_examples=15, **_ALWAYS)
settings.register_profile("many", max_examples=2000, **_ALWAYS)
settings.load_profile("usual")

# Nor do the settings of who runs the tests count in them.
for _name in [name for name in os.environ if name.startswith("SESSION_MONITOR_")]:
    del os.environ[_name]
os.environ["SESSION_MONITOR_CONFIG"] = ""

# Under ``nohup``, or behind a script's ``&``, these are ignored, and would be by every program that a test starts and
# means to end by one of them; what is only handled here is not handled there.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, lambda _number, _frame: None)
