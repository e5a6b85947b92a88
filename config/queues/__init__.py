"""Queues with at most one message, which wakes a worker: in the data folder, or on Redis."""
