"""How do calls get to a program elsewhere that collects them, each at least once?

Its rooms in reading order, ● those that others may come in by (``otlp/``, beneath them, says how a call reads in OpenTelemetry):

    destination ●  where to, with what headers and in what form, as arguments and the environment say
    turns          with which call the turn of a call began
    selected ●     the spans of calls that somebody chose
    replies ●      what the answer to a request means
    sending ●      spans on their way: taken, put off, or set aside one by one
    worker ●       who does one step after the other, in a thread or for a while
    spool ●        what was written and is still to be sent, on disk
    shipper ●      the thread that sends it, or a pass

``replication/``, above them, keeps the rounds of a folder in a store elsewhere, corrected and deleted ones too; ``clickhouse/`` is
such a store.
"""
