"""The description of a network and its inputs: one frozen value, and the registries of its choices."""
