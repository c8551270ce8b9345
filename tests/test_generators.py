"""Networks that write: gradients against finite differences and PyTorch, decoding, padding."""

import copy
import itertools

import numpy as np
import pytest

from rnn_core import (
    Embedding,
    EncoderDecoder,
    Generator,
    GRUCell,
    LSTMCell,
    OneToMany,
    PatchEmbedding,
    RNNCell,
    check_gradients,
    one_to_many,
    softmax_cross_entropy,
    until_end,
)

CELLS = [RNNCell, GRUCell, LSTMCell]
MASK = np.array([[1, 1], [1, 1], [1, 1], [1, 0], [1, 0]], bool)
TOKENS = np.array([[1, 2], [0, 3], [5, 1], [4, 0], [4, 0]])
TARGETS = np.array([[3, 6], [1, 4], [5, 0], [3, 0]])  # the second ends early


def shaken(model, rng):
    """Return the model with every weight of order 1, biases included."""
    model.parameters.vector[:] = 0.6 * rng.standard_normal(model.parameters.vector.size)
    return model


def translator(cell, seed=0):
    rng = np.random.default_rng(seed)
    return shaken(EncoderDecoder(cell(3, 5, rng=rng), cell(4, 5, rng=rng), 6, 7, rng=rng), rng)


def captioner(cell, seed=0):
    rng = np.random.default_rng(seed)
    source = PatchEmbedding(4, 3, rng=rng)
    return shaken(OneToMany(source, cell(6, 5, rng=rng), 7, rng=rng), rng)


def tune(cell, seed=0):
    rng = np.random.default_rng(seed)
    return shaken(OneToMany(Embedding(4, 6, rng=rng), cell(6, 5, rng=rng), 7, rng=rng), rng)


def batch(build):
    if build is translator:
        return TOKENS, TARGETS, MASK
    if build is tune:
        return np.array([[3, 1]]), TARGETS, None
    return np.random.default_rng(5).standard_normal((1, 2, 8)), TARGETS, None


@pytest.mark.parametrize("build", [translator, captioner, tune])
@pytest.mark.parametrize("cell", CELLS)
def test_every_gradient_agrees_with_finite_differences(build, cell):
    model, data = build(cell), batch(build)
    _, gradients = model.loss_and_gradients(*data)
    errors = check_gradients(
        lambda: model.loss_and_gradients(*data)[0], model.parameters, gradients
    )
    assert max(errors.values()) < 1e-6, errors


def weights_into(module, cell, order):
    """Copy a cell's weights into a PyTorch recurrent layer; `order` are its blocks of ours."""
    torch = pytest.importorskip("torch")
    blocks = [slice(i * cell.n_h, (i + 1) * cell.n_h) for i in order]
    pick = lambda array: np.concatenate([array[..., b] for b in blocks], axis=-1)  # noqa: E731
    with torch.no_grad():
        module.weight_ih_l0.copy_(torch.tensor(pick(cell.Wxh).T))
        module.weight_hh_l0.copy_(torch.tensor(pick(cell.W).T))
        module.bias_ih_l0.copy_(torch.tensor(pick(cell.b)))
        module.bias_hh_l0.zero_()


def unpicked(array, order):
    """Return PyTorch's gradient (k n_h, ...) with its blocks in our order, ours last axis."""
    blocks = np.split(array.detach().numpy(), len(order))
    return np.concatenate([blocks[list(order).index(i)] for i in range(len(order))]).T


