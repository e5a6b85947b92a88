"""Background jobs: a durable list in the database and the code that works through it.

queue.py      add jobs, lease them, renew leases, finish jobs
notify.py     wake a worker when a job was added
runner.py     run leased jobs
kinds.py      the kinds of jobs and the functions that run them
periodic.py   run what is due at intervals, in a thread of each worker
last_runs.py  claims of periodic work, and signs of life of the workers
"""
