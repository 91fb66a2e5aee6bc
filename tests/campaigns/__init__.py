"""Programs that try the monitor for long, each with ``--help``, and the tests that run a short form of them.

Each is run from the checkout as ``python3 -m tests.campaigns.NAME``; the code that they try is found beside.
"""

import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(_ROOT), str(_ROOT / "scripts")]
