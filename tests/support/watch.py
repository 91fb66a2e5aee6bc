"""A log that is looked at again and again, with what is remembered of it in between."""

from __future__ import annotations

import os

from session_monitor.log import tail
from session_monitor.log.checkpoint import LogView
from session_monitor.log.look import Look
from session_monitor.log.tail import LookAgain, Tail


def text(*numbers, of="call"):
    """Some lines that nobody else has."""
    return b"".join(b"%s %d %s\n" % (of.encode(), number, b"." * 60) for number in numbers)


class Watch:
    """A log, with what earlier looks remember of it: each look gives the bytes that are new, oldest first.

    ``told`` is what a person would have heard of so far, ``clock`` the time of the next look in seconds.
    """

    def __init__(self, folder):
        self.folder = folder
        self.log = folder / "access.log"
        self.view = LogView()
        self.told = []
        self.clock = 0
        self.name(self.log)

    def name(self, *patterns, **options):
        """From now on it is told to read these logs."""
        self.tail = Tail(list(map(str, patterns)), self.view, clock=lambda: self.clock, **options)

    @property
    def known(self):
        """The generations, in the order in which they were met."""
        return self.view.generations

    def look(self, *, read=True):
        """Look, then read every whole line behind each generation's offset, unless ``read`` is false."""
        look = Look()
        new_bytes = []
        try:
            self.tail.look(look)
            for generation, file in look.found:
                sealed = self.tail.is_sealed(generation, file)
                lines = list(self.tail.lines(generation, file, sealed=sealed)) if tail.unread(generation, file) else []
                if read and lines:
                    generation.become(generation.advanced(file, lines[-1][1]))
                    new_bytes += [data + b"\n" for _, _, data, _ in lines]
        except LookAgain:
            return self.look(read=read)
        finally:
            self.told += look.problems + look.notices
            look.close()
        return b"".join(new_bytes)

    @property
    def places(self):
        """The name of each generation's file, by id; None where it has none."""
        return {each.gid: None if each.gone else os.path.basename(each.path) for each in self.known}

    def path(self, suffix):
        """The path of a rotated file."""
        return self.folder / f"access.log{suffix}"

    def append(self, data, suffix=""):
        """Write on."""
        with open(self.path(suffix), "ab") as file:
            file.write(data)
