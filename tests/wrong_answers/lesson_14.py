"""What students write in lesson 14 before they get it right."""

import numpy as np


def likeness_without_lengths(query, vectors):
    return vectors @ query


def likeness_of_one_length(query, vectors):
    return vectors @ query / np.linalg.norm(query)


def likeness_by_total_length(query, vectors):
    return vectors @ query / (np.linalg.norm(vectors) * np.linalg.norm(query))


def precision_of_what_is_there(relevant, k=5):
    return float(np.mean(relevant[:k]))


def precision_of_all(relevant, k=5):
    return float(np.sum(relevant) / k)


def precision_as_recall(relevant, k=5):
    return float(np.sum(relevant[:k]) / np.sum(relevant))


def average_from_zero(relevant):
    ranks = np.flatnonzero(relevant)
    return float(np.mean(np.arange(1, len(ranks) + 1) / np.maximum(ranks, 1)))


def average_over_all_ranks(relevant):
    precision = np.cumsum(relevant) / np.arange(1, len(relevant) + 1)
    return float(np.sum(precision * relevant) / len(relevant))


def average_of_every_precision(relevant):
    return float(np.mean(np.cumsum(relevant) / np.arange(1, len(relevant) + 1)))


def rocchio_mean_of_nothing(query, liked, disliked, alpha=1.0, beta=0.75, gamma=0.15):
    with np.errstate(all="ignore"):
        moved = alpha * query + beta * liked.sum(0) / len(liked) - gamma * disliked.sum(0) / len(disliked)
        return moved / np.linalg.norm(moved)


def rocchio_sums(query, liked, disliked, alpha=1.0, beta=0.75, gamma=0.15):
    moved = alpha * query + beta * liked.sum(0) - gamma * disliked.sum(0)
    return moved / np.linalg.norm(moved)


def rocchio_towards_both(query, liked, disliked, alpha=1.0, beta=0.75, gamma=0.15):
    moved = alpha * query
    moved = moved + beta * liked.mean(0) if len(liked) else moved
    moved = moved + gamma * disliked.mean(0) if len(disliked) else moved
    return moved / np.linalg.norm(moved)


def rocchio_of_any_length(query, liked, disliked, alpha=1.0, beta=0.75, gamma=0.15):
    moved = alpha * query
    moved = moved + beta * liked.mean(0) if len(liked) else moved
    return moved - gamma * disliked.mean(0) if len(disliked) else moved


WRONG = {
    "14.likeness": [
        (likeness_without_lengths, "whatever the lengths"),
        (likeness_of_one_length, "whatever the lengths"),
        (likeness_by_total_length, "whatever the lengths"),
    ],
    "14.precision_at": [
        (precision_of_what_is_there, "an empty rank is a miss"),
        (precision_of_all, "the sixth isn't asked"),
        (precision_as_recall, "two of the first five"),
    ],
    "14.average_precision": [
        (average_from_zero, "ranks begin at 1"),
        (average_over_all_ranks, "the only relevant piece is second"),
        (average_of_every_precision, "the only relevant piece is second"),
    ],
    "14.rocchio": [
        (rocchio_mean_of_nothing, "the mean of nothing"),
        (rocchio_sums, "not sums"),
        (rocchio_towards_both, "pushes away"),
        (rocchio_of_any_length, "length 1"),
    ],
}
