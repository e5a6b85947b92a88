"""The audit log (ACC-4).

origin.py        where an act comes from: the request, the command or the worker
targets.py       how a target is named
catalog.py       the codes of all acts, with what they mean
digests.py       the bytes that the chain covers
instance_key.py  the key that signs
sealer.py        chains entries after their commit
heads.py         the head of the chain outside the database
checkpoints.py   the signed head, once a day
verification.py  finds changes, gaps, reordering, cut tails and wrong signatures
formats.py       an entry as JSON, CEF and syslog message
forwarding.py    sends sealed entries to a syslog server
"""
