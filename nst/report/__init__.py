"""What lies in folders of runs -> a table, a contact sheet and a page. No Hydra, no TensorFlow.

runs.py      folders -> runs                table.py   summary.csv, and the table on the terminal
pareto.py    the best of those alike        sheet.py   sheet.png
pictures.py  copies of pictures             write.py   all of it
page.py      index.html and what it shows: page/ holds the parts that are the same for every report
"""
