"""Einstein summation: parse an equation, plan it from shapes alone, explain each sum."""
