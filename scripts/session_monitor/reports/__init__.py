"""Questions about sessions and calls, answered as rows."""
