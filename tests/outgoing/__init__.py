"""Tests of how anything leaves this machine."""
