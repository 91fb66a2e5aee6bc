"""What hashes bytes?

What ``hashlib`` has, from the modules behind it: loading ``hashlib`` loads OpenSSL, which takes longer than much of what
a pass without new lines does.  The standard library's ``random`` does the same for that reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import blake2b, sha256
else:
    try:
        from _blake2 import blake2b

        from _sha2 import sha256
    except ImportError:
        try:  # before Python 3.12
            from _sha256 import sha256
        except ImportError:  # a Python that was built without its own
            from hashlib import blake2b, sha256

__all__ = ["blake2b", "sha256"]
