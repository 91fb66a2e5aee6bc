"""How is a table read that lies beside the code that uses it?"""

from __future__ import annotations

import json
import os
from typing import Any


def beside(module: str, name: str) -> Any:
    """What the JSON file of this name holds, in the folder of the module whose ``__file__`` is given."""
    with open(os.path.join(os.path.dirname(module), name), encoding="utf-8") as file:
        return json.load(file)
