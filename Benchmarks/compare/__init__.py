"""Inkstone beside the other CPU runtimes, in one run.

Reading order: stages, peers/, contest, report. __main__ is the command.
"""
