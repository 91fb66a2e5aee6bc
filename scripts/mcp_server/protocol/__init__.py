"""How does the Model Context Protocol go, whatever it is about?

Its rooms in reading order, ● those that others may come in by:

    messages ●   JSON-RPC on lines: what is a message, and what is wrong with one that is none
    versions ●   by which version of the protocol a request is answered, and what that adds
    schemas ●    do arguments fit the schema of a tool
    lanes ●      work that takes longer, done one after the other, and given up when it is cancelled
"""
