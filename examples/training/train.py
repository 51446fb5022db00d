"""Trains a classifier of two moons, keeps its checkpoints in W&B, and promotes the best one.

python train.py --steps 200
python train.py --data measurements.npz --learning-rate 0.3
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import wandb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PROJECT = "moons"
REGISTRY_COLLECTION = "wandb-registry-model/moons-classifier"


class Network:
    """One hidden layer of tanh units; its gradients are written out by hand."""

    def __init__(self, rng: np.random.Generator, *, hidden: int = 16) -> None:
        self.weights: dict[str, Floats] = {
            "w1": rng.normal(0, 1, (2, hidden)),
            "b1": np.zeros(hidden),
            "w2": rng.normal(0, 0.5, hidden),
            "b2": np.zeros(1),
        }

    def step(self, points: Floats, labels: Floats, learning_rate: float) -> float:
        """Descend one step and return the loss before it."""
        w = self.weights
        hidden = np.tanh(points @ w["w1"] + w["b1"])
        logits = hidden @ w["w2"] + w["b2"]
        # Binary cross-entropy of logits, in the form that does not overflow.
        losses = np.maximum(logits, 0) - logits * labels + np.log1p(np.exp(-np.abs(logits)))
        slope = (_sigmoid(logits) - labels) / len(labels)
        slope_hidden = np.outer(slope, w["w2"]) * (1 - hidden**2)
        gradients = {
            "w2": hidden.T @ slope,
            "b2": slope.sum(keepdims=True),
            "w1": points.T @ slope_hidden,
            "b1": slope_hidden.sum(axis=0),
        }
        for name, gradient in gradients.items():
            w[name] = w[name] - learning_rate * gradient
        return float(losses.mean())

    def accuracy(self, points: Floats, labels: Floats) -> float:
        w = self.weights
        logits = np.tanh(points @ w["w1"] + w["b1"]) @ w["w2"] + w["b2"]
        return float(((logits > 0) == (labels > 0.5)).mean())


def _sigmoid(logits: Floats) -> Floats:
    return 0.5 * (1 + np.tanh(logits / 2))


def two_moons(rng: np.random.Generator, size: int = 400) -> tuple[Floats, Floats]:
    """Return points on two half circles that reach into each other, and which one each is on."""
    angles = rng.uniform(0, np.pi, size)
    labels = rng.integers(0, 2, size).astype(float)
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    lower = labels > 0.5
    points[lower] = np.stack([1 - np.cos(angles[lower]), 0.5 - np.sin(angles[lower])], axis=1)
    return points + rng.normal(0, 0.1, points.shape), labels


def batches(
    rng: np.random.Generator, points: Floats, labels: Floats, steps: int
) -> Iterator[tuple[Floats, Floats]]:
    for _ in range(steps):
        chosen = rng.choice(len(points), 64)
        yield points[chosen], labels[chosen]


def save_checkpoint(run: wandb.Run, network: Network, accuracy: float) -> wandb.Artifact:
    artifact = wandb.Artifact("moons-weights", type="model", metadata={"accuracy": accuracy})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "weights.npz")
        np.savez(path, **network.weights)
        artifact.add_file(str(path), name="weights.npz")
        return run.log_artifact(artifact)


def promote(run: wandb.Run, checkpoint: wandb.Artifact) -> None:
    """Mark a checkpoint as the best one, and release it to whoever deploys from the registry."""
    checkpoint.wait()
    checkpoint.aliases.append("best")
    checkpoint.save()
    run.link_artifact(checkpoint, REGISTRY_COLLECTION, aliases=["prod"])


def train(options: argparse.Namespace) -> None:
    rng = np.random.default_rng(options.seed)
    with wandb.init(project=PROJECT, config=vars(options)) as run:
        if options.data:
            with np.load(options.data) as data:
                points, labels = data["points"], data["labels"]
        else:
            points, labels = two_moons(rng)
        held_out, of_held_out = two_moons(rng)
        network = Network(rng)
        best: tuple[float, wandb.Artifact] | None = None
        for step, batch in enumerate(batches(rng, points, labels, options.steps), start=1):
            loss = network.step(*batch, options.learning_rate)
            accuracy = network.accuracy(held_out, of_held_out)
            run.log({"loss": loss, "accuracy": accuracy})
            if step % options.checkpoint_every == 0 and (best is None or accuracy > best[0]):
                best = accuracy, save_checkpoint(run, network, accuracy)
        if best is not None and best[0] >= options.release_at:
            promote(run, best[1])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--learning-rate", type=float, default=0.5)
    parser.add_argument("--data", help="an .npz file with `points` and `labels`")
    parser.add_argument("--checkpoint-every", type=int, default=50)
    parser.add_argument("--release-at", type=float, default=0.9, help="accuracy on held-out points")
    parser.add_argument("--seed", type=int, default=0)
    train(parser.parse_args(arguments))


if __name__ == "__main__":
    main()
