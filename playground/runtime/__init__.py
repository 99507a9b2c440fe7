"""State goes in, requests go out, results come back: the store, the links to the panels, the threads and the worker."""
