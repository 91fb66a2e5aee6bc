"""How does a shell complete the commands?"""
