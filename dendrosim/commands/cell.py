"""The command ``dendrosim cell``: from a morphology to a cell of three compartments."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dendrosim.commands.options import MorphologyArgument, OverwriteOption, claim
from dendrosim.commands.terminal import console

if TYPE_CHECKING:
    from dendrosim.morphology import Morphology, Reduction

SITE = "mean: as far from the soma as the mean of its area; farthest: the farthest tip; or the number of a row."


def cell(
    morphology: MorphologyArgument,
    out: Annotated[Path | None, typer.Option(help="File to write the table [cell] of a model file to.")] = None,
    basal: Annotated[str, typer.Option(help=f"Site on the basal dendrite. {SITE}")] = "mean",
    apical: Annotated[str, typer.Option(help="Site on the apical dendrite, likewise.")] = "farthest",
    resistance: Annotated[float, typer.Option(help="R_m of the membrane, Ω·cm².")] = 20_000.0,
    resistivity: Annotated[float, typer.Option(help="R_i of the cytoplasm, Ω·cm.")] = 150.0,
    capacitance: Annotated[float, typer.Option(help="C_m of the membrane, µF/cm².")] = 1.0,
    overwrite: OverwriteOption = False,
) -> None:
    """Reduce a morphology (SWC) to a conductance cell of soma, basal and apical dendrite, and say how good it is."""
    from dendrosim.files import replace_file, write_safely
    from dendrosim.morphology import Membrane, Morphology

    if out is not None:
        claim(out, "cell", overwrite)
    membrane = Membrane(resistance=resistance, axial_resistivity=resistivity, capacitance=capacitance)
    form = Morphology.read(morphology)
    reduction = form.reduced(membrane, _site(basal), _site(apical))
    for table in (_form(form), _parameters(reduction), _errors(reduction)):
        console.print(table)
    if abs(reduction.missing_conductance) > 1e-9 * float(reduction.cell.conductances.max()):
        console.print(
            f"The sites share a dendrite: {reduction.missing_conductance:.3g} nS between them, which the cell does not "
            "have."
        )
    if out is not None:
        text = reduction.toml(f"from {form.name}").encode()
        write_safely(out, lambda place: replace_file(place, text), "cell")
        console.print(f"Written: {out}", soft_wrap=True)


def _site(given: str) -> str | int:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else given


def _form(form: Morphology) -> object:
    rows = [
        (name, f"{length:.1f}", f"{form.areas[name]:.1f}", str(form.branches[name]), str(form.tips[name]))
        for name, length in form.lengths.items()
    ]
    heads = ("type", "length (µm)", "area (µm²)", "branches", "tips")
    return _table(f"{form.name}, {len(form.parent)} points", heads, rows)


def _parameters(reduction: Reduction) -> object:
    from dendrosim.cells import parameter_table

    rows = [
        (name, symbol, f"{value:.5g}" if value < 1e4 else f"{value:.0f}", unit)
        for part in (reduction.membrane, reduction.cell)
        for name, symbol, value, unit, _ in parameter_table(part)
        if part is reduction.membrane or name in reduction.table()
    ]
    return _table("membrane, and cell", ("parameter", "symbol", "value", "unit"), rows)


def _errors(reduction: Reduction) -> object:
    from dendrosim.cells.conductance import COMPARTMENTS

    rows = []
    for into, at in ((0, 0), (1, 0), (2, 0), (1, 1), (2, 2), (1, 2)):
        measured = (reduction.resistances * 1e3, reduction.centroids)
        errors = (reduction.steady_error, reduction.centroid_error, reduction.transient_error)
        values = [f"{value[at, into]:.1f}" for value in measured] + [f"{error[at, into]:.2%}" for error in errors]
        rows.append((COMPARTMENTS[into], COMPARTMENTS[at], *values))
    sites = ", ".join(f"{name} {site}" for name, site in zip(COMPARTMENTS, reduction.sites, strict=True))
    heads = ("into", "seen at", "Z (MΩ)", "centroid (ms)", "error of Z", "centroid", "transient")
    return _table(f"tree (points: {sites}), and errors of the cell", heads, rows)


def _table(title: str, heads: Iterable[str], rows: Iterable[tuple[str, ...]]) -> object:
    from rich.table import Table

    table = Table(*heads, title=title)
    for row in rows:
        table.add_row(*row)
    return table
