"""A real browser that looks at the pages, and a server that it looks at.

Whatever a page does, it may ask nobody but its server, say no error on the console, and break no rule of the content
security policy: ``Watched`` writes that down, and each test that is given one holds it to that.
"""

from __future__ import annotations

import contextlib
import importlib.util
import subprocess
import sys
import urllib.parse
from pathlib import Path

from tests.support import prepared
from tests.support.needs import find_tool, need_file, need_module, need_tool

ROOT = Path(__file__).parent.parent.parent
AXE = "axe-core@4.14.1"
"""What looks for pages that some people cannot use; tests/run fetches it."""
PHONE, DESK = (375, 812), (1600, 1000)
_PROGRAMS = ("chromium-headless-shell", "chromium")
"""The browser without its window shows the same pages for half of the work."""
# A browser of its own: without the network that it would look for at each start, and able to start as root.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
});
window.executed = [];
window.alert = (text) => window.executed.push(String(text));
"""
"""What each page runs first, so that it is known afterwards what it should not have done."""


def has_chromium():
    """Whether there is what a test needs for ``chromium``."""
    return bool(importlib.util.find_spec("playwright") and find_tool(*_PROGRAMS))


@contextlib.contextmanager
def chromium():
    """A headless Chromium; a test that lacks it is skipped."""
    playwright = need_module("playwright.sync_api", (3, 10))
    program = need_tool(*_PROGRAMS)
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def axe_source():
    """The script that looks for barriers."""
    return need_file(ROOT / ".venv" / AXE / "axe.min.js", f"npm pack {AXE}").read_text(encoding="utf-8")


_LOOK = """
axe.run(document, { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } })
"""


def box_of(locator):
    """Where an element stands: a page that just shows something anew takes away the one that was found."""
    for _ in range(100):
        locator.wait_for()
        if box := locator.bounding_box():
            return box
    raise AssertionError(f"{locator} is taken away again and again")


def barriers(page):
    """What keeps somebody from using a page as it stands, or makes it harder: all that the checker knows of.

    That is WCAG 2.2 AA with the size of what is pressed, and advice such as the order of headings and landmarks.
    """
    # A browser guesses how high what is out of sight is, and the checker would find things where they never stand.
    page.evaluate(
        "document.querySelectorAll('.round').forEach((each) => { each.style.contentVisibility = 'visible'; })"
    )
    page.evaluate("scrollTo(0, 0)")
    page.evaluate(axe_source())
    return [
        (each["id"], [node["html"][:200] for node in each["nodes"]][:3], each["nodes"][0]["failureSummary"])
        for each in page.evaluate(_LOOK)["violations"]
    ]


@contextlib.contextmanager
def server(folder, *options):
    """The address of a server of this folder."""
    command = [sys.executable, str(ROOT / "scripts" / "webserver.py"), "--data-dir", str(folder)]
    command += ["--host", "127.0.0.1", "--port", "0", "--quiet", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            line = process.stdout.readline()
            assert " at http://" in line, line + process.stdout.read()
            yield line.split(" at ")[1].split()[0].rstrip("/")
        finally:
            process.terminate()


def ingested(folder, log):
    """The folder, after the monitor has read what is new in the log."""
    return prepared.ingest(log, folder)


def of_session(session_id, anchor=""):
    """The path of a session's page."""
    return "/session?id=" + urllib.parse.quote(session_id, safe="") + anchor


def texts_of(locator):
    """The texts of all that are found."""
    return [text.strip() for text in locator.all_inner_texts()]


class Watched:
    """A page, and all that it should not have done: ``faults``."""

    def __init__(self, browser, base, *, size=DESK, **options):
        """``options`` are those of a browser's context, such as ``color_scheme`` and ``locale``."""
        self.base = base
        self.errors = []
        self.elsewhere = []
        self.asked = []
        width, height = size
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, **{"locale": "en-US", "timezone_id": "UTC", **options}
        )
        self.context.add_init_script(WATCH)
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.context.on("request", lambda request: self._requested(request.url))

    def _said(self, message):
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def _requested(self, url):
        self.asked.append(url)
        if not url.startswith((self.base + "/", "data:")):
            self.elsewhere.append(url)

    def open(self, path="/"):
        """Goes to a path and waits until the page has something to show."""
        self.page.goto(self.base + path)
        self.page.locator(
            ":is(.card .value, .round header, .notice, .hit, .lacks li, #used td, #firing-now li, .quiet-now, .finding):visible"
        ).first.wait_for()
        return self.page

    @property
    def faults(self):
        """What went wrong on the page that is open."""
        return {
            "errors": self.errors,
            "elsewhere": self.elsewhere,
            "violations": self.page.evaluate("window.violations"),
            "executed": self.page.evaluate("window.executed"),
        }

    def overflow(self):
        """How many pixels the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def close(self):
        """Ends it."""
        self.context.close()


NO_FAULTS = {"errors": [], "elsewhere": [], "violations": [], "executed": []}
