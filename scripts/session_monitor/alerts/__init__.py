"""What does a person have to hear of, and have they?

Its rooms in reading order, ● those that others may come in by:

    rules ●       what is looked for besides budgets, and what is not told for a while
    condition     something that is so now, and is to be told
    of_budgets    which budgets are near their limits, or beyond
    of_calls      calls that fail, sessions that grow dear or long, models without a price
    of_insights   agents that are stuck, caches that break
    of_reading    calls that were lost, a log that grows unread
    gate ●        whether anything can be so that was not told yet
    rooms         how much may be spent until then
    raised ●      what was told already, and what of it is over
    watch ●       all of it after a poll: look, tell, remember
"""
