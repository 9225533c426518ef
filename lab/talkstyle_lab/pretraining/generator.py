"""Training a base on a synthesised corpus's training data, so that it can be stopped and go on to the same bits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from sdk.data import FloatArray
from sdk.device import resolve_device
from sdk.errors import ConfigError
from sdk.geometry import BROWS, INNER_LIPS, JAW, MOUTH, POINTS
from sdk.progress import CancelToken, ProgressCallback, Reporter
from talkstyle_lab.pretraining.apc import ApcPlan, encode_dataset, train_apc
from talkstyle_lab.pretraining.conditioning import Conditioning
from talkstyle_lab.pretraining.dataset import Dataset
from talkstyle_lab.pretraining.run import Plan, Run
from talkstyle_lab.pretraining.solved import solve_last_layer
from talkstyle_lab.pretraining.weights import has_weights, write_weights
from talkstyle_reference.apc import ApcEncoder
from talkstyle_reference.generators import Generator, LstmGenerator, TcnGenerator, TcnLiveGenerator, weights_name
from talkstyle_reference.mel import BANDS, MelEncoder

NOISE: Final = 0.15  # added to features, in their spreads
STATISTICS_FRAMES: Final = 20_000  # about so many frames tell the mean and spread of an encoder's features
AVERAGE_DECAY: Final = 0.998
TOLD_SHARE: Final = 0.7  # of the sequences, those whose style the net is told; for the others it finds what is common
_ERROR_UNIT: Final = 0.05  # eye distances, or radians
_VELOCITY_WEIGHT: Final = 8.0
_SHAPE_WEIGHT: Final = 1.0
_POSE_WEIGHT: Final = 0.05  # most head motion has no cause in the sound, and must not outweigh the lips

SMOOTHING: Final = (1, 1)
"""Of the outputs in training: layers that are trained behind a wider kernel learn to undo it."""

GENERATORS: Final[dict[str, type[Generator]]] = {
    "lstm": LstmGenerator,
    "tcn": TcnGenerator,
    "tcn-live": TcnLiveGenerator,
}


@dataclass(frozen=True, kw_only=True)
class TrainingPlan(Plan):
    """How a base is trained, with AdamW."""

    generator: str = "tcn"  # a key of GENERATORS
    encoder: str = "mel"  # the name of the audio encoder
    steps: int = 10_000
    rate: float = 1.5e-3
    batch: int = 8
    frames: int = 240  # as in the paper
    augmented: float = 0.25  # of the sequences, those from a track's augmented recording, where it has one
    minutes: float | None = None  # of the training data; None: all that there is
    neural_share: float | None = None  # of these minutes, what neural voices speak; None: as it is
    closure: float = 6.0  # the weight of lips that are closed at m, b and p
    liveliness: float = 0.0  # the weight of a term that keeps how much and how fast the mouth moves

    @property
    def name(self) -> str:
        """What the weights will be called."""
        return weights_name(self.generator, self.encoder)


PLANS: Final = {
    "tcn": TrainingPlan(),
    "tcn-live": TrainingPlan(generator="tcn-live"),
    "lstm": TrainingPlan(generator="lstm", steps=4000),
    "tcn-apc": TrainingPlan(encoder="apc", steps=4000),
}
"""How the shipped weights were trained, by their names; the encoder ``apc`` itself as ``ApcPlan`` says."""


def train(
    dataset: Dataset,
    folder: Path,
    plan: TrainingPlan,
    *,
    apc: ApcPlan | None = None,
    trunk: dict[str, Tensor] | None = None,
    device: str | torch.device = "cpu",
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
    checkpoint_steps: int = 250,
) -> Path:
    """Train a base into ``folder/weights``, or go on where the folder holds an unfinished run.

    The encoder ``apc`` is taken from ``folder/weights``, or trained where it is missing: generators trained into one
    folder share it. Where it is not known which precision is faster, a few steps are measured, so two machines need not
    agree to the bit.

    Args:
        dataset: What ``prepare`` made, by the encoder that the plan names; for ``apc``, by ``mel``.
        folder: Also holds checkpoints.
        plan: How.
        apc: How the encoder ``apc`` is trained.
        trunk: A trained generator's tensors, whose last layer alone is solved for again, without a step.
        device: Where.
        on_progress: Called after each step.
        cancel: Stops between steps.
        checkpoint_steps: Steps between checkpoints.

    Returns:
        The folder of weights, laid out as the package's own.

    Raises:
        CheckpointError: The folder's checkpoint is of another plan or of other training data.
        ConfigError: The dataset is of another encoder, or is too small for the plan; or the folder's weights are of
            other statistics.
        DeviceError: The device does not exist.
    """
    report = Reporter(on_progress, cancel)
    where = resolve_device(device)
    dataset = dataset.subset(minutes=plan.minutes, neural_share=plan.neural_share, seed=plan.seed)
    dataset = _heard_by(dataset, folder, plan, apc or ApcPlan(seed=plan.seed), where, report)
    run = _GeneratorRun(plan, folder / f"checkpoint-{plan.name}.pt", dataset, device=where)
    if trunk is None:
        run.train(f"train {plan.name}", checkpoint_steps=checkpoint_steps, report=report)
    notes = {"encoder": dataset.encoder, "encoder_sha256": dataset.encoder_sha256}
    generator = GENERATORS[plan.generator](None, encoder=plan.encoder, features=dataset.features.shape[1])
    generator.load_state_dict(run.weights() if trunk is None else trunk)
    solved = solve_last_layer(generator.eval().to(where), dataset, augmented=plan.augmented, report=report)
    write_weights(folder / "weights", plan.name, {key: value.numpy() for key, value in solved.items()}, notes=notes)
    return folder / "weights"


def _heard_by(
    dataset: Dataset, folder: Path, plan: TrainingPlan, apc: ApcPlan, device: torch.device, report: Reporter
) -> Dataset:
    """The dataset in the features of the plan's encoder, whose own weights are written, and made first for ``apc``."""
    if dataset.encoder != (MelEncoder.name if plan.encoder == ApcEncoder.name else plan.encoder):
        what = f"the plan is for the encoder {plan.encoder!r}, and the training data is of {dataset.encoder!r}"
        raise ConfigError(what, where="train", hint="Prepare the corpus with the encoder.")
    weights = folder / "weights"
    if dataset.encoder != MelEncoder.name:
        return dataset
    if not has_weights("mel", weights):
        write_weights(weights, "mel", dataset.statistics, dtype=np.float32)
    elif MelEncoder(weights).fingerprint() != dataset.encoder_sha256:
        what = "the folder's weights have statistics of other training data"
        raise ConfigError(what, where=str(folder), hint="Give another folder.")
    if plan.encoder == MelEncoder.name:
        return dataset
    if not has_weights("apc", weights):
        train_apc(dataset, folder, apc, augmented=plan.augmented > 0, device=device, report=report)
    return encode_dataset(dataset, ApcEncoder(weights), folder, report=report)


