"""The web page's server: what the reader's side answers, over HTTP."""
