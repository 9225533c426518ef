"""The loss as a whole, and what its three ways of training f do."""

import copy

import numpy as np
import torch

from sdk.losses import LOSS_SCALE, StyleTarget, TransferLoss, TransferTerms, style_gap
from tests.sdk.fakes import TinyNet, talking


def tensors(**style):
    expression, pose = talking(240, **style)
    return torch.tensor(expression), torch.tensor(pose)


def reference(**style):
    expression, pose = tensors(**style)
    return StyleTarget.of(expression, pose, torch.ones(len(pose), dtype=torch.bool), ordered=True)


def train(critic, steps=150, r=3.0):
    """Train f alone on a fixed gap between two ways of moving; return the gap it sees at first and at last."""
    torch.manual_seed(0)
    terms = TransferTerms(critic=critic, r=r, sc=1.0)
    net, seen = TinyNet(), reference(opening=0.25, smile=0.05)
    loss = TransferLoss(net, terms, seen)
    expression, pose = (x[None] for x in tensors(opening=0.08))
    phi = expression.flatten(-2) * LOSS_SCALE
    first = float(style_gap(net, phi, seen.frames).detach())
    adam = torch.optim.Adam(net.parameters(), lr=1e-3, betas=(0.5, 0.9))
    for step in range(steps):
        rng = torch.Generator().manual_seed(step)
        adam.zero_grad()
        if critic == "joint":
            parts = loss.transfer(expression, pose, rng=rng)
            total = terms.sc * parts["sc"] + terms.r * parts["r"]
        else:
            total = loss.critic(expression, pose, rng=rng)
        total.backward()
        adam.step()
    return first, float(style_gap(net, phi, seen.frames).detach())


def test_f_minimised_jointly_collapses():
    """The formula read literally: f makes its own gap vanish while the real gap stays. Kept as a warning."""
    first, last = train("joint")
    assert last < 0.1 * first


def test_an_adversarial_f_keeps_seeing_the_gap_and_does_not_diverge():
    first, last = train("adversarial")
    assert last > first
    assert last < 1e3


def test_every_term_falls_when_the_style_is_reached():
    seen = reference(opening=0.25)
    loss = TransferLoss(TinyNet(), TransferTerms(critic="frozen"), seen)
    away = loss.style(*(x[None] for x in tensors(opening=0.08)))
    there = loss.style(*(x[None] for x in tensors(opening=0.25)))
    for name in ("moments", "amplitude"):
        assert float(there[name]) < 0.2 * float(away[name]), name


def test_unordered_frames_have_no_velocity():
    expression, pose = tensors()
    seen = StyleTarget.of(expression, pose, torch.ones(240, dtype=torch.bool), ordered=False)
    assert not seen.ordered
    gap = torch.ones(240, dtype=torch.bool)
    gap[100:140] = False
    seen = StyleTarget.of(expression, pose, gap, ordered=True)
    assert seen.velocities["upright"].shape[1] == 198


def test_a_moving_head_is_no_expression():
    """Composed landmarks of a head that nods spread like a mouth that opens: the two have terms of their own."""
    expression, pose = tensors(opening=0.2)
    nodding = pose.clone()
    nodding[:, 0] += 0.3 * torch.sin(torch.arange(240) / 10)
    seen = StyleTarget.of(expression, nodding, torch.ones(240, dtype=torch.bool), ordered=True)
    parts = TransferLoss(TinyNet(), TransferTerms(), seen).style(expression[None], pose[None])
    assert float(parts["moments"]) < 1e-6 < 0.1 < float(parts["head"])
    turned = TransferLoss(TinyNet(), TransferTerms(), seen).style(expression[None], nodding[None] + 0.2)
    assert float(turned["head"]) < 1e-6  # where the head is turned to on average is no style


def test_what_f_sees_is_upright_or_as_the_paper_has_it():
    expression, pose = tensors()
    nodding = pose + torch.sin(torch.arange(240) / 10)[:, None] * 0.3
    seen = StyleTarget.of(expression, nodding, torch.ones(240, dtype=torch.bool), ordered=True)
    gaps = {
        sees: TransferLoss(TinyNet(), TransferTerms(sees=sees, critic="frozen"), seen)
        .transfer(expression[None], pose[None], rng=torch.Generator().manual_seed(0))["sc"]
        .detach()
        for sees in ("upright", "composed")
    }
    assert float(gaps["upright"]) < 0.3 * float(gaps["composed"])


def test_lips_apart_where_they_should_meet_cost_and_lips_that_meet_do_not():
    closed, opened = (tensors(opening=by)[0][None] for by in (0.0, 0.3))
    target = torch.cat([closed[:, :60], opened[:, 60:]], dim=1)
    loss = TransferLoss(TinyNet(), TransferTerms(), reference())
    weight = torch.ones(1, 240)
    assert float(loss.closure(target, target, weight)["closure"]) == 0
    assert float(loss.closure(torch.cat([closed, closed], 1)[:, :240], target, weight)["closure"]) == 0
    assert float(loss.closure(opened, target, weight)["closure"]) > 0.1
    assert float(loss.closure(opened, target, weight * 0)["closure"]) == 0


def test_the_paired_term_does_not_ask_for_the_head():
    expression, _ = tensors()
    loss = TransferLoss(TinyNet(), TransferTerms(), reference())
    zero = loss.paired(expression[None], expression[None], torch.ones(1, 240))
    assert float(zero) == 0


def test_the_generators_terms_leave_f_unchanged():
    net = TinyNet()
    before = copy.deepcopy(net.state_dict())
    loss = TransferLoss(net, TransferTerms(), reference(opening=0.3))
    expression, pose = (x[None].requires_grad_() for x in tensors())
    loss.total(loss.transfer(expression, pose, rng=torch.Generator())).backward()
    assert torch.isfinite(expression.grad).all()
    assert float(expression.grad.abs().sum()) > 0
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
