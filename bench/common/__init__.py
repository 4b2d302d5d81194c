"""What measurements share: the browser, a served city of its own, processes and numbers."""
