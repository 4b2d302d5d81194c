"""What a city computes and watches, what that serves, and where a value comes from."""
