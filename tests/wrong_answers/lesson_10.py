"""What students write in lesson 10 before they get it right."""

import numpy as np


def rate_of_sounding_bars(roll, steps_per_bar):
    return float(roll.reshape(len(roll), -1, steps_per_bar).any(axis=2).mean())


def rate_of_silent_steps(roll, steps_per_bar):
    return float((~roll).mean())


def rate_of_bars_silent_in_all_tracks(roll, steps_per_bar):
    return float((~roll.reshape(len(roll), -1, steps_per_bar).any(axis=(0, 2))).mean())


def means_of_windows(values, piece, draws):
    return values[draws].mean(axis=1)


def means_of_means(values, piece, draws):
    means = np.bincount(piece, values) / np.bincount(piece)
    return means[draws].mean(axis=1)


def means_of_distinct_pieces(values, piece, draws):
    return np.array([values[np.isin(piece, draw)].mean() for draw in draws])


def copied_untransposed(window, train):
    return float((train == window).mean(axis=(1, 2)).max())


def copied_from_anywhere(window, train):
    return float(max((train + shift == window).any(axis=0).mean() for shift in range(-6, 6)))


def copied_on_average(window, train):
    return float(max((train + shift == window).mean() for shift in range(-6, 6)))


def copied_upwards_only(window, train):
    return float(max((train + shift == window).mean(axis=(1, 2)).max() for shift in range(6)))


def folds_of_windows(piece, n_folds):
    return np.arange(len(piece)) % n_folds


def folds_in_turn(piece, n_folds):
    return piece % n_folds


def folds_numbered_from_one(piece, n_folds):
    return piece % n_folds + 1


def folds_of_pieces(piece, n_folds):
    return np.arange(piece.max() + 1) % n_folds


def accuracy_on_training(new_judge, x, is_fake, fold):
    return float((new_judge().fit(x, is_fake).predict(x) == is_fake).mean())


def accuracy_of_one_judge(new_judge, x, is_fake, fold):
    judge, said = new_judge(), np.zeros(len(x), dtype=bool)
    for number in np.unique(fold):
        judge.fit(x[fold != number], is_fake[fold != number])
    for number in np.unique(fold):
        said[fold == number] = judge.predict(x[fold == number])
    return float((said == is_fake).mean())


def accuracy_of_a_judge_that_remembers(new_judge, x, is_fake, fold):
    judge, said = new_judge(), np.zeros(len(x), dtype=bool)
    for number in np.unique(fold):
        held = fold == number
        said[held] = judge.fit(x[~held], is_fake[~held]).predict(x[held])
    right = said == is_fake
    return float((right[is_fake].mean() + right[~is_fake].mean()) / 2)


def accuracy_of_all(new_judge, x, is_fake, fold):
    said = np.zeros(len(x), dtype=bool)
    for number in np.unique(fold):
        held = fold == number
        said[held] = new_judge().fit(x[~held], is_fake[~held]).predict(x[held])
    return float((said == is_fake).mean())


def accuracy_not_returned(new_judge, x, is_fake, fold):
    new_judge().fit(x, is_fake)


def interval_of_wald(hits, n):
    p = hits / n
    half = 1.96 * np.sqrt(p * (1 - p) / n)
    return p - half, p + half


def interval_without_the_denominator(hits, n):
    p, z = hits / n, 1.96
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return p + z**2 / (2 * n) - half, p + z**2 / (2 * n) + half


def interval_as_centre_and_half(hits, n):
    return hits / n


WRONG = {
    "10.empty_bar_rate": [
        (rate_of_sounding_bars, "non*-empty"),
        (rate_of_silent_steps, "counts steps"),
        (rate_of_bars_silent_in_all_tracks, "every track is silent"),
    ],
    "10.resampled_means": [
        (means_of_windows, "17 in four windows"),
        (means_of_means, "17 in four windows"),
        (means_of_distinct_pieces, "counts twice"),
    ],
    "10.copied_share": [
        (copied_untransposed, "try all twelve"),
        (copied_from_anywhere, "the best *one* counts"),
        (copied_on_average, "this very window"),
        (copied_upwards_only, "six semitones higher"),
    ],
    "10.grouped_folds": [
        (folds_of_windows, "that is the leak"),
        (folds_in_turn, "the largest piece first"),
        (folds_numbered_from_one, "numbered 0 to"),
        (folds_of_pieces, "one fold a window"),
    ],
    "10.held_out_accuracy": [
        (accuracy_on_training, "it was trained on"),
        (accuracy_of_one_judge, "one judge was kept"),
        (accuracy_of_a_judge_that_remembers, "it remembers what"),
        (accuracy_of_all, "the commoner kind decides"),
        (accuracy_not_returned, "return"),
    ],
    "10.wilson_interval": [
        (interval_of_wald, "fails for few answers"),
        (interval_without_the_denominator, "divided by 1 + z²/n"),
        (interval_as_centre_and_half, "instead of (low, high)"),
    ],
}
