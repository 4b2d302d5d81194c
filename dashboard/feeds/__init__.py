"""What people do with feeds and refused rows, and what is owed by those who deliver."""
