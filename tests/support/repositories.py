"""Git repositories, for the tests of what becomes of files in them."""

from __future__ import annotations

import os
import subprocess

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    **{
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "n"), ("EMAIL", "a@b"))
    },
}


class Repository:
    """A repository in a folder, at first with one commit of the file ``kept``."""

    def __init__(self, folder, *, is_empty=False, branch="main"):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", branch)
        if not is_empty:
            self.write("kept", "as it is\n")
            self.commit("first")

    def git(self, *words, **environment):
        """What git prints."""
        done = subprocess.run(
            ["git", *map(str, words)],
            cwd=self.folder,
            env={**ENVIRONMENT, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, name, text):
        """A file with this text."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def commit(self, subject, at=None):
        """All there is as a commit, at a time in seconds since 1970; returns its hash."""
        when = {} if at is None else dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{at} +0000")
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", subject, **when)
        return self.git("rev-parse", "HEAD")
