"""Take the pictures of the pages that the README shows, from made-up sessions.

python3 -m tests.campaigns.screenshots
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from tests.support.browser import ROOT, Watched, chromium, ingested, of_session, server
from tests.support.page_logs import SESSION
from tests.tools import demo_log

WIDE, PHONE = (1400, 900), (390, 800)
PICTURES = (
    ("overview.png", "/", "light", WIDE),
    ("session.png", of_session(SESSION), "dark", WIDE),
    ("phone.png", of_session(SESSION), "light", PHONE),
)


def main() -> None:
    """Write them."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        log = Path(folder) / "access.log"
        log.write_bytes(b"".join(demo_log.lines(datetime.now(timezone.utc), days=14, sessions=160)))
        with server(ingested(Path(folder) / "sessions", log)) as address:
            for name, path, theme, size in PICTURES:
                watched = Watched(browser, address, size=size, color_scheme=theme)
                page = watched.open(path)
                page.locator(".facts .value, .strip dd, #heat td").locator("visible=true").first.wait_for()
                page.screenshot(path=str(ROOT / "docs" / name), animations="disabled")
                watched.close()


if __name__ == "__main__":
    main()
