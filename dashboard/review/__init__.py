"""What leaders go through at their regular meeting."""
