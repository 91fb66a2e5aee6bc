"""What does one log line say?"""
