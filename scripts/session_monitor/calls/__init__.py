"""What does one log line say?

Its rooms in reading order, ● those that others may come in by:

    ai_log ●        the gateway's keys -> a Round: the one place that knows them
    round ●         what one LLM call is, in the project's own terms
    access_line ●   the outer line, whole or broken; why a line is no call
    wrapped_lines   what a container engine or a shipper wrapped it in
    joined_lines ●  lines that were cut into pieces, put together
    short_lines ●   the same answer without decoding, for lines without content
    long_lines ●    the same answer without decoding what was sent before
    outcome ●       how it ended: ok, left, failed
    usage ●         token counts as disjoint kinds
    messages ●      roles, parts, tool calls and results, of every protocol
    tool_results ●  which tools were asked for, and what came back
    coverage ●      how much of the log the totals speak for
"""
