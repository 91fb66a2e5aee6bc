"""What cannot be the same on both sides, and why?"""

from __future__ import annotations

import re
from typing import NamedTuple


class Mask(NamedTuple):
    """What is left out of the output of some commands, and why."""

    commands: tuple[str, ...]
    pattern: bytes
    reason: str


_OF_NOTES = ("note", "tag", "star", "archive", "name", "list", "show", "export", "search", "recover", "status")
_LOOKED = rb"(?<=asm_last_poll_timestamp_seconds )[\d.]+"
_LOOKED_IN_JSON = rb'(?<="asm_last_poll_timestamp_seconds", "labels": \{\}, "value": ")[\d.]+'
OF_COMMANDS = (
    Mask(("main.py",), rb"(?<= in )\d+\.\d(?= s\r?\n)", "how long a pass took"),
    Mask(("main.py", "watch", "doctor"), rb" *\b\d+ (?:s|min|h|d)(?= ago\b)", "time went by between the two"),
    Mask(("doctor",), rb"\d+ (?:s|min|h|d)(?: \d+ (?:s|min|h))?(?= in the future)", "as above"),
    Mask(("doctor",), rb"[\d.,]+ [kMGTP]?B(?= free where)", "how full the disk is just now"),
    Mask(("export",), rb'(?<="generated_at": ")[^"]+', "the moment of the export"),
    Mask(("export",), rb"\A# \w+ of \S+", "as above"),
    Mask(("drivers", "insights"), rb'(?<="until": ")[^"]+', "the moment of the question, where it names none"),
    Mask(("drivers",), rb'(?<="against": \{"since": ")[^"]+', "as long before"),
    Mask(("insights",), rb"(?<= to )\d{4}-\d\d-\d\d \d\d:\d\d", "the minute of the question"),
    Mask(("status",), rb'(?<="idle_seconds":)\d+', "time went by between the two"),
    Mask(("recover",), rb'(?<="before": ")[^"]+', "as above"),
    Mask(("metrics",), _LOOKED + b"|" + _LOOKED_IN_JSON, "when a pass of the monitor was"),
    Mask(_OF_NOTES, rb'(?<="at": ")[^"]+', "when something was noted"),
    Mask(("export",), rb"\d{4}-\d\d-\d\dT\S+(?= the fix is )", "as above"),
    Mask(_OF_NOTES, rb'(?<="archived": ")[^"]+', "as above"),
    Mask(_OF_NOTES, rb"(?m)(?<=archived )\d{4}-\d\d-\S+|(?<=^  \d\. )\d{4}-\S+", "as above"),
)
"""For programs and commands, by their name."""
OF_WEB = (
    Mask(("stdout",), rb"(?<=:)\d+(?=/)", "the port, which the system chooses"),
    Mask(
        ("stdout",), rb"(?<=key=)(?!same-answers)[\w-]+", "where there is no folder to keep one, the key is made anew"
    ),
    Mask(("stderr",), rb"^\d{4}-\d\d-\d\dT\S+", "when a request came"),
    Mask(("stderr",), rb"\d+\.\d(?=ms$)", "how long an answer took"),
    Mask(("stderr",), rb" (?:/|/session) \d+ \d+(?= )", "how long a page is, which names files that may have moved"),
    Mask(("recent",), rb'(?<="span": \{"since": ")[^"]+', "the moment that is so long before now"),
    Mask(("recent",), _LOOKED, "when a pass of the monitor was"),
)
"""The same for the web server: its stdout, its access lines, answers that name a moment which is relative to now."""
OF_STATE = (
    Mask((".notes.json",), rb'(?<="at": ")[^"]+|(?<="archived": ")[^"]+', "when something was noted"),
    Mask((".state.json",), rb'"quiet_since": ?[\d.]+', "seconds of a clock, when a rotated file was quiet"),
    Mask((".state.json",), rb'(?<="since":)[\d.]+', "as above, when a compressed one was judged"),
    Mask((".state.json",), rb'(?<=^\{"inode":)\d+', "the state file's own inode"),
    Mask((".state.json",), rb'(?<=,"sha256":")[0-9a-f]{64}', "the checksum of all that is in it, also of these"),
    Mask((".state.json",), rb'"rested":(?:true|false)', "whether a file was left alone for a moment before a look"),
)
"""The same for the files of a data folder."""
UNLIKE_HEADERS = ("date",)
"""Headers that are not compared.  ETag is one where something of the body is masked, for it follows from all of that."""


def masked(masks, command, text):
    """A text without what cannot be the same in the output of this command."""
    for mask in masks:
        if command in mask.commands:
            text = re.sub(mask.pattern, b"*", text)
    return text
