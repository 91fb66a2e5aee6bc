"""What is sent again with every call, and what does that cost?

Its rooms in reading order, ● those that others may come in by:

    call_split ●      what of one call is for what was sent before
    carried ●         what each message cost, with every call that sent it again
    context ●         what a session's prompts cost: sent again, new, and which messages were dear
    heavy_messages ●  long messages sent again and again, and texts that stand twice in a list
    compactions ●     where a history was cut down, what that saved and cost
    windows ●         how long a prompt may be (windows.json), and which came near that
"""
