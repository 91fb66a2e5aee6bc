"""Tests of how somebody hears of what was told."""
