"""Rules before they are trusted: scenarios, replays, what is known of each."""
