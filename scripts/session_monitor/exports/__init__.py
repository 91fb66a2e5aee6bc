"""How do rows leave as JSON, JSONL, CSV and Markdown?"""
