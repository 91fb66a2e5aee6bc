"""How does Envoy write a line of the access log?"""

# The fields of helm's accessLogFormat after "ai_log", in order.
OUTER_FIELDS = (
    "authority",
    "bytes_received",
    "bytes_sent",
    "downstream_local_address",
    "downstream_remote_address",
    "duration",
    "istio_policy_status",
    "method",
    "path",
    "protocol",
    "request_id",
    "requested_server_name",
    "response_code",
    "response_flags",
    "route_name",
    "start_time",
    "trace_id",
    "upstream_cluster",
    "upstream_host",
    "upstream_local_address",
    "upstream_service_time",
    "upstream_transport_failure_reason",
    "user_agent",
    "x_forwarded_for",
    "response_code_details",
)


def iso_millis(moment):
    """Envoy's %START_TIME%: UTC with milliseconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def text_line(ai_log, values):
    """The text template of the Higress helm chart: it looks like JSON, and nothing but ``ai_log`` is escaped for that."""
    rest = ",".join(f'"{name}":"{values.get(name, "-")}"' for name in OUTER_FIELDS)
    return f'{{"ai_log":"{ai_log}",{rest}}}\n'.encode()
