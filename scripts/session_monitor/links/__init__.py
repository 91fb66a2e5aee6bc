"""Under which address is a session's page, and which key opens it?"""
