"""Every tolerance of the physics tests, with its reason."""

from __future__ import annotations

ROUNDING = 1e-12
"""The same formula in another order of operations, in double precision."""
ORDER = 0.15
"""Slope of log error over log step with four step sizes: the next order still bends the line by about 0.1."""
SOLVED = 1e-5
"""Runge-Kutta at the device's own step against an exact solution: (w h)^4/120 a radian is 1e-7, over 100 turns 1e-5."""
SETTLED = 1e-6
"""A steady value after more than fifteen relaxation times, e^-15 = 3e-7."""
LINEARISED = 1e-2
"""A law for small amplitudes at an amplitude of about 1 %."""
PRINTED = 2e-3
"""A number from the reference notes, where it is printed with three digits."""
VELOCITY = 1e-3
"""A mean wall velocity over whole turns: the ends of the record are known to a sample in a thousand."""
STATISTICS = 0.05
"""A variance from at least 2,000 independent samples: sqrt(2/2000) = 3 %, and the seed is fixed."""
LIBRARY_TANH = 1e-15
"""Relative error of our tanh beside the library's, which is itself right to half a unit in the last place (1e-16)."""
COMPOSED = 1e-11
"""Dozens of Runge-Kutta steps summed in another order: 1e-16 for each of about 1e4 operations, amplified by the run."""
LEARNED = 0.02
"""NRMSE of a surrogate of a polynomial device that its field can express; 0.0004 to 0.012 were measured."""
LEARNED_FREQUENCY = 1e-4
"""Relative frequency of a learned limit cycle; 2e-7 was measured, a plain network after minutes is at 2e-2."""
NOTHING_LEARNED = 0.9
"""NRMSE above which a model is no better than the mean (1) but for chance."""
LIKELIHOOD = 1e-3
"""Log-likelihood of 200 samples: Runge-Kutta steps of a quarter relaxation time are right to 8e-6 each."""
SCATTER = 0.08
"""A variance estimated from 4,000 or more samples of noise: sqrt(2/4000) = 2.2 %, 3.5 of these."""
SAME_MOMENTS = 0.12
"""Stationary variance from 6,000 samples with a memory of four: sqrt(2/1500) = 3.7 % in the fit, 1.5 % in the run."""
COVERED = 0.03
"""Part of the samples inside an interval; the requirement is 87 to 93 % for 90 %."""
LOCKING_WIDTH = 0.01
"""Relative, of a locking width beside its closed form: locked one per cent inside and drifting one per cent outside.
The forms are of first order in the coupling over Gamma_p, which the tests keep below 1 %."""
ORDER_PARAMETER = 0.02
"""Relative, of the order parameter of 4,000 oscillators beside that of infinitely many; 0.6 % was measured."""
CRITICAL_COUPLING = 0.03
"""Relative, of the critical coupling from runs above it; 1.5 % was measured."""
LINE = 0.06
"""Relative, of a linewidth fitted to about 3,000 coherence times: sqrt(2/3000) = 2.6 %."""
