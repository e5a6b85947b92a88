"""Transfers of plugins and scopes: offer, answer, cancel, take effect.

rules.py   who may give what to whom
offer.py   the offer of an owner
answer.py  acceptance and refusal by the receiver, cancellation by both sides
effect.py  what happens when the delay is over, as periodic work
mails.py   to the owners of both sides, and of direct dependents
ending.py  what ends for those who lose their rights
claims/    what others claim: adoption of what was abandoned, disputes about names
"""
