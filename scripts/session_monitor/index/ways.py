"""Which way did a call go?

The names of the gateway's route and of the cluster behind it, kept as one.
"""

from __future__ import annotations


def way_of(route: str | None, cluster: str | None) -> str | None:
    """The names of a route and of the cluster behind it as one; None where neither is known."""
    return f"{route or ''}\n{cluster or ''}" if route or cluster else None


def route_and_cluster(way: str | None) -> tuple[str | None, str | None]:
    """What ``way_of`` made one of."""
    route, _, cluster = (way or "").partition("\n")
    return route or None, cluster or None
