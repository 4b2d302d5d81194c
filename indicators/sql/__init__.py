"""Plan → DuckDB SQL: each step of a plan as text, each block under a comment that says what it is."""
