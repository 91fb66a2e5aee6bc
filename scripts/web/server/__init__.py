"""How are requests read and answers written, so that nobody hurts the others?

Its rooms in reading order, ● those that others may come in by:

    server ●       who listens, and takes connections in
    handler ●      one connection, request by request
    head           what a request's head says, or why it is refused
    wire           how an answer reads in bytes
    outgoing       how long is waited for whoever reads
    exchange ●     requests, answers and refusals as values
    connections ●  which are open, and which has to go
    shares ●       how much each visitor may hold at a time
    access ●       who is asking, and what they may see
    peers ●        which user of this machine a connection comes from
    events ●       what is told as it happens
"""