class _GeneratorRun(Run[TrainingPlan]):
    """A generator in training, and the moving average of its weights that will ship."""

    WARM_UP_STEPS = 200
    LOSS_DECAY = 0.98
    VALUES = ("average",)

    def __init__(self, plan: TrainingPlan, checkpoint: Path, dataset: Dataset, *, device: torch.device) -> None:
        width = dataset.features.shape[1]
        self._generator = GENERATORS[plan.generator](None, encoder=plan.encoder, features=width, seed=plan.seed)
        if plan.encoder != MelEncoder.name:
            sample = _sample(dataset, augmented=plan.augmented > 0)
            self._generator.mean.copy_(torch.from_numpy(sample.mean(axis=0)))
            self._generator.std.copy_(torch.from_numpy(sample.std(axis=0) + 1e-4))
        self._generator.smoothing = SMOOTHING
        self._conditioning = Conditioning(self._generator, dataset.styles.shape[1])
        networks = {"generator": self._generator.to(device), "styles": self._conditioning.to(device)}
        parameters = [parameter for network in networks.values() for parameter in network.parameters()]
        optimizer = torch.optim.AdamW(parameters, lr=plan.rate, weight_decay=0.01)
        super().__init__(plan, checkpoint, networks, optimizer, data=dataset.key, device=device)
        self._dataset = dataset
        styles = np.asarray(dataset.styles, np.float32)
        self._centre, self._unit = styles.mean(axis=0), styles.std(axis=0) + 1e-4
        self.average = {key: value.clone() for key, value in self._tensors().items()}

    def compute_loss(self) -> Tensor:
        """The loss of a batch; see ``motion_loss``."""
        plan = self.plan
        rng = np.random.default_rng((plan.seed, 4, self.step))
        lookahead = self._generator.lookahead
        features, motion, closed, styles = self._dataset.batch(
            rng, plan.batch, plan.frames, lookahead=lookahead, augmented=plan.augmented
        )
        told = (rng.random((plan.batch, 1)) < TOLD_SHARE) * (styles - self._centre) / self._unit
        augmented = torch.from_numpy(self._augment(features, rng)).to(self.device)
        self._generator.train()
        for module in self._generator.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.train(self.step < 0.8 * plan.steps)  # then frozen, as it will be used
        self._conditioning.styles = torch.from_numpy(told.astype(np.float32)).to(self.device)
        with self.precision():
            expression, pose, _ = self._generator(augmented)
        return motion_loss(
            expression[:, lookahead:].float(),
            pose[:, lookahead:].float(),
            torch.from_numpy(motion).to(self.device),
            torch.from_numpy(closed).to(self.device),
            closure=plan.closure,
            liveliness=plan.liveliness,
        )

    def after_step(self) -> None:
        """Update the average."""
        decay = min(AVERAGE_DECAY, self.step / (self.step + 10))
        for key, value in self._tensors().items():
            self.average[key].lerp_(value, 1 - decay)

    def _augment(self, features: FloatArray, rng: np.random.Generator) -> FloatArray:
        if self.plan.encoder == MelEncoder.name:
            return _mask(features, rng)
        blur = np.float32(NOISE) * np.asarray(self._generator.std.cpu(), np.float32)
        return features + blur * rng.standard_normal(features.shape, dtype=np.float32)

    def weights(self) -> dict[str, Tensor]:
        """The average's tensors of the generator."""
        return {
            key.removeprefix("generator."): value.cpu()
            for key, value in self.average.items()
            if key.startswith("generator.")
        }

    def _tensors(self) -> dict[str, Tensor]:
        return {
            f"{network}.{key}": value.detach()
            for network, module in self._networks.items()
            for key, value in module.state_dict().items()
            if value.is_floating_point()
        }


