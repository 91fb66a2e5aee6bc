"""Which user of this machine does a connection come from?

An address tells that somebody is on this machine, not who: another user, or a proxy that brings in the whole world.
Linux knows whose the other end of a connection is, and tells any user.  What it does not tell for certain is not known.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import os
import socket
import struct
import sys
from typing import Any, Callable, NamedTuple, Optional, Union

IS_TOLD = sys.platform.startswith("linux")
"""Whether this system tells at all; macOS does not."""

UserOf = Callable[[socket.socket], Optional[int]]
"""The user id behind an accepted connection; None where it is not from this machine, or not known."""

_LIVE = (1, 4, 5, 8)
"""ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT: whose socket it is counts in these.  In others, as in one that is
closed by all its processes, the kernel says 0, which would be root."""
_Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]


class _Link(NamedTuple):
    """A connection as the peer has it: its own address and port, then ours."""

    address: _Address
    port: int
    our_address: _Address
    our_port: int


_Way = Callable[[_Link], Optional[int]]


def teller() -> UserOf | None:
    """What tells the user behind a connection; None where nothing on this machine does, as it finds by its own."""
    for way in (_by_netlink, _by_table) if IS_TOLD else ():
        if _tells_own(way):
            return lambda opened: _user_of(opened, way)
    return None


def unknown(_opened: socket.socket) -> int | None:
    """Tell of nobody who it is."""
    return None


def is_loopback(address: str) -> bool:
    """Whether this is an address of the machine itself, also an IPv4 one written as IPv6."""
    try:
        return _plain(address).is_loopback
    except ValueError:
        return False


def _user_of(opened: socket.socket, way: _Way) -> int | None:
    with contextlib.suppress(OSError):  # it may be gone already
        link = _link(opened.getpeername(), opened.getsockname())
        return way(link) if link.address.is_loopback else None
    return None


def _tells_own(way: _Way) -> bool:
    """Whether it knows a connection of this process for this user's."""
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        own = stack.enter_context(socket.create_connection(listening.getsockname(), timeout=1))
        link = _link(own.getsockname(), own.getpeername())
        return way(link) == os.geteuid()
    return False


def _link(peer: tuple[Any, ...], own: tuple[Any, ...]) -> _Link:
    return _Link(_plain(peer[0]), peer[1], _plain(own[0]), own[1])


def _plain(address: str) -> _Address:
    """The address without the network that it belongs to, and as IPv4 where it is one."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return getattr(parsed, "ipv4_mapped", None) or parsed


# -- by asking the kernel for this one connection (sock_diag(7)), which takes as long however many there are -----------

_NETLINK_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST = 4, 20, 1
_HEADER = struct.Struct("=IHHII")
"""nlmsghdr: length, type, flags, sequence number, port."""
_REQUEST = struct.Struct("=BBxxI")
"""inet_diag_req_v2, up to the socket: family, protocol, states."""
_SOCKET = struct.Struct("!HH16s16s12s")
"""inet_diag_sockid: ports and addresses of both ends, then interface and cookie."""
_ANY_INTERFACE_AND_COOKIE = bytes(4) + b"\xff" * 8
_ANSWER = struct.Struct("=xBxx48s12xII")
"""inet_diag_msg: state, socket, user and inode."""
_ALL_STATES = 0xFFFF_FFFF


def _by_netlink(link: _Link) -> int | None:
    family = socket.AF_INET if link.address.version == 4 else socket.AF_INET6
    sockid = _SOCKET.pack(
        link.port, link.our_port, link.address.packed, link.our_address.packed, _ANY_INTERFACE_AND_COOKIE
    )
    asked = _REQUEST.pack(family, socket.IPPROTO_TCP, _ALL_STATES) + sockid
    header = _HEADER.pack(_HEADER.size + len(asked), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
        kernel.setblocking(False)  # noqa: FBT003 -- positional only; the answer is there once it was asked
        kernel.send(header + asked)
        answer, (sender, _) = kernel.recvfrom(8192)
    is_told = sender == 0 and len(answer) >= _HEADER.size + _ANSWER.size
    if not is_told or _HEADER.unpack_from(answer)[1] != _SOCK_DIAG_BY_FAMILY:
        return None
    state, found, user, inode = _ANSWER.unpack_from(answer, _HEADER.size)
    # Where the peer has gone, who listens at its port would be told.
    if found[:4] != sockid[:4] or state not in _LIVE or not inode:
        return None
    return _certain(user)


# -- by the table of all connections, where a service may not ask the kernel (RestrictAddressFamilies= of systemd) -----


def _by_table(link: _Link) -> int | None:
    # A program may have opened an IPv4 connection as one of IPv6.
    user = _row(link, "/proc/net/tcp", 4) if link.address.version == 4 else None
    user = _row(link, "/proc/net/tcp6", 6) if user is None else user
    return None if user is None else _certain(user)


def _row(link: _Link, table: str, version: int) -> int | None:
    """The user id in the table's row of this connection; None where it is not in it, or not alive."""
    wanted = f": {_end(link.address, link.port, version)} {_end(link.our_address, link.our_port, version)} ".encode()
    with contextlib.suppress(FileNotFoundError), open(table, "rb") as rows:
        for row in rows:
            if wanted in row:
                _, _, _, state, _, _, _, user, _, inode, *_ = row.split()
                return int(user) if int(state, 16) in _LIVE and int(inode) else None
    return None


def _end(address: _Address, port: int, version: int) -> str:
    """An address and a port as the tables have them: words of four bytes, each as a number of this machine's."""
    packed = address.packed
    if version == 6 and len(packed) == 4:
        packed = bytes(10) + b"\xff\xff" + packed
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{each:08X}" for each in words) + f":{port:04X}"


# -- what a number means -----------------------------------------------------------------------------------------------


def _certain(user: int) -> int | None:
    """The user id; None for the one that stands for all whom a container knows no number of."""
    return None if user == _stand_in() and not _knows_all() else user


@functools.cache
def _stand_in() -> int:
    with contextlib.suppress(OSError), open("/proc/sys/kernel/overflowuid", "rb") as told:
        return int(told.read())
    return 65_534


@functools.cache
def _knows_all() -> bool:
    """Whether each user of the machine has a number of its own here."""
    with contextlib.suppress(OSError), open("/proc/self/uid_map", "rb") as ranges:
        return sum(int(each.split()[2]) for each in ranges) >= 2**32 - 1
    return False
