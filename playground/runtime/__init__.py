"""State in, requests out, results back: the store, the links to the panels, the threads and the worker."""
