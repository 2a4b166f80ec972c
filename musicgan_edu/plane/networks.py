"""A small network with its gradients written out: forward, backward, and backward through backward.

Comes in: layers (weights and biases) and points. Goes out: outputs, gradients for the weights and for
the input, and the gradient of a penalty on the input's gradient, which needs second derivatives.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np

__all__ = ["Layers", "backward", "forward", "make", "penalise", "slopes"]

#: A network: one (weights (n_in, n_out), biases (n_out,)) a layer; tanh between the layers.
Layers = tuple[tuple[np.ndarray, np.ndarray], ...]


def make(sizes: Sequence[int], rng: np.random.Generator) -> Layers:
    """A fresh network of these widths, from input to output: Glorot's normal weights, biases 0."""
    pairs = itertools.pairwise(sizes)
    return tuple((rng.normal(0, np.sqrt(2 / (m + n)), (m, n)), np.zeros(n)) for m, n in pairs)


def forward(layers: Layers, x: np.ndarray) -> list[np.ndarray]:
    """Every layer's values, from x itself (B, n_in) to the output (B, n_out), which has no tanh."""
    values = [x]
    for weights, biases in layers[:-1]:
        values.append(np.tanh(values[-1] @ weights + biases))
    weights, biases = layers[-1]
    return [*values, values[-1] @ weights + biases]


def backward(layers: Layers, values: list[np.ndarray], slope: np.ndarray) -> tuple[Layers, np.ndarray]:
    """The chain rule, from the output to the input.

    Parameters
    ----------
    values : what `forward` gave.
    slope : the loss's derivative for each output, (B, n_out).

    Returns
    -------
    The loss's derivatives for all weights and biases, and for the input, (B, n_in).
    """
    gradients = []
    for i in reversed(range(len(layers))):
        if i < len(layers) - 1:
            slope = slope * (1 - values[i + 1] ** 2)  # tanh' = 1 − tanh²
        gradients.append((values[i].T @ slope, slope.sum(0)))
        slope = slope @ layers[i][0].T
    return tuple(reversed(gradients)), slope


def slopes(layers: Layers, x: np.ndarray) -> np.ndarray:
    """∇ₓ of a one-output network at each point, (B, n_in)."""
    return backward(layers, forward(layers, x), np.ones((len(x), 1)))[1]


def penalise(
    layers: Layers, x: np.ndarray, price: Callable[[np.ndarray], tuple[float, np.ndarray]]
) -> tuple[float, Layers]:
    """A penalty on a network's input slopes, and its exact gradient for the weights.

    Parameters
    ----------
    x : points, (B, n_in), of a one-output network.
    price : slopes (B, n_in) → (the penalty, its derivative for each slope (B, n_in)).

    Returns
    -------
    The penalty, and its derivatives for all weights and biases.

    Notes
    -----
    `up[i]` is the output's derivative for the values of layer i, and `down[i]` the penalty's
    derivative for `up[i]`: the chain rule runs back through the run back, from the input to the
    output, and then once more through the network itself, because tanh' depends on its values.
    """
    values = forward(layers, x)
    bends = [1 - value**2 for value in values[1:-1]]  # tanh' of each hidden layer
    up = [np.broadcast_to(layers[-1][0][:, 0], (len(x), len(layers[-1][0])))]
    for (weights, _), bend in zip(reversed(layers[:-1]), reversed(bends), strict=True):
        up.insert(0, (up[0] * bend) @ weights.T)
    cost, down = price(up[0])
    gradients, direct = [], []
    for i, (weights, _) in enumerate(layers[:-1]):
        gradients.append(down.T @ (up[i + 1] * bends[i]))
        through = down @ weights
        direct.append(through * up[i + 1] * -2 * values[i + 1] * bends[i])
        down = through * bends[i]
    gradients.append(down.sum(0)[:, None])
    return cost, _through_values(layers, values, gradients, direct)


def _through_values(
    layers: Layers, values: list[np.ndarray], gradients: list[np.ndarray], direct: list[np.ndarray]
) -> Layers:
    """Add what reaches the weights by way of the layers' values; `direct` is for the sums under tanh."""
    biases = [np.zeros_like(bias) for _, bias in layers]
    carried = np.zeros_like(values[-2])
    for i in reversed(range(len(layers) - 1)):
        slope = direct[i] + carried * (1 - values[i + 1] ** 2)
        gradients[i] = gradients[i] + values[i].T @ slope
        biases[i] = slope.sum(0)
        carried = slope @ layers[i][0].T
    return tuple(zip(gradients, biases, strict=True))
