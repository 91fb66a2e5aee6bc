"""What do the session files say, as rows that can be asked?"""
