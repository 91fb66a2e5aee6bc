"""How does a call read in OpenTelemetry's protocol (OTLP) and by the names that it has for generative AI?

Its rooms in reading order, ● those that others may come in by:

    telemetry ●   spans and metrics, as plain values
    ids           which trace and which span a call is, the same each time
    names         under which names each fact is sent (names.json)
    content       what was said, as OpenTelemetry has messages
    spans ●       a stored round as a span
    wire          protobuf's bytes
    protobuf ●    requests as protobuf, and what an answer in it says
    otlp_json ●   the same as JSON
"""
