"""How things look as data: figures, scales, small pictures, numbers and dates in words, tokens, icons."""
