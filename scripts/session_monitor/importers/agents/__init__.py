"""Which calls do the files of an agent tell of?

A room makes calls of what it reads, and knows nothing of where they go.  They are in reading order, ● those that others may
come in by:

    found ●         what a reader gives and is given: calls, and what was passed over
    json_lines ●    the lines of a file that a stranger wrote
    databases ●     an agent's database, read and never written
    claude_code     Claude Code's files
    codex           those of Codex
    rollouts        one of these, event by event
    openclaw        OpenClaw's database, and the files it kept before
    gemini          those of Gemini CLI
    qwen            those of Qwen Code
    opencode        the database of opencode, and the files it kept before
    readers ●       which room reads the files of which agent
"""
