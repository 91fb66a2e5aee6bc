"""What does the monitor do while it runs, and what does it show?"""
