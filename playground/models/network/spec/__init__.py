"""What a network is made of and fed with: one frozen value, and the registries of its choices."""
