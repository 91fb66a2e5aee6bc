"""Which calls do the agents' own session files tell of, that no gateway has logged?

An agent's room makes calls of its files, and knows nothing of where they go.  Each call comes once, whatever the files say
of it how often.  Its rooms in reading order, ● those that others may come in by:

    places ●        where each agent keeps its sessions
    found           what a reader gives and is given: calls, and what was passed over
    json_lines      the lines of a file that a stranger wrote
    databases       an agent's database, read and never written
    claude_code     Claude Code's files
    codex           those of Codex
    rollouts        one of these, event by event
    openclaw        OpenClaw's database, and the files it kept before
    gemini          those of Gemini CLI
    qwen            those of Qwen Code
    opencode        the database of opencode, and the files it kept before
    readers         which room reads the files of which agent
    progress        which files were read, as they are now
    logged          which calls a gateway has logged already
    proxied         which of those that tell no id the proxy has
    tally ●         what was found adds up to
    importing ●     one import: what is new, in order, into the log
"""
