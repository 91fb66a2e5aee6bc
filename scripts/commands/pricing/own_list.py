"""Which list of one's own is changed?"""

from __future__ import annotations

import argparse
import os
from typing import Any

from commands.shared import failures
from commands.shared.data import Data
from commands.shared.failures import Failure
from session_monitor.base import files
from session_monitor.own_prices import own_lists, price_check
from session_monitor.prices import price_list
from session_monitor.prices.price_list import BadPriceListError, PriceList


def add_place(command: Any) -> None:
    """Let a command be told in which list it writes."""
    command.add_argument(
        "--global",
        dest="everywhere",
        action="store_true",
        help="for all data folders of yours, in your configuration folder (default: for --data-dir alone)",
    )


def read(options: argparse.Namespace, data: Data) -> PriceList:
    """The person's own list for all data folders, or for this one.  Raises ``Failure``."""
    path = own_lists.of_person(os.environ) if options.everywhere else own_lists.of_folder(data.folder)
    if path is None:
        raise Failure("no_home", "this user has no home for prices of all data folders: set HOME or XDG_CONFIG_HOME")
    try:
        return price_check.read(path)
    except BadPriceListError as error:
        raise failures.bad_prices(error) from None


def write(options: argparse.Namespace, data: Data, changed: PriceList) -> None:
    """Put the list in its place.  Raises ``Failure`` where its data folder is not there."""
    if not options.everywhere:
        data.check_is_there()
    files.make_folder(os.path.dirname(changed.path))
    price_list.write(changed)
