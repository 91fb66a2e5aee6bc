"""Which user of this machine a connection comes from, over real sockets: told for certain or not at all."""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import socket
import struct
import sys

import pytest

from tests.support.users import OWNER, STRANGER, acting_as, need_users
from tests.support.waiting import until
from web.server import peers

linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs Linux, which tells whose a connection is"
)
WAYS = [peers._by_netlink, peers._by_table]
PLACES = [
    ("127.0.0.1", "127.0.0.1"),
    ("127.0.0.1", "127.9.8.7"),
    ("127.0.0.1", "::ffff:127.0.0.1"),
    ("::1", "::1"),
    ("::", "127.0.0.1"),
    ("::", "::1"),
    ("::", "::ffff:127.0.0.1"),
    ("0.0.0.0", "127.0.0.1"),
]
"""Where a server listens, and as whom it is called; 127.9.8.7 is where the caller calls from."""


def listening(address):
    """A server's socket at an address."""
    if ":" in address and not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("needs IPv6")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return contextlib.closing(socket.create_server((address, 0), family=family, dualstack_ipv6=address == "::"))


@contextlib.contextmanager
def connection(listens="127.0.0.1", called="127.0.0.1", user=None):
    """Both ends of a connection that a user opened: theirs, and the server's."""
    place = ("127.9.8.7", 0) if called == "127.9.8.7" else None
    called = "127.0.0.1" if place else called
    with listening(listens) as server, contextlib.ExitStack() as stack:
        port = server.getsockname()[1]
        if user is not None:
            stack.enter_context(acting_as(user))
        opened = stack.enter_context(socket.create_connection((called, port), source_address=place))
        accepted = stack.enter_context(server.accept()[0])
        yield opened, accepted


def told(accepted, way):
    """What a way says of a connection."""
    return peers._user_of(accepted, way)


# -- whose it is -------------------------------------------------------------------------------------------------------


@linux
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("listens", "called"), PLACES)
def test_own_connections(listens, called, way):
    """A connection of this process is this user's, at whatever address and of whichever kind."""
    with connection(listens, called) as (_, accepted):
        assert told(accepted, way) == os.geteuid()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("listens", "called"), PLACES)
def test_connections_of_others(listens, called, way):
    """One of another user is theirs, and stays so whoever else has connections, also to the same server."""
    need_users()
    with listening(listens) as server, contextlib.ExitStack() as stack:
        port, found = server.getsockname()[1], []
        place = ("127.9.8.7", 0) if called == "127.9.8.7" else None
        for user in (STRANGER, 0, OWNER):
            with acting_as(user):
                to = ("127.0.0.1" if place else called, port)
                stack.enter_context(socket.create_connection(to, source_address=place))
            found.append(stack.enter_context(server.accept()[0]))
        assert [told(each, way) for each in found] == [STRANGER, 0, OWNER]


@linux
@pytest.mark.parametrize("way", WAYS)
def test_one_that_sends_no_more(way):
    """Who has said all that they say still has their connection."""
    with connection() as (opened, accepted):
        opened.shutdown(socket.SHUT_WR)
        assert accepted.recv(1) == b""
        assert told(accepted, way) == os.geteuid()


@pytest.mark.parametrize("way", WAYS)
def test_one_that_was_closed(way):
    """One whose user has closed it is nobody's, and above all not root's, as which the kernel has it then."""
    need_users()
    with connection(user=STRANGER) as (opened, accepted):
        assert told(accepted, way) == STRANGER
        link = peers._link(accepted.getpeername(), accepted.getsockname())
        opened.close()
        assert accepted.recv(1) == b""
        assert way(link) is None
        accepted.close()
        until(lambda: b" 06 " in row_of(link), "the kernel still knows it, in TIME_WAIT")
        assert way(link) is None


def row_of(link):
    """The kernel's row of a connection."""
    start = f": {peers._end(link.address, link.port, 4)} {peers._end(link.our_address, link.our_port, 4)} ".encode()
    with open("/proc/net/tcp", "rb") as rows:
        return next((row for row in rows if start in row), b"")


@linux
@pytest.mark.parametrize("way", WAYS)
def test_one_that_never_was(way):
    """Where nobody has such a connection, not even the one who listens at the peer's port is told."""
    with listening("127.0.0.1") as one, listening("127.0.0.1") as other:
        assert way(peers._link(one.getsockname(), other.getsockname())) is None


@linux
@pytest.mark.parametrize("way", WAYS)
def test_one_that_is_being_opened(way):
    """A connection that nobody has taken yet, as one that takes the place of another, is nobody's."""
    with listening("127.0.0.1") as gone:
        place = gone.getsockname()
    silent = ("127.0.0.1", place[1])
    with socket.socket() as opening, socket.socket() as full:
        full.bind(silent)
        full.listen(0)
        with contextlib.ExitStack() as stack:
            for _ in range(4):  # what is behind a queue that is full is not answered
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(silent)
            opening.setblocking(False)
            opening.connect_ex(silent)
            link = peers._link(opening.getsockname(), silent)
            assert b" 02 " in row_of(link)
            assert way(link) is None


