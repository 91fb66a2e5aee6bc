"""Which calls do the agents' own session files tell of, that no gateway has logged?

Each call comes once, whatever the files say of it how often.  Its rooms in reading order, ● those that others may come in by;
beneath them ``agents/`` makes calls of the files of each agent:

    places ●        where each agent keeps its sessions
    progress        which files were read, as they are now
    logged          which calls a gateway has logged already
    proxied         which of those that tell no id the proxy has
    tally ●         what was found adds up to
    importing ●     one import: what is new, in order, into the log
"""
