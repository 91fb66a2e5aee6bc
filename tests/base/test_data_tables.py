"""How is a table read that lies beside the code that uses it?"""

from __future__ import annotations

from session_monitor.base import data_tables


def test_a_table_is_read_from_the_folder_of_its_module(tmp_path, monkeypatch):
    """What the file beside the module holds comes back, whatever folder the program is run from and whatever its language."""
    (tmp_path / "words.json").write_bytes('{"words": ["查询", "é"]}'.encode())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("LC_ALL", "C")

    assert data_tables.beside(str(tmp_path / "module.py"), "words.json") == {"words": ["查询", "é"]}
