"""Many networks: each of a list or a grid is run, here or by the processes of an executor, and measured in a table."""
