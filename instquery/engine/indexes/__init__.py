"""The kinds of index: each a faster way to the answer of a predicate, over a segment's rows."""
