"""The calculator: from a specification to an array, what limits it, and what comes out of the process."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spinode.design.comb import Comb, make_comb
from spinode.design.drawing import Oscillator, draw
from spinode.design.layout import Layout, make_layout
from spinode.design.limits import Limit
from spinode.design.rows import DesignRow, make_rows, number_limits, verdict
from spinode.design.spec import DesignSpec
from spinode.design.yields import Yield, make_surfaces, simulate_yield
from spinode.signals import FloatArray


@dataclass(frozen=True, kw_only=True, slots=True)
class ArrayDesign:
    """An array of vortex oscillators with equally spaced frequencies and equal sensitivity.

    Parameters
    ----------
    spec : DesignSpec
        What was asked.
    comb : Comb
        The pillars as orbits, the rf field, the spacing.
    oscillators : tuple of Oscillator
        From the lowest frequency up, on paper and on the lithography grid.
    layout : Layout
        Where they stand.
    rows : tuple of DesignRow
        Name, value, unit, formula and source of every number.
    limits : tuple of Limit
        Ends of the comb, then the numbers of oscillators that each rule allows.
    verdict : str
        What limits the array, in sentences.
    yields : Yield or None
        At the spec's spread; None without a generator.
    """

    spec: DesignSpec
    comb: Comb
    oscillators: tuple[Oscillator, ...]
    layout: Layout
    rows: tuple[DesignRow, ...]
    limits: tuple[Limit, ...]
    verdict: str
    yields: Yield | None

    def value(self, name: str) -> float:
        """Value of a row [its unit].

        Raises
        ------
        ValueError
            If there is no row of that name.
        """
        for row in self.rows:
            if row.name == name:
                return row.value
        raise ValueError(f"ArrayDesign has no row '{name}'; its rows are {', '.join(row.name for row in self.rows)}")

    def column(self, name: str) -> FloatArray:
        """A number of every oscillator (N,), from the lowest frequency up."""
        return np.array([getattr(oscillator, name) for oscillator in self.oscillators], dtype=np.float64)


def design(spec: DesignSpec, rng: np.random.Generator | None = None) -> ArrayDesign:
    """Array for a specification, in closed form; with a generator also its yield under process spread.

    Frequencies f1 + (i - 1) df on the orbit w(s, I)/(2 pi), every pillar at the current of equal sensitivity
    gamma b sqrt(1 + nu^2)/(12 pi s), df at least twice the locking half-width so that locking bands do not overlap.
    Derived here from the Thiele and Slavin-Tiberkevich forms of ``VortexOscillator``; the question is that of
    Talatchian et al., Phys. Rev. Applied 13, 024073 (2020), of which no figure is reproduced.

    Parameters
    ----------
    spec : DesignSpec
        Limits and wishes.
    rng : numpy.random.Generator, optional
        Of the Monte Carlo; without it there is no yield.

    Raises
    ------
    ValueError
        If no array fits: which limit fails, its value, and the nearest change that would do.
    """
    comb = make_comb(spec)
    oscillators = draw(spec, comb)
    layout = make_layout(spec, comb)
    limits = (*comb.limits, *number_limits(spec, comb, oscillators))
    made = ArrayDesign(
        spec=spec,
        comb=comb,
        oscillators=oscillators,
        layout=layout,
        rows=make_rows(spec, comb, oscillators, layout, None),
        limits=limits,
        verdict=verdict(spec, comb, oscillators, limits),
        yields=None,
    )
    return made if rng is None else with_yield(made, rng)


def with_yield(made: ArrayDesign, rng: np.random.Generator) -> ArrayDesign:
    """A design with its yield under process spread, which takes twice as long as the closed forms.

    Parameters
    ----------
    made : ArrayDesign
        The array.
    rng : numpy.random.Generator
        Of the Monte Carlo.
    """
    yields = simulate_yield(made.spec, made.comb, make_surfaces(made.comb, made.oscillators), rng)
    rows = make_rows(made.spec, made.comb, made.oscillators, made.layout, yields)
    return replace(made, yields=yields, rows=rows)


def yield_curve(design_: ArrayDesign, rng: np.random.Generator, spreads: FloatArray) -> tuple[Yield, ...]:
    """Yield of a design at several multiples of its process spread, each with its own child of the generator.

    Parameters
    ----------
    design_ : ArrayDesign
        The array.
    rng : numpy.random.Generator
        Of the Monte Carlo.
    spreads : array, shape (S,)
        Factors on the standard deviations of radius and thickness, >= 0.
    """
    surfaces = make_surfaces(design_.comb, design_.oscillators)
    children = rng.spawn(len(spreads))
    return tuple(
        simulate_yield(design_.spec, design_.comb, surfaces, child, float(spread))
        for child, spread in zip(children, spreads, strict=True)
    )
