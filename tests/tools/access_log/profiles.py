"""Logs of the profiles, line by line, and their truth."""

import random
from datetime import timedelta

from tests.tools.access_log.go import go_map, go_marshal
from tests.tools.access_log.imitated import BREAKING_USER_AGENTS, NOISE, PROFILES, USER_AGENTS
from tests.tools.access_log.outer_line import iso_millis, text_line
from tests.tools.access_log.sessions import Session, Text
from tests.tools.access_log.truth import Truth

NUMERIC_KEYS = (
    "input_token",
    "output_token",
    "total_token",
    "reasoning_tokens",
    "cached_tokens",
    "llm_first_token_duration",
    "llm_service_duration",
)


class Generator:
    """Writes the lines and keeps the ground truth."""

    def __init__(self, args):
        self.args = args
        self.rng = random.Random(args.seed)
        self.text = Text(self.rng)
        self.truth = Truth()
        self.window = []  # the sessions that are talking now
        self.opened = 0
        self.ai_lines = 0

    def _pick_session(self, progress):
        """Open sessions evenly over the log; otherwise continue one of those that are open."""
        wanted = self.args.sessions
        due = wanted * progress if wanted else self.ai_lines / PROFILES[self.args.profile].rounds
        if not self.window or (self.opened <= due and (not wanted or self.opened < wanted)):
            self.window.append(Session(self.opened, self.rng, self.text, self.args))
            self.opened += 1
            del self.window[: -self.args.concurrency]
            return self.window[-1]
        return self.rng.choice(self.window)

    def lines(self):
        """Yield the log, line by line, as bytes, until --lines or --bytes is reached."""
        args, rng, counts = self.args, self.rng, self.truth.counts
        written = number = 0
        while number < args.lines if args.lines is not None else written < args.bytes:
            progress = number / args.lines if args.lines is not None else written / args.bytes
            moment = args.start + timedelta(seconds=number / args.rate)
            if rng.random() < args.noise:
                line = self._noise_line(moment)
                counts["noise"] += 1
            else:
                line = self._ai_line(self._pick_session(progress), moment, written)
                self.ai_lines += 1
            counts["lines"] += 1
            number += 1
            written += len(line)
            yield line

    def _ai_line(self, session, moment, offset):
        rng, args, counts = self.rng, self.args, self.truth.counts
        attrs, outer, usage = session.call()
        start_time = iso_millis(moment - timedelta(milliseconds=int(outer["duration"])))
        if args.style == "skill":  # that shape has whole seconds only
            start_time = start_time[:19] + "Z"
        counts["truncated_values"] += sum(
            isinstance(value, str) and " [truncated] " in value for value in attrs.values()
        )
        if args.clean:
            attrs = {key: value for key, value in attrs.items() if value is not None}
        elif rng.random() < args.no_session:
            del attrs["session_id"]
        if not args.clean and rng.random() < args.string_numbers:
            attrs.update({key: str(attrs[key]) for key in NUMERIC_KEYS if isinstance(attrs.get(key), int)})
            counts["string_numbers"] += 1
        if not args.clean and rng.random() < args.broken_outer:
            outer["user_agent"] = rng.choice(BREAKING_USER_AGENTS)
            counts["outer_json_broken"] += args.style == "real"

        line = self._render(go_marshal(go_marshal(go_map(**attrs)))[1:-1], outer, start_time, offset)
        if not args.clean and rng.random() < args.cut:  # e.g. the disk was full: the rest of the line is missing
            counts["lost"] += 1
            return line[: rng.randint(12, min(len(line), 400) - 2)].decode("utf-8", "ignore").encode() + b"\n"
        counts["ai_lines"] += 1
        counts["no_session"] += "session_id" not in attrs
        counts["failed"] += not usage
        self.truth.add(attrs.get("session_id"), attrs.get("model", "unknown"), usage, start_time)
        return line

    def _noise_line(self, moment):
        method, path, code = self.rng.choice(NOISE)
        outer = {
            "authority": "www.example.com",
            "method": method,
            "path": path,
            "response_code": str(code),
            "duration": str(self.rng.randint(1, 80)),
            "response_flags": "-",
            "response_code_details": "via_upstream",
            "route_name": "www-route",
            "upstream_cluster": "outbound|8080||web.default.svc.cluster.local",
            "user_agent": self.rng.choice(USER_AGENTS),
            "bytes_received": "0",
            "bytes_sent": str(self.rng.randint(0, 60000)),
        }
        start_time = iso_millis(moment)
        return self._render("-", outer, start_time[:19] + "Z" if self.args.style == "skill" else start_time, 0)

    def _render(self, ai_log, outer, start_time, offset):
        rng = self.rng
        if self.args.style == "skill":
            return f'{{"__file_offset__":"{offset}","timestamp":"{start_time}","ai_log":"{ai_log}"}}\n'.encode()
        address = f"10.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}"
        upstream = f"47.98.{rng.randint(0, 255)}.{rng.randint(1, 254)}:443"
        digits = f"{rng.getrandbits(128):032x}"
        request_id = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-9{digits[17:20]}-{digits[20:]}"
        values = {
            "downstream_local_address": "10.0.1.7:80",
            "downstream_remote_address": f"{address}:{rng.randint(1024, 65535)}",
            "protocol": "HTTP/1.1",
            "request_id": request_id,
            "start_time": start_time,
            "upstream_host": upstream,
            "upstream_local_address": f"10.0.1.7:{rng.randint(1024, 65535)}",
            "x_forwarded_for": address,
            "upstream_service_time": outer["duration"],
            **outer,
        }
        return text_line(ai_log, values)
