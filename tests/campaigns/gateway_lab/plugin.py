"""Where is the gateway's plugin, and how does a plain Envoy take it?"""

from __future__ import annotations

import importlib.util
from pathlib import Path

STATISTICS = "ai-statistics/2.0.0"
PROXY = "gpustack-ai-proxy/2.0.3-patched"
_EXPORTS = 7
"""The number of a module's section that names what it exports."""


def find(name):
    """The module of a plugin of the package gpustack-higress-plugins; None where that is not installed."""
    package = importlib.util.find_spec("gpustack_higress_plugins")
    for place in (package and package.submodule_search_locations) or ():
        path = Path(place) / "plugins" / name / "plugin.wasm"
        if path.is_file():
            return path
    return None


def for_envoy(module):
    """The bytes of a module with the marker of the interface that Envoy knows.

    The gateway's own build of Envoy has a marker of its own for the same interface with more in it: the plugins ask
    for the more (Redis) only where they are configured to.
    """
    out, place = [module[:8]], 8
    while place < len(module):
        number = module[place]
        size, start = _number(module, place + 1)
        place = start + size
        section = module[start:place]
        if number == _EXPORTS:
            section = _with_envoys_marker(section)
        out.append(bytes([number]) + _bytes(len(section)) + section)
    return b"".join(out)


def _with_envoys_marker(section):
    count, place = _number(section, 0)
    out, renamed = [_bytes(count)], 0
    for _ in range(count):
        length, start = _number(section, place)
        name, kind = section[start : start + length], section[start + length]
        index, place = _number(section, start + length + 1)
        if name.startswith(b"proxy_abi_version_"):
            name, renamed = b"proxy_abi_version_0_2_1", renamed + 1
        out.append(_bytes(len(name)) + name + bytes([kind]) + _bytes(index))
    if renamed != 1:
        raise ValueError(f"{renamed} markers of the interface in the module, not 1")
    return b"".join(out)


def _number(data, place):
    """A number in WebAssembly's form (LEB128), and where it ends."""
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place


def _bytes(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
