"""Who is told of a warning, when, by which channel and in which words; and what is told to the public."""
