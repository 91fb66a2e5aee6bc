"""How do agents ask about sessions, by the Model Context Protocol (MCP)?

``protocol/`` is what any server needs, and ``tools/`` is what each tool answers.  Rooms in reading order, ● those that
others may come in by:

    catalog      which tools and prompts there are, as tools.json and prompts.json tell
    toolbox      which room answers which tool, and what is said where there is no answer
    resources    sessions as resources
    methods ●    what is answered to which method
    server ●     from the lines of a client to the answers on lines
"""
