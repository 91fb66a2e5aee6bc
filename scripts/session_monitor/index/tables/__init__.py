"""How do session files become rows of the index's tables?

Its rooms in reading order, ● those that others may come in by:

    schema ●       its tables, and what their numbers mean
    numbering ●    numbers for names
    ways ●         a route and the cluster behind it as one name
    rows ●         session files as rows
    round_flags ●  what has to be told of a round, in bits
    round_costs ●  what rounds cost
    round_sums     what they add up to
    latencies ●    how long calls took, as histograms that add up
    tool_rows ●    what rounds had to do with tools
    pool ●         rows of many files, made side by side
"""
