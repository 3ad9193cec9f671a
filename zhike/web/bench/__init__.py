"""What `zhike bench` measures: the product's speed, beside what bare PostgreSQL does in the same rounds.

ground.py    a database filled to so many cases, kept between runs      fill.py    how it is filled
report.py    figures, and the shape they are printed in                 driver.py  processes that put the load on
worker.py    what those processes do                                    archive.py  a database filled with customers
cases, api, lists, clocks, live, handbook, customers, incoming (files that come in): one bench each

"""
