"""Why did a session cost that, and what goes wrong in it?

Its rooms in reading order, ● those that others may come in by (beneath them ``basis/``, ``caching/``, ``resent/`` and ``judging/``,
which need no file, and ``kept/``):

    session_insights ●   what is found in one session
    session_context ●    what its prompts cost, call by call and message by message
    cache_totals ●       what its caching comes to
    all_findings ●       what is found in all that are meant
    live ●               what is found in those that are at work right now
    wording ●            how a finding is said
    what_changed ●       which words of a prompt are other ones than before
    prompt_statistics ●  what calls cost under each system prompt
    own_rules ●          what a person wants to be found, and what not any more
    answers              a question, over what is kept and current
    up_to_date           how what is kept follows the index, the prices and the rules
    judged_calls         the calls of a session, as rules see them, and what becomes of it
    usual                what is usual for sessions, as they have shown
    forgetting ●         nothing is left of sessions that are deleted
"""
