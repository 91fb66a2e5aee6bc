"""What if a program is killed while it raises alerts and sends them?  ``python3 -m tests.campaigns.alert_kills`` asks that at length."""
