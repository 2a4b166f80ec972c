"""Is it any good? Measures of music, each with an interval, and a judge that looks for the machine.

Comes in: lists of Scores. Goes out: `Tally`s (a ratio with its counts), verdicts, one `Report`.

Conventions
-----------
Measures of notes and bars take any Scores. Those of voices (dissonance, changes, rules, copying,
the judge) take *windows*: `n_bars` bars from a barline on, monophonic voices from high to low, 16
steps a 4/4 bar. No measure is good on its own: a copy of Bach gets the best marks everywhere but
in `copying`, one frozen chord breaks no rule, one repeated note is always in key.

Map
---
grids (Scores as arrays), tally (ratios and bootstrap), harmony, rhythm, rules, feature_table, judge,
novelty, distances, content (what a change of style leaves), report, rolls (of several polyphonic tracks), agreement (of voices with a melody),
tunes; listening (the blind test) and listeners (its files; import it by name).

References
----------
Raffel et al. (2014): mir_eval, whose form this follows. Lesson 10 uses all of it.
"""

from musicgan_edu.evaluation.agreement import CHORDS, chord_tones, ctnctr, harmonised
from musicgan_edu.evaluation.content import chroma_similarity, contour_similarity, onset_agreement
from musicgan_edu.evaluation.distances import (
    Likeness,
    Neighbours,
    describe,
    frechet_distance,
    kl_divergence,
    likeness,
    neighbours,
    overlap,
    standardised,
)
from musicgan_edu.evaluation.feature_table import Features, features
from musicgan_edu.evaluation.grids import REST, EvaluationError, Voices, groups_of, voices
from musicgan_edu.evaluation.harmony import (
    dissonance,
    in_key,
    pitch_class_entropy,
    scale_consistency,
    tonal_distance,
    used_pitch_classes,
)
from musicgan_edu.evaluation.judge import Comparison, Verdict, c2st, chance, compare
from musicgan_edu.evaluation.listening import (
    Clip,
    Outcome,
    Trial,
    by_chance,
    neutral,
    outcome,
    series,
    share_interval,
)
from musicgan_edu.evaluation.novelty import copying, distinct_share
from musicgan_edu.evaluation.report import Report, Row, evaluate, side_by_side
from musicgan_edu.evaluation.rhythm import (
    changes_per_bar,
    empty_bars,
    empty_beats,
    groove,
    polyphony,
    qualified_notes,
)
from musicgan_edu.evaluation.rolls import as_markdown, compare_rolls, polyphonic_rate
from musicgan_edu.evaluation.rules import RANGES, chorale_rules, count_parallels
from musicgan_edu.evaluation.styles import Collections, StyleJudge, teaches, tell_collections
from musicgan_edu.evaluation.tally import Tally, bootstrap, percentile_interval
from musicgan_edu.evaluation.tunes import tunes_of

__all__ = [
    "CHORDS",
    "RANGES",
    "REST",
    "Clip",
    "Collections",
    "Comparison",
    "EvaluationError",
    "Features",
    "Likeness",
    "Neighbours",
    "Outcome",
    "Report",
    "Row",
    "StyleJudge",
    "Tally",
    "Trial",
    "Verdict",
    "Voices",
    "as_markdown",
    "bootstrap",
    "by_chance",
    "c2st",
    "chance",
    "changes_per_bar",
    "chorale_rules",
    "chord_tones",
    "chroma_similarity",
    "compare",
    "compare_rolls",
    "contour_similarity",
    "copying",
    "count_parallels",
    "ctnctr",
    "describe",
    "dissonance",
    "distinct_share",
    "empty_bars",
    "empty_beats",
    "evaluate",
    "features",
    "frechet_distance",
    "groove",
    "groups_of",
    "harmonised",
    "in_key",
    "kl_divergence",
    "likeness",
    "neighbours",
    "neutral",
    "onset_agreement",
    "outcome",
    "overlap",
    "percentile_interval",
    "pitch_class_entropy",
    "polyphonic_rate",
    "polyphony",
    "qualified_notes",
    "scale_consistency",
    "series",
    "share_interval",
    "side_by_side",
    "standardised",
    "teaches",
    "tell_collections",
    "tonal_distance",
    "tunes_of",
    "used_pitch_classes",
    "voices",
]
