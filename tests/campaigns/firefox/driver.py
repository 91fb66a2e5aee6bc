"""A page in a Firefox: what one does there, and what it should not have done."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from pathlib import Path

from tests.support.browser import WATCH

from . import needs

PREFERENCES = {
    "intl.accept_languages": "en-US",
    "dom.events.testing.asyncClipboard": True,  # what was copied can be read without a person who agrees
    "ui.systemUsesDarkTheme": 0,
    "ui.prefersReducedMotion": 0,
}
QUIET = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


class BrokenError(AssertionError):
    """What should have come true did not."""


class Page:
    """The one page that is open; what ``path`` is asked for, it is asked of ``base``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.base = ""

    def _ask(self, name: str, **words):
        self._process.stdin.write(json.dumps({"do": name, **words}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the browser is gone")
        answer = json.loads(line)
        if "error" in answer:
            raise BrokenError(f"{name} {json.dumps(words)[:300]}: {answer['error']}")
        return answer["value"]

    def fresh(self, base: str, path: str, *, size=(1366, 768), headers=None) -> int:
        """A page that knows nothing of the ones before; gives the status of its first answer."""
        self.base = base
        self._ask("fresh", width=size[0], height=size[1], watch=WATCH, headers=headers)
        return self.goto(path)

    def goto(self, path: str) -> int:
        """Opens a path."""
        return self._ask("goto", url=self.base + path)

    def version(self) -> str:
        """Which browser it is."""
        return self._ask("version")

    def back(self) -> None:
        """The browser's way back."""
        self._ask("back")

    def url(self) -> str:
        """What stands in the address, behind the server's."""
        return self._ask("url").removeprefix(self.base)

    def get(self, script: str):
        """What an expression is."""
        return self._ask("evaluate", script=script)

    def until(self, script: str) -> None:
        """Waits until an expression is true."""
        self._ask("wait", script=script)

    def shows(self, selector: str, words: str = "") -> None:
        """Waits until the first that a selector finds is to be seen, with these words in it."""
        node = f"document.querySelector({json.dumps(selector)})"
        self.until(f"{node}?.checkVisibility() && {node}.textContent.includes({json.dumps(words)})")

    def hides(self, selector: str) -> None:
        """Waits until none that a selector finds is to be seen."""
        self.until(f"![...document.querySelectorAll({json.dumps(selector)})].some((node) => node.checkVisibility())")

    def text(self, selector: str) -> str:
        """The text of the first that a selector finds, as it is read."""
        return self.get(f"document.querySelector({json.dumps(selector)}).innerText.trim()")

    def count(self, selector: str) -> int:
        """How many a selector finds."""
        return self.get(f"document.querySelectorAll({json.dumps(selector)}).length")

    def click(self, selector: str) -> None:
        """A press of the mouse on the first that a selector finds, once it is to be seen."""
        self._ask("click", selector=selector)

    def choose(self, selector: str, value: str) -> None:
        """Chooses a value of a select box."""
        self._ask("select", selector=selector, value=value)

    def press(self, *keys: str) -> None:
        """Presses keys, one after the other; ``Shift+J`` is one."""
        for key in keys:
            self._ask("press", key=key)

    def type(self, text: str) -> None:
        """Types a text where the focus is."""
        self._ask("type", text=text)

    def wheel(self, down: int) -> None:
        """Turns the mouse's wheel."""
        self._ask("wheel", down=down)

    def settle(self) -> None:
        """Waits for two frames."""
        self.get(QUIET)

    def shot(self, path: Path) -> None:
        """Takes a picture."""
        self._ask("shot", path=str(path))

    def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        return self.get("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def faults(self, *, but: str = "\0") -> list[str]:
        """What went wrong since the page was opened, but errors with these words."""
        found = self._ask("faults")
        wrong = [f"console: {text}" for text in found["errors"] if but not in text]
        wrong += [f"asked {url}" for url in found["asked"] if not url.startswith((self.base + "/", "data:"))]
        return wrong + [f"policy: {each}" for each in self.get("[...window.violations, ...window.executed]")]


@contextlib.contextmanager
def started():
    """A page of a Firefox without windows, in UTC."""
    script = Path(__file__).with_name("driver.mjs")
    command = ["node", str(script), needs.firefox(), str(needs.PLACE), json.dumps(PREFERENCES)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "TZ": "UTC"}
    ) as process:
        try:
            yield Page(process)
        finally:
            process.stdin.close()
