"""Storage, strides, views and copies."""
