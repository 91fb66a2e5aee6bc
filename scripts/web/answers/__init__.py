"""How are answers worked out once, and remembered?"""
