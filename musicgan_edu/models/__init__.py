"""The networks: generators, the discriminator, the encoder that pretraining uses, one that fills gaps.

Comes in: latents z, or voices as classes, int (B, T, V), or as one-hot (straight-through) values,
float32 (B, T, V, C); see `encoding.VoiceEncoding`. Goes out: logits of classes, or what a
discriminator thinks of each step, logits too, never probabilities.

Conventions
-----------
B windows, T steps, V voices, P pitches, C = P + 2 classes (pitches, REST, HOLD). Lessons 05 to 07.
"""

from musicgan_edu.models.chords import ChordGenerator, chords_of, features_of_chords, vocabulary, within
from musicgan_edu.models.constraints import CONSTRAINTS, power_iteration
from musicgan_edu.models.convolutional import ConvGenerator, Discriminator
from musicgan_edu.models.features import planes, relations, sounding, straight_through
from musicgan_edu.models.masked import MaskedNetwork
from musicgan_edu.models.network import weights_of
from musicgan_edu.models.neurons import deterministic_binary, stochastic_binary
from musicgan_edu.models.recurrent import GAIN, PosteriorEncoder, RecurrentGenerator
from musicgan_edu.models.rolls import RollGenerator, features_of_rolls, roll_kernels
from musicgan_edu.models.sound import (
    SoundGenerator,
    choose,
    features_of_sound,
    interval_classes,
    pulses,
    sound_of,
)

__all__ = [
    "CONSTRAINTS",
    "GAIN",
    "ChordGenerator",
    "ConvGenerator",
    "Discriminator",
    "MaskedNetwork",
    "PosteriorEncoder",
    "RecurrentGenerator",
    "RollGenerator",
    "SoundGenerator",
    "choose",
    "chords_of",
    "deterministic_binary",
    "features_of_chords",
    "features_of_rolls",
    "features_of_sound",
    "interval_classes",
    "planes",
    "power_iteration",
    "pulses",
    "relations",
    "roll_kernels",
    "sound_of",
    "sounding",
    "stochastic_binary",
    "straight_through",
    "vocabulary",
    "weights_of",
    "within",
]
