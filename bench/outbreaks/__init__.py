"""How well the count anomaly finds outbreaks, on weekly series in which they are known."""
