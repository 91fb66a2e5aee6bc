"""Do the pages work in a Firefox as they do in a Chromium?  The main ways through them, walked in a real one."""
