"""The product's tests on published series with known events, beside what is commonly used."""
