"""How does anything leave this machine, once somebody has said where to?

Its rooms in reading order, ● those that others may come in by:

    secrets ●   what an ``env:`` or ``file:`` stands for, and texts without secrets
    networks ●  whether an address may be sent to, and is of this machine or a network of one's own
    posting ●   over HTTP, once, to exactly this address
    retrying ●  how soon again
"""
