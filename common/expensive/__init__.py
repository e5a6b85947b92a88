"""Work that takes long: computed once, few at a time, with a deadline.

disk_cache   stores results on disk, up to a total size
turns        lets one thread compute, few wait, and refuses all others
errors       what the others get
pool         a child process that computes
child        the program of that process
results      puts these together: `load_or_compute`
"""