def _sample(dataset: Dataset, *, augmented: bool) -> FloatArray:
    """Some features, ``[about STATISTICS_FRAMES, D]``, evenly from all recordings that are used."""
    rows = dataset.view_rows(augmented=augmented)
    every = max(1, sum(view.stop - view.start for view in rows) // STATISTICS_FRAMES)
    return np.concatenate([dataset.heard(slice(view.start, view.stop, every)) for view in rows])


def _mask(features: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Add a little noise, and blank a range of bands in each sequence (Park et al., SpecAugment)."""
    noisy = features + rng.standard_normal(features.shape, dtype=np.float32) * np.float32(NOISE)
    for sequence in noisy:
        width = int(rng.integers(0, 16))
        first = int(rng.integers(0, BANDS - width + 1))
        sequence.reshape(-1, 2, BANDS)[:, :, first : first + width] = 0.0
    return noisy


def motion_loss(
    expression: Tensor,
    pose: Tensor,
    target: Tensor,
    closed: Tensor,
    *,
    closure: float = TrainingPlan.closure,
    liveliness: float = TrainingPlan.liveliness,
) -> Tensor:
    """The training loss: motion, velocity, the mouth's opening and width, and lips closed at m, b and p; a scalar.

    ``expression`` ``[B, T, 68, 3]`` and ``pose`` ``[B, T, 6]`` are generated, ``target`` ``[B, T, 210]`` holds both,
    and ``closed`` ``[B, T]``, which ``closure`` weighs, is 1 where the lips must be closed, else 0. ``liveliness``
    weighs the spread of the mouth's opening and width and of their velocities in each sequence, which a squared error
    shrinks.
    """
    wanted = target[..., : POINTS * 3].reshape(expression.shape) / _ERROR_UNIT
    made = expression / _ERROR_UNIT
    weight = _weights(made.device)
    error = made - wanted
    loss = (weight * error.square()).mean()
    loss = loss + _VELOCITY_WEIGHT * (weight * error.diff(dim=1).square()).mean()
    opening, width = _shape(error)
    loss = loss + _SHAPE_WEIGHT * (opening.square().mean() + width.square().mean())
    loss = loss + closure * (closed * opening.clamp(min=0).square()).mean()
    if liveliness:
        loss = loss + liveliness * _spread_gap(_shape(made), _shape(wanted))
    turn = (pose - target[..., POINTS * 3 :]) / _ERROR_UNIT
    return loss + _POSE_WEIGHT * (turn.square().mean() + _VELOCITY_WEIGHT * turn.diff(dim=1).square().mean())


def _spread_gap(made: tuple[Tensor, Tensor], wanted: tuple[Tensor, Tensor]) -> Tensor:
    """The squared gap of the logarithms of spreads over time, of trajectories ``[B, T]`` and their velocities."""
    gaps = []
    for mine, theirs in zip(made, wanted, strict=True):
        for floor, (one, other) in ((1e-2, (mine, theirs)), (1e-4, (mine.diff(dim=1), theirs.diff(dim=1)))):
            gaps.append(((one.var(dim=1) + floor).log() - (other.var(dim=1) + floor).log()).square().mean() / 4)
    return torch.stack(gaps).sum()


def _weights(device: torch.device) -> Tensor:
    weight = torch.full((POINTS, 1), 0.5, device=device)
    for points, value in ((JAW, 1.0), (BROWS, 1.0), (MOUTH, 4.0), (INNER_LIPS, 6.0)):
        weight[points] = value
    return weight


def _shape(points: Tensor) -> tuple[Tensor, Tensor]:
    """The lips' mean distance and the corners' distance, both linear in the points."""
    opening: Tensor = (points[..., (65, 66, 67), 1] - points[..., (63, 62, 61), 1]).mean(dim=-1)
    width: Tensor = points[..., 54, 0] - points[..., 48, 0]
    return opening, width
