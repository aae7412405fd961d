"""The training network and trainer: contexts, edges, export, restart."""

import dataclasses
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from harken.engine.training.acoustic_trainer import (  # noqa: E402
    AcousticTrainer,
    TrainerOptions,
    Utterances,
    collate,
    load_model,
)
from harken.engine.training.feature_store import FeatureStore  # noqa: E402
from harken.engine.training.network import (  # noqa: E402
    NetworkOptions,
    TdnnF,
    constrain_orthonormal,
    describe,
    export_weights,
    pad_edges,
)

SMALL = NetworkOptions(
    num_features=8, num_units=5, dim=12, bottleneck=4, left=(1, 2), ahead=(1, -1), middle_output=1, input_context=2
)


def random_store(count: int, seed: int) -> FeatureStore:
    random = np.random.default_rng(seed)
    lengths = random.integers(40, 90, count)
    frames = random.standard_normal((int(lengths.sum()), SMALL.num_features)).astype(np.float16)
    return FeatureStore(frames, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))


def random_utterances(count: int, seed: int) -> Utterances:
    random = np.random.default_rng(seed)
    targets = [random.integers(1, SMALL.num_units, 5).tolist() for _ in range(count)]
    return Utterances(targets, [random_store(count, seed)])


@pytest.mark.parametrize("frames", [1, 2, 3, 7, 30])
def test_padding_gives_a_row_for_every_third_frame(frames):
    features = np.random.default_rng(0).standard_normal((frames, SMALL.num_features)).astype(np.float32)
    batch, rows = collate([features], SMALL)
    scores, _ = TdnnF(SMALL).eval()(torch.from_numpy(batch))
    assert rows == [-(-frames // 3)]
    assert scores.shape == (1, rows[0], SMALL.num_units)
    assert np.array_equal(batch[0][SMALL.left_context : SMALL.left_context + frames], features[: batch.shape[1]])


def test_a_row_sees_just_its_context():
    random = np.random.default_rng(1)
    model = TdnnF(SMALL).eval()
    features = random.standard_normal((120, SMALL.num_features)).astype(np.float32)
    rows = 30
    padded = torch.from_numpy(pad_edges(features, SMALL, rows)[None]).requires_grad_()
    scores, _ = model(padded)
    scores[0, 12].pow(2).sum().backward()
    seen = np.flatnonzero(padded.grad[0].abs().sum(1).numpy())
    centre = SMALL.left_context + 12 * SMALL.subsampling
    assert seen.min() == centre - SMALL.left_context
    assert seen.max() == centre + SMALL.right_context


def test_clips_in_a_batch_score_as_they_do_alone():
    random = np.random.default_rng(2)
    model = TdnnF(SMALL).eval()
    clips = [random.standard_normal((n, SMALL.num_features)).astype(np.float32) for n in (31, 50, 44)]
    batch, rows = collate(clips, SMALL)
    together, _ = model(torch.from_numpy(batch))
    for index, clip in enumerate(clips):
        alone, _ = model(torch.from_numpy(collate([clip], SMALL)[0]))
        torch.testing.assert_close(together[index, : rows[index]], alone[0], atol=1e-5, rtol=1e-5)


def test_the_constraint_leads_to_a_semi_orthogonal_matrix():
    weight = torch.from_numpy(np.random.default_rng(3).standard_normal((4, 24)).astype(np.float32))
    for _ in range(60):
        constrain_orthonormal(weight)
    product = (weight @ weight.T).numpy()
    scale = np.trace(product) / 4
    np.testing.assert_allclose(product / scale, np.eye(4), atol=1e-3)


def test_every_tensor_that_the_description_needs_is_exported():
    tensors = export_weights(TdnnF(SMALL), np.zeros(SMALL.num_units, np.float32))
    described = describe(SMALL)
    names = {node["name"] for node in described["nodes"] if node["kind"] in ("affine", "batchnorm", "subtract_prior")}
    assert names == {name.rsplit(".", 1)[0] for name in tensors}
    widths = {"features": SMALL.num_features}
    for node in described["nodes"]:
        inputs = sum(widths[name] for name, _ in node["inputs"])
        if node["kind"] == "affine":
            assert tensors[f"{node['name']}.weight"].shape[1] == inputs
            widths[node["name"]] = tensors[f"{node['name']}.weight"].shape[0]
        else:
            widths[node["name"]] = widths[node["inputs"][0][0]]
    assert widths["likelihood"] == SMALL.num_units


def test_training_learns_and_a_restart_goes_on(tmp_path):
    data = random_utterances(12, 4)
    options = TrainerOptions(epochs=12, batch_frames=400, warmup_steps=5, learning_rate=1e-2, checkpoint_minutes=0.0)
    trainer = AcousticTrainer(SMALL, options, tmp_path)
    before = trainer.validate(data)["valid_loss"]
    trainer.fit(data, data)
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [entry["epoch"] for entry in log if entry["kind"] == "epoch"] == list(range(1, 13))
    assert trainer.validate(data)["valid_loss"] < before - 0.3

    more = AcousticTrainer(SMALL, dataclasses.replace(options, epochs=13), tmp_path)
    assert (more.epoch, more.step) == (12, trainer.step)
    more.fit(data, data)
    assert more.epoch == 13
    kept = load_model(tmp_path / "checkpoint.pt")
    for name, value in more.model.state_dict().items():
        assert torch.equal(value, kept.state_dict()[name])
