"""What a Higress gateway writes into its access log, made up: the rooms of gen_access_log.py.

    go.py          how Go writes values
    outer_line.py  how Envoy writes a line
    imitated.py    models, configurations of the plugin, profiles, texts

Logs of profiles, with sums as their truth:

    sessions.py    what a session of a profile sends
    truth.py       what a correct reader must find
    profiles.py    the lines

Logs of what was observed, with a truth for each call:

    written.py     one line that is to be written, and what must be said of it
    situations.py  all that can become of a call, and what is no call
    agents.py      what real agents send
    shapes.py      how a line reaches its file
    observed.py    the lines
"""
