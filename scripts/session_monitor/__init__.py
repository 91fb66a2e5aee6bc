"""Reads a Higress gateway's access log and keeps what each agent session said and used.

The wings, from the ground up; each one's own docstring names its rooms, ● those that others may come in by:

    base/           files, times, hashes: the ground, which knows no other wing
    text/           how text is written for people
    links/          under which address a session's page is, and which key opens it
    calls/          what one log line says
    log/            which bytes of which file are new, and which lines stand there
    sessions/       the session files: appended, recovered, read
    prices/         what a call cost
    own_prices/     the prices that a person states
    totals/         what calls cost together, and how that is told
    index/          derived rows over all sessions, disposable
    reports/        questions, answered as rows
    upkeep/         is it set up right, is it sound; mending, removing
    search/         in which rounds something was said
    conversations/  what was said, and how it reads
    exports/        tables for elsewhere
    monitor/        one poll, and what a run shows

Imports go to lower wings, and in by their doors.  Above them are the faces: main.py, and in scripts/ cli.py with
commands/ and webserver.py with web/.

The walk of one line, never back:  log.tail finds the new bytes of the right file;  log.joined_lines takes away what an
engine put around the line;  calls.ai_log makes a Round of it, or says why not;  sessions.store appends it to its session's
file;  log.checkpoint remembers how far;  index.keeper gets its row.  monitor.ingest goes before them all.

The walk of one question:  a face works out what is asked (reports.filters);  reports.report asks the index, which
index.access brings up to date;  totals.spending says what the rows cost;  the face shows it (text, exports, web).  For
what was said, conversations and search read those rounds alone (sessions.rounds).
"""

__version__ = "0.1.0"
