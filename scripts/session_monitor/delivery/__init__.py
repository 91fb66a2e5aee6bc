"""How does somebody hear of what was told, wherever they are?

Its rooms in reading order, ● those that others may come in by:

    event ●         what is told
    receivers       what differs from one kind of receiver to the next (receivers.json)
    targets ●       who is to be told, as .alerts.json says
    delivery_log ●  what became of each
    outbox ●        what waits to be told, on disk
    limits          text made harmless, and cut as receivers count
    messages        what a person reads of one event, or of many
    signatures      how a receiver knows that it was us
    chats           what each kind of chat is sent
    services        what other programs are sent
    payloads        what any target is sent
    answers ●       was it taken, and shall it be tried again
    pacing          how fast, and how soon again
    transport       over HTTP, to a program, by mail
    sender ●        the thread that sends, or a pass
"""
