"""Three gateways and one store: passes of cron over logs that logrotate rotates, some killed, in short.

The long form, with real engines and monitors that go on, is ``python3 -m tests.campaigns.fleet``.
"""

from __future__ import annotations

import subprocess
import sys

from tests.campaigns.costs import compared
from tests.campaigns.fleet import judging
from tests.campaigns.fleet.gateways import WAYS, RotatedGateway
from tests.campaigns.fleet.monitors import pass_of
from tests.support.clickhouse_relay import BEFORE, BEHIND, CUT, PASS, FleetRelay
from tests.support.clickhouse_standin import ClickHouseStandIn
from tests.support.command_line import CLI
from tests.support.needs import need_tool

CALLS = 30


def passes(gateways, relay, *beside):
    """A pass of each gateway's monitor, side by side; how many were killed."""
    commands = [[*pass_of(each, relay.address), "--once"] for each in gateways]
    running = [subprocess.Popen(each, stderr=subprocess.DEVNULL) for each in (*commands, *beside)]
    relay.victims = {each.name: process for each, process in zip(gateways, running)}
    return sum(each.wait(300) < 0 for each in running)


def test_each_call_of_each_gateway_is_in_the_store_once(tmp_path):
    """By every way of rotation, with a pass killed before and one behind the store's taking, a cut answer, and a folder that two ship."""
    known, program = compared.document(), need_tool("logrotate")
    gateways = [
        RotatedGateway(tmp_path / way, f"gw-{at}", program, known, CALLS, at, way) for at, way in enumerate(WAYS)
    ]
    with ClickHouseStandIn() as server, FleetRelay(server.port) as relay:
        relay.address = server.address.replace(str(server.port), str(relay.port))
        second = [sys.executable, CLI, "ship", "--to", relay.address, "--gateway", "gw-2"]
        second += ["--data-dir", str(gateways[2].sessions)]
        for gateway in gateways:
            gateway.write(CALLS // 3)
        relay.plays = {"gw-0": BEFORE, "gw-1": BEHIND, "gw-2": CUT}
        assert passes(gateways, relay) == 2
        for gateway in gateways:
            gateway.rotate()
            gateway.close()
        passes(gateways[2:], relay, second)
        for _ in range(10):  # a pass ships for ten seconds at most; one does where a machine has time
            passes(gateways, relay)
            if len(server.kept.holding()) >= 3 * CALLS:
                break

        assert relay.played.keys() == {BEFORE, BEHIND, CUT, PASS}
        assert judging.differences(gateways, server.kept.holding()) == []


def test_what_is_lost_twice_or_otherwise_is_told(tmp_path):
    """The judge that says nothing of right rows says something of each wrong one."""
    known, program = compared.document(), need_tool("logrotate")
    gateway = RotatedGateway(tmp_path, "gw", program, known, 3, 1, WAYS[0])
    right = [row_of("gw", at, call) for at, call in gateway.truth.items()]
    others = {**right[2], "fresh": right[2]["fresh"] + 1}
    gateway.close()

    assert judging.differences([gateway], right) == []
    (lost, strange, twice, changed) = judging.differences(
        [gateway], [right[0], right[0], {**right[0], "gateway": "x"}, others]
    )
    assert lost == "gw, call 2: lost"
    assert strange == "x, call 1: nobody's"
    assert twice == "gw, call 1: 2 times"
    assert changed.startswith("gw, call 3: Call(")


def row_of(gateway, at, call):
    """A store's row of a call."""
    micro = None if call.cost is None else call.cost * 10**6 // 1
    rest = None if call.cost is None else int(call.cost * 10**12 - micro * 10**6)
    counts = {name: getattr(call, name) for name in judging.COUNTS}
    return {"gateway": gateway, "duration_ms": at, "model": call.model, **counts, "usd": micro, "pico": rest}
