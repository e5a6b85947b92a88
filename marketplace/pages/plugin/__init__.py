"""The pages of a plugin: one URL per tab, all with the same head.

frame.py     the head and the tabs, rendered as a whole page or as an htmx fragment
views.py     one view per tab
install.py   commands that install the plugin
charts.py    geometry of the download charts
files.py     folders and files of a release
code.py      a text file with line numbers
highlighting.py  its colors
compare.py   the difference between two releases
"""
