"""What a virtual assistant may ask of a city, and nothing that would change it."""
