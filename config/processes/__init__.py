"""The processes of the registry on one machine.

commands.py    their command lines
ports.py       find out whether a port is free
supervisor.py  starts, replaces and stops them
worker.py      sets up a worker
"""
