"""What was said in a session, and how does it read?"""
