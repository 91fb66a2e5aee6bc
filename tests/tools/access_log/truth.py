"""What must a correct reader find in a log of the profiles?"""


def _new_totals():
    return {
        "rounds": 0,
        "failed": 0,
        "input_tokens": 0,
        "output_tokens": 0,
        "total_tokens": 0,
        "reasoning_tokens": 0,
        "cached_tokens": 0,
        "cache_creation_tokens": 0,
        "reasoning_tokens_field": 0,
        "cached_tokens_field": 0,
    }


class Truth:
    """What a correct reader must find.

    ``rounds`` counts every line with an ``ai_log`` object, failed calls included.  ``reasoning_tokens`` and
    ``cached_tokens`` come from whatever the provider reported (also ``thoughts_token_count``,
    ``cache_read_input_tokens``, ``cached_content_token_count`` in the details); the ``*_field`` sums hold only what
    the plain ``ai_log.reasoning_tokens`` / ``ai_log.cached_tokens`` fields say.  A failed call has the model
    "unknown".  Lines that are cut off (``lost``) are in no total; lines whose outer JSON alone is broken are in all.
    """

    def __init__(self):
        self.sessions, self.models, self.dates = {}, {}, {}
        self.no_session = self._record()
        self.counts = {
            "lines": 0,
            "ai_lines": 0,
            "noise": 0,
            "outer_json_broken": 0,
            "lost": 0,
            "no_session": 0,
            "failed": 0,
            "string_numbers": 0,
            "truncated_values": 0,
        }

    @staticmethod
    def _record():
        return {**_new_totals(), "models": [], "first_start_time": None, "last_start_time": None}

    def add(self, session_id, model, usage, start_time):
        """Count one call."""
        record = self.no_session if session_id is None else self.sessions.setdefault(session_id, self._record())
        by_model = self.models.setdefault(model, _new_totals())
        by_date = self.dates.setdefault(start_time[:10], _new_totals())
        for totals in (record, by_model, by_date):
            totals["rounds"] += 1
            totals["failed"] += not usage
            for key, value in usage.items():
                totals[key] += value
        if model not in record["models"]:
            record["models"].append(model)
        record["first_start_time"] = min(record["first_start_time"] or start_time, start_time)
        record["last_start_time"] = max(record["last_start_time"] or start_time, start_time)

    def as_dict(self):
        """The JSON form."""
        return {
            "counts": self.counts,
            "no_session": self.no_session,
            "models": self.models,
            "dates": self.dates,
            "sessions": self.sessions,
        }
