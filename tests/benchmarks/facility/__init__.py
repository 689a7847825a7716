"""What a portal that many labs share is measured by: `make benchmark-facility`.

`sharing` asks whether turns are fair and stay quick, `load` how fast pages and tiles are for two
hundred people at once, `faults` what is lost when machines die, `upload` whether a gigabyte arrives
over a line that breaks. Everything runs on PostgreSQL and Redis that `machines` starts, in real
processes, on two cores.
"""
