"""The publish pipeline, one module per stage, in the order of the stages.

receive     bytes into a scratch file, measured and hashed
inspect     the archive and its manifest
admit       whether this actor may publish this version of this name
record      the object into quarantine, the release into the database
check       in the worker: run the checks
decide      from check results to a verdict
release     apply the verdict: publish, hold or reject
"""
