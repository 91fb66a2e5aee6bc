"""Reads a Higress gateway's access log and keeps what each agent session said and used.

The wings, from the ground up; each one's own docstring names its rooms, ● those that others may come in by:

    base/           files, times, hashes: the ground, which knows no other wing
    text/           how text is written for people
    links/          under which address a session's page is, and which key opens it
    outgoing/       how anything leaves this machine
    calls/          what one log line says
    delivery/       how somebody hears of what was told
    notes/          what people note of sessions
    clickhouse/     how a database of many gateways' calls is spoken to
    log/            which bytes of which file are new, and which lines stand there
    sessions/       the session files: appended, recovered, read
    prices/         what a call cost
    recording/      calls that no gateway logged, as lines of a log
    proxy/          calls passed on to their providers, and recorded
    own_prices/     the prices that a person states
    totals/         what calls cost together, and how that is told
    index/          derived rows over all sessions, disposable
    work/           pieces of work that somebody began and ended, with what became of the files
    fleet/          many gateways' calls in a database, as those of one folder
    reports/        questions, answered as rows
    search/         in which rounds something was said
    conversations/  what was said, and how it reads
    exports/        tables for elsewhere
    budgets/        what calls may cost, and have cost of that
    importers/      calls that agents' own files tell of
    shipping/       calls on their way to a program elsewhere that collects them
    insight/        why a session cost that, and what goes wrong in it
    alerts/         what a person has to hear of, and what they have heard
    asked/          what somebody means who asks in words, and why there is no answer
    upkeep/         is it set up right, is it sound; mending, removing
    metrics/        numbers for who watches many programs
    ingest/         one poll: from the lines of a log to session files
    monitor/        one run, and what it shows

Imports go to lower wings, and in by their doors.  Above them are the faces: main.py, and in scripts/ cli.py with
commands/, webserver.py with web/ and mcpserver.py with mcp_server/.

The walk of one line, never back:  log.tail finds the new bytes of the right file;  log.joined_lines takes away what an
engine put around the line;  calls.ai_log makes a Round of it, or says why not;  sessions.store appends it to its session's
file;  log.checkpoint remembers how far;  index.keeper gets its row.  ingest.ingest goes before them all.

The walk of one question:  a face works out what is asked (reports.selected.filters);  reports.report asks the index, which
index.access brings up to date;  totals.spending says what the rows cost;  the face shows it (text, exports, web).  For
what was said, conversations and search read those rounds alone (sessions.rounds).
"""

__version__ = "0.1.0"
