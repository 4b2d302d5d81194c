"""One running city: the turn from files to warnings, its threads, its folders, the server that holds them."""
