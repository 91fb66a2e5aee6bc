"""Which histories are there, and what was wrong at the end of one?"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import tempfile
import traceback
from pathlib import Path
from unittest import mock

from session_monitor.base import files
from session_monitor.ingest import ingest, intake, together
from session_monitor.log import compressed, log_file
from session_monitor.sessions import store
from tests.campaigns.rotation_fuzz import odd_siblings
from tests.campaigns.rotation_fuzz.data_folder import INDEX_PARTS
from tests.campaigns.rotation_fuzz.world import LONGEST_LINE, World
from tests.support import several

TRAITS = {
    "symlinked": 0.15,
    "equal_heads": 0.15,
    "dated": 0.15,
    "globbed": 0.15,
    "restful": 0.2,  # all was done a while ago, see ``World._now``
    "cramped": 0.3,  # few files of the log are open at a time
    "crowded": 0.03,  # more of them than may be
    "indexed": 0.2,  # the monitor keeps an index
    "long_heads": 0.3,  # where heads are equal, they are longer than what a generation is known by
}
"""What a world may be, and how often it is."""
FEW_OPEN = 2
FEW_DESCRIPTORS = 40
"""So many more files than are open may be open in a crowded world."""

_ACTIONS = {
    "append": (
        30,
        lambda rng: (rng.randint(1, 6), rng.choice([0, 20, 300, 5000]), rng.choice([b"", b"\xff\xfe", b'"'])),
    ),
    "poll": (24, lambda _: ()),
    "rotate": (10, lambda rng: (rng.random() < 0.6,)),
    "reopen": (5, lambda _: ()),
    "half": (5, lambda rng: (rng.choice([0.1, 0.5, 0.9, 1.0, 1.0]),)),
    "copy": (5, lambda _: ()),
    "truncate": (4, lambda _: ()),
    "compress": (5, lambda rng: (rng.randint(0, 9), rng.random() < 0.7)),
    "remove": (2, lambda rng: (rng.randint(0, 9),)),
    "aside": (2, lambda rng: (rng.randint(0, 9), rng.random() < 0.4)),
    "move": (1, lambda rng: (rng.randint(0, 9),)),
    "forbid": (1, lambda rng: (rng.randint(0, 9),)),
    "permit": (2, lambda _: ()),
    "zeros": (1, lambda rng: (rng.choice([1, 50, 30_000]),)),
    "blank": (1, lambda _: ()),
    "tick": (3, lambda rng: (rng.choice([1, 60, 150, -5000]),)),
    "restart": (4, lambda _: ()),
    "lose_state": (1, lambda _: ()),
    "keep_state": (1, lambda _: ()),
    "old_state_back": (1, lambda _: ()),
    "corrupt_state": (1, lambda _: ()),
    "stopped_poll": (2, lambda rng: (rng.randint(0, 5),)),
    "keep_session": (2, lambda rng: (rng.randint(0, 2),)),
    "session_back": (2, lambda rng: (rng.randint(0, 9), rng.choice(["in place", "as old", "renamed", "stopped"]))),
    "back_up": (1, lambda rng: (rng.randint(0, 99),)),
    "backup_back": (
        1,
        lambda rng: (
            rng.randint(0, 9),
            rng.choice(["used", "over it", "renamed", "cleared", "while at work", "sessions"]),
        ),
    ),
    "odd": (4, lambda rng: (rng.choice(odd_siblings.KINDS), rng.randint(0, 9))),
    "tidy": (1, lambda _: ()),
    "crowd": (2, lambda rng: (rng.randint(60, 150),)),
    "damage": (1, lambda rng: (rng.randint(0, 9), rng.choice(["cut", "broken"]))),
    "ask": (1, lambda _: ()),
    "index_away": (
        6,
        lambda rng: (
            rng.choice(list(INDEX_PARTS)),
            rng.choice(["removed", "removed", "emptied", "garbage", "written over"]),
        ),
    ),
    "copy_folder": (1, lambda rng: (rng.randint(0, 99),)),
    "killed_poll": (3, lambda rng: (rng.randint(0, 2),)),
    "mistyped_poll": (1, lambda rng: (rng.randint(0, 2),)),
    "vanish": (1, lambda _: ()),
}
_NEEDS = {"session_back": "keep_session", "old_state_back": "keep_state", "backup_back": "back_up", "tidy": "odd"}
_OF_WORLD = {"crowd": "crowded", "index_away": "indexed"}
"""What is done in some worlds alone, since it takes long."""
# With equal first lines nothing tells two generations apart when the state is lost, or when the file of one cannot be
# read: documented, and left out here.
_AMBIGUOUS = ("lose_state", "old_state_back", "corrupt_state", "copy_folder", "backup_back", "forbid")


def history(seed, jobs=1):
    """The world and the actions of this seed, where so many processes take in what is new."""
    rng = random.Random(seed)
    world = {name: rng.random() < share for name, share in TRAITS.items()}
    world["jobs"] = jobs
    names = [name for name in _ACTIONS if world.get(_OF_WORLD.get(name), True)]
    names = [name for name in names if not (world["equal_heads"] and name in _AMBIGUOUS)]
    if rng.random() < 0.3:  # a quiet world shows what a wild one hides
        some = rng.sample(names[2:], 4)
        names = ["append", "poll", *dict.fromkeys([*some, *(_NEEDS[name] for name in some if name in _NEEDS)])]
    weights = [_ACTIONS[name][0] for name in names]
    chosen = rng.choices(names, weights, k=rng.randint(5, 45))
    return world, [(name, *_ACTIONS[name][1](rng)) for name in chosen]


def play(folder, world, actions):
    """Play a history in an empty folder; what was wrong at its end."""
    # Small blocks and lines, so that every edge is met; what syncing is for cannot be seen here.
    with contextlib.ExitStack() as stack:
        if world["crowded"]:
            stack.enter_context(_few_descriptors())
        for owner, name, value in (
            (log_file, "BLOCK", 4096),
            (log_file, "LONGEST_LINE", LONGEST_LINE),
            (intake, "LONGEST_LINE", LONGEST_LINE),
            (log_file, "MOST_OPEN", FEW_OPEN if world["cramped"] else log_file.MOST_OPEN),
            (compressed, "_FEW", odd_siblings.BOMB_BYTES // 4),
            (ingest, "LINES_BETWEEN_LOOKS", 1),
            (ingest, "BATCH_SESSIONS", 2),
            (together, "LEAST", several.STRETCH),
            (store, "REMEMBERED", 2),
            (files, "sync_files", lambda *_: None),
            (files, "sync_folder", lambda *_: None),
            (os, "fsync", lambda *_: None),
        ):
            stack.enter_context(mock.patch.object(owner, name, value))
        played = stack.enter_context(contextlib.closing(World(folder, world)))
        try:
            for action in actions:
                played.run(*action)
            played.finish()
            return played.verdict()
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is a finding
            return [f"{traceback.format_exc()}{type(error).__name__}: {error}"]


@contextlib.contextmanager
def _few_descriptors():
    """No more files can be open than a few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    now = max(int(name) for name in os.listdir("/dev/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, now + FEW_DESCRIPTORS), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def play_afresh(world, actions):
    """``play`` in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return play(Path(folder), world, actions)


def play_apart(world, actions):
    """``play`` in a process of its own, which may die of it."""
    with tempfile.TemporaryFile() as told:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.write(told.fileno(), "\n".join(play_afresh(world, actions)).encode())
                code = 0
            finally:
                os._exit(code)
        status = os.waitpid(pid, 0)[1]
        if status:
            return [f"the process ended with status {status}"]
        told.seek(0)
        return told.read().decode().splitlines()


def shortened(world, actions, played=play_afresh):
    """The shortest list of actions, by leaving some out, that still goes wrong."""
    size = len(actions) // 2
    while size:
        start = 0
        while start < len(actions):
            fewer = actions[:start] + actions[start + size :]
            if played(world, fewer):
                actions = fewer
            else:
                start += size
        size //= 2
    return actions


def failure(seed, played=play_afresh, *, jobs=1):
    """None where the history of this seed goes well; otherwise what is wrong, with the shortest history that shows it."""
    world, actions = history(seed, jobs)
    wrong = played(world, actions)
    if not wrong:
        return None
    short = shortened(world, actions, played)
    steps = "\n".join(f"  {action}" for action in short)
    return f"seed {seed}, {world}:\n{steps}\n" + "\n".join(played(world, short) or wrong)
