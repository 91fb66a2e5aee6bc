"""How are requests read and answers written, so that nobody hurts the others?

Its rooms in reading order, ● those that others may come in by:

    server ●       who listens, and takes connections in
    handler ●      one connection, request by request
    wire           how an answer reads in bytes
    exchange ●     requests, answers and refusals as values
    connections ●  who is connected, and for how long
    access ●       who may see what
    events ●       what is told as it happens
"""
