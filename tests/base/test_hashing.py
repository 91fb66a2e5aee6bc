"""What hashes bytes?"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from session_monitor.base import hashing

SCRIPTS = Path(__file__).parent.parent.parent / "scripts"
WITHOUT = """
import sys
sys.path.insert(0, sys.argv[1])
sys.modules.update(dict.fromkeys(sys.argv[2:]))
from session_monitor.base import hashing
print(hashing.sha256(b"bytes").hexdigest(), hashing.blake2b(b"bytes", digest_size=12).hexdigest())
"""


def test_the_same_as_the_standard_librarys():
    """What was hashed by one is found by the other, whatever a Python has behind it."""
    for data in (b"", b"bytes", bytes(100_000)):
        assert hashing.sha256(data).hexdigest() == hashlib.sha256(data).hexdigest()
        assert hashing.blake2b(data, digest_size=12).digest() == hashlib.blake2b(data, digest_size=12).digest()


@pytest.mark.parametrize("lacks", [("_sha2",), ("_sha2", "_sha256")])
def test_a_python_that_lacks_one(lacks):
    """Where a Python was built without one of its own modules there is another way to the same."""
    expected = f"{hashlib.sha256(b'bytes').hexdigest()} {hashlib.blake2b(b'bytes', digest_size=12).hexdigest()}"
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, SCRIPTS, *lacks], capture_output=True, text=True, check=True
    ).stdout.strip()

    assert done == expected
