"""What scripts/benchmark.py measures: one contender per process, all of them taking turns.

work.py       what one evaluation is, and what it costs in multiplications
ours.py       it on nst            torch_port.py  it on PyTorch, as the popular ports do it
worker.py     a process that does one piece of work whenever it is told to
turns.py      several workers, asked in turns
race.py       who is down first                      racer.py      a process in that race
around.py     what surrounds the steps               stopwatch.py  an observer that it uses
"""
