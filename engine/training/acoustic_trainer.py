"""CTC training of the acoustic model: batches, the optimiser's schedule, checkpoints, and a log that can be plotted.

CTC: Graves et al., ICML 2006; a second CTC loss on a middle layer steadies it (Lee and Watanabe, ICASSP 2021). The
learning rate rises linearly, then falls to zero along half a cosine. Progress is counted in epochs or, where
``minutes`` is given, in training time, so that a run fits a machine and a night. Batches hold clips of like length, and
so often of one corpus: from ``freeze_batchnorm_at`` of the schedule on the batch norms use their running statistics, as
the recogniser will, or the network would lean on each batch's own.
"""

import json
import math
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from .feature_store import FeatureStore
from .network import NetworkOptions, TdnnF, constrain_orthonormal, options_to_json, pad_edges
from .perturb import spec_augment
from .phone_errors import greedy_units, phone_errors


@dataclass(frozen=True)
class TrainerOptions:
    """How the network is trained; a batch is as many clips as fit into ``batch_frames`` frames of 10 ms, padding
    included."""

    epochs: int = 15
    minutes: float | None = None
    batch_frames: int = 16000
    max_frames: int = 2400
    learning_rate: float = 2e-3
    warmup_steps: int = 400
    weight_decay: float = 1e-2
    clip_norm: float = 5.0
    middle_weight: float = 0.3
    constrain_every: int = 4
    freeze_batchnorm_at: float = 0.45
    frequency_masks: int = 2
    checkpoint_minutes: float = 6.0
    seed: int = 1


@dataclass(frozen=True)
class Utterances:
    """Training clips: their targets, and the perturbed copies of their features."""

    targets: Sequence[Sequence[int] | None]
    copies: Sequence[FeatureStore]


