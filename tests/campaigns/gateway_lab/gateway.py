"""Envoy with the gateway's own plugin in it: what the plugin makes of a call stands in Envoy's access log."""

from __future__ import annotations

import json

from tests.campaigns.gateway_lab import plugin
from tests.tools.envoy_lab import EXTENSIONS, EnvoyLab, access_log_format

ROOM = 100 << 20
"""Bytes of a body that Envoy holds for the plugin: the whole history of an agent."""
DEAD, SHORT = "x-dead", "x-short"
"""Request headers: to a provider that nobody is; with a second's time."""


class Gateway(EnvoyLab):
    """One Envoy with ai-statistics in one configuration, and with ai-proxy behind it where that has one."""

    workers = 1  # each compiles the plugin for itself, which takes seconds

    def __init__(self, log_path, provider_port, configuration, proxy=None):
        super().__init__(log_path)
        self._provider_port = provider_port
        self._filters = [_Filter("ai-statistics", plugin.STATISTICS, configuration)]
        if proxy is not None:
            self._filters.append(_Filter("ai-proxy", plugin.PROXY, proxy))

    def config(self):
        """The bootstrap."""
        modules = self.log_path.parent
        filters = [each.entry(modules) for each in self._filters]
        router = {"@type": f"{EXTENSIONS}.filters.http.router.v3.Router"}
        manager = {
            "@type": f"{EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "gateway",
            "max_request_headers_kb": 96,
            "preserve_external_request_id": True,
            "use_remote_address": True,
            "access_log": [{"name": "file", "typed_config": self._access_log()}],
            "http_filters": [*filters, {"name": "router", "typed_config": router}],
            "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": _routes()}]},
        }
        chain = {"filters": [{"name": "http", "typed_config": manager}]}
        listener = {"name": "in", "address": _address(0), "filter_chains": [chain]}
        listener["per_connection_buffer_limit_bytes"] = ROOM
        # Nobody listens on port 1 of this machine.
        clusters = [_cluster("lab", self._provider_port), _cluster("dead", 1)]
        return {
            "admin": {"address": _address(0)},
            "static_resources": {"listeners": [listener], "clusters": clusters},
        }

    def _access_log(self):
        return {
            "@type": f"{EXTENSIONS}.access_loggers.file.v3.FileAccessLog",
            "path": str(self.log_path),
            "log_format": {"text_format_source": {"inline_string": access_log_format()}},
        }


class _Filter:
    """One plugin as one of Envoy's filters."""

    def __init__(self, name, module, configuration):
        self._name, self._module, self._configuration = name, module, configuration

    def entry(self, folder):
        """It in Envoy's configuration; its module is put into the folder."""
        path = folder / f"{self._name}.wasm"
        if not path.exists():
            path.write_bytes(plugin.for_envoy(plugin.find(self._module).read_bytes()))
        value = json.dumps(self._configuration)
        config = {
            "name": self._name,
            "fail_open": True,  # a plugin that does not start is seen in the log: no line of it has anything
            "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": value},
            "vm_config": {
                "vm_id": self._name,
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": str(path)}},
            },
        }
        if self._name == "ai-proxy":
            config["allow_on_headers_stop_iteration"] = True
        typed = {"@type": f"{EXTENSIONS}.filters.http.wasm.v3.Wasm", "config": config}
        return {"name": self._name, "typed_config": typed}


def _routes():
    def route(name, cluster, header=None, **more):
        match = {"prefix": "/", **({"headers": [{"name": header, "present_match": True}]} if header else {})}
        return {"name": f"ai-route-{name}.internal", "match": match, "route": {"cluster": _named(cluster), **more}}

    return [
        route("dead", "dead", DEAD),
        route("short", "lab", SHORT, timeout="1s"),
        route("lab", "lab", timeout="60s"),
    ]


def _named(cluster):
    return f"outbound|443||llm-{cluster}.internal.dns"


def _address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _cluster(name, port):
    endpoint = {"endpoint": {"address": _address(port)}}
    assigned = {"cluster_name": _named(name), "endpoints": [{"lb_endpoints": [endpoint]}]}
    shape = {"type": "STATIC", "connect_timeout": "1s", "per_connection_buffer_limit_bytes": ROOM}
    return {"name": _named(name), **shape, "load_assignment": assigned}
