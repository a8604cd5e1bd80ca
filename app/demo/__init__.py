"""The simulated portfolio: merchants with their ways of trading, and the waybills these leave."""
