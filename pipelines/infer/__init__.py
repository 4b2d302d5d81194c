"""From a file to a first definition of its feed: each module guesses one thing and says on what evidence."""
