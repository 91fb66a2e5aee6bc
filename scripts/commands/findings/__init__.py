"""What stands out among the calls?

Its rooms in reading order, ● those that others may come in by:

    top ●          the dearest rounds, the largest results of tools
    errors ●       stats-errors: how calls failed
    tools ●        stats-tool: how tools did
    drivers ●      why a time cost more or less than the one before it
    insights ●     what goes wrong in sessions, and why they cost that
    insight_rules  what is looked for, from which limits on, and how these are set
    insight_words  how findings read
"""
