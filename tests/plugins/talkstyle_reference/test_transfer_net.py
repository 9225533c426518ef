"""The style transfer net: widths, seeds, and a gradient penalty that can be differentiated."""

import torch

from talkstyle_reference.transfer_net import MlpTransferNet


def test_layers_are_the_papers():
    net = MlpTransferNet()
    assert net(torch.zeros(2, 3, 204)).shape == (2, 3, 256)
    assert [tuple(p.shape) for p in net.parameters() if p.dim() == 2] == [(1024, 204), (512, 1024), (256, 512)]


def test_the_seed_makes_the_net():
    phi = torch.ones(1, 1, 204)
    assert torch.equal(MlpTransferNet(seed=3)(phi), MlpTransferNet(seed=3)(phi))
    assert not torch.equal(MlpTransferNet(seed=3)(phi), MlpTransferNet(seed=4)(phi))


def test_the_gradient_has_a_gradient_everywhere():
    net = MlpTransferNet()
    phi = torch.randn(1, 8, 204, requires_grad=True)
    (slope,) = torch.autograd.grad(net(phi).square().sum(), phi, create_graph=True)
    (curve,) = torch.autograd.grad(slope.square().sum(), phi)
    assert (curve.abs().amax(dim=-1) > 0).all()
