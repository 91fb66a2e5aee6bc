"""What is the state of the data folder just now, and for how long does a look at it hold?"""

from __future__ import annotations

import os

import pytest

from session_monitor.prices.price_list import BadPriceListError
from web.answers import folder
from web.answers.folder import Folder

NOWHERE = {"HOME": "/nonexistent"}


def test_a_look_holds_for_a_moment(tmp_path):
    """Who asks again at once gets the same; a fresh look, or one after that time, sees what has changed."""
    times = [10.0]
    looked = Folder(str(tmp_path / "sessions"), NOWHERE, lambda: times[-1])
    first = looked.state()
    (tmp_path / "sessions").mkdir()

    times.append(10.0 + folder.LOOK / 2)
    assert looked.state() is first
    assert looked.state(fresh=True).is_there
    (tmp_path / "sessions").rmdir()
    times.append(times[-1] + folder.LOOK)
    assert not looked.state().is_there
    looked.close()


def test_a_folder_that_is_not_there_yet(tmp_path):
    """An empty one of its own stands in for it, always the same, and is gone at the end."""
    looked = Folder(str(tmp_path / "sessions"), NOWHERE)
    state = looked.state()

    assert (state.is_there, state.mark, state.change) == (False, None, 0)
    assert os.listdir(state.path) == []
    assert looked.state(fresh=True).path == state.path
    assert not (tmp_path / "sessions").exists()
    looked.close()
    assert not os.path.exists(state.path)


def test_a_price_list_with_a_mistake(tmp_path):
    """With one nothing is begun; one that comes later is told, and the prices stay as they were."""
    own = tmp_path / ".prices.json"
    own.write_text("{", encoding="utf-8")
    with pytest.raises(BadPriceListError):
        Folder(str(tmp_path), NOWHERE)
    own.unlink()

    looked = Folder(str(tmp_path), NOWHERE)
    before = looked.state()
    own.write_text("{", encoding="utf-8")
    after = looked.state(fresh=True)

    assert before.problem == ""
    assert str(own) in after.problem
    assert after.book is before.book
