"""The pages of a plugin: one address a tab, all with the same head.

frame.py     the head, the tabs, and how a page or the part of it that changes is drawn
views.py     the tabs, one view each
install.py   how it is installed
charts.py    downloads as drawings
files.py     folders and files of a release
code.py      a text file, line by line
compare.py   two releases side by side
"""
