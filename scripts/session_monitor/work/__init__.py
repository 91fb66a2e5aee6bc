"""Which pieces of work did somebody begin and end, and what became of the files meanwhile?

A piece of work has a session of its own, in which the calls are that are made for it.  Its rooms in reading order,
● those that others may come in by:

    piece ●          one piece of work, as it is kept
    work_file ●      where they are kept, and how that changes
    git ●            one question to git, bounded
    changes          files and commits between a beginning and now
    life ●           begin, find, end
    noting ●         what the notes of its session say of it
    meter ●          what its calls have cost, and whether there may be more
    diffs ●          what became of one file, line by line
    projects_file ●  which projects somebody wants to hear of every day
    project_state ●  how one of them stands in git
    todo_marks ●     marks of unfinished things in files that were changed lately
    stated_call ●    a call that somebody states, as a line of the recorded log, and what it costs
"""
