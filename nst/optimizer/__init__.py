"""Ways down: one method per file, all with the contract of `contract.py`."""
