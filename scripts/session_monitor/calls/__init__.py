"""What does one log line say?

Its rooms in reading order, ● those that others may come in by:

    ai_log ●        the gateway's keys -> a Round: the one place that knows them
    round ●         what one LLM call is, in the project's own terms
    access_line ●   the outer line, whole or broken
    attributes      what the gateway's plugins wrote in it
    requests ●      is it a call to a model (requests.json)
    outcome ●       how it ended: ok, left, failed
    content         what was said, as far as the line holds it
    questions ●     what a person asked, without what their agent put around it (agent_frames.json)
    answers         what the model answered, and whether the line tells
    short_lines ●   the same call without decoding, for lines without content
    long_lines ●    the same call without decoding what was sent before
    heavy_lines ●   what of a line would take too much room once it is decoded
    usage ●         token counts as disjoint kinds
    cache_marks     for how long a client asks to keep what goes into a cache
    messages ●      roles, parts, tool calls and results, of every protocol
    tool_results ●  which tools were asked for, and what came back
    coverage ●      how much of the log the totals speak for
"""
