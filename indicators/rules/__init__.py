"""Early warnings: conditions over values, the state machine of a series, and the evaluation that joins
them.
"""
