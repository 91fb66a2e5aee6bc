"""How are the rounds in a store elsewhere kept equal to those here, corrected and deleted ones, too?

What was sent of each round is in a ledger beside the session files.  What the index says and the ledger does not is sent;
what the ledger says and the index does not is deleted there.  So nothing is lost and nothing is there twice, whatever ends
a run: the ledger says *perhaps* before something is sent, and what it is once the store has answered.

Its rooms in reading order, ● those that others may come in by:

    ledger ●      what was sent of which rounds, on disk
    round_rows ●  rounds of the index as rows, and as marks by which a change is seen
    text_rows     what was said in a round as a row
    differences   the next rows that differ
    store ●       what a store elsewhere has to be able to
    delivery      rows on their way: taken, put off, or set aside one by one
    replicator ●  the worker that keeps a store equal to a folder
    line_files ●  files of JSON lines as a store
    lag ●         how far behind a store is, and why
"""
