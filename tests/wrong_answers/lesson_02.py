"""What students write in lesson 02 before they get it right."""

import numpy as np

from musicgan_edu.checks.lesson_02 import cross_entropy_losses, jacobian, jensen_shannon, sigmoid


def softplus(x):
    return np.logaddexp(0, x)


def jsd_by_where(p, q):
    middle = (p + q) / 2
    return (p * np.log(p / middle) + q * np.log(q / middle)).sum() / 2


def losses_by_log_of_logits(real, fake):
    with np.errstate(all="ignore"):
        doubt = np.log(1 - fake).mean()
        return -np.log(real).mean() - doubt, doubt, -np.log(fake).mean()


def losses_by_log_of_sigmoid(real, fake):
    one, two = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-fake))
    return -np.log(one).mean() - np.log(1 - two).mean(), np.log(1 - two).mean(), -np.log(two).mean()


def losses_with(change):
    def losses(real, fake):
        return change(*cross_entropy_losses(real, fake))

    return losses


def losses_with_swapped_labels(real, fake):
    _, s, n = cross_entropy_losses(real, fake)
    return cross_entropy_losses(fake, real)[0], s, n


def losses_not_returned(real, fake):
    cross_entropy_losses(real, fake)


def round_where_fake_is_real(theta, psi, rate, gamma):
    psi = psi - rate * (-theta * sigmoid(-psi * theta) + gamma * psi)
    return theta + rate * psi * sigmoid(-psi * theta), psi


def round_with_the_penalty_itself(theta, psi, rate, gamma):
    psi = psi - rate * (theta * sigmoid(psi * theta) + gamma / 2 * psi**2)
    return theta + rate * psi * sigmoid(-psi * theta), psi


def round_at_once(theta, psi, rate, gamma):
    new = psi - rate * (theta * sigmoid(psi * theta) + gamma * psi)
    return theta + rate * psi * sigmoid(-psi * theta), new


def round_of_g_first(theta, psi, rate, gamma):
    theta = theta + rate * psi * sigmoid(-psi * theta)
    return theta, psi - rate * (theta * sigmoid(psi * theta) + gamma * psi)


def round_saturating(theta, psi, rate, gamma):
    psi = psi - rate * (theta * sigmoid(psi * theta) + gamma * psi)
    return theta + rate * psi * sigmoid(psi * theta), psi


def round_without_penalty(theta, psi, rate, gamma):
    psi = psi - rate * theta * sigmoid(psi * theta)
    return theta + rate * psi * sigmoid(-psi * theta), psi


def round_with_a_turned_penalty(theta, psi, rate, gamma):
    psi = psi - rate * (theta * sigmoid(psi * theta) - gamma * psi)
    return theta + rate * psi * sigmoid(-psi * theta), psi


def round_uphill_for_g(theta, psi, rate, gamma):
    psi = psi - rate * (theta * sigmoid(psi * theta) + gamma * psi)
    return theta - rate * psi * sigmoid(-psi * theta), psi


def round_uphill_for_d(theta, psi, rate, gamma):
    psi = psi + rate * (theta * sigmoid(psi * theta) + gamma * psi)
    return theta + rate * psi * sigmoid(-psi * theta), psi


def round_in_other_order(theta, psi, rate, gamma):
    psi = psi - rate * (theta * sigmoid(psi * theta) + gamma * psi)
    return psi, theta + rate * psi * sigmoid(-psi * theta)


def jacobian_that_nudges_the_point(field, point, step=1e-5):
    columns = []
    for j in range(len(point)):
        before = field(point)
        point[j] += step
        columns.append((field(point) - before) / step)
    return np.stack(columns, axis=1)


def jacobian_of_rows(field, point, step=1e-5):
    return jacobian(field, point, step).T


