"""Style packs: how a person moves, as a small, safe, described file that can be shared and mixed.

The names are listed in ``__init__.pyi``; each is imported at its first use, so that listing and describing packs loads
no torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
