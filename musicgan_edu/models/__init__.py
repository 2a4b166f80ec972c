"""The networks: generators, the discriminator, the encoder that pretraining uses; their files.

Comes in: latents z, or voices as classes, int (B, T, V), or as one-hot (straight-through) values,
float32 (B, T, V, C); see `encoding.VoiceEncoding`. Goes out: logits of classes, or what a
discriminator thinks of each step, logits too, never probabilities.

Conventions
-----------
B windows, T steps, V voices, P pitches, C = P + 2 classes (pitches, REST, HOLD). Lessons 05 to 07.
"""

from musicgan_edu.models.convolutional import ConvGenerator, Discriminator
from musicgan_edu.models.features import planes, relations, sounding, straight_through
from musicgan_edu.models.network import weights_of
from musicgan_edu.models.recurrent import GAIN, PosteriorEncoder, RecurrentGenerator

__all__ = [
    "GAIN",
    "ConvGenerator",
    "Discriminator",
    "PosteriorEncoder",
    "RecurrentGenerator",
    "planes",
    "relations",
    "sounding",
    "straight_through",
    "weights_of",
]
