"""Reads a Higress gateway's access log and keeps what each agent session said and used."""

__version__ = "0.1.0"
