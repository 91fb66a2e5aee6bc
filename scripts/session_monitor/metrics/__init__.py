"""What does a monitoring system read off, again and again: numbers with labels, never a session or a text?

Its rooms in reading order, ● those that others may come in by:

    families       a metric with its samples; which there are (families.json)
    text_format ●  the same as Prometheus reads it
    otlp_form ●    the same as OpenTelemetry has it (otlp_names.json)
    of_calls       what calls add up to, by model and consumer, in counts that can be added
    series         which models and consumers have series of their own, so that these stay few, and stay
    ledger         why counters never fall, whatever is deleted or priced anew
    of_log         how much of the log was read, how much is unread, when somebody last looked
    of_limits      how much of budgets is spent, and which alerts fire
    of_stores      how far behind stores elsewhere are
    scrape ●       all of it for one folder, each time anew
"""
