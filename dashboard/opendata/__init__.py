"""Open data: what anybody may take, the catalogue that lists it, the account of how often it was taken."""
