"""From a spec to a network that has run: built, gone through forward and backward, measured."""
