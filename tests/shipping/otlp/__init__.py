"""Tests of how a call reads in OpenTelemetry."""
