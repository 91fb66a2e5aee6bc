"""The markup of a page with its beginning, which all pages share, as one reads it in the folder."""

from __future__ import annotations

import re
from pathlib import Path

from web import static

PAGES = Path(static.FOLDER)
BEGIN = "shared/begin.html"
_LINE = re.compile(r'<!-- shared/begin\.html name="(\w+)" skip="(\w+)" instead="([\w -]+)" -->\n')
_GAPS = ("{name}", "{skip}", "{instead}")


def begun(text):
    """A page's text with the beginning in the place of the line that gives what differs in it."""

    def beginning(line):
        found = (PAGES / BEGIN).read_text(encoding="utf-8")
        for gap, value in zip(_GAPS, line.groups()):
            assert gap in found
            found = found.replace(gap, value)
        return found

    return _LINE.sub(beginning, text)
