"""Learn how a person moves when they speak, keep it as a style pack, and drive any portrait with it.

    import sdk

    pack = sdk.adapt("rapper.mp4", name="mine")
    pack.save("./mine")
    sdk.animate("me.png", "hello.wav", style="./mine").save("hello.mp4")

The public names are listed in ``__init__.pyi``. Each is imported at its first use, so that ``import sdk`` itself costs
next to nothing.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
