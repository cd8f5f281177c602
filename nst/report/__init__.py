"""Reports of finished and unfinished runs. `__init__.pyi` lists the public names; they are imported when first used."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