@pytest.mark.parametrize(
    ("cell", "layer", "order"),
    [(RNNCell, "RNN", (0,)), (LSTMCell, "LSTM", (1, 2, 3, 0))],
)
def test_encoder_decoder_agrees_with_pytorch(cell, layer, order):
    torch = pytest.importorskip("torch")
    model = translator(cell)
    loss, gradients = model.loss_and_gradients(TOKENS, TARGETS, MASK)
    encoder = getattr(torch.nn, layer)(3, 5, dtype=torch.float64)
    decoder = getattr(torch.nn, layer)(4, 5, dtype=torch.float64)
    weights_into(encoder, model.encoder, order)
    weights_into(decoder, model.cell, order)
    leaf = lambda a: torch.tensor(a, requires_grad=True)  # noqa: E731
    E_in, E_out = leaf(model.encoder_embedding.E), leaf(model.embedding.E)
    Why, by = leaf(model.readout.Why), leaf(model.readout.by)
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        E_in[torch.tensor(TOKENS)], torch.tensor(MASK.sum(axis=0))
    )
    _, state = encoder(packed)
    read = np.concatenate([np.zeros((1, 2), int), TARGETS[:-1]])
    a, _ = decoder(E_out[torch.tensor(read)], state)
    y = a @ Why + by
    real = torch.tensor(until_end(TARGETS))
    theirs = torch.nn.functional.cross_entropy(y[real], torch.tensor(TARGETS)[real])
    theirs.backward()
    assert abs(loss - theirs.item()) < 1e-12
    expected = {
        "encoder.E": E_in.grad.numpy(),
        "E": E_out.grad.numpy(),
        "Why": Why.grad.numpy(),
        "by": by.grad.numpy(),
    }
    for prefix, module in (("encoder.", encoder), ("", decoder)):
        expected[prefix + "Wxh"] = unpicked(module.weight_ih_l0.grad, order)
        expected[prefix + "W"] = unpicked(module.weight_hh_l0.grad, order)
        expected[prefix + "b"] = unpicked(module.bias_ih_l0.grad, order)
    assert set(expected) == set(gradients)
    for name, gradient in expected.items():
        np.testing.assert_allclose(gradients[name], gradient, rtol=0, atol=1e-9, err_msg=name)


def test_captions_agree_with_pytorch():
    torch = pytest.importorskip("torch")
    model = captioner(RNNCell)
    images, targets, _ = batch(captioner)
    loss, gradients = model.loss_and_gradients(images, targets)
    leaves = {name: torch.tensor(a, requires_grad=True) for name, a in model.parameters.items()}
    patches = torch.tensor(images).reshape(2, 2, 4)
    x = torch.tanh(patches @ leaves["source.Wp"] + leaves["source.bp"]).reshape(2, 6)
    a, ys = torch.zeros(2, 5, dtype=torch.float64), []
    for words in torch.tensor(targets):
        a = torch.tanh(x @ leaves["Wxh"] + a @ leaves["W"] + leaves["b"])
        ys.append(a @ leaves["Why"] + leaves["by"])
        x = leaves["E"][words]
    real = torch.tensor(until_end(targets))
    theirs = torch.nn.functional.cross_entropy(torch.stack(ys)[real], torch.tensor(targets)[real])
    theirs.backward()
    assert abs(loss - theirs.item()) < 1e-12
    for name, leaf in leaves.items():
        np.testing.assert_allclose(gradients[name], leaf.grad.numpy(), rtol=0, atol=1e-9)


@pytest.mark.parametrize("build", [translator, captioner])
def test_padding_changes_neither_the_loss_nor_any_gradient(build):
    model = build(GRUCell)
    x, targets, mask = batch(build)
    targets = np.concatenate([targets, np.zeros((1, 2), int)])  # both closed by END
    loss, gradients = model.loss_and_gradients(x, targets, mask)
    longer = np.concatenate([targets, np.zeros((2, 2), int)])
    if mask is not None:
        x = np.concatenate([x, np.full((3, 2), 5)])
        mask = np.concatenate([mask, np.zeros((3, 2), bool)])
    padded_loss, padded = model.loss_and_gradients(x, longer, mask)
    # The words that stand after END are never read by a step that counts.
    changed = longer.copy()
    changed[3:, 1] = 6
    changed_loss, _ = model.loss_and_gradients(x, changed, mask)
    assert padded_loss == pytest.approx(loss, rel=1e-14)
    assert changed_loss == pytest.approx(loss, rel=1e-14)
    np.testing.assert_allclose(padded.vector, gradients.vector, rtol=0, atol=1e-15)


def test_until_end_counts_the_first_end_and_nothing_after_it():
    words = np.array([[3, 0, 1], [0, 0, 2], [4, 5, 3]])
    expected = [[True, True, True], [True, False, True], [False, False, True]]
    np.testing.assert_array_equal(until_end(words), expected)


