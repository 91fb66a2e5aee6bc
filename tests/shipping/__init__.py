"""Tests of how calls get to a program elsewhere."""
