"""The processes of the registry on one machine.

commands.py         their command lines
supervisor.py       starts, replaces and stops them
parent_watchdog.py  ends each with its parent
worker.py           sets up a worker
"""
