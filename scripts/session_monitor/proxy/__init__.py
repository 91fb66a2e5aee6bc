"""How are calls recorded that go to their providers without a gateway?

By a proxy on this machine that programs are pointed to: it passes on what they send, byte for byte, and what they are answered, and
writes a line for each call.  Its rooms in reading order, ● those that others may come in by:

    server ●     the proxy from its beginning to its end
    client       one connection of a client: may it ask, and what
    routes ●     to which provider a request goes (providers.json)
    callers ●    whose session it is, and which agent's (callers.json)
    clients ●    how programs are pointed to the proxy (clients.json)
    bodies       the body of a request
    exchange     one request there, and its answer back
    upstream     connections to providers
    siblings     other proxies that record into the same data folder
    departures   clients that leave before their answer is there
    injection    a stream asked for its tokens, as if it had not been
    call ●       what is known of a call, and its line in the log
"""
