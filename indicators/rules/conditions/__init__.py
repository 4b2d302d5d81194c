"""What makes a value a breach: one small pure module for each kind of condition, over arrays of any shape.

NaN stands for a value that is absent or must not be judged; it is neither in breach nor clear.
"""

from indicators.rules.conditions.verdict import Verdict

__all__ = ["Verdict"]
