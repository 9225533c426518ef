import gc
import weakref

from sdk.animation import Animator
from tests.sdk.animation import fakes


def test_an_animator_goes_with_its_last_user_and_its_portraits_with_it():
    parts = {"generator": fakes.Generator(), "encoder": fakes.Encoder(), "renderer": fakes.Renderer(), "device": "cpu"}
    gc.collect()
    gc.disable()
    try:
        animator = Animator(**parts)
        animator.animate(fakes.portrait(), fakes.sound((1, 5)))
        gone = weakref.ref(animator)
        del animator
        assert gone() is None
    finally:
        gc.enable()
