"""What was said in a session, and how does it read?

Its rooms in reading order, ● those that others may come in by:

    conversation ●   a session's rounds with their costs
    round_pages ●    rounds a page at a time, cut to what fits
    follow ●         rounds as they come
    clipping ●       long texts, cut in their middle
    remarks ●        what has to be known of a round: how it ended, what the log does not tell
    reasons ●        why a round cost what it did, and why the cache missed
    cache_of_round   what the cache should have had of a round's prompt
    sub_agents ●     which round began the conversation of which sub-agent
    passages         what was said, passage by passage, whatever the form
    transcript ●     as text
    markdown_page ●  as Markdown
    html_page ●      as one HTML page
"""
