"""Runs of a sweep in processes of their own, here or on other machines: one file per engine.

`job` is what travels and what is done there, `launch` what all engines share: composing the jobs, telling what came
of them, marking those whose process was lost.
"""
