"""How does a shell complete the commands?

Its rooms in reading order, ● those that others may come in by:

    command ●  completion, and what it asks for itself
    tree       which commands, options and values there are
    shells     what each shell's script says
"""
