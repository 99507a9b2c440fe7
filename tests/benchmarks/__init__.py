"""Ratios to bare torch and bare Qt; run by `make bench`, never by the tests."""
