"""What was read of a table in parts, kept coded, so that a new part costs no reading of the others.

A bank's events arrive as a file a day. A store keeps each file as it was checked: ids and texts as
codes into growing lists of values, numbers and moments as arrays that are mapped into memory. A
load with `data.store=FOLDER` reads the parts that are new or changed, and gives what it gives
without.
"""
