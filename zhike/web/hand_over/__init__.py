"""Handing a case, and the clocks its owner holds, to a colleague in the same role."""
