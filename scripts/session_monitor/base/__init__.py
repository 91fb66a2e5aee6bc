"""How is something put on disk, timed, hashed and matched?  The ground, which knows no other wing."""