WRONG = {
    "02.best_logit": [
        (lambda p, q: np.log(q / p), "the sign is turned"),
        (lambda p, q: p / (p + q), "that is the probability"),
        (lambda p, q: np.log(p / (p + q)), "logarithm of the probability"),
        (lambda p, q: p / q, "take its logarithm"),
        (lambda p, q: p - q, "knows no odds"),
        (lambda p, q: np.log(p / (1 - p)), "so p against q"),
    ],
    "02.jensen_shannon": [
        (jsd_by_where, "0 · log 0 counts 0"),
        (lambda p, q: 2 * jensen_shannon(p, q), "factor ½"),
        (lambda p, q: jensen_shannon(p, q) / np.log(2), "bits"),
        (lambda p, q: (p * np.log(p / q)).sum(), "that is KL(p ‖ q)"),
        (lambda p, q: (p * np.log(2 * p / (p + q))).sum() / 2, "add q's half"),
        (lambda p, q: jensen_shannon(p, q) - np.log(2), "you divided by p + q"),
        (lambda p, q: np.sqrt(jensen_shannon(p, q)), "SciPy"),
    ],
    "02.cross_entropy_losses": [
        (losses_by_log_of_sigmoid, "±800"),
        (losses_by_log_of_logits, "isn't a probability yet"),
        (losses_with_swapped_labels, "labels are swapped"),
        (losses_with(lambda d, s, n: (d, n, s)), "change places"),
        (losses_with(lambda d, s, n: (d / 2, s, n)), "not half of it"),
        (losses_with(lambda d, s, n: (2 * d, 2 * s, 2 * n)), "not the sum"),
        (losses_with(lambda d, s, n: (d, -s, n)), "has a minus"),
        (losses_with(lambda d, s, n: (d, s, -n)), "without another minus"),
        (losses_with(lambda d, s, n: (d, -d, n)), "not minus all of D's loss"),
        (losses_with(lambda d, s, n: (d, n)), "shape (2,) instead of (3,)"),
        (losses_not_returned, "`return` missing"),
    ],
    "02.wasserstein_losses": [
        (lambda real, fake: (real.mean() - fake.mean(), -fake.mean()), "*maximises*"),
        (lambda real, fake: (fake.mean() - real.mean(), fake.mean()), "G wants high scores"),
        (lambda real, fake: (real.mean() - fake.mean(), fake.mean()), "both signs"),
        (lambda real, fake: (fake.mean() - real.mean(), real.mean() - fake.mean()), "E D(x) isn't in it"),
        (lambda real, fake: cross_entropy_losses(real, fake)[::2], "no sigmoid"),
        (lambda real, fake: (fake.mean() - real.mean(), fake.mean() - real.mean()), "both got the critic's"),
    ],
    "02.earth_mover": [
        (lambda x, y: np.abs(x - y).mean(), "smallest with smallest"),
        (lambda x, y: abs(x.mean() - y.mean()), "cancels"),
        (lambda x, y: np.abs(np.sort(x) - np.sort(y)).sum(), "the sum"),
        (lambda x, y: np.sqrt(((np.sort(x) - np.sort(y)) ** 2).mean()), "W₂"),
        (lambda x, y: np.abs(np.subtract.outer(x, y)).mean(), "*one* place"),
        (lambda x, y: np.abs(np.subtract.outer(x, y)).min(1).mean(), "one grain only"),
    ],
    "02.dirac_round": [
        (round_at_once, "simultaneous"),
        (round_where_fake_is_real, "call the fake real"),
        (round_with_the_penalty_itself, "takes its slope"),
        (round_of_g_first, "D goes first"),
        (round_saturating, "saturating G"),
        (round_without_penalty, "penalty is missing"),
        (round_with_a_turned_penalty, "pushes ψ outwards"),
        (round_uphill_for_g, "G went up"),
        (round_uphill_for_d, "D went up"),
        (round_in_other_order, "changed places"),
    ],
    "02.jacobian": [
        (jacobian_of_rows, "transposed"),
        (lambda field, point: 2 * jacobian(field, point), "twice too large"),
        (lambda field, point: 1e-5 * jacobian(field, point), "Divide the difference"),
        (jacobian_that_nudges_the_point, "changed the point"),
        (lambda field, point: field(point), "shape (2,) instead of (2, 2)"),
    ],
}
