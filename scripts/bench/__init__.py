"""Measurements of scripts/benchmark.py: one contender per process, all of them taking turns.

work.py       the measured evaluation, and its number of operations
ours.py       it on nst            torch_port.py  it on PyTorch, as popular ports do it
worker.py     a process that repeats one piece of work on request
turns.py      several workers that take turns
race.py       work and time to a better picture        racer.py      PyTorch's port in it
around.py     start-up, observers, sweeps              stopwatch.py  an observer for it
scale.py      overhead of launchers                    nodes.py      Ray nodes for it
"""
