"""The plots of the network page."""
