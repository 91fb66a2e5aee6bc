"""What do agents, and people at work with them, tell of themselves?

Its rooms in reading order, ● those that others may come in by:

    work ●      begin and end a piece of work
    today ●     how one's projects stand
    day         how that is told: to people, to an agent, to others
    logged ●    state a call that no gateway logged
    proxy ●     pass calls on to their providers, and record them
    run ●       run a command, and record its calls
    recording   how proxy and run begin to record
    child       a program that runs as if it had been started by itself
    meter       what its calls have cost by now
    imports ●   take over what agents' own files tell of
    hook ●      count the new calls of an agent's transcript, as its hook
"""
