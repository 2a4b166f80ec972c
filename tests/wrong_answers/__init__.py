"""Plausible wrong answers, one module a lesson: exercise → [(answer, words of the reason), …]."""
