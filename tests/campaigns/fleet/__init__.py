"""Are the rounds of many gateways in one store once each, and what does such a store take?

Its rooms in reading order:

    gateways   gateways that write logs which logrotate rotates, and what each of their calls is
    monitors   a monitor for each, killed and begun again
    cluster    a store of several servers: shards, replicas
    judging    whether the store says what the logs are the truth of
    sizing     rows, bytes, parts and answers of a store by the number of its gateways
"""
