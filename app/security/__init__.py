"""Who may use the service, and how often: API keys, rate limits, and pages of other origins."""
