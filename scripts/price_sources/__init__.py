"""Where the prices that come with the monitor are from: for its maintainers, who run scripts/refresh_prices.py."""
