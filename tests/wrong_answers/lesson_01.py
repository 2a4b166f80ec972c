"""What students write in lesson 01 before they get it right."""

import numpy as np


def tokens_without_hold(notes, n_steps, low, rest, hold):
    tokens = np.full(n_steps, rest)
    for pitch, first, length in notes:
        tokens[first : first + length] = pitch - low
    return tokens


def tokens_with_zero_rest(notes, n_steps, low, rest, hold):
    tokens = np.zeros(n_steps, dtype=int)
    for pitch, first, length in notes:
        tokens[first] = pitch - low
        tokens[first + 1 : first + length] = hold
    return tokens


def tokens_of_midi_numbers(notes, n_steps, low, rest, hold):
    tokens = np.full(n_steps, rest)
    for pitch, first, length in notes:
        tokens[first] = pitch
        tokens[first + 1 : first + length] = hold
    return tokens


def tokens_held_too_long(notes, n_steps, low, rest, hold):
    tokens = np.full(n_steps, rest)
    for pitch, first, length in notes:
        tokens[first] = pitch - low
        tokens[first + 1 : first + length + 1] = hold
    return tokens


def tokens_held_until_their_length(notes, n_steps, low, rest, hold):
    tokens = np.full(n_steps, rest)
    for pitch, first, length in notes:
        tokens[first] = pitch - low
        tokens[first + 1 : length] = hold
    return tokens


def tokens_in_a_row(notes, n_steps, low, rest, hold):
    tokens = [token for pitch, _, length in notes for token in [pitch - low, *[hold] * (length - 1)]]
    return np.array(tokens + [rest] * (n_steps - len(tokens)))


def notes_that_merge_repeats(tokens, low, rest, hold):
    notes, last = [], None
    for step, token in enumerate(tokens):
        if token in (last, hold) and notes and last != rest:
            pitch, first, length = notes[-1]
            notes[-1] = (pitch, first, length + 1)
        elif token not in (rest, hold):
            notes.append((int(token) + low, step, 1))
            last = token
        else:
            last = rest
    return notes


def notes_without_the_last(tokens, low, rest, hold):
    notes, started = [], None
    for step, token in enumerate(tokens):
        if token != hold:
            if started is not None:
                notes.append((int(tokens[started]) + low, started, step - started))
            started = step if token != rest else None
    return notes


def notes_held_over_rests(tokens, low, rest, hold):
    notes = []
    for step, token in enumerate(tokens):
        if token == hold and notes:
            notes[-1] = (*notes[-1][:2], notes[-1][2] + 1)
        elif token not in (rest, hold):
            notes.append((int(token) + low, step, 1))
    return notes


def notes_that_trust_a_hold(tokens, low, rest, hold):
    notes = []
    for step, token in enumerate(tokens):
        if token == hold:
            notes[-1] = (*notes[-1][:2], notes[-1][2] + 1)
        elif token != rest:
            notes.append((int(token) + low, step, 1))
    return notes


WRONG = {
    "01.to_step": [
        (lambda beat, steps_per_beat: int(beat * steps_per_beat), "the nearest step"),
        (lambda beat, steps_per_beat: round(beat) * steps_per_beat, "multiply first"),
        (lambda beat, steps_per_beat: round(beat / steps_per_beat), "after 4 steps"),
        (lambda beat, steps_per_beat: float(round(beat * steps_per_beat)), "must be an int"),
    ],
    "01.tokens_of": [
        (tokens_without_hold, "three short notes"),
        (tokens_with_zero_rest, "a rest is never a pitch"),
        (tokens_of_midi_numbers, "subtract"),
        (tokens_held_too_long, "one step too many"),
        (tokens_in_a_row, "before the first note"),
        (tokens_held_until_their_length, "first + length"),
    ],
    "01.notes_of": [
        (notes_that_merge_repeats, "the same pitch twice is two notes"),
        (notes_without_the_last, "the last note"),
        (notes_held_over_rests, "a rest ends a note"),
        (notes_that_trust_a_hold, "a hold with nothing before it"),
    ],
}
