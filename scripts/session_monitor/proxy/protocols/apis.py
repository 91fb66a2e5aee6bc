"""Which APIs have calls that are recorded?"""

from __future__ import annotations

CHAT = "chat"
"""OpenAI's chat completions, and those of the many who speak like it."""
RESPONSES = "responses"
"""OpenAI's responses."""
MESSAGES = "messages"
"""Anthropic's messages."""
GEMINI = "gemini"
"""Google's generateContent."""
