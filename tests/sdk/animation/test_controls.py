import numpy as np

from sdk.animation.controls import control
from sdk.data import Controls, Motion


def test_each_control_scales_its_own_part():
    motion = Motion(np.ones((3, 68, 3)), np.ones((3, 6)))
    result = control(motion, Controls(mouth=0.5, brows=2.0, head=0.0))
    assert (result.expression[:, :17] == 0.5).all()
    assert (result.expression[:, 17:27] == 2).all()
    assert (result.expression[:, 27:48] == 1).all()
    assert (result.expression[:, 48:] == 0.5).all()
    assert (result.pose == 0).all()
    assert (motion.expression == 1).all()