class AcousticTrainer:
    """Trains a TDNN-F; everything that a restart needs lies in ``directory``/checkpoint.pt."""

    def __init__(self, network: NetworkOptions, options: TrainerOptions, directory: Path) -> None:
        self.options, self.directory = options, directory
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(options.seed)
        self.model = TdnnF(network).to(self.device)
        decayed = [p for p in self.model.parameters() if p.ndim > 1]
        others = [p for p in self.model.parameters() if p.ndim == 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": options.weight_decay}, {"params": others, "weight_decay": 0.0}],
            lr=options.learning_rate,
            betas=(0.9, 0.98),
        )
        self.epoch = self.step = 0
        self.seconds = 0.0
        self.checkpoint_path = directory / "checkpoint.pt"
        if self.checkpoint_path.exists():
            self._restore()

    def fit(self, training: Utterances, validation: Utterances) -> None:
        """Train to the end of the schedule, with a checkpoint at least every ``checkpoint_minutes``."""
        if self.epoch == 0 and self.step == 0:
            self._measure_features(training.copies[0])
        saved = started = time.monotonic()
        before = self.seconds
        while not self._finished():
            copy = training.copies[self.epoch % len(training.copies)]
            plan = self._batches(training.targets, copy)
            done = self._steps_in_epoch
            for batch in plan[done:]:
                values = self._train_step(training.targets, copy, batch)
                self.step += 1
                self._steps_in_epoch += 1
                self.seconds = before + time.monotonic() - started
                if self.step % 20 == 0:
                    self._log(kind="step", batches=len(plan), **values)
                if time.monotonic() - saved > 60 * self.options.checkpoint_minutes:
                    self.save()
                    saved = time.monotonic()
                if self._finished():
                    break
            self.epoch += 1
            self._steps_in_epoch = 0
            self._log(kind="epoch", **self.validate(validation))
            self.save()
            saved = time.monotonic()

    _steps_in_epoch = 0

    def _finished(self) -> bool:
        return self.progress >= 1.0

    @property
    def progress(self) -> float:
        """How much of the schedule is done, 0 to 1."""
        if self.options.minutes is not None:
            return self.seconds / (60.0 * self.options.minutes)
        return self.epoch / self.options.epochs

    def _rate(self, batches: int) -> float:
        progress = self.progress
        if self.options.minutes is None:
            progress += self._steps_in_epoch / max(1, batches) / self.options.epochs
        warmup = min(1.0, (self.step + 1) / self.options.warmup_steps)
        return self.options.learning_rate * warmup * 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))

    def _batches(self, targets: Sequence[Sequence[int] | None], copy: FeatureStore) -> list[list[int]]:
        """Batches of like length, in random order; the first epoch goes from short to long."""
        random = np.random.default_rng([self.options.seed, self.epoch])
        lengths = copy.lengths
        usable = [
            i
            for i, target in enumerate(targets)
            if target is not None and _rows(target) * 3 + 2 < lengths[i] <= self.options.max_frames
        ]
        order = sorted(usable, key=lambda i: lengths[i] * random.uniform(0.9, 1.1))
        batches: list[list[int]] = []
        longest = 0
        for index in order:
            longest = max(longest, int(lengths[index]))
            if not batches or longest * (len(batches[-1]) + 1) > self.options.batch_frames:
                batches.append([])
                longest = int(lengths[index])
            batches[-1].append(index)
        if self.epoch:
            batches = [batches[i] for i in random.permutation(len(batches))]
        self._planned = len(batches)
        return batches

    def _train_step(
        self, targets: Sequence[Sequence[int] | None], copy: FeatureStore, batch: list[int]
    ) -> dict[str, float]:
        self.model.train()
        if self.progress >= self.options.freeze_batchnorm_at:
            self.model.freeze_batchnorm()
        rate = self._rate(self._planned)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        random = np.random.default_rng([self.options.seed, self.epoch, batch[0]])
        fill = self.model.mean.cpu().numpy()
        clips = []
        for index in batch:
            features = copy.clip(index) + np.float32(random.normal(0.0, 0.7))
            spec_augment(features, fill, random, frequency_masks=self.options.frequency_masks)
            clips.append(features)
        features, rows = collate(clips, self.model.options)
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            scores, middle = self.model(torch.from_numpy(features).to(self.device))
        loss = _ctc(scores, rows, [targets[i] for i in batch])
        total = loss
        if middle is not None and self.options.middle_weight > 0:
            extra = _ctc(middle, rows, [targets[i] for i in batch])
            total = (1 - self.options.middle_weight) * loss + self.options.middle_weight * extra
        self.optimizer.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        norm = float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.options.clip_norm))
        if np.isfinite(norm):
            self.optimizer.step()
        if self.step % self.options.constrain_every == 0:
            for weight in self.model.bottlenecks():
                constrain_orthonormal(weight.data)
        return {"loss": float(loss.detach()), "norm": norm, "rate": rate}

    @torch.no_grad()
    def validate(self, utterances: Utterances) -> dict[str, float]:
        """Return the CTC loss and the phone error rate of greedy decoding on held-out clips."""
        self.model.eval()
        copy = utterances.copies[0]
        errors = phones = 0
        losses = []
        for batch in validation_batches(copy.lengths, utterances.targets):
            features, rows = collate([copy.clip(i) for i in batch], self.model.options)
            with torch.autocast(self.device.type, dtype=torch.bfloat16):
                scores, _ = self.model(torch.from_numpy(features).to(self.device))
            wanted = [utterances.targets[i] for i in batch]
            losses.append(float(_ctc(scores, rows, wanted)))
            for best, count, target in zip(scores.argmax(-1).cpu().numpy(), rows, wanted, strict=True):
                assert target is not None
                errors += phone_errors(greedy_units(best[:count]), [[target]])
                phones += len(target)
        return {"valid_loss": float(np.mean(losses)), "valid_per": 100.0 * errors / max(1, phones)}

    def _measure_features(self, copy: FeatureStore) -> None:
        some = copy.frames[:: max(1, len(copy.frames) // 200_000)].astype(np.float64)
        self.model.mean.copy_(torch.from_numpy(some.mean(0)))
        self.model.variance.copy_(torch.from_numpy(some.var(0)))

    def save(self) -> None:
        """Write the checkpoint aside, then rename it."""
        aside = self.checkpoint_path.with_suffix(".partial")
        torch.save(
            {
                "network": options_to_json(self.model.options),
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "epoch": self.epoch,
                "step": self.step,
                "steps_in_epoch": self._steps_in_epoch,
                "seconds": self.seconds,
            },
            aside,
        )
        os.replace(aside, self.checkpoint_path)

    def _restore(self) -> None:
        state = torch.load(self.checkpoint_path, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.step, self.seconds = state["epoch"], state["step"], state["seconds"]
        self._steps_in_epoch = state["steps_in_epoch"]

    def _log(self, **values: Any) -> None:
        entry = {"epoch": self.epoch, "step": self.step, "minutes": round(self.seconds / 60, 2), **values}
        with open(self.directory / "log.jsonl", "a", encoding="utf8") as out:
            out.write(json.dumps({k: round(v, 6) if isinstance(v, float) else v for k, v in entry.items()}) + "\n")


def load_model(checkpoint: Path) -> TdnnF:
    """Return the network of a checkpoint, ready to evaluate."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    sizes: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in state["network"].items()
    }
    model = TdnnF(NetworkOptions(**sizes))
    model.load_state_dict(state["model"])
    return model.eval()


@torch.no_grad()
def log_priors(model: TdnnF, copy: FeatureStore, clips: int = 400) -> NDArray[np.float32]:
    """Return the logarithms of the mean posteriors (units,) over ``clips`` clips spread over ``copy``."""
    total = np.zeros(model.options.num_units)
    rows = 0
    for index in range(0, len(copy.lengths), max(1, len(copy.lengths) // clips)):
        features, (count,) = collate([copy.clip(index)], model.options)
        scores, _ = model(torch.from_numpy(features))
        total += scores[0].double().exp().sum(0).numpy()
        rows += count
    return np.log(total / max(1, rows)).astype(np.float32)


def collate(clips: Sequence[NDArray[np.float32]], options: NetworkOptions) -> tuple[NDArray[np.float32], list[int]]:
    """Pad clips (frames, bins) to one batch with the network's edge rule; return it and each clip's output rows."""
    rows = [-(-len(clip) // options.subsampling) for clip in clips]
    return np.stack([pad_edges(clip, options, max(rows)) for clip in clips]), rows


def validation_batches(
    lengths: NDArray[np.int64], targets: Sequence[Sequence[int] | None], batch_frames: int = 30000
) -> Iterator[list[int]]:
    """Yield batches of clips that have targets, short ones first."""
    batch: list[int] = []
    for index in np.argsort(lengths, kind="stable").tolist():
        if targets[index] is None:
            continue
        if batch and lengths[index] * (len(batch) + 1) > batch_frames:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _rows(target: Sequence[int]) -> int:
    """The fewest output rows that can spell ``target``: a repeated unit needs a blank between."""
    return len(target) + sum(a == b for a, b in pairwise(target))


def _ctc(scores: Tensor, rows: Sequence[int], targets: Sequence[Sequence[int] | None]) -> Tensor:
    flat = torch.tensor([unit for target in targets for unit in target or ()], dtype=torch.long)
    lengths = torch.tensor([len(target or ()) for target in targets])
    return functional.ctc_loss(
        scores.transpose(0, 1).contiguous(), flat.to(scores.device), torch.tensor(rows), lengths, zero_infinity=True
    )
