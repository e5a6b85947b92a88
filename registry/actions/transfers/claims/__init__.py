"""Claims to plugins and scopes of others: adoption of what was abandoned, and disputes about names.

seeking.py  owners say that they look for somebody
rules.py    who may claim what, and who decides
texts.py    reasons and links
make.py     a new claim, and its withdrawal
answer.py   acceptance and objection by the owners
answer_by_name.py  all answers, by their name
decide.py   the decision of a moderator, and its reversal
clock.py    reminders and the end of the time to answer, as periodic work
mails.py    to the parties and to moderators
"""
