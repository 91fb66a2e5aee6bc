"""Which store does an address mean?"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from session_monitor.clickhouse import address as addresses
from session_monitor.clickhouse.address import BadAddressError
from session_monitor.shipping.replication.line_files import LineFiles
from session_monitor.shipping.replication.store import RowStore

from .database import Database

DATABASE, FILES = "clickhouse:", "file:"
BEGINNINGS = (DATABASE, FILES)
"""How the address of a store begins."""
_LONGEST = 200


class BadStoreError(ValueError):
    """What cannot be a store, or the name of a gateway there; the argument says why and what to do, without any secret."""


def of(address: str, environment: Mapping[str, str]) -> RowStore:
    """The store at ``clickhouse://HOST/DATABASE`` or ``file:DIR``.  Raises BadStoreError."""
    if address.startswith(FILES):
        folder = os.path.expanduser(address[len(FILES) :])
        if not folder:
            raise BadStoreError("name a folder: file:DIR")
        return LineFiles(folder)
    if not address.startswith(DATABASE):
        raise BadStoreError("it must begin with clickhouse:// or file:")
    try:
        meant = addresses.of(address)
    except BadAddressError as mistake:
        raise BadStoreError(str(mistake)) from None
    if meant.gateways or meant.since is not None:
        raise BadStoreError(
            "gateway and since behind an address choose what is read: of shipping, --gateway names this folder"
        )
    return Database(meant, environment)


def gateway_named(name: str) -> str:
    """The name of this folder's gateway among others: as it was given, else that of this machine.  Raises BadStoreError."""
    name = name or socket.gethostname()
    if not 0 < len(name) <= _LONGEST or not name.isprintable():
        raise BadStoreError("the gateway's name must be a text of up to 200 printable characters")
    return name
