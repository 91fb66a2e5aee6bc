"""How are the calls of many gateways, which a database holds, asked about as those of one folder are?

A folder stands in for the database: in it is an index like that of session files, made of the database's rows, and brought
up to date by those that changed.  So every question has one form, and its answer is the same to the last digit.

Its rooms in reading order, ● those that others may come in by:

    home ●       which folder stands for ``clickhouse://HOST/DB``, and what is made of it there
    mount        what stands behind that folder: its index, its session files
    questions    what the database is asked: which sessions are there, which changed, their rounds and texts
    merging      rounds of a session that came over several gateways, in one order
    mirrored     sessions and rounds of the database as rows of an index
    mirror       an index that follows the database
    texts        what reads like a session file
"""
