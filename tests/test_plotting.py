"""Figures: what is drawn, that names stay literal, and that the alt text tells the truth."""

import re
import warnings

import numpy as np
import pytest

from musicgan_edu import plotting
from musicgan_edu.plotting import PlotError
from musicgan_edu.score import Score, Track

HOSTILE = Track("_So$p_r$ <img src=x>\n" + "z" * 90)


def duet(**fields):
    rows = [(0, 72, 0, 1), (0, 74, 1, 3), (1, 60, 0, 4), (1, 55, 4, 4)]
    return Score.from_rows(rows, fields.pop("tracks", [Track("Soprano"), Track("Bass")]), **fields)


def png_size(figure):
    data = figure.to_png()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def names_in_legend(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_piano_roll_draws_each_note_where_it_is():
    figure = plotting.piano_roll(duet())
    axes = figure.axes[0]
    boxes = [path.get_extents() for collection in axes.collections for path in collection.get_paths()]
    assert [(round(box.x0, 2), round((box.y0 + box.y1) / 2)) for box in boxes] == [
        (0, 72),
        (1, 74),
        (0, 60),
        (4, 55),
    ]
    assert all(
        box.x1 < end for box, end in zip(boxes, (1, 4, 4, 8), strict=True)
    )  # a gap before the next note
    assert axes.get_xlim() == (0, 8)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", "3"]
    assert names_in_legend(figure) == ["Soprano", "Bass"]
    assert png_size(figure) == (1080, 432)


def test_piano_roll_says_what_it_shows():
    text = plotting.piano_roll(duet(title="Two voices")).alt_text
    assert text == (
        "Piano roll of Two voices: 2 bars of 4 beats, 4 notes. Soprano: 2 notes, C5 to D5; Bass: 2 notes, G3 to C4."
    )


def test_piano_roll_counts_bars_from_the_first_barline():
    axes = plotting.piano_roll(duet(pickup=1.0)).axes[0]
    assert list(axes.get_xticks()) == [1, 5]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2"]


def test_piano_roll_of_a_part_and_of_nothing():
    part = plotting.piano_roll(duet(), start=4, end=8)
    assert "1 note, " in part.alt_text
    assert part.axes[0].get_xlim() == (4, 8)
    assert plotting.piano_roll(Score.from_rows([], [Track("a")])).alt_text == "Piano roll: no notes."
    with pytest.raises(PlotError, match=r"expected 0 ≤ start < end, got start 3 and end 2"):
        plotting.piano_roll(duet(), start=3, end=2)


def test_names_from_files_are_drawn_as_they_are():
    figure = plotting.piano_roll(duet(tracks=[HOSTILE, Track("中 $\\frac{")], title="$x^"))
    name = names_in_legend(figure)[0]
    assert name.startswith("_So$p_r$ <img src=x> zzz")
    assert len(name) == 40
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no glyph, no mathtext, no hidden label
        picture = figure.to_html()
    alt = re.search(r'alt="([^"]*)"', picture).group(1)
    assert "&lt;img src=x&gt;" in alt
    assert picture.count("<") == 1


def test_many_tracks_and_bars_stay_readable():
    rows = [(t, 40 + t, float(4 * b), 4) for t in range(12) for b in range(100)]
    figure = plotting.piano_roll(Score.from_rows(rows))
    assert len(figure.axes[0].get_xticks()) <= 24
    assert figure.alt_text.endswith("and 4 more tracks.")


def test_a_figure_shows_itself_with_alt_text_and_clear_background():
    figure = plotting.piano_roll(duet())
    bundle = figure._repr_mimebundle_()
    assert bundle["text/plain"] == figure.alt_text
    assert bundle["text/html"].startswith('<img src="data:image/png;base64,')
    assert figure.alt_text in bundle["text/html"]
    assert figure.get_facecolor()[3] == 0


def test_show_displays_and_refuses_a_figure_without_alt_text(capsys):
    plotting.show(plotting.piano_roll(duet()))
    assert "Figure" in capsys.readouterr().out  # outside of a notebook: its repr
    with pytest.raises(PlotError, match="give the figure an alt_text"):
        plotting.show(plotting.Figure())


@pytest.mark.parametrize(("pitch", "name"), [(60, "C4"), (69, "A4"), (70, "B♭4"), (0, "C-1"), (127, "G9")])
def test_pitch_name(pitch, name):
    assert plotting.pitch_name(pitch) == name


def test_grey_stands_out_from_light_and_dark():
    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * x for w, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    grey = luminance(plotting.GREY)
    for page in (
        "#ffffff",
        "#000000",
    ):  # what `to_html` puts behind it: see tests/browser/test_accessibility.py
        bright, dark = sorted([grey, luminance(page)], reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 4.5  # WCAG AA for letters


def test_losses_tell_begin_end_and_what_is_missing():
    figure = plotting.losses({"D $1": [1.0, 0.5, 0.25], "G": [2.0, np.nan, 3.0]}, steps=[10, 20, 30])
    assert figure.alt_text == (
        "Line chart: loss (nats) over training step. D $1 goes from 1 at 10 to 0.25 at 30, lowest 0.25, highest 1; "
        "G goes from 2 at 10 to 3 at 30, lowest 2, highest 3, 1 value not finite."
    )
    first, second = figure.axes[0].get_lines()
    assert first.get_linestyle() != second.get_linestyle()
    assert names_in_legend(figure) == ["D $1", "G"]
    assert png_size(figure)[0] == 960


def test_losses_refuse_what_does_not_fit():
    with pytest.raises(PlotError, match="2 steps but 3 values of 'D'"):
        plotting.losses({"D": [1, 2, 3]}, steps=[1, 2])
    with pytest.raises(PlotError, match="the mapping is empty"):
        plotting.losses({})
    with pytest.raises(PlotError, match=r"got shape \(0,\) for 'D'"):
        plotting.losses({"D": []})


def test_intervals_draw_value_and_span():
    figure = plotting.intervals({"GAN": (0.7, 0.6, 0.75), "real": (0.5,)}, xlabel="accuracy", reference=0.5)
    assert figure.alt_text == (
        "Chart of values with intervals: accuracy. GAN 0.7 (interval 0.6 to 0.75); real 0.5. The dashed line stands at 0.5."
    )
    bar = figure.axes[0].get_lines()[0]
    assert list(bar.get_xdata()) == [0.6, 0.75]
    with pytest.raises(PlotError, match=r"got \[1.0, 2.0\] for 'a'"):
        plotting.intervals({"a": (1, 2)}, xlabel="x")


def test_histograms_share_their_bins():
    figure = plotting.histograms({"real": [60, 60, 62], "fake": [62, 63, np.nan]}, xlabel="pitch")
    real, fake = (patch.get_data() for patch in figure.axes[0].patches)
    assert real.edges.tolist() == fake.edges.tolist() == [59.5, 60.5, 61.5, 62.5, 63.5]
    assert real.values == pytest.approx([2 / 3, 0, 1 / 3, 0])
    assert figure.alt_text.startswith(
        "Histograms of pitch. real: 3 values, mean 60.7, SD 0.943; fake: 2 values"
    )
    with pytest.raises(PlotError, match=r"got shape \(0,\) for 'fake'"):
        plotting.histograms({"real": [1], "fake": [np.nan]}, xlabel="pitch")


def test_tensor_has_a_panel_for_each_voice():
    values = np.zeros((8, 2, 5))
    values[3, 1, 4] = 1
    figure = plotting.tensor(values, names=["S", "B"])
    pictures = [axes.images[0].get_array() for axes in figure.axes[:2]]
    assert [picture.shape for picture in pictures] == [(5, 8), (5, 8)]
    assert pictures[1][4, 3] == 1
    assert "shape 8 × 2 × 5" in figure.alt_text
    assert "values from 0 to 1, 1.2% of them not zero" in figure.alt_text
    with pytest.raises(PlotError, match=r"got \(5,\)"):
        plotting.tensor(np.zeros(5))
    with pytest.raises(PlotError, match="1 names for 2 panels"):
        plotting.tensor(values, names=["S"])


def test_spectrograms_share_one_scale():
    t = np.arange(8000) / 8000
    tone = np.sin(2 * np.pi * 1000 * t)
    figure = plotting.spectrograms({"before": tone, "after": tone / 100}, sample_rate=8000)
    before, after = (axes.images[0].get_array() for axes in figure.axes[:2])
    assert before.shape[0] == 513
    assert int(before.mean(1).argmax()) == 128  # 1000 Hz of 4000 in 513 rows
    assert before.max() == pytest.approx(0)
    assert after.max() == pytest.approx(-40)
    assert "0 to 4 kHz" in figure.alt_text
    with pytest.raises(PlotError, match="at least 1024 finite samples, got 10 of 'short'"):
        plotting.spectrograms({"short": tone[:10]}, sample_rate=8000)


def test_a_silent_recording_can_be_drawn():
    figure = plotting.spectrograms({"silence": np.zeros(2048)}, sample_rate=8000)
    assert "median level -80 dB" in figure.alt_text


def test_a_plane_draws_every_point_and_says_where_they_are():
    real, fake = np.array([[1.0, 0.0], [1.0, 2.0]]), np.array([[-1.0, -0.5]])
    surface = np.array([[-2.0, 0.0], [0.0, 2.0]])
    figure = plotting.plane(real, fake, surface=surface, arrows=np.array([[3.0, 4.0]]), title="Start")
    axes = figure.axes[0]
    assert [line.get_xydata().tolist() for line in axes.lines] == [real.tolist(), fake.tolist()]
    assert axes.images[0].get_array().max() == pytest.approx(1 / (1 + np.exp(-2)))
    assert figure.alt_text == (
        "Points on the plane of Start: 2 real points about (1.00, 1.00), SD (0.00, 1.00); 1 generated point "
        "about (-1.00, -0.50), SD (0.00, 0.00). D's probability of real goes from 0.12 to 0.88."
    )
    scores = plotting.plane(real, fake, surface=surface, probability=False)
    assert "D's score goes from -2.00 to 2.00." in scores.alt_text
    with pytest.raises(PlotError, match=r"1 fakes but arrows of shape \(2, 2\)"):
        plotting.plane(real, fake, arrows=real)
    with pytest.raises(PlotError, match=r"fake points have shape \(n, 2\), got \(3,\)"):
        plotting.plane(real, np.zeros(3))


def test_words_on_planes_stand_inside_the_figure_and_apart():
    turn = np.linspace(0, 6.3, 50)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    paths = plotting.paths({"non-saturating, alternating": circle}, title="Circle")
    paths.draw_without_rendering()
    (axes,) = paths.axes
    for word in (axes.get_legend(), axes.yaxis.label):
        box = word.get_window_extent()
        assert paths.bbox.x0 <= box.x0 < box.x1 <= paths.bbox.x1
    plane = plotting.plane(circle, -circle, title="Points")
    plane.draw_without_rendering()
    title = plane.axes[0].title.get_window_extent()
    assert not any(title.overlaps(legend.get_window_extent()) for legend in plane.legends)
    assert plane.legends


def test_paths_are_drawn_and_told():
    figure = plotting.paths({"in": np.array([[3.0, 4.0], [0.0, 1.0]])}, title="Dirac")
    assert figure.axes[0].lines[0].get_xydata().tolist() == [[3, 4], [0, 1]]
    assert "in goes from distance 5 to 1 from the origin" in figure.alt_text
    with pytest.raises(PlotError, match=r"got \(2,\) for 'x'"):
        plotting.paths({"x": np.zeros(2)})
    with pytest.raises(PlotError, match="nothing to draw"):
        plotting.paths({})


def test_a_report_in_units_of_real_musics_interval():
    # half width 0.1: the machine is 2 above, its interval 1 to 3; EB has no interval, groove no width
    rows = {
        "fifths": (0.5, (0.4, 0.6), 0.7, (0.6, 0.8)),
        "in key": (0.5, (0.4, 0.6), 0.52, (0.45, 0.6)),
        "far": (0.5, (0.4, 0.6), -9.0, (-9.5, -8.5)),
        "EB": (0.5, (float("nan"),) * 2, 0.7, (float("nan"),) * 2),
        "groove": (1.0, (1.0, 1.0), 1.0, (1.0, 1.0)),
    }
    figure = plotting.report(rows)
    drawn = {
        round(line.get_ydata()[0]): line.get_xdata()
        for line in figure.axes[0].lines
        if len(line.get_xdata()) == 2
    }
    assert drawn[0].tolist() == pytest.approx([1, 3])
    assert drawn[2].tolist() == [-8, -8]  # at the edge, and an arrow says so
    assert [line.get_marker() for line in figure.axes[0].lines if len(line.get_xdata()) == 1] == [
        "o",
        "o",
        "<",
    ]
    assert "fifths: real 0.5, machine 0.7, intervals overlapping" in figure.alt_text
    assert "far: real 0.5, machine -9, intervals apart" in figure.alt_text
    assert figure.alt_text.endswith("Not drawn: EB, groove.")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["fifths", "in key", "far"]
    one = plotting.report(rows, names=["in key"])
    assert "fifths" not in one.alt_text


def test_a_report_that_cannot_be_drawn():
    rows = {"EB": (0.5, (float("nan"),) * 2, 0.7, (float("nan"),) * 2)}
    with pytest.raises(PlotError, match="no measure with an interval"):
        plotting.report(rows)
    with pytest.raises(PlotError, match="no measure 'QN'"):
        plotting.report(rows, names=["QN"])


def test_marked_roll_colours_each_note_by_its_number():
    score = duet()
    values = np.linspace(-1, 2, score.n_notes)
    figure = plotting.marked_roll(score, values, label="objection", title="Marked")
    boxes = figure.axes[0].collections[0]
    assert boxes.get_array().tolist() == values.tolist()
    box = boxes.get_paths()[-1].get_extents()
    last = score.notes[-1]
    assert box.xmin == pytest.approx(last["onset"])
    assert (box.ymin + box.ymax) / 2 == pytest.approx(last["pitch"])
    ranks = [text.get_text() for text in figure.axes[0].texts]
    assert ranks == [str(rank) for rank in range(1, min(3, score.n_notes) + 1)]
    assert f"{score.n_notes} notes, coloured by objection, from -1 to 2. Greatest: " in figure.alt_text
    name = plotting.pitch_name(last["pitch"])
    assert (
        f"Greatest: {score.tracks[last['track']].name} {name} on beat {last['onset'] + 1:g} (2)"
        in figure.alt_text
    )


@pytest.mark.parametrize("values", [[], [1.0], [np.nan] * 100])
def test_marked_roll_refuses_values_that_do_not_fit(values):
    with pytest.raises(PlotError, match=r"expected \d+ finite values \(one a note\), got"):
        plotting.marked_roll(duet(), values, label="x")


def test_progress_draws_a_box_for_each_part_and_says_the_counts():
    figure = plotting.progress({"00 · So$u_n$d": (1, 3), "01 · Data": (2, 2), "x": (0, 0)}, title="Mine")
    filled = [bar.get_facecolor()[3] > 0 for bar in figure.axes[0].patches]
    assert filled == [True, False, False, True, True]
    assert (
        figure.alt_text == "Progress of Mine, in exercises: 00 · So$u_n$d 1 of 3; 01 · Data 2 of 2; x 0 of 0."
    )
    assert png_size(figure)


@pytest.mark.parametrize("counts", [{}, {"a": (3, 2)}, {"a": (-1, 2)}])
def test_progress_of_nothing_or_beyond_the_whole_is_refused(counts):
    with pytest.raises(PlotError, match=r"expected name → \(done, of how many\)"):
        plotting.progress(counts)
