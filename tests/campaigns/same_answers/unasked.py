"""Which commands and addresses of BEFORE is nothing asked of?"""

from __future__ import annotations

import json
import re

from tests.campaigns.same_answers.asked import questions
from tests.campaigns.same_answers.commands import commands_of
from tests.campaigns.same_answers.served import web_names
from tests.campaigns.same_answers.servers import fetch, serving

_OF_COMMANDS = ("commands_each_log", "commands_each_log_as_they_are", "commands_sample", "commands_no_log", "changes")
_OF_ADDRESSES = ("addresses", "addresses_events")


def unasked(campaign):
    """Commands and addresses of BEFORE that are in no list of questions, the whole of which counts here."""
    asked = "\n".join(line for name in _OF_COMMANDS for line in questions(name))
    missing = [name for name in commands_of(campaign.sides[0]) if not re.search(rf"(?m)(^|=\S+ ){name}( |$)", asked)]
    names = web_names(campaign, "sample")
    paths = {line.format(**names).partition("?")[0] for name in _OF_ADDRESSES for line in questions(name)}
    with serving(campaign, "sessions/sample", "--quiet") as ports:
        described = json.loads(fetch(ports[0], "/api/openapi.json").body)["paths"]
    return [*missing, *(path for path in described if path not in paths)]