@linux
def test_who_is_not_on_this_machine():
    """Of an address that is no loopback one nothing is asked."""
    asked = []

    class FromElsewhere:
        def getpeername(self):
            return ("203.0.113.9", 1)

        def getsockname(self):
            return ("127.0.0.1", 2)

    assert peers._user_of(FromElsewhere(), asked.append) is None
    with socket.socket() as unconnected:
        assert peers._user_of(unconnected, asked.append) is None
    assert asked == []


# -- where it is not told ----------------------------------------------------------------------------------------------


@linux
def test_ways_that_are_closed(monkeypatch):
    """Where the kernel may not be asked its table is read; where neither can be, that is known from the start."""
    real_socket, real_open = socket.socket, builtins.open

    class NoNetlink(real_socket):
        def __init__(self, family=-1, *rest, **more):
            if family == socket.AF_NETLINK:
                raise OSError(97, "Address family not supported by protocol")
            super().__init__(family, *rest, **more)

    with connection() as (_, accepted):
        assert peers.teller()(accepted) == os.geteuid()
        monkeypatch.setattr(socket, "socket", NoNetlink)
        assert told(accepted, peers._by_netlink) is None
        assert peers.teller()(accepted) == os.geteuid()
        no_table = lambda path, *rest: real_open("/nonexistent" if "/net/" in str(path) else path, *rest)  # noqa: E731
        monkeypatch.setattr(builtins, "open", no_table)
        assert peers.teller() is None


def test_another_system(monkeypatch):
    """Where the system tells nothing, nothing is asked of it that it does not know."""
    monkeypatch.setattr(peers, "IS_TOLD", False)
    monkeypatch.delattr(socket, "AF_NETLINK", raising=False)
    assert peers.teller() is None


@linux
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        struct.pack("=IHHII", 36, 2, 0, 1, 0) + struct.pack("=i", -2) + bytes(16),  # no such thing
        struct.pack("=IHHII", 16, 20, 0, 1, 0),
        struct.pack("=IHHII", 124, 20, 0, 1, 0) + bytes(108),
    ],
)
def test_answers_that_say_nothing(monkeypatch, answer):
    """A kernel that refuses, or answers in part, has told nothing."""

    class Answering:
        def __init__(self, *_):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def setblocking(self, _):
            pass

        def send(self, _):
            pass

        def recvfrom(self, _):
            return answer, (0, 0)

    link = peers._link(("127.0.0.1", 1), ("127.0.0.1", 2))
    monkeypatch.setattr(socket, "socket", Answering)
    assert peers._by_netlink(link) is None


@linux
def test_an_answer_that_does_not_come(monkeypatch):
    """The kernel answers as it is asked; what it has not said then is not waited for."""
    with connection() as (_, accepted):

        class Unasked(socket.socket):
            def send(self, _):
                pass

            def recvfrom(self, size):
                assert self.getblocking() is False
                return super().recvfrom(size)

        monkeypatch.setattr(socket, "socket", Unasked)
        assert told(accepted, peers._by_netlink) is None


@linux
def test_an_answer_of_somebody_else(monkeypatch):
    """Only the kernel is believed."""
    with connection() as (_, accepted):

        class Forged(socket.socket):
            def recvfrom(self, size):
                answer, (_, groups) = super().recvfrom(size)
                return answer, (4711, groups)

        assert told(accepted, peers._by_netlink) == os.geteuid()
        monkeypatch.setattr(socket, "socket", Forged)
        assert told(accepted, peers._by_netlink) is None


@pytest.mark.parametrize(
    ("ranges", "user", "expected"),
    [
        (b"         0          0 4294967295\n", 65_534, 65_534),
        (b"         0       1000          1\n", 65_534, None),
        (b"         0       1000          1\n         1     100000      65536\n", 65_534, None),
        (b"         0       1000          1\n", 0, 0),
        (None, 65_534, None),
    ],
)
def test_users_that_a_container_does_not_know(monkeypatch, ranges, user, expected):
    """In a container one number stands for all users of the machine outside: it is nobody's."""

    def opened(path, *_):
        if ranges is None or path != "/proc/self/uid_map":
            raise FileNotFoundError(path)
        return io.BytesIO(ranges)

    for each in (peers._stand_in, peers._knows_all):
        each.cache_clear()
    monkeypatch.setattr(builtins, "open", opened)
    try:
        assert peers._certain(user) == expected
    finally:
        for each in (peers._stand_in, peers._knows_all):
            each.cache_clear()


# -- what an address is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("::1", True),
        ("::1%lo", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:203.0.113.9", False),
        ("203.0.113.9", False),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("localhost", False),
        ("127.0.0.1.evil.example", False),
    ],
)
def test_addresses_of_this_machine(address, expected):
    """Loopback addresses of both kinds are this machine's, and nothing else is."""
    assert peers.is_loopback(address) is expected
