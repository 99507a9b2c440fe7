"""Einstein summation: parse an equation, plan it from shapes alone, and explain each sum."""
