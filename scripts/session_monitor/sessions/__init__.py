"""What stands in the session files, and how does it get there and back?"""