@pytest.mark.parametrize("build", [translator, captioner, tune])
@pytest.mark.parametrize("cell", CELLS)
def test_step_by_step_gives_the_logits_of_the_whole(build, cell):
    model = build(cell)
    x, targets, mask = batch(build)
    whole = model.forward(x, targets, mask).y
    y, state = model.begin(x, mask)
    np.testing.assert_allclose(y, whole[0], rtol=0, atol=1e-14)
    for t in range(1, len(targets)):
        y, state = model.next(targets[t - 1], state)
        np.testing.assert_allclose(y, whole[t], rtol=0, atol=1e-14)


def test_the_diagram_says_what_one_to_many_reads():
    # The wiring with feedback is what the network computes: step 1 reads x, later steps a word.
    wiring = one_to_many(4, feedback=True)
    assert wiring.reads == (True, False, False, False)
    assert wiring.feeds == (False, True, True, True)
    model = captioner(RNNCell)
    x, targets, _ = batch(captioner)
    trace = model.forward(x, targets)
    np.testing.assert_array_equal(trace.x[0], model.source.forward(x)[0])
    np.testing.assert_array_equal(trace.x[1:], model.embedding.E[targets[:-1]])


def test_a_copy_is_a_network_of_its_own():
    model = translator(LSTMCell)
    twin = copy.deepcopy(model)
    twin.parameters.vector[:] = 0.0
    assert model.parameters.vector.any() and not twin.encoder.W.any()


def test_errors_name_the_argument():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="takes over the encoder's state"):
        EncoderDecoder(RNNCell(3, 5), RNNCell(3, 4), 6, 7)
    with pytest.raises(TypeError, match="encoder is a int, expected a Cell"):
        EncoderDecoder(3, RNNCell(3, 4), 6, 7)
    with pytest.raises(TypeError, match="source is a RNNCell, expected a InputLayer"):
        OneToMany(RNNCell(3, 5), RNNCell(3, 4), 6)
    model = OneToMany(PatchEmbedding(4, 3), RNNCell(6, 5), 7)
    with pytest.raises(ValueError, match="expected a multiple of n_p = 4"):
        model.begin(rng.standard_normal((1, 2, 7)))
    with pytest.raises(ValueError, match=r"expected \(1, B, 6\)"):
        model.begin(rng.standard_normal((1, 2, 12)))
    with pytest.raises(ValueError, match="targets holds 7, expected integers from 0 to 6"):
        model.loss_and_gradients(rng.standard_normal((1, 2, 8)), TARGETS + 1)
    with pytest.raises(NotImplementedError):
        Generator().forward(None, None)


def test_another_loss_reaches_every_gradient():
    # `loss=` replaces cross-entropy; a weighted one is checked by finite differences.
    from rnn_core import Bidirectional, SequenceModel, many_to_many
    from rnn_core.ctc import ctc

    rng = np.random.default_rng(3)
    targets = np.array([[1, 2], [2, 2], [3, 0]])
    x = rng.standard_normal((7, 2, 3))
    mask = np.arange(7)[:, None] < [7, 5]
    models = [
        Bidirectional(RNNCell(3, 4, rng=rng), RNNCell(3, 5, rng=rng), 4, loss=ctc, rng=rng),
        SequenceModel(RNNCell(3, 4, rng=rng), 4, many_to_many, loss=ctc, rng=rng),
    ]
    for model in models:
        shaken(model, rng)
        _, gradients = model.loss_and_gradients(x, targets, mask)
        errors = check_gradients(
            lambda model=model: model.loss_and_gradients(x, targets, mask)[0],
            model.parameters,
            gradients,
        )
        assert max(errors.values()) < 1e-6, errors

    def last_step_counts_double(y, targets, mask):
        return softmax_cross_entropy(y, targets, np.array([[1.0], [1.0], [2.0]]) * np.ones((3, 2)))

    model = shaken(SequenceModel(RNNCell(3, 4), 5, loss=last_step_counts_double), rng)
    data = rng.standard_normal((3, 2, 3)), rng.integers(0, 5, (3, 2))
    _, gradients = model.loss_and_gradients(*data)
    errors = check_gradients(
        lambda: model.loss_and_gradients(*data)[0], model.parameters, gradients
    )
    assert max(errors.values()) < 1e-6, errors


def all_sequences(n_y, K):
    """Yield every sequence of at most K words: closed by END (0), or K words without one."""
    for length in range(K):
        for words in itertools.product(range(1, n_y), repeat=length):
            yield [*words, 0]
    yield from (list(words) for words in itertools.product(range(1, n_y), repeat=K))
