"""Which way did a call go?

The names of the gateway's route and of the cluster behind it, kept as one; with that of the gateway where there are several.
"""

from __future__ import annotations


def way_of(route: str | None, cluster: str | None, gateway: str | None = None) -> str | None:
    """The names of a route, of the cluster behind it and of the gateway as one; None where none is known."""
    if not gateway:
        return f"{route or ''}\n{cluster or ''}" if route or cluster else None
    return "\n".join(_on_one_line(name) for name in (route, cluster, gateway))


def _on_one_line(name: str | None) -> str:
    return (name or "").replace("\n", " ")


def route_and_cluster(way: str | None) -> tuple[str | None, str | None]:
    """What ``way_of`` made one of, without the gateway."""
    route, _, rest = (way or "").partition("\n")
    return route or None, rest.partition("\n")[0] or None


def gateway_of(way: str | None) -> str | None:
    """The gateway of a way; None where there is but one, which nobody names."""
    names = (way or "").split("\n", 2)
    return names[2] if len(names) > 2 else None
