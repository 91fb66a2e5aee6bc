"""What do the calls add up to?

Its rooms in reading order, ● those that others may come in by:

    names ●     stats-model and other names, summary
    latency ●   stats-latency: how quickly and how reliably calls were answered
    dates ●     stats-date
    prompts ●   stats-prompt: by system prompt
    metrics ●   metrics, for a monitoring system
    sums_table  how a table of sums looks
"""
